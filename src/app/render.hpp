// The faces of a diagnosis: pure functions from the document to text. Foreign text in it is made
// printable, and escaped for the format it goes into.
#pragma once

#include <string>
#include <string_view>

#include "app/screen.hpp"
#include "model/diagnosis.hpp"

namespace causeway::app {

std::string render_text(const model::Diagnosis& diagnosis, const Screen& screen);
std::string render_plain(const model::Diagnosis& diagnosis);   // one fact a line
std::string render_html(const model::Diagnosis& diagnosis);    // self-contained page
std::string render_junit(const model::Diagnosis& diagnosis);   // XML, a test case a stage
std::string render_nagios(const model::Diagnosis& diagnosis);  // status line, perfdata, long text

// 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int nagios_exit_code(const model::Verdict& verdict);

}  // namespace causeway::app
