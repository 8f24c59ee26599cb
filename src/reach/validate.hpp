// DNSSEC: does the name validate from the root's key down, and if not, why.
#pragma once

#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// Records one `dnssec`; with status not-tested and the reason when the resolver does not hand out
// signatures or no trust anchor is installed. Bounded by limits::kDnssecWait. Worth it after
// SERVFAIL, and with --thorough.
net::Task<void> validate(Survey& survey);

}  // namespace causeway::reach
