// Lengths of time for a sentence.
#pragma once

#include <string>

#include "base/time.hpp"

namespace causeway::watch {

// "35 s", "4 min", "2 h 5 min", "3 d 4 h": the two largest units that are not 0.
std::string words(Duration span);

}  // namespace causeway::watch
