// Does a sign hold? Yes, no, or not known, with the observations that say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "judge/rulebook.hpp"
#include "judge/scene.hpp"

namespace causeway::judge {

enum class Answer : std::uint8_t { no, unknown, yes };

struct Finding {
  Answer answer = Answer::unknown;
  std::vector<Seen> evidence;  // what decided it; empty when unknown
};

// All questions about one focus; remembers its answers.
class Examination {
 public:
  Examination(const Rulebook& book, const Scene& scene, Focus focus);

  const Finding& sign(SignIndex index);
  Finding term(const Term& term) const;
  bool holds(SignIndex index) { return sign(index).answer == Answer::yes; }

  // The sign's sentence (or its else-sentence) with evidence, or nothing when it has none.
  std::optional<model::Reason> reason(SignIndex index);
  // Replaces {address}, {port}, {host} ... and {field} of the evidence, first match wins. What is
  // not known becomes "an unknown field".
  std::string fill(std::string_view text, const std::vector<Seen>& evidence) const;
  // The same for words and commands: what is not known becomes a blank to fill in, "ADDRESS".
  std::string fill_blanks(std::string_view text) const;
  std::string fill_command(std::string_view text) const;  // a URL becomes one word of a shell
  // For a person to read: what the focus does not have is named by its part in the story.
  std::string fill_title(std::string_view text) const;

  const Focus& focus() const { return focus_; }
  const Scene& scene() const { return scene_; }
  const Rulebook& book() const { return book_; }

 private:
  Finding unit(const Unit& unit);
  bool in_scope(const Term& term, const model::Observation& seen) const;
  template <class Lookup>
  std::string replace(std::string_view text, Lookup lookup) const;
  std::optional<std::string> focus_field(std::string_view name) const;
  std::string resolved(std::string_view value) const;
  Answer condition(const Condition& condition, const model::Observation& seen) const;
  Answer conditions(const std::vector<Condition>& all, const model::Observation& seen) const;

  const Rulebook& book_;
  const Scene& scene_;
  Focus focus_;
  std::vector<std::optional<Finding>> known_;
};

// One value the way a sentence shows it: "4301" for 4301.2 ms, "203.0.113.10, 203.0.113.11".
std::string shown(const model::Value& value);

// Names a sentence may use besides the fields of its evidence.
bool is_focus_field(std::string_view name);

}  // namespace causeway::judge
