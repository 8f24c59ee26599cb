#include "guard/replay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>

#include "base/text.hpp"
#include "guard/limits.hpp"
#include "guard/replay_setup.hpp"
#include "guard/replay_wire.hpp"

namespace causeway::guard {
namespace {

using Clock = std::chrono::steady_clock;

// The end of a device's pair that is outside; the number keeps it within IFNAMSIZ.
std::string outer_name(std::size_t index) { return fmt::format("wire{}", index); }

// --- in the child: two namespaces, the host and what is outside ---

class Stage {
 public:
  Stage(const ReplaySetup& setup, const firewall::Collection& collection)
      : setup_(setup), collection_(collection) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() {
    if (holder_ > 0) {
      ::kill(holder_, SIGKILL);
      ::waitpid(holder_, nullptr, 0);
    }
    for (const int fd : {outside_, wire_}) {
      if (fd >= 0) ::close(fd);
    }
    for (const int fd : listeners_) ::close(fd);
  }

  // What went wrong; empty: the host stands.
  std::string raise(std::vector<std::string>& left_out) {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return problem("a network namespace");
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    outside_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    holder_ = ::fork();  // keeps the outside alive, and gives `ip` a number to name it by
    if (holder_ == 0) {
      while (true) ::pause();
    }
    if (outside_ < 0 || holder_ < 0) return problem("a process outside");
    if (::unshare(CLONE_NEWNET) != 0) return problem("a network namespace");
    if (auto bad = run({"ip", "link", "set", "lo", "up"}); !bad.empty()) return bad;
    write_sysctl("net/ipv6/conf/default/accept_dad", "0");
    for (std::size_t i = 0; i < setup_.devices.size(); ++i) {
      if (auto bad = add_device(i); !bad.empty()) return bad;
    }
    for (const auto& [path, value] : setup_.sysctls) write_sysctl(path, value);
    for (const char* path : {"net/ipv4/icmp_ratelimit", "net/ipv6/icmp/ratelimit"}) {
      write_sysctl(path, "0");  // every question is to be answered
    }
    for (const auto& program : setup_.programs) {
      const auto ran = inspect::run_program(program);
      if (ran.good()) continue;
      left_out.push_back(
          fmt::format("{}: {}", fmt::join(program.words, " "), ran.problem(program.words.front())));
    }
    listen();
    return open_wire();
  }

  // Sends the SYNs and whatever follows, and answers in the order of the rows.
  std::vector<std::string> ask(const std::vector<ReplayRow>& rows, std::chrono::milliseconds quiet);

 private:
  static std::string problem(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
  }

  static std::string run(std::vector<std::string> words) {
    inspect::Program program;
    program.words = std::move(words);
    const auto ran = inspect::run_program(program);
    return ran.good() ? "" : ran.problem(program.words.front());
  }

  std::string add_device(std::size_t index) const {
    const auto& name = setup_.devices[index];
    auto bad = run({"ip", "link", "add", name, "address", kReplayMac, "type", "veth", "peer",
                    "name", outer_name(index), "netns", fmt::format("{}", holder_)});
    if (!bad.empty()) return bad;
    // Without ARP whatever is sent reaches the other end.
    bad = run({"ip", "link", "set", name, "arp", "off", "up"});
    if (!bad.empty()) return bad;
    return run({"nsenter", "-t", fmt::format("{}", holder_), "-n", "ip", "link", "set",
                outer_name(index), "arp", "off", "up"});
  }

