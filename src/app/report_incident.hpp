// An incident that a watch keeps, for a report: its diagnosis, since when, what happened.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "report/report.hpp"
#include "store/database.hpp"

namespace causeway::app {

struct IncidentPapers {
  std::string id;
  std::string diagnosis;            // causeway.diagnosis/1
  std::vector<report::Fact> facts;  // for the claim
  std::vector<report::Attachment>
      files;  // the timeline; excerpts of answers. Nothing is hidden yet
};

// `which`: an incident's id, or its beginning, or "latest". `store`: a file or postgresql://...
// Only read; a watch may be running on it.
Parsed<IncidentPapers> incident_papers(store::Database& database, const std::string& which);
Parsed<IncidentPapers> read_incident(const std::string& store, const std::string& which);

}  // namespace causeway::app
