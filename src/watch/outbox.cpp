#include "watch/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/id.hpp"
#include "base/limits.hpp"
#include "judge/judge.hpp"
#include "model/json.hpp"
#include "net/group.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/limits.hpp"
#include "store/targets.hpp"
#include "watch/duration_words.hpp"
#include "watch/limits.hpp"
#include "watch/run_command.hpp"

namespace causeway::watch {
namespace {

constexpr Duration kLateFrom = std::chrono::minutes{2};

bool any_of(const std::vector<std::string>& wanted, const std::vector<std::string>& has) {
  return std::ranges::any_of(
      wanted, [&](const std::string& one) { return std::ranges::find(has, one) != has.end(); });
}

Severity severity_of(std::string_view text) {
  if (text == "down") return Severity::down;
  return text == "degraded" ? Severity::degraded : Severity::notice;
}

bool concerns(const Channel& channel, const std::vector<const Target*>& targets) {
  if (targets.empty()) return true;
  return std::ranges::any_of(targets, [&](const Target* target) {
    if (!target->channels.empty() && !any_of(target->channels, {channel.name})) return false;
    if (channel.teams.empty() && channel.tags.empty()) return true;
    return any_of(channel.teams, {target->team}) || any_of(channel.tags, target->tags);
  });
}

bool keeps_by_key(ChannelKind kind) {
  return kind == ChannelKind::alertmanager || kind == ChannelKind::webhook_v4 ||
         kind == ChannelKind::pagerduty || kind == ChannelKind::webhook;
}

store::Alert alert_for(const Change& change, const Channel& channel, std::string kind, WallTime due,
                       WallTime now, const NewId& new_id) {
  store::Alert out;
  out.id = new_id();
  out.token = fmt::format("{}/{}/{}/{}", change.incident.id, channel.name, kind, change.round);
  out.incident = change.incident.id;
  out.channel = channel.name;
  out.kind = std::move(kind);
  out.state = "pending";
  out.created = now;
  out.due = due;
  out.expires = due + limits::kWatchAlertLife;
  out.body = "{}";
  return out;
}

// The store keeps what was seen; what it means is judged from that.
std::optional<model::Verdict> verdict_in(const std::string& diagnosis) {
  auto document = model::parse_document(diagnosis, "diagnosis");
  if (!document) return std::nullopt;
  judge::Evidence evidence{document->vantage.name, std::move(document->attempts),
                           std::move(document->observations)};
  return judge::judge(evidence);
}

int tries(const std::map<std::string, int>& settled, const std::string& alert) {
  const auto found = settled.find(alert);
  return found == settled.end() ? 0 : found->second;
}

WallTime after(WallTime at, Duration by) {
  return at + std::chrono::duration_cast<std::chrono::milliseconds>(by);
}

}  // namespace

std::vector<store::Alert> alerts_for(const Change& change, const std::vector<Channel>& channels,
                                     const std::vector<const Target*>& targets, WallTime now,
                                     const NewId& new_id) {
  std::vector<store::Alert> out;
  const Severity severity = severity_of(change.incident.severity);
  for (const Channel& channel : channels) {
    if (change.tell == Change::Tell::nothing || severity < channel.least ||
        !concerns(channel, targets)) {
      continue;
    }
    // People hear of its end with the incident that took it in; a receiver that keeps it open by
    // its key hears of it now.
    if (!change.incident.merged_into.empty() && !keeps_by_key(channel.kind)) continue;
    const bool only_escalation = channel.escalate > Duration::zero();
    const auto add = [&](std::string kind, WallTime due) {
      out.push_back(alert_for(change, channel, std::move(kind), due, now, new_id));
    };
    if (change.tell == Change::Tell::recovered) {
      if (channel.recoveries) add("recovered", now);
    } else if (only_escalation) {
      add("escalated", after(now, channel.escalate));
    } else {
      add(change.tell == Change::Tell::worse ? "worse" : "opened", now);
      if (channel.remind > Duration::zero()) add("reminder", after(now, channel.remind));
    }
  }
  return out;
}

Duration retry_pause(int attempts) {
  Duration out = limits::kWatchAlertRetry;
  for (int i = 1; i < attempts && out < limits::kWatchAlertRetryMost; ++i) out *= 2;
  return std::min<Duration>(out, limits::kWatchAlertRetryMost);
}

Outbox::Outbox(store::Store& store, std::function<void(std::string)> said)
    : store_(store), said_(std::move(said)) {}

void Outbox::configure(std::vector<Channel> channels, std::string console) {
  channels_ = std::move(channels);
  console_ = std::move(console);
  std::vector<std::string> names;
  names.reserve(channels_.size());
  for (const Channel& each : channels_) names.push_back(each.name);
  std::erase_if(lines_, [&](const auto& line) {
    return !line.second.busy && std::ranges::find(names, line.first) == names.end();
  });
  for (const auto& each : names) lines_[each].queued = true;
  store_.write_soon([names = std::move(names)](store::Database& database) {
    return store::cancel_alerts_but_of(database, names, "there is no such channel any more");
  });
}

void Outbox::serve(net::Group& tasks, Instant now, WallTime wall, bool queued) {
  for (auto& [name, line] : lines_) {
    line.queued = line.queued || queued;
    if (line.busy || (!line.queued && now < line.at)) continue;
    line.queued = false;
    line.busy = true;
    tasks.start(serve_line(name, now, wall));
  }
}

net::Task<void> Outbox::serve_line(std::string channel, Instant now, WallTime wall) {
  const Instant next = co_await deliver(channel, now, wall);
  Line& line = lines_[channel];  // one that is busy stays
  line.at = next;
  line.busy = false;
}

const Channel* Outbox::channel(const std::string& wanted) const {
  const auto found = std::ranges::find(channels_, wanted, &Channel::name);
  return found == channels_.end() ? nullptr : &*found;
}

net::Task<Taken> Outbox::send(const Channel& channel, const Message& message, std::string id,
                              WallTime wall) {
  Call call = call_of(channel, message, id, wall);
  if (auto* mail = std::get_if<net::OutboundMail>(&call)) {
    const auto reply = co_await outbound_.mail(std::move(*mail));
    co_return taken(reply);
  }
  if (auto* request = std::get_if<net::OutboundRequest>(&call)) {
    const auto reply = co_await outbound_.send(std::move(*request));
    co_return taken(reply);
  }
  auto& command = std::get<CommandCall>(call);
  const Ran ran = co_await run_command(command.arguments, command.environment, command.input,
                                       limits::kWatchCommandWait);
  Taken out;
  out.ok = ran.started && ran.status == 0;
  out.detail = ran.timed_out ? "it took too long"
               : ran.started ? fmt::format("exit status {} {}", ran.status, ran.output)
                             : ran.why;
  co_return out;
}

Parsed<Message> Outbox::compose(const store::Alert& alert, WallTime wall) {
  using Answer = Parsed<MessageFacts>;
  auto facts = store_.read([&](store::Database& database) -> Answer {
    MessageFacts out;
    auto incident = store::incident(database, alert.incident);
    if (!incident) return error(incident.error().text);
    if (!*incident) return error("the incident is no longer known");
    out.incident = **incident;
    auto members = store::members(database, alert.incident);
    if (!members) return error(members.error().text);
    out.members = std::move(*members);
    for (const auto& member : out.members) {
      if (out.targets.size() == limits::kWatchMembersShown) break;
      auto target = store::target(database, member.target);
      if (target && *target) out.targets.push_back(std::move(**target));
    }
    const auto document = store::document(database, out.incident.diagnosis);
    if (document && *document) out.verdict = verdict_in((*document)->body);
    return out;
  });
  if (!facts) return error(facts.error().text);
  facts->console = console_;
  Message message = message_of(*facts, alert.kind);
  const Duration late = wall - alert.due;
  if (late > kLateFrom) {
    message.late = fmt::format("This message is {} late{}.", words(late),
                               alert.reason.empty() ? "" : ": " + alert.reason);
  }
  return message;
}

// False: it was settled without being sent.
bool Outbox::still_wanted(store::Alert& alert, const Channel& channel,
                          const store::Incident& incident, WallTime wall) {
  const bool open = incident.closed == WallTime{};
  const auto cancel = [&](std::string why) {
    alert.state = "cancelled";
    alert.reason = std::move(why);
    return false;
  };
  const bool recovered = alert.kind == "recovered";
  if (!recovered && !open) return cancel("it was over before it could be sent");
  if (recovered && open) return cancel("it failed again before it could be sent");
  if (!recovered && !incident.merged_into.empty()) return cancel("it is part of another incident");
  if (alert.kind == "reminder" && channel.remind == Duration::zero()) {
    return cancel("this channel is no longer reminded");
  }
  const bool reminds = alert.kind == "reminder" || alert.kind == "escalated";
  if (reminds && incident.acknowledged != WallTime{}) {
    return cancel(fmt::format("{} looks after it", incident.acknowledged_by));
  }
  if (alert.expires <= wall) {
    alert.state = "expired";
    if (alert.reason.empty()) alert.reason = "too old";
    return false;
  }
  const auto quiet = quiet_until(channel.quiet, wall);
  const bool disturbs = severity_of(incident.severity) == Severity::down && !channel.quiet.all;
  if (quiet && *quiet && !disturbs) {
    alert.due = **quiet;
    alert.reason = "quiet hours";
    return false;
  }
  return true;
}

void Outbox::say_failure(const std::string& channel, const Taken& how) const {
  if (how.ok) return;
  said_(fmt::format("alert to {} failed{}: {}", channel, how.again ? ", it is tried again" : "",
                    how.detail));
}

void Outbox::settle(store::Alert alert, const Taken& how, Duration took, WallTime wall) {
  ++alert.attempts;
  if (settled_.size() >= limits::kWatchSettled) settled_before_ = std::exchange(settled_, {});
  settled_[alert.id] = alert.attempts;
  const store::Delivery delivery{
      .alert = alert.id,
      .channel = alert.channel,
      .at = wall,
      .ok = how.ok,
      .elapsed_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count(),
      .detail = how.detail};
  if (how.ok) {
    alert.state = "sent";
    alert.sent = wall;
  } else if (how.again) {
    alert.due = after(wall, retry_pause(alert.attempts));
    alert.reason = how.detail;
  } else {
    alert.state = "expired";
    alert.reason = how.detail;
  }
  std::optional<store::Alert> next;
  const Channel* to = channel(alert.channel);
  if (how.ok && alert.kind == "reminder" && to != nullptr && to->remind > Duration::zero()) {
    next = alert;
    next->id = random_id();
    next->state = "pending";
    next->created = wall;
    next->due = after(wall, to->remind);
    next->expires = next->due + limits::kWatchAlertLife;
    next->reason.clear();
    next->token = fmt::format("{}/{}", alert.token.substr(0, alert.token.find("/again-")),
                              "again-" + next->id);
  }
  store_.write_soon([alert, delivery, next](store::Database& database) {
    auto kept = store::put_alert(database, alert);
    if (kept) kept = store::add_delivery(database, delivery);
    if (kept && next) kept = store::queue_alert(database, *next);
    if (kept && alert.state == "sent") {
      kept = store::add_event(
          database, {.incident = alert.incident,
                     .at = alert.sent,
                     .kind = "alert",
                     .author = "causeway",
                     .text = fmt::format("{} was told ({}).", alert.channel, alert.kind)});
    }
    return kept;
  });
}

std::vector<std::optional<store::Incident>> Outbox::due_still(std::vector<store::Alert>& alerts,
                                                              WallTime wall) {
  using Answer = Parsed<std::vector<std::optional<store::Incident>>>;
  auto incidents = store_.read([&](store::Database& database) -> Answer {
    std::vector<std::optional<store::Incident>> out;
    for (const store::Alert& alert : alerts) {
      auto one = store::incident(database, alert.incident);
      if (!one) return std::unexpected(one.error());
      out.push_back(std::move(*one));
    }
    return out;
  });
  if (!incidents) return std::vector<std::optional<store::Incident>>(alerts.size());  // later
  std::vector<store::Alert> settled;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    store::Alert& alert = alerts[i];
    auto& incident = (*incidents)[i];
    const Channel* to = channel(alert.channel);
    if (to == nullptr || !incident) {
      alert.state = "cancelled";
      alert.reason = to == nullptr ? "there is no such channel any more" : "unknown incident";
    } else if (still_wanted(alert, *to, *incident, wall)) {
      continue;
    }
    settled.push_back(alert);
    incident.reset();
  }
  if (!settled.empty()) {
    store_.write_soon([settled = std::move(settled)](store::Database& database) -> Parsed<bool> {
      for (const auto& alert : settled) {
        if (auto kept = store::put_alert(database, alert); !kept) return kept;
      }
      return true;
    });
  }
  return std::move(*incidents);
}