  static void write_sysctl(const std::string& path, const std::string& value) {
    const int fd = ::open(("/proc/sys/" + path).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;  // of a device that is not there, or not a namespace's own
    [[maybe_unused]] const auto wrote = ::write(fd, value.data(), value.size());
    ::close(fd);
  }

  void listen() {
    for (const auto& one : collection_.host.listeners) {
      const bool v6 = one.address ? !one.address->is_v4() : one.family == Family::ipv6;
      listen_on(one, v6);
      if (one.any && one.both_families) listen_on(one, !v6);
    }
  }

  void listen_on(const codec::Listener& one, bool v6) {
    const int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_storage where{};
    socklen_t size = 0;
    if (v6) {
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
      auto& in = reinterpret_cast<sockaddr_in6&>(where);
      in.sin6_family = AF_INET6;
      in.sin6_port = htons(one.port);
      if (one.address && !one.any) {
        std::memcpy(&in.sin6_addr, one.address->bytes().data(), sizeof in.sin6_addr);
      }
      size = sizeof in;
    } else {
      auto& in = reinterpret_cast<sockaddr_in&>(where);
      in.sin_family = AF_INET;
      in.sin_port = htons(one.port);
      if (one.address && !one.any) {
        const auto bytes = one.address->v4_bytes();
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
      }
      size = sizeof in;
    }
    const bool good = ::bind(fd, reinterpret_cast<const sockaddr*>(&where), size) == 0 &&
                      ::listen(fd, limits::kReplayBacklog) == 0;
    if (good) {
      listeners_.push_back(fd);
    } else {
      ::close(fd);
    }
  }

  // Outside, on all ends: what is forwarded shows on another one than what comes back.
  std::string open_wire() {
    const int host = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (host < 0 || ::setns(outside_, CLONE_NEWNET) != 0) return problem("the way outside");
    wire_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto& device = collection_.arrival.device_of(family);
      const auto found = std::ranges::find(setup_.devices, device);
      const auto index = static_cast<std::size_t>(found - setup_.devices.begin());
      way_in_[static_cast<std::size_t>(family)] =
          static_cast<int>(::if_nametoindex(outer_name(index).c_str()));
    }
    const bool back = ::setns(host, CLONE_NEWNET) == 0;
    ::close(host);
    return wire_ >= 0 && back ? "" : problem("a packet socket");
  }

  void send(const Segment& segment) const {
    const auto frame = frame_of(segment);
    sockaddr_ll where{};
    where.sll_family = AF_PACKET;
    where.sll_ifindex = way_in_[segment.target.is_v4() ? 0 : 1];
    ::sendto(wire_, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&where),
             sizeof where);
  }

  void hear(const Arrived& arrived, bool at_way_in, const std::vector<ReplayRow>& rows,
            std::vector<std::string>& out) const;

  const ReplaySetup& setup_;
  const firewall::Collection& collection_;
  int outside_ = -1;
  int wire_ = -1;
  pid_t holder_ = -1;
  std::array<int, 2> way_in_{};
  std::vector<int> listeners_;
};

constexpr std::uint16_t kFirstPort = 20000;

std::uint16_t client_port(std::size_t row) {
  return static_cast<std::uint16_t>(kFirstPort + row % limits::kReplayQuestions);
}

// What the client whose question it is makes of a packet.
void Stage::hear(const Arrived& arrived, bool at_way_in, const std::vector<ReplayRow>& rows,
                 std::vector<std::string>& out) const {
  const auto& got = arrived.segment;
  const std::uint16_t own = arrived.icmp || !at_way_in ? got.source_port : got.target_port;
  const std::size_t row = own < kFirstPort ? rows.size() : std::size_t{own} - kFirstPort;
  if (row >= rows.size()) return;
  auto& verdict = out[row];
  const auto& asked = rows[row].sample;
  const auto& host = *collection_.arrival.address(asked.source.family());
  if (!at_way_in) {
    if (!arrived.icmp && verdict == "drop" && got.flags == kTcpSyn) verdict = "forwarded";
    return;
  }
  if (arrived.icmp) {
    const bool mine =
        got.source == asked.source && got.target == host && got.target_port == asked.port;
    if (mine && verdict == "drop") verdict = *arrived.icmp;
    return;
  }
  const bool mine =
      got.source == host && got.target == asked.source && got.source_port == asked.port;
  if (!mine) return;  // taken for another connection's
  if ((got.flags & kTcpRst) != 0) {
    if (verdict == "drop") verdict = "reset";
  } else if ((got.flags & kTcpSyn) != 0) {
    if (verdict != "drop") return;
    verdict = "half";
    Segment answer{asked.source, host, own, asked.port, kTcpAck, 1001, got.sequence + 1, {}};
    send(answer);
    answer.flags = kTcpAck | kTcpPsh;
    answer.data = "ping";
    send(answer);
  } else if (verdict == "half" && got.acknowledged == 1005) {
    verdict = "accept";
  }
}

std::vector<std::string> Stage::ask(const std::vector<ReplayRow>& rows,
                                    std::chrono::milliseconds quiet) {
  std::vector<std::string> out(rows.size(), "drop");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& asked = rows[i].sample;
    const auto& host = collection_.arrival.address(asked.source.family());
    if (!host) continue;
    send({asked.source, *host, client_port(i), asked.port, kTcpSyn, 1000, 0, {}});
  }
  std::array<std::uint8_t, 4096> buffer{};
  const auto end = Clock::now() + limits::kReplayWait;
  auto last = Clock::now();
  while (Clock::now() < end && Clock::now() - last < quiet) {
    pollfd ready{wire_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(quiet.count())) <= 0) continue;
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const auto got = ::recvfrom(wire_, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 0 || from.sll_pkttype == PACKET_OUTGOING) continue;
    const auto arrived = read_frame({buffer.data(), static_cast<std::size_t>(got)});
    if (!arrived) continue;
    last = Clock::now();
    const bool v4 = arrived->segment.target.is_v4();
    hear(*arrived, from.sll_ifindex == way_in_[v4 ? 0 : 1], rows, out);
  }
  return out;
}

