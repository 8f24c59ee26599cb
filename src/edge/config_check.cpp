// What is wrong with a configuration beyond its keys.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.hpp"
#include "config/keys.hpp"
#include "edge/config_file.hpp"
#include "edge/error_page.hpp"
#include "edge/limits.hpp"
#include "net/certificate_file.hpp"

namespace causeway::edge {
namespace {

using config::Findings;
using config::Node;
using config::Place;

// "/api" takes all of "/api" and "/api/x", and nothing of "/apis".
bool path_covers(std::string_view prefix, std::string_view path) {
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

class Checker {
 public:
  Checker(const Config& config, const Node& table, const config::CheckContext& context,
          Findings& findings)
      : config_(config), table_(table), context_(context), findings_(findings) {}

  void run() {
    listeners();
    pools();
    routes();
    times();
    pages();
    admin();
    log();
    cache();
  }

 private:
  // Of a key's value; else of the table; else of the whole section.
  Place place(const Node* node, std::string_view key) const {
    if (node == nullptr) return table_.place;
    const auto* value = node->find(key);
    return value == nullptr ? node->place : value->place;
  }

  const Node* item(const Node* array, std::size_t index) const {
    return array != nullptr && index < array->items.size() ? &array->items[index] : nullptr;
  }

  bool readable(Place where, const std::string& file) const {
    if (!context_.files || file.empty()) return false;
    if (std::ifstream{file}.good()) return true;
    findings_.error("missing-file", where, fmt::format("{} cannot be read", file));
    return false;
  }

  void cache() {
    const auto& rules = config_.cache;
    const Node* node = table_.find("cache");
    const auto room =
        rules.disk.empty() ? rules.memory_bytes : std::max(rules.memory_bytes, rules.disk_bytes);
    if (rules.entry_bytes > room) {
      findings_.error("contradiction", place(node, "entry"),
                      "one entry may be larger than the whole cache");
    }
    if (rules.disk.empty()) return;
    const auto where = place(node, "disk");
    if (!rules.on) {
      findings_.warning("unused", where, "a disk for stored answers, and no `on = true`");
    }
    if (!rules.disk.starts_with('/')) {
      findings_.warning("risky", where,
                        fmt::format("\"{}\" is looked for where the edge is started; a path from "
                                    "\"/\" on means the same everywhere",
                                    printable(rules.disk, 60)));
    }
    if (!context_.files) return;
    // No error: the edge serves without it, and this may be read by another user than will write.
    if (const auto why = not_writable(rules.disk); !why.empty()) {
      findings_.warning("unusable-file", where,
                        fmt::format("{}; answers would be kept in memory alone", why));
    }
  }

  // Why the edge, run as who runs this, could store nothing there; empty: it could.
  static std::string not_writable(const std::string& path) {
    struct stat facts{};
    const bool there = ::stat(path.c_str(), &facts) == 0;
    if (there && !S_ISDIR(facts.st_mode)) return fmt::format("{} is no directory", path);
    const auto parent = std::filesystem::path{path}.lexically_normal().parent_path().string();
    const std::string& must = there || parent.empty() ? path : parent;
    if (::faccessat(AT_FDCWD, must.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
    return fmt::format("{} {}: {}", must, there ? "cannot be written" : "cannot be made or written",
                       std::strerror(errno));
  }

  void listeners() {
    const Node* nodes = table_.find("listen");
    if (config_.listeners.empty()) {
      findings_.error("missing-key", table_.place,
                      "no [[edge.listen]]: the edge has no address that visitors can come to");
    }
    std::set<Endpoint> seen;
    bool tls = false;
    for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
      const auto& listener = config_.listeners[i];
      tls = tls || listener.tls;
      if (!seen.insert(listener.address).second) {
        findings_.error("duplicate", place(item(nodes, i), "address"),
                        fmt::format("{} is listened on already", listener.address.text()));
      }
      if (listener.tls && config_.certificates.empty()) {
        findings_.error("missing-key", place(item(nodes, i), "tls"),
                        "a TLS listener needs a [[edge.certificate]]");
      }
    }
    certificates(tls);
  }

  // Every name that routes wait for over TLS has a certificate. What is not readable is told
  // already.
  void names_served(const std::vector<std::string>& names) {
    const Node* nodes = table_.find("route");
    for (std::size_t i = 0; i < config_.routes.size(); ++i) {
      for (const auto& host : config_.routes[i].hosts) {
        const bool known = std::ranges::any_of(names, [&](const auto& name) {
          return equals_ignoring_case(name, host) || below(name, host);
        });
        if (known) continue;
        findings_.warning("missing-name", place(item(nodes, i), "hosts"),
                          fmt::format("no certificate has the name {}: over TLS its visitors would "
                                      "see a warning",
                                      printable(host, 60)));
      }
    }
  }

  // "*.example.net" of a certificate is for one label (RFC 9525 6.3).
  static bool below(std::string_view pattern, std::string_view host) {
    if (!pattern.starts_with("*.") || host.starts_with("*.")) return false;
    const auto dot = host.find('.');
    return dot != std::string_view::npos &&
           equals_ignoring_case(host.substr(dot), pattern.substr(1));
  }

  void certificates(bool used) {
    const Node* nodes = table_.find("certificate");
    std::vector<std::string> names;
    bool all = true;
    for (std::size_t i = 0; i < config_.certificates.size(); ++i) {
      const Node* node = item(nodes, i);
      const auto& pair = config_.certificates[i];
      if (!used) {
        findings_.warning("unused", node == nullptr ? table_.place : node->place,
                          "a certificate, and no listener with tls = true");
      }
      readable(place(node, "ocsp"), pair.ocsp_file);
      const bool there = readable(place(node, "certificate"), pair.certificate_file);
      const bool key = readable(place(node, "key"), pair.key_file);
      const auto found = there ? certificate(place(node, "certificate"), pair.certificate_file,
                                             key ? pair.key_file : std::string{})
                               : std::nullopt;
      all = all && found.has_value();
      if (found) names.insert(names.end(), found->begin(), found->end());
    }
    if (used && all && !config_.certificates.empty()) names_served(names);
  }

  // Its names; nothing when it is none.
  std::optional<std::vector<std::string>> certificate(Place where, const std::string& file,
                                                      const std::string& key) {
    const auto facts = net::read_certificate(file, key);
    if (!facts) {
      findings_.error("unusable-file", where, facts.error().text);
      return std::nullopt;
    }
    const auto day = [](WallTime at) { return rfc3339(at).substr(0, 10); };
    if (facts->not_after <= context_.now) {
      findings_.error("expired-certificate", where,
                      fmt::format("{} expired on {}", file, day(facts->not_after)));
    } else if (facts->not_before > context_.now) {
      findings_.error("expired-certificate", where,
                      fmt::format("{} is not valid before {}", file, day(facts->not_before)));
    } else if (const auto left = facts->not_after - context_.now;
               left < (facts->not_after - facts->not_before) / 5) {
      // A share of its life: certificates of 90 days and of 6 are renewed at the same point of it.
      findings_.warning("expired-certificate", where,
                        fmt::format("{} ends on {}, in {} days", file, day(facts->not_after),
                                    std::chrono::duration_cast<std::chrono::days>(left).count()));
    }
    return facts->names;
  }

  void pools() {
    const Node* nodes = table_.find("pool");
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < config_.pools.size(); ++i) {
      const auto& pool = config_.pools[i];
      const Node* node = item(nodes, i);
      if (pool.name.empty()) continue;
      if (!names.insert(pool.name).second) {
        findings_.error("duplicate", place(node, "name"),
                        fmt::format("there is a pool \"{}\" already", pool.name));
      }
      if (std::ranges::find(config_.routes, pool.name, &Route::pool) == config_.routes.end()) {
        findings_.warning("unused", place(node, "name"),
                          fmt::format("no route uses pool \"{}\": it serves only when visitors of "
                                      "another are switched to it",
                                      pool.name));
      }
      origins(pool, node);
      check(pool.check, node == nullptr ? nullptr : node->find("check"));
    }
  }

  void check(const HealthCheck& check, const Node* node) {
    if (check.kind == CheckKind::off) return;
    if (!check.path.starts_with('/')) {
      findings_.error("wrong-value", place(node, "path"), "a path begins with \"/\"");
    }
    if (check.status_from > check.status_to) {
      findings_.error("contradiction", place(node, "status_from"),
                      fmt::format("no status is at least {} and at most {}", check.status_from,
                                  check.status_to));
    }
    if (check.timeout > check.interval) {
      findings_.warning("contradiction", place(node, "timeout"),
                        "a check may take longer than the interval: the next one waits for it");
    }
  }

  void origins(const Pool& pool, const Node* node) {
    const Node* nodes = node == nullptr ? nullptr : node->find("origin");
    if (pool.origins.empty()) {
      findings_.error("missing-key", node == nullptr ? table_.place : node->place,
                      fmt::format("pool \"{}\" has no [[edge.pool.origin]]", pool.name));
      return;
    }
    if (pool.origins.size() > limits::kPoolOrigins) {
      findings_.error("wrong-value", node == nullptr ? table_.place : node->place,
                      fmt::format("pool \"{}\" has {} origins; at most {} are allowed", pool.name,
                                  pool.origins.size(), limits::kPoolOrigins));
    }
    std::set<std::string_view> names;
    bool any = false;
    for (std::size_t i = 0; i < pool.origins.size(); ++i) {
      const auto& origin = pool.origins[i];
      any = any || origin.weight > 0;
      this->origin(origin, item(nodes, i));
      if (!names.insert(origin.name).second) {
        findings_.error("duplicate", place(item(nodes, i), "host"),
                        fmt::format("pool \"{}\" has an origin \"{}\" already; give one a `name`",
                                    pool.name, origin.name));
      }
    }
    if (!any) {
      findings_.error(
          "contradiction", node == nullptr ? table_.place : node->place,
          fmt::format("every origin of pool \"{}\" has weight 0: nothing is served", pool.name));
    }
    check_pool_rules(pool, node);
  }

  void check_pool_rules(const Pool& pool, const Node* node) {
    const std::string_view key = pool.hash_key;
    const bool known = key == "client" || key == "host" || key == "path" ||
                       (key.starts_with("header:") && key.size() > 7) ||
                       (key.starts_with("cookie:") && key.size() > 7);
    if (!known) {
      findings_.error("wrong-value", place(node, "hash_key"),
                      fmt::format("\"{}\" is no key; expected client, host, path, header:NAME or "
                                  "cookie:NAME",
                                  printable(key, 40)));
    }
  }

  void origin(const Origin& origin, const Node* node) {
    const auto& host = origin.host;
    const bool wrong = host.contains("://") || host.contains('/') ||
                       std::ranges::any_of(host, [](char c) { return c <= ' ' || c == 0x7f; }) ||
                       (host.contains(':') && !IpAddress::parse(host));
    if (node != nullptr && node->find("host") != nullptr && (wrong || host.empty())) {
      findings_.error("wrong-value", place(node, "host"),
                      fmt::format("\"{}\" is no host; expected a name or an address; `port` and "
                                  "`scheme` are keys of their own",
                                  printable(host, 60)));
    }
    readable(place(node, "ca"), origin.ca_file);
    const bool client = readable(place(node, "client_certificate"), origin.client_certificate_file);
    const bool key = readable(place(node, "client_key"), origin.client_key_file);
    if (origin.client_certificate_file.empty() != origin.client_key_file.empty()) {
      findings_.error("contradiction", node == nullptr ? table_.place : node->place,
                      "client_certificate and client_key belong together");
    }
    if (client)
      certificate(place(node, "client_certificate"), origin.client_certificate_file,
                  key ? origin.client_key_file : std::string{});
    if (origin.scheme == OriginScheme::http && origin.port == 443) {
      findings_.warning("risky", place(node, "port"), "plain HTTP to port 443");
    }
    if (const Listener* own = own_listener(origin)) {
      findings_.error("contradiction", place(node, origin.port == 0 ? "host" : "port"),
                      fmt::format("this edge itself listens on {}: a request would come round to "
                                  "it (1000); expected where the site's server listens",
                                  own->address.text()));
    }
    if (origin.scheme == OriginScheme::https &&
        (origin.tls == TlsMode::flexible || origin.tls == TlsMode::off)) {
      findings_.error("contradiction", place(node, "tls"),
                      "scheme is https, and this mode of tls speaks plain HTTP");
    }
  }

  // That `origin` would reach; null: none, as far as an address tells.
  const Listener* own_listener(const Origin& origin) const {
    const auto address =
        origin.host == "localhost" ? IpAddress::v4(0x7f000001) : IpAddress::parse(origin.host);
    if (!address) return nullptr;
    const std::uint16_t usual = origin.scheme == OriginScheme::https ? 443 : 80;
    const std::uint16_t port = origin.port == 0 ? usual : origin.port;
    for (const auto& listener : config_.listeners) {
      if (listener.address.port != port) continue;
      const auto& at = listener.address.address;
      const bool every = classify(at) == AddressClass::unspecified;
      if (at == *address || (every && classify(*address) == AddressClass::loopback)) {
        return &listener;
      }
    }
    return nullptr;
  }

  // Whether every request that `later` takes is taken by `earlier` first.
  static bool covers(const Route& earlier, const Route& later) {
    if (!path_covers(earlier.path, later.path)) return false;
    if (earlier.hosts.empty()) return true;
    if (later.hosts.empty()) return false;
    return std::ranges::all_of(later.hosts, [&](const std::string& host) {
      return std::ranges::any_of(earlier.hosts, [&](const std::string& pattern) {
        if (pattern == host) return true;
        const bool wide = pattern.starts_with("*.");
        const std::string_view below{wide ? std::string_view{pattern}.substr(1) : pattern};
        return wide &&
               std::string_view{host}.substr(host.starts_with("*.") ? 1 : 0).ends_with(below);
      });
    });
  }

  void routes() {
    const Node* nodes = table_.find("route");
    if (config_.routes.empty()) {
      findings_.error("missing-key", table_.place, "no [[edge.route]]: nothing would be served");
    }
    std::vector<std::string> names;
    names.reserve(config_.pools.size());
    for (const auto& pool : config_.pools) names.push_back(pool.name);
    for (std::size_t i = 0; i < config_.routes.size(); ++i) {
      const auto& route = config_.routes[i];
      const Node* node = item(nodes, i);
      if (!route.pool.empty() && config_.pool(route.pool) == nullptr) {
        findings_.error("dangling-reference", place(node, "pool"),
                        fmt::format("there is no pool \"{}\"; {}", printable(route.pool, 60),
                                    config::hint(route.pool, names)));
      }
      if (!route.path.starts_with('/')) {
        findings_.error("wrong-value", place(node, "path"), "a path begins with \"/\"");
      }
      for (const auto& host : route.hosts) host_pattern(host, place(node, "hosts"));
      for (std::size_t before = 0; before < i; ++before) {
        if (!covers(config_.routes[before], route)) continue;
        const auto line = item(nodes, before) == nullptr ? 0 : nodes->items[before].place.line;
        findings_.warning("unreachable-route", node == nullptr ? table_.place : node->place,
                          fmt::format("no request reaches this route: the one in line {} takes "
                                      "them all; put the narrower one first",
                                      line));
        break;
      }
      if (route.timeouts && node != nullptr) own_times(*route.timeouts, node->find("timeouts"));
    }
  }

  void host_pattern(std::string_view host, Place where) {
    const auto name = host.starts_with("*.") ? host.substr(2) : host;
    const bool wrong = name.empty() || name.contains('*') || name.contains('/') ||
                       name.contains(' ') || (name.contains(':') && !name.starts_with('['));
    if (wrong) {
      findings_.error("wrong-value", where,
                      fmt::format("\"{}\" is no host name; expected \"www.example.net\" or "
                                  "\"*.example.net\", without scheme, port and path",
                                  printable(host, 60)));
    }
  }

  void connect_time(const Timeouts& times, const Node* node) {
    if (times.connect < limits::kConnectLeast) {
      findings_.warning("risky", place(node, "connect"),
                        "under 3.1s a machine that is off (523) is told as one that does not "
                        "answer (522): routers need that long to say so");
    }
  }

  // Only what the route itself says: the rest is told at its own place.
  void own_times(const Timeouts& times, const Node* node) {
    if (node != nullptr && node->find("connect") != nullptr) connect_time(times, node);
  }

  void times() { connect_time(config_.timeouts, table_.find("timeouts")); }

  void pages() {
    const Node* node = table_.find("pages");
    const auto where = place(node, "template");
    if (readable(where, config_.pages.template_file)) {
      std::ifstream file{config_.pages.template_file, std::ios::binary};
      std::string text(limits::kPageTemplateBytes + 1, '\0');
      file.read(text.data(), static_cast<std::streamsize>(text.size()));
      text.resize(static_cast<std::size_t>(file.gcount()));
      if (const auto page = PageTemplate::parse(text); !page) {
        findings_.error("unusable-file", where,
                        fmt::format("{}:{}", config_.pages.template_file, page.error().text));
      }
    }
  }

  void admin() {
    const Node* node = table_.find("admin");
    const auto& admin = config_.admin;
    readable(place(node, "token_file"), admin.token_file);
    if (admin.address && admin.token_file.empty() &&
        classify(admin.address->address) != AddressClass::loopback) {
      findings_.warning(
          "risky", place(node, "address"),
          "without a token_file only this machine itself is answered; others get 403");
    }
  }

  // A file is not made by a check, and may be another user's to write: its folder must be there.
  void log() {
    const auto& file = config_.access_log.file;
    if (!context_.files || file.empty() || !config_.access_log.on) return;
    const auto folder = std::filesystem::path{file}.lexically_normal().parent_path().string();
    struct stat facts{};
    const auto where = place(table_.find("log"), "file");
    if (!folder.empty() && (::stat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode))) {
      findings_.error("missing-file", where, fmt::format("there is no folder {}", folder));
    } else if (::stat(file.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) {
      findings_.error("unusable-file", where, fmt::format("{} is a folder, no file", file));
    }
  }

  const Config& config_;
  const Node& table_;
  const config::CheckContext& context_;
  Findings& findings_;
};

}  // namespace

void check_config(const Config& config, const Node& table, const config::CheckContext& context,
                  Findings& findings) {
  Checker{config, table, context, findings}.run();
}

}  // namespace causeway::edge
