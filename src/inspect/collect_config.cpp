#include "inspect/collect_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <set>

#include "base/text.hpp"
#include "inspect/config_files.hpp"
#include "inspect/limits.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/read_text.hpp"
#include "inspect/roots_own.hpp"
#include "inspect/run_program.hpp"
#include "inspect/server_config.hpp"
#include "inspect/sites.hpp"
#include "net/certificate_file.hpp"

namespace causeway::inspect {
namespace {

constexpr std::array<std::string_view, 16> kUsualLogs{"/var/log/nginx/error.log",
                                                      "/var/log/apache2/error.log",
                                                      "/var/log/httpd/error_log",
                                                      "/var/log/lighttpd/error.log",
                                                      "/var/log/haproxy.log",
                                                      "/usr/local/lsws/logs/error.log",
                                                      "/var/log/php*-fpm.log",
                                                      "/var/log/mysql/error.log",
                                                      "/var/log/mariadb/mariadb.log",
                                                      "/var/log/postgresql/*.log",
                                                      "/var/log/redis/*.log",
                                                      "/var/log/kern.log",
                                                      "/var/log/messages",
                                                      "/var/log/syslog",
                                                      "/var/log/fail2ban.log",
                                                      "/var/log/lfd.log"};

// As Caddy itself reads it where it is installed: with snippets, imports and plugins' own words.
std::vector<Directive> parse_caddy(const ConfigFile& file, const Include& include) {
  if (file.path.ends_with(".json")) return parse_caddy_json(file);
  const auto ran =
      run_program({.words = {"caddy", "adapt", "--adapter", "caddyfile", "--config", file.path},
                   .wait = kCheckWait,
                   .most = kInspectDumpBytes});
  if (ran.good()) {
    auto adapted = parse_caddy_json({file.path, ran.out});
    if (!adapted.empty()) return adapted;
  }
  return parse_caddyfile(file, include);
}

// Asked as root only: to anybody else every key and log is closed, which says nothing. And of
// root's own servers and files only: a check opens logs and loads modules as the configuration
// says.
void ask_check(Snapshot& out, const RunningServer& server) {
  if (!out.root || (server.name != "nginx" && server.name != "apache")) return;
  if ((server.pid != 0 && !runs_as_root(server.pid)) || !only_root_writes(server.main)) return;
  const auto ran = run_program(
      {.words = {control_program(server), server.name == "nginx" ? "-c" : "-f", server.main, "-t"},
       .wait = kCheckWait});
  const auto dump = fmt::format("check-{}.txt", server.name);
  if (ran.end != Ran::End::exited) {
    // nginx looks up the names of its applications, and a resolver may be silent.
    const auto outcome = ran.end == Ran::End::too_slow  ? Outcome::late
                         : ran.end == Ran::End::missing ? Outcome::missing
                                                        : Outcome::failed;
    out.dumps.insert_or_assign(
        dump, Dump{{}, outcome, ran.problem(fmt::format("{} -t", server.name)), ran.took});
    return;
  }
  std::string text = fmt::format("exit {}\n", ran.status);
  for (const auto& said : {ran.err, ran.out}) {
    for (const auto line : split(said, '\n')) {
      if (!trim(line).empty()) text += safe_text(line) + "\n";
    }
  }
  out.keep(dump, std::move(text), ran.took);
}

std::vector<Directive> parse(std::string_view server, const ConfigFile& file,
                             ConfigReader& reader) {
  const Include include = [&reader](std::string_view pattern) { return reader(pattern); };
  if (server == "nginx") return parse_nginx(file, include);
  if (server == "apache") return parse_apache(file, include);
  if (server == "haproxy") return parse_haproxy(file);
  if (server == "caddy") return parse_caddy(file, include);
  if (server == "litespeed") {
    return file.path.ends_with(".xml") ? parse_litespeed_xml(file)
                                       : parse_openlitespeed(file, include);
  }
  return parse_lighttpd(file, include);
}

void read_one(Snapshot& out, const std::string& dump, std::string_view server,
              const std::string& path) {
  const auto start = Clock::now();
  auto text = read_text(path, kConfigBytes);
  if (!text) {
    const bool denied = text.error() == "Permission denied";
    out.dumps.insert_or_assign(dump, Dump{{},
                                          denied ? Outcome::denied : Outcome::missing,
                                          fmt::format("{}: {}", path, text.error()),
                                          {}});
    return;
  }
  ConfigReader reader{server, path, *text};
  const auto directives = parse(server, {path, std::move(*text)}, reader);
  out.keep(dump, write_directives(directives), Clock::now() - start);
  out.dumps[dump].detail = reader.problem();
}

// A relative path starts at Apache's ServerRoot, else at the folder of the main file.
std::filesystem::path base_of(const std::vector<Directive>& all) {
  for (const auto& one : all) {
    if (one.name == "serverroot" && !one.values.empty()) return one.values[0];
  }
  if (all.empty()) return {};
  return std::filesystem::path{all.front().place.substr(0, all.front().place.rfind(':'))}
      .parent_path();
}

// The certificate files that the configurations name, as they write them, and where they are.
std::map<std::string, std::filesystem::path> certificate_paths(const Snapshot& out) {
  std::map<std::string, std::filesystem::path> paths;
  for (const auto& [name, dump] : out.dumps) {
    if (!name.starts_with("config-")) continue;
    const auto all = read_directives(dump.text);
    const auto base = base_of(all);
    for (const auto& one : all) {
      const bool of_server = one.name == "ssl_certificate" || one.name == "sslcertificatefile" ||
                             one.name == "ssl.pemfile";
      if (of_server && !one.values.empty()) paths.emplace(one.values[0], base / one.values[0]);
      for (std::size_t i = 0; one.name == "bind" && i + 1 < one.values.size(); ++i) {
        if (one.values[i] == "crt") paths.emplace(one.values[i + 1], base / one.values[i + 1]);
      }
    }
  }
  return paths;
}

// What these files hold: names and dates, never keys. One that cannot be read is named.
void certificates(Snapshot& out) {
  std::string text;
  std::vector<std::string> skipped;
  bool denied = false;
  for (const auto& [written, path] : certificate_paths(out)) {
    // "$ssl_server_name.crt" is made up for each connection, a folder of HAProxy's holds many.
    std::error_code problem;
    if (written.contains('$') || std::filesystem::is_directory(path, problem)) continue;
    const auto pem = read_text(path, kConfigBytes);
    denied = denied || (!pem && contains_ignoring_case(pem.error(), "denied"));
    const auto held = pem ? net::parse_certificate(*pem) : std::unexpected(Error{pem.error()});
    if (held) {
      text += write_certificate_file(
          {written, held->subject, rfc3339(held->not_after), held->fingerprint, held->names});
    } else {
      skipped.push_back(fmt::format("{}: {}", written, held.error().text));
    }
  }
  out.keep("certificates.txt", std::move(text));
  auto& dump = out.dumps["certificates.txt"];
  constexpr std::size_t kNamed = 3;
  const auto all = skipped.size();
  if (all > kNamed) {
    skipped.resize(kNamed);
    skipped.push_back(fmt::format("{} more", all - kNamed));
  }
  if (all > 0) dump.detail = "not read: " + join(skipped, "; ");
  if (denied && dump.text.empty()) dump.outcome = Outcome::denied;
}

std::vector<std::string> log_files(const Snapshot& out) {
  std::vector<std::string> paths;
  const auto add = [&paths](const std::string& path) {
    if (paths.size() < kInspectLogs && path.starts_with('/') &&
        std::ranges::find(paths, path) == paths.end()) {
      paths.push_back(path);
    }
  };
  for (const auto& [name, dump] : out.dumps) {
    if (!name.starts_with("config-")) continue;
    for (const auto& one : read_directives(dump.text)) {
      const bool log =
          one.name == "error_log" || one.name == "errorlog" || one.name == "server.errorlog";
      if (!log || one.values.empty()) continue;
      add(one.values[0]);
    }
  }
  for (const auto pattern : kUsualLogs) {
    for (const auto& path : files_matching(std::string{pattern})) add(path);
  }
  return paths;
}

}  // namespace

void collect_config(Snapshot& out) {
  std::map<std::string, int> numbers;
  for (const auto& server : servers_of(out)) {
    if (server.main.empty()) continue;
    const int number = numbers[server.name]++;
    const std::string suffix = number == 0 ? "" : fmt::format("-{}", number + 1);
    read_one(out,
             fmt::format("config-{}{}{}.txt", server.name, suffix, server.runs ? "" : "-stopped"),
             server.name, server.main);
    if (number == 0) ask_check(out, server);
  }
  certificates(out);
}

void collect_logs(Snapshot& out, const std::vector<Prefix>& edge) {
  const auto start = Clock::now();
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::string text;
  std::string problem;
  for (const auto& path : log_files(out)) {
    const auto end = read_end(path, kInspectLogBytes);
    if (!end) {
      if (end.error() == "Permission denied") problem = fmt::format("{}: {}", path, end.error());
      continue;
    }
    std::vector<std::string> kept;
    for (const auto line : split(*end, '\n')) {
      const auto what = trouble_in(line);
      if (what.empty()) continue;
      const auto client = client_in(line);
      kept.push_back(write_log_line({.source = path,
                                     .what = std::string{what},
                                     .at = time_in(line, local.tm_gmtoff),
                                     .text = safe_text(line),
                                     .of_edge = client && contains(edge, *client)}));
    }
    const auto first = kept.size() > kLogLinesKept ? kept.size() - kLogLinesKept : 0;
    for (std::size_t i = first; i < kept.size(); ++i) text += kept[i];
  }
  out.keep("logs.txt", std::move(text), Clock::now() - start);
  if (!problem.empty()) {
    out.dumps.insert_or_assign("other-logs.txt", Dump{{}, Outcome::denied, problem, {}});
  }
}

}  // namespace causeway::inspect
