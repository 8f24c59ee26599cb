// Lines of guard's own inside a file of somebody else: marked, so that taking them out again gives
// the file back byte for byte, whatever else was changed in it meanwhile. Pure.
//
//     # causeway guard: begin
//     #-a line that was there before
//     a line instead of it
//     # causeway guard: end
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace causeway::guard {

struct Edit {
  std::size_t at = 0;              // before this byte
  std::size_t replaced = 0;        // bytes from there on that become comments: whole lines
  std::vector<std::string> lines;  // new ones, without their ends
};

// `text` holds no block yet; edits do not overlap.
std::string with_blocks(std::string_view text, std::vector<Edit> edits);
// The text as it would be without guard. An error when a mark has lost its other half.
Parsed<std::string> without_blocks(std::string_view text);

// What two states of a file differ in, as lines "+ new" and "- gone" for a person.
std::vector<std::string> difference(std::string_view before, std::string_view after);

}  // namespace causeway::guard
