#include "edge/handle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "edge/address_race.hpp"
#include "edge/answer.hpp"
#include "edge/attempt_order.hpp"
#include "edge/cached.hpp"
#include "edge/http1_exchange.hpp"
#include "edge/http1_front.hpp"
#include "edge/http2_exchange.hpp"
#include "edge/origin_request.hpp"
#include "edge/worker.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;

struct InUse {
  explicit InUse(std::size_t& count) : count_(count) { ++count_; }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { --count_; }
  std::size_t& count_;
};

class Handling {
 public:
  Handling(Worker& worker, Reply& reply, const Visitor& visitor, Scratch& scratch,
           Http1Front* tunnel)
      : worker_(worker),
        runtime_(told_with(scratch.story, worker)),
        reply_(reply),
        visitor_(visitor),
        scratch_(scratch),
        tunnel_(tunnel) {}

  net::Task<void> run();
  net::Task<void> say(const Problem& problem);

 private:
  enum class Way : std::uint8_t { done, same_address, next_address, next_origin, give_up };

  std::optional<Condition> refusal(const Runtime::Match& match) const;
  net::Task<void> try_origins(PoolState& pool);
  net::Task<Way> try_origin(OriginState& state);
  net::Task<bool> wait_for_place(OriginState& state);
  void no_place(OriginState& state);
  net::Task<Way> try_address(OriginState& state, Endpoint address);
  [[gnu::noinline]] net::Task<Way> race(OriginState& state, const std::vector<IpAddress>& list);
  bool may_be_tried(OriginState& state, Endpoint address);
  net::Task<Way> begin_exchange(OriginState& state, std::unique_ptr<Link> link);
  [[gnu::noinline]] net::Task<bool> drilled();
  net::Task<Way> exchange(OriginState& state, std::unique_ptr<Link> link);
  // Not inlined: their frames would become part of that of every request on a kept connection.
  [[gnu::noinline]] net::Task<Way> exchange_shared(OriginState& state,
                                                   std::shared_ptr<Http2Link> link);
  [[gnu::noinline]] net::Task<Way> exchange(OriginState& state, std::shared_ptr<Http2Link> link);
  net::Task<Way> finish(ExchangeEnd end, Attempt& attempt, bool reused);
  Question question(const OriginState& state, std::string_view affinity) const;
  Way after(const ExchangeEnd& end, const Attempt& attempt, bool reused);
  void learn(OriginState& state, Way way, std::size_t before);
  LinkWish wish(const OriginState& state) const;
  Attempt& new_attempt(const OriginState& state);
  bool attempts_left() const;
  net::Task<void> tell_failure();
  PoolState* serving(PoolState& pool) const;

  // Of one request all is done and told with the runtime of its first attempt.
  static Runtime* told_with(Story& story, const Worker& worker) {
    if (story.attempts.empty()) story.runtime = worker.runtime();
    return story.runtime.get();
  }

  Worker& worker_;
  Runtime* runtime_;  // the story holds it
  Reply& reply_;
  const Visitor& visitor_;
  Scratch& scratch_;
  Http1Front* tunnel_;
  const Pool* pool_ = nullptr;
  PoolState* pool_state_ = nullptr;
  Ask ask_;
  const Timeouts* timeouts_ = nullptr;
  std::uint64_t body_limit_ = 0;
  bool trusted_ = false;
  bool body_used_ = false;
};

std::optional<Condition> Handling::refusal(const Runtime::Match& match) const {
  const Config& config = runtime_->config();
  const auto& request = scratch_.request;
  if (loops(request, config.headers.cdn) > config.headers.loops) return Condition::loop;
  if (match.route != nullptr && match.route->maintenance) return Condition::maintenance;
  if (body_limit_ != 0 && request.framing == codec::Framing::length &&
      request.length > body_limit_) {
    return Condition::body_too_large;
  }
  return std::nullopt;
}

