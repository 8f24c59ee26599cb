// A file of the disk store that anybody may have written. The reader believes only what this cache
// could have stored, and what it believes is written again as the same bytes. So that mutations
// come past the digest, the input's is replaced by the right one first; its own is tried as well.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "edge/disk_format.hpp"
#include "edge/limits.hpp"
#include "net/digest.hpp"

namespace {

namespace edge = causeway::edge;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

bool ends_a_line(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

void read(std::string_view bytes) {
  const auto head = edge::read_head(bytes);
  if (!head) return;
  const auto& answer = head->answer;
  require(edge::may_be_stored(answer.status));
  require(!ends_a_line(head->key) && !ends_a_line(answer.etag) &&
          !ends_a_line(answer.last_modified));
  for (const auto& [name, value] : answer.fields) {
    require(!name.empty() && !ends_a_line(name) && !ends_a_line(value));
    require(edge::field_may_be_stored(name));
  }
  require(edge::is_file_name(edge::file_name(edge::label_of(head->key, answer))));
  require(edge::write_head(head->key, answer, head->stored, head->body) == bytes);
  auto aged = answer;
  const causeway::Instant now{std::chrono::seconds{1'000'000}};
  const causeway::WallTime wall{std::chrono::seconds{1'800'000'000}};
  edge::go_on_ageing(aged, head->stored, wall, now);
  require(edge::age_of(aged, now) >= causeway::Duration{});
  require(head->stored <= wall || edge::use_of(aged, now) != edge::Use::fresh);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes{reinterpret_cast<const char*>(data), size};
  read(bytes);
  if (bytes.size() < edge::kDiskPrefix) return 0;
  constexpr std::size_t kSealed = 24;
  constexpr std::size_t kLength = 12;
  const std::size_t inner = bytes.size() - edge::kDiskPrefix;
  for (std::size_t i = 0; i < 4; ++i) bytes[kLength + i] = static_cast<char>(inner >> (8 * i));
  causeway::net::Sha256 sum;
  sum.update(std::string_view{bytes}.substr(0, kSealed));
  sum.update(std::string_view{bytes}.substr(edge::kDiskPrefix));
  bytes.replace(kSealed, edge::kDigestDigits, sum.hex(edge::kDigestDigits));
  read(bytes);
  return 0;
}
