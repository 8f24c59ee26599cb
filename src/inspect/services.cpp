// The server programs of this host: are they there, do they run, are they stuck?
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/listeners.hpp"
#include "inspect/read_text.hpp"
#include "inspect/server_config.hpp"
#include "inspect/services.hpp"
#include "inspect/systemd_text.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

constexpr auto kServices = std::to_array<ServiceRow>({
    {"nginx", "web", {"nginx", "openresty", "tengine"}, {"nginx"}},
    {"apache", "web", {"apache2", "httpd", "httpd-prefork"}, {"apache2", "httpd"}},
    {"litespeed", "web", {"litespeed", "lshttpd", "openlitespeed"}, {"lshttpd", "lsws"}},
    {"caddy", "web", {"caddy"}, {"caddy"}},
    {"haproxy", "web", {"haproxy"}, {"haproxy"}},
    {"lighttpd", "web", {"lighttpd"}, {"lighttpd"}},
    {"traefik", "web", {"traefik"}, {"traefik"}},
    {"envoy", "web", {"envoy"}, {"envoy"}},
    {"varnish", "web", {"varnishd", "cache-main"}, {"varnish"}},
    {"node", "application", {"node", "nodejs", "deno", "bun", "PM2"}, {}},
    {"php-fpm", "application", {"php-fpm"}, {"php-fpm"}},
    {"python", "application", {"gunicorn", "uwsgi", "uvicorn"}, {"gunicorn", "uwsgi"}},
    {"java", "application", {"java"}, {"tomcat9", "tomcat10"}},
    {"ruby", "application", {"puma", "unicorn"}, {}},
    {"mysql", "database", {"mysqld", "mariadbd"}, {"mariadb", "mysql", "mysqld"}},
    {"postgresql", "database", {"postgres", "postmaster"}, {"postgresql"}},
    {"mongodb", "database", {"mongod"}, {"mongod"}},
    {"redis",
     "cache",
     {"redis-server", "valkey-server", "keydb-server"},
     {"redis-server", "redis"}},
    {"memcached", "cache", {"memcached"}, {"memcached"}},
    {"docker", "container", {"dockerd"}, {"docker"}},
});

constexpr std::int64_t kRoomLeft = 1;       // descriptors: accept4() needs one
constexpr std::int64_t kFilesPercent = 98;  // of the limit

bool is_program(std::string_view program, std::string_view name) {
  // Debian's PHP carries its version: "php-fpm8.2".
  return name == program || (program == "php-fpm" && name.starts_with("php-fpm"));
}