net::Task<void> Handling::run() {
  const Config& config = runtime_->config();
  const auto& request = scratch_.request;
  const auto match = runtime_->match(request.host, request.path());
  trusted_ =
      !config.headers.trusted.empty() && contains(config.headers.trusted, visitor_.peer.address);
  body_limit_ = match.route != nullptr && match.route->request_body_bytes
                    ? *match.route->request_body_bytes
                    : config.limits.request_body_bytes;
  timeouts_ =
      match.route != nullptr && match.route->timeouts ? &*match.route->timeouts : &config.timeouts;
  if (const auto condition = refusal(match)) {
    scratch_.story.visitor = VisitorEnd::refused;
    co_await say(problem(*condition));
  } else if (match.pool == nullptr) {
    scratch_.story.failure = FailureId::choose_no_config;
    co_await say(problem(FailureId::choose_no_config));
  } else {
    pool_state_ = serving(*match.pool);
    pool_ = &pool_state_->pool;
    const auto& drills = worker_.snapshot().drills;
    if (drills && drills->any() && co_await drilled()) co_return;
    co_await try_origins(*pool_state_);
  }
}

// The pool itself, or the one that stands in for it; one that a reload has taken away does not.
PoolState* Handling::serving(PoolState& pool) const {
  const auto& switches = worker_.snapshot().switches;
  if (!switches || !switches->any()) return &pool;
  PoolState* other = runtime_->pool_named(switches->stand_in(pool.pool.name, worker_.now()));
  return other == nullptr ? &pool : other;
}

// A failure on purpose, as the operator asked for it: no origin hears of it, and neither circuits
// nor evidence learn from it.
net::Task<bool> Handling::drilled() {
  const auto& request = scratch_.request;
  const auto drill = worker_.snapshot().drills->drill_for(request.host, request.path(),
                                                          worker_.chance(), worker_.now());
  if (!drill) co_return false;
  worker_.counts().drills.add();
  if (drill->delay > Duration{}) {
    co_await net::Loop::current().sleep_until(worker_.now() + drill->delay);
  }
  scratch_.story.attempts.push_back({.origin = "drill",
                                     .address = {},
                                     .remembered = true,
                                     .failure = drill->failure,
                                     .because = "a drill, asked for at the admin address"});
  scratch_.story.failure = drill->failure;
  co_await say(problem(drill->failure));
  co_return true;
}

Attempt& Handling::new_attempt(const OriginState& state) {
  auto& attempts = scratch_.story.attempts;
  attempts.push_back({.origin = state.origin().name,
                      .address = {},
                      .secure = wants_tls(state.origin(), visitor_.secure),
                      .evidence = state.evidence,
                      .failure = {},
                      .because = {}});
  return attempts.back();
}

bool Handling::attempts_left() const {
  const auto made = std::ranges::count(scratch_.story.attempts, false, &Attempt::remembered);
  return made < pool_->retries.attempts;
}

LinkWish Handling::wish(const OriginState& state) const {
  const Origin& origin = state.origin();
  LinkWish out{.secure = wants_tls(origin, visitor_.secure),
               .sni = {},
               .host = {},
               .upgrade = scratch_.request.wants_upgrade && origin.http == OriginHttp::agreed,
               .visitor = visitor_.peer,
               .listener = visitor_.listener};
  if (!out.secure) return out;
  // The name asked for: configured, else the Host the origin gets, else the visitor's.
  std::string_view host = origin.host_header;
  if (host.empty()) host = scratch_.request.host;
  std::string_view name;
  std::uint16_t port = 0;
  if (codec::split_authority(host, name, port)) host = name;
  out.host = origin.sni.empty() ? host : std::string_view{origin.sni};
  // An address is no server name (RFC 6066 section 3).
  if (!IpAddress::parse(out.host)) out.sni = out.host;
  return out;
}

