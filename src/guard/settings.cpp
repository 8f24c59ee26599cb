#include "guard/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "guard/csf_files.hpp"
#include "guard/limits.hpp"
#include "inspect/collect_processes.hpp"
#include "inspect/config_files.hpp"
#include "inspect/limits.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/read_text.hpp"
#include "inspect/roots_own.hpp"
#include "inspect/run_program.hpp"

namespace causeway::guard {
namespace {

namespace fs = std::filesystem;

void read_whole(const std::string& path, Settings& out) {
  if (out.texts.contains(path)) return;
  auto text = inspect::read_text(path, limits::kFileBytes + 1);
  if (!text) {
    if (text.error() != std::strerror(ENOENT)) {
      out.unreadable.push_back(fmt::format("{}: {}", path, text.error()));
    }
    return;
  }
  if (text->size() > limits::kFileBytes) {
    out.unreadable.push_back(fmt::format("{}: too large to be changed", path));
    return;
  }
  out.texts.emplace(path, std::move(*text));
}

void read_server(const inspect::RunningServer& server, Settings& out) {
  // Any user may start a program called nginx with a file of his own; it is not changed, nor asked.
  if (::geteuid() == 0 && !inspect::only_root_writes(server.main)) return;
  read_whole(server.main, out);
  const auto main = out.texts.find(server.main);
  if (main == out.texts.end()) return;
  WebServer one{.name = server.name,
                .main = server.main,
                .program = inspect::control_program(server),
                .runs = server.runs,
                .includes = {}};
  inspect::ConfigReader reader{server.name, server.main, main->second};
  const inspect::Include include = [&](std::string_view pattern) {
    auto files = reader(pattern);
    auto& paths = one.includes[std::string{pattern}];
    paths.clear();
    for (auto& file : files) {
      paths.push_back(file.path);
      out.texts.try_emplace(file.path, file.text);
    }
    return files;
  };
  const inspect::ConfigFile file{server.main, main->second};
  if (server.name == "nginx") {
    inspect::parse_nginx(file, include);
  } else {
    inspect::parse_apache(file, include);
  }
  if (!reader.problem().empty()) out.unreadable.push_back(reader.problem());
  out.servers.push_back(std::move(one));
}

void find_ssh(const inspect::Snapshot& snapshot, Settings& out) {
  for (const auto& process : inspect::parse_processes(snapshot.text("processes.txt"))) {
    if (!process.here || !process.name.starts_with("sshd")) continue;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto text = snapshot.text(family == Family::ipv4 ? "tcp4.txt" : "tcp6.txt");
      for (const auto& socket : inspect::parse_proc_tcp(text, family)) {
        if (std::ranges::find(process.sockets, socket.inode) != process.sockets.end()) {
          out.ssh_ports.insert(socket.local.port);
        }
      }
    }
  }
  // SSH_CONNECTION=CLIENT PORT SERVER PORT: the session that this runs in.
  if (const char* own = std::getenv("SSH_CONNECTION")) {
    const auto words = words_of(own);
    const auto port = words.size() == 4 ? parse_port(words[3]) : Parsed<std::uint16_t>{22};
    if (port) out.ssh_ports.insert(*port);
  }
}

// Texts without guard's own blocks.
Parsed<Texts> bare(const Texts& texts) {
  Texts out;
  for (const auto& [path, text] : texts) {
    auto without = without_blocks(text);
    if (!without) return error(fmt::format("{}: {}", path, without.error().text));
    out.emplace(path, std::move(*without));
  }
  return out;
}

WebLists lists_of(const WebServer& server, const Texts& texts, const WebQuestion& question) {
  const auto main = texts.find(server.main);
  if (main == texts.end()) return {};
  const inspect::Include include = [&](std::string_view pattern) {
    std::vector<inspect::ConfigFile> files;
    const auto paths = server.includes.find(pattern);
    if (paths == server.includes.end()) return files;
    for (const auto& path : paths->second) {
      if (const auto text = texts.find(path); text != texts.end()) {
        files.push_back({path, text->second});
      }
    }
    return files;
  };
  const inspect::ConfigFile file{server.main, main->second};
  if (server.name == "nginx") {
    return nginx_lists(inspect::parse_nginx(file, include), texts, question);
  }
  return apache_lists(inspect::parse_apache(file, include), texts, server.main, question);
}

void add_file(Grant& grant, std::string_view path) {
  if (std::ranges::find(grant.files, path) == grant.files.end()) grant.files.emplace_back(path);
}

}  // namespace

