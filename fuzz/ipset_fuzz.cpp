// `ipset save` of a host, behind rules that look its sets up.
#include "fuzz/through_host.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto dumps = causeway::fuzz::plain_host();
  dumps["ipset-save.txt"] = std::string{reinterpret_cast<const char*>(data), size};
  dumps["iptables-legacy-save.txt"] =
      "*filter\n:INPUT ACCEPT [0:0]\n"
      "-A INPUT -m set --match-set a src -j DROP\n"
      "-A INPUT -m set --match-set b src,dst -j DROP\n"
      "-A INPUT -m set ! --match-set c dst,src -j RETURN\n"
      "-A INPUT -m set --match-set d src,dst,src -j DROP\nCOMMIT\n";
  causeway::fuzz::prove_with(std::move(dumps));
  return 0;
}
