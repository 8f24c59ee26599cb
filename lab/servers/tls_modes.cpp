// What can happen to a ClientHello instead of a handshake.
#include <string>

#include "mode.hpp"

namespace misbehave {
namespace {

void hello_silence(Channel& channel, const Options&) {
  if (channel.client_hello()) channel.hold();
}

void hello_fin(Channel& channel, const Options&) {
  if (channel.client_hello()) channel.finish();
}

void hello_reset(Channel& channel, const Options&) {
  if (channel.client_hello()) channel.reset();
}

void hello_garbage(Channel& channel, const Options&) {
  if (!channel.client_hello()) return;
  channel.send(std::string("\x28\x27\xe8\xaf\x39\xbf\x94\x73\x2f\x06\x87\x2b\x72\x55\xda\x56", 16));
  channel.finish();
}

// The head of a ServerHello (TLS 1.2 record, handshake type 2): 11 bytes of 128 announced ones.
void hello_partial(Channel& channel, const Options&) {
  if (!channel.client_hello()) return;
  if (channel.send(std::string("\x16\x03\x03\x00\x80\x02\x00\x00\x7c\x03\x03", 11))) channel.hold();
}

void hello_partial_fin(Channel& channel, const Options&) {
  if (!channel.client_hello()) return;
  channel.send(std::string("\x16\x03\x03\x00\x80\x02\x00\x00\x7c\x03\x03", 11));
  channel.finish();
}

void alert(Channel& channel, const Options& options) {
  if (!channel.client_hello()) return;
  std::string record("\x15\x03\x03\x00\x02\x02", 6);
  record += static_cast<char>(options.number);
  channel.send(record);
  channel.finish();
}

void alert_reset(Channel& channel, const Options& options) {
  if (!channel.client_hello()) return;
  std::string record("\x15\x03\x03\x00\x02\x02", 6);
  record += static_cast<char>(options.number);
  channel.send(record);
  channel.pause(Millis{100});
  channel.reset();
}

// A correct TLS 1.2 ServerHello that claims SSL 3.0: a version nobody offered.
void old_version(Channel& channel, const Options&) {
  if (!channel.client_hello()) return;
  std::string hello("\x03\x00", 2);
  hello.append(32, '\x11');  // random
  hello += '\0';             // no session id
  hello.append({0x00, 0x2f});
  hello += '\0';  // no compression
  std::string record("\x16\x03\x00\x00", 4);
  record += static_cast<char>(hello.size() + 4);
  record.append({2, 0, 0, static_cast<char>(hello.size())});
  channel.send(record + hello);
  channel.finish();
}

// Plain HTTP where TLS was expected, as nginx answers it.
void http_on_tls(Channel& channel, const Options&) {
  channel.receive(4096, Millis{60'000});
  channel.send(
      "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\n"
      "Content-Length: 15\r\nConnection: close\r\n\r\n400 Bad Request");
  channel.finish();
}

void http2_on_tls(Channel& channel, const Options&) {
  channel.receive(4096, Millis{60'000});
  channel.send(std::string("\0\0\0\x04\0\0\0\0\0", 9));
  channel.send(std::string("\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", 17));
  channel.finish();
}

constexpr Mode kModes[] = {
    {"tls-silence", true, hello_silence, "reads the ClientHello and says nothing"},
    {"tls-fin", true, hello_fin, "FIN after the ClientHello"},
    {"tls-reset", true, hello_reset, "RST after the ClientHello"},
    {"tls-garbage", true, hello_garbage, "random bytes after the ClientHello"},
    {"tls-partial", true, hello_partial, "11 bytes of a ServerHello, then silence"},
    {"tls-partial-fin", true, hello_partial_fin, "11 bytes of a ServerHello, then FIN"},
    {"tls-alert", true, alert, "the fatal alert --number, then FIN"},
    {"tls-alert-reset", true, alert_reset, "the fatal alert --number, then RST"},
    {"tls-old-version", true, old_version, "a ServerHello of SSL 3.0"},
    {"http-on-tls", true, http_on_tls, "a plain HTTP 400 to the ClientHello"},
    {"http2-on-tls", true, http2_on_tls, "plain HTTP/2 frames to the ClientHello"},
};

}  // namespace

std::span<const Mode> tls_modes() { return kModes; }

}  // namespace misbehave