Settings collect_settings(const std::vector<const Grant*>& grants) {
  Settings out;
  inspect::Snapshot snapshot;
  for (const auto& [dump, path] :
       {std::pair{"tcp4.txt", "/proc/net/tcp"}, std::pair{"tcp6.txt", "/proc/net/tcp6"}}) {
    if (auto text = inspect::read_text(path, inspect::kInspectDumpBytes)) {
      snapshot.keep(dump, std::move(*text));
    }
  }
  inspect::collect_processes(snapshot);
  find_ssh(snapshot, out);
  for (const auto& server : inspect::servers_of(snapshot)) {
    if (server.main.starts_with('/') && (server.name == "nginx" || server.name == "apache")) {
      read_server(server, out);
    }
  }
  std::error_code problem;
  out.csf = fs::exists(std::string{kCsfFolder} + "/csf.conf", problem) &&
            !inspect::find_program("csf").empty();
  if (out.csf) {
    for (const auto path : {kCsfAllow, kCsfIgnore, kCsfDeny}) read_whole(std::string{path}, out);
  }
  for (const auto* grant : grants) {
    for (const auto& path : grant->files) read_whole(path, out);
  }
  if (!inspect::find_program("cscli").empty()) {
    const auto ran =
        inspect::run_programs({{.words = {"cscli", "allowlists", "list", "-o", "json"}},
                               {.words = {"cscli", "decisions", "list", "-o", "json"}}});
    if (ran[0].good() && ran[1].good()) out.decisions = ran[1].out;
  }
  return out;
}

Parsed<void> plan_settings(const Settings& now, const WebQuestion& question, Plan& plan) {
  auto& grant = plan.grant;
  const auto texts = bare(now.texts);
  if (!texts) return error(texts.error().text);
  grant.real_ip = question.real_ip;
  grant.web.clear();
  grant.files.clear();
  for (const auto& server : now.servers) {
    auto lists = lists_of(server, *texts, question);
    plan.notes.insert(plan.notes.end(), lists.left.begin(), lists.left.end());
    plan.gains.insert(plan.gains.end(), lists.gains.begin(), lists.gains.end());
    if (lists.edits.empty()) continue;
    grant.web.push_back({server.name, server.main});
    for (const auto& [path, edits] : lists.edits) add_file(grant, path);
  }
  const auto deny = texts->find(kCsfDeny);
  const auto lifted = now.csf && deny != texts->end() ? csf_deny(deny->second, question.ranges)
                                                      : std::vector<Edit>{};
  if (!lifted.empty()) {
    grant.csf = true;
    plan.gains.push_back(
        fmt::format("CSF: {} entries of csf.deny no longer hold, for all ports", lifted.size()));
  }
  if (grant.csf) {
    for (const auto path : {kCsfAllow, kCsfIgnore, kCsfDeny}) {
      if (texts->contains(path)) add_file(grant, path);
    }
  }
  if (now.decisions) {
    for (auto& one : decisions_within(*now.decisions, question.ranges)) {
      grant.crowdsec = true;
      plan.gains.push_back(fmt::format("CrowdSec: {} is no longer banned ({}), for all ports",
                                       one.value, one.reason));
      if (std::ranges::find(grant.decisions, one.value, &Decision::value) ==
          grant.decisions.end()) {
        grant.decisions.push_back(std::move(one));
      }
    }
  }
  return {};
}

Parsed<std::vector<Layer>> settings_layers(const Settings& now, const WebQuestion& question) {
  const auto texts = bare(now.texts);
  if (!texts) return error(texts.error().text);
  std::vector<Layer> out;
  for (const auto& server : now.servers) {
    auto lists = lists_of(server, *texts, question);
    out.push_back({server.name, 0, 0, server.main, std::move(lists.gains), std::move(lists.left)});
  }
  if (now.csf) {
    Layer layer{"CSF", 0, 0, std::string{kCsfFolder}, {}, {}};
    const auto deny = texts->find(kCsfDeny);
    const auto entries = deny == texts->end() ? 0 : csf_deny(deny->second, question.ranges).size();
    if (entries > 0) layer.stops.push_back(fmt::format("{} entries of csf.deny", entries));
    out.push_back(std::move(layer));
  }
  if (now.decisions) {
    Layer layer{"CrowdSec", 0, 0, "its decisions", {}, {}};
    for (const auto& one : decisions_within(*now.decisions, question.ranges)) {
      layer.stops.push_back(fmt::format("{}: {} ({})", one.value, one.type, one.reason));
    }
    out.push_back(std::move(layer));
  }
  return out;
}

Parsed<Texts> wanted_files(const Grant& grant, const Settings& now) {
  const auto texts = bare(now.texts);
  if (!texts) return error(texts.error().text);
  std::map<std::string, std::vector<Edit>, std::less<>> edits;
  const WebQuestion question{grant.edge, grant.ranges, grant.real_ip};
  for (const auto& server : now.servers) {
    if (std::ranges::find(grant.web, WebGrant{server.name, server.main}) == grant.web.end()) {
      continue;
    }
    for (auto& [path, some] : lists_of(server, *texts, question).edits) {
      edits.insert_or_assign(path, std::move(some));
    }
  }
  if (grant.csf) {
    edits[std::string{kCsfAllow}] = csf_allow(grant.ranges, grant.ports);
    edits[std::string{kCsfIgnore}] = csf_ignore(grant.ranges);
    const auto deny = texts->find(kCsfDeny);
    if (deny != texts->end()) {
      edits[std::string{kCsfDeny}] = csf_deny(deny->second, grant.ranges);
    }
  }
  Texts out;
  for (const auto& [path, text] : *texts) {
    const auto some = edits.find(path);
    auto wanted = some == edits.end() ? text : with_blocks(text, some->second);
    if (wanted != now.texts.find(path)->second) out.emplace(path, std::move(wanted));
  }
  return out;
}

}  // namespace causeway::guard
