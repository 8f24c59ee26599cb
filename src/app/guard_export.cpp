// guard export: the edge's ranges for firewalls and servers that guard does not change itself.
#include <fmt/format.h>

#include <cstdio>

#include "app/command.hpp"
#include "app/guard.hpp"
#include "app/guard_ranges.hpp"
#include "guard/exports.hpp"

namespace causeway::app {

int run_export(const GuardFlags& flags) {
  const auto form = guard::parse_export_form(flags.as);
  if (!form) {
    return wrong_use("guard export", fmt::format("--as: unknown form '{}'; expected {}", flags.as,
                                                 guard::export_forms()));
  }
  const auto ports = parse_ports(flags.proof.ports);
  if (!ports) return wrong_use("guard export", ports.error().text);
  auto edge = read_edge(flags.proof.edge);
  if (!edge) return wrong_use("guard export", edge.error().text);
  if (flags.refresh && flags.proof.edge == "cloudflare") {
    auto published = fetch_ranges(flags.api);
    if (!published) {
      fmt::print(stderr, "causeway guard export: {}\n", published.error().text);
      return kCouldNotTell;
    }
    *edge = std::move(published->ranges);
  }
  print(guard::export_text({edge->name, edge->date, edge->prefixes, *ports}, *form));
  return kFine;
}

}  // namespace causeway::app
