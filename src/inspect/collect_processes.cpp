#include "inspect/collect_processes.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/read_text.hpp"
#include "inspect/services.hpp"

namespace causeway::inspect {
namespace {

constexpr std::size_t kSmallFile = std::size_t{64} * 1024;

std::string link_target(const std::string& path) {
  std::array<char, 256> target{};
  const auto length = ::readlink(path.c_str(), target.data(), target.size());
  return length <= 0 ? std::string{} : std::string(target.data(), static_cast<std::size_t>(length));
}

template <class Visit>
void each_entry(const std::string& folder, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> list{::opendir(folder.c_str()), &::closedir};
  if (!list) return;
  while (const dirent* entry = ::readdir(list.get())) {
    const std::string_view name{entry->d_name};
    if (!name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) != 0) visit(name);
  }
}

std::string small_file(const std::string& path) {
  return read_text(path, kSmallFile).value_or(std::string{});
}

std::set<std::uint64_t> listening(const Snapshot& out) {
  std::set<std::uint64_t> inodes;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const auto text = out.text(family == Family::ipv4 ? "tcp4.txt" : "tcp6.txt");
    for (const auto& socket : parse_proc_tcp(text, family)) {
      if (socket.state == TcpSocket::State::listen) inodes.insert(socket.inode);
    }
  }
  return inodes;
}

class ProcessReader {
 public:
  explicit ProcessReader(const Snapshot& out)
      : listening_(listening(out)), own_network_(link_target("/proc/self/ns/net")) {
    const auto words = words_of(out.text("uptime.txt"));
    if (!words.empty()) uptime_ = real_number(words[0]).value_or(0);
  }

  std::optional<Process> read(std::string_view pid) const {
    const std::string folder = fmt::format("/proc/{}/", pid);
    Process out;
    if (!status(small_file(folder + "stat"), out)) return std::nullopt;
    const auto cmdline = small_file(folder + "cmdline");
    if (cmdline.empty()) return std::nullopt;  // a thread of the kernel
    out.config = config_argument(cmdline);
    const auto network = link_target(folder + "ns/net");
    out.here = network.empty() || network == own_network_;
    out.unit = unit_of(small_file(folder + "cgroup"));
    struct stat owner{};
    if (::stat(folder.c_str(), &owner) == 0) out.uid = owner.st_uid;
    limits_of(small_file(folder + "limits"), out);
    descriptors(folder + "fd/", out);
    return out;
  }

 private:
  // "12 (name) S 1 ...": the name may hold blanks and brackets itself.
  bool status(std::string_view text, Process& out) const {
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
      return false;
    }
    out.pid = whole_number(trim(text.substr(0, open))).value_or(0);
    out.name = text.substr(open + 1, close - open - 1);
    const auto words = words_of(text.substr(close + 1));
    // Fields 3, 4, 22 and 24 of proc(5).
    if (words.size() < 22 || out.pid <= 0) return false;
    out.state = words[0].front();
    out.parent = whole_number(words[1]).value_or(0);
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto started = static_cast<double>(whole_number(words[19]).value_or(0)) / ticks;
    out.age_s = std::max(uptime_ - started, 0.0);
    out.memory_kb = whole_number(words[21]).value_or(0) * (::sysconf(_SC_PAGESIZE) / 1024);
    return true;
  }

  static void limits_of(std::string_view text, Process& out) {
    for (const auto line : split(text, '\n')) {
      if (!line.starts_with("Max open files")) continue;
      const auto words = words_of(line);
      if (words.size() > 3) out.files_most = whole_number(words[3]).value_or(0);
    }
  }

  void descriptors(const std::string& folder, Process& out) const {
    each_entry(folder, [&](std::string_view name) {
      ++out.files;
      if (out.files > static_cast<std::int64_t>(kInspectSockets)) return;
      constexpr std::string_view kSocket = "socket:[";
      const auto target = link_target(folder + std::string{name});
      if (!target.starts_with(kSocket)) return;
      const auto digits = std::string_view{target}.substr(kSocket.size());
      const auto inode = whole_number(digits.substr(0, digits.size() - 1));
      if (inode && listening_.contains(static_cast<std::uint64_t>(*inode))) {
        out.sockets.push_back(static_cast<std::uint64_t>(*inode));
      }
    });
    std::ranges::sort(out.sockets);
  }

  std::set<std::uint64_t> listening_;
  std::string own_network_;
  double uptime_ = 0;
};

// Ports that servers in networks of their own (containers) listen on there: "PID NAME PORT" a line.
std::string elsewhere(const std::vector<Process>& processes) {
  std::string out;
  for (const auto& process : processes) {
    const auto role = role_of(process.name);
    if (process.here || (role != "web" && role != "application")) continue;
    std::set<std::uint16_t> ports;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto text = small_file(
          fmt::format("/proc/{}/net/tcp{}", process.pid, family == Family::ipv4 ? "" : "6"));
      for (const auto& socket : parse_proc_tcp(text, family)) {
        const bool open = classify(socket.local.address) != AddressClass::loopback;
        if (socket.state == TcpSocket::State::listen && open) ports.insert(socket.local.port);
      }
    }
    for (const auto port : ports) {
      out += fmt::format("{} {} {}\n", process.pid, service_of(process.name), port);
    }
  }
  return out;
}

}  // namespace

std::string config_argument(std::string_view cmdline) {
  constexpr std::array<std::string_view, 5> kNames{"-c", "-f", "--config", "--config-file",
                                                   "--defaults-file"};
  const auto parts = split(cmdline, '\0');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    for (const auto name : kNames) {
      if (parts[i] == name && i + 1 < parts.size()) return std::string{parts[i + 1]};
      if (name.starts_with("--") && parts[i].starts_with(name) && parts[i].size() > name.size() &&
          parts[i][name.size()] == '=') {
        return std::string{parts[i].substr(name.size() + 1)};
      }
    }
  }
  // nginx and php-fpm write their title over the command line: "nginx: master process
  // /usr/sbin/nginx -c FILE", "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)".
  const auto words = words_of(parts.empty() ? std::string_view{} : parts.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "-c" && i + 1 < words.size()) return std::string{words[i + 1]};
    if (words[i].starts_with("(/") && words[i].ends_with(')')) {
      return std::string{words[i].substr(1, words[i].size() - 2)};
    }
  }
  return {};
}

std::string unit_of(std::string_view cgroup) {
  constexpr std::size_t kIdDigits = 64;
  constexpr std::size_t kIdShown = 12;
  for (const auto line : split(cgroup, '\n')) {
    for (const auto part : split(line.substr(line.rfind(':') + 1), '/')) {
      auto id = part;
      if (const auto dash = id.rfind('-'); dash != std::string_view::npos)
        id.remove_prefix(dash + 1);
      if (id.ends_with(".scope")) id.remove_suffix(6);
      const bool container = id.size() == kIdDigits &&
                             id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
      if (container) return std::string{id.substr(0, kIdShown)};
      if (part.ends_with(".service")) return std::string{part};
    }
  }
  return {};
}

void collect_processes(Snapshot& out) {
  const auto start = Clock::now();
  const ProcessReader reader{out};
  std::string text;
  std::vector<Process> all;
  each_entry("/proc/", [&](std::string_view pid) {
    if (all.size() >= kInspectProcesses) return;
    if (auto process = reader.read(pid)) {
      text += write_process(*process);
      all.push_back(std::move(*process));
    }
  });
  out.keep("elsewhere.txt", elsewhere(all));
  out.keep("processes.txt", std::move(text), Clock::now() - start);
}

}  // namespace causeway::inspect
