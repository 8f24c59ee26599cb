#include "zone/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::zone {
namespace {

using Json = nlohmann::ordered_json;
using Key = std::pair<std::string, std::string>;

std::map<Key, std::vector<Record>> grouped(const std::vector<Record>& records) {
  std::map<Key, std::vector<Record>> out;
  for (const auto& record : records) out[{record.name, record.type}].push_back(record);
  return out;
}

// Takes from both sides every pair that `same` accepts, and gives it to `use`.
template <class Same, class Use>
void pair_off(std::vector<Record>& before, std::vector<Record>& after, Same same, Use use) {
  for (auto old = before.begin(); old != before.end();) {
    const auto match =
        std::ranges::find_if(after, [&](const Record& fresh) { return same(*old, fresh); });
    if (match == after.end()) {
      ++old;
      continue;
    }
    use(*old, *match);
    after.erase(match);
    old = before.erase(old);
  }
}

std::vector<std::string> changed_fields(const Record& before, const Record& after) {
  std::vector<std::string> out;
  if (canonical_content(before.type, before.content) !=
      canonical_content(after.type, after.content)) {
    out.emplace_back("content");
  }
  if (before.ttl != after.ttl) out.emplace_back("ttl");
  if (before.proxied != after.proxied) out.emplace_back("proxied");
  if (before.priority != after.priority) out.emplace_back("priority");
  return out;
}

void diff_set(std::vector<Record> before, std::vector<Record> after,
              std::vector<RecordChange>& out) {
  const auto changed = [&](const Record& old, const Record& fresh) {
    out.push_back({old, fresh, changed_fields(old, fresh)});
  };
  pair_off(before, after, same_record, [](const Record&, const Record&) {});
  pair_off(before, after, same_statement, changed);
  pair_off(
      before, after, [](const Record& a, const Record& b) { return !a.id.empty() && a.id == b.id; },
      changed);
  pair_off(before, after, [](const Record&, const Record&) { return true; }, changed);
  for (auto& old : before) out.push_back({std::move(old), std::nullopt, {}});
  for (auto& fresh : after) out.push_back({std::nullopt, std::move(fresh), {}});
}

std::string value_of(const Record& record, std::string_view field) {
  if (field == "content") return printable(record.content, limits::kTextKept);
  if (field == "ttl") return ttl_text(record.ttl);
  if (field == "proxied") {
    return !record.proxied ? "unknown" : *record.proxied ? "proxied" : "DNS only";
  }
  return record.priority ? fmt::format("{}", *record.priority) : "none";
}

void add_state(Diff& out, std::string what, std::string before, std::string after) {
  if (before != after) out.states.push_back({std::move(what), std::move(before), std::move(after)});
}

void diff_providers(const ProviderState& before, const ProviderState& after, Diff& out) {
  const auto yes_no = [](bool value) { return value ? std::string{"yes"} : std::string{"no"}; };
  add_state(out, "status", before.status, after.status);
  add_state(out, "paused", yes_no(before.paused), yes_no(after.paused));
  add_state(out, "name servers", join(before.name_servers, " "), join(after.name_servers, " "));
  auto names = before.settings;
  names.insert(after.settings.begin(), after.settings.end());
  for (const auto& [name, value] : names) {
    const auto old = before.settings.find(name);
    const auto fresh = after.settings.find(name);
    // What a token could not read is no change.
    if (old == before.settings.end() || fresh == after.settings.end()) continue;
    add_state(out, "setting " + name, old->second, fresh->second);
  }
}

Json json_of(const Record& record) {
  Json out{{"name", record.name},
           {"type", record.type},
           {"content", record.content},
           {"ttl", record.ttl}};
  if (record.proxied) out["proxied"] = *record.proxied;
  if (record.priority) out["priority"] = *record.priority;
  return out;
}

}  // namespace

std::vector<RecordChange> diff_records(const std::vector<Record>& before,
                                       const std::vector<Record>& after) {
  const auto old = grouped(before);
  const auto fresh = grouped(after);
  std::vector<RecordChange> out;
  for (const auto& [key, records] : old) {
    const auto match = fresh.find(key);
    diff_set(records, match == fresh.end() ? std::vector<Record>{} : match->second, out);
  }
  for (const auto& [key, records] : fresh) {
    if (!old.contains(key)) diff_set({}, records, out);
  }
  std::ranges::sort(out, {}, [](const RecordChange& change) {
    const Record& record = change.either();
    return std::tuple{record.name, record.type, record.content, change.before.has_value()};
  });
  return out;
}

Diff diff(const Snapshot& before, const Snapshot& after) {
  Diff out{.records = diff_records(before.records, after.records), .states = {}};
  if (before.provider && after.provider) diff_providers(*before.provider, *after.provider, out);
  if (before.serial() && after.serial()) {
    add_state(out, "serial", fmt::format("{}", *before.serial()),
              fmt::format("{}", *after.serial()));
  }
  return out;
}

std::string text_of(const RecordChange& change) {
  if (!change.before) return "+ " + text_of(*change.after);
  if (!change.after) return "- " + text_of(*change.before);
  std::vector<std::string> parts;
  parts.reserve(change.fields.size());
  for (const auto& field : change.fields) {
    parts.push_back(fmt::format("{} {} -> {}", field, value_of(*change.before, field),
                                value_of(*change.after, field)));
  }
  return fmt::format("~ {} {}: {}", change.after->name, change.after->type, join(parts, ", "));
}

std::string to_json(const Diff& diff, const Snapshot& before, const Snapshot& after) {
  const auto side = [](const Snapshot& snapshot) {
    return Json{
        {"id", snapshot.id}, {"taken", rfc3339(snapshot.taken)}, {"source", snapshot.source}};
  };
  Json out{{"schema", "causeway.zone-diff/1"},
           {"zone", after.zone},
           {"before", side(before)},
           {"after", side(after)}};
  out["records"] = Json::array();
  for (const auto& change : diff.records) {
    out["records"].push_back({{"before", change.before ? json_of(*change.before) : Json(nullptr)},
                              {"after", change.after ? json_of(*change.after) : Json(nullptr)},
                              {"fields", change.fields}});
  }
  out["states"] = Json::array();
  for (const auto& state : diff.states) {
    out["states"].push_back(
        {{"what", state.what}, {"before", state.before}, {"after", state.after}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::zone
