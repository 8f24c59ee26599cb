#include "inspect/collect_config.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/read_text.hpp"
#include "inspect/server_config.hpp"
#include "inspect/services.hpp"
#include "inspect/sites.hpp"
#include "net/certificate_file.hpp"

namespace causeway::inspect {
namespace {

namespace fs = std::filesystem;

struct Server {
  std::string_view name;  // of services.cpp
  std::array<std::string_view, 3> usual;
};

constexpr std::array kServers{
    Server{"nginx", {"/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", ""}},
    Server{"apache", {"/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", ""}},
    Server{"haproxy", {"/etc/haproxy/haproxy.cfg", "", ""}},
    Server{"lighttpd", {"/etc/lighttpd/lighttpd.conf", "", ""}},
};

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

std::vector<std::string> matching(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (::glob(pattern.c_str(), GLOB_NOSORT | GLOB_BRACE, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  std::ranges::sort(out);
  return out;
}

class Reader {
 public:
  explicit Reader(const std::string& main) : root_(fs::path(main).parent_path()) {}

  std::vector<ConfigFile> operator()(std::string_view pattern) {
    fs::path path{pattern};
    if (path.is_relative()) path = root_ / path;
    std::vector<ConfigFile> out;
    for (const auto& file : matching(path.string())) {
      if (++files_ > kConfigFiles) break;
      std::error_code problem;
      // Apache includes whole directories.
      if (fs::is_directory(file, problem)) {
        for (auto& inner : (*this)(file + "/*")) out.push_back(std::move(inner));
        continue;
      }
      auto text = read_text(file, kConfigBytes);
      if (text) {
        out.push_back({file, std::move(*text)});
      } else {
        problem_ = fmt::format("{}: {}", file, text.error());
      }
    }
    return out;
  }

  const std::string& problem() const { return problem_; }

 private:
  fs::path root_;
  std::size_t files_ = 0;
  std::string problem_;
};

std::vector<Directive> parse(std::string_view server, const ConfigFile& file, Reader& reader) {
  const Include include = [&reader](std::string_view pattern) { return reader(pattern); };
  if (server == "nginx") return parse_nginx(file, include);
  if (server == "apache") return parse_apache(file, include);
  if (server == "haproxy") return parse_haproxy(file);
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
  Reader reader{path};
  const auto directives = parse(server, {path, std::move(*text)}, reader);
  out.keep(dump, write_directives(directives), Clock::now() - start);
  out.dumps[dump].detail = reader.problem();
}

// What the certificate files named in the configurations hold: names and dates, never keys.
std::string certificates_of(const Snapshot& out) {
  std::set<std::string> paths;
  for (const auto& [name, dump] : out.dumps) {
    if (!name.starts_with("config-")) continue;
    for (const auto& one : read_directives(dump.text)) {
      const bool of_server = one.name == "ssl_certificate" || one.name == "sslcertificatefile" ||
                             one.name == "ssl.pemfile";
      if (of_server && !one.values.empty()) paths.insert(one.values[0]);
      for (std::size_t i = 0; one.name == "bind" && i + 1 < one.values.size(); ++i) {
        if (one.values[i] == "crt") paths.insert(one.values[i + 1]);
      }
    }
  }
  std::string text;
  for (const auto& path : paths) {
    const auto pem = read_text(path, kConfigBytes);
    const auto held = pem ? net::read_certificate(*pem, {}) : std::unexpected(Error{});
    if (!held) continue;
    text += write_certificate_file(
        {path, held->subject, rfc3339(held->not_after), held->fingerprint, held->names});
  }
  return text;
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
    for (const auto& path : matching(std::string{pattern})) add(path);
  }
  return paths;
}

}  // namespace

void collect_config(Snapshot& out) {
  const auto processes = parse_processes(out.text("processes.txt"));
  for (const auto& server : kServers) {
    std::set<std::string> paths;
    bool runs = false;
    for (const auto& process : processes) {
      if (!process.here || service_of(process.name) != server.name) continue;
      runs = true;
      if (!process.config.empty()) paths.insert(process.config);
    }
    if (paths.empty()) {
      for (const auto usual : server.usual) {
        std::error_code problem;
        if (!usual.empty() && fs::exists(usual, problem)) {
          paths.emplace(usual);
          break;
        }
      }
      if (!runs && paths.empty()) continue;
    }
    int number = 0;
    for (const auto& path : paths) {
      if (number >= 4) break;
      const std::string suffix = number == 0 ? "" : fmt::format("-{}", number + 1);
      const std::string dump =
          fmt::format("config-{}{}{}.txt", server.name, suffix, runs ? "" : "-stopped");
      read_one(out, dump, server.name, path);
      ++number;
    }
  }
  out.keep("certificates.txt", certificates_of(out));
}

void collect_logs(Snapshot& out) {
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
      kept.push_back(write_log_line({.source = path,
                                     .what = std::string{what},
                                     .at = time_in(line, local.tm_gmtoff),
                                     .text = safe_text(line)}));
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
