#include "app/demo_diagnoses.hpp"

#include <fmt/format.h>

#include "app/phrases.hpp"
#include "app/target_url.hpp"
#include "base/text.hpp"
#include "net/group.hpp"

namespace causeway::app {
namespace {

net::Task<void> ask(DemoDiagnosis& one) {
  one.run = co_await reach::diagnose(one.question.request, *one.record);
}

net::Task<void> ask_all(std::vector<DemoDiagnosis>& all) {
  net::Group group;
  for (auto& one : all) group.start(ask(one));
  co_await group.finished();
}

std::string line_of(const DemoDiagnosis& one, const Screen& screen) {
  const auto& verdict = one.diagnosis.verdict;
  const bool fine = verdict.state == model::State::ok;
  const std::string cause =
      verdict.causes.empty() ? std::string{} : std::string{name(verdict.causes.front().cause)};
  return fmt::format(
      "  {} {} {} {} {} {:>6}\n",
      screen.paint(fine ? Tone::good : Tone::bad, fine ? screen.good() : screen.bad()),
      padded(one.name, 13), padded(verdict.code == 0 ? "-" : fmt::format("{}", verdict.code), 3),
      screen.paint(Tone::accent, padded(cause, 22)), screen.paint(Tone::dim, padded(one.fault, 28)),
      duration_text(one.diagnosis.duration));
}

}  // namespace

Parsed<std::vector<DemoDiagnosis>> demo_questions(const DemoOrigins& demo) {
  std::vector<DemoDiagnosis> out;
  for (const auto& origin : demo.origins) {
    auto& one = out.emplace_back(DemoDiagnosis{.name = origin.name, .fault = origin.fault});
    const auto target = parse_target(origin.url());
    if (!target) return error(target.error().text);
    one.question.request.target = *target;
    one.question.request.ca_file = demo.ca_file;
  }
  return out;
}

void diagnose_demo(std::vector<DemoDiagnosis>& all, net::Loop& loop,
                   const reach::Record::Listener& heard) {
  const WallTime started = wall_now();
  for (auto& one : all) one.record = std::make_unique<reach::Record>(heard);
  loop.run(ask_all(all));
  for (auto& one : all) {
    one.diagnosis = conclude(one.question, started, std::move(one.run), one.record->take());
  }
}

std::string demo_table(const std::vector<DemoDiagnosis>& all, const Screen& screen) {
  std::string out = fmt::format(
      "{} small origins on 127.0.0.1, each diagnosed as an edge would meet it.\n\n  {}\n",
      all.size(),
      screen.paint(Tone::dim, fmt::format("  {} sees {} {} {:>6}", padded("origin", 12),
                                          padded("cause found", 22),
                                          padded("what it really does", 28), "took")));
  for (const auto& one : all) out += line_of(one, screen);
  return out;
}

}  // namespace causeway::app
