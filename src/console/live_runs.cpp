#include "console/live_runs.hpp"

#include <fmt/format.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <system_error>

#include "console/event_stream.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "model/localhost.hpp"
#include "net/loop.hpp"

namespace causeway::console {
namespace {

net::Task<void> relay(std::shared_ptr<LiveRuns::Channel> channel, net::ReplyStream& out) {
  net::Loop& loop = net::Loop::current();
  bool over = false;
  bool heard = co_await out.write(event("started", nlohmann::ordered_json::object()));
  while (heard && !over && !out.stopping()) {
    std::string said;
    over = channel->take(said);
    heard = said.empty() || co_await out.write(said);
    if (!over && !co_await loop.sleep_until(loop.now() + limits::kLiveRelay)) break;
  }
  channel->leave();
}

// A bug there must not end the watch and the edge that run in the same process.
std::string run(const LiveRuns::Job& job, LiveRuns::Channel& channel) {
  try {
    return job(channel);
  } catch (const std::exception& broken) {
    fmt::print(stderr, "causeway: console: a run broke: {}\n", broken.what());
    return event("refused", {{"detail", "internal error; the console's log has the reason"}});
  }
}

std::unexpected<Error> closed_to_people(std::string_view what, std::string_view why) {
  return error(
      fmt::format("{} is {}: the console does not probe this machine or its private networks for "
                  "people; private_targets in [watch], or --private-targets, lets them",
                  what, why));
}

}  // namespace

Parsed<bool> open_to_people(const IpAddress& address) {
  if (!refused_by_public_edge(classify(address))) return true;
  return closed_to_people(address.text(), name(classify(address)));
}

Parsed<bool> open_to_people(const model::Target& target) {
  if (model::is_localhost(target.host)) return closed_to_people(target.host, "this machine");
  const auto address = IpAddress::parse(target.host);
  if (!address) return true;
  return open_to_people(*address);
}

void LiveRuns::Channel::say(std::string line) {
  const std::lock_guard lock{mutex_};
  if (said_.size() < limits::kLiveUnread) said_ += line;
}

void LiveRuns::Channel::end(std::string line) {
  const std::lock_guard lock{mutex_};
  said_ += line;
  ended_ = true;
}

void LiveRuns::Channel::leave() {
  const std::lock_guard lock{mutex_};
  left_ = true;
}

bool LiveRuns::Channel::left() const {
  const std::lock_guard lock{mutex_};
  return left_;
}

bool LiveRuns::Channel::ended() const {
  const std::lock_guard lock{mutex_};
  return ended_;
}

bool LiveRuns::Channel::take(std::string& into) {
  const std::lock_guard lock{mutex_};
  into = std::exchange(said_, {});
  return ended_;
}

LiveRuns::~LiveRuns() {
  for (auto& each : runs_) each.channel->leave();
  for (auto& each : runs_) each.thread.join();
}

void LiveRuns::sweep() {
  for (auto at = runs_.begin(); at != runs_.end();) {
    if (!at->channel->ended()) {
      ++at;
      continue;
    }
    at->thread.join();
    at = runs_.erase(at);
  }
}

std::shared_ptr<LiveRuns::Channel> LiveRuns::start(Job job, std::size_t most) {
  sweep();
  if (runs_.size() >= most) return nullptr;
  auto channel = std::make_shared<Channel>();
  try {
    std::thread thread{[channel, job = std::move(job)] { channel->end(run(job, *channel)); }};
    runs_.push_back({channel, std::move(thread)});
  } catch (const std::system_error& none) {  // this process may have no more threads
    fmt::print(stderr, "causeway: console: no thread: {}\n", none.what());
    return nullptr;
  }
  return channel;
}

net::HttpReply relayed(const std::shared_ptr<LiveRuns::Channel>& channel) {
  if (!channel) {
    auto reply = problem(503, "Busy", "others are running; try again in half a minute");
    reply.fields.emplace_back("Retry-After", "30");
    return reply;
  }
  auto reply = event_stream();
  reply.stream = [channel](net::ReplyStream& out) { return relay(channel, out); };
  return reply;
}

}  // namespace causeway::console
