// Logs against the truth. Every line of test/logs/real/ was written by a real proxy in front of a
// server that was wrong in exactly one way, named in the path or by its port (test/logs/record.sh).
// The files in test/logs/documented/ hold lines in the forms that the proxies document.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/text.hpp"
#include "explain/candidates.hpp"
#include "explain/meaning.hpp"

namespace causeway::explain {
namespace {

namespace fs = std::filesystem;

const codec::LogClock kClock{0, 1'795'651'200'000};  // 2026-11-26

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream in{path};
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::string bare(std::string_view name) { return std::string{name.substr(0, name.find('~'))}; }

using Ports = std::map<std::string, std::string>;

Ports truths() {
  Ports out;
  for (const auto& line : lines_of("test/logs/real/truth.txt")) {
    const auto blank = line.find(' ');
    out[line.substr(0, blank)] = bare(line.substr(blank + 1));
  }
  return out;
}

// "/connect.refused~x/?token" or the server's port; empty when the line has neither.
std::string truth_of(std::string_view line, const Ports& ports) {
  for (auto at = line.find('/'); at != std::string_view::npos; at = line.find('/', at + 1)) {
    const auto end = line.find('/', at + 1);
    if (end == std::string_view::npos) break;
    const auto name = bare(line.substr(at + 1, end - at - 1));
    if (name == "fine" || model::failure_named(name)) return name;
  }
  for (const auto& [port, name] : ports) {
    if (line.contains(port)) return name;
  }
  return {};
}

std::string_view between(std::string_view line, std::string_view front, char end) {
  const auto at = line.find(front);
  if (at == std::string_view::npos) return {};
  const auto rest = line.substr(at + front.size());
  return rest.substr(0, rest.find(end));
}

// Apache tells one failure in several lines of one thread; only some of them name the server. The
// nearest of the same client and thread tells.
std::string truth_near(const std::vector<std::string>& lines, std::size_t at, const Ports& ports) {
  constexpr std::size_t kFar = 8;
  if (auto truth = truth_of(lines[at], ports); !truth.empty()) return truth;
  const auto thread = between(lines[at], "[pid ", ']');
  const auto client = between(lines[at], "[client ", ']');
  if (thread.empty()) return {};
  for (std::size_t distance = 1; distance <= kFar; ++distance) {
    for (const bool before : {true, false}) {
      if (before ? distance > at : at + distance >= lines.size()) continue;
      const auto& other = lines[before ? at - distance : at + distance];
      const auto its = between(other, "[client ", ']');
      if (between(other, "[pid ", ']') != thread) continue;
      if (!its.empty() && !client.empty() && its != client) return {};
      if (auto truth = truth_of(other, ports); !truth.empty()) return truth;
    }
  }
  return {};
}

bool possible(const Meaning& meaning, std::string_view failure) {
  return std::ranges::any_of(meaning.possible.all(),
                             [&](auto each) { return model::name(each) == failure; });
}

struct Count {
  int failures = 0;
  int told = 0;
  std::set<std::string> named;
};

Count check_real(const fs::path& path) {
  const auto ports = truths();
  const auto lines = lines_of(path);
  codec::LogReader reader{kClock};
  Count out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(path.filename().string() + ":" + std::to_string(i + 1) + ": " +
                 lines[i].substr(0, 220));
    codec::LogLine line;
    // nginx writes "status":009 for an answer of HTTP/0.9, which is no JSON.
    if (lines[i].contains("\"status\":009")) continue;
    EXPECT_TRUE(reader.read(lines[i], false, line)) << "not understood";
    const auto meaning = meaning_of(line);
    if (meaning.part != Part::failed && meaning.part != Part::trouble) continue;
    const auto truth = truth_near(lines, i, ports);
    if (truth.empty()) continue;
    ++out.failures;
    EXPECT_NE(truth, "fine") << meaning.reading;
    EXPECT_TRUE(possible(meaning, truth)) << truth << " is not possible: " << meaning.reading;
    if (!meaning.failure()) continue;
    ++out.told;
    out.named.insert(truth);
    // The code that follows is never that of another failure.
    const auto right = model::failure_named(truth);
    if (right && *right != model::FailureId::http_status) {
      EXPECT_EQ(meaning.code(), model::row(*right).code) << truth << ": " << meaning.reading;
    }
  }
  return out;
}

TEST(Corpus, RealLogsAgreeWithTheTruth) {
  // How many of the 40 faults each log at least tells from all others; an access log tells few.
  const std::map<std::string, std::size_t> least{
      {"nginx-error.log", 26},   {"apache-error.log", 18}, {"caddy.log", 20},
      {"haproxy.log", 10},       {"nginx-access.log", 2},  {"nginx-json.log", 2},
      {"nginx-combined.log", 0}, {"apache-access.log", 0}, {"caddy-access.log", 0},
  };
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator{"test/logs/real"}) {
    if (entry.path().extension() != ".log") continue;
    ++files;
    const auto name = entry.path().filename().string();
    const auto count = check_real(entry.path());
    EXPECT_GT(count.failures, 25) << name;
    ASSERT_TRUE(least.contains(name)) << name;
    EXPECT_GE(count.named.size(), least.at(name)) << name;
    ::testing::Test::RecordProperty(name, static_cast<int>(count.named.size()));
    std::printf("%s: %d lines about failures, %d name it, %zu faults named\n", name.c_str(),
                count.failures, count.told, count.named.size());
  }
  EXPECT_EQ(files, least.size());
}

