// `nft -j list ruleset` of a host: whatever it holds, it is read and proved without a crash.
#include "fuzz/through_host.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return causeway::fuzz::prove_with("nft.json", data, size);
}
