// A stand-in for an edge: marks of its own on every answer, error pages and RFC 9457 problem
// documents of its own when the origin fails it. With --origin it really asks the origin.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "listen.hpp"
#include "mode.hpp"

namespace misbehave {
namespace {

struct Page {
  int code;    // 5xx, or 1xxx of the DNS and loop family
  int status;  // as sent
  std::string_view name;
  std::string_view title;
  std::string_view category;
  int retry_after;  // seconds; 0: not worth a retry
};

constexpr Page kPages[] = {
    {502, 502, "origin_bad_gateway", "Bad gateway", "origin", 60},
    {504, 504, "origin_gateway_timeout", "Gateway time-out", "origin", 120},
    {520, 520, "unknown_origin_error", "Web server is returning an unknown error", "origin", 60},
    {521, 521, "origin_down", "Web server is down", "origin", 120},
    {522, 522, "connection_timeout", "Connection timed out", "origin", 120},
    {523, 523, "origin_unreachable", "Origin is unreachable", "origin", 120},
    {524, 524, "origin_response_timeout", "A timeout occurred", "origin", 120},
    {525, 525, "ssl_handshake_failed", "SSL handshake failed", "ssl", 0},
    {526, 526, "invalid_ssl_certificate", "Invalid SSL certificate", "ssl", 0},
    {1000, 403, "prohibited_ip", "DNS points to prohibited IP", "dns", 0},
    {1016, 530, "origin_dns_error", "Origin DNS error", "dns", 0},
    {1033, 530, "tunnel_error", "Cloudflare Tunnel error", "config", 120},
};

const Page* page_of(int code) {
  for (const Page& page : kPages) {
    if (page.code == code) return &page;
  }
  return nullptr;
}

std::string next_ray() {
  static std::atomic<unsigned> count{0};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "9a1b2c3d%08x", ++count);
  return text.data();
}

std::string edge_headers(const std::string& ray) {
  return "Server: cloudflare\r\nCF-RAY: " + ray + "-LAB\r\nCF-Cache-Status: DYNAMIC\r\n";
}

std::string problem_json(const Page& page, const std::string& ray, const std::string& zone) {
  const std::string code = std::to_string(page.code);
  std::string text =
      R"({"type":"https://developers.cloudflare.com/support/error-)" + code +
      R"(/","title":"Error )" + code + ": " + std::string(page.title) + R"(","status":)" +
      std::to_string(page.status) + R"(,"detail":")" + std::string(page.title) +
      R"(.","instance":")" + ray + R"(","error_code":)" + code + R"(,"error_name":")" +
      std::string(page.name) + R"(","error_category":")" + std::string(page.category) +
      R"(","ray_id":")" + ray + R"(","timestamp":"2026-01-01T00:00:00Z","zone":")" + zone +
      R"(","cloudflare_error":true,"retryable":)" + (page.retry_after > 0 ? "true" : "false");
  if (page.retry_after > 0) text += R"(,"retry_after":)" + std::to_string(page.retry_after);
  return text + R"(,"owner_action_required":true})";
}

std::string html_page(const Page& page, const std::string& ray, const std::string& zone) {
  const std::string code = std::to_string(page.code);
  return "<!DOCTYPE html><html><head><title>" + zone + " | " + code + ": " +
         std::string(page.title) + "</title></head><body><h1>" + std::string(page.title) +
         "</h1><span>Error code " + code +
         "</span><div id=\"cf-host-status\" class=\"cf-error-source\">" + zone +
         "</div><footer>Ray ID: " + ray + "</footer></body></html>";
}

bool send_page(Channel& channel, const Asked& asked, const Options& options, const Page& page) {
  const std::string ray = next_ray();
  const std::string zone = options.zone.empty() ? asked.host : options.zone;
  const bool problem = asked.accept.find("problem+json") != std::string::npos;
  const bool json = problem || asked.accept.find("application/json") != std::string::npos;
  const std::string body = json ? problem_json(page, ray, zone) : html_page(page, ray, zone);
  const std::string type = problem ? "application/problem+json"
                           : json  ? "application/json; charset=utf-8"
                                   : "text/html; charset=UTF-8";
  std::string head = "HTTP/1.1 " + std::to_string(page.status) +
                     " <none>\r\nContent-Type: " + type +
                     "\r\nCache-Control: private, no-store\r\n" + edge_headers(ray);
  if (page.retry_after > 0) head += "Retry-After: " + std::to_string(page.retry_after) + "\r\n";
  head += "Content-Length: " + number_text(body.size()) + "\r\n\r\n";
  return channel.send(head + (asked.method == "HEAD" ? "" : body));
}

