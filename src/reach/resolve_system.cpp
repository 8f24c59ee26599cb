#include "reach/resolve_system.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/localhost.hpp"

namespace causeway::reach {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kHostsAddresses = 32;

// The file's text, at most limits::kSystemFileBytes of it; empty when it cannot be read.
std::string read_file(const char* path) {
  std::ifstream file{path, std::ios::binary};
  std::string text(limits::kSystemFileBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    line = trim(line);
    if (line.empty()) return out;
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

void add_once(std::vector<IpAddress>& addresses, const IpAddress& address) {
  if (addresses.size() >= kHostsAddresses) return;
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

}  // namespace

std::vector<Endpoint> parse_resolvers(std::string_view resolv_conf) {
  std::vector<Endpoint> out;
  for (const auto line : split(resolv_conf, '\n')) {
    const auto parts = words(line);
    if (parts.size() < 2 || parts[0] != "nameserver") continue;
    const auto address = IpAddress::parse(parts[1]);
    if (!address || out.size() >= static_cast<std::size_t>(limits::kDnsResolvers)) continue;
    out.push_back({*address, kDnsPort});
  }
  if (out.empty()) out.push_back({IpAddress::v4(0x7f000001), kDnsPort});
  return out;
}

std::vector<IpAddress> parse_hosts(std::string_view hosts, std::string_view name) {
  std::vector<IpAddress> out;
  for (auto line : split(hosts, '\n')) {
    line = line.substr(0, line.find('#'));
    const auto parts = words(line);
    if (parts.size() < 2) continue;
    const bool named = std::any_of(parts.begin() + 1, parts.end(), [&](std::string_view word) {
      return equals_ignoring_case(word, name);
    });
    const auto address = IpAddress::parse(parts[0]);
    if (named && address) add_once(out, *address);
  }
  return out;
}

std::vector<Endpoint> resolvers_of(const Request& request) {
  if (request.resolver) return {*request.resolver};
  return parse_resolvers(read_file("/etc/resolv.conf"));
}

std::vector<IpAddress> hosts_addresses(std::string_view name) {
  auto out = parse_hosts(read_file("/etc/hosts"), name);
  if (!out.empty()) return out;
  if (model::is_localhost(name)) {
    return {IpAddress::v4(0x7f000001), IpAddress::parse("::1").value()};
  }
  return {};
}

}  // namespace causeway::reach
