#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "model/json_extent.hpp"

namespace causeway::model {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPathKept = 120;
constexpr double kLongestMilliseconds = 1e12;
constexpr int kLargestPort = 65'535;

// "12:7" for a byte of the text.
std::string line_and_column(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto last = before.rfind('\n');
  const auto column = last == std::string_view::npos ? before.size() : before.size() - last - 1;
  return fmt::format("{}:{}", line, std::max<std::size_t>(column, 1));
}

// A document may come from anywhere, and its words reach a terminal: lines stay, control characters
// and those that turn a line around do not.
std::string harmless(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.push_back(printable(line, line.size() * 4));
  return join(lines, "\n");
}

std::string_view type_name(const Json& value) {
  if (value.is_number_integer()) return "integer";
  return value.type_name();
}

// Reads one document; remembers the first thing that is wrong and where.
class Reader {
 public:
  Parsed<Document> read(const Json& json) {
    const Json* top = object(json, "document");
    if (top != nullptr) document(*top);
    if (!wrong_.empty()) return error(std::move(wrong_));
    return std::move(out_);
  }

 private:
  void fail(std::string_view path, std::string_view what) {
    if (wrong_.empty()) wrong_ = fmt::format("{}: {}", printable(path, kPathKept), what);
  }
  void mismatch(std::string_view path, std::string_view expected, const Json& found) {
    fail(path, fmt::format("expected {}, found {}", expected, type_name(found)));
  }

  const Json* object(const Json& json, std::string_view path) {
    if (json.is_object()) return &json;
    mismatch(path, "object", json);
    return nullptr;
  }

  // A member that may be absent or null.
  const Json* member(const Json& json, const char* key) {
    const auto at = json.find(key);
    return at == json.end() || at->is_null() ? nullptr : &*at;
  }

  // A member that must be there.
  const Json* needed(const Json& json, const std::string& path, const char* key) {
    const Json* found = member(json, key);
    if (found == nullptr) fail(path + key, "missing");
    return found;
  }

  std::string text(const Json* json, const std::string& path) {
    if (json == nullptr) return {};
    if (const auto* held = json->get_ptr<const Json::string_t*>()) return harmless(*held);
    mismatch(path, "string", *json);
    return {};
  }

  std::int64_t integer(const Json* json, const std::string& path, std::int64_t least,
                       std::int64_t most) {
    if (json == nullptr) return least;
    const bool fits = json->is_number_integer() &&
                      (!json->is_number_unsigned() ||
                       json->get<std::uint64_t>() <= static_cast<std::uint64_t>(most));
    if (!fits || json->get<std::int64_t>() < least) {
      fail(path, fmt::format("expected integer from {} to {}, found {}", least, most,
                             json->is_number() ? json->dump() : std::string{type_name(*json)}));
      return least;
    }
    return json->get<std::int64_t>();
  }

  const Json* array(const Json* json, const std::string& path) {
    if (json == nullptr) return nullptr;
    if (json->is_array()) return json;
    mismatch(path, "array", *json);
    return nullptr;
  }

  std::vector<std::string> texts(const Json* json, const std::string& path) {
    std::vector<std::string> out;
    const Json* list = array(json, path);
    if (list == nullptr) return out;
    for (std::size_t i = 0; i < list->size(); ++i) {
      out.push_back(text(&(*list)[i], fmt::format("{}[{}]", path, i)));
    }
    return out;
  }

  std::optional<WallTime> time(const Json* json, const std::string& path) {
    if (json == nullptr) return std::nullopt;
    const auto parsed = parse_rfc3339(text(json, path));
    if (parsed) return *parsed;
    fail(path, parsed.error().text);
    return std::nullopt;
  }

