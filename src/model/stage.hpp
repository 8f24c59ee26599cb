// The stages of one attempt, in order. `choose` belongs to an edge and comes before all others;
// `any` marks failures that can end every stage.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace causeway::model {

enum class Stage : std::uint8_t { choose, resolve, route, connect, secure, exchange, any };

std::string_view name(Stage stage);
std::optional<Stage> stage_named(std::string_view name);

}  // namespace causeway::model
