#include "reach/self_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "net/own_state.hpp"
#include "net/tcp.hpp"

namespace causeway::reach {
namespace {

constexpr std::uint64_t kFilesNeeded = 64;  // what one diagnosis may hold open at once
// Nothing of this program is older; a clock before it was never set.
constexpr WallTime kNotBefore = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
constexpr WallTime kNotAfter = std::chrono::sys_days{std::chrono::year{2100} / 1 / 1};

SelfFinding check_links() {
  const auto all = net::links();
  std::vector<std::string> working;
  std::vector<std::string> down;
  for (const auto& link : all) {
    if (link.loopback) continue;
    (link.up && link.running ? working : down).push_back(link.name);
  }
  // A machine with nothing but loopback is a test's or a container's own choice: its routes decide.
  const bool ok = !working.empty() || down.empty();
  return {.check = "link",
          .ok = ok,
          .detail = fmt::format("up: {}; down: {}", working.empty() ? "none" : join(working, " "),
                                down.empty() ? "none" : join(down, " "))};
}

SelfFinding check_files() {
  const auto room = net::file_room();
  if (!room) return {.check = "files", .detail = "not known"};
  return {.check = "files",
          .ok = room->open + kFilesNeeded <= room->limit,
          .detail = fmt::format("{} of {} file descriptors are open", room->open, room->limit)};
}

SelfFinding check_ports() {
  const auto room = net::port_room();
  if (!room) return {.check = "ports", .detail = "not known"};
  // A port serves several destinations, so a full range is not proof by itself; connect(2) is.
  return {.check = "ports",
          .ok = room->in_use * 100 < room->range * 95,
          .detail = fmt::format("{} TCP sockets, {} local ports", room->in_use, room->range)};
}

SelfFinding check_clock() {
  const WallTime now = wall_now();
  const auto synchronised = net::clock_synchronised();
  return {.check = "clock",
          .ok = now >= kNotBefore && now <= kNotAfter,
          .detail = fmt::format("{}, {}", rfc3339(now),
                                !synchronised   ? "not known whether synchronised"
                                : *synchronised ? "synchronised"
                                                : "not synchronised")};
}

}  // namespace

void self_check(Survey& survey) {
  record_self(survey, check_links());
  record_self(survey, check_files());
  record_self(survey, check_ports());
  record_self(survey, check_clock());
}

void record_self(Survey& survey, const SelfFinding& finding) {
  model::Observation seen{model::Kind::self_check, "route", std::string{finding.check}};
  seen.set("check", finding.check).set("outcome", finding.ok ? "ok" : "failed");
  if (finding.family) seen.set("family", name(*finding.family));
  if (!finding.detail.empty()) seen.set("detail", finding.detail);
  if (finding.os_code != 0) seen.set("error", net::errno_name(finding.os_code));
  const bool known =
      std::ranges::any_of(survey.record.observations(), [&](const model::Observation& other) {
        return other.kind == model::Kind::self_check && other.fields() == seen.fields();
      });
  if (!known) survey.record.add(std::move(seen));
}

}  // namespace causeway::reach
