// What the parts of a [watch] say of each other and of the time: names that must be there, targets
// that depend on each other, windows that never come. Each finding stands at its key.
#pragma once

#include <string>
#include <string_view>

#include "config/findings.hpp"
#include "config/section.hpp"
#include "watch/settings.hpp"

namespace causeway::watch {

// The n-th table of [[watch.KEY]]; `table` itself when there is none.
const config::Node& nth(const config::Node& table, std::string_view key, std::size_t n);

// At `path` ("expect.status") of the table, or as near to it as the file goes. What was refused
// already, for its type, is not refused again.
void refuse(const config::Node& table, std::string_view path, std::string_view rule,
            std::string text, config::Findings& findings);

// `settings` has a target, a channel and a window for each that `table` has; a target whose id
// cannot be told has none.
void check_names(const config::Node& table, const Settings& settings,
                 const config::CheckContext& context, config::Findings& findings);

// What is wrong with the address that a channel sends to; empty: nothing.
std::string wrong_url(const Channel& channel);

}  // namespace causeway::watch
