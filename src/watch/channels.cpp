#include "watch/channels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "watch/limits.hpp"
#include "watch/maintenance.hpp"

namespace causeway::watch {
namespace {

using Json = nlohmann::ordered_json;

struct KindRow {
  ChannelKind kind;
  std::string_view name;
};
constexpr std::array kKinds{
    KindRow{ChannelKind::mail, "mail"},
    KindRow{ChannelKind::webhook, "webhook"},
    KindRow{ChannelKind::alertmanager, "alertmanager"},
    KindRow{ChannelKind::webhook_v4, "webhook-v4"},
    KindRow{ChannelKind::slack, "slack"},
    KindRow{ChannelKind::discord, "discord"},
    KindRow{ChannelKind::telegram, "telegram"},
    KindRow{ChannelKind::pagerduty, "pagerduty"},
    KindRow{ChannelKind::ntfy, "ntfy"},
    KindRow{ChannelKind::command, "command"},
};

constexpr std::size_t kDiscordLetters = 2000;    // Discord's API: "content"
constexpr std::size_t kTelegramLetters = 4096;   // sendMessage: "text"
constexpr std::size_t kPagerdutyLetters = 1024;  // Events API v2: payload.summary

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

net::OutboundRequest posted(const Channel& channel, const Json& json) {
  net::OutboundRequest out;
  out.method = "POST";
  out.url = channel.url;
  out.fields = {{"Content-Type", "application/json"}};
  out.body = dumped(json);
  out.ca_file = channel.ca_file;
  return out;
}

bool over(const Message& message) { return message.kind == "recovered"; }

// One incident is one thing to a receiver, whatever is said about it.
std::string key_of(const Message& message, const std::string& id) {
  return "causeway-" + (message.incident.empty() ? id : message.incident);
}

// What Alertmanager knows an alert by: with one label that changes while an incident lasts, the
// first alert would go on until its end. Routes go by the channel, which has its teams and its
// severity.
Json labels_of(const Channel& channel, const Message& message) {
  return {{"alertname", "Causeway"}, {"incident", message.incident}, {"channel", channel.name}};
}

Json annotations_of(const Message& message) {
  Json out{{"summary", message.title},     {"description", text_of(message)},
           {"severity", message.severity}, {"cause", message.cause_id},
           {"owner", message.owner},       {"failure", message.failure},
           {"team", message.team},         {"link", message.link}};
  for (auto at = out.begin(); at != out.end();) at = *at == "" ? out.erase(at) : std::next(at);
  return out;
}

// prometheus.io/docs/alerting/latest/clients: POST /api/v2/alerts.
net::OutboundRequest to_alertmanager(const Channel& channel, const Message& message, WallTime now) {
  // Without an end Alertmanager closes it after resolve_timeout (5 min): reminders keep it up.
  Json alert{{"labels", labels_of(channel, message)},
             {"annotations", annotations_of(message)},
             {"startsAt", rfc3339(message.since)}};
  if (over(message))
    alert["endsAt"] = rfc3339(message.until);
  else
    alert["endsAt"] = rfc3339(now + limits::kWatchAlertLife);
  if (!message.link.empty()) alert["generatorURL"] = message.link;
  auto out = posted(channel, Json::array({alert}));
  if (!out.url.ends_with("/api/v2/alerts")) {
    while (out.url.ends_with('/')) out.url.pop_back();
    out.url += "/api/v2/alerts";
  }
  return out;
}

// Receivers of its webhooks know an alert by its fingerprint, and route by these.
Json webhook_labels(const Message& message) {
  Json out{{"alertname", message.cause_id.empty() ? "Causeway" : message.cause_id},
           {"incident", message.incident},
           {"severity", message.severity},
           {"owner", message.owner}};
  if (!message.failure.empty()) out["failure"] = message.failure;
  if (!message.team.empty()) out["team"] = message.team;
  return out;
}

// Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration).
Json webhook_v4(const Channel& channel, const Message& message, const std::string& id) {
  const std::string_view status = over(message) ? "resolved" : "firing";
  const Json labels = webhook_labels(message);
  const Json annotations = annotations_of(message);
  const WallTime end = over(message) ? message.until : WallTime{};
  return {{"version", "4"},
          {"groupKey", key_of(message, id)},
          {"truncatedAlerts", 0},
          {"status", status},
          {"receiver", channel.name},
          {"groupLabels", {{"incident", message.incident}}},
          {"commonLabels", labels},
          {"commonAnnotations", annotations},
          {"externalURL", message.link},
          {"alerts",
           Json::array({{{"status", status},
                         {"labels", labels},
                         {"annotations", annotations},
                         {"startsAt", rfc3339(message.since)},
                         {"endsAt", end == WallTime{} ? "0001-01-01T00:00:00Z" : rfc3339(end)},
                         {"generatorURL", message.link},
                         {"fingerprint", message.incident}}})}};
}

Json own_shape(const Message& message, const std::string& id) {
  Json out{{"schema", "causeway.alert/1"}, {"id", id},
           {"kind", message.kind},         {"incident", message.incident},
           {"severity", message.severity}, {"title", message.title},
           {"sentence", message.sentence}, {"cause", message.cause_id},
           {"owner", message.owner},       {"failure", message.failure},
           {"code", message.code},         {"since", rfc3339(message.since)},
           {"evidence", message.evidence}, {"fixes", message.fixes},
           {"members", message.members},   {"members_all", message.members_all},
           {"team", message.team},         {"tags", message.tags},
           {"link", message.link},         {"late", message.late},
           {"text", text_of(message)}};
  if (over(message)) out["until"] = rfc3339(message.until);
  return out;
}

std::string_view colour_of(const Message& message) {
  if (over(message)) return "#1a7f37";
  return message.severity == "down" ? "#cf222e" : "#bf8700";
}

// Slack reads <!channel>, <@U123> and <url|text> in any text: what a watched page says is nothing
// to call people with (api.slack.com/reference/surfaces/formatting).
std::string slack_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    switch (letter) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += letter;
    }
  }
  return out;
}

