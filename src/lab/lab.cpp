#include "lab/lab.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "lab/report.hpp"
#include "lab/run.hpp"
#include "lab/sandbox.hpp"

namespace causeway::lab {
namespace {

namespace fs = std::filesystem;

constexpr int kWrongUse = 2;
constexpr int kCouldNot = 3;

std::atomic<bool> stop_asked = false;

void ask_to_stop(int) { stop_asked = true; }

int refuse(std::string_view what, int code) {
  fmt::print(stderr, "causeway lab: {}\n", what);
  return code;
}

bool matches(const std::string& filter, const Fault& fault) {
  if (filter.empty() || filter == "*") return true;
  if (filter.front() == '@') return fault.has_tag(filter.substr(1));
  // "route" alone means the group.
  return ::fnmatch(filter.c_str(), fault.id.c_str(), 0) == 0 || fault.id.starts_with(filter + "/");
}

Parsed<std::vector<const Fault*>> select(const std::vector<Fault>& faults, const Options& options) {
  std::vector<const Fault*> out;
  std::vector<std::string> known;
  known.reserve(faults.size());
  for (const auto& fault : faults) known.push_back(fault.id);
  for (const auto& id : options.ids) {
    const auto found = std::ranges::find(faults, id, &Fault::id);
    if (found == faults.end()) {
      return error(
          fmt::format("no fault is called \"{}\"; the nearest is \"{}\"", id, nearest(id, known)));
    }
    out.push_back(&*found);
  }
  if (options.all) {
    for (const auto& fault : faults) {
      if (matches(options.filter, fault)) out.push_back(&fault);
    }
  }
  if (options.edge) std::erase_if(out, [](const Fault* fault) { return !fault->is_for_edges(); });
  if (out.empty()) return error("no fault is selected: name some, or use --all [--filter GLOB]");
  return out;
}

// Files that are not faults are named at once; they spoil `run --all`, not the run of another one.
Parsed<Collection> load(const Places& places) {
  auto out = load_faults(places.tree / "faults");
  if (!out) return out;
  for (const auto& refused : out->refused) fmt::print(stderr, "causeway lab: {}\n", refused.text);
  return out;
}

int jobs_for(const Options& options) {
  if (options.jobs > 0) return std::min(options.jobs, limits::kLabJobs);
  cpu_set_t cores;
  const int count = ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
  return std::min(count * limits::kLabJobsPerCore, limits::kLabJobs);
}

bool edge_right(const Result& result) { return edge_is_right(*result.fault, result.answer); }

// Documents of what went wrong outlive the run: copied out of the private directory.
void keep_wrong(std::vector<Result>& results) {
  fs::path place;
  for (auto& result : results) {
    if (result.trouble.empty() && (result.mark.right() || edge_right(result))) continue;
    if (place.empty()) {
      auto name = (fs::temp_directory_path() / "causeway-lab-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr) return;
      place = name;
    }
    std::error_code problem;
    const auto to = place / result.fault->id;
    fs::create_directories(to, problem);
    fs::copy(result.kept, to, fs::copy_options::recursive, problem);
    result.kept = problem ? "" : to.string();
  }
}

int verdict(const std::vector<Result>& results, const Options& options) {
  const auto broken = [](const Result& result) { return !result.trouble.empty(); };
  if (options.check) return std::ranges::any_of(results, broken) ? kCouldNot : 0;
  if (options.edge) {
    if (std::ranges::any_of(results, broken)) return kCouldNot;
    return std::ranges::all_of(results, edge_right) ? 0 : 1;
  }
  const bool set_up = std::ranges::none_of(results, [&](const Result& result) {
    return broken(result) && !result.trouble.starts_with("no diagnosis");
  });
  if (!set_up) return kCouldNot;
  return score(results).good_enough(options.joined) ? 0 : 1;
}

}  // namespace

int main_list(const Options& options) {
  const auto places = find_places(options);
  if (!places) return refuse(places.error().text, kWrongUse);
  const auto collection = load(*places);
  if (!collection) return refuse(collection.error().text, kWrongUse);
  const auto& faults = collection->faults;
  for (const auto& fault : faults) {
    if (!matches(options.filter, fault)) continue;
    fmt::print("{:<38} {:<9} {:<28} {}\n", fault.id, text(fault.truth.codes.front()),
               fault.truth.causes.front(), fault.title);
  }
  return collection->refused.empty() ? 0 : kWrongUse;
}

int main_run(const Options& options) {
  const auto places = find_places(options);
  if (!places) return refuse(places.error().text, kWrongUse);
  const auto collection = load(*places);
  if (!collection) return refuse(collection.error().text, kWrongUse);
  const auto& faults = collection->faults;
  const auto selected = select(faults, options);
  if (!selected) return refuse(selected.error().text, kWrongUse);
  if (places->servers.empty()) {
    fmt::print(stderr,
               "causeway lab: the misbehaving servers are not built (`make lab` does): "
               "faults that need them cannot be set up\n");
  }
  if (::geteuid() != 0) return refuse("needs root: it makes network namespaces", kWrongUse);
  if (options.shell && selected->size() != 1) return refuse("--shell takes one fault", kWrongUse);

  std::error_code problem;
  const auto keep = options.keep.empty() ? fs::path() : fs::absolute(options.keep);
  if (!keep.empty()) fs::create_directories(keep, problem);
  if (problem) return refuse(fmt::format("{}: {}", options.keep, problem.message()), kWrongUse);
  const auto work = private_directory();
  if (!work) return refuse(work.error().text, kCouldNot);
  Plan plan{.faults = *selected,
            .places = *places,
            .work = keep.empty() ? *work / "faults" : keep,
            .authority = *work / "ca",
            .jobs = jobs_for(options),
            .mode = options.shell   ? "shell"
                    : options.check ? "check"
                    : options.edge  ? "edge"
                                    : "run",
            .joined = options.joined,
            .unprivileged = options.unprivileged,
            .seed = options.seed};
  if (const auto made = make_authority(*places, plan.authority); !made) {
    return refuse(made.error().text, kCouldNot);
  }

  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  const auto started = Clock::now();
  const auto show = [&](const Result& result) {
    if (options.shell) return;
    fmt::print(options.json ? stderr : stdout, "{}",
               options.edge ? edge_line(result) : line(result, options.check));
    if (options.check && !result.trouble.empty()) fmt::print(stderr, "  {}\n", result.trouble);
    std::fflush(stdout);
  };
  auto results = run(plan, show, [] { return stop_asked.load(); });
  const double wall = milliseconds(Clock::now() - started) / 1000.0;
  if (options.shell) return 0;
  if (keep.empty()) keep_wrong(results);
  if (options.json) {
    fmt::print("{}", json(results, wall, options.joined));
  } else if (options.edge) {
    fmt::print("{}", edge_summary(results, wall));
  } else if (options.check) {
    fmt::print("{} faults checked in {:.0f} s\n", results.size(), wall);
  } else {
    fmt::print("{}", summary(results, wall, options.joined));
  }
  if (stop_asked) return kCouldNot;
  const int code = verdict(results, options);
  return options.all && !collection->refused.empty() ? kWrongUse : code;
}

}  // namespace causeway::lab
