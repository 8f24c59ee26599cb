#include "reach/redirects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"
#include "reach/exchange.hpp"
#include "reach/secure.hpp"

namespace causeway::reach {
namespace {

struct Url {
  std::string scheme;
  std::string host;  // lower case, IPv6 without brackets
  std::uint16_t port = 0;
  std::string path;  // with query
};

std::uint16_t usual_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// RFC 3986 section 5.2.4, on the path without its query.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto parts = split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == "..") {
      if (kept.size() > 1) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (parts[i] == ".") {
      if (last) kept.emplace_back();
    } else {
      kept.push_back(parts[i]);
    }
  }
  return fmt::format("{}", fmt::join(kept, "/"));
}

// "host", "host:8080", "[2001:db8::1]:8080", user info dropped.
bool parse_authority(std::string_view text, Url& url) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    url.host = lower(text.substr(1, close - 1));
    port = text.substr(close + 1);
    if (!port.empty() && port.front() == ':') port.remove_prefix(1);
  } else {
    const auto colon = text.find(':');
    url.host = lower(text.substr(0, colon));
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (url.host.ends_with('.')) url.host.pop_back();
  url.port = usual_port(url.scheme);
  if (!port.empty()) {
    const auto parsed = parse_port(port);
    if (!parsed) return false;
    url.port = *parsed;
  }
  return !url.host.empty();
}

void set_path(Url& url, std::string_view path) {
  path = path.substr(0, path.find('#'));
  const auto query = path.find('?');
  const auto before = path.substr(0, query);
  url.path = before.empty() ? std::string{"/"} : without_dots(before);
  if (!url.path.starts_with('/')) url.path.insert(0, 1, '/');
  if (query != std::string_view::npos) url.path += path.substr(query);
}

std::optional<Url> parse_url(std::string_view text) {
  const auto mark = text.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = lower(text.substr(0, mark));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  const auto rest = text.substr(mark + 3);
  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  if (!parse_authority(rest.substr(0, path), url)) return std::nullopt;
  set_path(url, rest.substr(path));
  return url;
}

std::string write_url(const Url& url) {
  const bool bracket = url.host.contains(':');
  auto out =
      fmt::format("{}://{}{}{}", url.scheme, bracket ? "[" : "", url.host, bracket ? "]" : "");
  if (url.port != usual_port(url.scheme)) out += fmt::format(":{}", url.port);
  return out + url.path;
}

// "www.example.net" and "example.net" are nearly always the same site, served by the same origin:
// followed to see whether they send visitors to each other for ever.
bool siblings(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view host) {
    return host.starts_with("www.") ? host.substr(4) : host;
  };
  return bare(a) == bare(b);
}

struct Cookie {
  std::string domain;  // the host itself, unless the answer names one above it
  bool below = false;  // names below the domain get it, too
  bool secure = false;
  std::string name;
  std::string value;
};

// False when a stranger's domain is named.
bool set_domain(Cookie& cookie, std::string_view host, std::string_view domain) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty()) return true;
  auto wanted = lower(domain);
  if (host != wanted && !host.ends_with("." + wanted)) return false;
  cookie.domain = std::move(wanted);
  cookie.below = true;
  return true;
}

// Cookies of one chain (RFC 6265), without paths and times: the chain is short.
class Cookies {
 public:
  void take(const Url& url, const std::vector<std::string>& lines) {
    for (const auto& line : lines) take(url, line);
  }

  // The Cookie line for a request, empty without any.
  std::string line(const Url& url) const {
    std::string out;
    for (const auto& cookie : kept_) {
      const bool here =
          url.host == cookie.domain || (cookie.below && url.host.ends_with("." + cookie.domain));
      if (!here || (cookie.secure && url.scheme != "https")) continue;
      out += fmt::format("{}{}={}", out.empty() ? "" : "; ", cookie.name, cookie.value);
    }
    return out;
  }

  bool any() const { return !kept_.empty(); }

 private:
  static constexpr std::size_t kMost = 20;
  static constexpr std::size_t kLongest = 1024;

