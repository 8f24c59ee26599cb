// Answers in memory, and before those on a disk when there is one. Shared by the workers of one
// edge: parts by key, a short lock each, and what a reader gets stays whole as long as it holds it.
//
// Eviction is S3-FIFO (Yang et al., SOSP 2023): newcomers wait in a small queue and reach the main
// one only when they are asked for again, so that a scan through every page of a site passes
// without pushing out what people want.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/cache_policy.hpp"
#include "edge/in_front.hpp"
#include "net/task.hpp"

namespace causeway::edge {

class DiskStore;

struct CacheLookup {
  StoredPtr answer;          // null: none for this request
  bool vary_missed = false;  // the URL is stored, for other request headers
  bool from_disk = false;
};

struct CacheCounts {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t evicted = 0;
  std::uint64_t inserted = 0;
  std::uint64_t purged = 0;
};

class CacheStore final : public InFront {
 public:
  // `disk` may be null.
  explicit CacheStore(std::size_t most_bytes, std::shared_ptr<DiskStore> disk = nullptr);
  ~CacheStore();
  CacheStore(const CacheStore&) = delete;
  CacheStore& operator=(const CacheStore&) = delete;

  CacheLookup find(std::string_view key, const CacheRequest& request);  // in memory
  // On the disk; what is small comes into memory by it.
  net::Task<CacheLookup> find_on_disk(std::string_view key, const CacheRequest& request);
  // Replaces what was stored for the same key and variant. False: too large to be kept at all.
  bool put(std::string_view key, StoredPtr answer);
  // Bodies are gathered before they are stored, as slowly as their visitors read. `bytes` more of
  // one; false: there is no room, it is not to be stored.
  bool gather(std::size_t bytes);
  void gathered(std::size_t bytes);  // so many are stored, or given up
  // What is stored for the URL is no longer true. Waits for no disk.
  void invalidate(std::string_view key);

  // What an operator wants to be gone. Each returns how many answers are, in memory or on the disk.
  std::size_t purge_url(std::string_view key);
  std::size_t purge_prefix(std::string_view prefix);  // "www.example.net/shop", any scheme
  std::size_t purge_tag(std::string_view tag);
  std::size_t purge_all();

  CacheCounts counts() const;
  const std::shared_ptr<DiskStore>& disk() const { return disk_; }

  bool holds(std::string_view key, std::string_view vary_key) const override;
  void forget_all() override;

 private:
  class Part;
  static constexpr std::size_t kParts = 16;
  Part& part(std::string_view key) const;
  template <class Wanted>  // bool(key, tags)
  std::size_t purge_where(const Wanted& wanted);

  std::size_t most_gathered_;
  std::atomic<std::size_t> gathering_ = 0;
  std::array<std::unique_ptr<Part>, kParts> parts_;
  std::shared_ptr<DiskStore> disk_;
};

}  // namespace causeway::edge
