// The flags of `causeway plan`, and its faces.
#pragma once

#include <string>
#include <vector>

#include "app/screen.hpp"
#include "plan/plan.hpp"

namespace causeway::app {

struct PlanFlags {  // as they stand on the command line; empty = not given
  std::string before;
  std::string after;
  std::vector<std::string> names;
  std::vector<std::string> paths;
  std::string pages = "20";
  std::string zone;
  std::string store;
  std::vector<std::string> with;
  std::string ssl = "strict";
  std::string ca;
  std::string source;
  std::string resolver;
  std::string edge;
  std::string format = "text";
  std::string at;
  bool no_color = false;
  // watch
  std::vector<std::string> authorities;
  std::string interval = "5s";
  std::string until = "1h";
};

std::string plan_text(const plan::Plan& plan, const Screen& screen);
std::string plan_markdown(const plan::Plan& plan);
std::string plan_html(const plan::Plan& plan);
// The steps as iCalendar (RFC 5545) with reminders; `at`: the time of the cut-over.
std::string plan_calendar(const plan::Plan& plan, WallTime at);

int plan_watch(const PlanFlags& flags);

}  // namespace causeway::app
