// One page of one host from one address, asked as the edge would ask it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "model/failure.hpp"
#include "net/task.hpp"
#include "plan/page.hpp"
#include "reach/request.hpp"

namespace causeway::plan {

struct Fetched {
  std::optional<model::FailureId> failure;
  std::string because;
  int status = 0;
  Fields fields;
  std::string location;
  std::string body;       // at most limits::kBodyBytesKept
  std::string body_hash;  // of all that was read

  std::string field(std::string_view name) const;  // empty when absent
};

// `request` says host, scheme, TLS mode and trust; its path and origins are not used. Certificates
// are accepted here: that they are wrong is a finding of its own and hides no other.
net::Task<Fetched> fetch(const reach::Request& request, Endpoint remote, bool tls,
                         std::string path);

struct PagePair {
  std::string path;
  Fetched before;
  Fetched after;
};

// Begins at `first` and follows links found on the old origin, breadth first, until `most` pages.
// Both origins are asked for every page.
struct CrawlQuestion {
  reach::Request request;
  Endpoint before;
  Endpoint after;
  bool before_tls = true;
  bool after_tls = true;
  std::vector<std::string> first{"/"};
  std::size_t most = 20;
};
net::Task<std::vector<PagePair>> crawl(CrawlQuestion question);

}  // namespace causeway::plan
