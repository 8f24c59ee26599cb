#include "edge/origin_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "codec/proxy_protocol.hpp"
#include "edge/evidence.hpp"
#include "edge/http2_link.hpp"
#include "edge/limits.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"
#include "net/tls.hpp"
#include "reach/connect.hpp"
#include "reach/resolve.hpp"
#include "reach/secure.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;

model::SslMode ssl_mode(TlsMode mode) {
  switch (mode) {
    case TlsMode::off:
    case TlsMode::flexible: return model::SslMode::flexible;
    case TlsMode::full: return model::SslMode::full;
    default: return model::SslMode::strict;
  }
}

std::uint64_t hash_of(const LinkWish& wish) {
  if (!wish.secure) return 0;
  return std::hash<std::string_view>{}(wish.sni) * 31 + std::hash<std::string_view>{}(wish.host);
}

void order(std::vector<IpAddress>& list, FamilyPreference preference) {
  if (preference == FamilyPreference::alternate) {
    list = reach::happy_eyeballs_order(list);
    return;
  }
  const bool v4_first = preference == FamilyPreference::ipv4;
  std::vector<IpAddress> out;
  for (const bool first : {true, false}) {
    for (const auto& address : list) {
      if ((address.is_v4() == v4_first) == first) out.push_back(address);
    }
  }
  list = std::move(out);
}

// That there is no address, not that the resolver has trouble of its own.
bool says_of_name(FailureId failure) {
  return failure == FailureId::resolve_not_found || failure == FailureId::resolve_no_address ||
         failure == FailureId::resolve_alias_loop;
}

struct Flag {
  explicit Flag(bool& flag) : flag_(flag) { flag_ = true; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;
  ~Flag() { flag_ = false; }
  bool& flag_;
};

// Bytes that nobody asked for would be the answer of whoever asks next. What TLS says for itself,
// such as a session ticket, is used up by the read and does not count; part of a record may be
// anything. No system call unless something has come.
bool said_unasked(const Link& link) {
  net::Stream& stream = *link.stream;
  if (!link.secure) return net::Loop::may_read(stream.socket());
  std::byte first{};
  return stream.read_now({&first, 1}).end != net::ReadEnd::later || stream.has_buffered();
}

void fail(Attempt& attempt, FailureId failure, std::string because) {
  attempt.failure = failure;
  attempt.because = std::move(because);
}

std::string explain(const net::TlsResult& result, FailureId failure) {
  if (result.alert >= 0) {
    return fmt::format("alert {} ({})", result.alert, net::alert_name(result.alert));
  }
  if (!result.reason.empty()) return result.reason;
  if (result.certificate) {
    return fmt::format("{} (\"{}\" from \"{}\")", model::row(failure).sentence,
                       result.certificate->subject, result.certificate->issuer);
  }
  return std::string{model::row(failure).sentence};
}

}  // namespace

void Addresses::take(reach::Resolution found, FamilyPreference family, Instant now) {
  std::optional<FailureId> said = found.failure;
  if (found.addresses.empty() && !said) said = FailureId::resolve_timeout;
  if (said && !list.empty() && now < stale_until && !says_of_name(*said)) {
    until = std::min(now + limits::kEdgeResolveRest, stale_until);
    return;
  }
  const auto keep = std::clamp<Duration>(std::chrono::seconds{found.ttl}, limits::kEdgeResolveKeep,
                                         limits::kEdgeResolveKeepMost);
  until = now + keep;
  stale_until = until + limits::kEdgeResolveStale;
  failure = said;
  because = std::move(found.because);
  list = std::move(found.addresses);
  if (list.size() > limits::kEdgeAddresses) list.resize(limits::kEdgeAddresses);
  order(list, family);
}

bool wants_tls(const Origin& origin, bool visitor_secure) {
  switch (origin.tls) {
    case TlsMode::off:
    case TlsMode::flexible: return false;
    case TlsMode::origin_pull: return true;
    default: break;
  }
  return origin.scheme == OriginScheme::https ||
         (origin.scheme == OriginScheme::visitor && visitor_secure);
}

OriginState::OriginState(const Origin& origin, const Timeouts& timeouts, Duration rest,
                         std::size_t queue)
    : queue(origin.connections, queue), origin_(origin), timeouts_(timeouts), rest_(rest) {
  if (const auto address = IpAddress::parse(origin.host)) {
    addresses_.list.push_back(*address);
    literal_ = true;
  }
}

