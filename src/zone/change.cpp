#include "zone/change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "zone/record_form.hpp"
#include "zone/record_json.hpp"

namespace causeway::zone {
namespace {

using Json = nlohmann::ordered_json;

// RFC 1034 section 3.6.2: a CNAME stands alone. Of what a person sets, A and AAAA stand beside all
// others.
bool excludes(std::string_view type, std::string_view other) {
  return type != other && (type == "CNAME" || other == "CNAME") && other != "NS" && type != "NS";
}

std::optional<bool> proxied_there(const std::vector<Record>& records, const Wish& wish) {
  const auto found = std::ranges::find_if(records, [&](const Record& record) {
    return record.name == wish.name && record.proxied &&
           (record.is_address() || record.type == "CNAME");
  });
  return found == records.end() ? std::nullopt : found->proxied;
}

// The provider's JSON with the new values, so that comments, tags and settings stay.
std::string raw_with(const Record& record) {
  Json json = record.raw.empty() ? Json::object() : Json::parse(record.raw, nullptr, false);
  if (!json.is_object()) json = Json::object();
  json["type"] = record.type;
  json["name"] = record.name;
  json["content"] = record.content;
  json["ttl"] = record.ttl;
  if (record.proxied) json["proxied"] = *record.proxied;
  if (record.priority) json["priority"] = *record.priority;
  if (const auto data = structured_data(record); !data.empty()) json["data"] = Json::parse(data);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Record made_from(const Wish& wish, const std::string& content, std::optional<int> priority,
                 const Record* old, std::optional<bool> proxied_beside) {
  Record out;
  if (old != nullptr) out = *old;
  out.name = wish.name;
  out.type = wish.type;
  out.content = content;
  if (wish.ttl) out.ttl = *wish.ttl;
  if (priority) out.priority = priority;
  if (can_be_proxied(wish.type)) {
    if (wish.proxied) out.proxied = wish.proxied;
    if (!out.proxied) out.proxied = proxied_beside.value_or(false);
    if (*out.proxied) out.ttl = kAutomaticTtl;  // the provider allows no other
  }
  out.raw = raw_with(out);
  return out;
}

// Run by the provider in this order, as one transaction.
std::string batch_of(const std::vector<RecordEdit>& edits) {
  Json deletes = Json::array();
  Json puts = Json::array();
  Json posts = Json::array();
  for (const auto& edit : edits) {
    if (!edit.after) {
      deletes.push_back({{"id", edit.before->id}});
    } else if (edit.before) {
      Json body = Json::parse(writable_json(*edit.after));
      body["id"] = edit.before->id;
      puts.push_back(std::move(body));
    } else {
      posts.push_back(Json::parse(writable_json(*edit.after)));
    }
  }
  return Json{{"deletes", deletes}, {"patches", Json::array()}, {"puts", puts}, {"posts", posts}}
      .dump();
}

// A side of an edit: what the provider says, beside its id, which an undo writes anew.
Json side_of(const std::optional<Record>& record) {
  if (!record) return nullptr;
  Json raw =
      Json::parse(record->raw.empty() ? writable_json(*record) : record->raw, nullptr, false);
  return {{"id", record->id}, {"record", std::move(raw)}};
}

std::optional<Record> side_from(const Json& json) {
  if (json.is_null()) return {};
  auto record = provider_record(json.at("record"));
  json.at("id").get_to(record.id);
  return record;
}

const Record* with_id(const std::vector<Record>& records, std::string_view id) {
  const auto found = std::ranges::find(records, id, &Record::id);
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

Parsed<std::vector<RecordEdit>> plan_wish(const std::vector<Record>& records, const Wish& wish) {
  std::vector<Record> there;
  std::vector<RecordEdit> out;
  for (const auto& record : records) {
    if (record.name != wish.name) continue;
    if (record.type == wish.type) {
      there.push_back(record);
    } else if (!wish.contents.empty() && excludes(wish.type, record.type)) {
      if (!wish.replace) {
        return error(
            fmt::format("'{}' stands in the way: a CNAME stands alone (RFC 1034 section "
                        "3.6.2); --replace removes it in the same transaction",
                        text_of(record)));
      }
      out.push_back({record, std::nullopt});
    }
  }
  if (wish.type == "CNAME" && std::ranges::count(wish.contents, wish.name) > 0) {
    return error("a CNAME that points at its own name leads nowhere");
  }
  if (wish.type == "CNAME" && wish.contents.size() > 1) {
    return error("a name has one CNAME at most (RFC 2181 section 10.1)");
  }
  const auto beside = proxied_there(records, wish);
  std::vector<std::size_t> fresh;  // places in the wish
  const auto priority_of = [&](std::size_t i) {
    return i < wish.priorities.size() ? std::optional{wish.priorities[i]} : wish.priority;
  };
  for (std::size_t i = 0; i < wish.contents.size(); ++i) {
    const auto& content = wish.contents[i];
    const auto match = std::ranges::find_if(there, [&](const Record& record) {
      return canonical_content(record.type, record.content) ==
             canonical_content(wish.type, content);
    });
    if (match == there.end()) {
      fresh.push_back(i);
      continue;
    }
    const Record after = made_from(wish, match->content, priority_of(i), &*match, beside);
    if (!same_record(after, *match)) out.push_back({*match, after});
    there.erase(match);
  }
  for (const auto i : fresh) {
    const auto& content = wish.contents[i];
    if (there.empty()) {
      out.push_back({std::nullopt, made_from(wish, content, priority_of(i), nullptr, beside)});
      continue;
    }
    out.push_back(
        {there.front(), made_from(wish, content, priority_of(i), &there.front(), beside)});
    there.erase(there.begin());
  }
  for (auto& record : there) out.push_back({std::move(record), std::nullopt});
  return out;
}

std::vector<ApiCall> calls_for(std::string_view zone_id, const std::vector<RecordEdit>& edits) {
  const std::string base = fmt::format("/zones/{}/dns_records", zone_id);
  if (edits.empty()) return {};
  if (edits.size() > 1) return {{"POST", base + "/batch", batch_of(edits)}};
  const RecordEdit& edit = edits.front();
  if (!edit.after) return {{"DELETE", fmt::format("{}/{}", base, edit.before->id), ""}};
  const std::string body = writable_json(*edit.after);
  if (!edit.before) return {{"POST", base, body}};
  return {{"PUT", fmt::format("{}/{}", base, edit.before->id), body}};
}

std::string to_json(const Change& change) {
  Json out{{"schema", kChangeSchema}, {"id", change.id},           {"at", rfc3339(change.at)},
           {"zone", change.zone},     {"zone_id", change.zone_id}, {"api", change.api},
           {"kind", change.kind},     {"state", change.state}};
  out["edits"] = Json::array();
  for (const auto& edit : change.edits) {
    out["edits"].push_back({{"before", side_of(edit.before)}, {"after", side_of(edit.after)}});
  }
  out["zone_paused_before"] =
      change.zone_paused_before ? Json(*change.zone_paused_before) : Json(nullptr);
  out["until"] = change.until ? Json(rfc3339(*change.until)) : Json(nullptr);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Parsed<Change> parse_change(std::string_view text, std::string_view name) {
  const auto refuse = [&](std::string_view what) {
    return error(fmt::format("{}: {}", name, printable(what, limits::kTextKept)));
  };
  try {
    const Json json = Json::parse(text);
    if (!json.is_object() || json.value("schema", "") != kChangeSchema) {
      return refuse("is no change of a zone; expected \"schema\": \"causeway.zone-change/1\"");
    }
    Change out;
    json.at("id").get_to(out.id);
    json.at("zone").get_to(out.zone);
    json.at("zone_id").get_to(out.zone_id);
    json.at("api").get_to(out.api);
    json.at("kind").get_to(out.kind);
    json.at("state").get_to(out.state);
    const auto at = parse_rfc3339(json.at("at").get<std::string>());
    if (!at) return refuse(at.error().text);
    out.at = *at;
    for (const auto& edit : json.at("edits")) {
      out.edits.push_back({side_from(edit.at("before")), side_from(edit.at("after"))});
      if (!out.edits.back().before && !out.edits.back().after) {
        return refuse("an edit without records");
      }
    }
    if (json.at("zone_paused_before").is_boolean()) {
      out.zone_paused_before = json.at("zone_paused_before").get<bool>();
    }
    if (json.at("until").is_string()) {
      const auto until = parse_rfc3339(json.at("until").get<std::string>());
      if (!until) return refuse(until.error().text);
      out.until = *until;
    }
    return out;
  } catch (const Json::exception& broken) {
    return refuse(broken.what());
  }
}

namespace {

// What the change left there. When the provider's answer never came, its id is not known: then the
// record that says the same is the one.
const Record* left_by(const RecordEdit& edit, const std::vector<Record>& now) {
  if (!edit.after) return nullptr;
  if (!edit.after->id.empty()) return with_id(now, edit.after->id);
  const auto at = std::ranges::find_if(
      now, [&](const Record& record) { return same_statement(record, *edit.after); });
  return at == now.end() ? nullptr : &*at;
}

}  // namespace

Parsed<std::vector<RecordEdit>> plan_undo(const Change& change, const std::vector<Record>& now,
                                          bool force) {
  std::vector<RecordEdit> out;
  for (const auto& edit : change.edits) {
    const Record* there = left_by(edit, now);
    if (edit.after && !force) {
      // What the provider adds by itself (settings, a comment) is not known without its answer.
      const bool as_left =
          there != nullptr &&
          (edit.after->id.empty() || writable_json(*there) == writable_json(*edit.after));
      const bool as_before =
          there != nullptr && edit.before && writable_json(*there) == writable_json(*edit.before);
      if (as_before) continue;
      if (!as_left) {
        return error(fmt::format("'{}' is {} since; look at it, then undo with --force",
                                 text_of(*edit.after),
                                 there == nullptr ? "gone" : "no longer as this change left it"));
      }
    }
    if (!edit.before) {
      if (there != nullptr) out.push_back({*there, std::nullopt});
      continue;
    }
    Record before = *edit.before;
    if (there != nullptr) {
      out.push_back({*there, std::move(before)});
    } else if (with_id(now, before.id) == nullptr) {
      before.id.clear();
      out.push_back({std::nullopt, std::move(before)});
    }
  }
  return out;
}

std::vector<std::string> not_restored(const Change& change, const std::vector<Record>& now) {
  std::vector<std::string> out;
  for (const auto& edit : change.edits) {
    if (!edit.before) {
      if (left_by(edit, now) != nullptr) out.push_back("still there: " + text_of(*edit.after));
      continue;
    }
    const std::string wanted = writable_json(*edit.before);
    const bool there = std::ranges::any_of(
        now, [&](const Record& record) { return writable_json(record) == wanted; });
    if (!there) out.push_back(text_of(*edit.before));
  }
  return out;
}

}  // namespace causeway::zone
