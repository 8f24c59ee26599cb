// The reader of configuration files: places, nearest names, and every type's wrong values.
#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>

#include "config/keys.hpp"
#include "config/node.hpp"
#include "config/section.hpp"

namespace causeway::config {

enum class Colour : std::uint8_t { red, green };

static std::span<const Word<Colour>> words(Colour) {
  static constexpr std::array kWords{Word<Colour>{"red", Colour::red},
                                     Word<Colour>{"green", Colour::green}};
  return kWords;
}

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Inner {
  std::string name;
  int weight = 100;
};

struct Outer {
  std::string title = "a \"title\"";
  bool on = true;
  int count = 3;
  std::uint16_t port = 80;
  std::size_t size = 16UL << 20U;
  Duration wait = std::chrono::seconds{19};
  Colour colour = Colour::red;
  std::optional<Endpoint> listen;
  std::vector<Prefix> trusted;
  std::vector<std::string> hosts;
  Secret token;
  Inner inner;
  std::optional<Inner> maybe;
  std::vector<Inner> each;
};

const Keys<Inner>& inner_keys() {
  static const auto keys = Keys<Inner>{}
                               .add("name", &Inner::name, "Its name.")
                               .required()
                               .add("weight", &Inner::weight, "Its share.", between(0, 1000));
  return keys;
}

const Keys<Outer>& outer_keys() {
  static const auto keys =
      Keys<Outer>{}
          .add("title", &Outer::title, "What it is called.")
          .add("on", &Outer::on, "Whether it runs.")
          .add("count", &Outer::count, "How many.", between(1, 10))
          .add("port", &Outer::port, "Where.", at_least(1))
          .add_bytes("size", &Outer::size, "How large.", at_least(1024))
          .add("wait", &Outer::wait, "How long.", at_least(std::chrono::milliseconds{1}))
          .add("colour", &Outer::colour, "Of the page.")
          .add("listen", &Outer::listen, "Address to listen on.")
          .add("trusted", &Outer::trusted, "Peers that are believed.")
          .add("hosts", &Outer::hosts, "Names.")
          .add("token", &Outer::token, "Who has it may change things.")
          .add_table("inner", &Outer::inner, inner_keys(), "One inside.")
          .add_table("maybe", &Outer::maybe, inner_keys(), "One that may be missing.")
          .add_tables("each", &Outer::each, inner_keys(), "Several inside.");
  return keys;
}

struct Read {
  Outer out;
  std::string said;
};

Read read(std::string_view text) {
  Read result;
  Findings findings;
  const auto root = parse(text);
  if (!root) {
    findings.add(root.error());
  } else {
    read_table(*root, outer_keys(), result.out, findings);
  }
  result.said = config::text(findings, "f.toml");
  return result;
}

TEST(Config, ReadsEveryType) {
  const auto [out, said] = read(R"(
title = "x"
on = false
count = 7
port = 443
size = "2 MiB"
wait = "1500ms"
colour = "green"
listen = "127.0.0.1:9000"
trusted = ["10.0.0.0/8", "2001:db8::/32"]
hosts = "one.example"
token = { env = "TOKEN" }
inner = { name = "a", weight = 0 }
[maybe]
name = "b"
[[each]]
name = "c"
[[each]]
name = "d"
weight = 5
)");
  EXPECT_EQ(said, "");
  EXPECT_EQ(out.title, "x");
  EXPECT_FALSE(out.on);
  EXPECT_EQ(out.count, 7);
  EXPECT_EQ(out.port, 443);
  EXPECT_EQ(out.size, 2UL << 20U);
  EXPECT_EQ(out.wait, std::chrono::milliseconds{1500});
  EXPECT_EQ(out.colour, Colour::green);
  EXPECT_EQ(out.listen->text(), "127.0.0.1:9000");
  EXPECT_EQ(out.trusted.size(), 2U);
  EXPECT_THAT(out.hosts, ElementsAre("one.example"));
  EXPECT_EQ(out.token.where(), "environment variable TOKEN");
  EXPECT_EQ(out.maybe->name, "b");
  ASSERT_EQ(out.each.size(), 2U);
  EXPECT_EQ(out.each[1].weight, 5);
}

TEST(Config, SaysWhereAndWhatWouldBeRight) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"tilte = \"x\"",
       "f.toml:1:1: error: unknown key `tilte`; did you mean `title`? [unknown-key]"},
      {"\n  zzz = 1", "f.toml:2:3: error: unknown key `zzz`; known are title, on, count"},
      {"title = 3",
       "f.toml:1:9: error: this is an integer; expected a string in quotes [wrong-type]"},
      {"on = \"yes\"", "f.toml:1:6: error: this is a string; expected true or false"},
      {"count = 11", "f.toml:1:9: error: 11 is out of range; expected 1 to 10 [wrong-value]"},
      {"count = 1.5", "expected an integer without quotes"},
      {"port = 70000", "70000 is out of range; expected 1 to 65535"},
      {"size = \"2 parsec\"", "\"2 parsec\" is no size; expected a size such as"},
      {"size = 10", "10 is too small; expected 1024 or more"},
      {"size = \"99999999999 TiB\"", "is no size"},
      {"wait = \"soon\"", "\"soon\" is no span of time; expected a span such as"},
      {"wait = 0", "expected \"1ms\" or more"},
      {"wait = \"0s\"", "expected \"1ms\" or more"},
      {"colour = \"gren\"",
       "unknown word \"gren\"; did you mean \"green\"? (expected one of red, green)"},
      {"listen = \"127.0.0.1\"", "\"127.0.0.1\" has no port"},
      {"listen = 0", "0 is out of range; expected 1 to 65535"},
      {"trusted = [\"10.0.0.0/8\", \"x\"]", "f.toml:1:26: error: "},
      {"name = gr\u00fcn", "f.toml:1:10: error: letters outside ASCII stand in quotation marks"},
      {"# \u00fc\nname = \"\u00fc\" \u00fc", "f.toml:2:12: error: letters outside ASCII"},
      {"[:inner]", "f.toml:1:2: error: Error while parsing"},
      {"[=]", "f.toml:1:2: error: Error while parsing"},
      {"[[.each]]", "f.toml:1:3: error: Error while parsing"},
      {"hosts = [1]", "f.toml:1:10: error: this is an integer; expected a string in quotes"},
      {"inner = 3", "this is an integer; expected a table"},
      {"[inner]\nweight = 1", "f.toml:1:1: error: `name` is missing: Its name. [missing-key]"},
      {"[each]\nname = \"x\"", "expected an array of tables: [[...]]"},
      {"[[each]]\nname = \"x\"\nwieght = 3",
       "f.toml:3:1: error: unknown key `wieght`; did you mean `weight`?"},
      {"token = { vault = \"x\" }", "unknown key `vault`; expected { file = "},
      {"a = ", "f.toml:1:"},
      {"title = \"x\"\ntitle = \"y\"", "f.toml:2:"},
      {"title = \"a\\u0007b\"", "control character"},
  };
  for (const auto& [text, wanted] : cases) {
    EXPECT_THAT(read(text).said, HasSubstr(wanted)) << text;
  }
}

