// The store's rows as the API shows them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/time.hpp"
#include "store/accounts.hpp"
#include "store/records.hpp"

namespace causeway::console {

nlohmann::ordered_json time_or_null(WallTime at);  // RFC 3339; null for "has not happened"

nlohmann::ordered_json shape(const store::Target& target, const store::TargetState* state);
// What PUT takes, without what only the file may say.
nlohmann::ordered_json definition_of(const store::Target& target);
nlohmann::ordered_json shape(const store::Incident& incident);
nlohmann::ordered_json shape(const store::Member& member);
nlohmann::ordered_json shape(const store::IncidentEvent& event);
nlohmann::ordered_json shape(const store::Document& document);  // without its body
nlohmann::ordered_json shape(const store::Alert& alert);
nlohmann::ordered_json shape(const store::Delivery& delivery);
nlohmann::ordered_json shape(const store::MaintenanceWindow& window);
nlohmann::ordered_json shape(const store::Transition& transition);
nlohmann::ordered_json shape(const store::Rollup& rollup);
nlohmann::ordered_json shape(const store::Blind& blind);
nlohmann::ordered_json shape(const store::VantageState& vantage);
nlohmann::ordered_json shape(const store::RemedyRun& run);
nlohmann::ordered_json shape(const store::Account& account);  // without the password
nlohmann::ordered_json shape(const store::ApiToken& token);   // without the token
nlohmann::ordered_json shape(const store::AuditEntry& entry);

}  // namespace causeway::console
