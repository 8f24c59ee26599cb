#include "net/own_state.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "base/text.hpp"
#include "net/fd.hpp"

namespace causeway::net {
namespace {

// Enough for the small files of /proc and /sys.
std::optional<std::string> read_small(const char* path) {
  const Fd file{::open(path, O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  std::array<char, 4096> buffer{};
  const auto got = ::read(file.get(), buffer.data(), buffer.size());
  if (got < 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) return out;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t\n"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

std::vector<Link> links() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, &::freeifaddrs};
  std::vector<Link> out;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (std::ranges::any_of(out, [&](const Link& link) { return link.name == at->ifa_name; })) {
      continue;
    }
    out.push_back({at->ifa_name, (at->ifa_flags & IFF_LOOPBACK) != 0, (at->ifa_flags & IFF_UP) != 0,
                   (at->ifa_flags & IFF_RUNNING) != 0});
  }
  return out;
}

std::optional<FileRoom> file_room() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  const std::unique_ptr<DIR, decltype(&::closedir)> owner{directory, &::closedir};
  std::uint64_t open = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') ++open;
  }
  return FileRoom{open - 1, limit.rlim_cur};  // without the directory itself
}

std::optional<std::uint64_t> tcp_sockets_in(std::string_view sockstat) {
  for (const auto line : split(sockstat, '\n')) {
    const auto parts = words(line);
    if (parts.empty() || parts.front() != "TCP:") continue;
    std::uint64_t sum = 0;
    bool found = false;
    for (std::size_t i = 1; i + 1 < parts.size(); i += 2) {
      if (parts[i] != "inuse" && parts[i] != "tw") continue;
      const auto value = number(parts[i + 1]);
      if (!value) return std::nullopt;
      sum += *value;
      found = true;
    }
    if (!found) return std::nullopt;
    return sum;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ports_in(std::string_view range) {
  const auto parts = words(range);
  if (parts.size() != 2) return std::nullopt;
  const auto low = number(parts[0]);
  const auto high = number(parts[1]);
  if (!low || !high || *high < *low || *high > 65'535) return std::nullopt;
  return *high - *low + 1;
}

std::optional<PortRoom> port_room() {
  const auto range = read_small("/proc/sys/net/ipv4/ip_local_port_range");
  const auto sockets = read_small("/proc/net/sockstat");
  if (!range || !sockets) return std::nullopt;
  const auto ports = ports_in(*range);
  const auto in_use = tcp_sockets_in(*sockets);
  if (!ports || !in_use) return std::nullopt;
  return PortRoom{*in_use, *ports};
}

std::optional<bool> clock_synchronised() {
  timex state{};
  const int result = ::adjtimex(&state);
  if (result < 0) return std::nullopt;
  return result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace causeway::net
