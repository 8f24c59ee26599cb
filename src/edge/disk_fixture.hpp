// For tests: a folder of their own, and answers to store in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/scratch_folder.hpp"
#include "edge/disk_store.hpp"
#include "net/loop.hpp"

namespace causeway::edge {

class TestFolder {
 public:
  const std::string& path() const { return path_; }
  std::string answers() const { return path_ + "/answers-1"; }

  // Files of answers, whatever their state.
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    if (!std::filesystem::exists(answers())) return out;
    for (const auto& each : std::filesystem::recursive_directory_iterator{answers()}) {
      const auto parent = each.path().parent_path().filename().string();
      if (!each.is_directory() && parent.size() == 2) out.push_back(each.path().string());
    }
    return out;
  }

 private:
  ScratchFolder scratch_;
  std::string path_ = scratch_.make().value();
};

inline std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_file(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out << text;
}

inline StoredPtr test_answer(std::string body, std::string tag = {}) {
  auto out = std::make_shared<StoredAnswer>();
  out->fields = {{"content-type", "text/plain"}};
  out->body = std::move(body);
  out->lifetime.fresh = std::chrono::hours{1};
  out->stored_at = Clock::now();
  if (!tag.empty()) out->tags = {std::move(tag)};
  return out;
}

// A store as one process has it.
class TestStore {
 public:
  explicit TestStore(const std::string& folder, std::uint64_t bytes = 1 << 30,
                     std::uint64_t files = 1000, Duration rest = std::chrono::hours{1}) {
    store_ = std::make_shared<DiskStore>(
        DiskRules{.folder = folder, .most_bytes = bytes, .most_files = files, .rest = rest},
        [this](const std::string& line) {
          const std::scoped_lock lock{mutex_};
          told_.push_back(line);
        });
    store_->begin();
    until([&] { return store_->looked_at_all() || !told().empty(); });
  }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;
  ~TestStore() { store_->finish(std::chrono::seconds{10}); }

  DiskStore* operator->() const { return store_.get(); }
  const std::shared_ptr<DiskStore>& pointer() const { return store_; }

  StoredPtr find(std::string_view key) const { return find(key, {.method = "GET"}).answer; }
  DiskStore::Found find(std::string_view key, const CacheRequest& request) const {
    net::Loop loop;
    return loop.run(store_->find(key, request));
  }
  std::string body(std::string_view key) const {
    const auto found = find(key);
    return found ? found->body : "none";
  }

  // What was put is in its file.
  void settle() const {
    until([&] { return store_->counts().waiting == 0; });
  }

  std::vector<std::string> told() const {
    const std::scoped_lock lock{mutex_};
    return told_;
  }

  template <class What>
  static void until(const What& what) {
    const Instant deadline = Clock::now() + std::chrono::seconds{20};
    while (!what()) {
      ASSERT_LT(Clock::now(), deadline);
      std::this_thread::yield();
    }
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
  std::shared_ptr<DiskStore> store_;
};

}  // namespace causeway::edge
