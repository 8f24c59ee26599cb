// Runs test/scenario/{exchange,secure}/*.scn: a scripted origin in, observations and a failure out.
// The format is described in test/scenario/README.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "net/loop.hpp"
#include "net/scripted_origin.hpp"
#include "net/tcp.hpp"
#include "reach/edge_answer.hpp"
#include "reach/exchange.hpp"
#include "reach/idle.hpp"
#include "reach/redirects.hpp"
#include "reach/secure.hpp"

namespace causeway::reach {
namespace {

namespace fs = std::filesystem;

struct Scenario {
  std::vector<net::CertificateOrder> certificates;
  std::vector<std::string> trusted;
  std::vector<std::pair<std::string, std::string>> revoked;  // certificate, issuer
  std::vector<net::Script> origins;
  net::ScriptedOrigin::Hearing hearing = net::ScriptedOrigin::Hearing::good;
  std::string what = "exchange";  // exchange | secure | idle | redirects | edge
  std::map<std::string, std::string> asked;
  std::vector<std::pair<std::string, std::string>> expected;

  std::string ask(const std::string& key, std::string otherwise) const {
    const auto found = asked.find(key);
    return found != asked.end() ? found->second : std::move(otherwise);
  }
};

// Words of a line; a text in quotes is one word, with its escapes resolved. ';' is a word.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  bool open = false;
  bool fresh = true;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (fresh) out.emplace_back();
      open = !open;
      fresh = false;
    } else if (!open && (c == ' ' || c == ';')) {
      if (c == ';') out.emplace_back(";");
      fresh = true;
    } else {
      if (std::exchange(fresh, false)) out.emplace_back();
      if (open && c == '\\') {
        const char next = line[++i];
        if (next == 'x') {
          out.back() +=
              static_cast<char>(std::stoi(std::string{line.substr(i + 1, 2)}, nullptr, 16));
          i += 2;
        } else {
          out.back() += next == 'r' ? '\r' : next == 'n' ? '\n' : next == '0' ? '\0' : next;
        }
      } else {
        out.back() += c;
      }
    }
  }
  return out;
}

net::Script script_of(const std::vector<std::string>& words) {
  net::Script out;
  bool first = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == ";") {
      first = true;
    } else if (std::exchange(first, false)) {
      out.push_back({words[i], {}});
    } else {
      out.back().words.push_back(words[i]);
    }
  }
  return out;
}

net::CertificateOrder order_of(const std::vector<std::string>& words) {
  const net::ScriptStep step{"certificate", words};
  net::CertificateOrder out;
  out.name = words.at(1);
  out.subject = step.value("subject");
  out.organisation = step.value("organisation");
  for (const auto name : split(step.value("names"), ',')) {
    if (!name.empty()) out.for_names.emplace_back(name);
  }
  out.issuer = step.value("issuer");
  out.is_ca = step.value("ca") == "yes";
  out.issuer_url = step.value("issuer-url") == "yes";
  const auto set = [&](std::string_view key, std::string& value) {
    if (auto given = step.value(key); !given.empty()) value = std::move(given);
  };
  set("key", out.key);
  set("digest", out.digest);
  set("purpose", out.purpose);
  if (const auto days = step.value("from"); !days.empty()) out.from_days = std::stoi(days);
  if (const auto days = step.value("to"); !days.empty()) out.to_days = std::stoi(days);
  return out;
}

Scenario read_scenario(const fs::path& path) {
  Scenario out;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    const auto words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    const auto& verb = words[0];
    if (verb == "certificate") {
      out.certificates.push_back(order_of(words));
    } else if (verb == "trust") {
      out.trusted.assign(words.begin() + 1, words.end());
    } else if (verb == "revoke") {
      out.revoked.emplace_back(words.at(1), words.at(2));
    } else if (verb == "hearing") {
      out.hearing = words.at(1) == "deaf" ? net::ScriptedOrigin::Hearing::deaf
                                          : net::ScriptedOrigin::Hearing::narrow;
    } else if (verb == "origin") {
      out.origins.push_back(script_of(words));
    } else if (verb == "ask") {
      out.what = words.at(1);
      for (std::size_t i = 2; i < words.size(); ++i) {
        const auto equals = words[i].find('=');
        out.asked[words[i].substr(0, equals)] = words[i].substr(equals + 1);
      }
    } else if (verb == "expect") {
      out.expected.emplace_back(words.at(1), words.size() > 2 ? words[2] : std::string{});
    } else {
      ADD_FAILURE() << path << ": unknown line: " << line;
    }
  }
  return out;
}

std::string text_of(const model::Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return join(held, " ");
        } else {
          return fmt::format("{}", held);
        }
      },
      value);
}

// "http.status": the field of the last observation of that kind; nothing when absent.
std::optional<std::string> observed(const Record& record, std::string_view what) {
  const auto dot = what.find('.');
  const auto kind = model::kind_named(what.substr(0, dot));
  std::optional<std::string> out;
  if (!kind || dot == std::string_view::npos) return out;
  for (const auto& observation : record.observations()) {
    if (observation.kind != *kind) continue;
    const auto* value = observation.find(what.substr(dot + 1));
    out = value != nullptr ? std::optional{text_of(*value)} : std::nullopt;
  }
  return out;
}

