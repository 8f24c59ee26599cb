// The single questions of a plan. Internal to src/plan.
#pragma once

#include <vector>

#include "plan/plan.hpp"

namespace causeway::plan {

void check_reach(const Seen& seen, const HostSeen& host, std::vector<Check>& out);
bool check_origin_pulls(const Seen& seen, const HostSeen& host, std::vector<Check>& out);
void check_certificate(const Seen& seen, const HostSeen& host, std::vector<Check>& out);
void check_content(const HostSeen& host, std::vector<Check>& out);
void check_state(const HostSeen& host, std::vector<Check>& out);  // databases, uploads, sessions
void check_filter(const Seen& seen, std::vector<Check>& out);
void check_families(const Seen& seen, std::vector<Check>& out);
void check_records(const Seen& seen, std::vector<Check>& out);
std::vector<Step> steps_of(const Seen& seen);

}  // namespace causeway::plan
