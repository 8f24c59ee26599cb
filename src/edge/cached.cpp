#include "edge/cached.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "edge/cache_control.hpp"
#include "edge/cache_reply.hpp"
#include "edge/handle.hpp"
#include "edge/limits.hpp"
#include "edge/origin_request.hpp"
#include "edge/worker.hpp"

namespace causeway::edge {
namespace {

CacheRequest request_of(const Runtime& runtime, const Visitor& visitor, const Scratch& scratch) {
  const auto& head = scratch.request;
  const auto& headers = runtime.config().headers;
  const bool trusted = is_trusted(visitor, headers);
  return {.method = head.method,
          .secure = effective_scheme(head, visitor, headers, trusted) == "https",
          .authority = head.authority,
          .target = head.target,
          .fields = head.fields,
          .has_body = head.framing == codec::Framing::chunked || head.length > 0,
          .filters = &runtime.filters(),
          .trusted = trusted};
}

// Ends a flight however its leader ends: those who wait must hear of it.
class Leading {
 public:
  Leading(CacheFlights& flights, std::string key) : flights_(flights), key_(std::move(key)) {
    flights_.waiting[key_] = std::make_shared<net::Event>();
  }
  Leading(const Leading&) = delete;
  Leading& operator=(const Leading&) = delete;
  ~Leading() {
    flights_.collapse.finished(key_, stored, net::Loop::current().now());
    const auto at = flights_.waiting.find(key_);
    if (at == flights_.waiting.end()) return;
    const auto event = std::move(at->second);
    flights_.waiting.erase(at);
    event->set();
  }

  bool stored = false;

 private:
  CacheFlights& flights_;
  std::string key_;
};

// Takes what a refresh needs no visitor for: nobody reads.
class Nobody final : public Reply {
 public:
  std::optional<std::string_view> whole_body() override { return std::string_view{}; }
  net::Task<BodyPart> read_body(Instant /*deadline*/) override {
    co_return BodyPart{.bytes = {}, .end = BodyEnd::last};
  }
  std::span<const codec::HeaderField> request_trailers() const override { return {}; }
  net::Task<bool> interim(int /*status*/, std::span<const codec::HeaderField> /*f*/) override {
    co_return true;
  }
  net::Task<bool> begin(const AnswerHead& /*head*/, std::string_view /*body*/,
                        bool /*last*/) override {
    co_return true;
  }
  net::Task<bool> write(std::string_view /*body*/, bool /*last*/) override { co_return true; }
  net::Task<bool> trailers(std::span<const codec::HeaderField> /*fields*/) override {
    co_return true;
  }
  void cut() override {}
  bool visitor_gone() const override { return false; }
};

bool is_condition(std::string_view name) {
  return name.size() > 3 &&
         (equals_ignoring_case(name.substr(0, 3), "if-") || equals_ignoring_case(name, "range"));
}

// In place of the visitor's conditions those of what is stored. Views into `conditions`.
void put_conditions(codec::RequestHead& head, const StoredFields& conditions) {
  std::erase_if(head.fields, [](const auto& field) { return is_condition(field.name); });
  for (const auto& [name, value] : conditions) head.fields.push_back({name, value});
}

// The same question again, as bytes of its own: the visitor's are gone when it is asked. It goes
// where the first one went: an absolute target has beaten the Host line (RFC 9112 3.2.2).
std::string again(const codec::RequestHead& head) {
  std::string out = fmt::format("GET {} HTTP/1.{}\r\n", head.target, head.minor_version);
  if (!head.authority.empty()) out += fmt::format("Host: {}\r\n", head.authority);
  for (const auto& field : head.fields) {
    if (is_condition(field.name) || equals_ignoring_case(field.name, "host")) continue;
    out += fmt::format("{}: {}\r\n", field.name, field.value);
  }
  return out + "\r\n";
}

// What was read once under the limits of its time is read again.
codec::RequestParse read_again(std::string_view text, codec::RequestHead& head) {
  const auto lines = static_cast<int>(std::ranges::count(text, '\n'));
  return codec::parse_request_head(
      text, {.head_bytes = text.size(), .target_bytes = text.size(), .lines = lines}, head);
}

struct Refresh {
  std::string head;
  std::string key;
  StoredPtr stored;
  Visitor visitor;
};

net::Task<void> refresh(Worker& worker, Refresh order) {
  Leading leading{worker.flights(), order.key};
  const ScratchPtr scratch = take_scratch();
  const auto parsed = read_again(order.head, scratch->request);
  if (parsed.fault != codec::RequestFault::none || parsed.taken == 0) co_return;
  scratch->story.restart();
  scratch->story.arrived = worker.now();
  Nobody nobody;
  const std::vector<codec::HeaderField> fields = scratch->request.fields;
  const auto runtime = worker.runtime();
  auto asked_as = request_of(*runtime, order.visitor, *scratch);
  asked_as.fields = fields;
  const auto conditions = conditional_fields(*order.stored);
  put_conditions(scratch->request, conditions);
  const auto store = worker.snapshot().cache;
  CacheReply reply{nobody,
                   *scratch,
                   *store,
                   runtime->config(),
                   {.key = order.key,
                    .request = asked_as,
                    .stored = order.stored,
                    .conditional = !conditions.empty(),
                    .forward = Forward::stale}};
  co_await ask_origins(worker, reply, order.visitor, *scratch, nullptr);
  leading.stored = reply.stored();
}

void start_refresh(Worker& worker, const Visitor& visitor, const Scratch& scratch,
                   const std::string& key, StoredPtr stored) {
  if (worker.flights().collapse.enter(key, worker.now()) != Collapse::Role::lead) return;
  worker.start_beside(refresh(worker, {.head = again(scratch.request),
                                       .key = key,
                                       .stored = std::move(stored),
                                       .visitor = visitor}));
}

class Cached {
 public:
  Cached(Worker& worker, Reply& reply, const Visitor& visitor, Scratch& scratch, Http1Front* tunnel)
      : worker_(worker),
        runtime_(worker.runtime()),
        store_(worker.snapshot().cache),
        reply_(reply),
        visitor_(visitor),
        scratch_(scratch),
        tunnel_(tunnel),
        request_(request_of(*runtime_, visitor, scratch)),
        key_(cache_key(request_)) {}

