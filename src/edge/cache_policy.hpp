// What a shared cache may do with a request and an answer (RFC 9111), decided purely: what may be
// stored and for how long, whether a stored answer serves, and what a visitor gets of it.
//
// Two rules are stricter than the RFC, because a cache that gives one visitor's page to another is
// worse than none. Nothing is stored that the origin did not say may be (no heuristics), and
// nothing that a stranger could have shaped: see `refuse_request` and `deceptive`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "codec/http1.hpp"
#include "edge/config.hpp"
#include "edge/header_filter.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

struct CacheRequest {
  std::string_view method;
  bool secure = false;         // as the origin is told
  std::string_view authority;  // host with port, as asked
  std::string_view target;     // path with query
  std::span<const codec::HeaderField> fields;
  bool has_body = false;
  const HeaderFilters* filters = nullptr;  // of what the origin gets of `fields`; null: all
  bool trusted = false;                    // the peer
};

struct CacheResponse {
  int status = 0;
  std::span<const codec::HeaderField> fields;
  Instant asked;                  // when the request was sent
  Instant received;               // when the head was complete
  std::chrono::sys_seconds wall;  // the same moment on the wall clock
};

using StoredFields = std::vector<std::pair<std::string, std::string>>;  // names in lower case

// How long an answer serves, from `stored_at` on.
struct Lifetime {
  Duration initial_age{};  // it had when it came
  Duration fresh{};        // 0: always ask first
  Duration while_revalidate{};
  Duration if_error{};
  bool must_revalidate = false;  // never stale, whatever happens (RFC 9111 5.2.2.2)
};

class DiskBody;  // edge/disk_body.hpp

struct StoredAnswer {
  int status = 200;
  StoredFields fields;
  std::string body;
  std::shared_ptr<const DiskBody> file;  // else the body is there: too large for memory
  std::size_t file_bytes = 0;
  Lifetime lifetime;
  Instant stored_at;
  std::string etag;  // with quotes and W/
  std::string last_modified;
  std::vector<std::string> vary;  // names, lower case, sorted
  std::string vary_key;           // of the request that led to it
  std::vector<std::string> tags;  // of Cache-Tag, for purges

  std::size_t body_bytes() const { return file ? file_bytes : body.size(); }
  std::size_t bytes() const;  // of memory
};

using StoredPtr = std::shared_ptr<const StoredAnswer>;

// --- keys ---
// "https://www.example.net:443/path?query": everything the origin is told that names the resource.
// GET and HEAD share it.
std::string cache_key(const CacheRequest& request);
// Host, path and query of a key, for a purge by prefix: "www.example.net/path".
std::string_view key_without_scheme(std::string_view key);
// The request's values of these fields as the origin gets them, as one text.
std::string vary_key(std::span<const std::string> vary, const CacheRequest& request);

// --- storing ---
enum class Refusal : std::uint8_t {
  none,
  method,
  has_body,        // a GET with a body: its content is not in the key
  authorization,   // RFC 9111 3.5
  shaping_header,  // X-HTTP-Method-Override and its like: they change the answer, not the key
  range,           // parts are not stored, only cut from whole answers
  upgrade,
  no_store,
  is_private,
  set_cookie,
  status,
  not_allowed,  // the origin does not say that it may be stored
  vary_all,     // Vary: *, or a field that the edge writes anew for each request
  partial,      // Content-Range, 206
  deceptive,    // "/account/x.css" that is HTML
  too_large,
};
std::string_view name(Refusal refusal);

// Why a request must not use or fill the cache at all; none: it may.
Refusal refuse_request(const CacheRequest& request);

struct Storing {
  Refusal refusal = Refusal::none;
  Lifetime lifetime;
};
// Of these alone a stored answer consists; `name` in lower case.
bool may_be_stored(int status);
bool field_may_be_stored(std::string_view name);
Storing may_store(const CacheRequest& request, const CacheResponse& response,
                  const CacheRules& rules);

// Makes the stored form, without body: end-to-end fields but Set-Cookie, Age and our own.
StoredAnswer stored_form(const CacheRequest& request, const CacheResponse& response,
                         const Lifetime& lifetime);

// --- using ---
enum class Use : std::uint8_t {
  fresh,
  stale_while_revalidate,  // serve it, and ask behind the visitor's back
  must_ask,                // ask with its validator; an error may still lead to `may_serve_stale`
};
Use use_of(const StoredAnswer& stored, Instant now);
Duration age_of(const StoredAnswer& stored, Instant now);
Duration ttl_of(const StoredAnswer& stored, Instant now);  // negative when stale

// After a failure towards the origin, or its own 5xx (`status`): whether the stale answer is
// better.
bool may_serve_stale(const StoredAnswer& stored, Instant now, const CacheRules& rules,
                     std::optional<model::FailureId> failure, int status);

// Fields that ask the origin whether the stored answer still holds (RFC 9111 4.3.1).
StoredFields conditional_fields(const StoredAnswer& stored);
// A 304: the same body lives on with new fields (RFC 9111 3.2, 4.3.4).
StoredAnswer freshened(const StoredAnswer& stored, const CacheRequest& request,
                       const CacheResponse& response, const CacheRules& rules);

// --- what the visitor gets of it ---
struct ByteRange {
  std::size_t from = 0;
  std::size_t size = 0;
};
struct Serving {
  int status = 200;  // 200 ..., 206, 304, 416
  std::optional<ByteRange> range;
  StoredFields fields;  // Age, Content-Range and Cache-Status are the caller's to see: they are in
  bool body = true;
};
// `cache_status` becomes a field beside the stored ones.
Serving serve(const StoredAnswer& stored, const CacheRequest& request, Instant now,
              std::string cache_status);

// An unsafe request that succeeded: what is stored for its URL is no longer true (RFC 9111 4.4).
bool invalidates(std::string_view method, int status);

}  // namespace causeway::edge
