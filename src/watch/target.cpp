#include "watch/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/target_url.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

struct KindRow {
  CheckKind kind;
  std::string_view name;
};

constexpr std::array kKinds{
    KindRow{CheckKind::http, "http"}, KindRow{CheckKind::tcp, "tcp"},
    KindRow{CheckKind::tls, "tls"},   KindRow{CheckKind::ping, "ping"},
    KindRow{CheckKind::dns, "dns"},   KindRow{CheckKind::heartbeat, "heartbeat"},
};

constexpr std::string_view kProviderTag = "provider:";

bool id_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
         letter == '_' || letter == '.';
}

std::string id_of(std::string_view text) {
  std::string out;
  for (const char letter : lower(text)) out += id_letter(letter) ? letter : '-';
  return out.substr(0, limits::kWatchIdLetters);
}

// "host:port" of the kinds that have no path.
Parsed<Target> from_address(CheckKind kind, std::string_view rest) {
  Target out;
  out.kind = kind;
  const bool with_port = kind == CheckKind::tcp || kind == CheckKind::tls;
  const std::uint16_t usual = kind == CheckKind::tls ? 443 : 0;
  if (!with_port) {
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    out.host = lower(rest);
  } else if (const auto endpoint = Endpoint::parse(rest, usual == 0 ? 1 : usual)) {
    out.host = endpoint->address.text();
    out.port = endpoint->port;
    if (usual == 0 && endpoint->text() != rest) {
      return error(fmt::format("'{}' has no port; expected like tcp://192.0.2.1:5432", rest));
    }
  } else {
    const std::size_t colon = rest.rfind(':');
    out.host = lower(rest.substr(0, colon));
    out.port = usual;
    if (colon != std::string_view::npos) {
      const auto port = parse_port(rest.substr(colon + 1));
      if (!port) return error(port.error().text);
      out.port = *port;
    }
    if (out.port == 0) {
      return error(fmt::format("'{}' has no port; expected like tcp://db.example.net:5432",
                               printable(rest, limits::kTextKept)));
    }
  }
  out.id = id_of(with_port ? fmt::format("{}-{}", out.host, out.port) : out.host);
  return out;
}

std::unexpected<Error> wrong(std::string_view what, std::string_view expected) {
  return error(fmt::format("{}; expected {}", what, expected));
}

Parsed<bool> validate(const EdgeSwitch& edge, const std::string& name) {
  if (const auto fits = validate_admin(edge.admin); !fits) {
    return error(fmt::format("remedy '{}': edge.{}", printable(name, 80), fits.error().text));
  }
  if (edge.from.empty() || edge.to.empty() || edge.from == edge.to) {
    return wrong(fmt::format("remedy '{}' does not say which pools", printable(name, 80)),
                 "edge.from and edge.to, two different ones");
  }
  return true;
}

Parsed<bool> validate(const Remedy& remedy) {
  const int ways = (remedy.command.empty() ? 0 : 1) + (remedy.agent.empty() ? 0 : 1) +
                   (remedy.edge.admin.empty() ? 0 : 1);
  if (ways != 1) {
    return wrong(fmt::format("remedy '{}' does not say what runs", printable(remedy.name, 80)),
                 "one of command, agent and edge");
  }
  if (remedy.wait < std::chrono::seconds{1} || remedy.wait > limits::kWatchCommandMost) {
    return wrong(fmt::format("remedy '{}': wait is out of range", printable(remedy.name, 80)),
                 "1s to 10m");
  }
  return remedy.edge.admin.empty() ? Parsed<bool>{true} : validate(remedy.edge, remedy.name);
}

}  // namespace

Parsed<bool> validate_admin(std::string_view admin) {
  const auto url = model::parse_target(admin);
  if (!url || url->path != "/") {
    return wrong("admin is no address", "the edge's admin listener, http://127.0.0.1:9145");
  }
  const auto address = IpAddress::parse(url->host);
  const bool here =
      url->host == "localhost" || (address && classify(*address) == AddressClass::loopback);
  if (url->scheme != "https" && !here) {
    return wrong("admin: who stands between could switch the edge",
                 "https, an address of this machine, or an agent beside the edge");
  }
  return true;
}

std::string_view name(CheckKind kind) {
  return std::ranges::find(kKinds, kind, &KindRow::kind)->name;
}

