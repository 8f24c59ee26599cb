#include "report/redact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/text.hpp"
#include "codec/secret_marks.hpp"
#include "codec/secrets.hpp"

namespace causeway::report {
namespace {

using codec::find_secrets;
using codec::is_name;
using codec::is_word;

constexpr std::size_t kAddressBytes = 64;  // no address with its port is longer

struct KindRow {
  Hidden kind;
  std::string_view word;  // in --redact and in labels
};

constexpr std::array kKinds{
    KindRow{Hidden::token, "token"},     KindRow{Hidden::mail, "mail"},
    KindRow{Hidden::user, "user"},       KindRow{Hidden::network, "network"},
    KindRow{Hidden::address, "address"}, KindRow{Hidden::name, "name"},
    KindRow{Hidden::own_rule, "rule"},
};

std::size_t token_end(std::string_view text, std::size_t from, std::string_view stop) {
  std::size_t end = from;
  while (end < text.size() && !stop.contains(text[end])) ++end;
  return end;
}

}  // namespace

std::string_view name(Hidden kind) { return kKinds.at(static_cast<std::size_t>(kind)).word; }

Parsed<std::vector<Hidden>> hidden_kinds(std::string_view list) {
  std::vector<Hidden> out{Hidden::token};
  for (const auto word : split(list, ',')) {
    const auto trimmed = trim(word);
    if (trimmed.empty() || trimmed == "none") continue;
    const auto found = std::ranges::find(kKinds, trimmed, &KindRow::word);
    if (found == kKinds.end()) {
      std::vector<std::string> all;
      all.reserve(kKinds.size());
      for (const auto& row : kKinds) all.emplace_back(row.word);
      const auto near = nearest(lower(trimmed), all);
      return error(fmt::format(
          "'{}' is no kind of value; expected token, mail, user, network, address or name{}",
          printable(trimmed, 40), near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    out.push_back(found->kind);
  }
  return out;
}

bool Rules::hides(Hidden kind) const {
  return kind == Hidden::token || kind == Hidden::own_rule ||
         std::ranges::find(kinds, kind) != kinds.end();
}

Parsed<bool> read_rules(std::string_view text, std::string_view file, Rules& into) {
  std::size_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const auto blank = line.find(' ');
    const auto word = line.substr(0, blank);
    const auto value =
        blank == std::string_view::npos ? std::string_view{} : trim(line.substr(blank));
    const auto column = raw.find_first_not_of(" \t") + 1;
    if (value.empty() && (word == "hide" || word == "hide-after" || word == "keep")) {
      return error(fmt::format("{}:{}:{}: '{}' of what? expected: {} TEXT", file, number, column,
                               word, word));
    }
    if (word == "hide") {
      into.hide.emplace_back(value);
    } else if (word == "hide-after") {
      into.hide_after.emplace_back(value);
    } else if (word == "keep") {
      into.keep.emplace_back(value);
    } else {
      const auto near = nearest(lower(word), {"hide", "hide-after", "keep"});
      return error(fmt::format("{}:{}:{}: '{}' is no rule; expected hide, hide-after or keep{}",
                               file, number, column, printable(word, 40),
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
  }
  return true;
}

Redactor::Redactor(Rules rules) : rules_(std::move(rules)) {}

void Redactor::keep_address(const IpAddress& address) { addresses_.push_back(address); }
void Redactor::keep_name(std::string_view host) {
  if (!host.empty()) names_.push_back(lower(host));
}

bool Redactor::kept(std::string_view value) const {
  return std::ranges::find(rules_.keep, value) != rules_.keep.end();
}

void Redactor::find_tokens(std::string_view text, std::vector<Span>& out) const {
  for (const auto& secret : find_secrets(text)) {
    if (secret.user && !rules_.hides(Hidden::user)) continue;
    out.push_back({secret.from, secret.length, secret.user ? Hidden::user : Hidden::token});
  }
}

void Redactor::find_mail_and_users(std::string_view text, std::vector<Span>& out) const {
  if (rules_.hides(Hidden::mail)) {
    // The "@" behind a password belongs to a URL.
    std::vector<std::size_t> ends;
    ends.reserve(out.size());
    for (const auto& span : out) ends.push_back(span.from + span.length);
    std::ranges::sort(ends);
    for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
      // Neither side holds an "@", so that all of them together cost one pass.
      std::size_t from = at;
      while (from > 0 && (is_name(text[from - 1]) || text[from - 1] == '+')) --from;
      std::size_t end = at + 1;
      while (end < text.size() && is_name(text[end])) ++end;
      while (end > at + 1 && text[end - 1] == '.') --end;
      const bool domain = text.substr(at + 1, end - at - 1).contains('.');
      if (from < at && domain && !std::ranges::binary_search(ends, at))
        out.push_back({from, end - from, Hidden::mail});
    }
  }
  if (!rules_.hides(Hidden::user)) return;
  for (const std::string_view home : {"/home/", "/Users/"}) {
    for (auto at = text.find(home); at != std::string_view::npos; at = text.find(home, at + 1)) {
      const auto from = at + home.size();
      std::size_t end = from;
      while (end < text.size() && is_name(text[end])) ++end;
      if (end > from) out.push_back({from, end - from, Hidden::user});
    }
  }
}

void Redactor::find_addresses(std::string_view text, std::vector<Span>& out) const {
  const auto is_part = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' ||
           c == ':';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_part(text[i]) || (i > 0 && (is_word(text[i - 1]) || text[i - 1] == '.'))) continue;
    std::size_t end = i;
    while (end < text.size() && is_part(text[end])) ++end;
    auto word = text.substr(i, std::min(end - i, kAddressBytes));
    Parsed<IpAddress> address = IpAddress::parse(word);
    // "10.0.0.5:443", "10.0.0.5." and "2001:db8::1:"
    while (!address && word.size() > 3) {
      const auto cut = word.find_last_of(".:");
      if (cut == std::string_view::npos || cut == 0) break;
      word = word.substr(0, cut);
      address = IpAddress::parse(word);
    }
    if (address && word.size() > 2 &&
        (word.contains('.') || word.contains("::") || std::ranges::count(word, ':') > 2)) {
      const auto klass = classify(*address);
      const bool inside = klass == AddressClass::private_use || klass == AddressClass::shared ||
                          klass == AddressClass::link_local;
      const bool nobodys = klass == AddressClass::loopback || klass == AddressClass::unspecified;
      const auto kind = inside ? Hidden::network : Hidden::address;
      const bool subject = std::ranges::find(addresses_, *address) != addresses_.end();
      if (!nobodys && !subject && rules_.hides(kind)) out.push_back({i, word.size(), kind});
    }
    i = end > i ? end - 1 : i;
  }
}

void Redactor::find_names(std::string_view text, std::vector<Span>& out) const {
  if (!rules_.hides(Hidden::name)) return;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_word(text[i]) || (i > 0 && is_name(text[i - 1]))) continue;
    std::size_t end = i;
    while (end < text.size() && (is_word(text[end]) || text[end] == '-' || text[end] == '.')) ++end;
    auto word = text.substr(i, end - i);
    while (word.ends_with('.')) word.remove_suffix(1);
    const auto dot = word.rfind('.');
    const auto last = dot == std::string_view::npos ? std::string_view{} : word.substr(dot + 1);
    // A cause's or a failure's id has a dot as well: host names here end in at least two letters
    // and have no such id's first word alone in front.
    const bool letters =
        last.size() >= 2 && std::ranges::all_of(last, [](char c) { return c >= 'a' && c <= 'z'; });
    const bool id = model::failure_named(word).has_value() || model::cause_named(word).has_value();
    const bool subject = std::ranges::any_of(names_, [&](const std::string& each) {
      return equals_ignoring_case(word, each) || lower(word).ends_with("." + each);
    });
    if (letters && !id && !subject && std::ranges::count(word, '.') >= 1 && last != "json" &&
        last != "conf")
      out.push_back({i, word.size(), Hidden::name});
    i = end;
  }
}

void Redactor::find_own(std::string_view text, std::vector<Span>& out) const {
  for (const auto& each : rules_.hide) {
    for (auto at = text.find(each); at != std::string_view::npos;
         at = text.find(each, at + each.size()))
      out.push_back({at, each.size(), Hidden::own_rule});
  }
  for (const auto& each : rules_.hide_after) {
    for (auto at = text.find(each); at != std::string_view::npos;
         at = text.find(each, at + each.size())) {
      std::size_t from = at + each.size();
      while (from < text.size() && text[from] == ' ') ++from;
      const auto end = token_end(text, from, " \t\r\n\",;'");
      if (end > from) out.push_back({from, end - from, Hidden::own_rule});
    }
  }
}

const std::string& Redactor::label(Hidden kind, std::string_view value, std::string_view where) {
  const std::string key = fmt::format("{}\x1f{}", static_cast<int>(kind), value);
  auto place = places_.find(key);
  if (place == places_.end()) {
    place = places_.emplace(key, found_.size()).first;
    found_.push_back({.kind = kind,
                      .value = std::string{value},
                      .label = fmt::format("[{} {}]", name(kind), ++numbers_[kind]),
                      .where = std::string{where}});
  }
  ++found_[place->second].count;
  return found_[place->second].label;
}

std::string Redactor::text(std::string_view text, std::string_view where) {
  std::vector<Span> spans;
  find_own(text, spans);
  find_tokens(text, spans);
  find_mail_and_users(text, spans);
  find_addresses(text, spans);
  find_names(text, spans);
  // Those that begin at the same place stay in the order of the finders: std::ranges::stable_sort
  // would do, but libstdc++ 12 builds it on what C++23 calls deprecated.
  std::vector<std::size_t> order(spans.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return spans[a].from != spans[b].from ? spans[a].from < spans[b].from : a < b;
  });
  std::string out;
  std::size_t at = 0;
  for (const auto place : order) {
    const auto& span = spans[place];
    if (span.length == 0) continue;
    const auto end = span.from + span.length;
    if (end <= at) continue;
    // Overlapping finds: what the first did not cover is hidden as well.
    const auto from = std::max(span.from, at);
    const auto value = text.substr(from, end - from);
    if (span.kind != Hidden::token && kept(value)) continue;
    out += text.substr(at, from - at);
    out += label(span.kind, value, where);
    at = end;
  }
  out += text.substr(at);
  return out;
}

