// ICMP messages of a raw socket and entries of the error queue: whatever comes, nothing is read
// beyond it, and every type and code has a name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "codec/icmp.hpp"
#include "codec/queued_error.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = causeway::codec;
  const auto bytes = std::as_bytes(std::span{data, size});
  for (const auto family : {causeway::Family::ipv4, causeway::Family::ipv6}) {
    const auto reply = codec::parse_echo_reply(family, bytes);
    require(!reply || size >= 8);
    if (size >= 2) require(!codec::icmp_name(family, data[0], data[1]).empty());
  }
  const auto inner = codec::without_ipv4_header(bytes);
  require(inner.size() <= bytes.size());
  if (const auto error = codec::parse_queued_error(bytes)) {
    require(!codec::icmp_name(error->family, error->type, error->code).empty());
    if (error->sender) require(!error->sender->text().empty());
  }
  return 0;
}
