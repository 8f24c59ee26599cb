// The least that a TCP check is, whoever makes it: socket, connect, the wait for its end, close. CPU
// of this process for each, to 2,000 addresses of 127.0.0.0/8 in turns, one after the other.
//   connect_floor PORT [ROUNDS]
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::uint32_t kLoopback = 0x7f010001;
constexpr std::uint32_t kAddresses = 2000;
constexpr int kPatienceMs = 1000;

bool check(int epoll, std::uint32_t address, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(address);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  epoll_event event{};
  event.events = EPOLLOUT;
  const bool waited = ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 &&
                      ::epoll_wait(epoll, &event, 1, kPatienceMs) == 1;
  ::close(fd);
  return waited && (event.events & (EPOLLERR | EPOLLHUP)) == 0;
}

double microseconds(const timeval& span) {
  return static_cast<double>(span.tv_sec) * 1e6 + static_cast<double>(span.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 20'000;
  if (port <= 0 || port > UINT16_MAX || rounds <= 0) {
    std::fputs("connect_floor PORT [ROUNDS]\n", stderr);
    return 2;
  }
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  int failed = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::uint32_t address = kLoopback + static_cast<std::uint32_t>(i) % kAddresses;
    failed += check(epoll, address, static_cast<std::uint16_t>(port)) ? 0 : 1;
  }
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  std::printf("%.1f us a connection (%.1f of them the kernel's), %d of %d failed\n",
              (microseconds(used.ru_utime) + microseconds(used.ru_stime)) / rounds,
              microseconds(used.ru_stime) / rounds, failed, rounds);
  return failed == 0 ? 0 : 1;
}
