#include "edge/attempt_order.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace causeway::edge {
namespace {

bool is_silence(model::FailureId failure) {
  using enum model::FailureId;
  return failure == connect_silent || failure == tls_silent || failure == http_silent ||
         failure == resolve_timeout || failure == http_request_unacked;
}

// Larger is nearer to an answer.
int depth(model::FailureId failure) {
  return static_cast<int>(model::row(failure).stage) * 2 + (is_silence(failure) ? 0 : 1);
}

}  // namespace

std::optional<std::size_t> OriginWalk::pick(Instant now, bool any) {
  auto& candidates = pool_.candidates;
  candidates.clear();
  for (std::size_t i = 0; i < pool_.origins.size(); ++i) {
    const OriginState& state = *pool_.origins[i];
    const Origin& origin = state.origin();
    const auto& record = state.record;
    const bool well =
        record.health.serves() && record.circuit.would_admit(now) && !state.rests(now);
    const auto& latency = pool_.pool.policy == Policy::latency ? record.connects : record.answers;
    candidates.push_back(
        {.weight = origin.weight,
         .priority = origin.priority,
         .usable = (tried_ >> i & 1U) == 0 && (well || any),
         .drained = origin.drain,
         .in_use = state.in_use,
         .latency = latency.value(now),
         .up_for = record.back_since == Instant{} ? Duration::max() : now - record.back_since,
         .name_hash = record.name_hash});
  }
  return pool_.balancer.pick(candidates, ask_);
}

OriginState* OriginWalk::next(Instant now) {
  if (pool_.origins.size() == 1) {  // nothing to choose
    if (tried_ != 0 || pool_.origins[0]->origin().weight <= 0) return nullptr;
    tried_ = 1;
    return pool_.origins[0].get();
  }
  auto at = pick(now, false);
  if (!at) at = pick(now, true);
  if (!at) return nullptr;
  tried_ |= 1ULL << *at;
  ask_.affinity.reset();  // it led to this one
  OriginState& state = *pool_.origins[*at];
  static_cast<void>(state.record.circuit.admit(now));  // this request is the trial, if one is due
  state.tell_circuit(now);
  return &state;
}

std::string_view cookie(std::span<const codec::HeaderField> fields, std::string_view name) {
  for (const auto& field : fields) {
    if (!equals_ignoring_case(field.name, "cookie")) continue;
    for (const auto part : split(field.value, ';')) {
      const auto pair = trim(part);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return pair.substr(equals + 1);
      }
    }
  }
  return {};
}

Ask ask_of(const Pool& pool, const Asking& asking, std::uint64_t chance) {
  Ask out{.chance = chance, .key = 0, .affinity = {}};
  if (!pool.sticky_cookie.empty()) {
    out.affinity = parse_affinity(cookie(asking.fields, pool.sticky_cookie));
  }
  if (pool.policy != Policy::hash) return out;
  const std::string_view key = pool.hash_key;
  if (key == "host") {
    out.key = hash_of(asking.host);
  } else if (key == "path") {
    out.key = hash_of(asking.path);
  } else if (key.starts_with("header:")) {
    out.key = hash_of(codec::find_field(asking.fields, key.substr(7)).value_or(asking.peer));
  } else if (key.starts_with("cookie:")) {
    const auto value = cookie(asking.fields, key.substr(7));
    out.key = hash_of(value.empty() ? asking.peer : value);
  } else {
    out.key = hash_of(asking.peer);
  }
  return out;
}

std::string affinity_field(const Pool& pool, const OriginState& origin, const Ask& ask,
                           bool secure) {
  if (pool.sticky_cookie.empty() || ask.affinity == origin.record.name_hash) return {};
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}", pool.sticky_cookie,
                     affinity_cookie(origin.record.name_hash), secure ? "; Secure" : "");
}

Headline headline_of(std::span<const Attempt> attempts) {
  Headline out{.failure = model::FailureId::choose_no_healthy_origin, .because = {}};
  int deepest = -1;
  for (const auto& attempt : attempts) {
    if (!attempt.failure) continue;
    const int here = depth(*attempt.failure);
    if (here < deepest) continue;
    deepest = here;
    out = {*attempt.failure, attempt.because};
  }
  return out;
}

}  // namespace causeway::edge
