#include "inspect/config_files.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/read_text.hpp"
#include "inspect/roots_own.hpp"
#include "inspect/run_program.hpp"
#include "inspect/services.hpp"

namespace causeway::inspect {
namespace {

namespace fs = std::filesystem;

struct Usual {
  std::string_view server;
  std::array<std::string_view, 3> paths;
};

constexpr std::array kUsual{
    Usual{"nginx",
          {"/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf",
           "/usr/local/openresty/nginx/conf/nginx.conf"}},
    Usual{"apache", {"/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", ""}},
    Usual{"haproxy", {"/etc/haproxy/haproxy.cfg", "", ""}},
    Usual{"lighttpd", {"/etc/lighttpd/lighttpd.conf", "", ""}},
    Usual{"caddy", {"/etc/caddy/Caddyfile", "/etc/caddy/caddy.json", ""}},
    Usual{"litespeed",
          {"/usr/local/lsws/conf/httpd_config.xml", "/usr/local/lsws/conf/httpd_config.conf", ""}},
};

constexpr std::size_t kConfigurations = 4;  // of one server

// Apache's relative paths are below ServerRoot (core.html#serverroot).
std::string server_root(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2 || !equals_ignoring_case(words[0], "ServerRoot")) continue;
    auto path = words[1];
    if (path.size() > 1 && path.front() == '"' && path.back() == '"') {
      path = path.substr(1, path.size() - 2);
    }
    return std::string{path};
  }
  return "";
}

}  // namespace

std::vector<std::string> files_matching(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (::glob(pattern.c_str(), GLOB_NOSORT | GLOB_BRACE, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  std::ranges::sort(out);
  return out;
}

ConfigReader::ConfigReader(std::string_view server, const std::string& main, std::string_view text)
    : root_(fs::path(main).parent_path()) {
  if (server != "apache") return;
  if (const auto root = server_root(text); root.starts_with('/')) root_ = root;
}

std::vector<ConfigFile> ConfigReader::operator()(std::string_view pattern) {
  fs::path path{pattern};
  if (path.is_relative()) path = root_ / path;
  std::vector<ConfigFile> out;
  for (const auto& file : files_matching(path.string())) {
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

std::string control_program(const RunningServer& server) {
  std::error_code problem;
  auto path = fs::read_symlink(fmt::format("/proc/{}/exe", server.pid), problem).string();
  // Replaced by an upgrade meanwhile, or somebody's own that is called so: the name will do.
  if (problem || !only_root_writes(path)) path.clear();
  if (server.name != "apache") return path.empty() ? server.name : path;
  // Debian's needs its environment, which the control program gives it.
  for (const char* control : {"apache2ctl", "apachectl"}) {
    const bool debian = path.empty() || path.ends_with("/apache2");
    if (debian && !find_program(control).empty()) return control;
  }
  return path.empty() ? "httpd" : path;
}

std::vector<RunningServer> servers_of(const Snapshot& snapshot) {
  const auto processes = parse_processes(snapshot.text("processes.txt"));
  std::vector<RunningServer> out;
  for (const auto& usual : kUsual) {
    std::map<std::string, RunningServer> found;  // by configuration
    std::int64_t eldest = 0;
    double age = -1;
    for (const auto& process : processes) {
      if (!process.here || service_of(process.name) != usual.server) continue;
      if (process.age_s > age || (process.age_s == age && process.pid < eldest)) {
        age = process.age_s;
        eldest = process.pid;
      }
      if (process.config.empty()) continue;
      auto& one = found[process.config];
      if (one.pid == 0 || process.pid < one.pid) one.pid = process.pid;
    }
    if (found.empty()) {
      for (const auto path : usual.paths) {
        std::error_code problem;
        if (path.empty() || !fs::exists(path, problem)) continue;
        found[std::string{path}].pid = eldest;
        break;
      }
    }
    std::size_t number = 0;
    for (auto& [path, one] : found) {
      if (++number > kConfigurations) break;
      one.name = usual.server;
      one.main = path;
      one.runs = age >= 0;
      out.push_back(std::move(one));
    }
    // It runs, and nobody knows with what.
    if (found.empty() && age >= 0) out.push_back({std::string{usual.server}, "", true, eldest});
  }
  return out;
}

}  // namespace causeway::inspect
