// The edge's ranges as its provider publishes them now.
#pragma once

#include <string>
#include <string_view>

#include "model/edge_ranges.hpp"

namespace causeway::guard {

struct Published {
  model::EdgeRanges ranges;
  std::string etag;  // the provider's name of this version; may be empty
};

// What GET /client/v4/ips of Cloudflare's API answers. Refused when a family is missing, when
// something is no range, or when a range is wider than any edge's: a broken answer must neither
// shut the edge out nor let the world in.
Parsed<Published> parse_cloudflare_ips(std::string_view json);

}  // namespace causeway::guard
