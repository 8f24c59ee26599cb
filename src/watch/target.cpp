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

class Faults {
 public:
  void add(std::string key, std::string text) {
    list_.push_back({std::move(key), std::move(text)});
  }
  void add(std::string key, std::string_view what, std::string_view expected) {
    add(std::move(key), fmt::format("{}; expected {}", what, expected));
  }
  // "KEY is out of range; expected ..."
  void range(bool fits, std::string_view key, std::string_view expected) {
    if (!fits) add(std::string{key}, fmt::format("{} is out of range", key), expected);
  }
  std::vector<Fault> take() { return std::move(list_); }

 private:
  std::vector<Fault> list_;
};

void check_subject(const Target& target, Faults& out) {
  const bool beats = target.kind == CheckKind::heartbeat;
  if (!beats && target.host.empty()) {
    out.add("host", "nothing says what to ask", "a url, or a host");
  } else if (!beats && !IpAddress::parse(target.host)) {
    const auto host = model::parse_host_name(target.host);
    if (!host) out.add("host", host.error().text);
  }
  const bool has_port = target.kind == CheckKind::tcp || target.kind == CheckKind::tls;
  if (has_port && target.port == 0) out.add("port", "port is missing", "1 to 65535");
  constexpr std::array<std::string_view, 6> kRecords{"A", "AAAA", "CNAME", "MX", "NS", "TXT"};
  if (target.kind == CheckKind::dns &&
      std::ranges::find(kRecords, target.record) == kRecords.end()) {
    out.add("record", fmt::format("record '{}' is not compared", printable(target.record, 20)),
            "A, AAAA, CNAME, MX, NS or TXT");
  }
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

std::vector<Fault> faults(const Remedy& remedy) {
  Faults out;
  const std::string named = fmt::format("remedy '{}'", printable(remedy.name, 80));
  constexpr std::string_view kOne = "one of command, agent and edge";
  std::vector<std::string> ways;
  if (!remedy.command.empty()) ways.emplace_back("command");
  if (!remedy.agent.empty()) ways.emplace_back("agent");
  if (!remedy.edge.admin.empty()) ways.emplace_back("edge");
  if (ways.empty()) out.add("name", named + " does not say what runs", kOne);
  if (ways.size() > 1) {
    out.add(ways.back(), fmt::format("{} says more than one thing: {}", named, join(ways, ", ")),
            kOne);
  }
  if (remedy.wait < std::chrono::seconds{1} || remedy.wait > limits::kWatchCommandMost) {
    out.add("wait", named + ": wait is out of range", "1s to 10m");
  }
  if (remedy.edge.admin.empty()) return out.take();
  if (const auto fits = validate_admin(remedy.edge.admin); !fits) {
    out.add("edge.admin", fmt::format("{}: edge.{}", named, fits.error().text));
  }
  const EdgeSwitch& edge = remedy.edge;
  if (edge.from.empty() || edge.to.empty() || edge.from == edge.to) {
    out.add("edge", named + " does not say which pools",
            "edge.from and edge.to, two different ones");
  }
  return out.take();
}

std::vector<Fault> faults(const Target& target) {
  Faults out;
  check_subject(target, out);
  const bool good_id = !target.id.empty() && target.id.size() <= limits::kWatchIdLetters &&
                       std::ranges::all_of(target.id, id_letter);
  if (!good_id) {
    out.add("id", fmt::format("id '{}' cannot be used", printable(target.id, 80)),
            "1 to 120 of a-z 0-9 - _ .");
  }
  const auto within = [](auto value, auto least, auto most) {
    return value >= least && value <= most;
  };
  out.range(within(target.interval, Duration{limits::kWatchIntervalLeast},
                   Duration{limits::kWatchIntervalMost}),
            "interval", "1s to 24h");
  out.range(within(target.timeout, Duration{limits::kWatchTimeoutLeast},
                   Duration{limits::kWatchTimeoutMost}),
            "timeout", "100ms to 5m");
  const Confirm& confirm = target.confirm;
  const auto sane = [](int n, int m) { return n >= 1 && n <= m && m <= 16; };
  out.range(sane(confirm.open_failures, confirm.open_of) &&
                sane(confirm.close_successes, confirm.close_of),
            "confirm", "N of M with 1 <= N <= M <= 16");
  out.range(target.expect.status == 0 || within(target.expect.status, 100, 599), "expect.status",
            "100 to 599");
  out.range(within(target.resume, Duration::zero(), Duration{limits::kWatchResumeMost}), "resume",
            "0 (never) to 24h");
  for (const auto& [key, share] : {std::pair{"certificate_share", target.certificate_share},
                                   std::pair{"domain_share", target.domain_share}}) {
    out.range(share >= 0 && share < 1, key, "0 (never) to 0.99");
  }
  return out.take();
}

Parsed<bool> validate(const Target& target) {
  if (const auto all = faults(target); !all.empty()) return error(all.front().text);
  for (const Remedy& remedy : target.remedies) {
    if (const auto all = faults(remedy); !all.empty()) return error(all.front().text);
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
