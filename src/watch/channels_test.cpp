#include "watch/channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace causeway::watch {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Message message(std::string kind = "opened") {
  Message out;
  out.kind = std::move(kind);
  out.incident = "i1";
  out.severity = "down";
  out.title = "shop is down: the connection is refused";
  out.cause = "origin.process-stopped: The web server is not running";
  out.cause_id = "origin.process-stopped";
  out.owner = "you";
  out.failure = "connect.refused";
  out.code = 521;
  out.sentence = "Nothing listens on port 443.";
  out.evidence = {"The port refuses at once."};
  out.fixes = {"Start the web server.\n    systemctl start nginx"};
  out.members = {"shop (connect.refused)"};
  out.members_all = 1;
  out.since = *parse_rfc3339("2026-11-25T18:00:00Z");
  if (out.kind == "recovered") out.until = *parse_rfc3339("2026-11-25T18:12:00Z");
  out.link = "https://watch.example.net/incidents/i1";
  return out;
}

const WallTime kNow = *parse_rfc3339("2026-11-25T18:01:00Z");

net::OutboundRequest request(ChannelKind kind, const Message& what, std::string url = "http://x/") {
  const Channel channel{
      .name = "c", .kind = kind, .url = std::move(url), .secret = "s3cret", .user = "42"};
  return std::get<net::OutboundRequest>(call_of(channel, what, "a1", kNow));
}

TEST(Text, CarriesCauseEvidenceAndFix) {
  const std::string text = text_of(message());
  EXPECT_THAT(text, StartsWith("[DOWN] shop is down"));
  EXPECT_THAT(text, HasSubstr("Cause: origin.process-stopped"));
  EXPECT_THAT(text, HasSubstr("Seen: The port refuses at once."));
  EXPECT_THAT(text, HasSubstr("Fix: Start the web server.\n    systemctl start nginx"));
  EXPECT_THAT(text_of(message("recovered")), HasSubstr("It lasted 12 min"));
}

TEST(Text, ForeignBytesCannotMoveTheCursor) {
  Message hostile = message();
  hostile.title = "shop\x1b[2J\r\nBcc: all@example.net";
  EXPECT_EQ(text_of(hostile).find('\x1b'), std::string::npos);
  EXPECT_EQ(subject_of(hostile).find('\n'), std::string::npos);
}

TEST(Alertmanager, PostsItsApiVersion2) {
  const auto sent = request(ChannelKind::alertmanager, message("recovered"), "http://am:9093/");
  EXPECT_EQ(sent.url, "http://am:9093/api/v2/alerts");
  const auto alert = json::parse(sent.body).at(0);
  EXPECT_EQ(alert["labels"]["alertname"], "Causeway");
  EXPECT_EQ(alert["labels"]["incident"], "i1");
  EXPECT_EQ(alert["annotations"]["cause"], "origin.process-stopped");
  EXPECT_EQ(alert["endsAt"], "2026-11-25T18:12:00.000Z");
  EXPECT_EQ(alert["annotations"]["summary"], message().title);
}

TEST(Alertmanager, KnowsAnIncidentByLabelsThatStay) {
  Message worse = message("worse");
  worse.severity = "degraded";
  worse.cause_id = "network.loss";
  worse.failure = "connect.timeout";
  worse.team = "sales";
  worse.owner = "host";
  const auto labels = [](const Message& what) {
    return json::parse(request(ChannelKind::alertmanager, what).body).at(0)["labels"];
  };
  EXPECT_EQ(labels(message()), labels(worse));
  EXPECT_EQ(labels(worse), labels(message("recovered")));
}

