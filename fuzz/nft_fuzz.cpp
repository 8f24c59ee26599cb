// `nft -j list ruleset` of a host: whatever it holds, it is read and proved without a crash.
#include "codec/nft_bytecode.hpp"
#include "codec/ruleset_nft.hpp"
#include "fuzz/through_host.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The bytecode's listing is another text of the same tool.
  causeway::codec::parse_nft_bytecode({reinterpret_cast<const char*>(data), size});
  return causeway::fuzz::prove_with("nft.json", data, size);
}
