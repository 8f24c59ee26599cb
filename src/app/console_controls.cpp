#include "app/console_controls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/command.hpp"
#include "app/diagnose.hpp"
#include "app/host_proof.hpp"
#include "app/plan_for_console.hpp"
#include "app/report_making.hpp"
#include "app/target_url.hpp"
#include "console/live_runs.hpp"
#include "console/setup_token.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "reach/diagnose.hpp"
#include "watch/diagnosis_request.hpp"
#include "watch/full_check.hpp"
#include "watch/typed_target.hpp"

namespace causeway::app {
namespace {

constexpr std::chrono::milliseconds kLookWhetherLeft{100};

Parsed<DiagnosePlan> plan_of_url(const console::DiagnosisOrder& order) {
  auto target = parse_target(order.url);
  if (!target) return error(std::move(target.error().text));
  if (!order.may_be_private) {
    auto open = console::open_to_people(*target);
    if (!open) return error(std::move(open.error().text));
  }
  DiagnosePlan plan;
  if (order.address) {
    if (!order.may_be_private) {
      auto open = console::open_to_people(*order.address);
      if (!open) return error(std::move(open.error().text));
    }
    plan.request.origins.push_back({*order.address, target->port});
  }
  plan.request.target = std::move(*target);
  return plan;
}

Parsed<DiagnosePlan> plan_of_target(watch::Target& target, bool may_be_private) {
  if (!may_be_private) {
    if (const auto where = watch::private_place(target); !where.empty()) {
      return error(
          fmt::format("{}: the console does not probe this machine or its private "
                      "networks for people",
                      where));
    }
    target.public_only = true;
  }
  auto request = watch::diagnosis_request(target);
  if (!request) return error(std::move(request.error().text));
  DiagnosePlan plan;
  plan.request = std::move(*request);
  return plan;
}

Parsed<model::Diagnosis> diagnose_for_console(
    const console::DiagnosisOrder& order,
    const std::function<bool(const model::Observation&)>& seen) {
  std::optional<watch::Target> watched;
  if (!order.definition.empty()) {
    auto read = watch::target_from_json(order.definition);
    if (!read) return error(std::move(read.error().text));
    watched = std::move(*read);
  }
  auto plan = watched ? plan_of_target(*watched, order.may_be_private) : plan_of_url(order);
  if (!plan) return error(std::move(plan.error().text));
  plan->documents = order.with;
  if (order.quick) plan->request.mode = model::Mode::quick;
  if (order.deadline > Duration::zero()) plan->request.deadline = order.deadline;
  const WallTime started = wall_now();
  net::Loop loop;
  reach::Record record{[&](const model::Observation& observation) {
    if (!seen(observation)) loop.interrupt();
  }};
  auto run = loop.run(reach::diagnose(plan->request, record));
  auto diagnosis = conclude(*plan, started, std::move(run), record.take());
  if (watched) watch::limit_claim(*watched, diagnosis);
  return diagnosis;
}

Parsed<bool> can_diagnose(const std::string& definition) {
  const auto target = watch::target_from_json(definition);
  if (!target) return error(target.error().text);
  const auto request = watch::diagnosis_request(*target);
  if (!request) return error(request.error().text);
  return true;
}

net::Task<void> end_when_left(const std::function<bool()>& left) {
  net::Loop& loop = net::Loop::current();
  while (co_await loop.sleep_until(loop.now() + kLookWhetherLeft)) {
    if (left()) loop.interrupt();
  }
}

net::Task<watch::CheckResult> check_while_wanted(const watch::Target& target,
                                                 const std::function<bool()>& left) {
  const Instant until = Clock::now() + target.timeout;
  watch::Names names;
  watch::Sessions sessions;
  net::Group looking;
  looking.start(end_when_left(left));
  auto result = co_await watch::full_check(target, names, sessions, until);
  looking.abandon();
  co_return result;
}

console::CheckSeen check_for_console(const console::CheckOrder& order,
                                     const std::function<bool()>& left) {
  const watch::Target target{.id = "probe",
                             .kind = order.ping ? watch::CheckKind::ping : watch::CheckKind::tcp,
                             .host = order.host,
                             .port = order.port,
                             .every_address = false,
                             .timeout = order.deadline,
                             .public_only = !order.may_be_private};
  net::Loop loop;
  const auto result = loop.run(check_while_wanted(target, left));
  console::CheckSeen out{.ok = result.outcome == watch::Outcome::ok,
                         .failure = result.failure,
                         .detail = result.detail,
                         .resolve = result.phases.resolve,
                         .answer = result.phases.connect,
                         .whole = result.elapsed,
                         .hop_limit = result.hop_limit};
  if (const auto asked = Endpoint::parse(result.address, order.port)) out.address = asked->address;
  return out;
}

}  // namespace

console::Controls console_controls(store::Store& store) {
  console::Controls out;
  out.diagnose = diagnose_for_console;
  out.can_diagnose = can_diagnose;
  out.check = check_for_console;
  out.plan = plan_for_console;
  out.report = [&store](const console::ReportOrder& order) -> Parsed<std::string> {
    const auto papers = store.read(
        [&](store::Database& database) { return incident_papers(database, order.incident); });
    if (!papers) return error(papers.error().text);
    auto made = incident_report(*papers, order.format, order.hide);
    if (!made) return error(made.error().text);
    return std::move(made->bytes);
  };
  out.proof = [proof = std::make_shared<HostProof>()](bool anew) { return proof->seen(anew); };
  return out;
}

Parsed<Endpoint> parse_listen(std::string_view text) {
  if (const auto port = parse_port(text)) return Endpoint{IpAddress::v4(0x7f000001), *port};
  auto whole = Endpoint::parse(text, 0);
  if (!whole || whole->port == 0) {
    return error(
        fmt::format("'{}' is no place to listen; expected PORT, ADDRESS:PORT or "
                    "[IPv6]:PORT",
                    text));
  }
  return whole;
}

Parsed<bool> announce(store::Store& store, const std::string& address) {
  const auto token = console::make_setup_token(store);
  if (!token) return error(token.error().text);
  print(fmt::format("Console      {}\nStatus page  {}/status/\n", address, address));
  if (!token->empty()) {
    print(
        fmt::format("Set-up       {}/#token={}\n             (token {}, serves once: it makes the "
                    "first administrator)\n",
                    address, *token, *token));
  }
  std::fflush(stdout);
  return true;
}

}  // namespace causeway::app
