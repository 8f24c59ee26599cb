// The admin listener: what the workers count, for people and for Prometheus. Never where visitors
// come.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "edge/config.hpp"
#include "edge/metrics.hpp"
#include "edge/operator_api.hpp"
#include "net/http_service.hpp"

namespace causeway::edge {

using MetricsOf = std::function<std::vector<const Metrics*>()>;
using OperatedOf = std::function<Operated()>;

// /metrics, /healthz, and what operator_api.hpp serves of `operated`, which may be empty. With a
// token file, "Authorization: Bearer TOKEN" is needed; without one, only this machine itself is
// answered. `listener`: a socket that listens there already, of a predecessor.
Parsed<std::unique_ptr<net::HttpService>> open_admin(const Admin& admin, MetricsOf metrics,
                                                     OperatedOf operated = {},
                                                     net::Fd listener = {});

}  // namespace causeway::edge
