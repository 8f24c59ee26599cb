// What our coroutines cost beside a hand-written epoll state machine that does the same work:
//   runtime_bench [--rounds N] [--seconds S] [--connections N]
// CPU time of the server thread for each request, the two taken in turn, ratios round by round.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runtime_sides.hpp"

namespace causeway::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int rounds = 5;
  double seconds = 2;
  int connections = 64;
};

enum class Kind { echo, forward, connect };

struct Listening {
  int fd;
  std::uint16_t port;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Listening listen_on_loopback() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, raw, length) != 0 || ::listen(fd, 4096) != 0 ||
      ::getsockname(fd, raw, &length) != 0) {
    std::perror("listen");
    std::exit(2);
  }
  return {fd, ntohs(address.sin_port)};
}

void run_on(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::max(1U, std::thread::hardware_concurrency()), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

double cpu_seconds(std::thread& thread) {
  clockid_t clock = 0;
  timespec at{};
  ::pthread_getcpuclockid(thread.native_handle(), &clock);
  ::clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

// A server on a thread of its own until it goes away.
class Running {
 public:
  Running(const std::function<void(Side)>& serve, std::optional<std::uint16_t> origin, unsigned cpu)
      : listening_(listen_on_loopback()), stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    thread_ = std::thread{[=, this] {
      run_on(cpu);
      serve({listening_.fd, origin, stop_});
    }};
  }
  ~Running() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_, &one, sizeof one);
    thread_.join();
    ::close(stop_);
    ::close(listening_.fd);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::uint16_t port() const { return listening_.port; }
  double cpu() { return cpu_seconds(thread_); }

 private:
  Listening listening_;
  int stop_;
  std::thread thread_;
};

// The clients: every connection sends a message, waits for its answer, sends the next.
class Clients {
 public:
  Clients(std::uint16_t port, int connections, bool reconnect)
      : port_(port), reconnect_(reconnect), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < connections; ++i) open();
  }
  ~Clients() {
    for (const int fd : fds_) ::close(fd);
    ::close(epoll_);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  std::uint64_t drive(double seconds) {
    std::uint64_t answers = 0;
    const auto until = Clock::now() + std::chrono::duration<double>{seconds};
    std::array<epoll_event, 256> events;
    while (Clock::now() < until) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < count; ++i) {
        if (answered(events.at(static_cast<std::size_t>(i)).data.fd)) ++answers;
      }
    }
    return answers;
  }

 private:
  void open() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in address = loopback(port_);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      std::perror("connect");
      std::exit(2);
    }
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    fds_.push_back(fd);
    send_message(fd);
  }

  static void send_message(int fd) {
    static constexpr std::array<std::byte, kMessage> kBytes{};
    if (::send(fd, kBytes.data(), kBytes.size(), MSG_NOSIGNAL) != std::ssize(kBytes)) {
      std::perror("send");
      std::exit(2);
    }
  }

  bool answered(int fd) {
    std::array<std::byte, kMessage> buffer;
    const auto got = ::recv(fd, buffer.data(), buffer.size(), MSG_WAITALL);
    if (got != std::ssize(buffer)) {
      fmt::print(stderr, "the server closed a connection\n");
      std::exit(2);
    }
    if (!reconnect_) {
      send_message(fd);
      return true;
    }
    // A reset instead of a FIN: or the local ports would all stand in TIME-WAIT after a second.
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    std::erase(fds_, fd);
    ::close(fd);
    open();
    return true;
  }

  std::uint16_t port_;
  bool reconnect_;
  int epoll_;
  std::vector<int> fds_;
};

// CPU microseconds of the server thread for each request.
double measure(const std::function<void(Side)>& serve, Kind kind, const Options& options) {
  std::optional<Running> origin;
  if (kind == Kind::forward) origin.emplace(serve_with_state_machine, std::nullopt, 0);
  Running server{serve, origin ? std::optional{origin->port()} : std::nullopt, 1};
  Clients clients{server.port(), options.connections, kind == Kind::connect};
  clients.drive(0.2);  // warm
  const double before = server.cpu();
  const auto requests = clients.drive(options.seconds);
  const double used = server.cpu() - before;
  return requests == 0 ? 0 : used * 1e6 / static_cast<double>(requests);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

void compare(const std::string& name, Kind kind, const Options& options) {
  std::vector<double> plain;
  std::vector<double> ours;
  std::vector<double> ratios;
  for (int round = 0; round < options.rounds; ++round) {
    plain.push_back(measure(serve_with_state_machine, kind, options));
    ours.push_back(measure(serve_with_coroutines, kind, options));
    ratios.push_back(ours.back() / plain.back());
  }
  const auto [least, most] = std::ranges::minmax(ratios);
  fmt::print("{:<24} {:>10.2f} {:>10.2f}    x{:.2f} ({:.2f} to {:.2f})\n", name, median(plain),
             median(ours), median(ratios), least, most);
  std::fflush(stdout);
}

int run(const Options& options) {
  run_on(0);
  fmt::print("{} rounds of {} s, {} connections, {} bytes; CPU us for each request\n",
             options.rounds, options.seconds, options.connections, kMessage);
  fmt::print("{:<24} {:>10} {:>10}    {}\n", "", "machine", "coroutines", "ratio");
  compare("echo, kept open", Kind::echo, options);
  compare("forward, kept open", Kind::forward, options);
  compare("echo, one per connection", Kind::connect, options);
  return 0;
}

}  // namespace
}  // namespace causeway::bench

int main(int argc, char** argv) {
  causeway::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--rounds") options.rounds = std::max(1, std::atoi(argv[i + 1]));
    if (name == "--seconds") options.seconds = std::max(0.1, std::atof(argv[i + 1]));
    if (name == "--connections") options.connections = std::max(1, std::atoi(argv[i + 1]));
  }
  return causeway::bench::run(options);
}
