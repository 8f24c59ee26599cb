#include "channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <thread>

namespace misbehave {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRequestBytes = std::size_t{256} * 1024;
constexpr std::size_t kRequestBodyBytes = std::size_t{64} * 1024 * 1024;

Millis left(Clock::time_point end) {
  return std::max(Millis{0}, std::chrono::duration_cast<Millis>(end - Clock::now()));
}

bool readable(int fd, Millis wait) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(wait.count())) > 0;
}

std::string header_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size();) {
    const std::size_t begin = at + 2;
    const std::size_t end = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, end - begin);
    const std::size_t colon = line.find(':');
    const auto lower = [](unsigned char byte) { return std::tolower(byte); };
    if (std::ranges::equal(line.substr(0, colon), name, {}, lower, lower)) {
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      return value == std::string_view::npos ? "" : std::string(line.substr(value));
    }
    at = end;
  }
  return {};
}

}  // namespace

Channel::Channel(int fd) : fd_(fd) {}

Channel::~Channel() {
  if (fd_ >= 0) ::close(fd_);
}

bool Channel::secure(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1) return false;
  return SSL_accept(ssl_.get()) == 1;
}

std::string Channel::protocol() const {
  if (!ssl_) return {};
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return std::string(reinterpret_cast<const char*>(name), length);
}

bool Channel::send(std::string_view bytes) {
  while (!bytes.empty()) {
    long sent = 0;
    if (ssl_) {
      sent = SSL_write(ssl_.get(), bytes.data(),
                       static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U)));
    } else {
      sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
    }
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

long Channel::read_some(char* into, std::size_t most, Millis wait) {
  const bool buffered = ssl_ && SSL_pending(ssl_.get()) > 0;
  if (!buffered && !readable(fd_, wait)) return -1;
  if (ssl_) return SSL_read(ssl_.get(), into, static_cast<int>(most));
  return ::recv(fd_, into, most, 0);
}

std::string Channel::receive(std::size_t most, Millis wait) {
  if (!held_.empty()) {
    std::string out = held_.substr(0, most);
    held_.erase(0, out.size());
    return out;
  }
  std::string out(std::min<std::size_t>(most, 64 * 1024), '\0');
  const long got = read_some(out.data(), out.size(), wait);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

std::string Channel::receive_exactly(std::size_t count, Millis wait) {
  const auto end = Clock::now() + wait;
  std::string out;
  while (out.size() < count) {
    const std::string part = receive(count - out.size(), left(end));
    if (part.empty()) break;
    out += part;
  }
  return out;
}

std::optional<Asked> Channel::request(Millis wait) {
  const auto end = Clock::now() + wait;
  std::string got;
  std::size_t blank = std::string::npos;
  while ((blank = got.find("\r\n\r\n")) == std::string::npos) {
    if (got.size() > kRequestBytes) return std::nullopt;
    const std::string part = receive(16 * 1024, left(end));
    if (part.empty()) return std::nullopt;
    got += part;
  }
  Asked asked;
  asked.head = got.substr(0, blank + 4);
  held_ = got.substr(blank + 4) + held_;
  const std::string line = asked.head.substr(0, asked.head.find("\r\n"));
  const std::size_t one = line.find(' ');
  const std::size_t two = line.find(' ', one == std::string::npos ? one : one + 1);
  asked.method = line.substr(0, one);
  if (one != std::string::npos) asked.path = line.substr(one + 1, two - one - 1);
  asked.host = header_of(asked.head, "host");
  asked.accept = header_of(asked.head, "accept");
  const std::string length = header_of(asked.head, "content-length");
  const std::size_t announced = std::strtoul(length.c_str(), nullptr, 10);
  receive_exactly(std::min(announced, kRequestBodyBytes), left(end));
  return asked;
}

bool Channel::client_hello() {
  const std::string header = receive_exactly(5, Millis{60'000});
  if (header.size() < 5) return false;
  const auto high = static_cast<unsigned char>(header[3]);
  const auto low = static_cast<unsigned char>(header[4]);
  const std::size_t length = (std::size_t{high} << 8U) + low;
  return receive_exactly(length, Millis{60'000}).size() == length;
}

void Channel::finish() {
  if (ssl_) SSL_shutdown(ssl_.get());
  ::shutdown(fd_, SHUT_WR);
  const auto end = Clock::now() + std::chrono::seconds{30};
  std::array<char, 16 * 1024> sink{};
  while (readable(fd_, left(end)) && ::recv(fd_, sink.data(), sink.size(), 0) > 0) {
  }
}

void Channel::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd_);
  fd_ = -1;
}

void Channel::hold(Millis most) { pause(most); }

bool Channel::pause(Millis wait) {
  // POLLRDHUP and not POLLIN: bytes that keep coming stay unread, as with a server that is stuck.
  pollfd one{fd_, POLLRDHUP, 0};
  return ::poll(&one, 1, static_cast<int>(wait.count())) == 0;
}

}  // namespace misbehave