std::optional<CheckKind> check_kind_named(std::string_view text) {
  const auto* found = std::ranges::find(kKinds, text, &KindRow::name);
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

bool Target::operator==(const Target& other) const { return to_json(*this) == to_json(other); }

std::string Target::subject() const {
  switch (kind) {
    case CheckKind::http: return url.url;
    case CheckKind::tcp:
    case CheckKind::tls: {
      const bool v6 = host.find(':') != std::string::npos;
      return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
    }
    case CheckKind::dns: return fmt::format("{} {}", host, record);
    case CheckKind::ping: return host;
    case CheckKind::heartbeat: return id;
  }
  std::unreachable();
}

std::string_view Target::provider() const {
  for (const std::string& tag : tags) {
    if (tag.starts_with(kProviderTag)) return std::string_view{tag}.substr(kProviderTag.size());
  }
  return {};
}

Parsed<Target> target_of(std::string_view address) {
  const std::size_t scheme_end = address.find("://");
  const std::string_view scheme = address.substr(0, scheme_end);
  if (scheme_end != std::string_view::npos) {
    for (const KindRow& row : kKinds) {
      if (row.name != scheme || row.kind == CheckKind::http) continue;
      auto out = from_address(row.kind, address.substr(scheme_end + 3));
      if (out) {
        const auto fits = validate(*out);
        if (!fits) return error(fits.error().text);
      }
      return out;
    }
  }
  const auto url = model::parse_target(address);
  if (!url) return error(url.error().text);
  Target out;
  out.url = *url;
  out.host = url->host;
  out.port = url->port;
  const bool usual = url->port == (url->scheme == "https" ? 443 : 80);
  std::string id = url->host;
  if (!usual) id += fmt::format("-{}", url->port);
  if (url->path != "/") id += url->path;
  out.id = id_of(id);
  return out;
}

Parsed<bool> validate(const Target& target) {
  const bool good_id = !target.id.empty() && target.id.size() <= limits::kWatchIdLetters &&
                       std::ranges::all_of(target.id, id_letter);
  if (!good_id) {
    return wrong(fmt::format("id '{}' cannot be used", printable(target.id, 80)),
                 "1 to 120 of a-z 0-9 - _ .");
  }
  const bool has_host = target.kind == CheckKind::heartbeat || !target.host.empty();
  if (!has_host) return wrong("nothing says what to ask", "a url, or a host");
  if (target.kind != CheckKind::heartbeat && !IpAddress::parse(target.host)) {
    if (const auto host = model::parse_host_name(target.host); !host) {
      return error(host.error().text);
    }
  }
  if ((target.kind == CheckKind::tcp || target.kind == CheckKind::tls) && target.port == 0) {
    return wrong("port is missing", "1 to 65535");
  }
  constexpr std::array<std::string_view, 6> kRecords{"A", "AAAA", "CNAME", "MX", "NS", "TXT"};
  if (target.kind == CheckKind::dns &&
      std::ranges::find(kRecords, target.record) == kRecords.end()) {
    return wrong(fmt::format("record '{}' is not compared", printable(target.record, 20)),
                 "A, AAAA, CNAME, MX, NS or TXT");
  }
  if (target.interval < limits::kWatchIntervalLeast ||
      target.interval > limits::kWatchIntervalMost) {
    return wrong("interval is out of range", "1s to 24h");
  }
  if (target.timeout < limits::kWatchTimeoutLeast || target.timeout > limits::kWatchTimeoutMost) {
    return wrong("timeout is out of range", "100ms to 5m");
  }
  const Confirm& confirm = target.confirm;
  const auto sane = [](int n, int m) { return n >= 1 && n <= m && m <= 16; };
  if (!sane(confirm.open_failures, confirm.open_of) ||
      !sane(confirm.close_successes, confirm.close_of)) {
    return wrong("confirm is out of range", "N of M with 1 <= N <= M <= 16");
  }
  if (target.expect.status != 0 && (target.expect.status < 100 || target.expect.status > 599)) {
    return wrong("expect.status is out of range", "100 to 599");
  }
  for (const Remedy& remedy : target.remedies) {
    if (const auto fits = validate(remedy); !fits) return fits;
  }
  if (target.resume < Duration::zero() || target.resume > limits::kWatchResumeMost) {
    return wrong("resume is out of range", "0 (never) to 24h");
  }
  if (target.certificate_share < 0 || target.certificate_share >= 1) {
    return wrong("certificate_share is out of range", "0 (never) to 0.99");
  }
  if (target.domain_share < 0 || target.domain_share >= 1) {
    return wrong("domain_share is out of range", "0 (never) to 0.99");
  }
  return true;
}

store::Target row_of(const Target& target, std::string source, WallTime now) {
  return {.id = target.id,
          .name = target.shown(),
          .kind = std::string{name(target.kind)},
          .subject = target.subject(),
          .team = target.team,
          .tags = target.tags,
          .owner = target.owner,
          .source = std::move(source),
          .spec = to_json(target),
          .paused = target.paused,
          .created = now,
          .updated = now};
}

}  // namespace causeway::watch
