// The PROXY header reader on arbitrary bytes: never takes more than there is, and what it read and
// is written again is read the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/proxy_protocol.hpp"

namespace causeway::codec {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto got = read_proxy_header(text);
  if (got.state != ProxyHeader::State::complete) return 0;
  if (got.taken == 0 || got.taken > size) std::abort();
  if (!got.source || !got.destination || got.source->port == 0) return 0;
  for (const int version : {1, 2}) {
    if (version == 1 && got.destination->port == 0) continue;
    const auto again =
        read_proxy_header(write_proxy_header(version, *got.source, *got.destination));
    // A mapped IPv4 address in a header for IPv6 comes back as what it is.
    if (again.state == ProxyHeader::State::complete && again.source &&
        *again.source != *got.source) {
      std::abort();
    }
  }
  return 0;
}

}  // namespace causeway::codec