TEST(Config, ASecretIsNeverRepeated) {
  EXPECT_THAT(read("token = \"hunter2\"").said, Not(HasSubstr("hunter2")));
  EXPECT_THAT(read("token = \"hunter2\"").said, HasSubstr("expected { file = "));
}

TEST(Config, EveryMistakeIsTold) {
  const auto said = read("tilte = 1\ncount = 99\n[inner]\nnaem = \"x\"\n").said;
  EXPECT_EQ(std::ranges::count(said, '\n'), 4);  // and `name` is missing
}

std::vector<Section> sections() {
  return {{.name = "part",
           .text = "A part of the program.",
           .keys = outer_keys().infos(),
           .example = "[part]\ntitle = \"x\"\n",
           .check = [](const Node& table, const CheckContext&, Findings& findings) {
             Outer out;
             read_table(table, outer_keys(), out, findings);
           }}};
}

TEST(Config, WhatLacksItsQuotesIsShownWithThem) {
  const auto says = [](std::string_view text) {
    const auto root = parse(text);
    return root ? std::string{"read"} : line(root.error(), "f");
  };
  EXPECT_THAT(says("[a]\ninterval = 30s  # often\n"), HasSubstr("marks: interval = \"30s\" ["));
  EXPECT_THAT(says("size = 16 MiB\n"), HasSubstr("size = \"16 MiB\""));
  EXPECT_THAT(says("name = shop\n"), HasSubstr("name = \"...\""));
  EXPECT_THAT(says("secret = 30hunter2\n"), Not(HasSubstr("hunter")));
  EXPECT_THAT(says("list = [1, x]\n"), Not(HasSubstr("quotation")));
}

