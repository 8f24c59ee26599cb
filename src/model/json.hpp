// The JSON form of a diagnosis (schema causeway.diagnosis/1, docs/schema/diagnosis.schema.json),
// and the way back from documents of other vantages and of the origin (causeway.facts/1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/diagnosis.hpp"

namespace causeway::model {

inline constexpr std::string_view kDiagnosisSchema = "causeway.diagnosis/1";
inline constexpr std::string_view kFactsSchema = "causeway.facts/1";

// Two blanks a level, ends with a newline. Bytes that are not UTF-8 become U+FFFD.
std::string to_json(const Diagnosis& diagnosis);

// What somebody else saw: the parts of a document that a judge may use.
struct Document {
  std::string schema;
  Vantage vantage;
  std::string host;  // facts: the machine they are about; diagnosis: the target's host
  std::optional<WallTime> started;
  std::vector<Attempt> attempts;
  std::vector<Observation> observations;  // each with its vantage filled in
  int skipped_kinds = 0;                  // observations of kinds that this version does not know
  int skipped_fields = 0;                 // fields and failures that it does not know
};

// `name` (a file's name) leads every error, which ends with where and what is expected:
// "facts.json: observations[3].data.port: expected integer, found string". A newer version of the
// same schema may know more kinds and fields: those are skipped and counted. Bounded by
// limits::kDocumentBytes, kDocumentDepth, kDocumentValues and kObservations.
Parsed<Document> parse_document(std::string_view text, std::string_view name);

}  // namespace causeway::model
