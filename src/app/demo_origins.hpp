// The small real origins of `causeway demo` and of `causeway up` without a configuration: on
// loopback, each with one fault, or none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/fd.hpp"
#include "net/small_origin.hpp"

namespace causeway::app {

struct DemoOrigin {
  std::string name;
  std::string fault;  // what is wrong with it, in truth
  std::string scheme;
  std::unique_ptr<net::SmallOrigin> server;

  std::string url() const;  // "https://127.0.0.1:41234/"
};

struct DemoOrigins {
  std::vector<DemoOrigin> origins;
  std::string ca_file;  // trusts the certificates that are right; lives as long as this
  net::Fd ca;
};

Parsed<DemoOrigins> raise_demo_origins();

}  // namespace causeway::app