TEST(Config, LettersOutsideAsciiStandInStringsAndComments) {
  for (const char* text : {"a = \"\u00fc\"", "a = '\u00fc' # \u00fc", "a = \"\\\\\" # \u00fc",
                           "a = \"\"\"\u00fc\n\"\u00fc\" \\\" \u00fc\"\"\"\"\" # \u00fc\nb = 1",
                           "a = '''\u00fc'\u00fc\n\u00fc''' # \u00fc", "\xEF\xBB\xBF\x61 = 1",
                           "\"\u00fc\" = ''\nb = '\u00fc'"}) {
    const auto read = parse(text);
    EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error().text);
  }
  EXPECT_FALSE(parse("b303\u03cc\u0768s\"["));
}

TEST(Config, ASectionThatNobodyHasIsRefused) {
  Findings findings;
  check(*parse("[prat]\ntitle = \"x\"\n[part]\ntilte = \"x\"\n"), sections(), {}, findings);
  EXPECT_EQ(text(findings, "f"),
            "f:1:2: error: unknown key `prat`; did you mean `part`? [unknown-key]\n"
            "f:4:1: error: unknown key `tilte`; did you mean `title`? [unknown-key]\n");
}

TEST(Config, TheReferenceComesFromTheSameList) {
  const auto text = schema_text(sections());
  EXPECT_THAT(text, HasSubstr("# How large.\n# bytes\n#size = \"16 MiB\"\n"));
  EXPECT_THAT(text, HasSubstr("# word: red | green\n#colour = \"red\"\n"));
  EXPECT_THAT(text, HasSubstr("#title = \"a \\\"title\\\"\"\n"));
  EXPECT_THAT(text, HasSubstr("#[[part.each]]\n"));
  EXPECT_TRUE(parse(text));
  EXPECT_THAT(schema_markdown(sections()),
              HasSubstr("| `wait` | duration | `\"19s\"` | How long. |"));
  const auto json = nlohmann::json::parse(schema_json(sections()));
  EXPECT_EQ(json["properties"]["part"]["properties"]["colour"]["enum"][1], "green");
  EXPECT_EQ(json["properties"]["part"]["properties"]["each"]["items"]["required"][0], "name");
}

// What the reference shows as default is what the reader takes, and it changes nothing.
TEST(Config, DefaultsReadBack) {
  std::string all;
  for (const auto& key : outer_keys().infos()) {
    if (key.inside.empty() && !key.standard.empty()) all += key.name + " = " + key.standard + "\n";
  }
  EXPECT_EQ(read(all).said, "");
}

TEST(Config, JsonAndSarif) {
  Findings findings;
  findings.error("unknown-key", {3, 4}, "unknown key");
  findings.warning("risky", {1, 1}, "short");
  const auto plain = nlohmann::json::parse(json(findings, "f.toml"));
  EXPECT_FALSE(plain["usable"].get<bool>());
  EXPECT_EQ(plain["findings"][0]["rule"], "risky");
  const auto report = nlohmann::json::parse(sarif(findings, "f.toml", "1.0"));
  const auto& results = report["runs"][0]["results"];
  EXPECT_EQ(results[1]["ruleId"], "unknown-key");
  EXPECT_EQ(results[1]["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
}

}  // namespace
}  // namespace causeway::config
