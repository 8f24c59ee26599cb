// Title, settling steps and fixes of a ranked cause, with the values of this case.
#pragma once

#include "judge/examine.hpp"
#include "model/diagnosis.hpp"

namespace causeway::judge {

void add_words(model::RankedCause& cause, Examination& examination);

}  // namespace causeway::judge
