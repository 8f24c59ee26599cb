// What answers each route (console/routes.cpp has the table). All run on the
// console's thread, but for what a `Later` does.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "console/call.hpp"
#include "console/desk.hpp"
#include "net/http_service.hpp"

namespace causeway::console {

using Handler = net::HttpReply (*)(Desk&, const Call&);

// The rest of an answer that waits for others (a receiver, an edge, a program): `work` on a thread
// of its own, while the console answers everybody else; then `then` on the console's.
struct Later {
  std::function<void()> work;
  std::function<net::HttpReply(Desk&, const Call&)> then;
};
using LateHandler = std::expected<Later, net::HttpReply> (*)(Desk&, const Call&);

// `then` gets what `ask` returned.
template <class Ask, class Then>
Later later(Ask ask, Then then) {
  auto got = std::make_shared<std::optional<decltype(ask())>>();
  return {[ask = std::move(ask), got] { *got = ask(); },
          [then = std::move(then), got](Desk& desk, const Call& call) {
            return then(desk, call, got->value());
          }};
}

// people: set-up, sessions, accounts, tokens, the audit log
net::HttpReply get_session(Desk& desk, const Call& call);
net::HttpReply set_up(Desk& desk, const Call& call);
net::HttpReply log_in(Desk& desk, const Call& call);
net::HttpReply log_out(Desk& desk, const Call& call);
net::HttpReply change_own_password(Desk& desk, const Call& call);
net::HttpReply list_accounts(Desk& desk, const Call& call);
net::HttpReply add_account(Desk& desk, const Call& call);
net::HttpReply change_account(Desk& desk, const Call& call);
net::HttpReply delete_account(Desk& desk, const Call& call);
net::HttpReply list_tokens(Desk& desk, const Call& call);
net::HttpReply add_token(Desk& desk, const Call& call);
net::HttpReply delete_token(Desk& desk, const Call& call);
net::HttpReply list_audit(Desk& desk, const Call& call);

// what is watched
net::HttpReply get_now(Desk& desk, const Call& call);
net::HttpReply list_targets(Desk& desk, const Call& call);
net::HttpReply get_target(Desk& desk, const Call& call);
net::HttpReply add_target(Desk& desk, const Call& call);
net::HttpReply change_target(Desk& desk, const Call& call);
net::HttpReply remove_target(Desk& desk, const Call& call);
net::HttpReply get_rollups(Desk& desk, const Call& call);
net::HttpReply get_transitions(Desk& desk, const Call& call);
net::HttpReply get_matrix(Desk& desk, const Call& call);
net::HttpReply list_hosts(Desk& desk, const Call& call);
net::HttpReply list_certificates(Desk& desk, const Call& call);
net::HttpReply stream_changes(Desk& desk, const Call& call);
net::HttpReply stream_diagnosis(Desk& desk, const Call& call);

// edges
net::HttpReply list_edges(Desk& desk, const Call& call);
std::expected<Later, net::HttpReply> switch_edge_pool(Desk& desk, const Call& call);
std::expected<Later, net::HttpReply> take_switch_back(Desk& desk, const Call& call);

// agents and jobs that report
net::HttpReply post_beat(Desk& desk, const Call& call);
net::HttpReply list_agents(Desk& desk, const Call& call);
net::HttpReply get_agent_targets(Desk& desk, const Call& call);
net::HttpReply post_agent_report(Desk& desk, const Call& call);
net::HttpReply post_agent_facts(Desk& desk, const Call& call);

// incidents
net::HttpReply list_incidents(Desk& desk, const Call& call);
net::HttpReply get_incident(Desk& desk, const Call& call);
net::HttpReply acknowledge_incident(Desk& desk, const Call& call);
net::HttpReply merge_incident(Desk& desk, const Call& call);
net::HttpReply split_incident(Desk& desk, const Call& call);
net::HttpReply add_note(Desk& desk, const Call& call);
net::HttpReply get_document(Desk& desk, const Call& call);
std::expected<Later, net::HttpReply> get_report(Desk& desk, const Call& call);

// plans of migrations
net::HttpReply stream_plan(Desk& desk, const Call& call);
net::HttpReply list_plans(Desk& desk, const Call& call);
net::HttpReply get_plan(Desk& desk, const Call& call);
net::HttpReply get_plan_file(Desk& desk, const Call& call);

// origins and their firewall
net::HttpReply list_origins(Desk& desk, const Call& call);
net::HttpReply get_origin(Desk& desk, const Call& call);
net::HttpReply read_facts(Desk& desk, const Call& call);
net::HttpReply get_proof(Desk& desk, const Call& call);
net::HttpReply make_proof(Desk& desk, const Call& call);

// maintenance and alerts
net::HttpReply list_maintenance(Desk& desk, const Call& call);
net::HttpReply add_maintenance(Desk& desk, const Call& call);
net::HttpReply delete_maintenance(Desk& desk, const Call& call);
net::HttpReply list_channels(Desk& desk, const Call& call);
std::expected<Later, net::HttpReply> test_channel(Desk& desk, const Call& call);
net::HttpReply list_alerts(Desk& desk, const Call& call);

net::HttpReply get_openapi(Desk& desk, const Call& call);

}  // namespace causeway::console