net::Task<void> Handling::try_origins(PoolState& pool) {
  const auto& request = scratch_.request;
  const std::string peer = pool.pool.policy == Policy::hash ? visitor_.peer.address.text() : "";
  ask_ = ask_of(pool.pool, {peer, request.host, request.path(), request.fields}, worker_.chance());
  pool.budget.request(worker_.now());
  OriginWalk walk{pool, ask_};
  while (OriginState* state = walk.next(worker_.now())) {
    const auto entry = state->queue.enter();
    if (entry == Gate::Entry::full ||
        (entry == Gate::Entry::wait && !co_await wait_for_place(*state))) {
      no_place(*state);
      continue;
    }
    const OriginQueue::Place place{state->queue};
    const InUse in_use{state->in_use};
    if (entry == Gate::Entry::wait && reply_.visitor_gone()) {
      state->record.circuit.abandoned();
      state->tell_circuit(worker_.now());
      scratch_.story.visitor = VisitorEnd::gone;
      reply_.cut();
      co_return;
    }
    const std::size_t before = scratch_.story.attempts.size();
    const Way way = co_await try_origin(*state);
    learn(*state, way, before);
    if (way == Way::done) co_return;
    if (way == Way::give_up || !attempts_left()) break;
  }
  co_await tell_failure();
}

net::Task<bool> Handling::wait_for_place(OriginState& state) {
  return state.queue.wait(worker_.now() + pool_->queue_wait);
}

void Handling::no_place(OriginState& state) {
  state.record.circuit.abandoned();  // nothing was learned of it
  state.tell_circuit(worker_.now());
  Attempt& attempt = new_attempt(state);
  attempt.remembered = true;
  attempt.failure = FailureId::choose_queue_full;
  attempt.because =
      fmt::format("{} requests are at this origin, {} wait", state.in_use, state.queue.waiting());
}

// What this request says about the origin it tried last; `before` it, so many attempts at others.
void Handling::learn(OriginState& state, Way way, std::size_t before) {
  const auto& attempts = scratch_.story.attempts;
  auto& record = state.record;
  const Instant now = worker_.now();
  if (attempts.size() <= before) {  // interrupted
    record.circuit.abandoned();
    return state.tell_circuit(now);
  }
  const Attempt& last = attempts.back();
  if (!last.failure && way == Way::done && scratch_.story.origin_status != 0) {
    record.answered(last.connect, last.reused, last.first_byte, now);
  } else if (last.failure && !last.remembered) {
    const Duration cost = last.resolve + last.connect + last.handshake + last.first_byte;
    record.circuit.failed(*last.failure, cost, now);
  } else {
    record.circuit.abandoned();
  }
  state.tell_circuit(now);
}

net::Task<Handling::Way> Handling::try_origin(OriginState& state) {
  const LinkWish wanted = wish(state);
  // A PROXY header tells one visitor: such a connection serves nobody else.
  const bool reuses = state.origin().proxy_protocol == ProxyProtocol::off;
  if (auto shared = reuses ? state.take_shared(wanted, std::nullopt) : nullptr) {
    const Way way = co_await exchange_shared(state, std::move(shared));
    if (way != Way::next_address && way != Way::same_address) co_return way;
    if (!attempts_left()) co_return Way::give_up;
  } else if (auto link = reuses ? state.take_idle(wanted, std::nullopt) : nullptr) {
    Attempt& attempt = new_attempt(state);
    attempt.address = link->address;
    attempt.reused = true;
    const Way way = co_await exchange(state, std::move(link));
    if (way != Way::next_address) co_return way;
    if (!attempts_left()) co_return Way::give_up;
  }
  const auto* addresses = co_await state.addresses(runtime_->config().dns_resolver);
  if (addresses->list.empty()) {
    Attempt& attempt = new_attempt(state);
    attempt.failure = addresses->failure.value_or(FailureId::resolve_timeout);
    attempt.because = addresses->because;
    co_return Way::next_origin;
  }
  const auto list = state.ordered(*addresses);
  const std::uint16_t port = state.port(wanted.secure);
  if (pool_->retries.hedge && list.size() > 1) co_return co_await race(state, list);
  for (const auto& address : list) {
    Way way = co_await try_address(state, Endpoint{address, port});
    while (way == Way::same_address && attempts_left()) {
      way = co_await try_address(state, Endpoint{address, port});
    }
    if (way == Way::same_address) co_return Way::give_up;
    if (way != Way::next_address) co_return way;
    if (!attempts_left()) co_return Way::give_up;
  }
  co_return Way::next_origin;
}

