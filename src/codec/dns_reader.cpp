#include "codec/dns_reader.hpp"

#include "base/limits.hpp"
#include "codec/dns_name.hpp"

namespace causeway::codec {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::uint8_t kLabelKind = 0xc0;  // upper two bits: 00 label, 11 pointer

}  // namespace

bool DnsReader::has(std::size_t count) {
  if (failed()) return false;
  if (end_ - at_ >= count) return true;
  ran_out_ = true;
  fail("it ends before what it announces");
  return false;
}

std::uint8_t DnsReader::u8() { return has(1) ? at(at_++) : 0; }

std::uint16_t DnsReader::u16() {
  if (!has(2)) return 0;
  at_ += 2;
  return static_cast<std::uint16_t>((at(at_ - 2) << 8) | at(at_ - 1));
}

std::uint32_t DnsReader::u32() {
  if (!has(4)) return 0;
  const std::uint32_t high = u16();
  return (high << 16) | u16();
}

std::string_view DnsReader::bytes(std::size_t count) {
  if (!has(count)) return {};
  at_ += count;
  return {reinterpret_cast<const char*>(message_.data()) + (at_ - count), count};
}

DnsReader DnsReader::part(std::size_t count) {
  DnsReader out = *this;
  if (!has(count)) {
    out.fail(why_);
    return out;
  }
  out.end_ = at_ + count;
  at_ += count;
  return out;
}

// Where the pointer at `at` leads. It must lead before `before`, the start of the labels read so
// far: each jump then goes further back, so that no chain of pointers can be a loop.
std::size_t DnsReader::pointer_target(std::size_t at_pointer, std::size_t limit,
                                      std::size_t before) {
  if (at_pointer + 1 >= limit) {
    ran_out_ = true;
    fail("it ends before what it announces");
    return 0;
  }
  const auto target =
      static_cast<std::size_t>(((at(at_pointer) & ~kLabelKind) << 8) | at(at_pointer + 1));
  if (target >= before || target < kHeaderBytes) fail("a compressed name does not point backwards");
  return target;
}

std::string DnsReader::name(Pointers pointers) {
  std::string out;
  std::size_t cursor = at_;
  std::size_t segment = at_;
  std::size_t wire_bytes = 0;
  int jumps = 0;
  while (has(0)) {
    // After a jump the labels belong to an earlier part of the message, not to this record.
    const std::size_t limit = jumps > 0 ? message_.size() : end_;
    if (cursor >= limit) {
      ran_out_ = true;
      fail("it ends before what it announces");
      break;
    }
    const std::uint8_t length = at(cursor);
    if ((length & kLabelKind) == kLabelKind) {
      if (pointers == Pointers::refused) fail("a name is compressed where that is not allowed");
      const std::size_t target = pointer_target(cursor, limit, segment);
      if (failed()) break;
      if (jumps == 0) at_ = cursor + 2;
      if (++jumps > limits::kDnsPointerJumps) fail("a compressed name has too many pointers");
      segment = cursor = target;
      continue;
    }
    if ((length & kLabelKind) != 0) fail("a label has an unknown form");
    wire_bytes += length + 1U;
    if (wire_bytes > kDnsNameBytes) fail("a name is longer than 255 bytes");
    if (length == 0) {
      if (jumps == 0) at_ = cursor + 1;
      break;
    }
    if (limit - cursor <= length) {
      ran_out_ = true;
      fail("it ends before what it announces");
    }
    if (failed()) break;
    if (!out.empty()) out += '.';
    append_dns_label(
        out, {reinterpret_cast<const char*>(message_.data()) + cursor + 1, std::size_t{length}});
    cursor += length + 1U;
  }
  if (failed()) return {};
  return out.empty() ? std::string{"."} : out;
}

}  // namespace causeway::codec