OriginState::~OriginState() {
  if (evidence != nullptr && told_ != CircuitState::closed) evidence->circuit(this, {});
}

void OriginState::tell_circuit(Instant now) {
  const CircuitState state = record.circuit.state();
  if (state == CircuitState::closed && told_ == CircuitState::closed) return;  // nearly always
  const Instant until = now + record.circuit.rest_left(now);
  if (evidence == nullptr || (state == told_ && until == told_until_)) return;
  told_ = state;
  told_until_ = until;
  evidence->circuit(this, {state, record.circuit.remembered(), until});
}

std::uint16_t OriginState::port(bool secure) const {
  if (origin_.port != 0) return origin_.port;
  return secure ? 443 : 80;
}

std::unique_ptr<Link> OriginState::take_idle(const LinkWish& wish,
                                             std::optional<Endpoint> address) {
  const std::uint64_t hash = hash_of(wish);
  for (std::size_t at = idle_.size(); at-- > 0;) {
    Link& link = *idle_[at];
    if (link.secure != wish.secure || link.name_hash != hash) continue;
    if (address && link.address != *address) continue;
    auto taken = std::move(idle_[at]);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(at));
    if (net::Loop::hung_up(taken->stream->socket())) continue;
    if (said_unasked(*taken)) continue;
    return taken;
  }
  return nullptr;
}

void OriginState::give_idle(std::unique_ptr<Link> link) {
  if (idle_.size() >= origin_.idle_connections) return;
  link->idle_since = net::Loop::current().now();
  idle_.push_back(std::move(link));
}

void OriginState::sweep(Instant now) {
  std::erase_if(idle_, [&](const std::unique_ptr<Link>& link) {
    return link->idle_since + timeouts_.idle < now || net::Loop::hung_up(link->stream->socket());
  });
  std::erase_if(shared_, [&](const std::shared_ptr<Http2Link>& shared) {
    return shared->over() || (shared->calls() == 0 &&
                              (!shared->has_room() || shared->idle_since() + timeouts_.idle < now));
  });
}

std::optional<FailureId> OriginState::remembered(const IpAddress& address, std::string& because) {
  const Instant now = net::Loop::current().now();
  const auto found = std::ranges::find(rests_, address, &Rest::address);
  if (found == rests_.end()) return std::nullopt;
  if (found->until <= now) {
    found->until = now + timeouts_.connect;  // this one tries
    return std::nullopt;
  }
  because = fmt::format("not tried again yet: nothing answered {:.1f} s ago",
                        milliseconds(now - found->since) / 1000);
  return found->failure;
}

void OriginState::remember(const IpAddress& address, FailureId failure, Duration rest) {
  std::erase_if(rests_, [&](const Rest& known) { return known.address == address; });
  if (failure != FailureId::connect_silent && failure != FailureId::tls_silent) return;
  const Instant now = net::Loop::current().now();
  rests_.push_back({.address = address, .failure = failure, .since = now, .until = now + rest});
  if (rests_.size() > limits::kEdgeAddresses) rests_.erase(rests_.begin());
}

void OriginState::prefer(const IpAddress& address) {
  preferred_ = address;
  preferred_until_ = net::Loop::current().now() + rest_;
}

std::vector<IpAddress> OriginState::ordered(const Addresses& found) const {
  auto out = found.list;
  if (!preferred_ || preferred_until_ <= net::Loop::current().now()) return out;
  const auto first = std::ranges::find(out, *preferred_);
  if (first != out.end()) std::rotate(out.begin(), first, first + 1);
  return out;
}

bool OriginState::rests(Instant now) const {
  return !addresses_.list.empty() &&
         std::ranges::all_of(addresses_.list, [&](const IpAddress& address) {
           const auto found = std::ranges::find(rests_, address, &Rest::address);
           return found != rests_.end() && found->until > now;
         });
}

net::Task<void> OriginState::resolve(std::string_view resolver) {
  reach::Request request;
  request.target.host = origin_.host;
  if (!resolver.empty()) {
    if (const auto endpoint = Endpoint::parse(resolver, 53)) request.resolver = *endpoint;
  }
  reach::Record notes;
  net::Loop& loop = net::Loop::current();
  reach::Survey survey{
      .request = request, .record = notes, .deadline = loop.now() + timeouts_.resolve};
  addresses_.take(co_await reach::resolve(survey), origin_.family, loop.now());
}

