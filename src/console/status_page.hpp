// The public status page: plain HTML that needs no script, so that it can be exported and served
// from elsewhere; and the same as Statuspage-shaped JSON, an Atom feed and badges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "console/limits.hpp"
#include "net/http_service.hpp"
#include "store/records.hpp"
#include "store/store.hpp"

namespace causeway::console {

class Desk;

enum class DayState : std::uint8_t { unknown, fine, degraded, down };

struct StatusDay {
  WallTime start;
  DayState state = DayState::unknown;
  Duration down{};
};

struct StatusSite {
  std::string id;    // the target's own; not shown: it may be made of an address
  std::string key;   // stands for it in public, made of what is shown
  std::string name;  // as given; without one "Service 1", or of its group "shops 1"
  std::string group;
  std::string outcome;          // as console/overview.hpp
  std::vector<StatusDay> days;  // the newest last, limits::kStatusDays of them
  double share = -1;            // up in these days; negative: unknown
};

struct StatusIncident {
  store::Incident incident;
  std::vector<std::string> members;  // names
  // "Shop is down": the incident's own title may name addresses, which are nobody else's business.
  std::string title() const;
};

// What strangers may see: no addresses, no owners, no evidence.
struct StatusReport {
  std::string title;
  WallTime at;
  std::vector<StatusSite> sites;  // by group, then name
  std::vector<StatusIncident> open;
  std::vector<StatusIncident> past;  // newest first
  std::vector<store::MaintenanceWindow> maintenance;

  std::string_view indicator() const;  // none | minor | major | critical
  std::string sentence() const;
};

Parsed<StatusReport> read_status(store::Store& store, const std::string& title, WallTime now);

std::string status_html(const StatusReport& report);
std::string status_css();
std::string status_json(const StatusReport& report);  // Statuspage v2 summary.json
// `address`: of the page, for links and ids.
std::string status_atom(const StatusReport& report, const std::string& address);
std::string badge_svg(const StatusSite& site);

// Everything under /status, and /api/v2/summary.json.
net::HttpReply status_reply(Desk& desk, const net::HttpRequest& request);

// The whole page as files in a folder, to be served from another host.
Parsed<int> export_status(const StatusReport& report, const std::string& address,
                          const std::string& folder);

}  // namespace causeway::console
