// What logs tell, counted by kind; and what follows from lines of the last minutes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
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
    Told{"files", "files", "exhausted"},        Told{"memory", "memory", "oom-kill"},
    Told{"worker-limit", "load", "high"},       Told{"crash", "process", "crashed"},
    Told{"backend-timeout", "backend", "hung"}, Told{"backend-refused", "backend", "down"},
    Told{"backend-closed", "backend", "cuts"},  Told{"rate-limited", "requests", "limited"},
    Told{"table-full", "conntrack", "full"},    Told{"disk", "disk", "full"},
};

struct Group {
  int count = 0;
  const LogLine* first = nullptr;
  const LogLine* last = nullptr;
};

// As a word: "nginx[812]:", "(php-fpm8.2)", not the end of "mynginx".
bool names_program(std::string_view text, std::string_view program) {
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (auto at = text.find(program); at != text.npos; at = text.find(program, at + 1)) {
    const auto after = at + program.size();
    const bool begins = at == 0 || (!letter(text[at - 1]) && text[at - 1] != '-');
    const bool ends =
        after >= text.size() || !std::isalpha(static_cast<unsigned char>(text[after]));
    if (begins && ends) return true;
  }
  return false;
}

bool names_server(std::string_view text, bool web_alone) {
  return std::ranges::any_of(service_rows(), [&](const ServiceRow& row) {
    if (row.role == "container" || (web_alone && row.role != "web")) return false;
    return std::ranges::any_of(row.programs, [&](std::string_view program) {
      return !program.empty() && names_program(text, program);
    });
  });
}

// As nginx, lighttpd and Apache write of the application they hand requests to.
bool of_an_application(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords{"upstream", "gw_backend", "AH0"};
  return std::ranges::any_of(kWords, [&](auto word) { return text.contains(word); });
}

// Logs that every program of the machine writes to.
bool is_shared(std::string_view source) {
  constexpr std::array<std::string_view, 5> kShared{"journal", "syslog", "messages", "kern.log",
                                                    "daemon.log"};
  return std::ranges::any_of(kShared, [&](auto name) { return source.ends_with(name); });
}

// Many programs crash, are refused or run out of something; here only servers matter.
bool concerns_a_server(const LogLine& line) {
  const bool of_backend = line.what.starts_with("backend-");
  if (of_backend && !of_an_application(line.text)) return false;
  if (line.what == "table-full") return true;
  if (!is_shared(line.source) && line.what != "memory") return true;
  return names_server(line.text, of_backend || line.what == "rate-limited");
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