bool is_stuck(char state) { return state == 'T' || state == 't'; }

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes)
      : view_(view), notes_(notes), units_(parse_units(view.snapshot.text("systemd.txt"))) {}

  void analyze() {
    if (!view_.snapshot.was_read("processes.txt")) return;
    for (const auto& row : kServices) service(row);
    for (const auto port : view_.question.ports) {
      owners(port);
      published(port);
    }
    whole();
  }

 private:
  void service(const ServiceRow& row) {
    std::vector<const Process*> all;
    for (const auto& process : view_.processes) {
      const bool named = std::ranges::any_of(row.programs, [&](std::string_view program) {
        return !program.empty() && is_program(program, process.name);
      });
      if (named && process.here) all.push_back(&process);
    }
    const bool installed = view_.machine.contains("installed-" + std::string{row.name}) &&
                           view_.machine.at("installed-" + std::string{row.name}) != 0;
    const UnitState* unit = unit_of(row);
    if (installed && row.role == "web") {
      installed_.emplace_back(row.name);
      meant_to_run_ = meant_to_run_ || unit == nullptr || unit->boot != "disabled";
    }
    if (all.empty() && !installed && unit == nullptr) return;
    auto& out = notes_.saw(Kind::service, std::string{row.name});
    out.set("name", row.name).set("role", row.role).set("installed", installed || !all.empty());
    if (all.empty()) {
      out.set("state", "stopped");
    } else {
      if (row.role == "web") web_ids_.push_back(out.id);
      const auto ports = describe(out, all);
      if (row.role == "web") web_ports_.insert(ports.begin(), ports.end());
    }
    if (unit != nullptr) by_systemd(row, *unit, out);
  }

  const UnitState* unit_of(const ServiceRow& row) const {
    for (const auto& unit : units_) {
      if (unit.load != "loaded") continue;
      for (const auto name : row.units) {
        if (!name.empty() && unit.id == fmt::format("{}.service", name)) return &unit;
      }
    }
    return nullptr;
  }

  void by_systemd(const ServiceRow& row, const UnitState& unit, model::Observation& out) {
    out.set("unit", unit.id).set("restarts", unit.restarts);
    if (const auto why = why_ended(unit); !why.empty()) out.set("reason", why);
    if (unit.active == "failed") out.set("state", "failed");
    if (unit.active == "activating") out.set("state", "starting");
    const bool crashed = unit.active == "failed" || unit.sub == "auto-restart";
    if (row.role != "web" || !crashed) return;
    const bool killed = unit.result == "oom-kill";
    auto& fact =
        notes_.fact(killed ? "memory" : "process", killed ? "oom-kill" : "crashed", {out.id});
    fact.set("agent", row.name);
    fact.set("detail", fmt::format("{} {}", unit.id, why_ended(unit)));
  }

  // Returns the ports it listens on.
  std::set<std::string> describe(model::Observation& out,
                                 const std::vector<const Process*>& all) const {
    const auto* eldest =
        *std::ranges::max_element(all, {}, [](const Process* one) { return one->age_s; });
    const auto* fullest = *std::ranges::max_element(all, {}, [](const Process* one) {
      return one->files_most == 0 ? 0 : one->files * 1000 / one->files_most;
    });
    const bool frozen =
        std::ranges::all_of(all, [](const Process* one) { return is_stuck(one->state); });
    std::set<std::string> ports;
    double memory = 0;
    for (const auto* one : all) {
      memory += static_cast<double>(one->memory_kb) / 1024;
      for (const auto& socket : view_.sockets) {
        if (std::ranges::find(one->sockets, socket.inode) == one->sockets.end()) continue;
        ports.insert(fmt::format("{}", socket.local.port));
      }
    }
    out.set("state", frozen ? "frozen" : "running").set("pid", eldest->pid);
    out.set("processes", static_cast<std::int64_t>(all.size()));
    if (!eldest->unit.empty()) out.set("unit", eldest->unit);
    if (eldest->age_s > 0) {
      out.set("since", rfc3339(view_.snapshot.at -
                               std::chrono::milliseconds{static_cast<long>(eldest->age_s * 1e3)}));
    }
    if (fullest->files_most > 0) {
      out.set("files", fullest->files).set("files_most", fullest->files_most);
    }
    out.set("memory_mb", memory);
    out.set("ports", std::vector<std::string>{ports.begin(), ports.end()});
    for (const auto* one : all) {
      if (!one->config.empty()) {
        out.set("config", one->config);
        break;
      }
    }
    return ports;
  }

  // A master holds its workers' socket and takes no connection itself.
  static std::vector<const Process*> takers(const std::vector<const Process*>& all) {
    constexpr auto kWithMasters =
        std::to_array<std::string_view>({"nginx", "apache", "haproxy", "lighttpd", "php-fpm"});
    std::vector<const Process*> out;
    for (const auto* one : all) {
      const auto service = service_of(one->name);
      const bool known = std::ranges::find(kWithMasters, service) != kWithMasters.end();
      const bool master = known && std::ranges::any_of(all, [&](const Process* other) {
                            return other->parent == one->pid && service_of(other->name) == service;
                          });
      if (!master) out.push_back(one);
    }
    return out.empty() ? all : out;
  }

  // Whoever listens on a port that the edge asks for, known by name or not.
  void owners(std::uint16_t port) {
    std::vector<const Process*> all;
    for (const auto inode : inodes_on(view_, port)) {
      for (const auto& process : view_.processes) {
        if (std::ranges::find(process.sockets, inode) != process.sockets.end()) {
          all.push_back(&process);
        }
      }
    }
    if (all.empty()) return;
    somebody_listens_ = true;
    all = takers(all);
    const auto* first = all.front();
    const bool stuck =
        std::ranges::all_of(all, [](const Process* one) { return is_stuck(one->state); });
    const bool waiting_for_disk =
        std::ranges::all_of(all, [](const Process* one) { return one->state == 'D'; });
    if (stuck || waiting_for_disk) {
      auto& out = notes_.fact("process", "hung");
      out.set("port", int{port}).set("agent", first->name);
      out.set("detail",
              fmt::format("{} (process {}) is {}", first->name, first->pid,
                          stuck ? "stopped by a signal or a debugger (state T)"
                                : "waiting for a disk or a network file system (state D)"));
    }
    for (const auto* one : all) {
      const bool full =
          one->files_most > 0 && (one->files_most - one->files <= kRoomLeft ||
                                  one->files * 100 >= one->files_most * kFilesPercent);
      if (!full) continue;
      auto& out = notes_.fact("files", "exhausted");
      out.set("port", int{port}).set("agent", one->name);
      out.set("detail", fmt::format("{} (process {}) has {} of {} descriptors open", one->name,
                                    one->pid, one->files, one->files_most));
      break;
    }
  }

  // A server in a network of its own listens, and nothing hands the host's port on to it.
  void published(std::uint16_t port) {
    const auto& all = notes_.all();
    const bool none = std::ranges::any_of(all, [port](const model::Observation& seen) {
      return seen.kind == Kind::fact && seen.text("what") == "listener" &&
             seen.text("value") == "none" && seen.integer("port") == port;
    });
    if (!none) return;
    for (const auto line : split(view_.snapshot.text("elsewhere.txt"), '\n')) {
      const auto words = words_of(line);
      if (words.size() < 3 || whole_number(words[2]) != port) continue;
      auto& fact = notes_.fact("published-port", "no");
      fact.set("port", int{port}).set("agent", words[1]);
      fact.set("detail",
               fmt::format("{} (process {}) listens on port {} in a network of its own, and "
                           "nothing hands the host's port on to it",
                           words[1], words[0], port));
      return;
    }
  }

  // Does a web server run at all?
  void whole() {
    if (!web_ids_.empty() || somebody_listens_) {
      auto& out = notes_.fact("process", "running", web_ids_);
      out.set("detail", web_ids_.empty() ? "a server listens on the port" : web_names());
      return on_other_ports();
    }
    // A container's server has a network of its own.
    const bool elsewhere = std::ranges::any_of(view_.processes, [](const Process& one) {
      return !one.here && role_of(one.name) == "web";
    });
    if (installed_.empty() || elsewhere) return;
    // Whatever serves another port may be the web server under a name we do not know.
    const bool other_server =
        std::ranges::any_of(listeners_of(view_), [](const codec::Listener& one) {
          return one.port != 22 && (one.any || classify(*one.address) != AddressClass::loopback);
        });
    if (other_server) return;
    auto& out = notes_.fact("process", meant_to_run_ ? "stopped" : "disabled");
    std::string detail = fmt::format("installed and not running: {}", join(installed_, ", "));
    if (!meant_to_run_) detail += "; systemd does not start it at boot";
    for (const auto& name : installed_) {
      const auto check = read_config_check(view_.snapshot.text(fmt::format("check-{}.txt", name)));
      if (check && !check->valid) {
        detail += fmt::format("; the configuration of {} is not valid: {}", name, check->detail);
      }
    }
    out.set("detail", detail);
  }

  std::string web_names() const {
    std::set<std::string> names;
    for (const auto& seen : notes_.all()) {
      if (seen.kind == Kind::service && seen.text("role") == "web" &&
          seen.text("state") != "stopped") {
        names.insert(std::string{seen.text("name")});
      }
    }
    return join({names.begin(), names.end()}, ", ");
  }

  // The web server listens for strangers, but nobody on a port that the edge asks for.
  void on_other_ports() {
    const auto& asked = view_.question.ports;
    std::set<std::uint16_t> others;
    for (const auto& one : listeners_of(view_)) {
      if (std::ranges::find(asked, one.port) != asked.end()) return;
      const bool for_strangers = one.any || classify(*one.address) != AddressClass::loopback;
      if (for_strangers && web_ports_.contains(fmt::format("{}", one.port))) {
        others.insert(one.port);
      }
    }
    if (others.empty()) return;
    for (const auto port : asked) {
      notes_.fact("web-port", "other", web_ids_)
          .set("port", int{port})
          .set("detail", fmt::format("{} on {}", web_names(), fmt::join(others, ", ")));
    }
  }

  const View& view_;
  Notes& notes_;
  std::vector<UnitState> units_;
  std::set<std::string> web_ports_;
  std::vector<std::string> installed_;
  std::vector<std::string> web_ids_;
  bool somebody_listens_ = false;
  bool meant_to_run_ = false;  // one of the installed web servers
};

}  // namespace

std::span<const ServiceRow> service_rows() { return kServices; }

std::string_view service_of(std::string_view program) {
  for (const auto& row : kServices) {
    for (const auto one : row.programs) {
      if (!one.empty() && is_program(one, program)) return row.name;
    }
  }
  return {};
}

std::string_view role_of(std::string_view program) {
  const auto service = service_of(program);
  for (const auto& row : kServices) {
    if (row.name == service) return row.role;
  }
  return {};
}

void analyze_services(const View& view, Notes& notes) { Analyzer{view, notes}.analyze(); }

}  // namespace causeway::inspect
