// What a fuzz target of rulesets does with its text: the text is one dump of a host that is
// otherwise plain; it is read and proved, and whatever it holds, every range is accounted for.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "firewall/load.hpp"
#include "firewall/proof.hpp"

namespace causeway::fuzz {

inline firewall::Dumps plain_host() {
  return {
      {"addr.json",
       R"([{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
       R"("addr_info":[{"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"},)"
       R"({"family":"inet6","local":"2001:db8:10::10","prefixlen":64,"scope":"global"}]}])"},
      {"route4.json", R"([{"dst":"default","gateway":"198.51.100.1","dev":"eth0"},)"
                      R"({"type":"local","dst":"198.51.100.10","dev":"eth0","table":"local"}])"},
      {"route6.json", R"([{"dst":"default","gateway":"2001:db8:10::1","dev":"eth0"},)"
                      R"({"type":"local","dst":"2001:db8:10::10","dev":"eth0","table":"local"}])"},
      {"sockets.txt", "LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\nLISTEN 0 511 [::]:443 [::]:*\n"},
  };
}

inline void prove_with(firewall::Dumps dumps) {
  firewall::ProofRequest request;
  request.edge.name = "fuzz";
  for (const char* range : {"104.16.0.0/13", "131.0.72.0/22", "2606:4700::/32"}) {
    request.edge.prefixes.push_back(Prefix::parse(range).value());
  }
  request.ports = {443};
  const auto collection = firewall::load(std::move(dumps));
  const auto proof = firewall::prove(collection, request);
  if (firewall::to_json(proof).empty()) std::abort();
  std::map<Prefix, double> shares;
  for (const auto& row : proof.rows) {
    if (row.causes.empty()) std::abort();
    shares[row.range] += row.share;
  }
  for (const auto& [range, share] : shares) {
    if (std::abs(share - 1) > 1e-6) std::abort();
  }
}

inline int prove_with(const char* name, const std::uint8_t* data, std::size_t size) {
  auto dumps = plain_host();
  dumps[name] = std::string{reinterpret_cast<const char*>(data), size};
  prove_with(std::move(dumps));
  return 0;
}

}  // namespace causeway::fuzz
