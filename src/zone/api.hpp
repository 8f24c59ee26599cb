// The words of a DNS provider's API (Cloudflare API v4): calls as data, answers read strictly.
// Pure, so that a dry run can show exactly what would be sent.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "zone/record.hpp"

namespace causeway::zone {

struct ApiCall {
  std::string method = "GET";
  std::string path;  // below the base: "/zones/<id>/dns_records?page=1"
  std::string body;  // JSON, one line; empty: none

  bool operator==(const ApiCall&) const = default;
};

// For a person: "PATCH /zones/.../dns_records/... {"content":"203.0.113.10"}".
std::string text_of(const ApiCall& call);

struct ApiFailure {
  int status = 0;    // HTTP; 0: no answer came
  int code = 0;      // the first error's own code
  std::string text;  // the whole chain in words, and what to do where it is known
  // The call may have been carried out all the same: the answer was lost, not the request.
  bool unknown_outcome = false;
};

template <class T>
using ApiResult = std::expected<T, ApiFailure>;

struct ApiPage {
  int page = 1;
  int total_pages = 1;
  std::int64_t total_count = -1;
};

struct ApiAnswer {
  std::string result;  // JSON of "result"
  std::optional<ApiPage> page;
};

// {"success":true,"result":...} or the chain of errors; also of answers that are no JSON at all (a
// proxy's page, an empty 502).
// `token` is in no text of a failure, although a provider may repeat it.
ApiResult<ApiAnswer> read_answer(int status, std::string_view body, std::string_view token = {});

struct ZoneEntry {
  std::string id;
  std::string name;
  std::string status;
  std::string kind;
  bool paused = false;
  std::vector<std::string> name_servers;
};
Parsed<std::vector<ZoneEntry>> read_zones(std::string_view result);
Parsed<std::vector<Record>> read_records(std::string_view result);
Parsed<Record> read_record(std::string_view result);
// The value of a setting: text as it is, anything else as JSON.
Parsed<std::string> read_setting(std::string_view result);

// The fields of a record that a client may write, from the provider's own JSON: what restores it.
// Keys in a fixed order, so equal records are equal bytes.
std::string writable_json(const Record& record);

// Seconds or a date (RFC 9110 section 10.2.3); nothing when it is neither.
std::optional<Duration> read_retry_after(std::string_view text, WallTime now);

// How long to wait before a failed call is made once more; nothing: give up. `tries` counts those
// made. A call that is not safe to repeat is repeated only when it was refused unread (429).
struct RetryQuestion {
  int status = 0;  // 0: no answer came
  bool repeatable = true;
  int tries = 1;
  std::optional<Duration> retry_after;
  Duration waited{};  // so far, all waits together
};
std::optional<Duration> wait_before_retry(const RetryQuestion& question);

}  // namespace causeway::zone
