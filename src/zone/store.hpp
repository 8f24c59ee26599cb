// Snapshots and changes as files in one folder: readable, diffable, easy to keep in a repository.
//
//   DIR/ZONE/20261125T101722123Z-ID.zone.json      causeway.zone/1
//   DIR/ZONE/20261125T101722123Z-ID.change.json    causeway.zone-change/1
//
// Written whole or not at all: a temporary file, fsync, rename(2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "zone/snapshot.hpp"

namespace causeway::zone {

// $XDG_STATE_HOME/causeway, else $HOME/.local/state/causeway (XDG Base Directory Specification).
Parsed<std::string> default_store();

struct Stored {
  std::string id;
  WallTime at;
  std::string path;
};

enum class StoredKind : std::uint8_t { zone, change };

class Store {
 public:
  explicit Store(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const { return directory_; }
  // Gives the path. Makes the folders, readable by their owner alone.
  Parsed<std::string> save(StoredKind kind, std::string_view zone, WallTime at, std::string_view id,
                           std::string_view text) const;
  // Oldest first; files that are not ours are passed over. Bounded by limits::kZoneSnapshots.
  Parsed<std::vector<Stored>> list(StoredKind kind, std::string_view zone) const;
  std::vector<std::string> zones() const;  // that have a folder here
  Parsed<std::string> read(const Stored& stored) const;

  // By "latest", "latest~2" (two before it), the beginning of an id or a time, or a file's path.
  Parsed<Snapshot> snapshot(std::string_view zone, std::string_view which) const;
  Parsed<Stored> find(StoredKind kind, std::string_view zone, std::string_view which) const;

 private:
  std::string directory_;
};

}  // namespace causeway::zone
