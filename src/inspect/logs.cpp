// What logs tell, counted by kind; and what follows from lines of the last minutes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "inspect/analyzers.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/services.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

// A line older than this may tell of another trouble than the one of now.
constexpr auto kFresh = std::chrono::minutes{10};

struct Told {
  std::string_view what;  // of the log
  std::string_view fact;
  std::string_view value;
};
constexpr std::array kTold{
    Told{"files", "files", "exhausted"},
    Told{"memory", "memory", "oom-kill"},
    Told{"worker-limit", "load", "high"},
    Told{"crash", "process", "crashed"},
    Told{"backend-timeout", "backend", "hung"},
    Told{"backend-refused", "backend", "down"},
    Told{"backend-closed", "backend", "cuts"},
    Told{"rate-limited", "requests", "limited"},
    Told{"table-full", "conntrack", "full"},
    Told{"disk", "disk", "full"},
};

struct Group {
  int count = 0;
  const LogLine* first = nullptr;
  const LogLine* last = nullptr;
};

// As nginx, lighttpd and Apache (AH00957, AH01114) write of the application they hand requests to.
bool of_a_web_server(const LogLine& line) {
  constexpr std::array<std::string_view, 4> kWords{"upstream", "gw_backend", "AH00957", "AH01114"};
  return std::ranges::any_of(kWords, [&](auto word) { return line.text.contains(word); });
}

// A kernel kills many programs, and many are refused; here only servers matter.
bool concerns_a_server(const LogLine& line) {
  if (line.what == "backend-refused") return of_a_web_server(line);
  if (line.what != "memory") return true;
  return std::ranges::any_of(service_rows(), [&](const ServiceRow& row) {
    return std::ranges::any_of(row.programs, [&](std::string_view program) {
      return !program.empty() && line.text.find(program) != std::string::npos;
    });
  });
}

}  // namespace

void analyze_logs(const View& view, Notes& notes) {
  auto lines = read_log_lines(view.snapshot.text("logs.txt"));
  const auto journal = read_log_lines(view.snapshot.text("journal.txt"));
  lines.insert(lines.end(), journal.begin(), journal.end());
  std::map<std::pair<std::string_view, std::string_view>, Group> groups;
  for (const auto& line : lines) {
    auto& group = groups[{line.source, line.what}];
    ++group.count;
    if (group.first == nullptr) group.first = &line;
    group.last = &line;
  }
  for (const auto& [key, group] : groups) {
    const auto& last = *group.last;
    const bool recent = last.at && view.snapshot.at - *last.at < view.question.since;
    auto& out = notes.saw(Kind::log_entry, last.source);
    out.set("source", last.source).set("what", last.what).set("count", group.count);
    if (group.first->at) out.set("first", rfc3339(*group.first->at));
    if (last.at) out.set("last", rfc3339(*last.at)).set("recent", recent);
    out.set("text", last.text);
    const bool fresh = last.at && view.snapshot.at - *last.at < kFresh;
    const auto told = std::ranges::find(kTold, last.what, &Told::what);
    if (!fresh || told == kTold.end() || !concerns_a_server(last)) continue;
    notes.fact(told->fact, told->value, {out.id})
        .set("detail", fmt::format("{}: {}", last.source, last.text));
  }
}

}  // namespace causeway::inspect