net::Task<void> Outbox::deliver_one(store::Alert alert, WallTime wall) {
  std::vector one{std::move(alert)};
  if (!due_still(one, wall).front()) co_return;
  const Channel* to = channel(one.front().channel);
  const auto message = compose(one.front(), wall);
  if (!message) co_return;
  const Channel copy = *to;  // a reload may replace it meanwhile
  const Instant began = Clock::now();
  const Taken how = co_await send(copy, *message, one.front().id, wall);
  say_failure(copy.name, how);
  settle(std::move(one.front()), how, Clock::now() - began, wall);
}

net::Task<void> Outbox::deliver_digest(std::vector<store::Alert> alerts, WallTime wall) {
  const Channel* to = channel(alerts.front().channel);
  const auto incidents = due_still(alerts, wall);
  std::vector<store::Alert> told;
  std::vector<Message> headlines;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    if (!incidents[i]) continue;
    headlines.push_back(headline_of(*incidents[i], alerts[i].kind));
    told.push_back(std::move(alerts[i]));
  }
  if (to == nullptr || told.empty()) co_return;
  const Channel copy = *to;
  Message digest = digest_of(headlines);
  if (!console_.empty()) digest.link = console_ + "/incidents";
  const Instant began = Clock::now();
  const Taken how = co_await send(copy, digest, told.front().id, wall);
  say_failure(copy.name, how);  // once, for all of them
  for (auto& alert : told) settle(std::move(alert), how, Clock::now() - began, wall);
}

