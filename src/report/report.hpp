// A report to a hosting provider: what fails, proved by packets, what was ruled out, and the exact
// question. Pure: the same diagnosis, already redacted, gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/diagnosis.hpp"

namespace causeway::report {

struct Fact {
  std::string label;
  std::string value;
};

struct Line {
  std::string at;  // "14:02:11.123", UTC; empty where time does not matter
  std::string text;
  std::vector<std::string> observations;
};

struct Attachment {
  std::string name;  // within the bundle
  std::string bytes;
};

struct HiddenCount {
  std::string kind;
  std::uint64_t values = 0;
};

struct Context {
  int zone_minutes = 0;    // of the local times
  std::string code_title;  // "Connection timed out"
  std::vector<HiddenCount> hidden;
  std::vector<Attachment> attachments;
  std::vector<Fact> incident;  // since when, until when, how many sites
  std::string measured_back;   // what was measured on the server towards us, as it is
};

struct Report {
  std::string id;     // of the content: the same input has the same id
  std::string title;  // "shop.example.net at 203.0.113.10: 522 Connection timed out"
  std::string summary;
  std::vector<Fact> facts;
  std::vector<Fact> incident;          // of a watch; also among the facts
  std::vector<std::string> questions;  // most important first
  std::vector<Line> packets;           // what was sent and what came back, in order of time
  std::vector<Line> path_to;           // hop by hop
  std::vector<std::string> path_back;  // sentences, and at place 1 a command or a table
  std::vector<Line> why;
  std::vector<Line> ruled_out;
  std::vector<HiddenCount> hidden;
  std::vector<Attachment> attachments;
  model::Diagnosis diagnosis;
};

Report build(model::Diagnosis diagnosis, Context context);

// What the host is asked, for one cause; never empty.
std::string question_for(model::CauseId cause, const model::Diagnosis& diagnosis);

// One observation as a network engineer would note it; empty for what is no measurement.
std::string packet_line(const model::Observation& observation);

std::string as_text(const Report& report);  // 76 columns, to be pasted into a ticket
std::string as_json(const Report& report);  // causeway.report/1, docs/schema/report.schema.json
// A draft (RFC 5322, X-Unsent) with the text inside, page and JSON attached. `to` may be empty.
std::string as_mail(const Report& report, std::string_view to, std::string_view page);

// A tar archive (POSIX ustar), zstd-compressed: the files, and manifest.json with the SHA-256 of
// each. Times inside are the diagnosis' own, so that the same input makes the same archive.
std::string as_bundle(const Report& report, std::string_view page);
std::string manifest(const std::vector<Attachment>& files);
std::vector<Attachment> bundle_files(const Report& report, std::string_view page);

std::string sha256_hex(std::string_view bytes);

}  // namespace causeway::report
