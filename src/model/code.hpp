// The numbers a visitor sees: what each one says, and how it differs from its neighbours.
#pragma once

#include <span>
#include <string_view>

namespace causeway::model {

struct CodeRow {
  int code;
  std::string_view title;      // as an edge's error page puts it
  std::string_view meaning;    // what happened between edge and origin
  std::string_view differs;    // from the codes it is mixed up with
  std::string_view temporary;  // whether waiting helps
  std::string_view first_step;
};

std::span<const CodeRow> code_rows();
const CodeRow* code_row(int code);  // null when there is none

// "Origin is unreachable"; the standard reason phrase for an origin's own status; else empty.
std::string_view code_title(int code);

}  // namespace causeway::model