Json to_slack(const Message& message) {
  const std::string subject = slack_text(subject_of(message));
  return {{"text", subject},
          {"attachments", Json::array({{{"color", colour_of(message)},
                                        {"text", slack_text(text_of(message))},
                                        {"fallback", subject}}})}};
}

net::OutboundRequest to_pagerduty(const Channel& channel, const Message& message,
                                  const std::string& id) {
  Json event{{"routing_key", channel.secret},
             {"event_action", over(message) ? "resolve" : "trigger"},
             {"dedup_key", key_of(message, id)}};
  if (!over(message)) {
    const std::string_view severity = message.severity == "down"       ? "critical"
                                      : message.severity == "degraded" ? "error"
                                                                       : "warning";
    event["payload"] = {{"summary", printable(message.title, kPagerdutyLetters - 4)},
                        {"source", message.members.empty() ? "causeway" : message.members.front()},
                        {"severity", severity},
                        {"timestamp", rfc3339(message.since)},
                        {"class", message.cause_id},
                        {"custom_details", own_shape(message, id)}};
    if (!message.link.empty()) {
      event["links"] = Json::array({{{"href", message.link}, {"text", "Incident"}}});
    }
  }
  auto out = posted(channel, event);
  if (out.url.empty()) out.url = "https://events.pagerduty.com/v2/enqueue";
  return out;
}

net::OutboundRequest to_ntfy(const Channel& channel, const Message& message) {
  net::OutboundRequest out;
  out.method = "POST";
  out.url = channel.url;
  out.ca_file = channel.ca_file;
  out.body = text_of(message);
  const std::string_view priority = over(message)                ? "default"
                                    : message.severity == "down" ? "urgent"
                                                                 : "high";
  out.fields = {{"Title", subject_of(message)},
                {"Priority", std::string{priority}},
                {"Tags", over(message) ? "white_check_mark" : "rotating_light"}};
  if (!message.link.empty()) out.fields.emplace_back("Click", message.link);
  if (!channel.secret.empty()) out.fields.emplace_back("Authorization", "Bearer " + channel.secret);
  return out;
}

