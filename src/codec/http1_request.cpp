#include "codec/http1_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"

namespace causeway::codec {
namespace {

constexpr std::string_view kUserAgent = "causeway/0.1 (+diagnosis of this origin)";

bool is_plain(char c) { return c > ' ' && c != 0x7f; }

void put_path(std::string& out, std::string_view path) {
  if (path.empty() || path.front() != '/') out += '/';
  for (const char c : path) {
    if (is_plain(c)) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

// A field value keeps its blanks and loses what could end its line.
void put_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= ' ' && byte != 0x7f) || c == '\t') out += c;
  }
}

// Not the name of `causeway edge`, which would take our question for its own come back (RFC 8586).
constexpr const char* kCdnName = "causeway-diagnosis";

}  // namespace

std::string authority(const RequestText& request) {
  const bool bare_ipv6 = request.host.contains(':') && !request.host.starts_with('[');
  std::string out = bare_ipv6 ? fmt::format("[{}]", request.host) : request.host;
  const std::uint16_t usual = request.scheme == "https" ? 443 : 80;
  if (request.port != 0 && request.port != usual) out += fmt::format(":{}", request.port);
  return out;
}

std::vector<std::pair<std::string, std::string>> request_fields(const RequestText& request) {
  std::vector<std::pair<std::string, std::string>> out{
      {"User-Agent", std::string{kUserAgent}},      {"Accept", request.accept},
      {"Accept-Encoding", request.accept_encoding}, {"CDN-Loop", kCdnName},
      {"X-Forwarded-Proto", request.scheme},
  };
  out.insert(out.end(), request.more.begin(), request.more.end());
  return out;
}

std::string write_request(const RequestText& request) {
  std::string out;
  out.reserve(512);
  out += request.method;
  out += ' ';
  put_path(out, request.path);
  out += " HTTP/1.1\r\n";
  const auto put = [&out](std::string_view field_name, std::string_view value) {
    put_value(out, field_name);
    out += ": ";
    put_value(out, value);
    out += "\r\n";
  };
  if (!request.host.empty()) put("Host", authority(request));
  for (const auto& [field_name, value] : request_fields(request)) put(field_name, value);
  const auto of_connection = [](const auto& field) {
    return equals_ignoring_case(field.first, "Connection");
  };
  if (std::ranges::none_of(request.more, of_connection)) put("Connection", "Keep-Alive");
  out += "\r\n";
  return out;
}

}  // namespace causeway::codec
