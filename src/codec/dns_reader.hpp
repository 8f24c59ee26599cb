// A cursor over one DNS message that cannot leave it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace causeway::codec {

// Reading beyond the end, or a bad name, makes the reader fail for good: every further read gives
// zero or nothing. Ask failed() before using what was read.
class DnsReader {
 public:
  enum class Pointers : std::uint8_t { followed, refused };

  explicit DnsReader(std::span<const std::byte> message)
      : message_(message), end_(message.size()) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::string_view bytes(std::size_t count);
  std::string_view rest() { return bytes(left()); }
  // In the form of dns_name.hpp. Pointers (RFC 1035 section 4.1.4) may only lead backwards.
  std::string name(Pointers pointers = Pointers::followed);

  // A reader for the next `count` bytes, which this one then has passed. Names in it may point back
  // into the whole message.
  DnsReader part(std::size_t count);

  std::size_t left() const { return failed() ? 0 : end_ - at_; }
  bool failed() const { return !why_.empty(); }
  bool ran_out() const { return ran_out_; }
  std::string_view why() const { return why_; }
  void fail(std::string_view why) {
    if (why_.empty()) why_ = why;
  }

 private:
  std::uint8_t at(std::size_t index) const {
    return std::to_integer<std::uint8_t>(message_[index]);
  }
  bool has(std::size_t count);
  std::size_t pointer_target(std::size_t at_pointer, std::size_t limit, std::size_t before);

  std::span<const std::byte> message_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string_view why_;  // literals only
  bool ran_out_ = false;
};

}  // namespace causeway::codec