net::Task<Handling::Way> Handling::try_address(OriginState& state, Endpoint address) {
  const LinkWish wanted = wish(state);
  if (state.may_share(wanted)) {
    auto shared = co_await state.join(wanted, address, worker_.now() + timeouts_->connect);
    if (shared) co_return co_await exchange_shared(state, std::move(shared));
  }
  if (!may_be_tried(state, address)) co_return Way::next_address;
  Attempt& attempt = new_attempt(state);
  attempt.address = address;
  auto link = co_await state.connect(address, wanted, attempt);
  if (!link) {
    co_return attempt.failure == FailureId::cancelled ? Way::give_up : Way::next_address;
  }
  co_return co_await begin_exchange(state, std::move(link));
}

// Otherwise the story says why not.
bool Handling::may_be_tried(OriginState& state, Endpoint address) {
  std::string because;
  std::optional<FailureId> failure;
  const bool own = runtime_->is_own(address);
  if (own) {
    failure = FailureId::resolve_points_to_edge;
    because = "the origin's address is a listener of this edge";
  } else {
    failure = state.remembered(address.address, because);
  }
  if (!failure) return true;
  Attempt& attempt = new_attempt(state);
  attempt.address = address;
  attempt.failure = failure;
  attempt.because = std::move(because);
  attempt.remembered = !own;
  return false;
}

// The addresses side by side, as far as attempts are left; what is sent goes to one alone.
net::Task<Handling::Way> Handling::race(OriginState& state, const std::vector<IpAddress>& list) {
  const LinkWish wanted = wish(state);
  std::vector<Endpoint> endpoints;
  for (const auto& address : list) {
    const Endpoint endpoint{address, state.port(wanted.secure)};
    if (may_be_tried(state, endpoint)) endpoints.push_back(endpoint);
  }
  Way way = Way::next_address;
  while ((way == Way::next_address || way == Way::same_address) && !endpoints.empty()) {
    if (!attempts_left()) co_return Way::give_up;
    if (state.may_share(wanted)) {
      auto shared =
          co_await state.join(wanted, endpoints.front(), worker_.now() + timeouts_->connect);
      if (shared) {
        way = co_await exchange_shared(state, std::move(shared));
        if (way == Way::next_address) endpoints.erase(endpoints.begin());
        continue;
      }
    }
    Attempt blank = new_attempt(state);
    scratch_.story.attempts.pop_back();
    AddressRace race{state, wanted, std::move(blank),
                     hedge_after(state.record.usual_connect(worker_.now()))};
    const auto made = std::ranges::count(scratch_.story.attempts, false, &Attempt::remembered);
    const auto left =
        static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, pool_->retries.attempts - made));
    auto link = co_await race.run(std::span{endpoints}.first(std::min(left, endpoints.size())));
    auto raced = race.attempts();
    const bool cancelled = raced.empty() || raced.back().failure == FailureId::cancelled;
    for (auto& attempt : raced) {
      if (attempt.given_up) state.prefer(link->address.address);
      std::erase(endpoints, attempt.address);
      scratch_.story.attempts.push_back(std::move(attempt));
    }
    if (!link) {
      if (cancelled) co_return Way::give_up;
      continue;
    }
    const Endpoint won = link->address;
    way = co_await begin_exchange(state, std::move(link));
    if (way == Way::same_address) endpoints.insert(endpoints.begin(), won);
  }
  co_return way == Way::next_address ? Way::next_origin : way;
}

net::Task<Handling::Way> Handling::begin_exchange(OriginState& state, std::unique_ptr<Link> link) {
  if (!link->http2) co_return co_await exchange(state, std::move(link));
  auto shared = state.share(std::move(link), runtime_->config().limits.response_head_bytes,
                            state.origin().proxy_protocol != ProxyProtocol::off);
  co_return co_await exchange(state, std::move(shared));
}

Question Handling::question(const OriginState& state, std::string_view affinity) const {
  return {.host_header = state.origin().host_header,
          .trusted = trusted_,
          .timeouts = *timeouts_,
          .body_limit = body_limit_,
          .set_cookie = affinity};
}

// On a connection that another request opened.
net::Task<Handling::Way> Handling::exchange_shared(OriginState& state,
                                                   std::shared_ptr<Http2Link> link) {
  Attempt& attempt = new_attempt(state);
  attempt.address = link->link().address;
  attempt.reused = true;
  return exchange(state, std::move(link));
}

