// The directory of the disk store: DIR/answers-1/XX/NAME, where XX are the first two digits of
// NAME. The only part of the store that touches files. Nothing here follows a symbolic link below
// DIR, and nothing outside answers-1 is ever removed, whatever DIR is by mistake.
//
// Several processes use it at once. A file appears whole by rename(2) or not at all; what a killed
// process left half written has the lock of nobody and is removed by the next look.
// No fsync(2): a power cut may cost answers, which the digests find; writing every answer through
// to the disk would cost milliseconds each. Only purges are synchronised, because what was purged
// must not come back.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "edge/disk_format.hpp"
#include "net/fd.hpp"

namespace causeway::edge {

// Bytes of the body of one answer, in a file that is open as long as somebody reads.
struct OpenBody {
  net::Fd file;
  std::uint64_t offset = 0;
  BodyProof proof;

  std::size_t blocks() const { return proof.digests.size(); }
  // One block, proved by its digest. Nothing: it is damaged or cannot be read.
  std::optional<std::string> read_block(std::size_t index) const;
};

// A file that is being written, under a name that nobody looks for. Removed unless it is committed.
class DiskPart {
 public:
  DiskPart(net::Fd shard, net::Fd file, std::string name)
      : shard_(std::move(shard)), file_(std::move(file)), name_(std::move(name)) {}
  DiskPart(DiskPart&&) = default;
  DiskPart& operator=(DiskPart&&) = default;
  ~DiskPart();

  // 0, or errno.
  int write(std::string_view bytes);
  int commit(const std::string& name);

 private:
  net::Fd shard_;
  net::Fd file_;
  std::string name_;
};

class DiskFolder {
 public:
  // Makes DIR where only its last component is missing, and answers-1 in it, mode 0700.
  static Parsed<DiskFolder> open(const std::string& path);

  enum class Found : std::uint8_t { whole, gone, damaged, failed };
  struct File {
    Found found = Found::gone;
    DiskHead head;
    std::string begun;  // of the body, what came with the head
    OpenBody body;
    std::int64_t used = 0;  // its time of change, milliseconds since 1970
  };
  // The head, proved, with a body of the length that it says. The name must be that of the head.
  File read(const std::string& name) const;
  // All of the body, proved.
  static bool read_body(File& file, std::string& out);

  std::expected<DiskPart, int> begin(const std::string& name) const;
  void touch(const std::string& name) const;   // was used now
  bool remove(const std::string& name) const;  // true: it is not there

  // Names of answers in one of the 256 folders. Removes what is none and nobody's.
  static constexpr int kShards = 256;
  std::vector<std::string> list(int shard) const;
  void sync(int shard) const;  // what was removed stays removed, also after a power cut

  // How often operators have purged, in any process; nothing when it cannot be read.
  std::optional<std::uint64_t> purges() const;
  // While it lives no other process commits (exclusive) or purges (shared).
  class Lock {
   public:
    Lock(const DiskFolder& folder, bool exclusive);
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();

   private:
    const DiskFolder& folder_;
  };
  std::optional<std::uint64_t> count_purge() const;  // under an exclusive lock

 private:
  explicit DiskFolder(net::Fd answers) : answers_(std::move(answers)) {}
  net::Fd shard(std::string_view name) const;
  bool tag() const;

  net::Fd answers_;
  net::Fd purges_;
};

// What a file takes of the disk.
std::uint64_t disk_use(std::uint64_t bytes);

}  // namespace causeway::edge
