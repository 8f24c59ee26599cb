// Virtual hosts, limits and applications behind them, as the web servers' configurations have them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "inspect/access.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/limits.hpp"
#include "inspect/listeners.hpp"
#include "inspect/read_text.hpp"
#include "inspect/server_config.hpp"
#include "inspect/sites.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

constexpr std::size_t kSettingsShown = 100;

// Of nginx, HAProxy and lighttpd a site is one `server`, `frontend` or file; of Apache a
// VirtualHost.
struct Site {
  std::vector<std::string> names;
  std::vector<std::string> listens;
  bool tls = false;
  bool is_default = false;
  std::string certificate;
  std::string place;
};

bool opens_site(const Directive& one) {
  return (one.name == "server" && one.values.empty()) || one.name == "virtualhost" ||
         one.name == "frontend";
}

void read_into(Site& site, const Directive& one) {
  const auto& values = one.values;
  if (values.empty()) return;
  const auto has = [&](std::string_view word) {
    return std::ranges::find(values, word) != values.end();
  };
  if (one.name == "listen" || one.name == "bind" || one.name == "server.port") {
    site.listens.push_back(values[0]);
    site.tls = site.tls || has("ssl") || has("https");
    site.is_default = site.is_default || has("default_server");
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
      if (values[i] == "crt") site.certificate = values[i + 1];
    }
  } else if (one.name == "server_name" || one.name == "servername" || one.name == "serveralias") {
    site.names.insert(site.names.end(), values.begin(), values.end());
  } else if (one.name == "ssl_certificate" || one.name == "sslcertificatefile" ||
             one.name == "ssl.pemfile") {
    site.certificate = values[0];
    site.tls = true;
  } else if (one.name == "sslengine") {
    site.tls = site.tls || equals_ignoring_case(values[0], "on");
  }
}

std::vector<Site> sites_of(const std::vector<Directive>& all) {
  std::vector<Site> out;
  int depth = -1;
  for (const auto& one : all) {
    if (depth >= 0 && one.depth <= depth) depth = -1;
    if (opens_site(one)) {
      if (out.size() >= kSites) break;
      out.push_back({.names = {}, .listens = one.values, .place = one.place});
      if (one.name == "frontend") out.back().listens.clear();
      depth = one.depth;
    } else if (depth >= 0) {
      read_into(out.back(), one);
    }
  }
  return out;
}

bool is_setting(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::string_view>({"allow",
                                                                  "deny",
                                                                  "allow-from",
                                                                  "deny-from",
                                                                  "require",
                                                                  "worker_connections",
                                                                  "worker_rlimit_nofile",
                                                                  "maxrequestworkers",
                                                                  "serverlimit",
                                                                  "maxconn",
                                                                  "limit_req",
                                                                  "limit_conn",
                                                                  "set_real_ip_from",
                                                                  "real_ip_header",
                                                                  "remoteipheader",
                                                                  "ssl_verify_client",
                                                                  "modsecurity",
                                                                  "secruleengine",
                                                                  "secrule",
                                                                  "dospagecount",
                                                                  "dossitecount",
                                                                  "dosblockingperiod",
                                                                  "qs_srvmaxconnperip",
                                                                  "limit_rate",
                                                                  "softlimit",
                                                                  "hardlimit",
                                                                  "banperiod",
                                                                  "graceperiod",
                                                                  "staticreqpersec",
                                                                  "dynreqpersec",
                                                                  "maxconnections"});
  return std::ranges::find(kNames, name) != kNames.end();
}

// Where requests go: a proxy directive's own target, or the servers of the upstream it names.
class Backends {
 public:
  explicit Backends(const std::vector<Directive>& all) : all_(all) {
    std::string group;
    int depth = -1;
    for (const auto& one : all) {
      if (depth >= 0 && one.depth <= depth) depth = -1;
      if ((one.name == "upstream" || one.name == "backend") && !one.values.empty()) {
        group = one.values[0];
        depth = one.depth;
      } else if (depth >= 0 && one.name == "server" && !one.values.empty()) {
        // nginx: server ADDRESS ...; HAProxy: server NAME ADDRESS ...
        const bool named = one.values.size() > 1 && one.values[1].find(':') != std::string::npos;
        groups_[group].push_back({named ? one.values[1] : one.values[0], one.place});
      }
    }
  }