// --- between parent and child: lines ---

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

// A proof is about a lone connection: many at once exceed limits, and one source's first may change
// its second one's way. Who disagrees is asked again, alone, of a host that nobody has asked.
void ask_alone(const ReplaySetup& setup, const firewall::Collection& collection,
               const std::vector<ReplayRow>& rows, std::vector<std::string>& verdicts) {
  std::vector<std::size_t> again;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!agree(rows[i].proved, verdicts[i])) again.push_back(i);
  }
  if (again.empty() || again.size() > limits::kReplayAlone) return;
  Stage fresh{setup, collection};
  std::vector<std::string> left_out;
  if (!fresh.raise(left_out).empty()) return;
  for (const auto i : again) {
    verdicts[i] = fresh.ask({rows[i]}, limits::kReplayQuietAlone).front();
  }
}

void play(int out, const ReplaySetup& setup, const firewall::Collection& collection,
          const std::vector<ReplayRow>& rows) {
  Stage stage{setup, collection};
  std::vector<std::string> left_out;
  const auto bad = stage.raise(left_out);
  if (!bad.empty()) {
    write_all(out, "E " + one_line(bad) + "\n");
    return;
  }
  for (auto& one : left_out) write_all(out, "L " + one_line(std::move(one)) + "\n");
  auto verdicts = stage.ask(rows, limits::kReplayQuiet);
  ask_alone(setup, collection, rows, verdicts);
  for (const auto& verdict : verdicts) write_all(out, "V " + verdict + "\n");
}

std::string read_all(int fd) {
  std::string out;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::vector<ReplayRow> replay_questions(const firewall::Proof& proof) {
  std::vector<ReplayRow> out;
  for (const auto& row : proof.rows) {
    if (!row.certain || row.clients.empty() || out.size() >= limits::kReplayQuestions) continue;
    const auto source =
        firewall::address_of(row.clients.parts().front().first, row.range.address().family());
    out.push_back({{source, row.port}, text(row.causes.front().ending), "", true});
  }
  return out;
}

bool agree(std::string_view proved, std::string_view kernel) {
  if (kernel == "forwarded") return proved == "accept" || proved == "half";
  return proved == kernel;
}

Parsed<Replayed> replay(const firewall::Dumps& dumps, const firewall::Collection& collection,
                        const firewall::Proof& proof) {
  Replayed out;
  out.rows = replay_questions(proof);
  auto setup = replay_setup(dumps, collection);
  out.left_out = setup.left_out;
  if (std::ranges::find(setup.devices, collection.arrival.device) == setup.devices.end()) {
    return error("the replay needs the interface that the edge's packets arrive at");
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return error(fmt::format("the replay: {}", std::strerror(errno)));
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    play(pipe[1], setup, collection, out.rows);
    ::_exit(0);
  }
  ::close(pipe[1]);
  const auto said = child > 0 ? read_all(pipe[0]) : std::string{};
  ::close(pipe[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  std::size_t row = 0;
  for (const auto line : split(said, '\n')) {
    if (line.starts_with("E ")) return error(fmt::format("the replay: {}", line.substr(2)));
    if (line.starts_with("L ")) out.left_out.emplace_back(line.substr(2));
    if (!line.starts_with("V ") || row >= out.rows.size()) continue;
    auto& one = out.rows[row++];
    one.kernel = line.substr(2);
    one.agrees = agree(one.proved, one.kernel);
  }
  if (row != out.rows.size()) return error("the replay ended too early");
  return out;
}

}  // namespace causeway::guard