  void take(const Url& url, std::string_view line) {
    const auto parts = split(line, ';');
    const auto pair = trim(parts.front());
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0 || pair.size() > kLongest) return;
    Cookie cookie{.domain = url.host,
                  .name = std::string{trim(pair.substr(0, equals))},
                  .value = std::string{trim(pair.substr(equals + 1))}};
    bool ended = false;
    for (const auto part : parts) {
      const auto at = std::min(part.find('='), part.size());
      const auto name = trim(part.substr(0, at));
      const auto value = trim(part.substr(std::min(at + 1, part.size())));
      if (equals_ignoring_case(name, "secure")) cookie.secure = true;
      if (equals_ignoring_case(name, "max-age")) ended = value == "0" || value.starts_with('-');
      if (equals_ignoring_case(name, "domain") && !set_domain(cookie, url.host, value)) return;
    }
    std::erase_if(kept_, [&](const Cookie& old) {
      return old.name == cookie.name && old.domain == cookie.domain;
    });
    if (!ended && kept_.size() < kMost) kept_.push_back(std::move(cookie));
  }

  std::vector<Cookie> kept_;
};

struct Hop {
  int status = 0;
  std::string location{};
  std::vector<std::string> cookies{};
  std::string because{};  // when there is no answer
};

// One request to the origin's address, without a trace in the record: the chain is the finding.
net::Task<Hop> fetch(Survey& survey, Endpoint remote, const Url& url, bool tls,
                     std::string cookie) {
  Record unseen;
  Survey apart{survey.request, unseen, survey.deadline};
  net::ConnectOptions options;
  options.remote = remote;
  options.source = survey.request.source;
  options.deadline = survey.until(Clock::now(), limits::kSideProbeWait);
  auto connected = co_await net::connect_tcp(options);
  if (connected.outcome != net::ConnectOutcome::open) {
    co_return Hop{.because = fmt::format("{} {}", remote.text(), net::name(connected.outcome))};
  }
  ExchangeQuestion question = exchange_question(survey.request, remote, "side", nullptr);
  question.scheme = url.scheme;
  question.host = url.host;
  question.port = url.port;
  question.path = url.path;
  question.cookie = std::move(cookie);
  question.first_byte = limits::kSideProbeWait;
  std::unique_ptr<net::Stream> stream;
  if (tls) {
    SecureQuestion handshake = secure_question(survey.request, remote, "side");
    handshake.sni = IpAddress::parse(url.host) ? std::string{} : url.host;
    handshake.host = url.host;
    handshake.alpn = {"http/1.1"};
    handshake.wait = limits::kSideProbeWait;
    auto secured = co_await secure(apart, std::move(connected.socket), handshake);
    if (!secured.result.stream) co_return Hop{.because = secured.because};
    stream = std::move(secured.result.stream);
  } else {
    stream = net::plain_stream(std::move(connected.socket));
  }
  const auto answer = co_await exchange(apart, *stream, question);
  if (answer.outcome != "complete") co_return Hop{.because = answer.because};
  const bool redirects = answer.status >= 300 && answer.status < 400;
  co_return Hop{.status = answer.status,
                .location = redirects ? answer.location : std::string{},
                .cookies = set_cookies(answer.fields)};
}

struct Chain {
  std::vector<std::string> urls;
  std::string outcome;
  int status = 0;
  std::string because;
};