  net::Task<void> run() {
    const auto refusal = refuse_request(request_);
    const bool part = codec::find_field(request_.fields, "range").has_value();
    CacheLookup found;
    if (refusal == Refusal::none) {
      found = store_->find(key_, request_);
      if (!found.answer && store_->disk()) found = co_await store_->find_on_disk(key_, request_);
      if (co_await from_store(found)) co_return;
    }
    if (refusal != Refusal::none || (part && !found.answer)) {
      co_await pass_on(refusal);
      co_return;
    }
    auto role = worker_.flights().collapse.enter(key_, worker_.now());
    if (role == Collapse::Role::follow) {
      co_await wait_for_leader();
      found = store_->find(key_, request_);
      if (!found.answer && store_->disk()) found = co_await store_->find_on_disk(key_, request_);
      collapsed_ = true;
      if (co_await from_store(found)) co_return;
      role = Collapse::Role::alone;
    }
    co_await ask(found, role == Collapse::Role::lead);
  }

 private:
  // True when the visitor is served, one way or the other.
  net::Task<bool> from_store(CacheLookup& found) {
    const StoredPtr answer = found.answer;
    const bool only_cached = parse_cache_control(request_.fields).only_if_cached;
    const Instant now = worker_.now();
    const auto use = answer ? use_of(*answer, now) : Use::must_ask;
    if (use == Use::must_ask) {
      // Also what is stale: nobody has allowed that (RFC 9111 4.2.4, 5.2.1.7).
      if (only_cached) {
        co_await answer_problem(worker_, reply_, visitor_, scratch_,
                                problem(Condition::not_in_cache));
      }
      co_return only_cached;
    }
    CacheStatus status{.cache = runtime_->config().headers.cdn,
                       .hit = true,
                       .ttl = ttl_of(*answer, now),
                       .collapsed = collapsed_,
                       .detail = found.from_disk ? "disk" : ""};
    if (use == Use::stale_while_revalidate) {
      start_refresh(worker_, visitor_, scratch_, key_, answer);
    }
    co_await serve_stored(reply_, scratch_, runtime_->config(), request_, *answer, status);
    if (scratch_.story.status != 0) co_return true;
    found = {};  // its file cannot be read after all
    co_return false;
  }

  net::Task<void> pass_on(Refusal refusal) {
    const bool unsafe = refusal == Refusal::method;
    const std::string method{request_.method};
    scratch_.story.cache = "bypass";
    co_await ask_origins(worker_, reply_, visitor_, scratch_, tunnel_);
    if (unsafe && scratch_.story.origin_status != 0 && invalidates(method, scratch_.story.status)) {
      store_->invalidate(key_);
    }
  }

  net::Task<void> wait_for_leader() {
    auto& flights = worker_.flights();
    const auto at = flights.waiting.find(key_);
    if (at == flights.waiting.end()) {
      flights.collapse.left(key_);
      co_return;
    }
    const auto event = at->second;  // also when the leader is gone
    if (!co_await event->wait(worker_.now() + limits::kCollapseWait)) flights.collapse.left(key_);
  }

  net::Task<void> ask(const CacheLookup& found, bool leads) {
    std::optional<Leading> leading;
    if (leads) leading.emplace(worker_.flights(), key_);
    const std::vector<codec::HeaderField> as_asked = scratch_.request.fields;
    auto request = request_;
    request.fields = as_asked;
    StoredFields conditions;
    if (found.answer) {
      conditions = conditional_fields(*found.answer);
      put_conditions(scratch_.request, conditions);
    }
    const Forward forward = found.answer        ? Forward::stale
                            : found.vary_missed ? Forward::vary_miss
                                                : Forward::uri_miss;
    CacheReply reply{reply_,
                     scratch_,
                     *store_,
                     runtime_->config(),
                     {.key = key_,
                      .request = request,
                      .stored = found.answer,
                      .conditional = !conditions.empty(),
                      .forward = forward,
                      .collapsed = collapsed_}};
    co_await ask_origins(worker_, reply, visitor_, scratch_, tunnel_);
    if (leading) leading->stored = reply.stored();
    // The views of the conditions must not outlive them.
    scratch_.request.fields = as_asked;
  }

  Worker& worker_;
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<CacheStore> store_;
  Reply& reply_;
  const Visitor& visitor_;
  Scratch& scratch_;
  Http1Front* tunnel_;
  CacheRequest request_;
  std::string key_;
  bool collapsed_ = false;
};

}  // namespace

net::Task<void> answer_through_cache(Worker& worker, Reply& reply, const Visitor& visitor,
                                     Scratch& scratch, Http1Front* tunnel) {
  Cached cached{worker, reply, visitor, scratch, tunnel};
  co_await cached.run();
}

}  // namespace causeway::edge