  void document(const Json& json) {
    out_.schema = text(needed(json, "", "schema"), "schema");
    if (!wrong_.empty()) return;
    if (out_.schema != kDiagnosisSchema && out_.schema != kFactsSchema) {
      return fail("schema", fmt::format("expected '{}' or '{}', found '{}'", kDiagnosisSchema,
                                        kFactsSchema, printable(out_.schema, kPathKept)));
    }
    if (const Json* vantage = needed(json, "", "vantage")) {
      if (const Json* held = object(*vantage, "vantage")) {
        out_.vantage.name = text(needed(*held, "vantage.", "name"), "vantage.name");
        out_.vantage.addresses = texts(member(*held, "addresses"), "vantage.addresses");
      }
    }
    out_.started = time(member(json, "started"), "started");
    host(json);
    if (const Json* list = array(member(json, "attempts"), "attempts")) {
      for (std::size_t i = 0; i < list->size() && wrong_.empty(); ++i) {
        attempt((*list)[i], fmt::format("attempts[{}]", i));
      }
    }
    observations(array(needed(json, "", "observations"), "observations"));
  }

  void host(const Json& json) {
    if (const Json* held = member(json, "host"); held != nullptr && held->is_string()) {
      out_.host = text(held, "host");
    }
    const Json* target = member(json, "target");
    if (target == nullptr) return;
    if (const Json* held = object(*target, "target")) {
      out_.host = text(member(*held, "host"), "target.host");
    }
  }

  void observations(const Json* list) {
    if (list == nullptr) return;
    if (list->size() > static_cast<std::size_t>(limits::kObservations)) {
      return fail("observations", fmt::format("holds {} entries, more than {}", list->size(),
                                              limits::kObservations));
    }
    for (std::size_t i = 0; i < list->size() && wrong_.empty(); ++i) {
      observation((*list)[i], fmt::format("observations[{}]", i));
    }
  }

  void observation(const Json& json, const std::string& path) {
    const Json* held = object(json, path);
    if (held == nullptr) return;
    const std::string kind_name = text(needed(*held, path + ".", "kind"), path + ".kind");
    if (!wrong_.empty()) return;
    const auto kind = kind_named(kind_name);
    if (!kind) {
      ++out_.skipped_kinds;
      return;
    }
    Observation seen;
    seen.kind = *kind;
    seen.id = text(needed(*held, path + ".", "id"), path + ".id");
    if (!ids_.insert(seen.id).second) {
      fail(path + ".id", fmt::format("'{}' names two observations", printable(seen.id, kPathKept)));
    }
    if (const auto at = time(needed(*held, path + ".", "at"), path + ".at")) seen.at = *at;
    seen.sensor = text(member(*held, "sensor"), path + ".sensor");
    seen.vantage = text(member(*held, "vantage"), path + ".vantage");
    if (seen.vantage.empty()) seen.vantage = out_.vantage.name;
    seen.subject = text(member(*held, "subject"), path + ".subject");
    if (const Json* data = needed(*held, path + ".", "data")) {
      if (const Json* fields = object(*data, path + ".data")) {
        fill(seen, *fields, path + ".data");
      }
    }
    out_.observations.push_back(std::move(seen));
  }

  void fill(Observation& seen, const Json& fields, const std::string& path) {
    for (const auto& [field, json] : fields.items()) {
      const FieldRow* known = row(seen.kind).field(field);
      if (known == nullptr) {
        ++out_.skipped_fields;
        continue;
      }
      const std::string where = fmt::format("{}.{}", path, field);
      auto value = value_of(json, known->type, where);
      if (!wrong_.empty()) return;
      if (const auto done = seen.set_foreign(field, std::move(value)); !done) {
        return fail(where, done.error().text);
      }
    }
  }

  Value value_of(const Json& json, ValueType type, const std::string& path) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    switch (type) {
      case ValueType::text: return text(&json, path);
      case ValueType::texts: return texts(&json, path);
      case ValueType::integer: return integer(&json, path, -kMost, kMost);
      case ValueType::real: return number(json, path);
      case ValueType::boolean:
        if (!json.is_boolean()) mismatch(path, "boolean", json);
        return json.is_boolean() && json.get<bool>();
    }
    std::unreachable();
  }

