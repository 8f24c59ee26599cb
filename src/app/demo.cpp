// `causeway demo`: small real origins on loopback, each with one fault, and what a diagnosis says
// about each. Nothing leaves this machine.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/diagnose.hpp"
#include "app/interrupt.hpp"
#include "app/phrases.hpp"
#include "app/progress.hpp"
#include "app/render.hpp"
#include "app/target_url.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "net/fd.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/small_origin.hpp"

namespace causeway::app {
namespace {

constexpr std::string_view kShown = "http-on-https";

struct Flags {
  std::string show{kShown};
  std::string format = "text";
  bool no_color = false;
};

struct Stage {  // one origin and what is asked of it
  std::string name;
  std::string fault;  // what is wrong with it, in truth
  std::string scheme;
  net::SmallOriginPlan plan;
  std::unique_ptr<net::SmallOrigin> origin;
  DiagnosePlan question;
  std::unique_ptr<reach::Record> record;
  reach::DiagnosisRun run;
  model::Diagnosis diagnosis;
};

// A file in memory: OpenSSL wants a path, and nothing has to be cleaned up.
Parsed<net::Fd> memory_file(const std::string& text) {
  net::Fd out{memfd_create("causeway-demo-ca", MFD_CLOEXEC)};
  if (!out || ::write(out.get(), text.data(), text.size()) != static_cast<long>(text.size())) {
    return error(
        fmt::format("cannot keep the demonstration's certificate: {}", std::strerror(errno)));
  }
  return out;
}

struct CaseRow {
  const char* name;
  const char* fault;
  const char* scheme;
  net::Manner manner;
  const char* certificate;  // "" | right | expired | other-name | self-signed
  std::string reply;
  bool keeps_waiting = false;
};

std::vector<CaseRow> cases() {
  using net::Manner;
  const std::string page = net::page_reply(200, "OK", "The demonstration's page");
  const std::string cut = page.substr(0, page.size() - 40);
  return {
      {"healthy", "nothing", "https", Manner::answer, "right", page},
      {"refusing", "nothing listens", "https", Manner::refuse, "", ""},
      {"mute", "never says a word", "https", Manner::mute, "", ""},
      {"http-on-https", "plain HTTP on the HTTPS port", "https", Manner::answer, "", page},
      {"expired", "certificate ended 3 days ago", "https", Manner::answer, "expired", page},
      {"other-name", "certificate for another name", "https", Manner::answer, "other-name", page},
      {"self-signed", "certificate signed by itself", "https", Manner::answer, "self-signed", page},
      {"empty-reply", "closes without an answer", "http", Manner::answer, "", ""},
      {"not-http", "answers, but not in HTTP", "http", Manner::answer, "",
       "hello?\r\nanybody?\r\n"},
      {"cut-short", "stops in mid-page", "http", Manner::answer, "",
       cut.substr(0, cut.find("Connection")) + cut.substr(cut.find("\r\n\r\n") + 2)},
      {"too-slow", "takes the request, no answer", "http", Manner::answer, "", "", true},
      {"broken-app", "answers with 500", "http", Manner::answer, "",
       net::page_reply(500, "Internal Server Error", "Something broke")},
      {"circle", "redirects to itself", "http", Manner::answer, "",
       "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
  };
}

Parsed<net::Identity> identity(const net::SmallAuthority& authority, std::string_view certificate) {
  net::IdentityOrder order{.subject = "IP:127.0.0.1"};
  if (certificate.empty()) return net::Identity{};
  if (certificate == "expired") {
    order.from_days = -93;
    order.to_days = -3;
  }
  if (certificate == "other-name") order.subject = "DNS:shop.example.com";
  order.signed_by_itself = certificate == "self-signed";
  return authority.issue(order);
}

Parsed<Stage> raise(const CaseRow& row, const net::SmallAuthority& authority,
                    const std::string& ca_file) {
  Stage out{.name = row.name, .fault = row.fault, .scheme = row.scheme};
  out.plan = {.manner = row.manner, .reply = row.reply, .keeps_waiting = row.keeps_waiting};
  auto made = identity(authority, row.certificate);
  if (!made) return error(made.error().text);
  out.plan.identity = std::move(*made);
  auto origin = net::SmallOrigin::open(out.plan);
  if (!origin) return error(origin.error().text);
  out.origin = std::move(*origin);
  const auto target =
      parse_target(fmt::format("{}://{}/", out.scheme, out.origin->endpoint().text()));
  if (!target) return error(target.error().text);
  out.question.request.target = *target;
  out.question.request.ca_file = ca_file;
  return out;
}

net::Task<void> ask(Stage& stage) {
  stage.run = co_await reach::diagnose(stage.question.request, *stage.record);
}

net::Task<void> ask_all(std::vector<Stage>& stages) {
  net::Group all;
  for (auto& stage : stages) all.start(ask(stage));
  co_await all.finished();
}

void diagnose_all(std::vector<Stage>& stages) {
  const WallTime started = wall_now();
  Progress progress{stderr_is_terminal()};
  for (auto& stage : stages) {
    stage.record = std::make_unique<reach::Record>([&](const auto& seen) { progress.saw(seen); });
  }
  net::Loop loop;
  {
    const InterruptOnSignal interrupt{loop};
    loop.run(ask_all(stages));
  }
  for (auto& stage : stages) {
    stage.diagnosis = conclude(stage.question, started, std::move(stage.run), stage.record->take());
  }
}

std::string line_of(const Stage& stage, const Screen& screen) {
  const auto& verdict = stage.diagnosis.verdict;
  const bool fine = verdict.state == model::State::ok;
  const std::string cause =
      verdict.causes.empty() ? std::string{} : std::string{name(verdict.causes.front().cause)};
  return fmt::format(
      "  {} {} {} {} {} {:>6}\n",
      screen.paint(fine ? Tone::good : Tone::bad, fine ? screen.good() : screen.bad()),
      padded(stage.name, 13), padded(verdict.code == 0 ? "-" : fmt::format("{}", verdict.code), 3),
      screen.paint(Tone::accent, padded(cause, 22)),
      screen.paint(Tone::dim, padded(stage.fault, 28)), duration_text(stage.diagnosis.duration));
}

std::string report(const std::vector<Stage>& stages, const Flags& flags) {
  const Screen screen = screen_of_stdout(flags.no_color);
  std::string out = fmt::format(
      "{} small origins on 127.0.0.1, each diagnosed as an edge would meet it.\n\n  {}\n",
      stages.size(),
      screen.paint(Tone::dim, fmt::format("  {} sees {} {} {:>6}", padded("origin", 12),
                                          padded("cause found", 22),
                                          padded("what it really does", 28), "took")));
  for (const auto& stage : stages) out += line_of(stage, screen);
  const auto shown = std::ranges::find(stages, flags.show, &Stage::name);
  out += fmt::format("\nThe whole report about {}:\n\n{}\n", shown->name,
                     render_text(shown->diagnosis, screen));
  return out + "Yours: causeway diagnose https://www.example.net/\n";
}

std::string json_report(const std::vector<Stage>& stages) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& stage : stages) {
    list.push_back({{"name", stage.name},
                    {"fault", stage.fault},
                    {"diagnosis", nlohmann::ordered_json::parse(model::to_json(stage.diagnosis))}});
  }
  const nlohmann::ordered_json out{{"schema", "causeway.demo/1"}, {"origins", std::move(list)}};
  return out.dump(2) + "\n";
}

int demo(const Flags& flags) {
  const auto rows = cases();
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.name);
  if (std::ranges::find(names, flags.show) == names.end()) {
    return wrong_use("demo", fmt::format("--show: '{}' is not an origin; expected one of {}",
                                         printable(flags.show, 60), join(names, ", ")));
  }
  const auto cannot = [](const Error& why) {
    fmt::print(stderr, "causeway demo: {}\n", why.text);
    return kCouldNotTell;
  };
  const auto authority = net::SmallAuthority::make();
  if (!authority) return cannot(authority.error());
  const auto file = memory_file((*authority)->certificate());
  if (!file) return cannot(file.error());
  std::vector<Stage> stages;
  for (const auto& row : rows) {
    auto stage = raise(row, **authority, fmt::format("/proc/self/fd/{}", file->get()));
    if (!stage) return cannot(stage.error());
    stages.push_back(std::move(*stage));
  }
  diagnose_all(stages);
  print(flags.format == "json" ? json_report(stages) : report(stages, flags));
  return kFine;
}

}  // namespace

Command add_demo(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("demo", "Diagnose small faulty origins on this machine");
  app->footer(
      "Examples:\n"
      "  causeway demo\n"
      "  causeway demo --show expired\n"
      "  causeway demo --format json");
  app->add_option("--show", flags->show, "whose whole report is printed (default http-on-https)")
      ->option_text("ORIGIN");
  app->add_option("--format", flags->format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app->add_flag("--no-color", flags->no_color, "no colours (NO_COLOR does the same)");
  return {app, [flags] { return demo(*flags); }};
}

}  // namespace causeway::app
