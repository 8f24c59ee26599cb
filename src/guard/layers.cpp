#include "guard/layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "firewall/proof.hpp"
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

std::vector<Layer> layers_of(const firewall::Collection& collection, const Tools& tools) {
  std::map<std::string, Layer> found;
  const auto& rules = collection.rules;
  for (std::uint32_t i = 0; i < rules.chains.size(); ++i) {
    const auto& chain = rules.chains[i];
    if (chain.rules.empty() && !chain.drops) continue;
    const auto owner = firewall::owner_of(rules, {.chain = i, .path = {i}});
    const auto key = fmt::format("{} ({})", owner, name(rules.tables[chain.table].stack));
    auto& layer = found[key];
    layer.name = key;
    ++layer.chains;
    layer.rules += chain.rules.size();
  }
  std::vector<Layer> out;
  out.reserve(found.size());
  for (auto& [key, layer] : found) out.push_back(std::move(layer));
  std::ranges::sort(out, [](const Layer& a, const Layer& b) { return a.rules > b.rules; });
  if (tools.fail2ban) out.push_back({"fail2ban (its server runs)", 0, 0});
  return out;
}

}  // namespace causeway::guard
