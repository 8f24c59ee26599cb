// An agent: another vantage. It asks its watch what to check, checks it with the same stages, and
// reports over HTTPS with a token; it runs remedies that its own file allows, and nothing else.
// Told to, it inspects its own machine, and sends what it finds.
// A watch that cannot be reached is tried again for ever; results wait meanwhile, within limits.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "config/findings.hpp"
#include "config/section.hpp"
#include "net/loop.hpp"
#include "watch/agent_wire.hpp"

namespace causeway::watch {

struct AgentRemedy {  // what the watch may ask for, by its name
  std::string name;
  std::vector<std::string> command;  // program and arguments, no shell
  Duration cool_down = std::chrono::minutes{30};
  int most_a_day = 3;
};

struct AgentSettings {
  std::string watch;  // base of the watch's API: "https://watch.example.net"
  std::string token;
  std::string ca_file;
  std::vector<Endpoint> anchors;     // as those of a watch
  std::vector<std::string> targets;  // ids; with teams and tags empty: everything
  std::vector<std::string> teams;
  std::vector<std::string> tags;
  std::vector<AgentRemedy> remedies;
  Duration inspect{};  // how often this machine is inspected; zero: never
};

// [agent] of a configuration file. Secrets are revealed when `context.files`.
std::expected<AgentSettings, config::Findings> read_agent_settings(
    const config::Node& root, const config::CheckContext& context);
config::Section agent_section();

// Which of the watch's targets this agent checks. Pure.
bool checks(const AgentSettings& settings, const Target& target);

struct AgentFigures {
  std::size_t targets = 0;
  std::uint64_t checks = 0;
  std::uint64_t reported = 0;
  std::uint64_t lost = 0;  // given up while the watch could not be reached
};

class AgentRunner {
 public:
  // `say(line)`: for the terminal or the journal, at changes only. `inspect()`: what this machine
  // itself shows, as causeway.facts/1; called on a thread of its own.
  AgentRunner(AgentSettings settings, std::function<void(const std::string&)> say,
              std::function<std::string()> inspect);
  ~AgentRunner();
  AgentRunner(const AgentRunner&) = delete;
  AgentRunner& operator=(const AgentRunner&) = delete;

  // On the current loop until it is interrupted.
  net::Task<void> run();
  AgentFigures figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::watch
