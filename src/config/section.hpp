// A configuration file has one top-level table for each part of the program: [edge], [watch].
// A part describes its own as a Section; the commands `config check` and `config schema` and the
// reading of a file work on the list of all sections.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "config/findings.hpp"
#include "config/keys.hpp"
#include "config/node.hpp"

namespace causeway::config {

// What a check may look at besides the text of the file. Paths in the file are relative to the
// working directory of the program.
struct CheckContext {
  WallTime now;
  bool files = true;  // named files are opened and read
};

struct Section {
  std::string name;  // the top-level table
  std::string text;  // one sentence
  std::vector<KeyInfo> keys;
  std::string example;  // TOML: what a person starts from
  // Reads the table, and finds everything that is wrong with it.
  std::function<void(const Node& table, const CheckContext& context, Findings& findings)> check;
};

// Refuses top-level names that no section has, then checks every section that is there.
void check(const Node& root, std::span<const Section> sections, const CheckContext& context,
           Findings& findings);

// The whole reference, from the same lists that read a file.
std::string schema_text(std::span<const Section> sections);      // commented TOML
std::string schema_markdown(std::span<const Section> sections);  // a page of docs
std::string schema_json(std::span<const Section> sections);      // JSON Schema, draft 2020-12

}  // namespace causeway::config
