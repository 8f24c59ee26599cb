// One whole check of one target, with the stages of a diagnosis: names, every address and family,
// TLS with its certificate, HTTP/1.1 and HTTP/2, the origins directly, ping, DNS values.
#pragma once

#include "net/task.hpp"
#include "watch/check.hpp"
#include "watch/names.hpp"
#include "watch/sessions.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

// Runs on the current loop; what it is given must outlive it. Never fails. The name may take the
// target's time-out, and each way after it once more, but nothing goes on after `until`.
net::Task<CheckResult> full_check(const Target& target, Names& names, Sessions& sessions,
                                  Instant until = kNever);

}  // namespace causeway::watch