class ScenarioRun {
 public:
  explicit ScenarioRun(const Scenario& scenario, const fs::path& ca_file) : scenario_(scenario) {
    for (const auto& order : scenario.certificates) certificates_.make(order);
    for (const auto& [name, issuer] : scenario.revoked) certificates_.revoke(name, issuer);
    if (!scenario.certificates.empty()) {
      certificates_.write(ca_file, scenario.trusted);
      request_.ca_file = ca_file;
    }
    const bool tls = scenario.ask("over", scenario.what == "secure" ? "tls" : "plain") == "tls";
    auto& target = request_.target;
    target.host = scenario.ask("host", "www.example.net");
    target.scheme = scenario.ask("scheme", tls ? "https" : "http");
    target.path = scenario.ask("path", "/");
    if (const auto bytes = scenario.ask("path-bytes", ""); !bytes.empty()) {
      target.path.append(std::stoul(bytes), 'x');
    }
    target.port = target.scheme == "https" ? 443 : 80;
    target.url = fmt::format("{}://{}{}", target.scheme, target.host, target.path);
    if (scenario.ask("ssl", "strict") == "full") request_.ssl = model::SslMode::full;
    if (scenario.ask("ssl", "strict") == "flexible") request_.ssl = model::SslMode::flexible;
    request_.expect.status = std::stoi(scenario.ask("expect-status", "0"));
    request_.expect.text = scenario.ask("expect-text", "");
    tls_ = tls;
  }

  void run() {
    const net::ScriptedOrigin origin{scenario_.origins, certificates_, scenario_.hearing};
    net::Loop loop;
    loop.run(ask(origin.endpoint()));
  }

  std::string failure() const {
    return failure_ ? std::string{model::name(*failure_)} : std::string{"none"};
  }
  const Record& record() const { return record_; }

 private:
  Duration wait(const std::string& key, std::string otherwise) const {
    return *parse_duration(scenario_.ask(key, std::move(otherwise)));
  }

  net::Task<void> ask(Endpoint remote) {
    Survey survey{request_, record_, Clock::now() + std::chrono::seconds{20}};
    if (scenario_.what == "idle") co_return co_await idle(survey, remote, wait("wait", "100ms"));
    if (scenario_.what == "edge") {
      failure_ = (co_await ask_edge(survey, remote)).failure;
      co_return;
    }
    if (scenario_.what == "redirects") {
      Redirection first{.location = scenario_.ask("location", "")};
      if (auto cookie = scenario_.ask("cookie", ""); !cookie.empty()) {
        first.cookies.push_back(std::move(cookie));
      }
      const auto found = co_await redirects(survey, remote, std::move(first));
      if (found.loops) failure_ = model::FailureId::http_loop;
      co_return;
    }
    net::ConnectOptions options;
    options.remote = remote;
    options.deadline = survey.deadline;
    auto connected = co_await net::connect_tcp(options);
    EXPECT_EQ(connected.outcome, net::ConnectOutcome::open);
    if (!tls_) {
      const auto stream = net::plain_stream(std::move(connected.socket));
      co_return co_await fetch(survey, remote, *stream, nullptr);
    }
    auto question = secure_question(request_, remote, "main");
    question.wait = wait("wait", "3s");
    const auto secured = co_await secure(survey, std::move(connected.socket), question);
    failure_ = secured.failure;
    because_ = secured.because;
    if (scenario_.what == "secure" || !secured.result.stream) co_return;
    co_await fetch(survey, remote, *secured.result.stream, &secured.result);
  }

  net::Task<void> fetch(Survey& survey, Endpoint remote, net::Stream& stream,
                        const net::TlsResult* secured) {
    auto question = exchange_question(request_, remote, "main", secured);
    question.first_byte = wait("first-byte", "3s");
    question.between_bytes = wait("between", "3s");
    question.body = wait("body", "3s");
    auto answer = co_await exchange(survey, stream, question);
    if (scenario_.asked.contains("reuse")) {
      EXPECT_TRUE(answer.reusable);
      question.variant = "reuse";
      question.connections_before = 1;
      question.session = answer.session;
      answer = co_await exchange(survey, stream, question);
    }
    failure_ = answer.failure;
    because_ = answer.because;
  }

  const Scenario& scenario_;
  net::ScriptedCertificates certificates_;
  Request request_;
  Record record_;
  std::optional<model::FailureId> failure_;
  std::string because_;
  bool tls_ = false;
};

class OriginScenario : public testing::TestWithParam<fs::path> {};

TEST_P(OriginScenario, comes_out_as_expected) {
  const auto scenario = read_scenario(GetParam());
  ASSERT_FALSE(scenario.origins.empty());
  ASSERT_FALSE(scenario.expected.empty());
  const auto ca_file = fs::path{testing::TempDir()} /
                       fmt::format("causeway-{}-{}.pem", ::getpid(), GetParam().stem().string());
  ScenarioRun run{scenario, ca_file};
  run.run();
  fs::remove(ca_file);
  for (const auto& [what, value] : scenario.expected) {
    if (what == "failure") {
      EXPECT_EQ(run.failure(), value);
      continue;
    }
    const auto seen = observed(run.record(), what);
    if (value == "absent") {
      EXPECT_FALSE(seen) << what << " is " << *seen;
    } else if (value.starts_with('~')) {
      EXPECT_TRUE(seen && seen->contains(value.substr(1)))
          << what << " is " << seen.value_or("absent");
    } else {
      EXPECT_EQ(seen.value_or("absent"), value) << what;
    }
  }
}

std::vector<fs::path> scenario_files() {
  std::vector<fs::path> out;
  for (const auto* folder : {"test/scenario/exchange", "test/scenario/secure"}) {
    for (const auto& entry : fs::directory_iterator{folder}) {
      if (entry.path().extension() == ".scn") out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  return out;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  auto name = info.param.parent_path().stem().string() + "_" + info.param.stem().string();
  std::ranges::replace(name, '-', '_');
  std::ranges::replace(name, '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, OriginScenario, testing::ValuesIn(scenario_files()), name_of);

}  // namespace
}  // namespace causeway::reach
