// The words every face of a verdict shares, so that terminal, page and plugin say the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/diagnosis.hpp"

namespace causeway::app {

std::string_view state_word(model::State state);  // "WORKS", "DEGRADED", "FAILING", "UNDETERMINED"
std::string_view confidence_word(double probability);  // "almost certain" ... "unlikely"
std::string_view owner_phrase(model::Owner owner);     // "you", "your hosting provider" ...
std::string_view stage_word(model::Stage stage);       // "DNS", "Route", "TCP", "TLS", "HTTP"

// "4.2 ms", "312 ms", "3.1 s".
std::string duration_text(Duration span);

// What a visitor gets: "523 Origin is unreachable", "530 Origin name or tunnel error (1016 Origin
// DNS error)"; empty when no code is known.
std::string code_phrase(const model::Verdict& verdict);

// One line: "FAILING: visitors see 523 Origin is unreachable".
std::string headline(const model::Verdict& verdict);

// "very likely, to act: you"; without the second half where nobody can act.
std::string standing(const model::RankedCause& cause);

// The cause's title, unless the sentence beside it says the same already; then empty.
std::string title_beside(const model::RankedCause& cause, std::string_view sentence);

// The observation as one line of raw values: "connect 203.0.113.10:443: refused, elapsed 12.4 ms".
std::string raw_line(const model::Observation& observation);

// " [o3 o7]" or nothing.
std::string references(const std::vector<std::string>& ids);

// Exit code of a diagnosis: 0 fine, 1 a problem is proved, 3 could not tell.
int exit_code(const model::Verdict& verdict);
std::string_view exit_meaning(int code);

}  // namespace causeway::app
