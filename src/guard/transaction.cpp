#include "guard/transaction.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/limits.hpp"
#include "guard/limits.hpp"
#include "guard/pause.hpp"
#include "guard/replace_file.hpp"
#include "guard/settings.hpp"
#include "guard/zone_files.hpp"
#include "inspect/ruleset_dumps.hpp"

namespace causeway::guard {
namespace {

constexpr char kTrial = 't';
// A program that the dead applier had started may still be at work.
constexpr auto kStraggler = std::chrono::milliseconds{1500};

bool fine(const Action& action, const inspect::Ran& ran) {
  if (ran.good()) return true;
  return ran.end == inspect::Ran::End::exited &&
         std::ranges::find(action.also_fine, ran.status) != action.also_fine.end();
}

// True when the trial began; false when the other end is gone.
bool wait_for_trial(int pipe) {
  char said = 0;
  while (true) {
    const auto got = ::read(pipe, &said, 1);
    if (got < 0 && errno == EINTR) continue;
    return got == 1 && said == kTrial;
  }
}

void guard_trial(Store& store) {
  while (true) {
    const auto journal = store.load();
    if (!journal || journal->phase != Journal::Phase::trying) return;
    if (unix_now() >= journal->until) break;
    pause(limits::kPoll);
  }
  if (!store.lock(Duration::max())) return;
  const auto journal = store.load();
  if (journal && journal->phase == Journal::Phase::trying) roll_back(store, *journal);
}

void guard_applying(Store& store) {
  if (!store.lock(Duration::max())) return;
  pause(kStraggler);
  const auto journal = store.load();
  if (journal && journal->phase == Journal::Phase::applying) roll_back(store, *journal);
}

// The guardian's life: nobody waits for it, and nothing of the terminal holds it.
[[noreturn]] void live(Store& store, int pipe) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) ::signal(signal, SIG_IGN);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, fd);
  if (wait_for_trial(pipe)) {
    guard_trial(store);
  } else {
    guard_applying(store);
  }
  ::_exit(0);
}

std::vector<std::string> settle(Store& store, const Grant& from, const Grant& to) {
  for (const auto& path : from.files) ::unlink(beside(path).c_str());
  auto problems = change_layers(from, to, false);
  if (const auto saved = store.save({.phase = Journal::Phase::settled, .kept = to}); !saved) {
    problems.push_back(saved.error().text);
  }
  return problems;
}

}  // namespace

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::vector<std::string> carry_out(const std::vector<Action>& actions, bool stop) {
  std::vector<std::string> problems;
  for (const auto& action : actions) {
    if (action.file) {
      const auto done = replace_file(action.file->path, action.file->before, action.file->after);
      if (done) continue;
      problems.push_back(done.error().text);
      if (stop) break;
      continue;
    }
    const auto ran = inspect::run_program(action.program);
    if (fine(action, ran)) continue;
    problems.push_back(ran.problem(action.program.words.front()));
    if (stop) break;
  }
  return problems;
}

std::vector<std::string> change_layers(const Grant& from, const Grant& to, bool stop) {
  const auto settings = collect_settings({&from, &to});
  const auto wanted = wanted_files(to, settings);
  std::vector<std::string> problems;
  if (!wanted) problems.push_back(wanted.error().text);
  if (!wanted && stop) return problems;
  const auto texts = wanted.value_or(Texts{});
  const auto add = [&](const std::vector<Action>& all) {
    if (stop && !problems.empty()) return;
    auto more = carry_out(all, stop);
    problems.insert(problems.end(), more.begin(), more.end());
  };
  if (stop) add(checks(to, settings, texts));
  add(csf_actions(from, to, settings, texts));
  add(actions(from, to, inspect::collect_rulesets().texts));
  add(settings_actions(from, to, settings, texts));
  return problems;
}

Parsed<Guardian> Guardian::start(Store& store) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error(std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) return error(fmt::format("cannot start the guardian: {}", std::strerror(errno)));
  if (child == 0) {
    ::close(ends[1]);
    store.forget_lock();
    live(store, ends[0]);
  }
  ::close(ends[0]);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return Guardian(ends[1]);
}

Guardian::Guardian(Guardian&& other) noexcept : pipe_(std::exchange(other.pipe_, -1)) {}

Guardian::~Guardian() {
  if (pipe_ >= 0) ::close(pipe_);
}

void Guardian::trial_begins() {
  while (::write(pipe_, &kTrial, 1) < 0 && errno == EINTR) {
  }
}

std::vector<std::string> roll_back(Store& store, const Journal& journal) {
  return settle(store, journal.wanted, journal.kept);
}

std::vector<std::string> keep(Store& store, Journal journal) {
  // A confirmation that was cut short has noted them already.
  if (journal.phase != Journal::Phase::keeping) {
    for (auto& zone : without_file(journal.wanted.zones)) {
      journal.wanted.zone_files.push_back(std::move(zone));
    }
  }
  journal.phase = Journal::Phase::keeping;
  if (const auto saved = store.save(journal); !saved) return {saved.error().text};
  auto problems = carry_out(lasting_actions(journal.kept, journal.wanted), false);
  if (!problems.empty()) return problems;
  if (const auto saved = store.save({.phase = Journal::Phase::settled, .kept = journal.wanted});
      !saved) {
    problems.push_back(saved.error().text);
  }
  return problems;
}

std::vector<std::string> remove_kept(Store& store, const Journal& journal) {
  auto problems = settle(store, journal.kept, {});
  const auto lasting = carry_out(lasting_actions(journal.kept, {}), false);
  problems.insert(problems.end(), lasting.begin(), lasting.end());
  remove_as_shipped(journal.kept.zone_files);
  return problems;
}

std::string recover(Store& store) {
  const auto journal = store.load();
  if (!journal) return "";
  switch (journal->phase) {
    case Journal::Phase::settled: return "";
    case Journal::Phase::applying:
      roll_back(store, *journal);
      return "an earlier change was cut short: it is undone";
    case Journal::Phase::trying:
      if (unix_now() < journal->until) return "";
      roll_back(store, *journal);
      return "an earlier change was not confirmed in time: it is undone";
    case Journal::Phase::keeping: {
      const auto problems = keep(store, *journal);
      return problems.empty() ? "an earlier confirmation was cut short: it is finished"
                              : "an earlier confirmation is not finished: " + problems.front();
    }
  }
  return "";
}

}  // namespace causeway::guard
