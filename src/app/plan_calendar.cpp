// The steps of a plan as a calendar (RFC 5545), so that nobody has to remember the last ones: raise
// the TTLs again, retire the old origin.
#include <fmt/format.h>

#include <string_view>

#include "app/plan.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kLineBytes = 75;  // RFC 5545 section 3.1

// "2026-12-01T22:00:00.000Z" as "20261201T220000Z"
std::string stamp(WallTime at) {
  std::string out;
  for (const char c : rfc3339(at).substr(0, 19)) {
    if (c != '-' && c != ':') out += c;
  }
  return out + "Z";
}

std::string escaped_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == ';' || c == ',') out += '\\';
    out += c;
  }
  return out;
}

// Folded: a line that goes on begins with a blank. Never inside a character of several bytes.
void add(std::string& out, std::string_view line) {
  std::size_t room = kLineBytes;
  while (line.size() > room) {
    std::size_t end = room;
    while (end > 1 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
    out += fmt::format("{}\r\n ", line.substr(0, end));
    line.remove_prefix(end);
    room = kLineBytes - 1;
  }
  out += fmt::format("{}\r\n", line);
}

}  // namespace

std::string plan_calendar(const plan::Plan& plan, WallTime at) {
  std::string site;
  for (const auto& host : plan.seen.hosts) site += (site.empty() ? "" : ", ") + host.name;
  std::string out;
  add(out, "BEGIN:VCALENDAR");
  add(out, "VERSION:2.0");
  add(out, "PRODID:-//causeway//plan//EN");
  int number = 0;
  for (const auto& step : plan.steps) {
    const WallTime when = at + std::chrono::duration_cast<WallTime::duration>(step.offset);
    add(out, "BEGIN:VEVENT");
    add(out, fmt::format("UID:{}-{}-{}@causeway", stamp(at), ++number, escaped_text(site)));
    add(out, "DTSTAMP:" + stamp(plan.seen.at));
    add(out, "DTSTART:" + stamp(when));
    add(out, "DURATION:PT15M");
    add(out, fmt::format("SUMMARY:{}",
                         escaped_text(fmt::format("{} ({}): {}", site, step.when, step.text))));
    if (!step.commands.empty()) add(out, "DESCRIPTION:" + escaped_text(join(step.commands, "\n")));
    add(out, "BEGIN:VALARM");
    add(out, "ACTION:DISPLAY");
    add(out, "TRIGGER:-PT10M");
    add(out, "DESCRIPTION:" + escaped_text(step.text));
    add(out, "END:VALARM");
    add(out, "END:VEVENT");
  }
  add(out, "END:VCALENDAR");
  return out;
}

}  // namespace causeway::app
