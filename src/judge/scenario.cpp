#include "judge/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "judge/lines.hpp"

namespace causeway::judge {
namespace {

using model::Kind;
using model::Observation;
using model::Outcome;
using model::Stage;
using model::ValueType;
using model::Verdict;
using Done = Parsed<bool>;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number out{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<model::Value> value_of(ValueType type, std::string_view text) {
  switch (type) {
    case ValueType::text: return model::Value{std::string{text}};
    case ValueType::texts: {
      std::vector<std::string> out;
      for (const auto part : split(text, ',')) {
        if (!part.empty()) out.emplace_back(part);
      }
      return model::Value{std::move(out)};
    }
    case ValueType::integer:
      if (const auto integer = number<std::int64_t>(text)) return model::Value{*integer};
      return std::nullopt;
    case ValueType::real:
      if (const auto real = number<double>(text)) return model::Value{*real};
      return std::nullopt;
    case ValueType::boolean:
      if (text != "true" && text != "false") return std::nullopt;
      return model::Value{text == "true"};
  }
  return std::nullopt;
}

class Reader {
 public:
  Parsed<Scenario> read(std::string_view text, std::string_view file);

 private:
  Done line(const Line& line);
  Done read_target(const Line& line);
  Done read_attempt(const Line& line);
  Done read_stages(const Line& line, std::size_t from, model::Attempt& attempt);
  Done read_observation(const Line& line);
  Done read_expectation(const Line& line);
  Done set_fields(const Line& line, std::size_t from, Observation& out);
  void add_addresses();

  Scenario out_;
  bool tls_ = true;
};

Done Reader::set_fields(const Line& line, std::size_t from, Observation& out) {
  for (std::size_t i = from; i < line.words.size(); ++i) {
    const std::string_view word = line.words[i];
    const auto at = word.find('=');
    const auto name = word.substr(0, at);
    const auto* field = model::row(out.kind).field(name);
    if (at == std::string_view::npos || field == nullptr) {
      return error_at(
          line, fmt::format("observation '{}' has no field '{}'", model::name(out.kind), name));
    }
    auto value = value_of(field->type, word.substr(at + 1));
    if (!value) return error_at(line, fmt::format("'{}' is not {}", word, name));
    out.set_foreign(field->name, std::move(*value)).value();
  }
  return true;
}

Done Reader::read_target(const Line& line) {
  if (line.words.size() < 2) return error_at(line, "expected: target URL [field=value ...]");
  const std::string_view url = line.words[1];
  const auto scheme = url.substr(0, url.find("://"));
  auto rest = url.substr(std::min(url.size(), scheme.size() + 3));
  rest = rest.substr(0, rest.find('/'));
  tls_ = scheme == "https";
  Observation out{Kind::target, "resolve", std::string{url}};
  out.id = "target";
  auto host = rest;
  std::int64_t port = tls_ ? 443 : 80;
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && !rest.ends_with(']')) {
    host = rest.substr(0, colon);
    port = number<std::int64_t>(rest.substr(colon + 1)).value_or(port);
  }
  out.set("url", url).set("host", host).set("scheme", scheme).set("port", port);
  auto done = set_fields(line, 2, out);
  if (!done) return done;
  out_.evidence.observations.push_back(std::move(out));
  return true;
}

Done Reader::read_stages(const Line& line, std::size_t from, model::Attempt& attempt) {
  Stage last = Stage::choose;
  bool failed = false;
  for (std::size_t i = from; i < line.words.size(); ++i) {
    const std::string_view word = line.words[i];
    const auto at = word.find('=');
    const auto key = word.substr(0, at);
    const auto value = at == std::string_view::npos ? std::string_view{} : word.substr(at + 1);
    if (word == "ok") {
      for (const Stage stage :
           {Stage::resolve, Stage::route, Stage::connect, Stage::secure, Stage::exchange}) {
        if (stage == Stage::secure && !tls_) continue;
        attempt.stages.push_back({.stage = stage, .outcome = Outcome::ok});
      }
      last = Stage::exchange;
    } else if (key == "status") {
      attempt.status = number<int>(value).value_or(0);
    } else if (key == "via") {
      attempt.via = value == "edge" ? model::Via::edge : model::Via::direct;
    } else if (const auto stage = model::stage_named(key)) {
      model::StageRecord record{.stage = *stage, .outcome = Outcome::ok};
      if (value != "ok") {
        record.failure = model::failure_named(value);
        record.outcome = Outcome::failed;
        failed = true;
        if (!record.failure) return error_at(line, fmt::format("'{}' is no failure", value));
      }
      last = *stage;
      attempt.stages.push_back(std::move(record));
    } else {
      return error_at(
          line, fmt::format("expected STAGE=ok|FAILURE, status=N or via=edge, not '{}'", word));
    }
  }
  for (const Stage stage : {Stage::route, Stage::connect, Stage::secure, Stage::exchange}) {
    if (stage > last && (failed || last != Stage::exchange))
      attempt.stages.push_back({.stage = stage});
  }
  return true;
}

// attempt 203.0.113.10:443 resolve=ok route=ok connect=connect.silent
// attempt 203.0.113.10:443 ok status=200
// attempt none resolve=resolve.not_found
Done Reader::read_attempt(const Line& line) {
  if (line.words.size() < 3) return error_at(line, "expected: attempt ENDPOINT|none STAGE=...");
  model::Attempt out;
  if (line.words[1] != "none") {
    auto endpoint = Endpoint::parse(line.words[1], tls_ ? 443 : 80);
    if (!endpoint) return error_at(line, endpoint.error().text);
    out.address = endpoint->address;
    out.port = endpoint->port;
  }
  auto done = read_stages(line, 2, out);
  if (!done) return done;
  out_.evidence.attempts.push_back(std::move(out));
  return true;
}

// o1 connect address=... ; o1@fra1 for another vantage
Done Reader::read_observation(const Line& line) {
  const std::string_view label = line.words[0];
  const auto kind = line.words.size() < 2 ? std::nullopt : model::kind_named(line.words[1]);
  if (!kind) return error_at(line, "expected: ID[@VANTAGE] KIND field=value ...");
  const auto at = label.find('@');
  Observation out{*kind, "connect", ""};
  out.at = {};
  out.id = label.substr(0, at);
  out.vantage =
      at == std::string_view::npos ? out_.evidence.vantage : std::string{label.substr(at + 1)};
  auto done = set_fields(line, 2, out);
  if (!done) return done;
  out_.evidence.observations.push_back(std::move(out));
  return true;
}

std::string differs(std::string_view what, std::string_view wanted, std::string_view is) {
  return wanted == is ? "" : fmt::format("{} is '{}', not '{}'", what, is, wanted);
}

const model::RankedCause* find(const Verdict& verdict, model::CauseId cause) {
  const auto at = std::ranges::find(verdict.causes, cause, &model::RankedCause::cause);
  return at == verdict.causes.end() ? nullptr : &*at;
}

double top(const Verdict& verdict) {
  return verdict.causes.empty() ? 0 : verdict.causes.front().probability;
}

struct CauseWish {
  model::CauseId cause{};
  bool first = false;
  double least = 0.01;
  double most = 1;
};

std::string check_cause(const Verdict& verdict, const CauseWish& wish) {
  const auto* cause = find(verdict, wish.cause);
  if (cause == nullptr) return fmt::format("{} is not named", model::name(wish.cause));
  if (wish.first && cause != &verdict.causes.front()) {
    return fmt::format("{} comes first", model::name(verdict.causes.front().cause));
  }
  if (cause->probability < wish.least || cause->probability > wish.most) {
    return fmt::format("{} has {:.3f}", model::name(wish.cause), cause->probability);
  }
  return {};
}

// expect cause ID [first] [at-least P] [at-most P]
Done cause_check(const Line& line, Expectation& out) {
  const auto cause = line.words.size() < 3 ? std::nullopt : model::cause_named(line.words[2]);
  if (!cause) return error_at(line, "expected the id of a cause");
  CauseWish wish{.cause = *cause};
  for (std::size_t i = 3; i < line.words.size(); ++i) {
    const auto& word = line.words[i];
    const auto limit = i + 1 < line.words.size() ? number<double>(line.words[i + 1]) : std::nullopt;
    if (word == "first")
      wish.first = true;
    else if (word == "at-least" && limit)
      wish.least = *limit, ++i;
    else if (word == "at-most" && limit)
      wish.most = *limit, ++i;
    else
      return error_at(line, fmt::format("expected first, at-least P or at-most P, not '{}'", word));
  }
  out.check = [wish](const Verdict& verdict) { return check_cause(verdict, wish); };
  return true;
}

Done excluded_check(const Line& line, Expectation& out, bool ruled_out) {
  const auto cause = line.words.size() < 3 ? std::nullopt : model::cause_named(line.words[2]);
  if (!cause) return error_at(line, "expected the id of a cause");
  out.check = [cause, ruled_out](const Verdict& verdict) -> std::string {
    if (find(verdict, *cause) != nullptr) return "it is named as a cause";
    const auto at = std::ranges::find(verdict.ruled_out, *cause, &model::RuledOut::cause);
    if (ruled_out && at == verdict.ruled_out.end()) return "it is not ruled out";
    return {};
  };
  return true;
}

Done sure_check(const Line& line, Expectation& out, bool at_most) {
  const auto limit = line.words.size() == 3 ? number<double>(line.words[2]) : std::nullopt;
  if (!limit) return error_at(line, "expected a probability");
  out.check = [limit, at_most](const Verdict& verdict) -> std::string {
    const double is = top(verdict);
    const bool met = at_most ? is <= *limit : is >= *limit;
    return met ? "" : fmt::format("the first cause has {:.3f}", is);
  };
  return true;
}

bool has_attribute(const model::Attributes& attributes, std::string_view wish) {
  return wish == "scope=" + attributes.scope || wish == "agent=" + attributes.agent ||
         wish == "where=" + attributes.where;
}

std::string check_field(const Verdict& verdict, std::string_view what, std::string_view wish) {
  if (what == "state") return differs(what, wish, model::name(verdict.state));
  if (what == "code") return differs(what, wish, fmt::to_string(verdict.code));
  if (what == "subcode") return differs(what, wish, fmt::to_string(verdict.subcode));
  if (what == "stage") {
    return differs(what, wish, verdict.stage ? model::name(*verdict.stage) : "none");
  }
  if (what == "failure") {
    return differs(what, wish, verdict.failure ? model::name(*verdict.failure) : "none");
  }
  if (what == "attribute") {
    const bool has =
        !verdict.causes.empty() && has_attribute(verdict.causes.front().attributes, wish);
    return has ? "" : "the first cause does not have it";
  }
  if (what == "sentence") {
    return contains_ignoring_case(verdict.sentence, wish) ? "" : "it is: " + verdict.sentence;
  }
  if (what == "note") {
    const bool has = std::ranges::any_of(verdict.notes, [&](const model::Note& note) {
      return contains_ignoring_case(note.sentence, wish);
    });
    return has ? "" : "no such note";
  }
  return fmt::format("'{}' cannot be expected", what);
}

Done Reader::read_expectation(const Line& line) {
  Expectation out{.line = line.number, .text = std::string{line.text}, .check = {}};
  const std::string what = line.words.size() < 3 ? "" : line.words[1];
  Done done = true;
  if (what == "cause")
    done = cause_check(line, out);
  else if (what == "ruled-out" || what == "no-cause")
    done = excluded_check(line, out, what == "ruled-out");
  else if (what == "sure-at-most" || what == "sure-at-least")
    done = sure_check(line, out, what == "sure-at-most");
  else if (line.words.size() == 3) {
    out.check = [what, wish = line.words[2]](const Verdict& verdict) {
      return check_field(verdict, what, wish);
    };
  } else {
    return error_at(line, "expected: expect state|code|stage|failure|cause|ruled-out|... VALUE");
  }
  if (!done) return done;
  out_.expectations.push_back(std::move(out));
  return true;
}

Done Reader::line(const Line& line) {
  const auto& word = line.words.front();
  if (word == "vantage" && line.words.size() == 2) {
    out_.evidence.vantage = line.words[1];
    return true;
  }
  if (word == "target") return read_target(line);
  if (word == "attempt") return read_attempt(line);
  if (word == "expect") return read_expectation(line);
  return read_observation(line);
}

// An attempt's address that no line describes came from DNS, or is the target's own literal.
void Reader::add_addresses() {
  const auto& all = out_.evidence.observations;
  std::string source = "dns";
  for (const auto& seen : all) {
    if (seen.kind == Kind::target && seen.boolean("literal")) source = "literal";
    if (seen.kind == Kind::target && seen.has("origins")) source = "origin";
  }
  std::vector<Observation> more;
  for (const auto& attempt : out_.evidence.attempts) {
    if (!attempt.address || attempt.via == model::Via::edge) continue;
    const auto text = attempt.address->text();
    const bool there = std::ranges::any_of(all, [&](const Observation& seen) {
      return seen.kind == Kind::address && seen.text("address") == text;
    });
    if (there) continue;
    Observation address{Kind::address, "resolve", text};
    address.at = {};
    address.id = "address-" + text;
    address.vantage = out_.evidence.vantage;
    address.set("address", text).set("family", causeway::name(attempt.address->family()));
    address.set("class", causeway::name(classify(*attempt.address))).set("source", source);
    more.push_back(std::move(address));
  }
  for (auto& one : more) out_.evidence.observations.push_back(std::move(one));
}

Parsed<Scenario> Reader::read(std::string_view text, std::string_view file) {
  out_.evidence.vantage = "here";
  if (text.starts_with('#')) out_.title = trim(text.substr(1, text.find('\n') - 1));
  const auto lines = read_lines(text, file);
  if (!lines) return std::unexpected(lines.error());
  for (const auto& one : *lines) {
    const auto done = line(one);
    if (!done) return std::unexpected(done.error());
  }
  add_addresses();
  return std::move(out_);
}

}  // namespace

Parsed<Scenario> read_scenario(std::string_view text, std::string_view file) {
  return Reader{}.read(text, file);
}

std::string told(const Verdict& verdict) {
  std::string out =
      fmt::format("{} {} {}: {}\n", model::name(verdict.state), verdict.code,
                  verdict.failure ? model::name(*verdict.failure) : "-", verdict.sentence);
  for (const auto& cause : verdict.causes) {
    out += fmt::format("  {:.3f} {}\n", cause.probability, model::name(cause.cause));
    for (const auto& reason : cause.reasons) out += fmt::format("        + {}\n", reason.sentence);
    for (const auto& reason : cause.counter_reasons)
      out += fmt::format("        - {}\n", reason.sentence);
  }
  for (const auto& one : verdict.ruled_out) {
    out += fmt::format("  ruled out {}", model::name(one.cause));
    for (const auto& reason : one.because) out += ": " + reason.sentence;
    out += '\n';
  }
  for (const auto& note : verdict.notes) out += "  note " + note.sentence + '\n';
  return out;
}

}  // namespace causeway::judge
