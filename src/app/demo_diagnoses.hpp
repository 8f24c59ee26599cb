// Each origin of a demonstration, diagnosed as `causeway diagnose` would, and what came out as a
// table for the terminal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/demo_origins.hpp"
#include "app/diagnose.hpp"
#include "app/screen.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"

namespace causeway::app {

struct DemoDiagnosis {  // of one origin
  std::string name;
  std::string fault;  // what is wrong with it, in truth
  DiagnosePlan question;
  std::unique_ptr<reach::Record> record;
  reach::DiagnosisRun run;
  model::Diagnosis diagnosis;
};

Parsed<std::vector<DemoDiagnosis>> demo_questions(const DemoOrigins& demo);

// All at once on `loop`; each observation is heard as it comes. An interrupt ends it with what is
// known.
void diagnose_demo(std::vector<DemoDiagnosis>& all, net::Loop& loop,
                   const reach::Record::Listener& heard);

// A head and a line an origin: the code an edge would show, the cause found, the fault in truth.
std::string demo_table(const std::vector<DemoDiagnosis>& all, const Screen& screen);

}  // namespace causeway::app
