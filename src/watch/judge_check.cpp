#include "watch/judge_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "reach/exchange.hpp"
#include "reach/exchange_outcome.hpp"
#include "watch/limits.hpp"
#include "watch/names.hpp"

namespace causeway::watch {
namespace {

using codec::HttpFault;
using model::FailureId;

void take_head(const codec::ResponseReader& reader, HttpAnswer& answer) {
  answer.status = reader.head().status();
  for (const auto& field : reader.head().fields()) {
    answer.fields.emplace_back(field.name, field.value);
  }
}

bool json_is(const nlohmann::json& document, const std::string& pointer, const std::string& wanted,
             std::string& found) {
  try {
    const nlohmann::json& value = document.at(nlohmann::json::json_pointer{pointer});
    found = value.is_string() ? value.get<std::string>() : value.dump();
  } catch (const nlohmann::json::exception&) {
    found.clear();
    return false;
  }
  return found == wanted;
}

std::string broken_json(const Expect& expect, const std::string& body) {
  if (expect.json.empty()) return {};
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (document.is_discarded()) return "The body is no JSON.";
  for (const auto& [pointer, wanted] : expect.json) {
    std::string found;
    if (json_is(document, pointer, wanted, found)) continue;
    return fmt::format("JSON {} is '{}', expected '{}'.", pointer,
                       printable(found, limits::kTextKept), wanted);
  }
  return {};
}

std::string excerpt_of(const HttpAnswer& answer) {
  std::string out = fmt::format("HTTP {}\n", answer.status);
  for (const auto& [name, value] : answer.fields) {
    const bool secret = equals_ignoring_case(name, "set-cookie");
    out += fmt::format("{}: {}\n", printable(name, 80),
                       secret ? "..." : printable(value, limits::kTextKept));
    if (out.size() > limits::kWatchExcerptBytes) break;
  }
  return out + "\n" + printable(answer.body, limits::kWatchExcerptBytes);
}

}  // namespace

codec::RequestText request_of(const Target& target) {
  codec::RequestText out;
  out.path = target.url.path;
  out.host = target.url.host;
  out.port = target.url.port;
  out.scheme = target.url.scheme;
  out.more = {{"Connection", "close"}};
  return out;
}

void take_bytes(codec::ResponseReader& reader, std::string_view bytes, bool body,
                HttpAnswer& answer) {
  while (!bytes.empty() && !reader.finished()) {
    const auto step = reader.feed(bytes);
    bytes.remove_prefix(step.taken);
    if (answer.status == 0 && reader.head_complete()) take_head(reader, answer);
    answer.body += step.body.substr(0, limits::kBodyBytesKept - answer.body.size());
  }
  if (reader.finished()) {
    answer.outcome = reach::outcome_of_fault(reader.fault());
    answer.detail = reader.fault() == HttpFault::none ? "" : reader.detail();
    return;
  }
  // Enough was seen: the rest of a long page is nobody's business here.
  const bool enough = answer.status != 0 && answer.status < 400 && !body;
  if (enough || answer.body.size() >= limits::kBodyBytesKept) answer.outcome = "complete";
}

void take_end(codec::ResponseReader& reader, const net::ReadResult& read, HttpAnswer& answer) {
  const bool head = reader.head_complete();
  switch (read.end) {
    case net::ReadEnd::eof:
      reader.end();
      answer.outcome = reach::outcome_of_fault(reader.fault());
      answer.detail = reader.fault() == HttpFault::none ? "" : reader.detail();
      return;
    case net::ReadEnd::timeout:
      answer.outcome = head ? "stalled-body" : reader.head_begun() ? "slow-headers" : "silent";
      return;
    default: answer.outcome = head ? "body-reset" : "reset";
  }
}

std::string broken_expectation(const Expect& expect, const HttpAnswer& answer) {
  if (expect.status != 0 && answer.status != expect.status) {
    return fmt::format("HTTP {}, expected {}.", answer.status, expect.status);
  }
  if (expect.status == 0 && answer.status >= 400) return fmt::format("HTTP {}.", answer.status);
  for (const auto& [name, wanted] : expect.fields) {
    const bool there = std::ranges::any_of(answer.fields, [&](const auto& field) {
      return equals_ignoring_case(field.first, name) &&
             contains_ignoring_case(field.second, wanted);
    });
    if (!there) return fmt::format("The header {} does not have '{}'.", name, wanted);
  }
  if (!expect.text.empty() && answer.body.find(expect.text) == std::string::npos) {
    return fmt::format("The page does not have '{}'.", printable(expect.text, 80));
  }
  if (!expect.absent.empty() && answer.body.find(expect.absent) != std::string::npos) {
    return fmt::format("The page has '{}'.", printable(expect.absent, 80));
  }
  return broken_json(expect, answer.body);
}

bool own_trouble(FailureId failure) {
  return model::is_own_trouble(failure) || failure == FailureId::cancelled;
}

std::string wrong_values(const std::string& host, const std::string& record,
                         std::vector<std::string> found, std::vector<std::string> expected) {
  if (expected.empty()) return {};
  const bool text = record == "TXT";
  const auto shown = [&](std::vector<std::string>& values) {
    if (text) {
      for (std::string& value : values) value = text_of_record(value);
    }
    std::ranges::sort(values);
    const std::string all = text ? "'" + join(values, "', '") + "'" : join(values, ", ");
    return printable(all, limits::kTextKept);
  };
  const std::string is = shown(found);
  const std::string wanted = shown(expected);
  if (found == expected) return {};
  return fmt::format("{} {} is {}, expected {}.", host, record, is, wanted);
}

void fail(CheckResult& out, FailureId failure, std::string detail) {
  out.outcome = own_trouble(failure) ? Outcome::unknown : Outcome::down;
  out.failure = failure;
  out.detail = std::move(detail);
}

void judge_answer(const Target& target, const HttpAnswer& answer, CheckResult& out) {
  out.status = answer.status;
  if (const auto failure = reach::failure_of(answer.outcome)) {
    fail(out, *failure,
         fmt::format("{}: {}{}{}", out.address, row(*failure).sentence,
                     answer.detail.empty() ? "" : " ", answer.detail));
    if (answer.status != 0) out.excerpt = excerpt_of(answer);
    return;
  }
  const std::string broken = broken_expectation(target.expect, answer);
  if (broken.empty()) {
    out.outcome = Outcome::ok;
    return;
  }
  fail(out, FailureId::http_status, fmt::format("{}: {}", out.address, broken));
  out.excerpt = excerpt_of(answer);
}

CheckResult combined(std::vector<Tried> tries) {
  const auto count = [&](auto&& wanted) { return std::ranges::count_if(tries, wanted); };
  const auto known = [](const Tried& one) { return one.result.outcome != Outcome::unknown; };
  const auto good = [](const Tried& one) { return one.result.outcome == Outcome::ok; };
  const auto bad = [&](const Tried& one) { return known(one) && !good(one); };
  if (tries.empty()) return {};
  const auto failed = std::ranges::find_if(tries, bad);
  const auto shown = failed != tries.end() ? failed : std::ranges::find_if(tries, known);
  CheckResult out = shown != tries.end() ? shown->result : tries.front().result;
  for (const Tried& one : tries) {
    out.elapsed = std::max(out.elapsed, one.result.elapsed);
    if (out.shared.certificate.empty()) {
      const auto addresses = out.shared.addresses;
      out.shared = one.result.shared;
      out.shared.addresses = addresses;
    }
  }
  const auto seen = count(known);
  const auto failing = count(bad);
  if (seen == 0 || failing == 0) return out;
  const bool has_direct = std::ranges::any_of(tries, &Tried::direct);
  const bool way_ok = std::ranges::any_of(tries, [&](auto& t) { return !t.direct && good(t); });
  const bool direct_ok = std::ranges::any_of(tries, [&](auto& t) { return t.direct && good(t); });
  // What visitors get decides between down and degraded.
  out.outcome = way_ok || (!has_direct && failing < seen) ? Outcome::degraded : Outcome::down;
  if (has_direct && !way_ok && direct_ok) {
    out.detail += " The origin itself answers: the fault lies between the edge and it.";
  } else if (has_direct && way_ok && !direct_ok) {
    out.detail += " Visitors are still served, the origin itself is not well.";
  } else if (failing < seen) {
    out.detail += fmt::format(" {} of {} addresses fail.", failing, seen);
  }
  return out;
}

}  // namespace causeway::watch