net::Task<Handling::Way> Handling::exchange(OriginState& state, std::shared_ptr<Http2Link> link) {
  Attempt& attempt = scratch_.story.attempts.back();
  attempt.http2 = true;
  const std::string affinity = affinity_field(*pool_, state, ask_, visitor_.secure);
  const Question asked = question(state, affinity);
  const bool reused = link->answered > 0;
  ExchangeEnd end;
  {
    Http2Exchange exchange{*runtime_, reply_, visitor_, scratch_, link, attempt, asked};
    end = co_await exchange.run();
  }
  if (end.reusable) ++link->answered;
  link.reset();
  co_return co_await finish(end, attempt, reused);
}

net::Task<Handling::Way> Handling::exchange(OriginState& state, std::unique_ptr<Link> link) {
  Attempt& attempt = scratch_.story.attempts.back();
  const std::string affinity = affinity_field(*pool_, state, ask_, visitor_.secure);
  const Question asked = question(state, affinity);
  Http1Exchange exchange{*runtime_, reply_, visitor_, scratch_, *link, attempt, asked, tunnel_};
  const auto end = co_await exchange.run();
  const bool reused = link->answered > 0;
  if (end.reusable && state.origin().proxy_protocol == ProxyProtocol::off) {
    ++link->answered;
    state.give_idle(std::move(link));
  }
  link.reset();
  co_return co_await finish(end, attempt, reused);
}

net::Task<Handling::Way> Handling::finish(ExchangeEnd end, Attempt& attempt, bool reused) {
  body_used_ = body_used_ || end.body_used;
  if (end.visitor_gone) scratch_.story.visitor = VisitorEnd::gone;
  if (end.visitor_fault) {
    scratch_.story.visitor = *end.visitor_fault == BodyEnd::gone   ? VisitorEnd::gone
                             : *end.visitor_fault == BodyEnd::slow ? VisitorEnd::slow
                                                                   : VisitorEnd::refused;
  }
  if (end.begun) {
    if (attempt.failure) {
      scratch_.story.failure = attempt.failure;
      scratch_.story.cut = true;
    }
    if (attempt.failure || end.visitor_fault) reply_.cut();
    co_return Way::done;
  }
  if (end.visitor_fault) {
    if (*end.visitor_fault != BodyEnd::gone) {
      co_await say(problem(*end.visitor_fault == BodyEnd::slow     ? Condition::request_timeout
                           : *end.visitor_fault == BodyEnd::broken ? Condition::request_malformed
                                                                   : Condition::body_too_large));
    } else {
      reply_.cut();
    }
    co_return Way::done;
  }
  if (end.visitor_gone) {
    reply_.cut();
    co_return Way::done;
  }
  co_return after(end, attempt, reused);
}

// What may be repeated is decided by retry_way; what was sent to an origin once counts on the
// budget, so that an outage is not multiplied.
Handling::Way Handling::after(const ExchangeEnd& end, const Attempt& attempt, bool reused) {
  if (!attempt.failure) return Way::give_up;
  const RetryWay way = retry_way({.failure = *attempt.failure,
                                  .idempotent = codec::is_idempotent(scratch_.request.method),
                                  .body_kept = !body_used_,
                                  .reused = reused,
                                  .answer_begun = end.begun,
                                  .not_processed = end.not_processed});
  if (way == RetryWay::give_up) return Way::give_up;
  // A kept connection that had died costs the origin nothing: nobody was there.
  if (way == RetryWay::fresh_connection && !end.not_processed) return Way::next_address;
  if (!pool_state_->budget.take(worker_.now())) return Way::give_up;
  if (way == RetryWay::fresh_connection) return Way::same_address;
  return way == RetryWay::other_address ? Way::next_address : Way::next_origin;
}

net::Task<void> Handling::tell_failure() {
  const auto headline = headline_of(scratch_.story.attempts);
  scratch_.story.failure = headline.failure;
  if (headline.failure == FailureId::cancelled) {
    reply_.cut();
    co_return;
  }
  co_await say(problem(headline.failure));
}