net::Task<Chain> follow(Survey& survey, Endpoint remote, Redirection first) {
  const auto& target = survey.request.target;
  const bool flexible = survey.request.ssl == model::SslMode::flexible;
  Chain chain;
  const auto start = parse_url(target.url);
  if (!start) co_return chain;
  chain.urls.push_back(write_url(*start));
  std::string location = std::move(first.location);
  Cookies cookies;
  cookies.take(*start, first.cookies);
  const bool to_https = start->scheme == "http" && location.starts_with("https:");
  bool elsewhere = false;
  while (true) {
    const auto next = resolve_url(chain.urls.back(), location);
    const auto url = parse_url(next);
    if (!url) {
      chain.urls.push_back(printable(next, limits::kTextKept));
      chain.outcome = "not-followed";
      chain.because = "the Location is no http or https URL";
      co_return chain;
    }
    const bool seen = std::ranges::find(chain.urls, next) != chain.urls.end();
    chain.urls.push_back(next);
    if (seen && !cookies.any()) {
      chain.outcome = "loop";
      chain.because = fmt::format("{} comes back", next);
      co_return chain;
    }
    elsewhere |= url->host != start->host;
    if (!siblings(url->host, start->host)) {
      chain.outcome = "leaves-host";
      co_return chain;
    }
    if (chain.urls.size() > limits::kRedirects) {
      chain.outcome = "too-many";
      chain.because = fmt::format("{} redirects and no end", limits::kRedirects);
      co_return chain;
    }
    // In flexible mode the edge speaks plain HTTP to the same port, whatever the visitor asked for.
    const bool same_port = flexible || (url->scheme == start->scheme && url->port == start->port);
    const Endpoint to{remote.address, same_port ? remote.port : url->port};
    const bool tls = !flexible && url->scheme == "https";
    const Hop hop = co_await fetch(survey, to, *url, tls, cookies.line(*url));
    cookies.take(*url, hop.cookies);
    chain.status = hop.status;
    if (hop.status == 0) {
      // Where the edge keeps TLS to itself the origin has none, and the redirect is as it must be.
      chain.outcome = to_https ? "to-https" : elsewhere ? "leaves-host" : "failed";
      chain.because = hop.because;
      co_return chain;
    }
    if (hop.location.empty()) {
      chain.outcome = elsewhere ? "leaves-host" : to_https ? "to-https" : "ends";
      co_return chain;
    }
    location = hop.location;
  }
}

}  // namespace

std::string resolve_url(std::string_view base, std::string_view reference) {
  reference = trim(reference);
  const auto from = parse_url(base);
  if (!from || reference.contains("://")) {
    const auto url = parse_url(reference);
    if (url && reference.find("://") < reference.find_first_of("/?#")) return write_url(*url);
    if (!from || reference.find("://") < reference.find_first_of("/?#")) {
      return std::string{reference};
    }
  }
  Url url = *from;
  if (reference.starts_with("//")) {
    const auto whole = parse_url(fmt::format("{}:{}", from->scheme, reference));
    return whole ? write_url(*whole) : std::string{reference};
  }
  const auto colon = reference.find(':');
  if (colon != std::string_view::npos && colon < reference.find_first_of("/?#")) {
    return std::string{reference};  // "mailto:", "javascript:"
  }
  const auto base_path = from->path.substr(0, from->path.find('?'));
  if (reference.starts_with('/')) {
    set_path(url, reference);
  } else if (reference.empty() || reference.starts_with('#')) {
    return write_url(url);
  } else if (reference.starts_with('?')) {
    set_path(url, base_path + std::string{reference});
  } else {
    set_path(url, base_path.substr(0, base_path.rfind('/') + 1) + std::string{reference});
  }
  return write_url(url);
}

std::vector<std::string> set_cookies(
    const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<std::string> out;
  for (const auto& [name, value] : fields) {
    if (equals_ignoring_case(name, "set-cookie")) out.push_back(value);
  }
  return out;
}

net::Task<RedirectsFound> redirects(Survey& survey, Endpoint remote, Redirection first) {
  const Chain chain = co_await follow(survey, remote, std::move(first));
  model::Observation out{model::Kind::redirects, "exchange", remote.text()};
  out.set("address", remote.address).set("chain", chain.urls).set("outcome", chain.outcome);
  if (chain.status != 0) out.set("status", chain.status);
  survey.record.add(std::move(out));
  co_return RedirectsFound{.outcome = chain.outcome,
                           .loops = chain.outcome == "loop" || chain.outcome == "too-many",
                           .because = chain.because};
}

}  // namespace causeway::reach
