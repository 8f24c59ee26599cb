#include "net/tls_stream.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/loop.hpp"

namespace causeway::net {
namespace {

class TlsStream final : public Stream {
 public:
  explicit TlsStream(std::unique_ptr<TlsConnection> connection)
      : connection_(std::move(connection)) {}

  Task<ReadResult> read(std::span<std::byte> into, Instant deadline) override {
    Loop& loop = Loop::current();
    while (true) {
      if (!co_await loop.turn(deadline)) co_return timed_out();
      const ReadResult got = read_now(into);
      if (got.end != ReadEnd::later) co_return got;
      if (!co_await connection_->wait(wanted_, deadline)) co_return timed_out();
    }
  }

  Task<WriteResult> write(std::span<const std::byte> bytes, Instant deadline) override {
    std::size_t done = 0;
    while (true) {
      WriteResult sent = write_now(bytes.subspan(done));
      done += sent.bytes;
      sent.bytes = done;
      if (sent.end != WriteEnd::later) co_return sent;
      if (!co_await connection_->wait(wanted_, deadline)) {
        co_return WriteResult{done, WriteEnd::timeout, 0};
      }
    }
  }

  ReadResult read_now(std::span<std::byte> into) override {
    if (nothing_came()) return {.bytes = 0, .end = ReadEnd::later};
    forget_errors();
    std::size_t got = 0;
    const int done = SSL_read_ex(connection_->ssl.get(), into.data(), into.size(), &got);
    if (done == 1) return {.bytes = got, .end = ReadEnd::more};
    wanted_ = SSL_get_error(connection_->ssl.get(), done);
    if (waits(wanted_)) return {.bytes = 0, .end = ReadEnd::later};
    return read_ended(wanted_);
  }

  WriteResult write_now(std::span<const std::byte> bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      forget_errors();
      std::size_t taken = 0;
      const auto left = bytes.subspan(done);
      const int ok = SSL_write_ex(connection_->ssl.get(), left.data(), left.size(), &taken);
      if (ok == 1) {
        done += taken;
        continue;
      }
      wanted_ = SSL_get_error(connection_->ssl.get(), ok);
      if (waits(wanted_)) return {done, WriteEnd::later, 0};
      const int os_code = connection_->wire.os_code;
      return {done, is_reset(os_code) ? WriteEnd::reset : WriteEnd::error, os_code};
    }
    return {done, WriteEnd::all, 0};
  }

  bool has_buffered() const override { return SSL_has_pending(connection_->ssl.get()) == 1; }

  StreamSecurity security() const override {
    const SSL* ssl = connection_->ssl.get();
    const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
    return {.version = SSL_get_version(ssl),
            .cipher = cipher == nullptr ? std::string_view{} : SSL_CIPHER_get_name(cipher),
            .resumed = SSL_session_reused(ssl) == 1};
  }

  void finish() override {
    ERR_clear_error();
    SSL_shutdown(connection_->ssl.get());
    ERR_clear_error();
    ::shutdown(connection_->wire.socket.get(), SHUT_WR);
  }

  TcpFacts facts() const override { return tcp_facts(connection_->wire.socket); }
  const Fd& socket() const override { return connection_->wire.socket; }

 private:
  // SSL_get_error() needs an empty queue, and emptying one that is empty costs as much as any.
  static void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
  }

  // OpenSSL need not be asked: the socket has been read to its end, and nothing is left of that.
  bool nothing_came() {
    if (wanted_ == SSL_ERROR_WANT_WRITE || Loop::may_read(socket()) || has_buffered()) return false;
    wanted_ = SSL_ERROR_WANT_READ;
    return true;
  }

  static ReadResult timed_out() { return {.bytes = 0, .end = ReadEnd::timeout}; }

  // In TLS 1.3 the refusal of our missing client certificate arrives here, as alert 116.
  ReadResult read_ended(int why) {
    const Wire& wire = connection_->wire;
    ReadResult result{.bytes = 0, .end = ReadEnd::error, .os_code = wire.os_code};
    if (connection_->seen.alert >= 0) {
      result.end = ReadEnd::alert;
      result.alert = connection_->seen.alert;
    } else if (why == SSL_ERROR_ZERO_RETURN || wire.ended) {
      result.end = ReadEnd::eof;
    } else if (is_reset(wire.os_code)) {
      result.end = ReadEnd::reset;
    }
    ERR_clear_error();
    return result;
  }

  std::unique_ptr<TlsConnection> connection_;
  int wanted_ = SSL_ERROR_NONE;
};

}  // namespace

// OpenSSL takes a connection that ends without close_notify for a broken one, and its ticket for
// spent (ssl_clear_bad_session). RFC 8446 knows no such rule, and whoever keeps tickets decides
// himself which are good.
TlsConnection::~TlsConnection() {
  if (ssl && seen.past) SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Task<bool> TlsConnection::wait(int why, Instant deadline) {
  Loop& loop = Loop::current();
  if (why == SSL_ERROR_WANT_WRITE) co_return co_await loop.write_edge(wire.socket, deadline);
  co_return co_await loop.read_edge(wire.socket, deadline);
}

bool waits(int why) { return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE; }
bool is_reset(int os_code) { return os_code == ECONNRESET || os_code == EPIPE; }

std::unique_ptr<Stream> tls_stream(std::unique_ptr<TlsConnection> connection) {
  // One read takes what has come, instead of one for each record's head and one for its body.
  SSL_set_read_ahead(connection->ssl.get(), 1);
  return std::make_unique<TlsStream>(std::move(connection));
}

}  // namespace causeway::net
