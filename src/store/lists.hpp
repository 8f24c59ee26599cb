// Lists of words in one cell: a JSON array of strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace causeway::store {

std::string to_list(const std::vector<std::string>& words);
std::vector<std::string> from_list(std::string_view json);  // empty for anything else

}  // namespace causeway::store