net::OutboundRequest to_telegram(const Channel& channel, const Message& message) {
  auto out = posted(channel, {{"chat_id", channel.user},
                              {"text", text_of(message).substr(0, kTelegramLetters)},
                              {"disable_web_page_preview", true}});
  const std::string base = channel.url.empty() ? "https://api.telegram.org" : channel.url;
  out.url = fmt::format("{}/bot{}/sendMessage", base, channel.secret);
  return out;
}

// RFC 2047, section 2: at most 75 letters an encoded word.
std::string header_text(std::string_view text) {
  const bool plain =
      std::ranges::all_of(text, [](char letter) { return letter >= 0x20 && letter < 0x7f; });
  if (plain) return std::string{text};
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::size_t kWord = 60;
  std::string out;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    out += fmt::format("{}=?UTF-8?Q?{}?=", out.empty() ? "" : "\n ", word);
    word.clear();
  };
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool starts_letter = (byte & 0xC0U) != 0x80U;  // never cut inside one
    if (starts_letter && word.size() >= kWord - 12) end_word();
    const bool safe = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= 'a' && byte <= 'z');
    if (safe) {
      word += letter;
    } else if (letter == ' ') {
      word += '_';
    } else {
      word += '=';
      word += kDigits[byte >> 4U];
      word += kDigits[byte & 15U];
    }
  }
  end_word();
  return out;
}

// RFC 5322 3.3: "Wed, 25 Nov 2026 18:40:00 +0000".
std::string mail_date(WallTime at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::weekday weekday{day};
  return fmt::format("{}, {} {} {} {} +0000", kDays.at(weekday.c_encoding()),
                     static_cast<unsigned>(date.day()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), rfc3339(at).substr(11, 8));
}

net::OutboundMail to_mail(const Channel& channel, const Message& message, const std::string& id,
                          WallTime now) {
  net::OutboundMail out;
  out.url = channel.url;
  out.must_encrypt = channel.must_encrypt;
  out.user = channel.user;
  out.password = channel.secret;
  out.from = channel.from;
  out.to = channel.to;
  out.ca_file = channel.ca_file;
  const std::size_t at = channel.from.find('@');
  const std::string domain = at == std::string::npos ? "localhost" : channel.from.substr(at + 1);
  out.message = fmt::format("From: {}\nTo: {}\nSubject: {}\nDate: {}\nMessage-ID: <{}@{}>\n",
                            channel.from, join(channel.to, ", "), header_text(subject_of(message)),
                            mail_date(now), id, domain);
  if (!message.incident.empty()) {  // all mails of an incident stand together
    out.message += fmt::format("References: <{}@{}>\n", key_of(message, id), domain);
  }
  out.message +=
      "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
      "Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n" +
      text_of(message);
  return out;
}

CommandCall to_command(const Channel& channel, const Message& message, const std::string& id) {
  return {
      .arguments = channel.command,
      .environment = {"CAUSEWAY_KIND=" + message.kind, "CAUSEWAY_ALERT=" + id,
                      "CAUSEWAY_INCIDENT=" + message.incident,
                      "CAUSEWAY_SEVERITY=" + message.severity, "CAUSEWAY_CAUSE=" + message.cause_id,
                      "CAUSEWAY_TITLE=" + printable(message.title, limits::kTextKept)},
      .input = text_of(message)};
}

}  // namespace

std::string_view name(ChannelKind kind) {
  return std::ranges::find(kKinds, kind, &KindRow::kind)->name;
}

