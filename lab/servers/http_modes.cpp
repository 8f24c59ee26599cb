// Answers whose head is wrong, late, missing or endless.
#include <csignal>
#include <string>

#include "mode.hpp"

namespace misbehave {
namespace {

constexpr std::string_view kGoodHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: misbehave\r\n";

std::string answer_text(const Options& options) {
  std::string text = "HTTP/1.1 " + number_text(static_cast<std::size_t>(options.status)) + " " +
                     (options.reason.empty() ? "OK" : options.reason) + "\r\n";
  for (const std::string& header : options.headers) text += header + "\r\n";
  text += "Content-Length: " + number_text(options.body.size()) + "\r\n\r\n";
  return text;
}

void answer(Channel& channel, const Options& options) {
  const Millis delay = delay_or(options, Millis{0});
  while (const auto asked = channel.request()) {
    if (delay.count() > 0 && !channel.pause(delay)) return;
    const std::string body = asked->method == "HEAD" ? "" : options.body;
    if (!channel.send(answer_text(options) + body)) return;
  }
}

void redirect(Channel& channel, const Options& options) {
  while (const auto asked = channel.request()) {
    // Without --location two paths that lead to each other.
    const std::string there = !options.location.empty() ? options.location
                              : asked->path == "/a"     ? "/b"
                                                        : "/a";
    const int status = options.status == 200 ? 301 : options.status;
    if (!channel.send("HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + there +
                      "\r\nContent-Length: 0\r\n\r\n"))
      return;
  }
}

// Sends `bytes` after the request and ends with FIN.
void after_request(Channel& channel, std::string_view bytes) {
  if (!channel.request()) return;
  channel.send(bytes);
  channel.finish();
}

void empty_reply(Channel& channel, const Options&) { after_request(channel, ""); }

void reset_after_request(Channel& channel, const Options&) {
  if (channel.request()) channel.reset();
}

void garbage(Channel& channel, const Options&) {
  after_request(channel, std::string("\x00\xff\x13\x37 no http at all \x80\x81\xfe\x00", 24));
}

void http09(Channel& channel, const Options&) {
  after_request(channel, "<html>no status line</html>\n");
}

void bad_status_line(Channel& channel, const Options&) {
  after_request(channel, "HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok");
}

void bad_header(Channel& channel, const Options&) {
  after_request(channel,
                std::string(kGoodHead) + "this line has no colon\r\nContent-Length: 2\r\n\r\nok");
}

void nul_in_header(Channel& channel, const Options&) {
  after_request(channel, std::string(kGoodHead) + std::string("X-Nul: a\0b\r\n", 12) +
                             "Content-Length: 2\r\n\r\nok");
}

void big_headers(Channel& channel, const Options& options) {
  const std::size_t size = options.size != 0 ? options.size : 160 * 1024;
  std::string text(kGoodHead);
  for (std::size_t number = 0; text.size() < size; ++number)
    text += "Set-Cookie: c" + number_text(number) + "=" + std::string(1000, 'x') + "\r\n";
  after_request(channel, text + "Content-Length: 2\r\n\r\nok");
}

void endless_headers(Channel& channel, const Options&) {
  if (!channel.request()) return;
  if (!channel.send(kGoodHead)) return;
  while (channel.send("X-More: " + std::string(1000, 'y') + "\r\n")) {
  }
}

void endless_line(Channel& channel, const Options&) {
  if (!channel.request()) return;
  if (!channel.send(std::string(kGoodHead) + "X-Long: ")) return;
  while (channel.send(std::string(4096, 'z'))) {
  }
}

void headers_fin(Channel& channel, const Options&) { after_request(channel, kGoodHead); }

void headers_reset(Channel& channel, const Options&) {
  if (!channel.request() || !channel.send(kGoodHead)) return;
  channel.pause(Millis{100});  // RST would overtake bytes the client has not read yet
  channel.reset();
}

void headers_stall(Channel& channel, const Options&) {
  if (channel.request() && channel.send(kGoodHead)) channel.hold();
}

void drip_headers(Channel& channel, const Options& options) {
  if (!channel.request()) return;
  const std::string text = std::string(kGoodHead) + "Content-Length: 2\r\n\r\nok";
  for (const char byte : text) {
    if (!channel.send(std::string_view(&byte, 1))) return;
    if (!channel.pause(delay_or(options, Millis{500}))) return;
  }
  channel.finish();
}

void two_lengths(Channel& channel, const Options&) {
  after_request(channel,
                std::string(kGoodHead) + "Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello");
}

void length_and_chunked(Channel& channel, const Options&) {
  after_request(channel, std::string(kGoodHead) +
                             "Content-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5\r\nhello\r\n0\r\n\r\n");
}

void negative_length(Channel& channel, const Options&) {
  after_request(channel, std::string(kGoodHead) + "Content-Length: -1\r\n\r\nhello");
}

void endless_interim(Channel& channel, const Options& options) {
  if (!channel.request()) return;
  while (channel.send("HTTP/1.1 100 Continue\r\n\r\n") &&
         channel.pause(delay_or(options, Millis{100}))) {
  }
}

void slow_first_byte(Channel& channel, const Options& options) {
  while (channel.request()) {
    if (!channel.pause(delay_or(options, Millis{300'000}))) return;
    if (!channel.send(std::string(kGoodHead) + "Content-Length: 5\r\n\r\nready")) return;
  }
}

void tls_alert_reply(Channel& channel, const Options&) {
  // What a TLS server answers to plain HTTP: alert 22 (record overflow) or 10, then FIN.
  after_request(channel, std::string("\x15\x03\x01\x00\x02\x02\x0a", 7));
}

void keepalive_reset(Channel& channel, const Options&) {
  if (!channel.request()) return;
  if (!channel.send(std::string(kGoodHead) + "Content-Length: 2\r\n\r\nok")) return;
  if (channel.request()) channel.reset();
}

void keepalive_fin(Channel& channel, const Options&) {
  if (!channel.request()) return;
  if (!channel.send(std::string(kGoodHead) + "Content-Length: 2\r\n\r\nok")) return;
  after_request(channel, "");
}

void keepalive_short(Channel& channel, const Options& options) {
  if (!channel.request()) return;
  if (!channel.send(std::string(kGoodHead) + "Content-Length: 2\r\n\r\nok")) return;
  channel.pause(delay_or(options, Millis{500}));
  channel.finish();
}

void crash_before_answer(Channel& channel, const Options&) {
  if (channel.request()) std::raise(SIGSEGV);
}

constexpr Mode kModes[] = {
    {"answer", false, answer, "a correct answer of --status --reason --header --body"},
    {"redirect", false, redirect, "301 to --location, or in a circle"},
    {"empty-reply", false, empty_reply, "FIN after the request"},
    {"reset-after-request", false, reset_after_request, "RST after the request"},
    {"garbage", false, garbage, "binary bytes"},
    {"http09", false, http09, "a page without a status line"},
    {"bad-status-line", false, bad_status_line, "a status line without a number"},
    {"bad-header", false, bad_header, "a header line without a colon"},
    {"nul-in-header", false, nul_in_header, "a NUL in a header value"},
    {"big-headers", false, big_headers, "--size (160 KB) of Set-Cookie"},
    {"endless-headers", false, endless_headers, "header lines without an end"},
    {"endless-line", false, endless_line, "one header line without an end"},
    {"headers-fin", false, headers_fin, "FIN before the blank line"},
    {"headers-reset", false, headers_reset, "RST before the blank line"},
    {"headers-stall", false, headers_stall, "silence before the blank line"},
    {"drip-headers", false, drip_headers, "one byte each --delay (0.5)"},
    {"two-lengths", false, two_lengths, "two Content-Length headers that differ"},
    {"length-and-chunked", false, length_and_chunked, "Content-Length beside Transfer-Encoding"},
    {"negative-length", false, negative_length, "Content-Length: -1"},
    {"endless-interim", false, endless_interim, "100 Continue for ever"},
    {"slow-first-byte", false, slow_first_byte, "a good answer after --delay (300)"},
    {"tls-alert-reply", false, tls_alert_reply, "a TLS alert as the answer to plain HTTP"},
    {"keepalive-reset", false, keepalive_reset, "RST on the second request"},
    {"keepalive-fin", false, keepalive_fin, "FIN on the second request"},
    {"keepalive-short", false, keepalive_short, "FIN --delay (0.5) after the first answer"},
    {"crash-before-answer", false, crash_before_answer, "SIGSEGV on the first request"},
};

}  // namespace

std::span<const Mode> http_modes() { return kModes; }

void answer_well(Channel& channel, const Options&) {
  while (channel.request()) {
    if (!channel.send(std::string(kGoodHead) + "Content-Length: 5\r\n\r\nhello")) return;
  }
}

}  // namespace misbehave