TEST(WebhookV4, HasTheShapeOfAlertmanager) {
  const auto body = json::parse(request(ChannelKind::webhook_v4, message()).body);
  for (const char* key :
       {"version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels",
        "commonLabels", "commonAnnotations", "externalURL", "alerts"}) {
    EXPECT_TRUE(body.contains(key)) << key;
  }
  EXPECT_EQ(body["version"], "4");
  EXPECT_EQ(body["status"], "firing");
  EXPECT_EQ(body["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
}

TEST(Pagerduty, TriggersAndResolvesTheSameKey) {
  const auto opened = json::parse(request(ChannelKind::pagerduty, message(), "").body);
  const auto over = json::parse(request(ChannelKind::pagerduty, message("recovered"), "").body);
  EXPECT_EQ(opened["event_action"], "trigger");
  EXPECT_EQ(opened["payload"]["severity"], "critical");
  EXPECT_EQ(over["event_action"], "resolve");
  EXPECT_EQ(opened["dedup_key"], over["dedup_key"]);
}

TEST(Chats, UseTheirOwnShapes) {
  EXPECT_TRUE(json::parse(request(ChannelKind::slack, message()).body).contains("attachments"));
  const auto discord = json::parse(request(ChannelKind::discord, message()).body);
  EXPECT_LE(discord["content"].get<std::string>().size(), 2000U);
  EXPECT_TRUE(discord["allowed_mentions"]["parse"].empty());
  const auto telegram = request(ChannelKind::telegram, message(), "https://api.test");
  EXPECT_EQ(telegram.url, "https://api.test/bots3cret/sendMessage");
  EXPECT_EQ(json::parse(telegram.body)["chat_id"], "42");
}

TEST(Slack, NobodyIsCalledByAWatchedPage) {
  Message hostile = message();
  hostile.title = "shop says <!channel> & <https://evil.test|log in>";
  const auto body = json::parse(request(ChannelKind::slack, hostile).body);
  const std::string escaped = "shop says &lt;!channel&gt; &amp; &lt;https://evil.test|log in&gt;";
  EXPECT_THAT(body["text"].get<std::string>(), HasSubstr(escaped));
  EXPECT_THAT(body["attachments"][0]["text"].get<std::string>(), HasSubstr(escaped));
  EXPECT_EQ(body.dump().find('<'), std::string::npos);
}

TEST(Mail, IsOneThreadAnIncidentAndEncodesItsSubject) {
  Message what = message();
  what.title = "Müller & Söhne ist nicht erreichbar";
  const Channel channel{.name = "m",
                        .kind = ChannelKind::mail,
                        .url = "smtp://mail",
                        .from = "alerts@example.net",
                        .to = {"ops@example.net"}};
  const auto mail = std::get<net::OutboundMail>(call_of(channel, what, "a1", kNow));
  EXPECT_THAT(mail.message, HasSubstr("Subject: =?UTF-8?Q?"));
  EXPECT_THAT(mail.message, HasSubstr("Date: Wed, 25 Nov 2026 18:01:00 +0000\n"));
  EXPECT_THAT(mail.message, HasSubstr("Message-ID: <a1@example.net>\n"));
  EXPECT_THAT(mail.message, HasSubstr("References: <causeway-i1@example.net>\n"));
  EXPECT_TRUE(mail.must_encrypt);
}

TEST(Taken, KnowsWhatIsWorthAnotherTry) {
  const auto answered = [](int status) {
    return taken({.end = net::OutboundEnd::answered, .status = status});
  };
  EXPECT_TRUE(answered(204).ok);
  for (const int never : {400, 413, 422}) EXPECT_FALSE(answered(never).again) << never;
  for (const int mended : {302, 401, 403, 404, 410}) EXPECT_TRUE(answered(mended).again) << mended;
  EXPECT_TRUE(answered(429).again);
  EXPECT_TRUE(answered(503).again);
  EXPECT_TRUE(taken({.end = net::OutboundEnd::connect, .why = "refused"}).again);
  EXPECT_FALSE(taken({.end = net::OutboundEnd::rejected, .status = 552}).again);
  for (const int mended : {451, 535, 550, 554}) {
    EXPECT_TRUE(taken({.end = net::OutboundEnd::rejected, .status = mended}).again) << mended;
  }
}

TEST(QuietHours, EndInTheMorningAlsoOverMidnight) {
  const QuietHours quiet{.zone = "Europe/Berlin", .from = 22 * 60, .to = 7 * 60};
  const auto at = [&](const char* time) { return *quiet_until(quiet, *parse_rfc3339(time)); };
  EXPECT_EQ(*at("2026-11-25T23:30:00Z"), *parse_rfc3339("2026-11-26T06:00:00Z"));
  EXPECT_FALSE(at("2026-11-25T12:00:00Z"));
}

TEST(Missing, SaysWhatAChannelNeeds) {
  EXPECT_THAT(missing({.name = "m", .kind = ChannelKind::mail}), HasSubstr("url"));
  EXPECT_THAT(missing({.name = "p", .kind = ChannelKind::pagerduty}), HasSubstr("routing key"));
  EXPECT_EQ(missing({.name = "c", .kind = ChannelKind::command, .command = {"true"}}), "");
}

}  // namespace
}  // namespace causeway::watch
