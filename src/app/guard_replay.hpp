// What a replay of the proof says, for people and programs.
#pragma once

#include <string>

#include "app/screen.hpp"
#include "guard/replay.hpp"

namespace causeway::app {

std::string render_replay(const guard::Replayed& replayed, const Screen& screen);
// The proof's document with a member "replay".
std::string with_replay(const std::string& proof_json, const guard::Replayed& replayed);
bool all_agree(const guard::Replayed& replayed);

}  // namespace causeway::app
