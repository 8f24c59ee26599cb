// From what was seen to a diagnosis' verdict, with what others saw beside it (--with). Pure.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "model/diagnosis.hpp"
#include "model/json.hpp"

namespace causeway::judge {

// Verdict and observations of `out`, whose attempts and vantage are set: the documents are joined,
// comparisons derived, all of it judged, and the age of the documents noted.
void conclude(model::Diagnosis& out, std::vector<model::Observation> seen,
              const std::vector<model::Document>& others);

// Appends the documents' observations under ids of their own ("o41" ...), each under the vantage
// that saw it. A document of our own vantage's name keeps apart by its time. Comparisons that
// another judge derived are left out: this one derives its own from all observations.
void join(std::vector<model::Observation>& observations, const std::string& own_vantage,
          const std::vector<model::Document>& documents);

// "The facts from web-1 are 25 minutes old." for every document older than limits::kFactsFresh,
// and which are dated later than `now`.
std::vector<model::Note> age_notes(const std::vector<model::Document>& documents, WallTime now);

}  // namespace causeway::judge
