#include "console/routes.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "codec/percent.hpp"

namespace causeway::console {
namespace {

constexpr std::string_view kPaging =
    "limit: how many at most\ncursor: the `next` of the page before";

constexpr std::string_view kIdLine = "id text?: a-z 0-9 - _ . ; without: made of the address\n";
constexpr std::string_view kNewTarget =
    "id text?: a-z 0-9 - _ . ; without: made of the address\n"
    "kind text?: http, tcp, tls, ping, dns or heartbeat; without: as the url says\n"
    "url text?: https://www.example.net/, or tcp://host:port, tls://host:port, ping://host, "
    "dns://name; not for a heartbeat\nname text?: for people\ngroup text?: of targets\n"
    "tags texts?: words; provider:NAME groups by hosting provider\nowner text?: whom to ask\n"
    "interval text?: between two checks, 30s; or seconds\ntimeout text?: of one check, 10s\n"
    "retry text?: pause before a failure is checked again, 5s\nexpect object?: status, text, "
    "absent, headers, json, values: what a right answer has\nrecord text?: dns: A, AAAA, CNAME, "
    "MX, NS or TXT\norigins texts?: asked directly as well, 203.0.113.10 or 203.0.113.10:8443\n"
    "known_addresses texts?: addresses that are the origin's\nresolver text?: DNS resolver; "
    "without: the system's\nfamily text?: ipv4 or ipv6 alone\nevery_address boolean?: each "
    "address of the name; without: true\nconfirm object?: open_failures, open_of, "
    "close_successes, close_of: N of M\ncertificate_share number?: of its lifetime that is left "
    "when it is a notice; 0: never\ndomain_share number?: of a year that a registration has left "
    "when it is a notice; 0: never\nresume text?: https: how long after a full handshake a check "
    "may resume its session; 0s: never\n"
    "parents texts?: ids: while one is down, alerts are held\n"
    "channels texts?: who is told; without: all\npaused boolean?: not checked\n"
    "public boolean?: shown on the public status page; without: true";
constexpr std::string_view kTarget = kNewTarget.substr(kIdLine.size());

constexpr std::array kRoutes{
    Route{"GET", "/api/v1/session", Role::nobody, get_session, "Who is logged in", "", "",
          "name, role and proof (to be sent in X-Causeway-Proof with every change); or null and "
          "whether the first account exists"},
    Route{"POST", "/api/v1/setup", Role::nobody, set_up,
          "Make the first administrator with the token printed at start", "",
          "token text: printed when causeway starts; serves once\nname text: to log in with\n"
          "password text: at least 10 characters",
          "name, role and proof; a session cookie"},
    Route{"POST", "/api/v1/session", Role::nobody, log_in, "Log in", "",
          "name text: of the account\npassword text: of the account",
          "name, role and proof; a session cookie"},
    Route{"DELETE", "/api/v1/session", Role::viewer, log_out, "Log out", "", "", "nothing"},
    Route{"POST", "/api/v1/session/password", Role::viewer, change_own_password,
          "Change one's own password; ends all other sessions", "",
          "password text: the present one\nnew_password text: at least 10 characters",
          "name, role and proof; a new session cookie"},

    Route{"GET", "/api/v1/now", Role::viewer, get_now, "How everything stands",
          "targets: how many at most, the worst first; without: all", "",
          "sentence, counts, open incidents, targets (worst first), vantages, next expiries, "
          "maintenance"},
    Route{
        "GET", "/api/v1/events", Role::viewer, stream_changes, "Changes as they happen", "", "",
        "Server-Sent Events: hello, summary, targets {changed, gone}, incidents {changed, closed}"},
    Route{"GET", "/api/v1/targets", Role::viewer, list_targets, "What is watched, worst first",
          "search: part of a name, address, group or tag\noutcome: down, degraded, unknown, "
          "pending, paused or ok\nlimit: how many at most\ncursor: the `next` of the page before",
          "", "targets and next"},
    Route{"POST", "/api/v1/targets", Role::operator_, add_target,
          "Watch one more target, from now on; private addresses are refused", "", kNewTarget,
          "the target"},
    Route{"GET", "/api/v1/targets/{id}", Role::viewer, get_target,
          "One target: how it stands, its uptime from incidents, what is known about it", "", "",
          "the target with facts, uptime, incidents, remedies and its definition"},
    Route{"PUT", "/api/v1/targets/{id}", Role::operator_, change_target,
          "Change a target that was added here: the whole definition; its history stays. With the "
          "target's ETag in If-Match: 412 when its definition was changed meanwhile",
          "", kTarget, "the target"},
    Route{"DELETE", "/api/v1/targets/{id}", Role::operator_, remove_target,
          "Watch a target no more that was added here", "", "", "nothing"},
    Route{"GET", "/api/v1/targets/{id}/rollups", Role::viewer, get_rollups,
          "Figures of the past: counts and mean times by stage",
          "span: minute, hour or day\nfrom: RFC 3339; a day ago\nto: RFC 3339; now", "",
          "rollups, oldest first"},
    Route{"GET", "/api/v1/targets/{id}/transitions", Role::viewer, get_transitions,
          "The probe log: every change of outcome or failure, newest first", kPaging, "",
          "transitions and next"},
    Route{"POST", "/api/v1/targets/{id}/beats", Role::reporter, post_beat,
          "A heartbeat: the job of this target ran", "",
          "ok boolean?: false when it failed; without: true\nnote text?: what it says", "nothing"},
    Route{"GET", "/api/v1/agents", Role::viewer, list_agents,
          "Other vantages: what was heard of them", "", "", "agents"},
    Route{"GET", "/api/v1/agent/targets", Role::reporter, get_agent_targets,
          "What an agent may check", "", "", "causeway.agent/1: targets, as the watch knows them"},
    Route{"POST", "/api/v1/agent/reports", Role::reporter, post_agent_report,
          "Results of an agent; the token's name is the name of its vantage", "",
          "schema text: causeway.agent/1\nhealthy boolean?: its own network works\n"
          "detail text?: why not\nlost integer?: results given up\nresults objects?: target, "
          "age_ms, outcome, failure, status, address, detail, elapsed_ms and the phases\n"
          "runs objects?: order, outcome (ran, failed or refused) and detail",
          "causeway.agent/1: taken, unknown targets, orders to run a remedy, and inspect: true "
          "when facts are wanted now"},
    Route{"POST", "/api/v1/agent/facts", Role::reporter, post_agent_facts,
          "What an agent found on its own machine; joined with diagnoses of what that serves", "",
          "schema text: causeway.facts/1, the whole document", "nothing"},
    Route{"GET", "/api/v1/matrix", Role::viewer, get_matrix,
          "What each vantage sees of each target: those that disagree first",
          "show: all, disagree (vantages see different things) or failing (some vantage sees it "
          "fail)\nsearch: part of a name, address, group or tag\nlimit: how many at most\n"
          "cursor: the `next` of the page before",
          "",
          "vantages (each with what it alone sees), targets with a cell for each vantage that saw "
          "it, counts and next"},
    Route{"GET", "/api/v1/hosts", Role::viewer, list_hosts, "Targets grouped by what they share",
          "by: address, prefix, as, provider, nameserver or certificate", "",
          "groups, the most failing first, with their members"},
    Route{"GET", "/api/v1/edges", Role::viewer, list_edges,
          "Edges of one's own: pools, origins with their verdicts, requests, stored answers", "",
          "", "edges; connected: false when none is known"},
    Route{"POST", "/api/v1/edges/{name}/switches", Role::operator_, switch_edge_pool,
          "Let another pool serve one pool's visitors for a while", "",
          "from text: the pool\nto text: the one that stands in\nminutes integer: how long, at "
          "most a week",
          "the edges"},
    Route{"DELETE", "/api/v1/edges/{name}/switches/{pool}", Role::operator_, take_switch_back,
          "Let a pool serve its visitors itself again", "", "", "nothing"},
    Route{"GET", "/api/v1/certificates", Role::viewer, list_certificates,
          "Certificates, the next to end first", "", "", "certificates"},
    Route{"POST", "/api/v1/diagnoses", Role::operator_, stream_diagnosis,
          "Diagnose now, and watch it", "",
          "target text?: the id of a watched target, asked as it defines itself; 409 where no "
          "diagnosis fits its kind\nurl text?: any other; private addresses are refused\nfacts "
          "text?: a causeway.facts/1 document of its origin, joined",
          "Server-Sent Events: started, observation ..., then diagnosis (causeway.diagnosis/1) or "
          "refused"},

    Route{
        "GET", "/api/v1/incidents", Role::viewer, list_incidents,
        "Incidents: open ones first, then the newest",
        "state: open, closed or all; without: all\ntarget: the id of a member\nlimit: how many at "
        "most\ncursor: the `next` of the page before",
        "", "incidents and next"},
    Route{"GET", "/api/v1/incidents/{id}", Role::viewer, get_incident,
          "One incident with its members, events, documents and alerts", "", "", "the incident"},
    Route{"POST", "/api/v1/incidents/{id}/acknowledge", Role::operator_, acknowledge_incident,
          "Say that somebody is on it: reminders and escalation stop", "", "", "the incident"},
    Route{"POST", "/api/v1/incidents/{id}/merge", Role::operator_, merge_incident,
          "Make it a part of another open incident: its members go on there, it is closed", "",
          "into text: the id of the incident that goes on", "the incident"},
    Route{"POST", "/api/v1/incidents/{id}/split", Role::operator_, split_incident,
          "Make one of its members that fail an incident of its own; nobody is alerted again", "",
          "target text: the id of the member", "the incident"},
    Route{"POST", "/api/v1/incidents/{id}/notes", Role::operator_, add_note,
          "Add a note to the timeline", "", "text text: the note", "the incident"},
    Route{"GET", "/api/v1/incidents/{id}/documents/{document}", Role::viewer, get_document,
          "A diagnosis, a response's excerpt or a DNS snapshot taken at that moment", "", "",
          "the document as it was kept"},

    Route{
        "GET", "/api/v1/incidents/{id}/report", Role::viewer, get_report,
        "A report of the incident for the hosting provider, secrets hidden",
        "format: text, html, json or bundle (.tar.zst); without: text\nhide: what is hidden "
        "besides secrets: mail, user, network, address, name, or none; without: mail,user,network",
        "", "the report as a file"},
    Route{"POST", "/api/v1/plans", Role::operator_, stream_plan,
          "Plan the move of a site from one origin to another, and watch it being made", "",
          "old text: the old origin's addresses, with commas; private addresses are refused\nnew "
          "text: the new origin's\nnames texts: host names that move\nssl text?: how the edge "
          "connects: strict, full or flexible; without: strict\npages integer?: of each name that "
          "are compared; without: 20\npaths texts?: where the comparison begins; without: /\nzone "
          "text?: whose last snapshot (causeway dns snapshot, on the console's machine) is "
          "used\nfacts text?: a causeway.facts/1 document of the new origin",
          "Server-Sent Events: started, step ..., then plan {id, go} or refused"},
    Route{"GET", "/api/v1/plans", Role::viewer, list_plans,
          "Plans that were made here, newest first; the newest 16 are kept while the console runs",
          "", "", "plans"},
    Route{"GET", "/api/v1/plans/{id}", Role::viewer, get_plan,
          "One plan: what stops the move, what to do when", "", "",
          "when and by whom it was made, and the document (causeway.plan/1)"},
    Route{"GET", "/api/v1/plans/{id}/file", Role::viewer, get_plan_file, "A plan as a file",
          "format: text, markdown, html, json or calendar (.ics); without: text\nat: calendar: the "
          "time of the cut-over, 2026-12-01T22:00:00Z",
          "", "the plan as a file"},
    Route{"GET", "/api/v1/origins", Role::viewer, list_origins,
          "Machines whose agents inspect them: how many findings, and when", "", "", "origins"},
    Route{"GET", "/api/v1/origins/{agent}", Role::operator_, get_origin,
          "What an agent found on its own machine", "", "",
          "agent, document (causeway.facts/1, as text) and what POST /api/v1/facts says of it"},
    Route{"POST", "/api/v1/facts", Role::viewer, read_facts,
          "What an inspection of an origin found (causeway inspect --format json); nothing is kept",
          "", "document text: causeway.facts/1 as it was printed",
          "host, when, how old, findings, and how many observations"},
    Route{"GET", "/api/v1/proof", Role::operator_, get_proof,
          "Whether the edge gets through the firewall of the machine that the console runs on", "",
          "", "running, at, wants_root, why, and the document (causeway.firewall/1)"},
    Route{"POST", "/api/v1/proof", Role::operator_, make_proof,
          "Read this machine's rules and prove it anew", "", "", "as GET has it"},

    Route{"GET", "/api/v1/maintenance", Role::viewer, list_maintenance, "Maintenance windows", "",
          "", "windows"},
    Route{"POST", "/api/v1/maintenance", Role::operator_, add_maintenance,
          "Plan maintenance: alerts keep quiet, measuring goes on", "",
          "title text: what is done\nzone text: IANA time zone, Europe/Berlin\nstarts text: local "
          "time there, 2026-11-25T02:00\nminutes integer: how long\nrepeats text?: daily, "
          "weekly:mon,thu, monthly:1 or monthly:last\nuntil text?: last local day\ntargets "
          "texts?: ids; with groups and tags empty: everything\ngroups texts?: of targets\ntags "
          "texts?: of targets\nnote text?: for others",
          "the window"},
    Route{"DELETE", "/api/v1/maintenance/{id}", Role::operator_, delete_maintenance,
          "Remove a maintenance window", "", "", "nothing"},
    Route{"GET", "/api/v1/channels", Role::viewer, list_channels,
          "Where alerts go, with the newest deliveries", "", "", "channels"},
    Route{"POST", "/api/v1/channels/{name}/test", Role::operator_, test_channel,
          "Send a test message", "", "", "answer: what the receiver said"},
    Route{"GET", "/api/v1/alerts", Role::viewer, list_alerts, "The outbox, newest first",
          "incident: its id\nlimit: how many at most\ncursor: the `next` of the page before", "",
          "alerts and next"},

    Route{"GET", "/api/v1/accounts", Role::admin, list_accounts, "People", "", "", "accounts"},
    Route{"POST", "/api/v1/accounts", Role::admin, add_account, "Add somebody", "",
          "name text: to log in with\npassword text: at least 10 characters\nrole text: viewer, "
          "operator or admin",
          "the account"},
    Route{"PATCH", "/api/v1/accounts/{id}", Role::admin, change_account,
          "Change a role or set a password; ends their sessions", "",
          "role text?: viewer, operator or admin\npassword text?: a new one", "the account"},
    Route{"DELETE", "/api/v1/accounts/{id}", Role::admin, delete_account,
          "Remove somebody; ends their sessions", "", "", "nothing"},
    Route{"GET", "/api/v1/tokens", Role::admin, list_tokens, "Tokens of programs", "", "",
          "tokens, without their secrets"},
    Route{"POST", "/api/v1/tokens", Role::admin, add_token, "Make a token", "",
          "name text: of the program\nscope text: reporter, viewer, operator or admin\ndays "
          "integer?: until "
          "it expires; without: never",
          "the token with its secret, shown this once"},
    Route{"DELETE", "/api/v1/tokens/{id}", Role::admin, delete_token, "Remove a token", "", "",
          "nothing"},
    Route{"GET", "/api/v1/audit", Role::admin, list_audit, "Who did what, newest first", kPaging,
          "", "entries and next"},
    Route{"GET", "/api/v1/openapi.json", Role::nobody, get_openapi, "This interface as OpenAPI", "",
          "", "the document"},
};

// The parts that the pattern names; nothing when the path is another.
std::optional<std::vector<std::string>> parts_of(std::string_view pattern, std::string_view path) {
  const auto wanted = split(pattern, '/');
  const auto have = split(path, '/');
  if (wanted.size() != have.size()) return std::nullopt;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{')) {
      if (have[i].empty()) return std::nullopt;
      out.push_back(codec::percent_decoded(have[i]));
    } else if (wanted[i] != have[i]) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

Match match(std::string_view method, std::string_view path) {
  Match out;
  const auto asked = method == "HEAD" ? std::string_view{"GET"} : method;
  for (const auto& route : kRoutes) {
    auto parts = parts_of(route.path, path);
    if (!parts) continue;
    out.methods.emplace_back(route.method);
    if (route.method != asked) continue;
    out.route = &route;
    out.parts = std::move(*parts);
  }
  return out;
}

}  // namespace causeway::console
