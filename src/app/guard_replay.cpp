#include "app/guard_replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::app {

bool all_agree(const guard::Replayed& replayed) {
  return std::ranges::all_of(replayed.rows, [](const auto& row) { return row.agrees; });
}

std::string render_replay(const guard::Replayed& replayed, const Screen& screen) {
  std::string out = "\n";
  for (const auto& row : replayed.rows) {
    if (row.agrees) continue;
    out += hanging(screen.paint(Tone::bad, screen.warning()) + " ",
                   fmt::format("{} to port {}: proved {}, the kernel says {}",
                               row.sample.source.text(), row.sample.port, row.proved, row.kernel),
                   screen.width);
  }
  for (const auto& one : replayed.left_out) {
    out += hanging("  not replayed: ", printable(one, limits::kRuleTextShown), screen.width);
  }
  const auto differ = std::ranges::count_if(replayed.rows, [](const auto& r) { return !r.agrees; });
  out += differ == 0
             ? fmt::format("Replayed in a namespace of its own: {} connections, all as proved.\n",
                           replayed.rows.size())
             : fmt::format(
                   "Replayed in a namespace of its own: {} connections, {} not as proved. "
                   "Please report it with 'causeway inspect --collect DIR'.\n",
                   replayed.rows.size(), differ);
  return out;
}

std::string with_replay(const std::string& proof_json, const guard::Replayed& replayed) {
  auto document = nlohmann::ordered_json::parse(proof_json);
  auto disagree = nlohmann::ordered_json::array();
  for (const auto& row : replayed.rows) {
    if (row.agrees) continue;
    disagree.push_back({{"src", row.sample.source.text()},
                        {"port", row.sample.port},
                        {"proved", row.proved},
                        {"kernel", row.kernel}});
  }
  document["replay"] = {{"asked", replayed.rows.size()},
                        {"disagree", std::move(disagree)},
                        {"left_out", replayed.left_out}};
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace causeway::app
