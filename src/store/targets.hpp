// Targets, how they stand, and what is known about their past.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/records.hpp"

namespace causeway::store {

Parsed<bool> put_target(Database& database, const Target& target);  // new, or replaced
Parsed<bool> remove_target(Database& database, const std::string& id, WallTime at);
Parsed<std::optional<Target>> target(Database& database, const std::string& id);
// Those that are watched and came from `source`, in order of their ids.
Parsed<std::vector<Target>> targets_of(Database& database, const std::string& source);
// Ids of those that are watched and came from elsewhere.
Parsed<std::vector<std::string>> ids_but_of(Database& database, const std::string& source);

Parsed<bool> put_state(Database& database, const TargetState& state);
Parsed<std::optional<TargetState>> state(Database& database, const std::string& target);
// All that are watched and how they stand, in order of their ids, one by one: they may be a
// million. Left empty is what only the page of one target shows: `spec`, and `facts` unless they
// are wanted.
enum class WithFacts : bool { no, yes };
Parsed<bool> each_standing(Database& database, WithFacts facts,
                           const std::function<void(Target, std::optional<TargetState>)>& take);

Parsed<bool> add_transition(Database& database, const Transition& transition);
// Newest first; `before` (exclusive id) pages on, 0 for the first page.
Parsed<std::vector<Transition>> transitions(Database& database, const std::string& target, int most,
                                            std::int64_t before = 0);

// The newest change of each target from each vantage: how each stands there.
Parsed<std::vector<Transition>> newest_transitions(Database& database);

Parsed<bool> put_beat(Database& database, const Beat& beat);
Parsed<std::vector<Beat>> beats(Database& database);

Parsed<bool> put_vantage(Database& database, const VantageState& vantage);
Parsed<std::vector<VantageState>> vantages(Database& database);

// Replaces those of the same agent.
Parsed<bool> put_facts(Database& database, const OriginFacts& facts);
Parsed<std::optional<OriginFacts>> facts(Database& database, const std::string& agent);
// Without their documents, by the agents' names.
Parsed<std::vector<OriginFacts>> all_facts(Database& database);

// Opens a blind time; closes the open one of the vantage.
Parsed<bool> begin_blind(Database& database, const Blind& blind);
Parsed<bool> end_blind(Database& database, const std::string& vantage, WallTime at);
// Those that touch [from, to), oldest first.
Parsed<std::vector<Blind>> blinds(Database& database, WallTime from, WallTime to);

Parsed<std::optional<std::string>> setting(Database& database, const std::string& name);
Parsed<bool> set_setting(Database& database, const std::string& name, const std::string& value);

}  // namespace causeway::store
