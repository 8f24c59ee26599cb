#include "guard/grant.hpp"

#include <fmt/format.h>

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
  return out;
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
  return out;
}

}  // namespace

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
