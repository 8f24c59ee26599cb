// This machine's own state, looked at before anything is blamed on the origin.
#pragma once

#include "reach/survey.hpp"

namespace causeway::reach {

// Records one `self` for each of link, files, ports and clock.
void self_check(Survey& survey);

}  // namespace causeway::reach
