#include "edge/cache_reply.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "edge/balance.hpp"
#include "edge/disk_body.hpp"
#include "edge/limits.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

std::string_view cache_name(const Config& config) {
  return config.headers.cdn.empty() ? std::string_view{"causeway"} : config.headers.cdn;
}

std::chrono::sys_seconds wall_seconds() {
  return std::chrono::floor<std::chrono::seconds>(wall_now());
}

}  // namespace

namespace {

// Part by part: what a slow visitor leaves of one is copied, and no more than that.
net::Task<bool> send_in_parts(Reply& reply, AnswerHead head, std::string_view body) {
  bool sent = true;
  for (bool begun = false; sent && !body.empty(); begun = true) {
    const auto part = body.substr(0, std::min(limits::kDiskBlock, reply.room()));
    body.remove_prefix(part.size());
    sent = begun ? co_await reply.write(part, body.empty())
                 : co_await reply.begin(head, part, body.empty());
  }
  co_return sent;
}

// From its file, block by block: never more of it in memory than one.
net::Task<bool> send_from_file(Reply& reply, Scratch& scratch, AnswerHead head,
                               const DiskBody& file, ByteRange wanted) {
  const std::size_t end = wanted.from + wanted.size;
  bool begun = false;
  for (std::size_t at = wanted.from; at < end || !begun;) {
    const std::size_t index = at / limits::kDiskBlock;
    const auto block = co_await file.block(index, net::Loop::current().now() + limits::kDiskWait);
    if (!block && !begun) {
      scratch.story.status = 0;
      scratch.story.cache = {};
      co_return false;
    }
    if (!block) {
      scratch.story.cut = true;
      reply.cut();
      co_return false;
    }
    const std::size_t skip = at - index * limits::kDiskBlock;
    const auto part = std::string_view{*block}.substr(skip, end - at);
    at += part.size();
    scratch.story.body_out += part.size();
    const bool sent =
        begun ? co_await reply.write(part, at == end) : co_await reply.begin(head, part, at == end);
    begun = true;
    if (!sent) co_return false;
  }
  co_return true;
}

}  // namespace

net::Task<bool> serve_stored(Reply& reply, Scratch& scratch, const Config& config,
                             const CacheRequest& request, const StoredAnswer& answer,
                             const CacheStatus& status) {
  const Instant now = net::Loop::current().now();
  const Serving serving = serve(answer, request, now, write(status));
  std::vector<codec::HeaderField> fields;
  fields.reserve(serving.fields.size() + 1);
  for (const auto& [name, value] : serving.fields) fields.push_back({name, value});
  if (!config.headers.ray.empty()) fields.push_back({config.headers.ray, scratch.story.ray_text()});
  const ByteRange part = serving.range.value_or(ByteRange{.from = 0, .size = answer.body_bytes()});
  std::string_view body;
  if (!answer.file) body = std::string_view{answer.body}.substr(part.from, part.size);
  const bool bodiless = serving.status == 304 || serving.status == 204;
  const AnswerHead head{
      .status = serving.status,
      .reason = {},
      .fields = fields,
      .framing = bodiless || !serving.body ? codec::Framing::none : codec::Framing::length,
      .length = bodiless                ? std::nullopt
                : serving.status == 416 ? std::optional<std::uint64_t>{0}
                                        : std::optional<std::uint64_t>{part.size}};
  if (!serving.body) body = {};
  scratch.story.status = serving.status;
  scratch.story.body_out = body.size();
  scratch.story.cache = word(status);
  if (answer.file && serving.body) {
    co_return co_await send_from_file(reply, scratch, head, *answer.file, part);
  }
  if (body.size() <= limits::kDiskBlock) co_return co_await reply.begin(head, body, true);
  co_return co_await send_in_parts(reply, head, body);
}

namespace {

// A 304 that names another representation is no news of the stored one, which may not be given its
// fields (RFC 9111 4.3.4). The whole is asked for next time.
bool confirms(const AnswerHead& head, const StoredAnswer& stored) {
  const auto plain = [](std::string_view tag) {
    return tag.starts_with("W/") ? tag.substr(2) : tag;
  };
  const auto said = codec::find_field(head.fields, "etag");
  return !said || stored.etag.empty() || plain(*said) == plain(stored.etag);
}

}  // namespace

CacheReply::CacheReply(Reply& visitor, Scratch& scratch, CacheStore& store, const Config& config,
                       Asked asked)
    : visitor_(visitor),
      scratch_(scratch),
      store_(store),
      config_(config),
      asked_(std::move(asked)),
      sent_(net::Loop::current().now()) {}

