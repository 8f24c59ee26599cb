// Runs faults side by side and collects what was said.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "lab/lab.hpp"
#include "lab/place.hpp"
#include "lab/score.hpp"

namespace causeway::lab {

struct Plan {
  std::vector<const Fault*> faults;
  Places places;
  std::filesystem::path work;  // documents go to work/ID
  std::filesystem::path authority;
  int jobs = 1;
  std::string mode;  // run | check | shell | edge
  bool joined = false;
  bool unprivileged = false;
  int seed = 0;
};

// `done` is called as each fault ends. Stops early, killing what runs, once `interrupted()`.
std::vector<Result> run(const Plan& plan, const std::function<void(const Result&)>& done,
                        const std::function<bool()>& interrupted);

// Makes the certificate authorities of a run in `directory`.
Parsed<bool> make_authority(const Places& places, const std::filesystem::path& directory);

}  // namespace causeway::lab
