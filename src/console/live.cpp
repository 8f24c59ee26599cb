// What changed, as it changes.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>

#include "console/event_stream.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "net/loop.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

// What one page has been told, and what it has to be told next.
class Follower {
 public:
  explicit Follower(Desk& desk) : desk_(desk) { ++desk_.streams; }
  ~Follower() { --desk_.streams; }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // The events due; empty when nothing has changed.
  std::string news(const Overview& overview) {
    std::string out = changed_targets(overview) + changed_incidents(overview);
    const std::string sentence = sentence_of(overview);
    if (sentence != sentence_) {
      sentence_ = sentence;
      if (begun_) {
        out += event("summary", {{"sentence", sentence}, {"counts", counts_of(overview)}});
      }
    }
    begun_ = true;
    return out;
  }

 private:
  std::string changed_targets(const Overview& overview) {
    Json changed = Json::array();
    std::set<std::string> present;
    for (const auto& each : overview.standings) {
      const auto print = fmt::format("{}|{}|{}|{}|{}", outcome_of(each), each.state.failure,
                                     each.state.since.time_since_epoch().count(), each.state.detail,
                                     each.target.updated.time_since_epoch().count());
      present.insert(each.target.id);
      auto& known = targets_[each.target.id];
      if (known == print) continue;
      known = print;
      changed.push_back(shape(each.target, each.has_state ? &each.state : nullptr));
    }
    Json gone = Json::array();
    std::erase_if(targets_, [&](const auto& known) {
      if (present.contains(known.first)) return false;
      gone.push_back(known.first);
      return true;
    });
    if (!begun_ || (changed.empty() && gone.empty())) return {};
    return event("targets", {{"changed", std::move(changed)}, {"gone", std::move(gone)}});
  }

  std::string changed_incidents(const Overview& overview) {
    Json changed = Json::array();
    std::unordered_map<std::string, std::string> now;
    for (const auto& [incident, members] : overview.incidents) {
      const auto print =
          fmt::format("{}|{}", incident.updated.time_since_epoch().count(), members.size());
      now[incident.id] = print;
      if (const auto at = incidents_.find(incident.id);
          at != incidents_.end() && at->second == print) {
        continue;
      }
      Json each = shape(incident);
      each["members"] = Json::array();
      for (const auto& member : members) each["members"].push_back(member.target);
      changed.push_back(std::move(each));
    }
    Json closed = Json::array();
    for (const auto& [id, print] : incidents_) {
      if (!now.contains(id)) closed.push_back(id);
    }
    incidents_ = std::move(now);
    if (!begun_ || (changed.empty() && closed.empty())) return {};
    return event("incidents", {{"changed", std::move(changed)}, {"closed", std::move(closed)}});
  }

  Desk& desk_;
  bool begun_ = false;
  std::string sentence_;
  std::unordered_map<std::string, std::string> targets_;    // id -> how it stood
  std::unordered_map<std::string, std::string> incidents_;  // id -> how it stood
};

// Who follows, as the request said it: asked again while the stream goes on, so that it ends with
// the session or token that opened it.
class Pass {
 public:
  Pass(const Call& call, Role least) : least_(least), caller_(call.caller()) {
    for (const auto* name : {"cookie", "authorization"}) {
      if (const auto value = call.request().field(name)) fields_.emplace_back(name, *value);
    }
  }

  bool holds(Desk& desk) const {
    net::HttpRequest request;
    request.method = "GET";
    std::vector<codec::HeaderField> fields;
    fields.reserve(fields_.size());
    for (const auto& [name, value] : fields_) fields.push_back({name, value});
    request.fields = fields;
    auto caller = identify(desk, request);
    if (!caller || caller->account != caller_.account || caller->role != caller_.role) return false;
    return !refusal(Call{request, std::move(*caller)}, least_);
  }

 private:
  Role least_;
  Caller caller_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

net::Task<void> follow(Desk& desk, std::shared_ptr<Follower> follower, Pass pass,
                       net::ReplyStream& out) {
  net::Loop& loop = net::Loop::current();
  std::optional<Instant> admitted;
  const Instant end = loop.now() + limits::kLiveStream;
  Instant spoken = loop.now();
  if (!co_await out.write("retry: 2000\n\nevent: hello\ndata: {}\n\n")) co_return;
  while (!out.stopping() && loop.now() < end) {
    std::string due;
    if (const auto overview = desk.overview(loop.now())) due = follower->news(**overview);
    if (due.empty() && loop.now() - spoken >= limits::kLiveHeartbeat) due = ": still here\n\n";
    if (!due.empty() || !admitted || loop.now() - *admitted >= limits::kLiveAdmitted) {
      if (!pass.holds(desk)) co_return;
      admitted = loop.now();
    }
    if (!due.empty()) {
      spoken = loop.now();
      if (!co_await out.write(due)) co_return;
    }
    if (!co_await loop.sleep_until(loop.now() + limits::kOverviewFresh)) co_return;
  }
}

}  // namespace

net::HttpReply stream_changes(Desk& desk, const Call& call) {
  if (desk.streams >= limits::kLiveStreams) {
    return problem(503, "Too many open pages", "close some, or ask /api/v1/now instead");
  }
  auto reply = event_stream();
  auto follower = std::make_shared<Follower>(desk);
  reply.stream = [&desk, follower, pass = Pass{call, Role::viewer}](net::ReplyStream& out) {
    return follow(desk, follower, pass, out);
  };
  return reply;
}

}  // namespace causeway::console
