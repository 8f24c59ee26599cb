// A plan as the console makes it: what people typed, understood at once; the work on a thread of
// its own.
#pragma once

#include "console/desk.hpp"

namespace causeway::app {

console::OrRefused<console::PlanRun> plan_for_console(const console::PlanOrder& order);

}  // namespace causeway::app
