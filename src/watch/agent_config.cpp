// [agent] of a configuration file.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "config/keys.hpp"
#include "config/secret.hpp"
#include "model/target_url.hpp"
#include "watch/agent.hpp"

namespace causeway::watch {
namespace {

using config::at_least;
using config::between;
using config::Keys;
using config::Node;

struct FileAgent {
  std::string watch;
  config::Secret token;
  std::string ca_file;
  std::vector<Endpoint> anchors;
  std::vector<std::string> targets;
  std::vector<std::string> teams;
  std::vector<std::string> tags;
  std::vector<AgentRemedy> remedies;
  Duration inspect{};
};

const Keys<AgentRemedy>& remedy_keys() {
  static const auto keys =
      Keys<AgentRemedy>{}
          .add("name", &AgentRemedy::name, "The name that the watch asks for.")
          .required()
          .add("command", &AgentRemedy::command, "Program and arguments; no shell.")
          .required()
          .add("cool_down", &AgentRemedy::cool_down, "Not again within this.",
               at_least(std::chrono::seconds{1}))
          .add("most_a_day", &AgentRemedy::most_a_day, "Not more often in 24 hours.",
               between(std::int64_t{1}, std::int64_t{100}));
  return keys;
}

const Keys<FileAgent>& agent_keys() {
  static const auto keys =
      Keys<FileAgent>{}
          .add("watch", &FileAgent::watch,
               "The watch's console: https://watch.example.net; http only on loopback.")
          .required()
          .add("token", &FileAgent::token,
               "A token with the scope 'reporter'; its name is the name of this vantage.")
          .required()
          .add("ca_file", &FileAgent::ca_file, "Trusted certificates, instead of the system's.")
          .add("anchors", &FileAgent::anchors,
               "Addresses that always answer; when none does, this machine cannot see. Default: "
               "the system's resolvers.")
          .add("targets", &FileAgent::targets, "Ids; with teams and tags empty: everything.")
          .add("teams", &FileAgent::teams, "Only targets of these teams.")
          .add("tags", &FileAgent::tags, "Only targets with one of these tags.")
          .add("inspect", &FileAgent::inspect,
               "Inspect this machine so often, and whenever an incident opens on what it serves, "
               "and send what is found; without: never.",
               at_least(std::chrono::minutes{1}))
          .add_tables("remedy", &FileAgent::remedies, remedy_keys(),
                      "What the watch may have run here, and nothing else.");
  return keys;
}

bool may_be_plain(const model::Target& url) {
  const auto address = IpAddress::parse(url.host);
  return url.host == "localhost" || (address && classify(*address) == AddressClass::loopback);
}

AgentSettings settings_from(const Node& table, const config::CheckContext& context,
                            config::Findings& findings) {
  FileAgent file;
  agent_keys().read(table, file, findings);
  AgentSettings out{.watch = file.watch,
                    .ca_file = file.ca_file,
                    .anchors = file.anchors,
                    .targets = file.targets,
                    .teams = file.teams,
                    .tags = file.tags,
                    .remedies = file.remedies,
                    .inspect = file.inspect};
  const auto place = [&](std::string_view key) {
    const Node* node = table.find(key);
    return node == nullptr ? table.place : node->place;
  };
  while (out.watch.ends_with('/')) out.watch.pop_back();
  const auto url = model::parse_target(out.watch);
  if (!out.watch.empty() && !url) {
    findings.error("wrong-value", place("watch"), url.error().text);
  } else if (url && url->scheme == "http" && !may_be_plain(*url)) {
    findings.error("wrong-value", place("watch"),
                   "the token would cross the network unencrypted; expected https://");
  }
  if (context.files && file.token.given()) {
    auto token = config::reveal(file.token);
    if (token) {
      out.token = std::move(*token);
    } else {
      findings.error("wrong-value", place("token"), token.error().text);
    }
  }
  std::set<std::string> names;
  for (const AgentRemedy& remedy : out.remedies) {
    if (!names.insert(remedy.name).second) {
      findings.error("duplicate", place("remedy"),
                     fmt::format("two remedies are called '{}'", remedy.name));
    }
    if (remedy.command.empty()) {
      findings.error("wrong-value", place("remedy"),
                     fmt::format("remedy '{}' has no command", remedy.name));
    }
  }
  return out;
}

constexpr std::string_view kExample = R"([agent]
watch = "https://watch.example.net"
token = { file = "/etc/causeway/agent.token" }
# tags = ["public"]
# inspect = "10m"

[[agent.remedy]]
name = "restart nginx"
command = ["systemctl", "restart", "nginx.service"]
)";

}  // namespace

std::expected<AgentSettings, config::Findings> read_agent_settings(
    const Node& root, const config::CheckContext& context) {
  config::Findings findings;
  const Node* table = root.find("agent");
  if (table == nullptr) {
    findings.error("missing-key", root.place, "there is no [agent] in the file");
    return std::unexpected(std::move(findings));
  }
  AgentSettings out = settings_from(*table, context, findings);
  if (findings.any_error()) return std::unexpected(std::move(findings));
  return out;
}

config::Section agent_section() {
  return {.name = "agent",
          .text = "Another vantage: checks a watch's targets from here, and reports.",
          .keys = agent_keys().infos(),
          .example = std::string{kExample},
          .check = [](const Node& table, const config::CheckContext& context,
                      config::Findings& findings) { settings_from(table, context, findings); }};
}

bool checks(const AgentSettings& settings, const Target& target) {
  const auto has = [](const std::vector<std::string>& list, const std::string& one) {
    return std::ranges::find(list, one) != list.end();
  };
  if (settings.targets.empty() && settings.teams.empty() && settings.tags.empty()) return true;
  return has(settings.targets, target.id) || has(settings.teams, target.team) ||
         std::ranges::any_of(target.tags, [&](const auto& tag) { return has(settings.tags, tag); });
}

}  // namespace causeway::watch
