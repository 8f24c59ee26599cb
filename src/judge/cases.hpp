// From attempts to what must be explained: one case for each way the target fails or limps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "judge/examine.hpp"

namespace causeway::judge {

// How one attempt stands in the end.
enum class Standing : std::uint8_t { fine, excused, limping, failing, own_trouble, untested };

struct Case {
  std::string chapter;  // failure id, concern's name, or "healthy"
  Focus focus;
  Standing standing = Standing::fine;
  std::optional<model::FailureId> failure;
  const Concern* concern = nullptr;
  int status = 0;                   // HTTP status of the attempt
  std::optional<SignIndex> excuse;  // why a failure does not count
  int order = 0;                    // place of the attempt; concerns: place in the list
};

// One case for each direct attempt that counts, then one for each concern about the target.
std::vector<Case> cases(const Rulebook& book, const Scene& scene);

// True if `a` is more worth a headline than `b`: the deepest stage reached, then an answer over
// silence, then the order.
bool outranks(const Case& a, const Case& b);

}  // namespace causeway::judge