// The connected socket, or -1 and the code an edge would show.
int connect_origin(const Options& options, int& code) {
  const std::size_t comma = options.origin.find(',');
  if (comma == std::string::npos) usage("--origin takes ADDR,PORT");
  const auto port =
      static_cast<std::uint16_t>(std::strtoul(&options.origin[comma + 1], nullptr, 10));
  const Place place = place_of(options.origin.substr(0, comma), port);
  const int fd = ::socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int error = 0;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&place.address), place.length) != 0) {
    error = errno;
    if (error == EINPROGRESS) {
      pollfd one{fd, POLLOUT, 0};
      // 4 s instead of an edge's 19 s: still longer than a router's search for a dead host.
      const bool answered =
          ::poll(&one, 1, static_cast<int>(delay_or(options, Millis{4000}).count())) > 0;
      socklen_t length = sizeof error;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
      if (!answered) error = ETIMEDOUT;
    }
  }
  if (error == 0) {
    ::fcntl(fd, F_SETFL, 0);
    return fd;
  }
  code = error == ECONNREFUSED ? 521 : error == ETIMEDOUT ? 522 : error == ECONNRESET ? 520 : 523;
  ::close(fd);
  return -1;
}

std::string without_server(const std::string& head) {
  std::string out;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const bool drop = line.starts_with("Server:") || line.starts_with("server:") ||
                      line.starts_with("Connection:");
    if (!drop && !line.empty()) out += line + "\r\n";
    if (end == std::string::npos) break;
    at = end + 2;
  }
  return out;
}

// Asks the origin and passes its answer on; 0 when that worked, else the code to show.
int pass_on(Channel& channel, const Asked& asked, const Options& options) {
  int code = 0;
  const int fd = connect_origin(options, code);
  if (fd < 0) return code;
  Channel origin(fd);
  const std::string ray = next_ray();
  origin.send(asked.method + " " + asked.path + " HTTP/1.1\r\nHost: " + asked.host +
              "\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\nCF-Ray: " + ray +
              "-LAB\r\nCF-Connecting-IP: 192.0.2.77\r\nCDN-Loop: cloudflare; loops=1\r\n\r\n");
  std::string got;
  while (got.find("\r\n\r\n") == std::string::npos) {
    const std::string part = origin.receive(16 * 1024, Millis{5000});
    if (part.empty()) return got.empty() && origin.pause(Millis{0}) ? 524 : 520;
    got += part;
  }
  const std::size_t blank = got.find("\r\n\r\n");
  channel.send(without_server(got.substr(0, blank)) + edge_headers(ray) +
               "Connection: close\r\n\r\n" + got.substr(blank + 4));
  std::string part;
  while (!(part = origin.receive(64 * 1024, Millis{5000})).empty()) channel.send(part);
  channel.finish();
  return 0;
}

void edge(Channel& channel, const Options& options) {
  while (const auto asked = channel.request()) {
    int code = options.number;
    if (!options.origin.empty()) code = pass_on(channel, *asked, options);
    if (code == 0) return;
    const Page* page = page_of(code);
    if (page == nullptr) usage("--number: no edge page has the code " + std::to_string(code));
    if (!send_page(channel, *asked, options, *page)) return;
  }
}

void challenge(Channel& channel, const Options&) {
  while (const auto asked = channel.request()) {
    const std::string body =
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
        "<script src=\"/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1\"></script>"
        "<noscript>Enable JavaScript and cookies to continue</noscript></body></html>";
    const std::string head =
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n"
        "cf-mitigated: challenge\r\n" +
        edge_headers(next_ray()) + "Content-Length: " + number_text(body.size()) + "\r\n\r\n";
    if (!channel.send(head + (asked->method == "HEAD" ? "" : body))) return;
  }
}

constexpr Mode kModes[] = {
    {"edge", false, edge, "an edge: its page for --number, or what --origin gives it"},
    {"edge-challenge", false, challenge, "an edge's challenge page"},
};

}  // namespace

std::span<const Mode> edge_modes() { return kModes; }

}  // namespace misbehave
