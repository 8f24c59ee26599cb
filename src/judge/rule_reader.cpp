// rules/*.rules as a Rulebook.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/text.hpp"
#include "judge/lines.hpp"
#include "judge/rule_terms.hpp"
#include "judge/rulebook.hpp"

namespace causeway::judge {
namespace {

using Done = Parsed<bool>;

class Reader {
 public:
  Parsed<Rulebook> read(std::span<const EmbeddedFile> files);

 private:
  Done open(const Line& line);
  Done open_sign(const Line& line);
  Done open_concern(const Line& line);
  Done read_group(const Line& line);
  Done read_excuse(const Line& line, std::vector<Excuse>& into);
  Done read_finding(const Line& line);
  Done open_chapters(const Line& line);
  Done inside(const Line& line);
  Done inside_sign(const Line& line);
  Done inside_concern(const Line& line);
  Done inside_chapter(const Line& line);
  Done read_candidate(const Line& line);
  Done read_weight(const Line& line, Effect effect);
  Done read_attribute(const Line& line);
  Done read_saying(const Line& line);
  Done resolve();
  Done find_circle(SignIndex sign, std::vector<int>& marks) const;

  Parsed<double> factor(const Line& line, std::string_view word) const;
  // Signs may be used before they are written: a use reserves the number.
  SignIndex use(const Line& line, const std::string& name);
  std::vector<std::string> expand(const Line& line, std::size_t from) const;

  enum class Part : std::uint8_t { nothing, sign, concern, chapter };

