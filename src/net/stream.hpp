// What an exchange runs on: a byte stream with deadlines, plain TCP and TLS alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/time.hpp"
#include "net/fd.hpp"
#include "net/task.hpp"
#include "net/tcp.hpp"

namespace causeway::net {

enum class ReadEnd : std::uint8_t {
  more,     // bytes came, the stream goes on
  eof,      // FIN, or TLS close_notify
  reset,    // ECONNRESET
  timeout,  // the deadline, or an interrupt of the loop
  error,    // any other errno: os_code; or a broken TLS record
  alert,    // TLS: a fatal alert came
  later,    // of read_now: nothing is there yet
};

struct ReadResult {
  std::size_t bytes = 0;  // > 0 exactly when end is `more`
  ReadEnd end = ReadEnd::more;
  int os_code = 0;
  int alert = 0;
};

enum class WriteEnd : std::uint8_t {
  all,      // every byte is in the kernel's hands (not: acknowledged)
  reset,    // ECONNRESET or EPIPE
  timeout,  // the peer's window stays closed
  error,    // any other errno
  later,    // of write_now: the kernel took `bytes` and has no room for more
};

struct WriteResult {
  std::size_t bytes = 0;  // taken before the end
  WriteEnd end = WriteEnd::all;
  int os_code = 0;
};

// A socket tells of a reset once: when a write heard of it, the read after it sees a mere end.
ReadResult read_after(const WriteResult& wrote, ReadResult read);

struct StreamSecurity {
  std::string_view version;  // "TLSv1.3"
  std::string_view cipher;
  bool resumed = false;
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // As soon as one byte is there; never more than `into` holds.
  virtual Task<ReadResult> read(std::span<std::byte> into, Instant deadline) = 0;
  // All of `bytes`, or until the deadline.
  virtual Task<WriteResult> write(std::span<const std::byte> bytes, Instant deadline) = 0;

  // The same without waiting and without a coroutine: what can be done now.
  virtual ReadResult read_now(std::span<std::byte> into) = 0;
  virtual WriteResult write_now(std::span<const std::byte> bytes) = 0;
  // Two pieces as one, where the stream sends them without copying: `gathers()`.
  virtual bool gathers() const { return false; }
  virtual WriteResult write_both_now(std::span<const std::byte> first,
                                     std::span<const std::byte> second);
  // Bytes have been taken from the socket that read_now has not handed out: no event will tell.
  virtual bool has_buffered() const { return false; }
  // What TLS, if any, agreed on; empty strings on a plain stream.
  virtual StreamSecurity security() const { return {}; }
  // Says goodbye (TLS close_notify) and FIN, as far as that goes without waiting.
  virtual void finish();

  virtual TcpFacts facts() const = 0;
  virtual const Fd& socket() const = 0;
};

// Takes over a connected, non-blocking socket.
std::unique_ptr<Stream> plain_stream(Fd socket);

// The same on a bare socket, for those who own the descriptor.
Task<ReadResult> read_some(const Fd& socket, std::span<std::byte> into, Instant deadline);
Task<WriteResult> write_all(const Fd& socket, std::span<const std::byte> bytes, Instant deadline);
ReadResult read_now(const Fd& socket, std::span<std::byte> into);
WriteResult write_now(const Fd& socket, std::span<const std::byte> bytes);

}  // namespace causeway::net
