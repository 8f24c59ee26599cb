#include "lab/place.hpp"

#include <fmt/format.h>

namespace causeway::lab {
namespace {

namespace fs = std::filesystem;

bool is_tree(const fs::path& path) {
  return fs::is_directory(path / "faults") && fs::exists(path / "lib/main.sh");
}

// From `start` upwards: a program in build/release finds the lab of its own checkout.
fs::path upwards(fs::path start) {
  for (;; start = start.parent_path()) {
    if (is_tree(start / "lab")) return start / "lab";
    if (start == start.parent_path()) return {};
  }
}

}  // namespace

Parsed<Places> find_places(const Options& options) {
  std::error_code problem;
  Places out;
  out.causeway = options.causeway.empty() ? fs::read_symlink("/proc/self/exe", problem)
                                          : fs::canonical(options.causeway, problem);
  if (problem) return error(fmt::format("{}: {}", options.causeway, problem.message()));
  if (!options.tree.empty()) {
    out.tree = fs::canonical(options.tree, problem);
    if (problem || !is_tree(out.tree)) {
      return error(
          fmt::format("{}: no lab directory (with faults/ and lib/main.sh)", options.tree));
    }
  }
  if (out.tree.empty()) out.tree = upwards(out.causeway.parent_path());
  if (out.tree.empty()) out.tree = upwards(fs::current_path());
  if (out.tree.empty() && is_tree("/usr/share/causeway/lab")) out.tree = "/usr/share/causeway/lab";
  if (out.tree.empty()) {
    return error(
        "no lab directory found: run it inside the source tree, or name it with --lab DIR");
  }
  if (!options.servers.empty()) {
    out.servers = fs::canonical(options.servers, problem);
    if (problem) return error(fmt::format("{}: {}", options.servers, problem.message()));
    return out;
  }
  const auto beside = out.causeway.parent_path();
  for (const auto& candidate : {beside / "misbehave", beside / "lab/servers/misbehave"}) {
    if (fs::exists(candidate)) out.servers = candidate;
  }
  return out;
}

}  // namespace causeway::lab
