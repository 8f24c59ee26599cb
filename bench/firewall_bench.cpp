// The firewall proof as a ruleset grows: reading the dumps and proving all of an edge's ranges on
// two ports and both families, each the best of several runs, and the memory that the largest case
// took.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <utility>

#include "firewall/load.hpp"
#include "firewall/proof.hpp"
#include "model/edge_ranges.hpp"

namespace {

using causeway::IpAddress;
using causeway::firewall::Collection;
using causeway::firewall::Dumps;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 5;

// Addresses inside the edge's ranges or anywhere: `inside` of 100.
class Addresses {
 public:
  explicit Addresses(int inside) : inside_(inside) {}

  std::uint32_t next() {
    const auto any = static_cast<std::uint32_t>(random_());
    if (static_cast<int>(random_() % 100) >= inside_) return any;
    const auto& edge = causeway::model::cloudflare_ranges().prefixes;
    const auto& range = edge[random_() % 15];
    const auto bytes = range.address().v4_bytes();
    const std::uint32_t base = static_cast<std::uint32_t>(bytes[0]) << 24U |
                               static_cast<std::uint32_t>(bytes[1]) << 16U |
                               static_cast<std::uint32_t>(bytes[2]) << 8U | bytes[3];
    return base | (any >> range.length());
  }

 private:
  std::mt19937_64 random_{42};
  int inside_;
};

std::string nft_of(std::size_t rules, std::size_t elements, int inside) {
  Addresses addresses{inside};
  std::string set;
  std::vector<std::uint32_t> starts;
  for (std::size_t i = 0; i < elements; ++i) starts.push_back(addresses.next() & ~3U);
  std::ranges::sort(starts);
  starts.erase(std::ranges::unique(starts).begin(), starts.end());
  for (const auto start : starts) {
    set += fmt::format("{}{{\"prefix\":{{\"addr\":\"{}\",\"len\":30}}}}", set.empty() ? "" : ",",
                       IpAddress::v4(start).text());
  }
  std::string out =
      R"({"nftables":[{"table":{"family":"inet","name":"filter","handle":1}},)"
      R"({"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter",)"
      R"("hook":"input","prio":0,"policy":"drop"}})";
  out += fmt::format(
      R"(,{{"set":{{"family":"inet","table":"filter","name":"bad","type":"ipv4_addr","handle":2,)"
      R"("flags":["interval"],"elem":[{}]}}}})",
      set);
  const auto rule = [&out](std::size_t handle, const std::string& expression) {
    out += fmt::format(
        R"(,{{"rule":{{"family":"inet","table":"filter","chain":"input","handle":{},"expr":[{}]}}}})",
        handle, expression);
  };
  for (std::size_t i = 0; i < rules; ++i) {
    if (i == rules / 2 && elements > 0) {
      rule(i + 3, R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},)"
                  R"("right":"@bad"}},{"drop":null})");
      continue;
    }
    rule(i + 3,
         fmt::format(R"({{"match":{{"op":"==","left":{{"payload":{{"protocol":"ip",)"
                     R"("field":"saddr"}}}},"right":"{}"}}}},{{"{}":null}})",
                     IpAddress::v4(addresses.next()).text(), i % 3 == 0 ? "accept" : "drop"));
  }
  rule(rules + 3, R"({"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},)"
                  R"("right":{"set":[80,443]}}},{"accept":null})");
  return out + "]}";
}

std::string legacy_of(std::size_t rules, int inside) {
  Addresses addresses{inside};
  std::string out = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (std::size_t i = 0; i < rules; ++i) {
    out += fmt::format("[0:0] -A INPUT -s {}/32 -p tcp -m tcp --dport {} -j {}\n",
                       IpAddress::v4(addresses.next()).text(), i % 2 == 0 ? 443 : 80,
                       i % 3 == 0 ? "ACCEPT" : "DROP");
  }
  return out + "[0:0] -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\nCOMMIT\n";
}

Dumps host() {
  return {
      {"addr.json",
       R"([{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
       R"("addr_info":[{"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"}]}])"},
      {"route4.json", R"([{"dst":"default","gateway":"198.51.100.1","dev":"eth0"},)"
                      R"({"type":"local","dst":"198.51.100.10","dev":"eth0","table":"local"}])"},
      {"sockets.txt", "LISTEN 0 511 0.0.0.0:80 0.0.0.0:*\nLISTEN 0 511 0.0.0.0:443 0.0.0.0:*\n"},
  };
}

double best_ms(auto&& run) {
  double best = 1e18;
  for (int i = 0; i < kRuns; ++i) {
    const auto begin = Clock::now();
    run();
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  return best;
}

double peak_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void measure(const std::string& name, const Dumps& dumps) {
  causeway::firewall::ProofRequest request;
  request.edge = causeway::model::cloudflare_ranges();
  Collection collection;
  const double reading = best_ms([&] { collection = causeway::firewall::load(dumps); });
  std::size_t rows = 0;
  const double proving =
      best_ms([&] { rows = causeway::firewall::prove(collection, request).rows.size(); });
  fmt::print("{:<44} {:>9.2f} {:>9.2f} {:>9.2f} {:>8} {:>9.0f}\n", name, reading, proving,
             reading + proving, rows, peak_mb());
}

Dumps folder(const std::filesystem::path& path) {
  Dumps out;
  for (const auto& name : causeway::firewall::dump_names()) {
    std::ifstream in{path / name, std::ios::binary};
    if (!in) continue;
    std::stringstream text;
    text << in.rdbuf();
    out[name] = text.str();
  }
  return out;
}

}  // namespace

// WORDS: only rulesets whose name holds them, each in a process of its own for its peak.
int main(int argc, char** argv) {
  const std::string_view words = argc > 1 ? argv[1] : "";
  const auto one = [words](std::string_view name, const auto& make) {
    if (name.contains(words)) measure(std::string{name}, make());
  };
  fmt::print("{:<44} {:>9} {:>9} {:>9} {:>8} {:>9}\n", "ruleset", "read ms", "prove ms", "both ms",
             "rows", "peak MB");
  for (const char* name :
       {"02-ufw-web", "06-firewalld-zones", "08-csf-floods", "14-docker-user-cf"}) {
    const auto dumps = folder(std::filesystem::path("test/rulesets") / name / "dump");
    if (!dumps.empty()) one(name, [&] { return dumps; });
  }
  const auto with = [](std::string name, std::string text) {
    auto dumps = host();
    dumps[std::move(name)] = std::move(text);
    return dumps;
  };
  const auto nft = [&](std::string name, std::size_t rules, std::size_t elements, int share) {
    one(name, [&] { return with("nft.json", nft_of(rules, elements, share)); });
  };
  for (const std::size_t rules : {1000UL, 10'000UL, 100'000UL}) {
    nft(fmt::format("nft, {} rules, 3 of 100 in the edge", rules), rules, 0, 3);
  }
  for (const std::size_t rules : {1000UL, 10'000UL, 100'000UL}) {
    one(fmt::format("iptables, {} rules, 3 of 100 in the edge", rules),
        [&] { return with("iptables-legacy-save.txt", legacy_of(rules, 3)); });
  }
  for (const std::size_t elements : {5000UL, 50'000UL, 500'000UL}) {
    nft(fmt::format("nft, 10000 rules, set of {}", elements), 10'000, elements, 3);
  }
  nft("nft, 10000 rules, set of 50000, half in the edge", 10'000, 50'000, 50);
  nft("nft, 10000 rules, set of 50000, all in the edge", 10'000, 50'000, 100);
  return 0;
}