net::Task<void> Handling::say(const Problem& problem) {
  const Config& config = runtime_->config();
  const auto& request = scratch_.request;
  AnswerFacts facts{.edge = "causeway",
                    .edge_place = {},
                    .host = request.host,
                    .ray_id = scratch_.story.ray_text(),
                    .client_address = {},
                    .contact = config.pages.contact,
                    .next_hop = {},
                    .details = {},
                    .rcode = {},
                    .at = wall_now()};
  if (!config.headers.cdn.empty()) facts.edge = config.headers.cdn;
  facts.received_status = scratch_.story.origin_status;
  const auto accept = codec::find_field(request.fields, "accept").value_or(std::string_view{});
  const Answer made = answer(problem, facts, accept, runtime_->page());
  auto& fields = scratch_.fields;
  fields.clear();
  fields.push_back({"date", worker_.http_date()});
  if (!config.headers.server.empty()) fields.push_back({"server", config.headers.server});
  for (const auto& header : made.headers) fields.push_back({header.name, header.value});
  if (!config.headers.ray.empty()) {
    fields.push_back({config.headers.ray, scratch_.story.ray_text()});
  }
  const AnswerHead head{.status = made.status,
                        .reason = made.reason,
                        .fields = fields,
                        .framing = codec::Framing::length,
                        .length = made.body.size()};
  const std::string_view body = request.method == "HEAD" ? std::string_view{} : made.body;
  scratch_.story.status = made.status;
  scratch_.story.body_out = body.size();
  if (!co_await reply_.begin(head, body, true)) scratch_.story.visitor = VisitorEnd::gone;
}

Condition condition_of(codec::RequestFault fault) {
  switch (codec::status(fault)) {
    case 405: return Condition::method_not_supported;
    case 414: return Condition::url_too_long;
    case 417: return Condition::expectation_failed;
    case 431: return Condition::headers_too_large;
    case 505: return Condition::version_not_supported;
    default: return Condition::request_malformed;
  }
}

}  // namespace

net::Task<void> ask_origins(Worker& worker, Reply& reply, const Visitor& visitor, Scratch& scratch,
                            Http1Front* tunnel) {
  Handling handling{worker, reply, visitor, scratch, tunnel};
  co_await handling.run();
}

net::Task<void> answer_problem(Worker& worker, Reply& reply, const Visitor& visitor,
                               Scratch& scratch, const Problem& problem) {
  Handling handling{worker, reply, visitor, scratch, nullptr};
  co_await handling.say(problem);
}

net::Task<void> handle(Worker& worker, Reply& reply, const Visitor& visitor, Scratch& scratch,
                       Http1Front* tunnel) {
  worker.name_ray(scratch.story.ray);
  const auto& request = scratch.request;
  const Route* route = worker.snapshot().cache
                           ? worker.runtime()->match(request.host, request.path()).route
                           : nullptr;
  if (worker.sheds()) {
    co_await answer_problem(worker, reply, visitor, scratch, problem(Condition::overloaded));
  } else if (route != nullptr && route->cache && !route->maintenance) {
    co_await answer_through_cache(worker, reply, visitor, scratch, tunnel);
  } else {
    co_await ask_origins(worker, reply, visitor, scratch, tunnel);
  }
  worker.finished(visitor, scratch);
}

net::Task<void> answer_condition(Worker& worker, Reply& reply, const Visitor& visitor,
                                 Scratch& scratch, Condition condition) {
  worker.name_ray(scratch.story.ray);
  co_await answer_problem(worker, reply, visitor, scratch, problem(condition));
  worker.finished(visitor, scratch);
}

net::Task<void> answer_refused(Worker& worker, Reply& reply, const Visitor& visitor,
                               Scratch& scratch, codec::RequestFault fault) {
  // What was read so far are views of a head that is not one.
  scratch.request.method = {};
  scratch.request.target = {};
  scratch.request.host = {};
  scratch.request.authority = {};
  scratch.request.fields.clear();
  co_await answer_condition(worker, reply, visitor, scratch, condition_of(fault));
}

}  // namespace causeway::edge