std::optional<ChannelKind> channel_kind_named(std::string_view text) {
  const auto* found = std::ranges::find(kKinds, text, &KindRow::name);
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

Call call_of(const Channel& channel, const Message& message, const std::string& id, WallTime now) {
  switch (channel.kind) {
    case ChannelKind::mail: return to_mail(channel, message, id, now);
    case ChannelKind::command: return to_command(channel, message, id);
    case ChannelKind::alertmanager: return to_alertmanager(channel, message, now);
    case ChannelKind::webhook_v4: return posted(channel, webhook_v4(channel, message, id));
    case ChannelKind::slack: return posted(channel, to_slack(message));
    case ChannelKind::discord:
      return posted(channel, {{"content", text_of(message).substr(0, kDiscordLetters)},
                              {"allowed_mentions", {{"parse", Json::array()}}}});
    case ChannelKind::telegram: return to_telegram(channel, message);
    case ChannelKind::pagerduty: return to_pagerduty(channel, message, id);
    case ChannelKind::ntfy: return to_ntfy(channel, message);
    case ChannelKind::webhook: {
      auto out = posted(channel, own_shape(message, id));
      out.fields.emplace_back("Idempotency-Key", id);
      if (!channel.secret.empty()) {
        out.fields.emplace_back("Authorization", "Bearer " + channel.secret);
      }
      return out;
    }
  }
  std::unreachable();
}

std::string missing(const Channel& channel) {
  const auto needs = [&](bool has, std::string_view what) {
    return has ? std::string{}
               : fmt::format("channel '{}' ({}) needs {}", channel.name, name(channel.kind), what);
  };
  std::string out;
  switch (channel.kind) {
    case ChannelKind::mail:
      out = needs(!channel.url.empty(), "url, like smtp://mail.example.net:587");
      if (out.empty()) out = needs(!channel.from.empty() && !channel.to.empty(), "from and to");
      return out;
    case ChannelKind::command: return needs(!channel.command.empty(), "command");
    case ChannelKind::pagerduty: return needs(!channel.secret.empty(), "secret, its routing key");
    case ChannelKind::telegram:
      return needs(!channel.secret.empty() && !channel.user.empty(),
                   "secret, the bot's token, and user, the chat's id");
    default: return needs(!channel.url.empty(), "url");
  }
}

namespace {

// RFC 5321 4.2.3: a command that the server does not know, a message that is too large, parameters
// it does not know. A mailbox, a password and a policy (550, 535, 554) are mended by somebody.
bool never_taken(int status) {
  return (status >= 500 && status <= 504) || status == 552 || status == 555;
}

}  // namespace

Taken taken(const net::OutboundReply& reply) {
  Taken out;
  if (reply.end == net::OutboundEnd::answered) {
    // SMTP answers 250, HTTP 2xx.
    out.ok = reply.status >= 200 && reply.status < 300;
    out.detail = fmt::format("{} {}", reply.status, printable(trim(reply.body), limits::kTextKept));
    // What it does not understand it will not understand later. A wrong address, an expired token
    // and a proxy in between are mended by somebody: until then it is tried.
    out.again = reply.status != 400 && reply.status != 413 && reply.status != 422;
    return out;
  }
  out.detail = reply.why;
  out.again = reply.end != net::OutboundEnd::bad_request &&
              !(reply.end == net::OutboundEnd::rejected && never_taken(reply.status));
  return out;
}

Parsed<std::optional<WallTime>> quiet_until(const QuietHours& quiet, WallTime now) {
  if (quiet.zone.empty() || quiet.from == quiet.to) return std::optional<WallTime>{};
  const int length = (quiet.to - quiet.from + 24 * 60) % (24 * 60);
  // A daily window that began long ago.
  const store::MaintenanceWindow window{
      .zone = quiet.zone,
      .starts = fmt::format("2020-01-01T{:02}:{:02}", quiet.from / 60, quiet.from % 60),
      .minutes = length,
      .repeats = "daily"};
  auto times = occurrences(window, now, now + std::chrono::milliseconds{1});
  if (!times) return error(times.error().text);
  if (times->empty()) return std::optional<WallTime>{};
  return std::optional{times->back().to};
}

}  // namespace causeway::watch
