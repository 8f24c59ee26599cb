#include "watch/typed_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/localhost.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 27> kKeys{"id",
                                                 "name",
                                                 "kind",
                                                 "url",
                                                 "host",
                                                 "port",
                                                 "record",
                                                 "group",
                                                 "tags",
                                                 "owner",
                                                 "paused",
                                                 "public",
                                                 "expect",
                                                 "interval",
                                                 "timeout",
                                                 "retry",
                                                 "family",
                                                 "resolver",
                                                 "origins",
                                                 "parents",
                                                 "channels",
                                                 "confirm",
                                                 "known_addresses",
                                                 "every_address",
                                                 "certificate_share",
                                                 "domain_share",
                                                 "resume"};
constexpr std::array<std::string_view, 4> kOfTheFile{"remedies", "remedy", "ca_file",
                                                     "public_only"};
constexpr std::string_view kPrivate =
    "people of the console may not have this machine and its private networks watched; name it in "
    "the configuration file, or set private_targets in [watch]";

bool key_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
         letter == '.' || letter == '[' || letter == ']';
}

// What is no key of ours, or not for people; empty: all are.
std::string wrong_key(const Json& json) {
  const std::vector<std::string> known{kKeys.begin(), kKeys.end()};
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(kOfTheFile, key) != kOfTheFile.end()) {
      return fmt::format("{}: expected in the configuration file alone", key);
    }
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string near = key == "team" ? "group" : nearest(key, known);
    return fmt::format("{}: no such key{}", printable(key, 60),
                       near.empty() ? fmt::format("; expected one of {}", join(known, ", "))
                                    : fmt::format("; did you mean '{}'?", near));
  }
  return {};
}

std::string too_much(const Target& target) {
  const auto most = [](std::string_view key, std::size_t has, std::size_t limit) {
    return has <= limit ? std::string{} : fmt::format("{}: expected at most {}", key, limit);
  };
  for (std::string why :
       {most("origins", target.origins.size(), limits::kTypedAddresses),
        most("known_addresses", target.known_addresses.size(), limits::kTypedAddresses),
        most("tags", target.tags.size(), limits::kTypedWords),
        most("parents", target.parents.size(), limits::kTypedWords)}) {
    if (!why.empty()) return why;
  }
  return {};
}

bool is_private(const IpAddress& address) { return refused_by_public_edge(classify(address)); }

std::string place(std::string_view key, const IpAddress& address) {
  return fmt::format("{}: {} is {}", key, address.text(), name(classify(address)));
}

}  // namespace

Refused refused(std::string_view error) {
  const auto end = std::ranges::find_if_not(error, key_letter) - error.begin();
  const std::string_view key = error.substr(0, static_cast<std::size_t>(end));
  const std::string_view top = key.substr(0, key.find_first_of(".["));
  if (std::ranges::find(kKeys, top) == kKeys.end() && top != "team" &&
      !error.substr(key.size()).starts_with(": ")) {
    return {.field = "", .text = std::string{error}};
  }
  std::string_view text = error.substr(key.size());
  if (text.starts_with(": ")) text = text.substr(2);
  return {.field = top == "team" ? "group" : std::string{key}, .text = std::string{trim(text)}};
}

std::expected<Target, Refused> typed_target(std::string_view text, bool private_targets) {
  if (text.size() > limits::kWatchSpecBytes) {
    return std::unexpected(Refused{.field = "", .text = "the target is too long"});
  }
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return std::unexpected(Refused{.field = "", .text = "expected a JSON object"});
  }
  if (const std::string why = wrong_key(json); !why.empty()) return std::unexpected(refused(why));
  const auto says = [&json](const char* key) {
    const Json value = json.value(key, Json{});
    return !value.is_null() && value != "";
  };
  const bool told = says("url") || says("host");
  if (!told && json.value("kind", Json{}) != "heartbeat") {
    return std::unexpected(
        Refused{.field = "url",
                .text = "is missing; expected https://www.example.net/ or tcp://host:port"});
  }
  if (const auto group = json.find("group"); group != json.end()) {
    Json value = *group;
    json.erase("group");
    json["team"] = std::move(value);
  }
  auto target = target_from_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!target) return std::unexpected(refused(target.error().text));
  if (const std::string why = too_much(*target); !why.empty()) {
    return std::unexpected(refused(why));
  }
  if (private_targets) return *target;
  if (const std::string where = private_place(*target); !where.empty()) {
    return std::unexpected(refused(fmt::format("{}: {}", where, kPrivate)));
  }
  return *target;
}

std::string private_place(const Target& target) {
  const bool asks = target.kind != CheckKind::heartbeat;
  const std::string_view key = target.kind == CheckKind::http ? "url" : "host";
  if (asks && target.kind != CheckKind::dns) {
    const auto literal = IpAddress::parse(target.host);
    if (literal && is_private(*literal)) return place(key, *literal);
    if (model::is_localhost(target.host)) {
      return fmt::format("{}: {} is this machine", key, target.host);
    }
  }
  for (const Endpoint& origin : target.origins) {
    if (is_private(origin.address)) return place("origins", origin.address);
  }
  for (const IpAddress& address : target.known_addresses) {
    if (is_private(address)) return place("known_addresses", address);
  }
  if (target.resolver && is_private(target.resolver->address)) {
    return place("resolver", target.resolver->address);
  }
  return {};
}

std::vector<std::string> way_round(const std::string& start, const ParentsOf& parents_of,
                                   std::set<std::string>& done) {
  struct Step {
    std::string id;
    std::size_t next = 0;  // of its parents
  };
  if (!done.insert(start).second) return {};
  std::vector<Step> way{{start}};
  std::set<std::string> on_way{start};
  while (!way.empty()) {
    const auto* parents = parents_of(way.back().id);
    if (parents == nullptr || way.back().next == parents->size()) {
      on_way.erase(way.back().id);
      way.pop_back();
      continue;
    }
    const std::string& parent = (*parents)[way.back().next++];
    if (on_way.contains(parent)) {
      std::vector<std::string> out;
      for (auto at = std::ranges::find(way, parent, &Step::id); at != way.end(); ++at) {
        out.push_back(at->id);
      }
      out.push_back(parent);
      return out;
    }
    if (!done.insert(parent).second) continue;
    on_way.insert(parent);
    way.push_back({parent});
  }
  return {};
}

Parsed<bool> references(const Target& target, const std::vector<std::string>& targets,
                        const std::vector<std::string>& channels, const ParentsOf& parents_of) {
  const auto missing_one = [](std::string_view key, std::string_view what,
                              const std::vector<std::string>& used,
                              const std::vector<std::string>& known) -> std::string {
    for (const std::string& one : used) {
      if (std::ranges::find(known, one) != known.end()) continue;
      const std::string near = nearest(one, known);
      return fmt::format("{}: there is no {} '{}'{}", key, what, printable(one, 80),
                         near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
    }
    return {};
  };
  if (std::ranges::find(target.parents, target.id) != target.parents.end()) {
    return error("parents: a target cannot depend on itself");
  }
  std::string why = missing_one("parents", "target", target.parents, targets);
  if (why.empty()) why = missing_one("channels", "channel", target.channels, channels);
  if (!why.empty()) return error(std::move(why));
  std::set<std::string> done;
  const auto round = way_round(
      target.id,
      [&](const std::string& id) { return id == target.id ? &target.parents : parents_of(id); },
      done);
  if (!round.empty()) {
    return error(
        fmt::format("parents: {} depend on each other; expected one that depends on none "
                    "of them",
                    join(round, ", ")));
  }
  return true;
}

}  // namespace causeway::watch
