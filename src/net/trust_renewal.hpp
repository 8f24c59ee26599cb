// Trust stores are read once for each file and shared (tls_trust.hpp). This reads them anew.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace causeway::net {

// Later handshakes trust what the files, and the system's store, say now. All or nothing: when one
// file cannot be used, the error says why and everything stays as it was. Handshakes under way end
// with what they began with. From any thread.
Parsed<bool> renew_trust(const std::vector<std::string>& ca_files);

}  // namespace causeway::net
