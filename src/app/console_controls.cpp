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
#include "net/loop.hpp"
#include "reach/diagnose.hpp"

namespace causeway::app {
namespace {

Parsed<model::Diagnosis> diagnose_for_console(
    const console::DiagnosisOrder& order,
    const std::function<bool(const model::Observation&)>& seen) {
  auto target = parse_target(order.url);
  if (!target) return error(std::move(target.error().text));
  if (!order.may_be_private) {
    auto open = console::open_to_people(*target);
    if (!open) return error(std::move(open.error().text));
  }
  DiagnosePlan plan;
  plan.request.target = std::move(*target);
  plan.documents = order.with;
  if (order.quick) plan.request.mode = model::Mode::quick;
  if (order.deadline > Duration::zero()) plan.request.deadline = order.deadline;
  const WallTime started = wall_now();
  net::Loop loop;
  reach::Record record{[&](const model::Observation& observation) {
    if (!seen(observation)) loop.interrupt();
  }};
  auto run = loop.run(reach::diagnose(plan.request, record));
  return conclude(plan, started, std::move(run), record.take());
}

}  // namespace

console::Controls console_controls(store::Store& store) {
  console::Controls out;
  out.diagnose = diagnose_for_console;
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
