// From documents to a report: what `causeway report` and the console's incidents share.
#pragma once

#include <string>
#include <vector>

#include "app/report_incident.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/diagnosis.hpp"
#include "model/json.hpp"
#include "report/redact.hpp"
#include "report/report.hpp"

namespace causeway::app {

struct ReportInput {
  std::string name;
  std::string text;
  model::Document document;
};
Parsed<ReportInput> report_input(std::string name, std::string text);

// The first diagnosis leads; the other documents are joined to it. The verdict is the judge's,
// anew: the same evidence gives the same verdict, and more gives a sharper one.
Parsed<model::Diagnosis> joined_diagnosis(std::vector<ReportInput> inputs);

int local_zone(WallTime at);  // this machine's zone at that time, in minutes east of UTC

std::vector<report::HiddenCount> hidden_counts(const std::vector<report::Found>& found);

struct MadeReport {
  std::string bytes;
  std::vector<report::Found> hidden;
};
// Of an incident's papers: `format` text, html, json or bundle; `hide` as --redact takes it.
Parsed<MadeReport> incident_report(const IncidentPapers& papers, std::string_view format,
                                   std::string_view hide);

}  // namespace causeway::app
