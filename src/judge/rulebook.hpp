// The judge's rules as data: what rules/*.rules say, after reading. docs/judge.md has the grammar.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/embedded.hpp"
#include "base/result.hpp"
#include "model/cause.hpp"
#include "model/diagnosis.hpp"
#include "model/failure.hpp"
#include "model/observation.hpp"

namespace causeway::judge {

enum class Compare : std::uint8_t { equal, unequal, less, greater, contains, present, absent };

struct Condition {
  std::string field;
  Compare compare = Compare::equal;
  std::vector<std::string> values;  // any of them; "{port}" and the like stand for the focus
};

// Whose observations a term looks at, seen from the address in focus.
enum class Whose : std::uint8_t {
  ours,       // our vantage, this address
  peer,       // our vantage, the target's other addresses
  elsewhere,  // other vantages, this address
  anywhere,   // all
};

enum class Quantity : std::uint8_t { some, every, none };

// "connect(role=side) outcome=open": among the observations that the brackets choose, is there one
// for which the rest holds? No observation chosen: unknown.
struct Term {
  Whose whose = Whose::ours;
  Quantity quantity = Quantity::some;
  int at_least = 1;
  model::Kind kind = model::Kind::target;
  std::vector<Condition> chosen;
  std::vector<Condition> holds;
};

using SignIndex = std::size_t;

struct Unit {
  bool negated = false;
  bool unless = false;  // negated, and what is not known counts as "no"
  std::variant<Term, SignIndex> what;
};

struct Sign {
  std::string name;
  std::string sentence;       // when it holds; empty: it gives no reason of its own
  std::string else_sentence;  // when it does not
  std::vector<std::vector<Unit>> alternatives;  // any of them; each is all of its units
  std::string where;                            // file:line
};

enum class Effect : std::uint8_t { more, less, proof, out, needs };

struct Weight {
  Effect effect = Effect::more;
  SignIndex sign = 0;
  double if_yes = 1;
  double if_no = 1;
};

struct AttributeRule {
  std::string name;  // scope | agent | where
  std::string value;
  std::optional<SignIndex> sign;
};

struct Candidate {
  model::CauseId cause = model::CauseId::unknown;
  double prior = 0;
  std::vector<Weight> weights;
  std::vector<AttributeRule> attributes;
  std::string where;
};

struct Saying {
  std::string text;
  std::optional<SignIndex> sign;
};

struct Doubt {
  SignIndex sign = 0;
  double factor = 1;
};

// Everything that is said about one failure or concern.
struct Chapter {
  std::vector<Candidate> candidates;
  std::vector<Saying> sayings;
  std::vector<Doubt> doubts;
  double other = 4;  // weight of "something that is not on the list"
};

// Something that is wrong although no stage failed.
struct Concern {
  std::string name;
  model::State state = model::State::degraded;
  std::optional<model::FailureId> shows;  // none: the edge's own answer says which code
  bool of_target = false;                 // about the target as a whole, not about one address
  SignIndex sign = 0;
};

// A failure that is none of the origin's, if the sign holds.
struct Excuse {
  std::vector<model::FailureId> failures;
  SignIndex sign = 0;
  std::string chapter{};  // where what is behind it stands; empty: that of the failure
};

// What an inspection of the origin shows by itself, without any attempt to reach it.
struct FindingRule {
  model::CauseId cause = model::CauseId::unknown;
  double probability = 0;
  SignIndex sign = 0;
};

struct Rulebook {
  std::vector<Sign> signs;
  std::unordered_map<std::string, Chapter> chapters;  // by failure id or concern's name
  std::vector<Concern> concerns;                      // most urgent first
  std::vector<Excuse> excuses;
  std::vector<Excuse> own;  // these are the prober's trouble, not a failure of the target
  std::vector<SignIndex> notes;
  std::vector<FindingRule> findings;  // gravest first

  const Chapter* chapter(std::string_view name) const;
  const Concern* concern(std::string_view name) const;
  std::optional<SignIndex> sign(std::string_view name) const;
};

// Refused with file and line on the first mistake: unknown words, unknown signs, circles.
Parsed<Rulebook> read_rules(std::span<const EmbeddedFile> files);

// The rules built in; read once. A mistake in them ends the process (a test reads them, too).
const Rulebook& rulebook();

}  // namespace causeway::judge
