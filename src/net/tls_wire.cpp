#include "net/tls_wire.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/limits.hpp"
#include "net/loop.hpp"

namespace causeway::net {
namespace {

constexpr int kMostDrained = 8;  // reads
// type, version (2), length (2) = 2, level, description
constexpr std::size_t kAlertRecord = 7;

Wire& wire_of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

void keep(Wire& wire, const char* bytes, std::size_t length) {
  wire.bytes_received += length;
  if (!wire.keeps) return;
  const auto room = limits::kFirstBytesKept - wire.first_bytes.size();
  wire.first_bytes.append(bytes, std::min(length, room));
  wire.last_bytes.append(bytes + length - std::min(length, kAlertRecord),
                         std::min(length, kAlertRecord));
  if (wire.last_bytes.size() > kAlertRecord) {
    wire.last_bytes.erase(0, wire.last_bytes.size() - kAlertRecord);
  }
}

int read_wire(BIO* bio, char* into, int length) {
  Wire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  while (Loop::may_read(wire.socket)) {
    const auto wanted = static_cast<std::size_t>(length);
    const auto got = ::recv(wire.socket.get(), into, wanted, MSG_DONTWAIT);
    if (got > 0) {
      if (static_cast<std::size_t>(got) < wanted) Loop::drained_read(wire.socket);
      keep(wire, into, static_cast<std::size_t>(got));
      return static_cast<int>(got);
    }
    if (got == 0) {
      wire.ended = true;
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      if (wire.os_code == 0) wire.os_code = errno;
      return -1;
    }
    // A socket that no loop watches yet cannot remember this: do not ask it again.
    Loop::drained_read(wire.socket);
    break;
  }
  BIO_set_retry_read(bio);
  return -1;
}

int write_wire(BIO* bio, const char* from, int length) {
  Wire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  while (Loop::may_write(wire.socket)) {
    const auto sent = ::send(wire.socket.get(), from, static_cast<std::size_t>(length),
                             MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<int>(sent);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      if (wire.os_code == 0) wire.os_code = errno;
      return -1;
    }
    Loop::drained_write(wire.socket);
    break;
  }
  BIO_set_retry_write(bio);
  return -1;
}

long control_wire(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return wire_of(bio).ended ? 1 : 0;
    default: return 0;
  }
}

BIO_METHOD* wire_method() {
  static BIO_METHOD* method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "causeway wire");
    BIO_meth_set_read(made, read_wire);
    BIO_meth_set_write(made, write_wire);
    BIO_meth_set_ctrl(made, control_wire);
    return made;
  }();
  return method;
}

}  // namespace

BIO* make_wire_bio(Wire& wire) {
  BIO* bio = BIO_new(wire_method());
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

void Wire::drain() {
  std::array<char, 4096> buffer{};
  for (int i = 0; i < kMostDrained && !ended; ++i) {
    const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) ended = true;
    if (got <= 0) return;
    keep(*this, buffer.data(), static_cast<std::size_t>(got));
  }
}

int clear_alert(std::string_view bytes) {
  if (bytes.size() < kAlertRecord) return -1;
  const auto record = bytes.substr(bytes.size() - kAlertRecord);
  const bool alert = record[0] == 0x15 && record[1] == 0x03 && record[3] == 0 && record[4] == 2;
  return alert && record[5] == 2 ? static_cast<unsigned char>(record[6]) : -1;
}

}  // namespace causeway::net
