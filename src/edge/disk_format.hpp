// A stored answer as a file of the disk store. Pure; what is read may be anybody's work.
//
//    0   8  "CWANSWER"
//    8   4  version, 1
//   12   4  bytes of the head behind these 56
//   16   8  bytes of the body
//   24  32  SHA-256 of the 24 bytes before and of the head, its first 32 hexadecimal digits
//   56      head: key, times, fields, what it varies by, tags, a digest of every block of the body
//           body, to the end of the file, in blocks of kDiskBlock
//
// Integers are little-endian. The digests find what a crash or a disk has damaged: the head's
// before anything is believed, a block's before it is sent. They are no seal against who may write
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "edge/cache_policy.hpp"

namespace causeway::edge {

// What a lookup and a purge must know of a stored answer.
struct DiskLabel {
  std::string key;
  std::vector<std::string> vary;  // names, lower case, sorted
  std::string vary_key;
  std::vector<std::string> tags;
};

// What tells whether a body is the one that was written.
struct BodyProof {
  std::uint64_t bytes = 0;
  std::vector<std::string> digests;  // one a block, see `block_digest`
};

struct DiskHead {
  std::string key;
  StoredAnswer answer;  // without its body, and with the age it had when it was stored
  WallTime stored;
  BodyProof body;
};

constexpr std::size_t kDiskPrefix = 56;
constexpr std::size_t kDigestDigits = 32;

std::string block_digest(std::string_view block);
BodyProof proof_of(std::string_view body);

// Everything before the body. Empty: it would be larger than kDiskHead.
std::string write_head(std::string_view key, const StoredAnswer& answer, WallTime stored,
                       const BodyProof& body);

struct DiskSizes {
  std::size_t head = 0;  // with the prefix: where the body begins
  std::uint64_t body = 0;
};
// Of a file's first kDiskPrefix bytes; nothing for a file that is not one of ours.
std::optional<DiskSizes> read_sizes(std::string_view prefix);
// Of its first DiskSizes::head bytes. Nothing for what is damaged, and for what this cache would
// never have stored: a field that ends a line, a status without a body, a time before time.
std::optional<DiskHead> read_head(std::string_view bytes);

DiskLabel label_of(std::string_view key, const StoredAnswer& answer);

// The name of the file: 32 digits of the key, 16 of the variant.
std::string file_name(const DiskLabel& label);
std::string key_digits(std::string_view key);
bool is_file_name(std::string_view name);
constexpr std::size_t kKeyDigits = 32;
constexpr std::size_t kNameDigits = 48;

// Lets an answer that was stored at `stored` go on with its age. A clock that was set back leaves
// its age unknown: then it is not fresh.
void go_on_ageing(StoredAnswer& answer, WallTime stored, WallTime wall, Instant now);
WallTime stored_on_the_wall(const StoredAnswer& answer, WallTime wall, Instant now);

}  // namespace causeway::edge
