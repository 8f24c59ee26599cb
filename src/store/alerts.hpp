// The outbox and its delivery log, maintenance windows, and the log of remedies.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/records.hpp"

namespace causeway::store {

// Nothing happens when an alert with the same token is there: true = queued now.
Parsed<bool> queue_alert(Database& database, const Alert& alert);
// Whether the channel was told of the incident, or is to be: what it may hear the end of.
Parsed<bool> was_alerted(Database& database, const std::string& incident,
                         const std::string& channel);
Parsed<bool> put_alert(Database& database, const Alert& alert);  // its state, tries and reason
Parsed<std::optional<Alert>> alert(Database& database, const std::string& id);
// Of one channel: pending and due, the oldest first.
Parsed<std::vector<Alert>> due_alerts(Database& database, const std::string& channel, WallTime now,
                                      int most);
Parsed<std::optional<WallTime>> next_due(Database& database, const std::string& channel);
// Pending alerts of channels that are not among these.
Parsed<bool> cancel_alerts_but_of(Database& database, const std::vector<std::string>& channels,
                                  const std::string& reason);
// `incident` empty: of all. Newest first.
Parsed<std::vector<Alert>> alerts(Database& database, const std::string& incident, int most,
                                  int skip = 0);
// Pending alerts of an incident that no longer matter (reminders, escalations).
Parsed<bool> cancel_alerts(Database& database, const std::string& incident, const std::string& kind,
                           const std::string& reason);

Parsed<bool> add_delivery(Database& database, const Delivery& delivery);
Parsed<std::vector<Delivery>> deliveries(Database& database, const std::string& alert);
Parsed<std::vector<Delivery>> newest_deliveries(Database& database, const std::string& channel,
                                                int most);

Parsed<bool> put_maintenance(Database& database, const MaintenanceWindow& window);
Parsed<bool> remove_maintenance(Database& database, const std::string& id, WallTime at);
Parsed<std::vector<MaintenanceWindow>> maintenance_windows(Database& database);  // not removed
// The same, and those that were removed after `since`.
Parsed<std::vector<MaintenanceWindow>> maintenance_windows_since(Database& database,
                                                                 WallTime since);

Parsed<bool> add_remedy_run(Database& database, const RemedyRun& run);
// `target` empty: of all. Newest first.
Parsed<std::vector<RemedyRun>> remedy_runs(Database& database, const std::string& target,
                                           WallTime from, int most);

}  // namespace causeway::store
