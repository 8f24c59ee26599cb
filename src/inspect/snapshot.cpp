#include "inspect/snapshot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"
#include "inspect/ruleset_dumps.hpp"

namespace causeway::inspect {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kJournal = "inspect.txt";
constexpr std::string_view kLater = "later";
constexpr std::array<std::string_view, 5> kOutcomes{"read", "missing", "denied", "late", "failed"};

std::optional<Outcome> outcome_named(std::string_view text) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    if (kOutcomes.at(i) == text) return static_cast<Outcome>(i);
  }
  return std::nullopt;
}

// One line's worth of foreign text.
std::string line_of(std::string_view text) { return printable(text, limits::kTextKept); }

bool is_dump_name(std::string_view name) {
  return !name.empty() && name.size() < 64 && !name.starts_with('.') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

Duration milliseconds_in(std::string_view text) {
  std::int64_t ms = 0;
  std::from_chars(text.data(), text.data() + text.size(), ms);
  constexpr std::int64_t kMost = 3'600'000;
  return std::chrono::milliseconds{std::clamp<std::int64_t>(ms, 0, kMost)};
}

std::int64_t whole_milliseconds(Duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

}  // namespace

std::string_view name(Outcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }

std::string_view Snapshot::text(std::string_view dump) const {
  const auto found = dumps.find(dump);
  return found == dumps.end() ? std::string_view{} : std::string_view{found->second.text};
}

bool Snapshot::was_read(std::string_view dump) const {
  const auto found = dumps.find(dump);
  return found != dumps.end() && found->second.outcome == Outcome::read;
}

void Snapshot::keep(std::string dump, std::string text, Duration elapsed) {
  dumps.insert_or_assign(std::move(dump), Dump{std::move(text), Outcome::read, {}, elapsed});
}

std::string write_journal(const Snapshot& snapshot) {
  std::string out = fmt::format("at {}\nroot {}\nsampled {}\n", rfc3339(snapshot.at),
                                snapshot.root ? "yes" : "no", whole_milliseconds(snapshot.sampled));
  if (!snapshot.host.empty()) out += fmt::format("host {}\n", line_of(snapshot.host));
  for (const auto& [file, dump] : snapshot.dumps) {
    out += fmt::format("collector {} {} {} {}\n", file, name(dump.outcome),
                       whole_milliseconds(dump.elapsed), line_of(dump.detail));
  }
  for (const auto& sentence : snapshot.rulesets_unreadable) {
    out += fmt::format("rulesets {} {}\n", snapshot.rulesets_want_root ? "denied" : "failed",
                       line_of(sentence));
  }
  return out;
}

Parsed<Snapshot> read_journal(std::string_view text) {
  Snapshot out;
  int number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    const auto words = words_of(line);
    const auto wrong = [&](std::string_view expected) {
      return error(fmt::format("inspect.txt:{}: expected {}", number, expected));
    };
    if (words.size() < 2) return wrong("at, host, root, sampled, collector or rulesets");
    if (words[0] == "at") {
      const auto at = parse_rfc3339(words[1]);
      if (!at) return wrong("a time as in RFC 3339");
      out.at = *at;
    } else if (words[0] == "host") {
      out.host = words[1];
    } else if (words[0] == "root") {
      out.root = words[1] == "yes";
    } else if (words[0] == "sampled") {
      out.sampled = milliseconds_in(words[1]);
    } else if (words[0] == "collector") {
      const auto outcome = words.size() < 4 ? std::nullopt : outcome_named(words[2]);
      if (!outcome || !is_dump_name(words[1])) return wrong("collector FILE OUTCOME MILLISECONDS");
      std::string detail;
      for (std::size_t i = 4; i < words.size(); ++i) {
        detail += (i > 4 ? " " : "") + std::string{words[i]};
      }
      if (out.dumps.size() >= kInspectDumps) return wrong("fewer collectors");
      out.dumps.insert_or_assign(std::string{words[1]},
                                 Dump{{}, *outcome, std::move(detail), milliseconds_in(words[3])});
    } else if (words[0] == "rulesets") {
      out.rulesets_want_root = words[1] == "denied";
      out.rulesets_unreadable.emplace_back(
          trim(line.substr(line.find(words[1]) + words[1].size())));
    } else {
      return wrong("at, host, root, sampled, collector or rulesets");
    }
  }
  return out;
}

Parsed<void> write_folder(const Snapshot& snapshot, const std::string& folder) {
  if (auto done = make_private_folder(folder); !done) return done;
  if (auto done = write_private(fs::path(folder) / kJournal, write_journal(snapshot)); !done) {
    return done;
  }
  for (const auto& [file, dump] : snapshot.dumps) {
    if (dump.outcome != Outcome::read) continue;
    if (auto done = write_private(fs::path(folder) / file, dump.text); !done) return done;
  }
  if (auto done = write_dumps(snapshot.rulesets, folder); !done) return done;
  if (snapshot.rulesets_later.empty()) return {};
  const auto later = (fs::path(folder) / kLater).string();
  if (auto done = make_private_folder(later); !done) return done;
  return write_dumps(snapshot.rulesets_later, later);
}

Parsed<Snapshot> read_folder(const std::string& folder) {
  std::error_code problem;
  const fs::path root{folder};
  Snapshot out;
  const bool by_hand = !fs::exists(root / kJournal, problem);
  if (!by_hand) {
    const auto journal = read_text(root / kJournal, kInspectDumpBytes);
    if (!journal) return error(fmt::format("{}: {}", folder, journal.error()));
    auto read = read_journal(*journal);
    if (!read) return error(fmt::format("{}/{}", folder, read.error().text));
    out = std::move(*read);
  }
  for (auto& [file, dump] : out.dumps) {
    if (dump.outcome != Outcome::read) continue;
    auto text = read_text(root / file, kInspectDumpBytes);
    if (text) {
      dump.text = std::move(*text);
    } else {
      dump.outcome = Outcome::missing;
      dump.detail = text.error();
    }
  }
  auto rulesets = read_dumps(folder);
  if (rulesets) {
    out.rulesets = std::move(*rulesets);
    if (by_hand) out.rulesets_unreadable = missing_from(out.rulesets);
  } else if (out.dumps.empty()) {
    return std::unexpected(rulesets.error());
  } else if (out.rulesets_unreadable.empty()) {
    out.rulesets_unreadable.push_back(rulesets.error().text);
  }
  if (fs::is_directory(root / kLater, problem)) {
    if (auto later = read_dumps((root / kLater).string())) out.rulesets_later = std::move(*later);
  }
  if (out.at == WallTime{}) out.at = wall_now();
  if (out.host.empty()) out.host = fs::weakly_canonical(root, problem).filename().string();
  return out;
}

}  // namespace causeway::inspect
