// Targets by vantages: who sees what, and where they disagree.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/text.hpp"
#include "console/handlers.hpp"
#include "console/overview.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "model/failure.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

struct Row {
  const Standing* standing = nullptr;
  const std::vector<Sighting>* seen = nullptr;  // null: nobody saw it yet
  std::vector<std::string> failing;             // vantages that see it fail
  std::size_t seeing = 0;                       // vantages that can tell
  bool disagree = false;
};

struct Column {
  const store::VantageState* state = nullptr;
  std::size_t sees = 0;
  std::size_t failing = 0;
  std::size_t alone = 0;  // fail from here and from nowhere else, though others see them
};

bool bad(const std::string& outcome) { return outcome == "down" || outcome == "degraded"; }

// Without a watch: what the store has of the last changes.
Parsed<std::vector<Sightings>> kept_sightings(store::Store& store) {
  const auto rows =
      store.read([](store::Database& database) { return store::newest_transitions(database); });
  if (!rows) return error(rows.error().text);
  std::vector<Sightings> out;
  for (const auto& row : *rows) {  // by target
    if (row.outcome == "unknown") continue;
    if (out.empty() || out.back().target != row.target) out.push_back({row.target, {}});
    out.back().seen.push_back({.vantage = row.vantage,
                               .outcome = row.outcome,
                               .failure = row.failure,
                               .at = row.at,
                               .of_change = true});
  }
  return out;
}

// A vantage that cannot see has no vote (docs/agent.md).
Row row_of(const Standing& standing, const std::vector<Sighting>* seen,
           const std::map<std::string, Column>& columns) {
  Row out{.standing = &standing, .seen = seen};
  if (seen == nullptr) return out;
  std::set<std::string> outcomes;
  for (const auto& one : *seen) {
    const auto* state = columns.at(one.vantage).state;
    if (state != nullptr && state->state != "ok") continue;
    ++out.seeing;
    outcomes.insert(one.outcome);
    if (bad(one.outcome)) out.failing.push_back(one.vantage);
  }
  out.disagree = outcomes.size() > 1;
  return out;
}

std::string sentence_of(const Row& row) {
  if (!row.disagree) return {};
  return fmt::format("{} of {} places {} it fail: {}.", row.failing.size(), row.seeing,
                     row.failing.size() == 1 ? "sees" : "see", join(row.failing, ", "));
}

std::string sentence_of(const std::string& name, const Column& column) {
  if (column.state != nullptr && column.state->state != "ok") {
    return fmt::format("{} cannot see now: {}", name,
                       column.state->detail.empty() ? column.state->state : column.state->detail);
  }
  if (column.alone == 0) return {};
  return fmt::format("{} alone sees {} of its {} targets fail: look at the way from there.", name,
                     column.alone, column.sees);
}

Json shape(const Row& row) {
  const auto& target = row.standing->target;
  Json cells = Json::object();
  if (row.seen != nullptr) {
    for (const auto& one : *row.seen) {
      const auto failure = model::failure_named(one.failure);
      cells[one.vantage] = {
          {"outcome", one.outcome},
          {"failure", one.failure},
          {"failure_sentence", failure ? model::row(*failure).sentence : std::string_view{}},
          {one.of_change ? "since" : "checked", time_or_null(one.at)}};
    }
  }
  return {{"id", target.id},
          {"name", target.name},
          {"group", target.team},
          {"subject", target.subject},
          {"outcome", outcome_of(*row.standing)},
          {"disagree", row.disagree},
          {"sentence", sentence_of(row)},
          {"cells", std::move(cells)}};
}

Json shape(const std::map<std::string, Column>& columns) {
  Json out = Json::array();
  for (const auto& [name, column] : columns) {
    const auto* state = column.state;
    out.push_back({{"name", name},
                   {"state", state == nullptr ? "unknown" : state->state},
                   {"seen", state == nullptr ? Json(nullptr) : Json(rfc3339(state->seen))},
                   {"targets", column.sees},
                   {"failing", column.failing},
                   {"alone", column.alone},
                   {"sentence", sentence_of(name, column)}});
  }
  return out;
}

std::map<std::string, Column> columns_of(const Overview& overview,
                                         const std::vector<Sightings>& sightings) {
  std::map<std::string, Column> out;
  for (const auto& vantage : overview.vantages) out[vantage.name].state = &vantage;
  for (const auto& each : sightings) {
    for (const auto& one : each.seen) out.try_emplace(one.vantage);
  }
  return out;
}

void count(const Row& row, std::map<std::string, Column>& columns) {
  if (row.seen == nullptr) return;
  for (const auto& one : *row.seen) {
    auto& column = columns.at(one.vantage);
    ++column.sees;
    if (bad(one.outcome)) ++column.failing;
  }
  if (row.failing.size() == 1 && row.seeing > 1) ++columns.at(row.failing.front()).alone;
}

}  // namespace

net::HttpReply get_matrix(Desk& desk, const Call& call) {
  const auto limit = call.number("limit", 100, 1, 500);
  if (!limit) return problem(422, "Wrong input", limit.error().text);
  const auto skip = call.number("cursor", 0, 0, 10'000'000);
  if (!skip) return problem(422, "Wrong input", skip.error().text);
  const std::string show = call.query("show").empty() ? "all" : call.query("show");
  if (show != "all" && show != "disagree" && show != "failing") {
    return wrong_field(422, "show", "expected all, disagree or failing");
  }
  const auto overview = desk.overview(Clock::now());
  if (!overview) return store_failed(overview.error().text);
  const auto sightings = desk.controls.sightings
                             ? Parsed<std::vector<Sightings>>{desk.controls.sightings()}
                             : kept_sightings(desk.store);
  if (!sightings) return store_failed(sightings.error().text);
  std::unordered_map<std::string_view, const std::vector<Sighting>*> by_target;
  for (const auto& each : *sightings) by_target[each.target] = &each.seen;
  auto columns = columns_of(**overview, *sightings);
  std::vector<Row> rows;  // those that disagree first
  std::vector<Row> agreeing;
  std::size_t all = 0;
  std::size_t disagree = 0;
  std::size_t failing = 0;
  const std::string text = call.query("search");
  for (const auto& standing : (*overview)->standings) {
    const auto found = by_target.find(standing.target.id);
    const Row row = row_of(standing, found == by_target.end() ? nullptr : found->second, columns);
    count(row, columns);
    ++all;
    disagree += row.disagree ? 1 : 0;
    failing += row.failing.empty() ? 0 : 1;
    const bool shown = show == "all" || (show == "disagree" ? row.disagree : !row.failing.empty());
    if (!shown || !mentions(standing.target, text)) continue;
    (row.disagree ? rows : agreeing).push_back(row);
  }
  for (auto& row : agreeing) rows.push_back(std::move(row));
  Json list = Json::array();
  const auto from = static_cast<std::size_t>(*skip);
  const auto to = std::min(rows.size(), from + static_cast<std::size_t>(*limit));
  for (std::size_t i = from; i < to; ++i) list.push_back(shape(rows[i]));
  return json_reply(call,
                    {{"vantages", shape(columns)},
                     {"targets", std::move(list)},
                     {"counts", {{"all", all}, {"disagree", disagree}, {"failing", failing}}},
                     {"matching", rows.size()},
                     {"next", to < rows.size() ? Json(fmt::format("{}", to)) : Json(nullptr)}});
}

}  // namespace causeway::console
