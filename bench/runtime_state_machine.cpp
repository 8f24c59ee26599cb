#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <unordered_set>
#include <vector>

#include "runtime_sides.hpp"

namespace causeway::bench {
namespace {

struct Session;

// One socket's place in epoll.
struct Port {
  int fd = -1;
  bool readable = false;  // an edge came and no short read since
  Session* session = nullptr;
};

// Where the message is: read from `from`, then written to the other one.
struct Session {
  Port client;
  Port origin;
  bool forwards = false;
  bool answering = false;  // the message under way comes from the origin
  std::size_t held = 0;
  std::size_t sent = 0;
  bool ended = false;
  std::array<std::byte, kMessage> buffer;

  Port& from() { return forwards && answering ? origin : client; }
  Port& to() { return !forwards ? client : answering ? client : origin; }
};

class Machine {
 public:
  explicit Machine(Side side) : side_(side), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~Machine() {
    for (Session* session : sessions_) close_session(*session);
    ::close(epoll_);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void run() {
    watch(side_.listener, &listener_);
    watch(side_.stop, &stop_);
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto& event = events.at(static_cast<std::size_t>(i));
        auto* port = static_cast<Port*>(event.data.ptr);
        if (port == &stop_) return;
        if (port == &listener_) {
          accept_all();
          continue;
        }
        if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
          port->readable = true;
        }
        if (!port->session->ended) step(*port->session);
      }
      for (Session* session : dead_) delete session;
      dead_.clear();
    }
  }

 private:
  void watch(int fd, Port* port) {
    port->fd = fd;
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = port}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    while (true) {
      const int fd = ::accept4(side_.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto owned = std::make_unique<Session>();
      Session& session = *owned.release();
      sessions_.insert(&session);
      session.client.session = &session;
      session.client.readable = true;
      watch(fd, &session.client);
      if (side_.origin) connect_origin(session);
      step(session);
    }
  }

  void connect_origin(Session& session) {
    session.forwards = true;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(*side_.origin);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // In progress or done: a write that comes too early meets EAGAIN and waits for the edge.
    [[maybe_unused]] const int result =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    session.origin.session = &session;
    watch(fd, &session.origin);
  }

  void step(Session& session) {
    while (read(session) && write(session)) {
      session.held = session.sent = 0;
      session.answering = !session.answering;
    }
  }

  bool read(Session& session) {
    while (session.held < kMessage) {
      Port& from = session.from();
      if (!from.readable) return false;
      const std::size_t room = kMessage - session.held;
      const auto got = ::recv(from.fd, session.buffer.data() + session.held, room, MSG_DONTWAIT);
      if (got > 0) {
        session.held += static_cast<std::size_t>(got);
        if (static_cast<std::size_t>(got) < room) from.readable = false;
      } else if (got < 0 && errno == EAGAIN) {
        from.readable = false;
      } else {
        end(session);
        return false;
      }
    }
    return true;
  }

  bool write(Session& session) {
    while (session.sent < kMessage) {
      const auto done = ::send(session.to().fd, session.buffer.data() + session.sent,
                               kMessage - session.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (done >= 0) {
        session.sent += static_cast<std::size_t>(done);
      } else if (errno == EAGAIN || errno == ENOTCONN) {
        return false;
      } else {
        end(session);
        return false;
      }
    }
    return true;
  }

  void end(Session& session) {
    close_session(session);
    session.ended = true;
    sessions_.erase(&session);
    dead_.push_back(&session);
  }

  static void close_session(Session& session) {
    ::close(session.client.fd);
    if (session.origin.fd >= 0) ::close(session.origin.fd);
  }

  Side side_;
  int epoll_;
  Port listener_;
  Port stop_;
  std::unordered_set<Session*> sessions_;
  std::vector<Session*> dead_;
};

}  // namespace

void serve_with_state_machine(Side side) {
  Machine machine{side};
  machine.run();
}

}  // namespace causeway::bench
