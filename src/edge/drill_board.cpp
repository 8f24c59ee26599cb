#include "edge/drill_board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "edge/limits.hpp"
#include "edge/query.hpp"

namespace causeway::edge {
namespace {

// Only what visitors can meet: a failure with an answer of its own.
std::optional<model::FailureId> failure_named(std::string_view id) {
  for (const auto& row : model::failure_rows()) {
    if (row.id == id && row.code >= 500) return row.failure;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text, limits::kUrlBytes)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Parsed<Duration> span_of(std::string_view key, std::string_view value, Duration most) {
  const auto span = parse_duration(value);
  if (span && *span >= Duration{} && *span <= most) return *span;
  return error(fmt::format("{}={}: expected a time up to {}s, such as 30s", key,
                           printable(value, 40),
                           std::chrono::duration_cast<std::chrono::seconds>(most).count()));
}

Parsed<bool> take(Drill& drill, Duration& lasts, std::string_view key, const std::string& value) {
  if (key == "failure") {
    const auto failure = failure_named(value);
    if (!failure) {
      return error(
          fmt::format("failure={}: no failure that visitors can be told; expected one of "
                      "docs/failures.md, such as connect.refused",
                      printable(value, 60)));
    }
    drill.failure = *failure;
  } else if (key == "host") {
    drill.host = lower(value);
  } else if (key == "path") {
    if (!value.starts_with('/')) return error("path: begins with \"/\"");
    drill.path = value;
  } else if (key == "percent") {
    const char* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, drill.percent);
    if (read.ec != std::errc{} || read.ptr != end || drill.percent < 1 || drill.percent > 100) {
      return error(fmt::format("percent={}: expected 1 to 100", printable(value, 40)));
    }
  } else if (key == "delay" || key == "for") {
    const auto span =
        span_of(key, value,
                key == "for" ? Duration{limits::kDrillMost} : Duration{limits::kDrillDelayMost});
    if (!span) return std::unexpected{span.error()};
    (key == "for" ? lasts : drill.delay) = *span;
  } else {
    return error(
        fmt::format("\"{}\" is no key of a drill; expected failure, host, path, percent, "
                    "delay or for",
                    printable(key, 40)));
  }
  return true;
}

}  // namespace

std::optional<Drill> DrillBoard::drill_for(std::string_view host, std::string_view path,
                                           std::uint64_t chance, Instant now) const {
  if (!any()) return std::nullopt;
  const std::scoped_lock lock{mutex_};
  const Drill* found = edge::drill_for(drills_, host, path, chance, now);
  return found == nullptr ? std::nullopt : std::optional{*found};
}

Parsed<Drill> DrillBoard::begin(std::string_view query, Instant now) {
  Drill drill;
  Duration lasts = limits::kDrillUsual;
  bool named = false;
  for (const auto& [key, value] : query_pairs(query)) {
    if (auto taken = take(drill, lasts, key, value); !taken) {
      return std::unexpected{taken.error()};
    }
    named = named || key == "failure";
  }
  if (!named) return error("expected ?failure=ID, such as connect.refused");
  drill.until = now + lasts;
  const std::scoped_lock lock{mutex_};
  std::erase_if(drills_, [&](const Drill& known) { return known.until <= now; });
  if (drills_.size() >= limits::kDrills) {
    return error(fmt::format("{} drills are under way; end them first", limits::kDrills));
  }
  drills_.push_back(drill);
  count_.store(drills_.size(), std::memory_order_relaxed);
  return drill;
}

std::size_t DrillBoard::end_all() {
  const std::scoped_lock lock{mutex_};
  const std::size_t ended = drills_.size();
  drills_.clear();
  count_.store(0, std::memory_order_relaxed);
  return ended;
}

std::size_t DrillBoard::running(Instant now) const {
  const std::scoped_lock lock{mutex_};
  return static_cast<std::size_t>(
      std::ranges::count_if(drills_, [&](const Drill& drill) { return drill.until > now; }));
}

std::string DrillBoard::json(Instant now) const {
  const std::scoped_lock lock{mutex_};
  std::string rows;
  for (const auto& drill : drills_) {
    if (drill.until <= now) continue;
    rows += fmt::format(
        "{}\n  {{\"failure\": \"{}\", \"host\": {}, \"path\": {}, \"percent\": {}, \"delay_ms\": "
        "{}, \"seconds_left\": {}}}",
        rows.empty() ? "" : ",", model::name(drill.failure), quoted(drill.host), quoted(drill.path),
        drill.percent, std::chrono::duration_cast<std::chrono::milliseconds>(drill.delay).count(),
        std::chrono::ceil<std::chrono::seconds>(drill.until - now).count());
  }
  return fmt::format("{{\"drills\": [{}{}]}}\n", rows, rows.empty() ? "" : "\n");
}

}  // namespace causeway::edge