model::Diagnosis Redactor::diagnosis(const model::Diagnosis& diagnosis) {
  model::Diagnosis out = diagnosis;
  const auto in = [&](std::string& value, std::string_view where) { value = text(value, where); };
  in(out.vantage.name, "vantage.name");
  for (auto& each : out.vantage.addresses) in(each, "vantage.addresses");
  in(out.target.url, "target.url");
  in(out.target.path, "target.path");
  for (auto& attempt : out.attempts) {
    for (auto& stage : attempt.stages) in(stage.because, "attempts");
  }
  for (auto& seen : out.observations) {
    const auto before = seen.fields();
    in(seen.subject, fmt::format("{} subject", seen.id));
    in(seen.vantage, fmt::format("{} vantage", seen.id));
    for (const auto& [field, value] : before) {
      const auto where = fmt::format("{} {}.{}", seen.id, model::name(seen.kind), field);
      if (const auto* one = std::get_if<std::string>(&value)) {
        seen.set(field, text(*one, where));
      } else if (const auto* many = std::get_if<std::vector<std::string>>(&value)) {
        std::vector<std::string> all;
        for (const auto& each : *many) all.push_back(text(each, where));
        seen.set(field, std::move(all));
      }
    }
  }
  const auto reasons = [&](std::vector<model::Reason>& all) {
    for (auto& reason : all) in(reason.sentence, "verdict");
  };
  auto& verdict = out.verdict;
  in(verdict.sentence, "verdict.sentence");
  for (auto& cause : verdict.causes) {
    in(cause.title, "verdict");
    reasons(cause.reasons);
    reasons(cause.counter_reasons);
    for (auto& step : cause.settles) in(step.text, "verdict"), in(step.command, "verdict");
    for (auto& fix : cause.fixes) {
      in(fix.text, "verdict"), in(fix.command, "verdict");
      in(fix.undo, "verdict"), in(fix.verify, "verdict");
    }
  }
  for (auto& each : verdict.ruled_out) reasons(each.because);
  for (auto& each : verdict.missing) in(each, "verdict");
  for (auto& note : verdict.notes) in(note.sentence, "verdict");
  return out;
}

void keep_subjects(Redactor& redactor, const model::Diagnosis& diagnosis) {
  redactor.keep_name(diagnosis.target.host);
  const auto keep = [&](std::string_view text) {
    const auto end = text.find(' ');
    if (const auto address = IpAddress::parse(text.substr(0, end))) redactor.keep_address(*address);
  };
  for (const auto& attempt : diagnosis.attempts) {
    if (attempt.address) redactor.keep_address(*attempt.address);
  }
  for (const auto& seen : diagnosis.observations) {
    // Who was asked, who answered, and the routers on the way: without them nothing is proved.
    for (const auto* field : {"address", "offender", "server", "last_hop"}) keep(seen.text(field));
    for (const auto* field : {"hops", "addresses", "known", "origins", "servers"}) {
      for (const auto& each : seen.texts(field)) keep(each);
    }
  }
}

}  // namespace causeway::report
