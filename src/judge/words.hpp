// What is said to a person about causes and failures: words/*.words.
// Texts may hold {host} {address} {port} {endpoint} {scheme} {url} {family} {record}.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded.hpp"
#include "base/result.hpp"
#include "model/diagnosis.hpp"

namespace causeway::judge {

struct SystemFix {
  std::string system;  // "nginx", "ufw" ...; empty: any
  model::Fix fix;      // text begins with the system's name
};

struct CauseWords {
  std::string title;        // with placeholders; empty: the title of causes.def will do
  std::string explanation;  // two to four plain sentences
  std::vector<model::Step> settles;
  std::vector<SystemFix> fixes;
};

struct Words {
  std::map<model::CauseId, CauseWords> causes;
  std::map<model::FailureId, std::string> failures;
};

// Refused with file and line on the first mistake.
Parsed<Words> read_words(std::span<const EmbeddedFile> files);

// The words built in; read once. A mistake in them ends the process (a test reads them, too).
const Words& words();

const CauseWords& cause_words(model::CauseId cause);
std::string_view failure_explanation(model::FailureId failure);
}  // namespace causeway::judge
