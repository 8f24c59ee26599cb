// Other monitors' files in, our own [[watch.target]] out: what stands in test/watch/import is what
// people have, and what comes out is read by our own reader again.
#include "watch/import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/node.hpp"
#include "watch/config_file.hpp"

namespace causeway::watch {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

ImportFile sample(const std::string& name) {
  std::ifstream file{"test/watch/import/" + name};
  std::ostringstream text;
  text << file.rdbuf();
  return {name, text.str()};
}

std::string golden(const std::string& name) { return sample(name).text; }

// Our own reader takes it, and finds the same targets in it.
void expect_readable(const Imported& imported) {
  const auto root = config::parse("[watch]\n" + toml_of(imported.targets));
  ASSERT_TRUE(root) << root.error().text;
  const auto read = read_settings(*root, {.now = {}, .files = false});
  ASSERT_TRUE(read) << config::text(read.error(), "made.toml");
  ASSERT_EQ(read->settings.targets.size(), imported.targets.size());
  for (std::size_t i = 0; i < imported.targets.size(); ++i) {
    EXPECT_EQ(to_json(read->settings.targets[i]), to_json(imported.targets[i]));
  }
}

TEST(Import, UptimeKumasBackup) {
  const auto out = import_targets({sample("kuma.json")});
  ASSERT_TRUE(out) << out.error().text;
  EXPECT_EQ(toml_of(out->targets), golden("kuma.toml"));
  EXPECT_THAT(
      out->notes,
      ElementsAre(AllOf(HasSubstr("kuma.json:"), HasSubstr("Shop: statuses 200-299 became")),
                  HasSubstr("API health: statuses"), HasSubstr("API health: it asks with POST"),
                  HasSubstr("API health: 'body' has no counterpart"),
                  AllOf(HasSubstr("Nightly backup: its push URL"),
                        HasSubstr("POST /api/v1/targets/nightly-backup/beats")),
                  HasSubstr("Broker: left out: monitors of type 'mqtt'"),
                  HasSubstr("Must be away: left out: 'upside down'"),
                  HasSubstr("Nothing: left out: "), HasSubstr("they hold secrets")));
  expect_readable(*out);
}

TEST(Import, GatusConfiguration) {
  const auto out = import_targets({sample("gatus.yaml")});
  ASSERT_TRUE(out) << out.error().text;
  EXPECT_EQ(toml_of(out->targets), golden("gatus.toml"));
  EXPECT_THAT(out->notes, Contains("gatus.yaml:14:9: shop: '[RESPONSE_TIME] < 300' has no "
                                   "counterpart"));
  EXPECT_THAT(out->notes, Contains(HasSubstr("api: '[STATUS] < 300' became: any below 400")));
  EXPECT_THAT(out->notes, Contains(HasSubstr("api: 'headers' has no counterpart")));
  EXPECT_THAT(out->notes, Contains(HasSubstr("POST /api/v1/targets/jobs-backup/beats")));
  EXPECT_THAT(out->notes, Contains(HasSubstr("mail: left out")));
  expect_readable(*out);
}

TEST(Import, PrometheusWithTheModulesOfItsBlackboxExporter) {
  const auto out = import_targets({sample("prometheus.yml"), sample("blackbox.yml")});
  ASSERT_TRUE(out) << out.error().text;
  EXPECT_EQ(toml_of(out->targets), golden("prometheus.toml"));
  EXPECT_THAT(out->notes, Contains(AllOf(HasSubstr("prometheus.yml:"),
                                         HasSubstr("'a.*b' has no counterpart"))));
  EXPECT_THAT(out->notes, Contains(HasSubstr("left out: record 'SOA' is not compared")));
  EXPECT_THAT(out->notes, Contains(HasSubstr("zone: 'file_sd_configs' is not followed")));
  EXPECT_THAT(out->notes, Contains(HasSubstr("rpc.example.net:443: left out: prober 'grpc'")));
  expect_readable(*out);
}

TEST(Import, WhatIsNotTakenOverIsNamed) {
  const auto kuma = import_targets({{"kuma.json", R"({"monitorList": [
  {"id": 1, "name": "One", "type": "http", "url": "http://a.example.net/", "maxretries": 0,
   "accepted_statuscodes": ["200-399"], "proxyId": 3, "description": null, "packetSize": 56}]})"}});
  ASSERT_TRUE(kuma) << kuma.error().text;
  EXPECT_THAT(kuma->notes, ElementsAre(HasSubstr("One: 'proxyId' has no counterpart")));
  EXPECT_EQ(kuma->targets.at(0).confirm.open_failures, 1);
  EXPECT_EQ(kuma->targets.at(0).confirm.open_of, 1);
  const auto gatus = import_targets(
      {{"g.yaml",
        "endpoints:\n  - {name: a, url: https://a.test, extra-labels: {x: y}, client: "
        "{proxy-url: http://p.test}, conditions: [\"[STATUS] < 400\"]}\n"
        "maintenance: {start: 23:00}\n"}});
  ASSERT_TRUE(gatus) << gatus.error().text;
  EXPECT_THAT(gatus->notes,
              ElementsAre(HasSubstr("a: 'proxy-url' has"), HasSubstr("a: 'extra-labels' has"),
                          HasSubstr("maintenance: not imported")));
  const auto blackbox = import_targets(
      {{"p.yml",
        "scrape_configs:\n  - {job_name: j, metrics_path: /probe, params: {module: [m]}, "
        "static_configs: [{targets: [https://a.test]}]}\n"},
       {"b.yml",
        "modules:\n  m: {prober: http, http: {valid_status_codes: [200], "
        "preferred_ip_protocol: ip4}}\n"}});
  ASSERT_TRUE(blackbox) << blackbox.error().text;
  EXPECT_THAT(blackbox->notes,
              ElementsAre(HasSubstr("'preferred_ip_protocol' has no counterpart")));
}

TEST(Import, ModulesThatAreNotThereAreSaid) {
  const auto out = import_targets({sample("prometheus.yml")});
  ASSERT_TRUE(out) << out.error().text;
  EXPECT_EQ(out->targets.size(), 2U);  // of a module whose name begins with http
  EXPECT_THAT(out->notes, Contains(HasSubstr("ports: left out: module 'tcp_connect'")));
}

TEST(Import, WhatIsNoneOfThemIsRefusedWithItsPlace) {
  const auto other = import_targets({{"site.yaml", "name: x\n"}});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().text, AllOf(HasSubstr("site.yaml:1:1"), HasSubstr("monitorList")));
  const auto broken = import_targets({{"bad.yaml", "endpoints:\n  - name: [a\n"}});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().text, AllOf(HasSubstr("bad.yaml:"), HasSubstr("not YAML")));
  const auto alone = import_targets({sample("blackbox.yml")});
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().text, HasSubstr("expected Prometheus' file"));
}

