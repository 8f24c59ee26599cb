// What an inspection reads of a host: files of /proc, logs, configurations, a collection's folder.
// Whatever is in them, reading ends, and what is written in our own forms reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "inspect/bans.hpp"
#include "inspect/containers.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/server_config.hpp"
#include "inspect/sites.hpp"
#include "inspect/snapshot.hpp"
#include "inspect/systemd_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace inspect = causeway::inspect;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  inspect::parse_proc_tcp(text, causeway::Family::ipv4);
  inspect::parse_proc_tcp(text, causeway::Family::ipv6);
  inspect::parse_numbers(text);
  inspect::parse_counters(text);
  inspect::parse_conntrack_counters(text);
  inspect::parse_pressure(text);
  inspect::parse_disks(text);
  inspect::parse_arrivals(text);
  inspect::parse_neighbours(text);
  inspect::os_release(text, "ID");
  inspect::trouble_in(text);
  inspect::time_in(text, 3600);
  inspect::safe_text(text);
  inspect::read_log_lines(text);
  inspect::bare_target(text);
  inspect::parse_units(text);
  inspect::parse_fail2ban(text);
  inspect::parse_crowdsec(text);
  inspect::parse_deny_file(text, "fuzz");
  inspect::parse_containers(text);
  inspect::read_config_check(text);
  inspect::read_certificate_files(text);
  for (const auto& process : inspect::parse_processes(text)) {
    const auto again = inspect::parse_processes(inspect::write_process(process));
    if (again.size() != 1 || again.front().pid != process.pid) std::abort();
  }
  int depth = 0;
  const inspect::Include include = [&](std::string_view) {
    if (++depth > 3) return std::vector<inspect::ConfigFile>{};
    return std::vector<inspect::ConfigFile>{{"again", std::string{text}}};
  };
  const inspect::ConfigFile file{"fuzz.conf", std::string{text}};
  for (const auto& all :
       {inspect::parse_nginx(file, include), inspect::parse_apache(file, include),
        inspect::parse_haproxy(file), inspect::parse_lighttpd(file, include),
        inspect::parse_caddy_json(file), inspect::parse_caddyfile(file, include),
        inspect::parse_openlitespeed(file, include), inspect::parse_litespeed_xml(file)}) {
    if (inspect::read_directives(inspect::write_directives(all)).size() != all.size()) std::abort();
  }
  if (const auto snapshot = inspect::read_journal(text)) {
    if (!inspect::read_journal(inspect::write_journal(*snapshot))) std::abort();
  }
  return 0;
}
