// A client of Cloudflare's API v4, with the patience and the care that changing DNS needs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "net/outbound.hpp"
#include "net/task.hpp"
#include "zone/api.hpp"
#include "zone/record.hpp"

namespace causeway::zone {

inline constexpr std::string_view kCloudflareApi = "https://api.cloudflare.com/client/v4";

struct ApiAccess {
  std::string base{kCloudflareApi};
  std::string token;    // scoped; goes into the Authorization field and nowhere else
  std::string ca_file;  // empty: the system's trust store
};

class Cloudflare {
 public:
  // `says` hears of waits ("the limit of requests is reached: waits 30 s"). May be empty.
  Cloudflare(net::Outbound& outbound, ApiAccess access, std::function<void(std::string)> says = {});

  // Waits out 429 (Retry-After), and repeats what failed with 5xx or without an answer when it is
  // safe to: GET, PUT, PATCH, DELETE; POST only after 429. Bounded by limits::kApiTries and
  // kApiPatience.
  net::Task<ApiResult<ApiAnswer>> call(ApiCall call);

  // The zone that `name` is, or lies in: the longest that the token may see.
  net::Task<ApiResult<ZoneEntry>> find_zone(std::string name);
  net::Task<ApiResult<std::vector<Record>>> records(std::string zone_id);
  net::Task<ApiResult<std::string>> setting(std::string zone_id, std::string setting);

  const std::string& base() const { return access_.base; }
  int calls() const { return calls_; }

 private:
  net::Task<ApiResult<std::vector<ZoneEntry>>> zones_named(std::string name);

  net::Outbound& outbound_;
  ApiAccess access_;
  std::function<void(std::string)> says_;
  int calls_ = 0;
};

}  // namespace causeway::zone
