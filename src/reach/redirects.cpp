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

struct Hop {
  int status = 0;
  std::string location{};
  std::string because{};  // when there is no answer
};

// One request to the origin's address, without a trace in the record: the chain is the finding.
net::Task<Hop> fetch(Survey& survey, Endpoint remote, const Url& url, bool tls) {
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
  co_return Hop{.status = answer.status, .location = redirects ? answer.location : std::string{}};
}

struct Chain {
  std::vector<std::string> urls;
  std::string outcome;
  int status = 0;
  std::string because;
};

net::Task<Chain> follow(Survey& survey, Endpoint remote, std::string location) {
  const auto& target = survey.request.target;
  const bool flexible = survey.request.ssl == model::SslMode::flexible;
  Chain chain;
  const auto start = parse_url(target.url);
  if (!start) co_return chain;
  chain.urls.push_back(write_url(*start));
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
    if (seen) {
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
    const Hop hop = co_await fetch(survey, to, *url, !flexible && url->scheme == "https");
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

net::Task<RedirectsFound> redirects(Survey& survey, Endpoint remote, std::string location) {
  const Chain chain = co_await follow(survey, remote, std::move(location));
  model::Observation out{model::Kind::redirects, "exchange", remote.text()};
  out.set("address", remote.address).set("chain", chain.urls).set("outcome", chain.outcome);
  if (chain.status != 0) out.set("status", chain.status);
  survey.record.add(std::move(out));
  co_return RedirectsFound{.outcome = chain.outcome,
                           .loops = chain.outcome == "loop" || chain.outcome == "too-many",
                           .because = chain.because};
}

}  // namespace causeway::reach
