#include "inspect/collect_programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/names.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/run_program.hpp"
#include "inspect/services.hpp"

namespace causeway::inspect {
namespace {

struct Asked {
  std::string dump;
  std::vector<std::string> words;
};

Outcome outcome_of(const Ran& ran) {
  switch (ran.end) {
    case Ran::End::missing: return Outcome::missing;
    case Ran::End::too_slow: return Outcome::late;
    case Ran::End::exited:
      if (ran.status == 0) return Outcome::read;
      return contains_ignoring_case(ran.err, "permission") ||
                     contains_ignoring_case(ran.err, "not permitted")
                 ? Outcome::denied
                 : Outcome::failed;
    case Ran::End::signalled:
    case Ran::End::failed:
    case Ran::End::too_large: return Outcome::failed;
  }
  std::unreachable();
}

// One call for all units; those that are not there say LoadState=not-found.
Asked units() {
  Asked out{"systemd.txt",
            {"systemctl", "show", "--no-pager",
             "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus,"
             "ExecMainCode,MainPID,UnitFileState"}};
  for (const auto& row : service_rows()) {
    for (const auto unit : row.units) {
      if (!unit.empty()) out.words.push_back(std::string{unit} + ".service");
    }
  }
  return out;
}

// Only lines that tell of trouble, and of them only what is safe to show.
std::string only_trouble(std::string_view journal) {
  std::string out;
  std::size_t kept = 0;
  for (const auto line : split(journal, '\n')) {
    const auto what = trouble_in(line);
    if (what.empty() || ++kept > kLogLinesKept) continue;
    out += write_log_line({"journal", std::string{what}, time_in(line, 0), safe_text(line)});
  }
  return out;
}

bool runs(const Snapshot& out, std::string_view program) {
  for (const auto& process : parse_processes(out.text("processes.txt"))) {
    if (process.name == program) return true;
  }
  return false;
}

// getent exits with 2 where there is no such name; a resolver that does not answer is another
// matter.
void keep_names(Snapshot& out, const std::vector<std::string>& names, std::span<const Ran> ran) {
  if (names.empty()) return;
  std::string text;
  Dump dump;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool nowhere = ran[i].end == Ran::End::exited && ran[i].status == 2;
    dump.elapsed = std::max(dump.elapsed, ran[i].took);
    if (ran[i].good() || nowhere) {
      text += write_name(names[i], ran[i].out);
    } else if (dump.detail.empty()) {
      dump.detail = fmt::format("{}: {}", names[i], ran[i].problem("getent"));
      dump.outcome = outcome_of(ran[i]);
    }
  }
  if (!text.empty()) dump.outcome = Outcome::read;
  dump.text = std::move(text);
  out.dumps.insert_or_assign("names.txt", std::move(dump));
}

}  // namespace

void collect_programs(Snapshot& out, Duration since) {
  std::vector<Asked> asked{{"neighbours.json", {"ip", "-j", "neigh", "show"}}};
  const auto machine = parse_numbers(out.text("machine.txt"));
  if (const auto at = machine.find("systemd"); at != machine.end() && at->second != 0) {
    asked.push_back(units());
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(since).count();
    asked.push_back(
        {"journal.txt",
         {"journalctl", "--no-pager", "--quiet", "--output=short-iso",
          fmt::format("--since=-{}min", minutes), "--priority=warning", "--lines=5000"}});
  }
  if (runs(out, "dockerd")) {
    asked.push_back({"docker.txt",
                     {"docker", "ps", "--all", "--no-trunc", "--format",
                      "{{.Names}}\t{{.State}}\t{{.Ports}}\t{{.Status}}"}});
  }
  if (runs(out, "fail2ban-server")) {
    asked.push_back({"fail2ban.txt", {"fail2ban-client", "banned"}});
  }
  if (runs(out, "crowdsec")) {
    asked.push_back({"crowdsec.txt", {"cscli", "decisions", "list", "-o", "raw"}});
  }
  std::vector<Program> programs;
  programs.reserve(asked.size());
  for (auto& one : asked) programs.push_back({.words = one.words, .most = kInspectDumpBytes});
  const auto names = site_names(out);
  for (const auto& name : names) programs.push_back(look_up(name));
  const auto ran = run_programs(programs);
  keep_names(out, names, std::span{ran}.subspan(asked.size()));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto outcome = outcome_of(ran[i]);
    Dump dump{{}, outcome, {}, ran[i].took};
    if (outcome == Outcome::read) {
      dump.text = asked[i].dump == "journal.txt" ? only_trouble(ran[i].out) : ran[i].out;
    } else {
      dump.detail = ran[i].problem(programs[i].words.front());
    }
    out.dumps.insert_or_assign(asked[i].dump, std::move(dump));
  }
}

}  // namespace causeway::inspect