TEST(Import, WhatOurOwnReaderWouldRefuseIsLeftOut) {
  const auto out = import_targets({{"kuma.json", R"({"monitorList": [
  {"id": 1, "name": "Bell", "type": "keyword", "url": "http://a.example.net/", "keyword": "Ba\bsket"},
  {"id": 2, "name": "Mixed up", "type": "port", "hostname": "e.net:8080/basket?x=1", "port": 5432},
  {"id": 3, "name": "Good", "type": "http", "url": "http://b.example.net/"}]})"}});
  ASSERT_TRUE(out) << out.error().text;
  EXPECT_THAT(out->notes, Contains(HasSubstr("kuma.json:2:3: Bell: left out: the string holds")));
  EXPECT_THAT(out->notes, Contains(HasSubstr("kuma.json:3:3: Mixed up: left out: ")));
  ASSERT_EQ(out->targets.size(), 1U);
  expect_readable(*out);
}

TEST(Import, ABombOfAliasesEnds) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) text += (n == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    text += "]\n";
  }
  const auto out = import_targets({{"bomb.yaml", text}});
  ASSERT_FALSE(out);
  EXPECT_THAT(out.error().text, HasSubstr("too many values"));
  std::string loud = "a: &a " + std::string(1'000'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 1000; ++i) loud += ", *a";
  const auto much = import_targets({{"loud.yaml", loud + "]\n"}});
  ASSERT_FALSE(much);
  EXPECT_THAT(much.error().text, HasSubstr("aliases make it too long"));
  const auto deep = import_targets({{"deep.yaml", std::string(100'000, '[')}});
  ASSERT_FALSE(deep);
}

}  // namespace
}  // namespace causeway::watch
