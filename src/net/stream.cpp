#include "net/stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <utility>

#include "net/loop.hpp"

namespace causeway::net {
namespace {

ReadResult read_failed(int os_code) {
  return {0, os_code == ECONNRESET ? ReadEnd::reset : ReadEnd::error, os_code, 0};
}

WriteResult write_failed(std::size_t done, int os_code) {
  const bool reset = os_code == ECONNRESET || os_code == EPIPE;
  return {done, reset ? WriteEnd::reset : WriteEnd::error, os_code};
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Fd socket) : socket_(std::move(socket)) {}

  Task<ReadResult> read(std::span<std::byte> into, Instant deadline) override {
    return read_some(socket_, into, deadline);
  }
  Task<WriteResult> write(std::span<const std::byte> bytes, Instant deadline) override {
    return write_all(socket_, bytes, deadline);
  }
  ReadResult read_now(std::span<std::byte> into) override { return net::read_now(socket_, into); }
  WriteResult write_now(std::span<const std::byte> bytes) override {
    return net::write_now(socket_, bytes);
  }
  bool gathers() const override { return true; }
  WriteResult write_both_now(std::span<const std::byte> first,
                             std::span<const std::byte> second) override;
  TcpFacts facts() const override { return tcp_facts(socket_); }
  const Fd& socket() const override { return socket_; }

 private:
  Fd socket_;
};

// One system call; what the kernel has no room for then is the caller's to send.
WriteResult PlainStream::write_both_now(std::span<const std::byte> first,
                                        std::span<const std::byte> second) {
  std::array<iovec, 2> pieces{{{const_cast<std::byte*>(first.data()), first.size()},
                               {const_cast<std::byte*>(second.data()), second.size()}}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  while (Loop::may_write(socket_)) {
    const auto sent = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      const auto bytes = static_cast<std::size_t>(sent);
      return {bytes, bytes == first.size() + second.size() ? WriteEnd::all : WriteEnd::later, 0};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return write_failed(0, errno);
    Loop::drained_write(socket_);
  }
  return {0, WriteEnd::later, 0};
}

}  // namespace

WriteResult Stream::write_both_now(std::span<const std::byte> first,
                                   std::span<const std::byte> second) {
  WriteResult sent = write_now(first);
  if (sent.end != WriteEnd::all) return sent;
  sent = write_now(second);
  sent.bytes += first.size();
  return sent;
}

std::unique_ptr<Stream> plain_stream(Fd socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

ReadResult read_after(const WriteResult& wrote, ReadResult read) {
  if (wrote.end != WriteEnd::reset || read.end != ReadEnd::eof) return read;
  read.end = ReadEnd::reset;
  read.os_code = wrote.os_code;
  return read;
}

void Stream::finish() { ::shutdown(socket().get(), SHUT_WR); }

ReadResult read_now(const Fd& socket, std::span<std::byte> into) {
  while (Loop::may_read(socket)) {
    const auto got = ::recv(socket.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) {
      const auto bytes = static_cast<std::size_t>(got);
      // A short read emptied the socket: the next one would only meet EAGAIN.
      if (bytes < into.size()) Loop::drained_read(socket);
      return {bytes, ReadEnd::more, 0, 0};
    }
    if (got == 0) return {0, ReadEnd::eof, 0, 0};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return read_failed(errno);
    // A socket that no loop watches yet cannot remember this: do not ask it again.
    Loop::drained_read(socket);
    break;
  }
  return {0, ReadEnd::later, 0, 0};
}

WriteResult write_now(const Fd& socket, std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size() && Loop::may_write(socket)) {
    const auto left = bytes.subspan(done);
    const auto sent = ::send(socket.get(), left.data(), left.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      done += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return write_failed(done, errno);
    Loop::drained_write(socket);
    break;
  }
  return {done, done == bytes.size() ? WriteEnd::all : WriteEnd::later, 0};
}

Task<ReadResult> read_some(const Fd& socket, std::span<std::byte> into, Instant deadline) {
  Loop& loop = Loop::current();
  while (true) {
    if (Loop::may_read(socket)) {
      if (!co_await loop.turn(deadline)) co_return ReadResult{0, ReadEnd::timeout, 0, 0};
      const ReadResult got = read_now(socket, into);
      if (got.end != ReadEnd::later) co_return got;
    }
    if (!co_await loop.read_edge(socket, deadline)) {
      co_return ReadResult{0, ReadEnd::timeout, 0, 0};
    }
  }
}

Task<WriteResult> write_all(const Fd& socket, std::span<const std::byte> bytes, Instant deadline) {
  Loop& loop = Loop::current();
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (Loop::may_write(socket)) {
      if (!co_await loop.turn(deadline)) co_return WriteResult{done, WriteEnd::timeout, 0};
      WriteResult sent = write_now(socket, bytes.subspan(done));
      done += sent.bytes;
      if (sent.end != WriteEnd::all && sent.end != WriteEnd::later) {
        sent.bytes = done;
        co_return sent;
      }
      continue;
    }
    if (!co_await loop.write_edge(socket, deadline)) {
      co_return WriteResult{done, WriteEnd::timeout, 0};
    }
  }
  co_return WriteResult{done, WriteEnd::all, 0};
}

}  // namespace causeway::net
