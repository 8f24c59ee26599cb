#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kSourcesShown = 64;  // of one row; `addresses` counts all of them

ordered_json to_value(const RuleShown& rule) {
  ordered_json out{{"stack", rule.stack}, {"text", rule.text}};
  if (!rule.table.empty()) out["table"] = rule.table;
  if (!rule.path.empty()) out["path"] = rule.path;
  if (!rule.place.empty()) out["place"] = rule.place;
  if (rule.packets) out["packets"] = *rule.packets;
  if (!rule.owner.empty()) out["owner"] = rule.owner;
  return out;
}

ordered_json to_value(const Cause& cause) {
  ordered_json out{{"verdict", text(cause.ending)}, {"rule", to_value(cause.rule)}};
  if (cause.ending.result != Result::accept) out["lost"] = name(cause.lost);
  if (!cause.doubts.empty()) out["doubts"] = cause.doubts;
  return out;
}

ordered_json sources(const IntervalSet& clients, Family family) {
  auto out = ordered_json::array();
  for (const auto& part : clients.parts()) {
    if (out.size() >= kSourcesShown) break;
    out.push_back(range_text(part, family));
  }
  return out;
}

ordered_json to_value(const ProofRow& row) {
  const Family family = row.range.address().family();
  ordered_json out{{"prefix", row.range.text()},
                   {"family", name(family)},
                   {"port", row.port},
                   {"verdict", row.certain ? text(row.causes.front().ending) : "may"},
                   {"share", row.share},
                   {"addresses", row.clients.count()},
                   {"sources", sources(row.clients, family)}};
  auto causes = ordered_json::array();
  for (const auto& cause : row.causes) causes.push_back(to_value(cause));
  out["causes"] = std::move(causes);
  auto fixes = ordered_json::array();
  for (const auto& fix : row.fixes) fixes.push_back({{"text", fix.text}, {"command", fix.command}});
  out["fix"] = std::move(fixes);
  return out;
}

ordered_json to_value(const LimitRow& row) {
  auto ranges = ordered_json::array();
  for (const auto& range : row.ranges) ranges.push_back(range.text());
  return {{"port", row.port},           {"family", name(row.family)}, {"limit", row.limit},
          {"global", row.global},       {"then", row.then},           {"rule", to_value(row.rule)},
          {"ranges", std::move(ranges)}};
}

ordered_json to_value(const ListRow& row) {
  return {{"name", row.name}, {"family", name(row.family)}, {"holds", row.holds},
          {"of", row.of},     {"missing", row.missing},     {"remarks", row.remarks}};
}

template <class T>
ordered_json list(const std::vector<T>& rows) {
  auto out = ordered_json::array();
  for (const auto& row : rows) out.push_back(to_value(row));
  return out;
}

}  // namespace

std::string to_json(const Proof& proof) {
  ordered_json out{{"schema", "causeway.firewall/1"},
                   {"edge", {{"name", proof.edge_name}, {"date", proof.edge_date}}}};
  ordered_json arrival{{"device", proof.arrival.device}};
  if (proof.arrival.address4) arrival["address4"] = proof.arrival.address4->text();
  if (proof.arrival.address6) arrival["address6"] = proof.arrival.address6->text();
  out["arrival"] = std::move(arrival);
  out["ports"] = proof.ports;
  out["state"] = !proof.unreadable.empty() ? "unknown"
                 : proof.all_open()        ? "open"
                 : proof.some_stopped()    ? "stopped"
                                           : "unknown";
  out["ranges"] = list(proof.rows);
  out["limits"] = list(proof.limits);
  out["lists"] = list(proof.lists);
  auto samples = ordered_json::array();
  for (const auto& one : proof.samples) {
    samples.push_back(
        {{"src", one.sample.source.text()}, {"port", one.sample.port}, {"verdict", one.verdict}});
  }
  out["samples"] = std::move(samples);
  out["notes"] = proof.notes;
  out["unreadable"] = proof.unreadable;
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace causeway::firewall
