#include "console/live_diagnoses.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "model/json.hpp"
#include "net/loop.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

std::string event(std::string_view name, const Json& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name,
                     data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Json shape(const model::Observation& seen) {
  return {{"kind", name(seen.kind)},
          {"sensor", seen.sensor},
          {"subject", seen.subject},
          {"at", rfc3339(seen.at)}};
}

LiveDiagnoses::Telling as_events() {
  return {.seen = [](const model::Observation& seen) { return event("observation", shape(seen)); },
          .end =
              [](const Parsed<model::Diagnosis>& result) {
                if (!result) return event("refused", {{"detail", result.error().text}});
                return event("diagnosis", Json::parse(model::to_json(*result)));
              }};
}

void run(LiveDiagnoses::Channel& channel, const Controls& controls, const DiagnosisOrder& order,
         const LiveDiagnoses::Telling& telling) {
  channel.end(telling.end(controls.diagnose(order, [&](const model::Observation& seen) {
    if (telling.seen) channel.say(telling.seen(seen));
    return !channel.left();
  })));
}

net::Task<void> relay(std::shared_ptr<LiveDiagnoses::Channel> channel, net::ReplyStream& out) {
  net::Loop& loop = net::Loop::current();
  bool over = false;
  bool heard = co_await out.write("event: started\ndata: {}\n\n");
  while (heard && !over && !out.stopping()) {
    std::string said;
    over = channel->take(said);
    heard = said.empty() || co_await out.write(said);
    if (!over && !co_await loop.sleep_until(loop.now() + limits::kLiveRelay)) break;
  }
  channel->leave();
}

}  // namespace

Parsed<bool> open_to_people(const model::Target& target) {
  const auto address = IpAddress::parse(target.host);
  if (!address || !refused_by_public_edge(classify(*address))) return true;
  return error(
      fmt::format("{} is {}: the console does not probe this machine or its private "
                  "networks for people; add it to the watched targets instead",
                  address->text(), name(classify(*address))));
}

void LiveDiagnoses::Channel::say(std::string line) {
  const std::lock_guard lock{mutex_};
  if (said_.size() < limits::kLiveUnread) said_ += line;
}

void LiveDiagnoses::Channel::end(std::string line) {
  const std::lock_guard lock{mutex_};
  said_ += line;
  ended_ = true;
}

void LiveDiagnoses::Channel::leave() {
  const std::lock_guard lock{mutex_};
  left_ = true;
}

bool LiveDiagnoses::Channel::left() const {
  const std::lock_guard lock{mutex_};
  return left_;
}

bool LiveDiagnoses::Channel::ended() const {
  const std::lock_guard lock{mutex_};
  return ended_;
}

bool LiveDiagnoses::Channel::take(std::string& into) {
  const std::lock_guard lock{mutex_};
  into = std::exchange(said_, {});
  return ended_;
}

LiveDiagnoses::~LiveDiagnoses() {
  for (auto& each : runs_) each.channel->leave();
  for (auto& each : runs_) each.thread.join();
}

void LiveDiagnoses::sweep() {
  for (auto at = runs_.begin(); at != runs_.end();) {
    if (!at->channel->ended()) {
      ++at;
      continue;
    }
    at->thread.join();
    at = runs_.erase(at);
  }
}

std::shared_ptr<LiveDiagnoses::Channel> LiveDiagnoses::start(const Controls& controls,
                                                             DiagnosisOrder order, Telling telling,
                                                             std::size_t most) {
  sweep();
  if (runs_.size() >= most) return nullptr;
  auto channel = std::make_shared<Channel>();
  Run& begun = runs_.emplace_back();
  begun.channel = channel;
  begun.thread =
      std::thread{[channel, &controls, order = std::move(order), telling = std::move(telling)] {
        run(*channel, controls, order, telling);
      }};
  return channel;
}

net::HttpReply stream_diagnosis(Desk& desk, const Call& call) {
  if (!desk.controls.diagnose) return problem(501, "Not here", "this causeway does not diagnose");
  const auto body = call.object();
  if (!body) return problem(422, "Wrong input", body.error().text);
  const auto id = text_of(*body, "target", causeway::limits::kTextKept, true);
  if (!id) return problem(422, "Wrong input", id.error().text);
  auto url = text_of(*body, "url", limits::kUrlBytes, !id->empty());
  if (!url) return problem(422, "Wrong input", url.error().text);
  bool may_be_private = desk.settings.private_targets;
  if (!id->empty()) {
    const auto target =
        desk.store.read([&](store::Database& database) { return store::target(database, *id); });
    if (!target) return store_failed(target.error().text);
    if (!*target) return not_found("no target has this id");
    url = (*target)->subject;
    // Whoever writes the watch's file decides what it probes; people of the console do not.
    may_be_private = may_be_private || (*target)->source != "api";
  }
  DiagnosisOrder order{.url = *url, .may_be_private = may_be_private};
  if (const auto facts = body->find("facts"); facts != body->end()) {
    if (!facts->is_string()) return wrong_field(422, "facts", "expected text");
    auto document = model::parse_document(facts->get_ref<const std::string&>(), "facts");
    if (!document) return problem(422, "Wrong input", document.error().text);
    order.with.push_back(std::move(*document));
  }
  const auto channel =
      desk.diagnoses.start(desk.controls, std::move(order), as_events(), limits::kLiveDiagnoses);
  if (!channel) {
    auto reply = problem(503, "Busy", "other diagnoses are running; try again in half a minute");
    reply.fields.emplace_back("Retry-After", "30");
    return reply;
  }
  record_audit(desk, call, "diagnose", *id, *url);
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", "text/event-stream");
  reply.fields.emplace_back("Cache-Control", "no-store");
  reply.fields.emplace_back("X-Accel-Buffering", "no");
  reply.stream = [channel](net::ReplyStream& out) { return relay(channel, out); };
  return reply;
}

}  // namespace causeway::console