  struct Target {
    std::string text;
    std::string place;
  };
  std::vector<Target> targets() const {
    std::vector<Target> out;
    for (const auto& one : all_) {
      const bool passes = one.name.ends_with("_pass") || one.name == "proxypass" ||
                          one.name == "sethandler" || one.name == "default_backend" ||
                          one.name == "use_backend";
      if (!passes || one.values.empty()) continue;
      const bool second = one.name == "proxypass" && one.values.size() > 1;
      const std::string bare = bare_target(second ? one.values[1] : one.values[0]);
      const auto group = groups_.find(bare);
      if (group != groups_.end()) {
        out.insert(out.end(), group->second.begin(), group->second.end());
      } else if (!bare.empty()) {
        out.push_back({bare, one.place});
      }
    }
    return out;
  }

 private:
  const std::vector<Directive>& all_;
  std::map<std::string, std::vector<Target>, std::less<>> groups_;
};

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes)
      : view_(view), notes_(notes), listeners_(listeners_of(view)) {
    for (const auto line : split(view.snapshot.text("unix.txt"), '\n')) {
      const auto words = words_of(line);
      if (words.size() > 7) unix_.insert(std::string{words[7]});
    }
  }

  void analyze() {
    for (const auto& [file, dump] : view_.snapshot.dumps) {
      if (!file.starts_with("config-") || file.ends_with("-stopped.txt")) continue;
      auto server = std::string_view{file}.substr(7);
      server = server.substr(0, server.find_first_of("-."));
      const auto all = read_directives(dump.text);
      const auto sites = sites_of(all);
      for (const auto& site : sites) write_down(server, site);
      configuration(server);
      for (const auto& site : sites) certificate_gone(server, site);
      settings(server, all);
      access(server, all);
      backends(server, all);
    }
  }

 private:
  void write_down(std::string_view server, const Site& site) {
    auto& out = notes_.saw(Kind::site, site.names.empty() ? std::string{server} : site.names[0]);
    out.set("server", server).set("names", site.names).set("listens", site.listens);
    out.set("tls", site.tls).set("default", site.is_default).set("place", site.place);
    if (site.certificate.empty()) return;
    out.set("certificate", site.certificate);
    const auto held = certificates().find(site.certificate);
    if (held == certificates().end()) return;
    out.set("subject", held->second.subject).set("certificate_names", held->second.names);
    out.set("not_after", held->second.not_after).set("fingerprint", held->second.fingerprint);
    const auto until = parse_rfc3339(held->second.not_after);
    const bool asked = site.listens.empty() || std::ranges::any_of(site.listens, [&](auto& one) {
                         return serves(one, view_.question.ports);
                       });
    if (!until || *until > view_.snapshot.at || !site.tls || !asked) return;
    const std::string id = out.id;
    notes_.fact("certificate", "expired", {id})
        .set("agent", server)
        .set("detail", fmt::format("{}, until {}", site.certificate, held->second.not_after));
  }

  const std::map<std::string, CertificateFile, std::less<>>& certificates() {
    if (!certificates_)
      certificates_ = read_certificate_files(view_.snapshot.text("certificates.txt"));
    return *certificates_;
  }

  void settings(std::string_view server, const std::vector<Directive>& all) {
    std::size_t shown = 0;
    for (const auto& one : all) {
      if (!is_setting(one.name) || ++shown > kSettingsShown) continue;
      auto& out = notes_.saw(Kind::setting, fmt::format("{} {}", server, one.name));
      out.set("server", server).set("name", one.name).set("value", join(one.values, " "));
      out.set("place", one.place);
      const bool alone = !follows_access(server);
      if ((alone && (one.name == "deny" || one.name == "deny-from")) || refuses_client(one)) {
        denied(server, one, out.id);
      }
    }
  }

  // Of the servers whose lists are followed as they follow them themselves.
  void access(std::string_view server, const std::vector<Directive>& all) {
    const auto found = access_of(server, all, {view_.question.edge.prefixes, view_.question.ports});
    for (const auto& one : found.refusals) {
      const auto rule = fmt::format("{} {}", one.by->name, join(one.by->values, " "));
      if (!one.doubt.empty()) {
        notes_.fact("note", "web-deny")
            .set("agent", server)
            .set("detail", fmt::format("{}: '{}' ({}) refuses addresses of the edge, but {}",
                                       server, rule, one.by->place, one.doubt));
        continue;
      }
      auto& fact = notes_.fact("web-deny", "edge");
      fact.set("sources", one.clients.shown(kInspectPrefixesShown)).set("in_edge", true);
      fact.set("agent", server).set("rule", rule);
      fact.set("detail", fmt::format("{} ({})", rule, one.by->place));
      fact.set("fix", remedy(server, *one.by));
      // A list that names nobody of the edge is left as it is.
      if (server != "haproxy" && !one.meant) fact.set("command", "causeway guard apply");
    }
    for (const auto& one : found.limits) {
      notes_.fact("note", "requests")
          .set("agent", server)
          .set("detail",
               fmt::format("{}: '{} {}' ({}) counts the edge's addresses, which all visitors "
                           "behind it share: with many of them it answers 503 or 429",
                           server, one.by->name, join(one.by->values, " "), one.by->place));
    }
  }

  // SecRule REMOTE_ADDR "@ipMatch 192.0.2.0/24,198.51.100.7" "id:1,phase:1,deny"
  static bool refuses_client(const Directive& one) {
    if (one.name != "secrule" || one.values.size() < 3) return false;
    const std::string_view match = one.values[1];
    const auto actions = split(one.values[2], ',');
    return match.starts_with("@ipMatch ") && std::ranges::any_of(actions, [](auto action) {
             return trim(action) == "deny" || trim(action) == "drop";
           });
  }

  // `nginx -t`: what it would say at the next start or reload.
  void configuration(std::string_view server) {
    const auto check = read_config_check(view_.snapshot.text(fmt::format("check-{}.txt", server)));
    if (!check) return;
    auto& out = notes_.saw(Kind::setting, fmt::format("{} configuration", server));
    out.set("server", server).set("name", "configuration");
    out.set("value", check->valid ? "valid" : "invalid: " + check->detail);
    if (!check->place.empty()) out.set("place", check->place);
    if (check->valid) return;
    invalid_.insert(std::string{server});
    notes_.fact("configuration", "invalid", {out.id})
        .set("agent", server)
        .set("detail", check->detail);
    auto& log = notes_.saw(Kind::log_entry, fmt::format("{} -t", server));
    log.set("source", fmt::format("{} -t", server)).set("what", "config").set("count", 1);
    log.set("recent", true).set("text", check->detail);
  }

  // Of a server that does not check itself, or was not asked.
  void certificate_gone(std::string_view server, const Site& site) {
    const auto dump = view_.snapshot.dumps.find("certificates.txt");
    if (site.certificate.empty() || dump == view_.snapshot.dumps.end()) return;
    const auto gone = fmt::format("{}: No such file", site.certificate);
    if (!dump->second.detail.contains(gone) || !invalid_.insert(std::string{server}).second) return;
    notes_.fact("configuration", "invalid")
        .set("agent", server)
        .set("detail", fmt::format("{} or directory ({})", gone, site.place));
  }

  static std::vector<std::string> denied_values(const Directive& one) {
    if (one.name != "secrule") return one.values;
    std::vector<std::string> out;
    for (const auto part : split(std::string_view{one.values[1]}.substr(9), ',')) {
      out.emplace_back(trim(part));
    }
    return out;
  }

  // "deny 173.245.48.0/20;" in the way of the edge's own addresses.
  void denied(std::string_view server, const Directive& one, const std::string& id) {
    for (const auto& value : denied_values(one)) {
      const auto range = Prefix::parse(value);
      if (!range) continue;
      const bool touches =
          std::ranges::any_of(view_.question.edge.prefixes, [&](const Prefix& edge) {
            return edge.contains(range->address()) || range->contains(edge.address());
          });
      if (!touches) continue;
      auto& fact = notes_.fact("web-deny", "edge", {id});
      fact.set("sources", std::vector{range->text()}).set("in_edge", true).set("agent", server);
      fact.set("rule", fmt::format("{} {}", one.name, join(one.values, " ")));
      fact.set("detail", fmt::format("{} {} ({})", one.name, join(one.values, " "), one.place));
      fact.set("fix", remedy(server, one));
      const bool by_guard = server == "nginx" || (server == "apache" && one.name != "secrule");
      if (by_guard) fact.set("command", "causeway guard apply");
    }
  }

  static std::string remedy(std::string_view server, const Directive& one) {
    const auto values = join(one.values, " ");
    if (server == "caddy") {
      return fmt::format("Take {} out of what is refused in {} (remote_ip) and reload caddy.",
                         values, one.place);
    }
    return fmt::format("Take the line '{} {}' out of {} and reload {}.", one.name, values,
                       one.place, server);
  }

  void backends(std::string_view server, const std::vector<Directive>& all) {
    std::set<std::string> done;
    for (const auto& target : Backends{all}.targets()) {
      if (!done.insert(target.text).second || done.size() > kSettingsShown) continue;
      auto& out = notes_.saw(Kind::backend, target.text);
      out.set("server", server).set("target", target.text).set("place", target.place);
      std::int64_t waiting = 0;
      const auto outcome = standing_of(target.text, waiting);
      out.set("outcome", outcome);
      if (outcome == "listens" || outcome == "stuck") out.set("waiting", waiting);
      if (outcome == "listens") notes_.fact("backend", "listens", {out.id});
      if (outcome == "not-listening" || outcome == "stuck") {
        auto& fact = notes_.fact("backend", outcome == "stuck" ? "hung" : "down", {out.id});
        fact.set("detail",
                 fmt::format("{} at {}, to which {} hands requests ({})",
                             outcome == "stuck"
                                 ? fmt::format("{} connections wait for the application", waiting)
                                 : std::string{"nothing listens"},
                             target.text, server, target.place));
      }
    }
  }

  std::string_view standing_of(const std::string& target, std::int64_t& waiting) const {
    if (target.starts_with('/')) {
      if (!view_.snapshot.was_read("unix.txt")) return "elsewhere";
      return unix_.contains(target) ? "listens" : "not-listening";
    }
    auto endpoint = Endpoint::parse(target, 80);
    if (!endpoint && target.starts_with("localhost")) {
      endpoint = Endpoint::parse("127.0.0.1" + target.substr(9), 80);
    }
    if (!endpoint || !is_own(endpoint->address)) return "elsewhere";
    if (binding(listeners_, endpoint->address, "lo", endpoint->port) != "any") {
      // "localhost" may also be ::1.
      const bool v6 =
          target.starts_with("localhost") &&
          binding(listeners_, IpAddress::parse("::1").value(), "lo", endpoint->port) == "any";
      if (!v6) return "not-listening";
    }
    for (const auto& one : listeners_) {
      if (one.port != endpoint->port) continue;
      waiting = std::max(waiting, one.waiting);
      if (one.backlog > 0 && one.waiting > one.backlog) return "stuck";
    }
    return "listens";
  }

  bool is_own(const IpAddress& address) const {
    if (classify(address) == AddressClass::loopback) return true;
    return std::ranges::any_of(view_.own_addresses(),
                               [&](const View::Own& own) { return own.address == address; });
  }

  const View& view_;
  Notes& notes_;
  std::vector<codec::Listener> listeners_;
  std::set<std::string> unix_;
  std::set<std::string> invalid_;  // servers whose configuration would not be taken again
  std::optional<std::map<std::string, CertificateFile, std::less<>>> certificates_;
};

}  // namespace