  double number(const Json& json, const std::string& path) {
    if (!json.is_number()) {
      mismatch(path, "number", json);
      return 0;
    }
    const auto value = json.get<double>();
    if (!std::isfinite(value) || std::abs(value) > kLongestMilliseconds) {
      fail(path, fmt::format("expected a number of at most {:g}", kLongestMilliseconds));
      return 0;
    }
    return value;
  }

  void attempt(const Json& json, const std::string& path) {
    const Json* held = object(json, path);
    if (held == nullptr) return;
    Attempt out;
    if (const Json* address = member(*held, "address")) {
      const auto parsed = IpAddress::parse(text(address, path + ".address"));
      if (!parsed) return fail(path + ".address", parsed.error().text);
      out.address = *parsed;
    }
    out.port =
        static_cast<std::uint16_t>(integer(member(*held, "port"), path + ".port", 0, kLargestPort));
    const std::string via = text(member(*held, "via"), path + ".via");
    if (via != "direct" && via != "edge") {
      return fail(path + ".via", "expected 'direct' or 'edge'");
    }
    out.via = via == "edge" ? Via::edge : Via::direct;
    out.status = static_cast<int>(integer(member(*held, "status"), path + ".status", 0, 999));
    if (const Json* list = array(needed(*held, path + ".", "stages"), path + ".stages")) {
      for (std::size_t i = 0; i < list->size() && wrong_.empty(); ++i) {
        stage(out, (*list)[i], fmt::format("{}.stages[{}]", path, i));
      }
    }
    out_.attempts.push_back(std::move(out));
  }

  void stage(Attempt& attempt, const Json& json, const std::string& path) {
    const Json* held = object(json, path);
    if (held == nullptr) return;
    StageRecord out;
    const auto named = stage_named(text(needed(*held, path + ".", "stage"), path + ".stage"));
    if (!named) {
      return fail(path + ".stage", "expected resolve, route, connect, secure or exchange");
    }
    out.stage = *named;
    const std::string outcome = text(needed(*held, path + ".", "outcome"), path + ".outcome");
    if (outcome != "ok" && outcome != "failed" && outcome != "skipped") {
      return fail(path + ".outcome", "expected 'ok', 'failed' or 'skipped'");
    }
    out.outcome = outcome == "ok"       ? Outcome::ok
                  : outcome == "failed" ? Outcome::failed
                                        : Outcome::skipped;
    if (const Json* failure = member(*held, "failure")) {
      out.failure = failure_named(text(failure, path + ".failure"));
      if (!out.failure) ++out_.skipped_fields;
    }
    if (const Json* elapsed = member(*held, "elapsed_ms")) {
      out.elapsed = Duration{std::llround(number(*elapsed, path + ".elapsed_ms") * 1e6)};
    }
    out.because = text(member(*held, "because"), path + ".because");
    attempt.stages.push_back(std::move(out));
  }

  Document out_;
  std::set<std::string> ids_;
  std::string wrong_;
};

}  // namespace

Parsed<Document> parse_document(std::string_view text, std::string_view name) {
  if (text.size() > limits::kDocumentBytes) {
    return error(fmt::format("{}: larger than {} MiB", name, limits::kDocumentBytes >> 20U));
  }
  const JsonExtent extent = json_extent(text);
  if (extent.depth > limits::kDocumentDepth) {
    return error(fmt::format("{}: nested deeper than {} levels", name, limits::kDocumentDepth));
  }
  if (extent.values > limits::kDocumentValues) {
    return error(fmt::format("{}: more than {} values", name, limits::kDocumentValues));
  }
  try {
    auto read = Reader{}.read(Json::parse(text));
    if (!read) return error(fmt::format("{}: {}", name, read.error().text));
    return read;
  } catch (const Json::parse_error& bad) {
    return error(
        fmt::format("{}:{}: not JSON: expected a causeway.diagnosis/1 or "
                    "causeway.facts/1 document",
                    name, line_and_column(text, bad.byte)));
  } catch (const Json::exception& bad) {
    return error(fmt::format("{}: {}", name, printable(bad.what(), limits::kTextKept)));
  }
}

}  // namespace causeway::model
