#include "model/target_url.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::model {
namespace {

constexpr std::size_t kLongestUrl = std::size_t{16} * 1024;  // an edge takes no longer ones
constexpr std::size_t kLongestName = 253;                    // RFC 1035 section 2.3.4, in text form
constexpr std::size_t kLongestLabel = 63;

std::unexpected<Error> refused(std::string_view what, std::string_view expected) {
  return error(fmt::format("{}; expected {}", what, expected));
}

std::string quoted(std::string_view text) { return "'" + printable(text, 80) + "'"; }

Parsed<bool> check_label(std::string_view label) {
  if (label.empty())
    return refused("the host name has an empty label", "a name like www.example.net");
  if (label.size() > kLongestLabel) {
    return refused(fmt::format("the label {} is longer than 63 characters", quoted(label)),
                   "shorter labels");
  }
  for (const char c : label) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (fine) continue;
    if (static_cast<unsigned char>(c) >= 0x80) {
      return refused(fmt::format("the host name {} is not ASCII", quoted(label)),
                     "its DNS form, which begins with xn--");
    }
    return refused(fmt::format("the host name holds {}", quoted(std::string_view{&c, 1})),
                   "letters, digits, hyphens and dots");
  }
  return true;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Parsed<std::string> parse_host_name(std::string_view text) {
  std::string host = lower(text);
  if (host.ends_with('.')) host.pop_back();
  if (host.empty()) return refused("the host is missing", "a URL like https://www.example.net/");
  if (host.size() > kLongestName) {
    return refused("the host name is longer than 253 characters", "a shorter one");
  }
  const auto labels = split(host, '.');
  if (all_digits(labels.back())) {
    const auto address = IpAddress::parse(host);
    if (address) return address->text();
    return refused(fmt::format("{} is not an IPv4 address", quoted(text)),
                   "four numbers from 0 to 255");
  }
  for (const auto label : labels) {
    if (const auto fine = check_label(label); !fine) return error(fine.error().text);
  }
  return host;
}

namespace {

Parsed<std::string> parse_literal(std::string_view text) {
  if (text.find('%') != std::string_view::npos) {
    return refused("the address has a zone", "an address without '%'");
  }
  const auto address = IpAddress::parse(text);
  if (!address || address->is_v4()) {
    return refused(fmt::format("{} is not an IPv6 address", quoted(text)),
                   "one like [2001:db8::1]");
  }
  return address->text();
}

struct Authority {
  std::string host;
  std::string_view port;
  bool has_port = false;
};

Parsed<Authority> parse_authority(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return refused("the URL holds a user name or password",
                   "one without; they are not needed to find the cause");
  }
  Authority out;
  std::string_view rest;
  Parsed<std::string> host;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return refused("'[' is not closed", "[IPv6-ADDRESS]");
    host = parse_literal(text.substr(1, close - 1));
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') {
      return refused(fmt::format("{} follows the address", quoted(rest)), "':PORT' or nothing");
    }
  } else if (std::ranges::count(text, ':') > 1) {  // a bare IPv6 address
    host = parse_literal(text);
  } else {
    const auto colon = text.find(':');
    host = parse_host_name(text.substr(0, colon));
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (!host) return error(host.error().text);
  out.host = *host;
  out.has_port = !rest.empty();
  if (out.has_port) out.port = rest.substr(1);
  return out;
}

// Path and query as they go on the wire; bytes beyond ASCII are percent-encoded.
Parsed<std::string> parse_path(std::string_view text) {
  std::string out;
  if (!text.starts_with('/')) out = "/";
  for (const char c : text.substr(0, text.find('#'))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '\\' || c == '"' || c == '<' || c == '>') {
      return refused(fmt::format("the path holds {}", quoted(std::string_view{&c, 1})),
                     fmt::format("it percent-encoded, as %{:02X}", byte));
    }
    out += byte < 0x80 ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

Parsed<std::string> parse_scheme(std::string_view text) {
  std::string scheme = lower(text);
  if (scheme == "http" || scheme == "https") return scheme;
  return refused(fmt::format("the scheme {} is not diagnosed", quoted(text)), "http or https");
}

std::string url_of(const Target& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + target.host + "]" : target.host;
  const bool usual = target.port == (target.scheme == "https" ? 443 : 80);
  return fmt::format("{}://{}{}{}", target.scheme, host,
                     usual ? "" : fmt::format(":{}", target.port), target.path);
}

}  // namespace

Parsed<Target> parse_target(std::string_view text) {
  if (text.size() > kLongestUrl) return refused("the URL is longer than 16 KB", "a shorter one");
  Target out;
  const auto mark = text.find("://");
  const auto first_slash = text.find_first_of("/?#");
  const bool has_scheme = mark != std::string_view::npos && mark + 1 == first_slash;
  if (has_scheme) {
    auto scheme = parse_scheme(text.substr(0, mark));
    if (!scheme) return error(scheme.error().text);
    out.scheme = *scheme;
    text.remove_prefix(mark + 3);
  }
  const auto end = text.find_first_of("/?#");
  const auto authority = parse_authority(text.substr(0, end));
  if (!authority) return error(authority.error().text);
  out.host = authority->host;
  out.port = out.scheme == "https" ? 443 : 80;
  if (authority->has_port) {
    const auto port = parse_port(authority->port);
    if (!port) return error(port.error().text);
    out.port = *port;
    if (!has_scheme && *port == 80) out.scheme = "http";
  }
  auto path = parse_path(end == std::string_view::npos ? std::string_view{} : text.substr(end));
  if (!path) return error(path.error().text);
  out.path = *path;
  out.url = url_of(out);
  return out;
}

}  // namespace causeway::model