  Rulebook book_;
  std::map<std::string, SignIndex, std::less<>> numbers_;
  std::map<SignIndex, std::string> first_use_;
  std::map<std::string, std::vector<std::string>, std::less<>> groups_;
  Part part_ = Part::nothing;
  SignIndex sign_ = 0;
  std::vector<std::string> open_;      // chapters that the lines now belong to
  std::vector<Candidate*> candidate_;  // one in each of them
};

std::string where(const Line& line) { return fmt::format("{}:{}", line.file, line.number); }

Parsed<double> Reader::factor(const Line& line, std::string_view word) const {
  double out = 0;
  const auto digits = word.starts_with('x') ? word.substr(1) : word;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (end.ec != std::errc{} || end.ptr != digits.data() + digits.size() || out <= 0) {
    return error_at(line, fmt::format("expected a factor such as x3 or x0.2, not '{}'", word));
  }
  return out;
}

SignIndex Reader::use(const Line& line, const std::string& name) {
  const auto [at, added] = numbers_.try_emplace(name, book_.signs.size());
  if (added) {
    book_.signs.push_back(Sign{.name = name});
    first_use_[at->second] = where(line);
  }
  return at->second;
}

// Words from `from` on, groups replaced by their members.
std::vector<std::string> Reader::expand(const Line& line, std::size_t from) const {
  std::vector<std::string> out;
  for (std::size_t i = from; i < line.words.size(); ++i) {
    const auto group = groups_.find(line.words[i]);
    if (group == groups_.end()) {
      out.push_back(line.words[i]);
    } else {
      out.insert(out.end(), group->second.begin(), group->second.end());
    }
  }
  return out;
}

Done Reader::open(const Line& line) {
  const auto& word = line.words.front();
  if (word == "sign") return open_sign(line);
  if (word == "concern") return open_concern(line);
  if (word == "group") return read_group(line);
  if (word == "excuse") return read_excuse(line, book_.excuses);
  if (word == "own") return read_excuse(line, book_.own);
  if (word == "for") return open_chapters(line);
  if (word == "finding") return read_finding(line);
  if (word == "note" && line.words.size() == 2) {
    book_.notes.push_back(use(line, line.words[1]));
    return true;
  }
  return error_at(
      line, fmt::format("expected sign, for, group, concern, excuse, own, finding or note at the "
                        "start of a line, not '{}'",
                        word));
}

Done Reader::open_sign(const Line& line) {
  if (line.words.size() < 2 || line.words.size() > 3) {
    return error_at(line, "expected: sign NAME \"sentence\"");
  }
  const auto& name = line.words[1];
  if (model::kind_named(name)) {
    return error_at(line,
                    fmt::format("'{}' is a kind of observation, not a name for a sign", name));
  }
  sign_ = use(line, name);
  Sign& sign = book_.signs.at(sign_);
  if (!sign.where.empty()) {
    return error_at(line, fmt::format("sign '{}' is already at {}", name, sign.where));
  }
  sign.where = where(line);
  if (line.words.size() == 3) sign.sentence = line.words[2];
  part_ = Part::sign;
  return true;
}

Done Reader::open_concern(const Line& line) {
  if (line.words.size() != 2) return error_at(line, "expected: concern NAME");
  if (book_.concern(line.words[1]) != nullptr) {
    return error_at(line, fmt::format("concern '{}' is there twice", line.words[1]));
  }
  book_.concerns.push_back(Concern{.name = line.words[1]});
  part_ = Part::concern;
  return true;
}

Done Reader::read_group(const Line& line) {
  if (line.words.size() < 4 || line.words[2] != "=") {
    return error_at(line, "expected: group NAME = failure failure ...");
  }
  groups_[line.words[1]] = expand(line, 3);
  part_ = Part::nothing;
  return true;
}

Done Reader::read_excuse(const Line& line, std::vector<Excuse>& into) {
  auto words = expand(line, 1);
  std::string chapter;
  if (words.size() > 2 && words[words.size() - 2] == "as") {
    chapter = words.back();
    words.resize(words.size() - 2);
  }
  if (words.size() < 3 || words[words.size() - 2] != "if") {
    return error_at(
        line, fmt::format("expected: {} FAILURE ... if SIGN [as CHAPTER]", line.words.front()));
  }
  Excuse out{.failures = {}, .sign = use(line, words.back()), .chapter = std::move(chapter)};
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    const auto failure = model::failure_named(words[i]);
    if (!failure) return error_at(line, fmt::format("'{}' is no failure", words[i]));
    out.failures.push_back(*failure);
  }
  into.push_back(std::move(out));
  part_ = Part::nothing;
  return true;
}

Done Reader::read_finding(const Line& line) {
  const auto& words = line.words;
  if (words.size() != 5 || words[3] != "if") {
    return error_at(line, "expected: finding CAUSE PROBABILITY if SIGN");
  }
  const auto cause = model::cause_named(words[1]);
  if (!cause) return error_at(line, fmt::format("'{}' is no cause", words[1]));
  const auto probability = factor(line, words[2]);
  if (!probability) return std::unexpected(probability.error());
  if (*probability > 1) return error_at(line, "a probability is at most 1");
  book_.findings.push_back(
      {.cause = *cause, .probability = *probability, .sign = use(line, words[4])});
  part_ = Part::nothing;
  return true;
}

Done Reader::open_chapters(const Line& line) {
  open_ = expand(line, 1);
  candidate_.clear();
  if (open_.empty()) return error_at(line, "expected: for FAILURE-or-CONCERN ...");
  for (const auto& name : open_) book_.chapters.try_emplace(name);
  part_ = Part::chapter;
  return true;
}

Done Reader::inside(const Line& line) {
  switch (part_) {
    case Part::sign: return inside_sign(line);
    case Part::concern: return inside_concern(line);
    case Part::chapter: return inside_chapter(line);
    case Part::nothing: break;
  }
  return error_at(line, "this line belongs to nothing above it");
}

Done Reader::inside_sign(const Line& line) {
  if (line.words.front() == "else") {
    if (line.words.size() != 2) return error_at(line, "expected: else \"sentence\"");
    book_.signs.at(sign_).else_sentence = line.words[1];
    return true;
  }
  auto units = read_units(line);
  if (!units) return std::unexpected(units.error());
  std::vector<Unit> all;
  for (auto& named : *units) {
    if (!named.sign.empty()) named.unit.what = use(line, named.sign);
    all.push_back(std::move(named.unit));
  }
  book_.signs.at(sign_).alternatives.push_back(std::move(all));
  return true;
}

Done Reader::inside_concern(const Line& line) {
  Concern& concern = book_.concerns.back();
  const auto& words = line.words;
  if (words.size() == 2 && words[0] == "shows") {
    concern.shows = model::failure_named(words[1]);
    if (!concern.shows) return error_at(line, fmt::format("'{}' is no failure", words[1]));
    return true;
  }
  if (words.size() == 2 && words[0] == "state") {
    constexpr std::array kStates{model::State::failing, model::State::degraded,
                                 model::State::undetermined};
    const auto* const state =
        std::ranges::find(kStates, words[1], [](model::State one) { return model::name(one); });
    if (state == kStates.end()) {
      return error_at(line, "expected: state failing|degraded|undetermined");
    }
    concern.state = *state;
    return true;
  }
  if (words.size() == 2 && words[0] == "about" && words[1] == "target") {
    concern.of_target = true;
    return true;
  }
  if (words.size() == 2 && words[0] == "if") {
    concern.sign = use(line, words[1]);
    return true;
  }
  return error_at(
      line, "expected: state failing|degraded|undetermined, shows FAILURE, about target, if SIGN");
}

Done Reader::inside_chapter(const Line& line) {
  const auto& word = line.words.front();
  if (word == "cause") return read_candidate(line);
  if (word == "more") return read_weight(line, Effect::more);
  if (word == "less") return read_weight(line, Effect::less);
  if (word == "proof") return read_weight(line, Effect::proof);
  if (word == "out") return read_weight(line, Effect::out);
  if (word == "needs") return read_weight(line, Effect::needs);
  if (word == "attribute") return read_attribute(line);
  if (word == "say") return read_saying(line);
  if (word == "other" && line.words.size() == 2) {
    const auto mass = factor(line, line.words[1]);
    if (!mass) return std::unexpected(mass.error());
    for (const auto& name : open_) book_.chapters.at(name).other = *mass;
    return true;
  }
  if (word == "doubt" && line.words.size() == 3) {
    const auto by = factor(line, line.words[2]);
    if (!by) return std::unexpected(by.error());
    const SignIndex sign = use(line, line.words[1]);
    for (const auto& name : open_) {
      book_.chapters.at(name).doubts.push_back({.sign = sign, .factor = *by});
    }
    return true;
  }
  return error_at(line, fmt::format("expected cause, more, less, proof, out, needs, attribute, "
                                    "say, other or doubt, not '{}'",
                                    word));
}

Done Reader::read_candidate(const Line& line) {
  if (line.words.size() != 3) return error_at(line, "expected: cause CAUSE PRIOR");
  const auto cause = model::cause_named(line.words[1]);
  if (!cause) return error_at(line, fmt::format("'{}' is no cause", line.words[1]));
  const auto prior = factor(line, line.words[2]);
  if (!prior) return std::unexpected(prior.error());
  candidate_.clear();
  for (const auto& name : open_) {
    auto& all = book_.chapters.at(name).candidates;
    for (const auto& other : all) {
      if (other.cause != *cause) continue;
      return error_at(line, fmt::format("'{}' is already a candidate of '{}' at {}", line.words[1],
                                        name, other.where));
    }
    all.push_back(
        {.cause = *cause, .prior = *prior, .weights = {}, .attributes = {}, .where = where(line)});
  }
  for (const auto& name : open_) {
    candidate_.push_back(&book_.chapters.at(name).candidates.back());
  }
  return true;
}

Done Reader::read_weight(const Line& line, Effect effect) {
  const auto& words = line.words;
  const bool weighs = effect == Effect::more || effect == Effect::less || effect == Effect::proof;
  if (candidate_.empty() || words.size() < 2) return error_at(line, "a sign's name is missing");
  Weight out{.effect = effect, .sign = use(line, words[1])};
  if (!weighs) {
    if (words.size() != 2) return error_at(line, "expected only a sign's name");
  } else {
    const bool has_else = words.size() == 5 && words[3] == "else";
    if (words.size() != 3 && !has_else) return error_at(line, "expected: SIGN x3 [else x0.5]");
    const auto yes = factor(line, words[2]);
    if (!yes) return std::unexpected(yes.error());
    out.if_yes = *yes;
    if (has_else) {
      const auto no = factor(line, words[4]);
      if (!no) return std::unexpected(no.error());
      out.if_no = *no;
    }
  }
  for (Candidate* candidate : candidate_) candidate->weights.push_back(out);
  return true;
}

Done Reader::read_attribute(const Line& line) {
  const auto& words = line.words;
  const bool conditional = words.size() == 4 && words[2] == "if";
  const auto equals = words.size() < 2 ? std::string::npos : words[1].find('=');
  if (candidate_.empty() || equals == std::string::npos || (words.size() != 2 && !conditional)) {
    return error_at(line, "expected: attribute scope|agent|where=VALUE [if SIGN]");
  }
  AttributeRule out{.name = words[1].substr(0, equals),
                    .value = words[1].substr(equals + 1),
                    .sign = std::nullopt};
  if (out.name != "scope" && out.name != "agent" && out.name != "where") {
    return error_at(line, "an attribute is scope, agent or where");
  }
  if (conditional) out.sign = use(line, words[3]);
  for (Candidate* candidate : candidate_) candidate->attributes.push_back(out);
  return true;
}

Done Reader::read_saying(const Line& line) {
  const auto& words = line.words;
  const bool conditional = words.size() == 4 && words[2] == "if";
  if (words.size() != 2 && !conditional) return error_at(line, "expected: say \"text\" [if SIGN]");
  Saying out{.text = words[1], .sign = std::nullopt};
  if (conditional) out.sign = use(line, words[3]);
  for (const auto& name : open_) book_.chapters.at(name).sayings.push_back(out);
  return true;
}

Done Reader::find_circle(SignIndex sign, std::vector<int>& marks) const {
  if (marks.at(sign) == 2) return true;
  const Sign& row = book_.signs.at(sign);
  if (marks.at(sign) == 1) {
    return error(fmt::format("{}: sign '{}' depends on itself", row.where, row.name));
  }
  marks.at(sign) = 1;
  for (const auto& units : row.alternatives) {
    for (const auto& unit : units) {
      const auto* other = std::get_if<SignIndex>(&unit.what);
      if (other == nullptr) continue;
      auto done = find_circle(*other, marks);
      if (!done) return done;
    }
  }
  marks.at(sign) = 2;
  return true;
}

Done Reader::resolve() {
  std::vector<std::string> names;
  for (const auto& sign : book_.signs) {
    if (!sign.where.empty()) names.push_back(sign.name);
  }
  for (SignIndex i = 0; i < book_.signs.size(); ++i) {
    const Sign& sign = book_.signs[i];
    if (sign.where.empty()) {
      return error(fmt::format("{}: unknown sign '{}'; nearest is '{}'", first_use_.at(i),
                               sign.name, nearest(sign.name, names)));
    }
    if (sign.alternatives.empty()) {
      return error(fmt::format("{}: sign '{}' says nothing", sign.where, sign.name));
    }
  }
  for (const auto& [name, chapter] : book_.chapters) {
    const bool named = std::ranges::find(book_.own, name, &Excuse::chapter) != book_.own.end();
    const bool known =
        named || model::failure_named(name) || book_.concern(name) != nullptr || name == "healthy";
    if (!known) return error(fmt::format("rules: '{}' is neither failure nor concern", name));
  }
  std::vector<int> marks(book_.signs.size(), 0);
  for (SignIndex i = 0; i < book_.signs.size(); ++i) {
    auto done = find_circle(i, marks);
    if (!done) return done;
  }
  return true;
}

Parsed<Rulebook> Reader::read(std::span<const EmbeddedFile> files) {
  for (const auto& file : files) {
    if (!file.name.ends_with(".rules")) continue;
    const auto lines = read_lines(file.text, file.name);
    if (!lines) return std::unexpected(lines.error());
    for (const auto& line : *lines) {
      const auto done = line.indented ? inside(line) : open(line);
      if (!done) return std::unexpected(done.error());
    }
  }
  const auto done = resolve();
  if (!done) return std::unexpected(done.error());
  return std::move(book_);
}

}  // namespace

const Chapter* Rulebook::chapter(std::string_view name) const {
  const auto at = chapters.find(std::string{name});
  return at == chapters.end() ? nullptr : &at->second;
}

const Concern* Rulebook::concern(std::string_view name) const {
  for (const auto& row : concerns) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::optional<SignIndex> Rulebook::sign(std::string_view name) const {
  for (SignIndex i = 0; i < signs.size(); ++i) {
    if (signs[i].name == name) return i;
  }
  return std::nullopt;
}

Parsed<Rulebook> read_rules(std::span<const EmbeddedFile> files) { return Reader{}.read(files); }

const Rulebook& rulebook() {
  static const Rulebook book = [] {
    auto read = read_rules(embedded_files());
    if (!read) {
      fmt::print(stderr, "causeway: internal error: {}\n", read.error().text);
      std::abort();
    }
    return std::move(*read);
  }();
  return book;
}

}  // namespace causeway::judge