CacheResponse CacheReply::response(const AnswerHead& head) const {
  return {.status = head.status,
          .fields = head.fields,
          .asked = sent_,
          .received = net::Loop::current().now(),
          .wall = wall_seconds()};
}

bool CacheReply::stale_instead(const AnswerHead& head) const {
  if (!asked_.stored) return false;
  const auto failure = scratch_.story.failure;
  if (!failure && head.status < 500) return false;
  return may_serve_stale(*asked_.stored, net::Loop::current().now(), config_.cache, failure,
                         failure ? 0 : head.status);
}

net::Task<bool> CacheReply::serve(StoredPtr answer, CacheStatus status) {
  swallow_ = true;
  status.cache = cache_name(config_);
  status.ttl = ttl_of(*answer, net::Loop::current().now());
  const bool sent =
      co_await serve_stored(visitor_, scratch_, config_, asked_.request, *answer, status);
  co_return sent;
}

net::Task<bool> CacheReply::begin(const AnswerHead& head, std::string_view body, bool last) {
  const bool from_origin = !scratch_.story.failure && scratch_.story.origin_status != 0;
  std::string kept;
  if (stale_instead(head)) {
    CacheStatus status{.hit = true, .detail = "stale-if-error"};
    if (from_origin) status.forward_status = head.status;
    const int told = scratch_.story.status;
    // A file may turn out to be unreadable, after a wait that the body would not outlive.
    if (asked_.stored->file) {
      kept = body;
      body = kept;
    }
    const bool sent = co_await serve(asked_.stored, status);
    if (scratch_.story.status != 0) co_return sent;
    scratch_.story.status = told;
    swallow_ = false;
  }
  if (from_origin && asked_.conditional && head.status == 304) {
    auto answer = asked_.stored;
    if (confirms(head, *answer)) {
      answer = std::make_shared<StoredAnswer>(
          freshened(*answer, asked_.request, response(head), config_.cache));
      stored_now_ = store_.put(asked_.key, answer);
    } else {
      store_.invalidate(asked_.key);
    }
    const bool sent = co_await serve(answer, {.forward = Forward::stale, .forward_status = 304});
    if (scratch_.story.status != 0) co_return sent;
    scratch_.story.cut = true;
    visitor_.cut();
    co_return false;
  }
  CacheStatus status{
      .cache = cache_name(config_), .forward = asked_.forward, .collapsed = asked_.collapsed};
  if (from_origin) {
    status.forward_status = scratch_.story.origin_status;
    const auto storing = may_store(asked_.request, response(head), config_.cache);
    const bool fits = head.length.value_or(0) <= config_.cache.entry_bytes;
    if (storing.refusal == Refusal::none && fits) {
      copy_ = std::make_shared<StoredAnswer>(
          stored_form(asked_.request, response(head), storing.lifetime));
      // Ours, and of this request alone.
      const auto own = lower(config_.headers.ray);
      std::erase_if(copy_->fields, [&](const auto& each) { return each.first == own; });
      status.stored = last || head.length.has_value();
    } else {
      status.detail = name(storing.refusal == Refusal::none ? Refusal::too_large : storing.refusal);
    }
  }
  scratch_.story.cache = word(status);
  const std::string said = edge::write(status);
  std::vector<codec::HeaderField> fields{head.fields.begin(), head.fields.end()};
  fields.push_back({"Cache-Status", said});
  AnswerHead with = head;
  with.fields = fields;
  collect(body, last);
  co_return co_await visitor_.begin(with, body, last);
}

void CacheReply::collect(std::string_view body, bool last) {
  if (!copy_) return;
  const bool fits = copy_->body.size() + body.size() <= config_.cache.entry_bytes;
  if (!fits || !store_.gather(body.size())) return give_up();
  gathered_ += body.size();
  copy_->body += body;
  if (!last) return;
  stored_now_ = store_.put(asked_.key, std::exchange(copy_, nullptr));
  give_up();
}

void CacheReply::give_up() {
  copy_.reset();
  store_.gathered(std::exchange(gathered_, 0));
}

net::Task<bool> CacheReply::write(std::string_view body, bool last) {
  if (swallow_) co_return !last;
  collect(body, last);
  co_return co_await visitor_.write(body, last);
}

net::Task<bool> CacheReply::trailers(std::span<const codec::HeaderField> fields) {
  if (swallow_) co_return false;
  collect({}, true);
  co_return co_await visitor_.trailers(fields);
}

void CacheReply::cut() {
  give_up();
  if (!swallow_) visitor_.cut();
}

}  // namespace causeway::edge
