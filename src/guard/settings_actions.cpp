// Programs and files of CSF, web servers and CrowdSec, on the way from one grant to another.
#include <fmt/format.h>

#include <algorithm>

#include "guard/csf_files.hpp"
#include "guard/limits.hpp"
#include "guard/programs.hpp"

namespace causeway::guard {
namespace {

Action program(std::string layer, std::vector<std::string> words) {
  Action out;
  out.layer = std::move(layer);
  out.program.words = std::move(words);
  return out;
}

Action file(std::string layer, const std::string& path, const Settings& now, std::string after) {
  Action out;
  out.layer = std::move(layer);
  out.file = FileChange{path, now.texts.find(path)->second, std::move(after)};
  return out;
}

bool of_csf(std::string_view path) {
  return path == kCsfAllow || path == kCsfIgnore || path == kCsfDeny;
}

bool serves(const WebServer& server, std::string_view path) {
  if (server.main == path) return true;
  return std::ranges::any_of(server.includes, [&](const auto& include) {
    return std::ranges::find(include.second, path) != include.second.end();
  });
}

Action check(const WebServer& server) {
  return program(server.name,
                 {server.program, server.name == "nginx" ? "-c" : "-f", server.main, "-t"});
}

void web_server(const WebServer& server, const Grant& from, const Grant& to, const Settings& now,
                const Texts& wanted, std::vector<Action>& out) {
  const WebGrant self{server.name, server.main};
  const auto has = [&](const Grant& grant) {
    return std::ranges::find(grant.web, self) != grant.web.end();
  };
  const auto before = out.size();
  for (const auto& [path, text] : wanted) {
    const bool done = std::ranges::any_of(
        out, [&](const Action& one) { return one.file && one.file->path == path; });
    if (!done && serves(server, path)) out.push_back(file(server.name, path, now, text));
  }
  // After a crash the files may be right already, and the server not know it.
  const bool unknown = (has(from) || has(to)) && !(from == to);
  if (out.size() == before && !unknown) return;
  out.push_back(check(server));
  if (!server.runs) return;
  const bool nginx = server.name == "nginx";
  const char* flag = nginx ? "-c" : "-f";
  out.push_back(program(
      server.name,
      nginx ? std::vector<std::string>{server.program, flag, server.main, "-s", "reload"}
            : std::vector<std::string>{server.program, flag, server.main, "-k", "graceful"}));
}

void crowdsec(const Grant& from, const Grant& to, std::vector<Action>& out) {
  const std::string list{kAllowlist};
  const auto say = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "cscli");
    out.push_back(program("crowdsec", std::move(words)));
  };
  const auto ranges_of = [](const Grant& grant) {
    std::vector<std::string> texts;
    texts.reserve(grant.ranges.size());
    for (const auto& range : grant.ranges) texts.push_back(range.text());
    return texts;
  };
  if (to.crowdsec) {
    say({"allowlists", "create", list, "-d", "the edge's ranges (causeway guard)"});
    out.back().also_fine = {1};  // it exists
    auto words = ranges_of(to);
    words.insert(words.begin(), {"allowlists", "add", list});
    say(std::move(words));
    std::vector<std::string> gone{"allowlists", "remove", list};
    for (const auto& range : from.crowdsec ? from.ranges : std::vector<Prefix>{}) {
      if (std::ranges::find(to.ranges, range) == to.ranges.end()) gone.push_back(range.text());
    }
    if (gone.size() > 3) say(std::move(gone));
  } else if (from.crowdsec) {
    say({"allowlists", "delete", list});
    out.back().also_fine = {1};  // it is gone already
  }
  for (const auto& one : to.decisions) {
    if (std::ranges::find(from.decisions, one) != from.decisions.end()) continue;
    say({"decisions", "delete", "--id", one.id});
    out.back().also_fine = {1};
  }
  for (const auto& one : from.decisions) {
    if (std::ranges::find(to.decisions, one) != to.decisions.end()) continue;
    say({"decisions", "add", "--scope", one.scope, "--value", one.value, "--type", one.type,
         "--duration", one.duration, "--reason", one.reason});
  }
}

}  // namespace

std::vector<Action> checks(const Grant& to, const Settings& now, const Texts& wanted) {
  std::vector<Action> out;
  for (const auto& server : now.servers) {
    const WebGrant self{server.name, server.main};
    const bool changes =
        std::ranges::any_of(wanted, [&](const auto& file) { return serves(server, file.first); });
    if (changes && std::ranges::find(to.web, self) != to.web.end()) out.push_back(check(server));
  }
  return out;
}

std::vector<Action> csf_actions(const Grant& from, const Grant& to, const Settings& now,
                                const Texts& wanted) {
  std::vector<Action> out;
  for (const auto& [path, text] : wanted) {
    if (of_csf(path)) out.push_back(file("csf", path, now, text));
  }
  const bool unknown = (from.csf || to.csf) && !(from == to);
  if (out.empty() && !unknown) return out;
  if (!now.csf) return out;
  // Rules first, then lfd, which reads csf.ignore when it starts.
  out.push_back(program("csf", {"csf", "-ra"}));
  out.back().program.wait = limits::kCsfWait;
  return out;
}

std::vector<Action> settings_actions(const Grant& from, const Grant& to, const Settings& now,
                                     const Texts& wanted) {
  std::vector<Action> out;
  for (const auto& server : now.servers) web_server(server, from, to, now, wanted, out);
  // Of a server that is not there any more.
  for (const auto& [path, text] : wanted) {
    const bool done = of_csf(path) || std::ranges::any_of(out, [&](const Action& one) {
                        return one.file && one.file->path == path;
                      });
    if (!done) out.push_back(file("files", path, now, text));
  }
  crowdsec(from, to, out);
  return out;
}

}  // namespace causeway::guard