net::Task<const Addresses*> OriginState::addresses(std::string_view resolver) {
  if (literal_) co_return &addresses_;
  net::Loop& loop = net::Loop::current();
  if (addresses_.until > loop.now() && !(addresses_.list.empty() && !addresses_.failure)) {
    co_return &addresses_;
  }
  // Who comes while another asks: yesterday's addresses are better than a queue.
  if (resolving_ && !addresses_.list.empty()) co_return &addresses_;
  const Flag resolving{resolving_};  // also when this wait is given up
  co_await resolve(resolver);
  co_return &addresses_;
}

net::Task<bool> OriginState::secure(Link& link, net::Fd socket, const LinkWish& wish,
                                    Attempt& attempt, Instant until) {
  net::TlsOptions options;
  options.sni = wish.sni;
  options.host = wish.host;
  options.alpn = alpn(wish);
  options.ca_file = origin_.ca_file;
  options.client_certificate_file = origin_.client_certificate_file;
  options.client_key_file = origin_.client_key_file;
  const auto mode = ssl_mode(origin_.tls);
  options.verify = mode == model::SslMode::strict;
  options.deadline = std::min(until, net::Loop::current().now() + timeouts_.handshake);
  auto result = co_await net::tls_handshake(std::move(socket), std::move(options));
  attempt.handshake = result.elapsed;
  if (const auto failure = reach::failure_of(result, mode)) {
    remember(link.address.address, *failure, rest_);
    fail(attempt, *failure, explain(result, *failure));
    co_return false;
  }
  link.stream = std::move(result.stream);
  co_return agree(link, result.alpn, wish, attempt);
}

std::vector<std::string> OriginState::alpn(const LinkWish& wish) const {
  switch (origin_.http) {
    case OriginHttp::http2: return {"h2"};
    case OriginHttp::agreed:
      if (!wish.upgrade) return {"h2", "http/1.1"};
      break;
    case OriginHttp::http1: break;
  }
  return {"http/1.1"};
}

bool OriginState::agree(Link& link, std::string_view alpn, const LinkWish& wish, Attempt& attempt) {
  link.http2 = alpn == "h2";
  if (!wish.upgrade) agreed_http2_ = link.http2;
  if (link.http2 || origin_.http != OriginHttp::http2) return true;
  fail(attempt, FailureId::http_h2_error,
       "the server does not agree on HTTP/2 in the TLS handshake (ALPN)");
  return false;
}

// While it lives, others know of the connection under way.
class OriginState::OpeningNow {
 public:
  OpeningNow(OriginState& origin, Endpoint address, const LinkWish& wish) : origin_(origin) {
    if (!origin.may_share(wish)) return;
    opening_ = std::make_shared<Opening>();
    opening_->address = address;
    opening_->name_hash = hash_of(wish);
    origin_.opening_.push_back(opening_);
  }
  OpeningNow(const OpeningNow&) = delete;
  OpeningNow& operator=(const OpeningNow&) = delete;
  ~OpeningNow() {
    if (!opening_) return;
    std::erase(origin_.opening_, opening_);
    opening_->done.set();
  }
  void connected() {
    if (opening_) opening_->connected = true;
  }

 private:
  OriginState& origin_;
  std::shared_ptr<Opening> opening_;
};

net::Task<std::unique_ptr<Link>> OriginState::connect(Endpoint address, LinkWish wish,
                                                      Attempt& attempt, Instant until) {
  OpeningNow opening{*this, address, wish};
  auto link = co_await open(address, wish, attempt, until);
  if (link) opening.connected();
  co_return link;
}

bool OriginState::may_share(const LinkWish& wish) const {
  if (wish.upgrade || origin_.proxy_protocol != ProxyProtocol::off) return false;
  return origin_.http == OriginHttp::http2 ||
         (origin_.http == OriginHttp::agreed && wish.secure && agreed_http2_.value_or(true));
}