std::string stamp(std::int64_t at) { return rfc3339(WallTime{std::chrono::milliseconds{at}}); }

void check_key(std::string_view key, const std::string& value, const codec::LogLine& line,
               const Meaning& meaning) {
  if (key == "origin") EXPECT_EQ(line.origin, value);
  if (key == "host") EXPECT_EQ(place_of(line).host, value.substr(0, value.find(':')));
  if (key == "code") EXPECT_EQ(std::to_string(meaning.code()), value);
  if (key == "count") EXPECT_EQ(std::to_string(line.weight), value);
  if (key == "at") EXPECT_EQ(stamp(line.at), value);
  if (key != "cause") return;
  const auto causes = candidates(meaning, place_of(line));
  EXPECT_TRUE(std::ranges::any_of(causes, [&](const auto& each) {
    return model::name(each.cause) == value;
  })) << value;
}

void check_documented(const std::string& text, const std::vector<std::string_view>& expected) {
  codec::LogReader reader{kClock};
  codec::LogLine line;
  if (const auto rows = reader.rows(text,
                                    [&](const codec::LogLine& row) {
                                      if (row.status >= 500) line = row;
                                    });
      !rows) {
    ASSERT_TRUE(reader.read(text, false, line)) << "not understood";
  }
  const auto meaning = meaning_of(line);
  const auto front = expected.front();
  if (front == "fine" || front == "client-left") {
    EXPECT_EQ(meaning.part, front == "fine" ? Part::fine : Part::client_left) << meaning.reading;
    return;
  }
  EXPECT_NE(meaning.part, Part::fine);
  const auto failure = meaning.failure();
  EXPECT_EQ(failure ? model::name(*failure) : "-", front) << meaning.reading;
  for (const auto need : expected) {
    const auto sign = need.find('=');
    if (sign != std::string_view::npos) {
      check_key(need.substr(0, sign), std::string{need.substr(sign + 1)}, line, meaning);
    } else if (need != "-") {
      EXPECT_TRUE(possible(meaning, need)) << need;
    }
  }
}

TEST(Corpus, DocumentedFormsMeanWhatTheySay) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator{"test/logs/documented"}) {
    std::string expected;
    int number = 0;
    for (const auto& text : lines_of(entry.path())) {
      ++number;
      if (text.empty() || text.starts_with('#')) continue;
      if (text.starts_with("> ")) {
        expected = text.substr(2);
        continue;
      }
      SCOPED_TRACE(entry.path().filename().string() + ":" + std::to_string(number) + ": " +
                   text.substr(0, 200));
      check_documented(text, split(expected, ' '));
      ++count;
    }
  }
  EXPECT_GT(count, 100);
}

TEST(Meaning, FlagsAlone) {
  const auto reading = [](std::string_view flags) {
    const auto all = meanings_of_flags(flags);
    if (all.empty()) return std::string{"none"};
    const auto failure = all.front().meaning.failure();
    return std::string{all.front().product} + " " +
           std::string{failure ? model::name(*failure) : "-"};
  };
  EXPECT_EQ(reading("sH--"), "HAProxy http.silent");
  EXPECT_EQ(reading("SD"), "HAProxy http.body_truncated");
  EXPECT_EQ(reading("SC--"), "HAProxy -");
  EXPECT_EQ(reading("UF,URX"), "Envoy -");
  EXPECT_EQ(reading("UT"), "Envoy http.silent");
  EXPECT_EQ(reading("UC"), "Envoy http.closed");
  EXPECT_EQ(reading("URX,UC"), "Envoy http.closed");
  EXPECT_EQ(reading("NR"), "Envoy choose.no_config");
  EXPECT_EQ(reading("XX"), "none");
  EXPECT_EQ(reading(""), "none");
  EXPECT_EQ(meanings_of_flags("DC").size(), 2U);  // HAProxy's and Envoy's
}

TEST(Meaning, EveryReadingHasCandidatesOrNeedsNone) {
  for (const auto* words :
       {"upstream prematurely closed connection while reading response header",
        "connect() failed (111: Connection refused) while connecting to upstream",
        "x509: certificate signed by unknown authority",
        "AH00957: HTTP: attempt to connect to 10.0.0.1:80 (10.0.0.1) failed (111)"}) {
    const auto meaning = meaning_of_words(words);
    ASSERT_EQ(meaning.part, Part::failed) << words;
    const auto causes = candidates(meaning, {});
    ASSERT_FALSE(causes.empty()) << words;
    double sum = 0;
    for (const auto& cause : causes) sum += cause.probability;
    EXPECT_LE(sum, 1.0 + 1e-9) << words;
  }
}

}  // namespace
}  // namespace causeway::explain