std::string bare_target(std::string_view text) {
  if (const auto proxy = text.find('|'); proxy != std::string_view::npos) {
    text = text.substr(0, proxy);  // Apache: "unix:/run/app.sock|fcgi://localhost"
  }
  if (text.starts_with("proxy:")) text.remove_prefix(6);
  if (text.find("unix:") != std::string_view::npos) {
    text.remove_prefix(text.find("unix:") + 5);
    return std::string{text.substr(0, text.find(':'))};
  }
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    const bool tls = text.starts_with("https");
    text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find('/'));
    if (text.find('$') != std::string_view::npos) return {};  // made up for each request
    const bool has_port = text.ends_with(']') ? false : text.find(':') != std::string_view::npos;
    return tls && !has_port ? std::string{text} + ":443" : std::string{text};
  }
  if (text.find('$') != std::string_view::npos || text == "!") return {};
  // A scheme-less target is "address:port" (fastcgi_pass) or a handler's name.
  return text.find(':') == std::string_view::npos && text.find('/') != std::string_view::npos
             ? std::string{}
             : std::string{text};
}

std::string write_certificate_file(const CertificateFile& file) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\n", file.path, file.subject, file.not_after,
                     file.fingerprint, join(file.names, " "));
}

std::map<std::string, CertificateFile, std::less<>> read_certificate_files(std::string_view text) {
  std::map<std::string, CertificateFile, std::less<>> out;
  for (const auto line : split(text, '\n')) {
    const auto parts = split(line, '\t');
    if (parts.size() < 5 || out.size() >= kSites) continue;
    CertificateFile one{std::string{parts[0]},
                        std::string{parts[1]},
                        std::string{parts[2]},
                        std::string{parts[3]},
                        {}};
    for (const auto name : words_of(parts[4])) one.names.emplace_back(name);
    out.insert_or_assign(one.path, std::move(one));
  }
  return out;
}

void analyze_sites(const View& view, Notes& notes) { Analyzer{view, notes}.analyze(); }

}  // namespace causeway::inspect
