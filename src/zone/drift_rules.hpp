// The single questions drift asks. Internal to src/zone/drift*.cpp.
#pragma once

#include <vector>

#include "zone/drift.hpp"

namespace causeway::zone {

void find_in_alias(const ZoneView& view, const HostView& host, std::vector<Finding>& out);
void find_in_addresses(const ZoneView& view, const HostView& host, std::vector<Finding>& out);
// What resolvers and the edge keep from before.
void find_in_caches(const HostView& host, std::vector<Finding>& out);
void find_leaks(const ZoneView& view, std::vector<Finding>& out);
void find_in_servers(const ZoneView& view, std::vector<Finding>& out);
// Settings, signatures, registration, TTLs.
void find_in_zone(const ZoneView& view, std::vector<Finding>& out);
void find_changes(const ZoneView& view, std::vector<Finding>& out);

}  // namespace causeway::zone