// Programs sort alerts by themselves: only people get a digest.
bool Outbox::gathers(const store::Alert& alert) const {
  const Channel* to = channel(alert.channel);
  if (to == nullptr || !to->quiet.zone.empty() || keeps_by_key(to->kind)) return false;
  switch (to->kind) {
    // A command may keep books: it hears of the end of each incident that it knows.
    case ChannelKind::command: return alert.kind == "opened";
    default: return alert.kind == "opened" || alert.kind == "recovered";
  }
}

net::Task<Instant> Outbox::deliver(std::string name, Instant now, WallTime wall) {
  const auto due = store_.read([&](store::Database& database) {
    return store::due_alerts(database, name, wall, limits::kWatchAlertsLooked);
  });
  if (!due) co_return now + limits::kWatchAlertRetry;
  std::map<std::string, std::vector<store::Alert>> gathered;  // by kind
  net::Group all;
  std::size_t alone = 0;  // the others are met at the next look
  for (const store::Alert& alert : *due) {
    if (alert.attempts < std::max(tries(settled_, alert.id), tries(settled_before_, alert.id))) {
      continue;
    }
    if (gathers(alert)) {
      gathered[alert.kind].push_back(alert);
    } else if (alone < limits::kWatchAlertsAtOnce) {
      ++alone;
      all.start(deliver_one(alert, wall));
    }
  }
  for (auto& [kind, alerts] : gathered) {
    // What goes down together is not found down in the same moment: the first waits a little for
    // the others, so that people get one message and not ten.
    const auto oldest = std::ranges::min(alerts, {}, &store::Alert::due);
    if (oldest.attempts == 0 && wall < after(oldest.due, limits::kWatchDigestWait)) continue;
    if (alerts.size() > limits::kWatchDigest) {
      all.start(deliver_digest(std::move(alerts), wall));
    } else {
      for (auto& alert : alerts) all.start(deliver_one(std::move(alert), wall));
    }
  }
  co_await all.finished();
  if (!due->empty()) {  // what was settled must be known before the next look
    co_return Clock::now() + limits::kStoreBatch;
  }
  const auto next =
      store_.read([&](store::Database& database) { return store::next_due(database, name); });
  if (!next || !*next) co_return next ? kNever : now + limits::kWatchAlertRetry;
  co_return now + std::max<Duration>(limits::kStoreBatch, **next - wall);
}

net::Task<Taken> Outbox::test(std::string name, WallTime wall) {
  const Channel* to = channel(name);
  if (to == nullptr) co_return Taken{.again = false, .detail = "there is no such channel"};
  Message message;
  message.kind = "test";
  message.severity = "notice";
  message.title = "This is a test of Causeway's alerts";
  message.sentence = "Nothing is wrong. Somebody wants to know whether this arrives.";
  message.since = wall;
  const Channel copy = *to;
  Taken out = co_await send(copy, message, random_id(), wall);
  co_return out;
}

}  // namespace causeway::watch
