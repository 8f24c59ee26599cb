// The faces of an inspection: pure functions from the document to text.
#pragma once

#include <string>

#include "app/screen.hpp"
#include "model/facts.hpp"

namespace causeway::app {

std::string render_text(const model::Facts& facts, const Screen& screen);
std::string render_plain(const model::Facts& facts);  // one fact a line

// 0 nothing wrong was found, 1 a problem is proved, 3 could not tell: too little could be seen.
int exit_code(const model::Facts& facts);

}  // namespace causeway::app
