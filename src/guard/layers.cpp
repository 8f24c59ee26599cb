#include "guard/layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "inspect/run_program.hpp"

namespace causeway::guard {

Tools find_tools() {
  const auto ran = inspect::run_programs({{.words = {"ufw", "status"}},
                                          {.words = {"firewall-cmd", "--state"}},
                                          {.words = {"fail2ban-client", "ping"}}});
  Tools out;
  out.ufw = ran[0].good() && ran[0].out.find("Status: active") != std::string::npos;
  out.firewalld = ran[1].good();
  out.fail2ban = ran[2].good();
  return out;
}

std::vector<Ban> bans_within(const std::string& jail, std::string_view listing,
                             const std::vector<Prefix>& ranges) {
  std::vector<Ban> out;
  std::string words{listing};
  std::ranges::replace(words, '\n', ' ');
  for (const auto word : split(words, ' ')) {
    const auto banned = Prefix::parse(trim(word));
    if (!banned || !contains(ranges, banned->address())) continue;
    out.push_back({jail, std::string{trim(word)}});
  }
  return out;
}

void add_bans(Grant& grant) {
  for (const auto& jail : grant.jails) {
    const auto ran = inspect::run_program({.words = {"fail2ban-client", "get", jail, "banip"}});
    if (!ran.good()) continue;
    for (auto& ban : bans_within(jail, ran.out, grant.ranges)) {
      if (std::ranges::find(grant.lifted, ban) == grant.lifted.end()) {
        grant.lifted.push_back(std::move(ban));
      }
    }
  }
}

namespace {

struct Counted {
  std::size_t chains = 0;
  std::size_t rules = 0;
};

std::string key_of(std::string_view owner, std::string_view stack) {
  return fmt::format("{} ({})", owner, stack);
}

// By the layer whose rule decides. Addresses, routes and sockets stop the edge, too, and are no
// layer.
std::map<std::string, std::vector<std::string>> stopped_by(const firewall::Proof& proof) {
  struct Where {
    std::string layer;
    std::uint16_t port = 0;
    std::string how;
    auto operator<=>(const Where&) const = default;
  };
  std::map<Where, std::set<Prefix>> ranges;
  std::map<std::uint16_t, std::set<Prefix>> asked;
  for (const auto& row : proof.rows) {
    asked[row.port].insert(row.range);
    const auto& worst = row.causes.front();
    if (row.certain && worst.ending.result == firewall::Result::accept) continue;
    const auto how = (row.certain ? "" : "may ") + text(worst.ending);
    ranges[{key_of(worst.rule.owner, worst.rule.stack), row.port, how}].insert(row.range);
  }
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [where, some] : ranges) {
    out[where.layer].push_back(fmt::format("{} of {} ranges to port {}: {}", some.size(),
                                           asked[where.port].size(), where.port, where.how));
  }
  return out;
}

}  // namespace

std::vector<Layer> layers_of(const firewall::Collection& collection, const firewall::Proof& proof,
                             const Tools& tools) {
  std::map<std::string, Counted> found;
  const auto& rules = collection.rules;
  for (std::uint32_t i = 0; i < rules.chains.size(); ++i) {
    const auto& chain = rules.chains[i];
    if (chain.rules.empty() && !chain.drops) continue;
    const auto owner = firewall::owner_of(rules, {.chain = i, .path = {i}});
    auto& layer = found[key_of(owner, name(rules.tables[chain.table].stack))];
    ++layer.chains;
    layer.rules += chain.rules.size();
  }
  auto stops = stopped_by(proof);
  std::vector<std::pair<std::string, Counted>> order{found.begin(), found.end()};
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    return std::tie(b.second.rules, a.first) < std::tie(a.second.rules, b.first);
  });
  std::vector<Layer> out;
  out.reserve(order.size());
  for (const auto& [key, count] : order) {
    out.push_back({key, count.chains, count.rules, {}, std::move(stops[key]), {}});
  }
  if (tools.fail2ban) out.push_back({"fail2ban", 0, 0, "its server runs", {}, {}});
  return out;
}

}  // namespace causeway::guard
