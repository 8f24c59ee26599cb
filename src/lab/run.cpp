#include "lab/run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "lab/sandbox.hpp"

namespace causeway::lab {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The fault as lab/lib reads it: variables, and each section with its own line numbers.
bool write_fault(const Fault& fault, const Plan& plan, const fs::path& out) {
  const auto hash = hash_of(fault.id, plan.seed);
  std::ofstream facts(out / "facts");
  for (const auto& [key, value] : fault.settings) {
    if (key != "hops") facts << key << '=' << shell_word(value) << '\n';
  }
  facts << "id=" << shell_word(fault.id) << "\nhash=" << hash
        << "\nhops=" << hops_of(fault.setting("hops"), hash)
        << "\njoined=" << (plan.joined ? "yes" : "no")
        << "\nuser=" << (plan.unprivileged ? "nobody" : "root") << '\n';
  for (const auto& section : fault.sections) {
    std::ofstream script(out / (section.name + ".sh"));
    script << std::string(static_cast<std::size_t>(section.line - 1), '\n') << section.script;
    if (!script.flush()) return false;
  }
  return static_cast<bool>(facts.flush());
}

struct Phases {
  std::string last;
  double setup_ms = 0;
};

// Lines "NAME MICROSECONDS" that main.sh writes as it goes.
Phases read_phases(const fs::path& out) {
  Phases phases;
  std::ifstream in(out / "phases");
  std::string name;
  std::int64_t at = 0, first = 0;
  while (in >> name >> at) {
    if (first == 0) first = at;
    phases.last = name;
    if (name == "run" || name == "check" || name == "vantage") {
      if (phases.setup_ms == 0) phases.setup_ms = static_cast<double>(at - first) / 1000.0;
    }
  }
  return phases;
}

// What the fault's own script said at its end; after it come the logs of the servers.
std::string last_words(const fs::path& out) {
  constexpr std::size_t kBytes = 400;
  auto log = read_file(out / "log");
  if (const auto servers = log.find("\n--- "); servers != std::string::npos) log.erase(servers);
  if (log.size() > kBytes) log.erase(0, log.size() - kBytes);
  while (!log.empty() && log.back() == '\n') log.pop_back();
  std::ranges::replace(log, '\n', ';');
  return printable(log, kBytes);
}

class Runner {
 public:
  Runner(const Plan& plan, const std::function<void(const Result&)>& done)
      : plan_(plan), done_(done) {
    waiting_ = plan.faults;
    // The long ones first, so that none of them is alone at the end.
    std::ranges::partition(waiting_, [](const Fault* fault) { return !fault->has_tag("slow"); });
  }

  std::vector<Result> run(const std::function<bool()>& interrupted) {
    while (!interrupted() && (!waiting_.empty() || !jobs_.empty())) {
      while (!waiting_.empty() && jobs_.size() < static_cast<std::size_t>(plan_.jobs)) start_next();
      wait();
    }
    jobs_.clear();
    std::ranges::sort(results_, {}, [](const Result& result) { return result.fault->id; });
    return std::move(results_);
  }

 private:
  struct Job {
    const Fault* fault = nullptr;
    fs::path out;
    Sandbox sandbox;
    Instant deadline;
    bool late = false;
  };

  void start_next() {
    const Fault* fault = waiting_.back();
    waiting_.pop_back();
    const auto out = plan_.work / fault->id;
    std::error_code problem;
    fs::remove_all(out, problem);
    fs::create_directories(out, problem);
    if (problem || !write_fault(*fault, plan_, out)) {
      return finish({.fault = fault, .trouble = out.string() + ": cannot be written"});
    }
    auto sandbox =
        Sandbox::start({.tree = plan_.places.tree,
                        .authority = plan_.authority,
                        .causeway = plan_.places.causeway,
                        .servers = plan_.places.servers},
                       out, {"/run/lab/tree/lib/main.sh", plan_.mode}, plan_.mode == "shell");
    if (!sandbox) return finish({.fault = fault, .trouble = sandbox.error().text});
    const auto limit =
        plan_.mode == "shell" ? Duration(std::chrono::hours(24)) : Duration(fault->limit);
    jobs_.push_back({.fault = fault,
                     .out = out,
                     .sandbox = std::move(*sandbox),
                     .deadline = Clock::now() + limit});
  }

  void wait() {
    if (jobs_.empty()) return;
    std::vector<pollfd> ends;
    auto next = kNever;
    for (const auto& job : jobs_) {
      ends.push_back({.fd = job.sandbox.pidfd(), .events = POLLIN, .revents = 0});
      next = std::min(next, job.deadline);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    ::poll(ends.data(), ends.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    for (std::size_t i = jobs_.size(); i-- > 0;) {
      if (ends[i].revents != 0) {
        collect(i);
      } else if (Clock::now() >= jobs_[i].deadline) {
        jobs_[i].late = true;  // its end is seen on the next turn
        jobs_[i].sandbox.kill();
        jobs_[i].deadline = kNever;
      }
    }
  }

  void collect(std::size_t index) {
    Job job = std::move(jobs_[index]);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(index));
    const int status = job.sandbox.reap();
    const auto phases = read_phases(job.out);
    Result result{.fault = job.fault, .setup_ms = phases.setup_ms, .kept = job.out.string()};
    if (job.late) {
      result.trouble = fmt::format("killed after {} s in phase {}; {}", job.fault->limit.count(),
                                   phases.last, last_words(job.out));
    } else if (status != 0) {
      result.trouble = fmt::format("phase {}: {}", phases.last, last_words(job.out));
    } else if (plan_.mode == "run") {
      read_answer(job.out, result);
    } else if (plan_.mode == "edge") {
      read_edge_answer(job.out, result);
    }
    finish(std::move(result));
  }

  static void read_answer(const fs::path& out, Result& result) {
    auto answer = parse_answer(read_file(out / "diagnosis.json"));
    if (!answer) {
      auto words = read_file(out / "diagnose.log");
      result.trouble = fmt::format("no diagnosis (exit {}): {}; {}", trim(read_file(out / "exit")),
                                   answer.error().text, printable(words, 300));
      return;
    }
    result.answer = std::move(*answer);
    result.mark = mark(*result.fault, result.answer);
  }

  static void read_edge_answer(const fs::path& out, Result& result) {
    auto answer = parse_edge_answer(read_file(out / "edge-answer.json"));
    if (!answer) {
      result.trouble = fmt::format("no answer of the edge: {}", answer.error().text);
      return;
    }
    result.answer = std::move(*answer);
    result.mark = mark(*result.fault, result.answer);
  }

  void finish(Result result) {
    done_(result);
    results_.push_back(std::move(result));
  }

  const Plan& plan_;
  const std::function<void(const Result&)>& done_;
  std::vector<const Fault*> waiting_;  // the next one is the last
  std::vector<Job> jobs_;
  std::vector<Result> results_;
};

}  // namespace

std::vector<Result> run(const Plan& plan, const std::function<void(const Result&)>& done,
                        const std::function<bool()>& interrupted) {
  return Runner(plan, done).run(interrupted);
}

Parsed<bool> make_authority(const Places& places, const fs::path& directory) {
  std::error_code problem;
  fs::create_directories(directory, problem);
  const auto script = (places.tree / "lib/authority.sh").string();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(script.c_str(), script.c_str(), directory.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  return error(fmt::format("{} failed: {}", script, trim(read_file(directory / "log"))));
}

}  // namespace causeway::lab