std::shared_ptr<Http2Link> OriginState::take_shared(const LinkWish& wish,
                                                    std::optional<Endpoint> address) {
  if (wish.upgrade || shared_.empty()) return nullptr;
  // What is over is closed at once: the origin waits for it.
  std::erase_if(shared_, [](const auto& shared) { return shared->over() && shared->calls() == 0; });
  const std::uint64_t hash = hash_of(wish);
  for (const auto& shared : shared_) {
    const Link& link = shared->link();
    if (link.secure != wish.secure || link.name_hash != hash) continue;
    if (address && link.address != *address) continue;
    if (shared->has_room()) return shared;
  }
  return nullptr;
}

net::Task<std::shared_ptr<Http2Link>> OriginState::join(LinkWish wish, Endpoint address,
                                                        Instant until) {
  while (may_share(wish)) {
    if (auto shared = take_shared(wish, address)) co_return shared;
    const std::uint64_t hash = hash_of(wish);
    const auto found = std::ranges::find_if(opening_, [&](const auto& opening) {
      return opening->address == address && opening->name_hash == hash;
    });
    if (found != opening_.end()) {
      // Held over the wait, whatever the list does meanwhile.
      const auto opening = *found;  // NOLINT(performance-unnecessary-copy-initialization)
      if (!co_await opening->done.wait(until) || !opening->connected) break;
      continue;
    }
    const auto fresh = std::ranges::find_if(shared_, [&](const auto& shared) {
      return shared->link().address == address && shared->link().name_hash == hash &&
             !shared->spoke().is_set();
    });
    if (fresh == shared_.end()) break;
    const auto shared = *fresh;  // NOLINT(performance-unnecessary-copy-initialization)
    const Instant soon = net::Loop::current().now() + limits::kEdgeH2Settings;
    if (!co_await shared->spoke().wait(std::min(until, soon))) break;
  }
  co_return nullptr;
}

std::shared_ptr<Http2Link> OriginState::share(std::unique_ptr<Link> link, std::size_t head_bytes,
                                              bool alone) {
  auto out = std::make_shared<Http2Link>(std::move(link), timeouts_,
                                         net::H2AskerLimits{.head_bytes = head_bytes},
                                         alone ? 1 : origin_.h2_streams);
  if (!alone) shared_.push_back(out);
  return out;
}

void OriginState::close() {
  shared_.clear();
  idle_.clear();
}

net::Task<std::unique_ptr<Link>> OriginState::open(Endpoint address, LinkWish wish,
                                                   Attempt& attempt, Instant until) {
  attempt.address = address;
  net::ConnectOptions options{
      .remote = address,
      .deadline = std::min(until, net::Loop::current().now() + timeouts_.connect),
  };
  auto connected = co_await net::connect_tcp(options);
  attempt.connect = connected.elapsed;
  if (const auto failure = reach::failure_of(connected)) {
    if (*failure != FailureId::cancelled) remember(address.address, *failure, rest_);
    fail(attempt, *failure,
         connected.os_code == 0 ? std::string{model::row(*failure).sentence}
                                : fmt::format("{} ({})", model::row(*failure).sentence,
                                              net::errno_name(connected.os_code)));
    co_return nullptr;
  }
  auto link = std::make_unique<Link>();
  link->address = address;
  link->secure = wish.secure;
  link->name_hash = hash_of(wish);
  net::Fd socket = std::move(connected.socket);
  if (origin_.proxy_protocol != ProxyProtocol::off &&
      !co_await write_proxy_header(socket, wish, attempt)) {
    co_return nullptr;
  }
  if (!wish.secure) {
    link->stream = net::plain_stream(std::move(socket));
    link->http2 = origin_.http == OriginHttp::http2;
  } else if (!co_await secure(*link, std::move(socket), wish, attempt, until)) {
    co_return nullptr;
  }
  std::erase_if(rests_, [&](const Rest& known) { return known.address == address.address; });
  co_return link;
}

net::Task<bool> OriginState::write_proxy_header(const net::Fd& socket, const LinkWish& wish,
                                                Attempt& attempt) {
  const std::string header = codec::write_proxy_header(
      origin_.proxy_protocol == ProxyProtocol::v2 ? 2 : 1, wish.visitor, wish.listener);
  const auto sent = co_await net::write_all(socket, std::as_bytes(std::span{header}),
                                            net::Loop::current().now() + timeouts_.write_stall);
  if (sent.end == net::WriteEnd::all) co_return true;
  fail(attempt, FailureId::connect_reset, "the connection ended before the PROXY header was sent");
  co_return false;
}

}  // namespace causeway::edge
