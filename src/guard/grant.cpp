#include "guard/grant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace causeway::guard {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "causeway.guard/1";
constexpr std::array kPhases{Journal::Phase::settled, Journal::Phase::applying,
                             Journal::Phase::trying, Journal::Phase::keeping};

ordered_json to_value(const Grant& grant) {
  ordered_json out{{"edge", grant.edge},
                   {"ports", grant.ports},
                   {"ufw", grant.ufw},
                   {"zones", grant.zones},
                   {"jails", grant.jails}};
  auto ranges = ordered_json::array();
  for (const auto& range : grant.ranges) ranges.push_back(range.text());
  out["ranges"] = std::move(ranges);
  out["zone_files"] = grant.zone_files;
  auto addresses = ordered_json::array();
  for (const auto& address : grant.addresses) addresses.push_back(address.text());
  out["addresses"] = std::move(addresses);
  auto places = ordered_json::array();
  for (const auto& one : grant.places) {
    places.push_back({{"stack", one.stack},
                      {"family", one.family},
                      {"table", one.table},
                      {"chain", one.chain},
                      {"hook", one.hook}});
  }
  out["places"] = std::move(places);
  auto lifted = ordered_json::array();
  for (const auto& one : grant.lifted) {
    lifted.push_back({{"jail", one.jail}, {"address", one.address}});
  }
  out["lifted"] = std::move(lifted);
  out["csf"] = grant.csf;
  out["crowdsec"] = grant.crowdsec;
  auto decisions = ordered_json::array();
  for (const auto& one : grant.decisions) {
    decisions.push_back({{"id", one.id},
                         {"scope", one.scope},
                         {"value", one.value},
                         {"type", one.type},
                         {"reason", one.reason},
                         {"duration", one.duration}});
  }
  out["decisions"] = std::move(decisions);
  auto web = ordered_json::array();
  for (const auto& one : grant.web) web.push_back({{"name", one.name}, {"main", one.main}});
  out["web"] = std::move(web);
  out["real_ip"] = grant.real_ip;
  out["files"] = grant.files;
  out["only"] = grant.only;
  auto also = ordered_json::array();
  for (const auto& range : grant.also) also.push_back(range.text());
  out["also"] = std::move(also);
  return out;
}

// Members that an older journal does not have.
void read_younger(const ordered_json& in, Grant& out) {
  out.zone_files = in.value("zone_files", std::vector<std::string>{});
  for (const auto& one : in.value("addresses", ordered_json::array())) {
    const auto address = IpAddress::parse(one.get<std::string>());
    if (address) out.addresses.push_back(*address);
  }
  if (!in.contains("csf")) return;
  out.csf = in.at("csf").get<bool>();
  out.crowdsec = in.at("crowdsec").get<bool>();
  for (const auto& one : in.at("decisions")) {
    const auto word = [&one](const char* key) { return one.at(key).get<std::string>(); };
    out.decisions.push_back(
        {word("id"), word("scope"), word("value"), word("type"), word("reason"), word("duration")});
  }
  for (const auto& one : in.at("web")) {
    out.web.push_back({one.at("name").get<std::string>(), one.at("main").get<std::string>()});
  }
  out.real_ip = in.at("real_ip").get<bool>();
  out.files = in.at("files").get<std::vector<std::string>>();
  out.only = in.at("only").get<bool>();
  for (const auto& range : in.at("also")) {
    if (auto prefix = Prefix::parse(range.get<std::string>())) out.also.push_back(*prefix);
  }
}

// Throws nlohmann's exceptions on anything unexpected; parse_journal() turns them into an error.
Grant grant_of(const ordered_json& in) {
  Grant out;
  out.edge = in.at("edge").get<std::string>();
  out.ports = in.at("ports").get<std::vector<std::uint16_t>>();
  out.ufw = in.at("ufw").get<bool>();
  out.zones = in.at("zones").get<std::vector<std::string>>();
  out.jails = in.at("jails").get<std::vector<std::string>>();
  for (const auto& range : in.at("ranges")) {
    auto prefix = Prefix::parse(range.get<std::string>());
    if (prefix) out.ranges.push_back(*prefix);
  }
  for (const auto& one : in.at("places")) {
    const auto word = [&one](const char* key) { return one.at(key).get<std::string>(); };
    out.places.push_back(
        {word("stack"), word("family"), word("table"), word("chain"), word("hook")});
  }
  for (const auto& one : in.at("lifted")) {
    out.lifted.push_back({one.at("jail").get<std::string>(), one.at("address").get<std::string>()});
  }
  read_younger(in, out);
  return out;
}

}  // namespace

bool is_outgoing(std::string_view hook) {
  return hook == "output" || hook == "postrouting" || hook == "egress";
}

bool at_device(std::string_view hook) { return hook == "ingress" || hook == "egress"; }

std::vector<IpAddress> Grant::addresses_of(Family family) const {
  std::vector<IpAddress> out;
  for (const auto& one : addresses) {
    if (one.family() == family) out.push_back(one);
  }
  return out;
}

bool Grant::reaches(Family family) const {
  const auto is_of = [family](const Prefix& one) { return one.address().family() == family; };
  return std::ranges::any_of(ranges, is_of) && (addresses.empty() || !addresses_of(family).empty());
}

std::string_view name(Journal::Phase phase) {
  switch (phase) {
    case Journal::Phase::settled: return "settled";
    case Journal::Phase::applying: return "applying";
    case Journal::Phase::trying: return "trying";
    case Journal::Phase::keeping: return "keeping";
  }
  return "";
}

std::string to_json(const Journal& journal) {
  const ordered_json out{{"schema", kSchema},
                         {"phase", name(journal.phase)},
                         {"until", journal.until},
                         {"kept", to_value(journal.kept)},
                         {"wanted", to_value(journal.wanted)}};
  return out.dump(2) + "\n";
}

Parsed<Journal> parse_journal(std::string_view text) {
  try {
    const auto in = ordered_json::parse(text);
    if (in.at("schema").get<std::string>() != kSchema) return error("another schema");
    Journal out;
    const auto phase = in.at("phase").get<std::string>();
    bool known = false;
    for (const auto each : kPhases) {
      if (name(each) != phase) continue;
      out.phase = each;
      known = true;
    }
    if (!known) return error(fmt::format("unknown phase '{}'", phase));
    out.until = in.at("until").get<std::int64_t>();
    out.kept = grant_of(in.at("kept"));
    out.wanted = grant_of(in.at("wanted"));
    return out;
  } catch (const nlohmann::json::exception& problem) {
    return error(problem.what());
  }
}

}  // namespace causeway::guard
