// What goes wrong before a byte of the request is read, and ports of other protocols.
#include <array>

#include "mode.hpp"

namespace misbehave {
namespace {

void accept_silent(Channel& channel, const Options&) { channel.hold(); }

void close_at_accept(Channel& channel, const Options&) {
  // No drain: what the client sends into the closed socket is answered with RST, as it is when a
  // daemon's access rules or a worker limit close at accept.
  (void)channel;
}

void reset_at_accept(Channel& channel, const Options&) { channel.reset(); }

void close_when_idle(Channel& channel, const Options& options) {
  channel.pause(delay_or(options, Millis{500}));
}

void say(Channel& channel, const Options& options, std::string_view banner) {
  channel.pause(delay_or(options, Millis{0}));
  if (!channel.send(banner)) return;
  while (!channel.receive(4096, Millis{30'000}).empty()) {
    if (!channel.send("\r\n")) break;
  }
  channel.finish();
}

void ssh(Channel& channel, const Options&) {
  // As OpenSSH: the banner at once, and a refusal of whatever is not a version string.
  if (!channel.send("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")) return;
  if (!channel.receive(4096, Millis{30'000}).empty())
    channel.send("Invalid SSH identification string.\r\n");
  channel.finish();
}

void smtp(Channel& channel, const Options& options) {
  say(channel, options, "220 mail.example.net ESMTP Postfix (Debian/GNU)\r\n");
}

void ftp(Channel& channel, const Options& options) {
  say(channel, options, "220 (vsFTPd 3.0.3)\r\n");
}

void imap(Channel& channel, const Options& options) {
  say(channel, options, "* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n");
}

void mysql(Channel& channel, const Options&) {
  // Protocol 10 greeting: length, sequence 0, version, thread id, salt, capabilities.
  std::string body("\x0a", 1);
  body += "8.0.36-0ubuntu0.22.04.1";
  body += '\0';
  body.append({1, 0, 0, 0});
  body += "abcdefgh";
  body += '\0';
  body.append(31, '\1');
  const std::array<char, 4> header{static_cast<char>(body.size()), 0, 0, 0};
  if (!channel.send(std::string(header.data(), header.size()) + body)) return;
  channel.receive(4096, Millis{10'000});
  channel.send(std::string("\x11\x00\x00\x01\xff\x13\x04", 7) + "Bad handshake");
  channel.finish();
}

void redis(Channel& channel, const Options&) {
  if (channel.receive(4096, Millis{30'000}).empty()) return;
  channel.send("-ERR unknown command 'GET', with args beginning with: \r\n");
  channel.finish();
}

void zero_window(Channel& channel, const Options&) {
  // Reads nothing: the receive buffer fills and the window closes, so that a request longer than
  // it cannot be written.
  channel.hold();
}

constexpr Mode kModes[] = {
    {"silent", true, accept_silent, "accepts and says nothing"},
    {"close-at-accept", true, close_at_accept, "FIN at accept"},
    {"reset-at-accept", true, reset_at_accept, "RST at accept"},
    {"close-when-idle", true, close_when_idle, "FIN after --delay (0.5) without reading"},
    {"zero-window", true, zero_window, "never reads: --receive-buffer fills, the window closes"},
    {"ssh", true, ssh, "an SSH banner"},
    {"smtp", true, smtp, "a mail server's banner"},
    {"ftp", true, ftp, "an FTP server's banner"},
    {"imap", true, imap, "an IMAP server's banner"},
    {"mysql", true, mysql, "a MySQL greeting"},
    {"redis", true, redis, "a Redis error for every line"},
};

}  // namespace

std::span<const Mode> connection_modes() { return kModes; }

Millis delay_or(const Options& options, Millis otherwise) {
  return options.delay.count() >= 0 ? options.delay : otherwise;
}

std::string number_text(std::size_t number) { return std::to_string(number); }

}  // namespace misbehave
