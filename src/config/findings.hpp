// What is wrong in a configuration file, each with its place: for people, editors and CI.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::config {

struct Place {
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;

  auto operator<=>(const Place&) const = default;
};

enum class Severity : std::uint8_t { error, warning };
std::string_view name(Severity severity);

struct Finding {
  Severity severity = Severity::error;
  std::string_view rule;  // one of kRules: "unknown-key"
  Place place;
  std::string text;  // what is wrong and, after it, what would be right
};

// Every rule that a finding can name.
struct Rule {
  std::string_view id;
  std::string_view text;
};
inline constexpr Rule kRules[] = {
    {"syntax", "The file is not TOML 1.0."},
    {"unknown-key", "A key that does not exist: a spelling mistake would be silently ignored."},
    {"wrong-type", "The value is of another type than the key takes."},
    {"wrong-value", "The value is of the right type and not one that the key takes."},
    {"missing-key", "A key that must be given is not there."},
    {"duplicate", "Two things have the name that only one may have."},
    {"dangling-reference", "A name is used that nothing in the file has."},
    {"contradiction", "Two settings cannot both hold."},
    {"missing-file", "A file that is named cannot be read."},
    {"unusable-file", "A file that is named is not what it must be."},
    {"expired-certificate", "A certificate has expired, is not valid yet, or ends soon."},
    {"unreachable-route", "A route that no request can reach: one before it takes them all."},
    {"unused", "Something is defined and never used."},
    {"risky", "Allowed, and likely not what is wanted."},
};

class Findings {
 public:
  void error(std::string_view rule, Place place, std::string text) {
    list_.push_back({Severity::error, rule, place, std::move(text)});
  }
  void warning(std::string_view rule, Place place, std::string text) {
    list_.push_back({Severity::warning, rule, place, std::move(text)});
  }
  void add(Finding finding) { list_.push_back(std::move(finding)); }

  bool any_error() const;
  bool any_at(Place place) const;
  bool empty() const { return list_.empty(); }
  std::vector<Finding> sorted() const;  // by place

 private:
  std::vector<Finding> list_;
};

// "edge.toml:12:3: error: unknown key `conect`; did you mean `connect`? [unknown-key]"
std::string line(const Finding& finding, std::string_view file);
std::string text(const Findings& findings, std::string_view file);  // one line each
std::string json(const Findings& findings, std::string_view file);  // causeway.config-check/1
std::string sarif(const Findings& findings, std::string_view file, std::string_view version);

}  // namespace causeway::config
