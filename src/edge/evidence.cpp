#include "edge/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/id.hpp"
#include "edge/limits.hpp"
#include "judge/judge.hpp"
#include "model/json.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;
using model::Kind;
using model::Observation;
using model::Outcome;
using model::Stage;

Stage stage_of(const SeenAttempt& attempt) {
  return attempt.failure ? model::row(*attempt.failure).stage : Stage::exchange;
}

// What the kernel or a router said, where the failure tells exactly one thing.
std::string_view connect_outcome(const SeenAttempt& attempt) {
  if (!attempt.failure || stage_of(attempt) > Stage::connect) return "open";
  switch (*attempt.failure) {
    case FailureId::connect_refused: return "refused";
    case FailureId::connect_silent: return "silent";
    case FailureId::connect_reset: return "reset";
    case FailureId::connect_out_of_ports:
    case FailureId::connect_out_of_files:
    case FailureId::route_no_local_route:
    case FailureId::route_no_source_address:
    case FailureId::route_local_block: return "local";
    default: return "icmp";
  }
}

std::string_view tls_outcome(FailureId failure) {
  switch (failure) {
    case FailureId::tls_not_spoken: return "not-tls";
    case FailureId::tls_silent: return "silent";
    case FailureId::tls_closed: return "closed";
    case FailureId::tls_reset: return "reset";
    case FailureId::tls_alert:
    case FailureId::tls_no_shared_cipher:
    case FailureId::tls_name_unrecognized:
    case FailureId::tls_client_cert_required: return "alert";
    default: return "failed";
  }
}

std::string_view http_outcome(FailureId failure) {
  switch (failure) {
    case FailureId::http_request_unacked: return "unacked";
    case FailureId::http_write_stalled: return "write-stalled";
    case FailureId::http_silent: return "silent";
    case FailureId::http_closed: return "closed";
    case FailureId::http_reset: return "reset";
    case FailureId::http_headers_too_large: return "headers-too-large";
    case FailureId::http_headers_truncated: return "headers-truncated";
    case FailureId::http_malformed:
    case FailureId::http_length_mismatch: return "malformed";
    default: return {};  // no word that would say exactly this
  }
}

class Writer {
 public:
  Writer(const Origin& origin, std::string_view vantage) : origin_(origin), vantage_(vantage) {}

  void target() {
    const bool literal = IpAddress::parse(origin_.host).has_value();
    const bool secure = origin_.scheme == OriginScheme::https;
    out.target.scheme = secure ? "https" : "http";
    out.target.host = origin_.host;
    out.target.port =
        origin_.port != 0 ? origin_.port : static_cast<std::uint16_t>(secure ? 443 : 80);
    const bool usual = out.target.port == (secure ? 443 : 80);
    const bool v6 = origin_.host.contains(':');
    out.target.url = fmt::format("{}://{}{}{}{}/", out.target.scheme, v6 ? "[" : "", origin_.host,
                                 v6 ? "]" : "", usual ? "" : fmt::format(":{}", out.target.port));
    auto& seen = add(Kind::target, "edge", origin_.host);
    seen.set("url", out.target.url)
        .set("host", origin_.host)
        .set("scheme", out.target.scheme)
        .set("port", static_cast<int>(out.target.port))
        .set("literal", literal)
        .set("ssl", origin_.tls == TlsMode::full ? "full" : "strict")
        .set("mode", "quick");
  }

  void attempt(const SeenAttempt& seen) {
    model::Attempt row;
    if (seen.address.port != 0) row.address = seen.address.address;
    row.port = seen.address.port;
    row.status = seen.status;
    if (seen.address.port != 0) {
      address(seen);
      connect(seen);
      if (seen.secure && stage_of(seen) >= Stage::secure) tls(seen);
      if (stage_of(seen) >= Stage::exchange) http(seen);
    }
    for (const auto stage :
         {Stage::resolve, Stage::route, Stage::connect, Stage::secure, Stage::exchange}) {
      row.stages.push_back(stage_record(seen, stage));
    }
    out.attempts.push_back(std::move(row));
  }

  model::Diagnosis out;

 private:
  Observation& add(Kind kind, std::string sensor, std::string subject) {
    Observation seen{kind, std::move(sensor), std::move(subject)};
    seen.id = fmt::format("o{}", out.observations.size() + 1);
    seen.vantage = vantage_;
    seen.at = at_;
    out.observations.push_back(std::move(seen));
    return out.observations.back();
  }

  static model::StageRecord stage_record(const SeenAttempt& seen, Stage stage) {
    model::StageRecord row{.stage = stage};
    const Stage failed = stage_of(seen);
    if (stage == Stage::secure && !seen.secure) {
      row.because = "plain HTTP";
    } else if (seen.failure && stage == failed) {
      row.outcome = Outcome::failed;
      row.failure = seen.failure;
      row.because = seen.because;
    } else if (!seen.failure || stage < failed) {
      row.outcome = Outcome::ok;
    }
    if (stage == Stage::connect) row.elapsed = seen.connect;
    if (stage == Stage::secure) row.elapsed = seen.handshake;
    if (stage == Stage::exchange) row.elapsed = seen.first_byte;
    if (stage == Stage::resolve) row.elapsed = seen.resolve;
    return row;
  }

  void address(const SeenAttempt& seen) {
    at_ = seen.at;
    const auto& address = seen.address.address;
    add(Kind::address, "edge", address.text())
        .set("address", address)
        .set("family", causeway::name(address.family()))
        .set("class", causeway::name(classify(address)))
        .set("source", IpAddress::parse(origin_.host) ? "literal" : "dns")
        .set("probed", true);
  }

  void connect(const SeenAttempt& seen) {
    if (seen.reused) return;  // nothing was connected
    const auto outcome = connect_outcome(seen);
    auto& note = add(Kind::connect, "edge", seen.address.text());
    note.set("address", seen.address.address)
        .set("port", static_cast<int>(seen.address.port))
        .set("role", "main")
        .set("outcome", outcome)
        .set("elapsed_ms", seen.connect);
    if (outcome == "silent") note.set("waited_ms", seen.connect);
    if (seen.failure == FailureId::connect_port_unreachable) note.set("icmp", "port-unreachable");
    if (seen.failure == FailureId::route_ttl_exceeded) note.set("icmp", "ttl-exceeded");
    if (seen.failure == FailureId::route_net_unreachable) note.set("icmp", "net-unreachable");
    if (seen.failure == FailureId::route_neighbour_silent) note.set("icmp", "host-unreachable");
  }

  void tls(const SeenAttempt& seen) {
    const bool failed = seen.failure && stage_of(seen) == Stage::secure;
    // A certificate that is refused came in a handshake that worked; what is wrong with it stands
    // in the failure, the certificate itself is not kept.
    const bool refused = failed && model::row(*seen.failure).code == 526;
    add(Kind::tls, "edge", seen.address.text())
        .set("address", seen.address.address)
        .set("port", static_cast<int>(seen.address.port))
        .set("variant", "main")
        .set("outcome", failed && !refused ? tls_outcome(*seen.failure) : "ok")
        .set("elapsed_ms", seen.handshake);
    if (!refused) return;
    add(Kind::certificate, "edge", seen.address.text())
        .set("address", seen.address.address)
        .set("port", static_cast<int>(seen.address.port))
        .set("variant", "main")
        .set("verify", "failed")
        .set("failures", std::vector<std::string>{std::string{model::name(*seen.failure)}});
  }

  void http(const SeenAttempt& seen) {
    const auto outcome = seen.failure ? http_outcome(*seen.failure) : std::string_view{"complete"};
    if (outcome.empty()) return;
    auto& note = add(Kind::http, "edge", seen.address.text());
    note.set("address", seen.address.address)
        .set("port", static_cast<int>(seen.address.port))
        .set("via", "direct")
        .set("variant", "main")
        .set("outcome", outcome)
        .set("headers_received", !seen.failure)
        .set("elapsed_ms", seen.first_byte);
    if (seen.status != 0) note.set("status", seen.status);
    if (outcome == "silent") note.set("waited_ms", seen.first_byte).set("acked", true);
    if (seen.reused) note.set("connections_before", 1);
  }

  const Origin& origin_;
  std::string vantage_;
  WallTime at_;
};

}  // namespace

model::Diagnosis judged(const Origin& origin, const std::vector<SeenAttempt>& attempts,
                        std::string_view vantage, WallTime now) {
  // Of each address the latest attempt; an earlier one speaks only where it ended otherwise.
  std::vector<SeenAttempt> latest;
  for (auto at = attempts.rbegin(); at != attempts.rend(); ++at) {
    const bool known = std::ranges::any_of(
        latest, [&](const SeenAttempt& each) { return each.address == at->address; });
    if (!known && latest.size() < limits::kEvidenceAddresses) latest.push_back(*at);
  }
  Writer writer{origin, vantage};
  writer.target();
  for (const auto& each : latest) writer.attempt(each);
  auto out = std::move(writer.out);
  out.id = random_id();
  out.started = now;
  out.vantage.name = vantage;
  judge::Evidence evidence{std::string{vantage}, out.attempts, out.observations};
  for (auto& derived : judge::derive(evidence)) {
    out.observations.push_back(derived);
    evidence.observations.push_back(std::move(derived));
  }
  if (latest.empty()) {
    out.verdict.missing.emplace_back("no visitor asked for this origin lately");
    return out;
  }
  out.verdict = judge::judge(evidence);
  return out;
}

bool OriginEvidence::wants(bool failed, WallTime at) {
  attempts_.fetch_add(1, std::memory_order_relaxed);
  if (failed) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  const auto now = at.time_since_epoch().count();
  const auto before = success_ms_.load(std::memory_order_relaxed);
  if (now - before < 1000) return false;
  success_ms_.store(now, std::memory_order_relaxed);
  return true;
}

void OriginEvidence::add(SeenAttempt attempt) {
  const std::scoped_lock lock{mutex_};
  if (!attempt.failure) {
    last_success_ = std::move(attempt);
    return;
  }
  failed_.push_back(std::move(attempt));
  if (failed_.size() > limits::kEvidenceFailures) failed_.pop_front();
}

void OriginEvidence::checked(Health health, std::optional<model::FailureId> failure,
                             std::string because) {
  const std::scoped_lock lock{mutex_};
  checked_ = {health, failure, std::move(because)};
}

OriginEvidence::Checked OriginEvidence::check() const {
  const std::scoped_lock lock{mutex_};
  return checked_;
}

void OriginEvidence::circuit(const void* worker, CircuitSeen seen) {
  const std::scoped_lock lock{mutex_};
  std::erase_if(circuits_, [&](const auto& known) { return known.first == worker; });
  if (seen.state != CircuitState::closed) circuits_.emplace_back(worker, seen);
}

OriginEvidence::Circuits OriginEvidence::circuits(Instant now) const {
  const std::scoped_lock lock{mutex_};
  Circuits out{.workers = circuits_.size()};
  for (const auto& [worker, seen] : circuits_) {
    // Open and its rest over: whoever comes next finds out.
    const bool rests = seen.state == CircuitState::open && seen.until > now;
    const bool open = out.seen.state == CircuitState::open;
    if (!rests && open) continue;
    if (rests && open && seen.until <= out.seen.until) continue;
    out.seen = seen;
    if (!rests) out.seen.state = CircuitState::trial;
  }
  return out;
}

OriginEvidence::Counts OriginEvidence::counts() const {
  Counts out{.attempts = attempts_.load(std::memory_order_relaxed),
             .failures = failures_.load(std::memory_order_relaxed),
             .last_success = {},
             .last_failure = {}};
  const std::scoped_lock lock{mutex_};
  if (last_success_) out.last_success = last_success_->at;
  if (!failed_.empty()) out.last_failure = failed_.back().at;
  return out;
}

model::Diagnosis OriginEvidence::diagnosis(std::string_view vantage, WallTime now) const {
  std::vector<SeenAttempt> window;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& each : failed_) {
      if (now - each.at <= limits::kEvidenceWindow) window.push_back(each);
    }
    if (last_success_ && now - last_success_->at <= limits::kEvidenceWindow) {
      window.push_back(*last_success_);
    }
  }
  std::ranges::sort(window, {}, &SeenAttempt::at);
  return judged(origin_, window, vantage, now);
}

Evidence::Evidence(const Config& config) {
  for (const auto& pool : config.pools) {
    for (const auto& origin : pool.origins) {
      rows_.push_back({pool.name, std::make_unique<OriginEvidence>(origin)});
    }
  }
  std::ranges::copy_if(config.routes, std::back_inserter(maintained_), &Route::maintenance);
}

OriginEvidence* Evidence::find(std::string_view pool, std::string_view origin) const {
  for (const auto& row : rows_) {
    if (row.pool == pool && row.evidence->origin().name == origin) return row.evidence.get();
  }
  return nullptr;
}

namespace {

using Json = nlohmann::ordered_json;

Json shape(const OriginEvidence::Circuits& circuits, Instant now) {
  const auto& [seen, workers] = circuits;
  const auto left = std::max(seen.until - now, Duration::zero());
  return {{"state", name(seen.state)},
          {"workers", workers},
          {"failure", seen.failure ? Json(model::name(*seen.failure)) : Json(nullptr)},
          {"rest_ms", std::chrono::ceil<std::chrono::milliseconds>(left).count()}};
}

}  // namespace

std::string Evidence::json(std::string_view vantage, WallTime now, EdgeNow edge) const {
  const auto moment = [](WallTime at) {
    return at == WallTime{} ? Json(nullptr) : Json(rfc3339(at));
  };
  const Instant at = Clock::now();
  Json maintenance = Json::array();
  for (const auto& route : maintained_) {
    maintenance.push_back({{"hosts", route.hosts}, {"path", route.path}, {"pool", route.pool}});
  }
  Json origins = Json::array();
  for (const auto& row : rows_) {
    const auto counts = row.evidence->counts();
    const auto check = row.evidence->check();
    origins.push_back(
        {{"pool", row.pool},
         {"origin", row.evidence->origin().name},
         {"health", name(check.health)},
         {"check_failure", check.failure ? Json(model::name(*check.failure)) : Json(nullptr)},
         {"check_because", check.because},
         {"weight", row.evidence->origin().weight},
         {"priority", row.evidence->origin().priority},
         {"drain", row.evidence->origin().drain},
         {"circuit", shape(row.evidence->circuits(at), at)},
         {"attempts", counts.attempts},
         {"failures", counts.failures},
         {"last_success", moment(counts.last_success)},
         {"last_failure", moment(counts.last_failure)},
         {"diagnosis", Json::parse(model::to_json(row.evidence->diagnosis(vantage, now)))}});
  }
  const Json out = {{"schema", "causeway.edge-verdict/1"},
                    {"at", rfc3339(now)},
                    {"vantage", vantage},
                    {"workers", edge.workers},
                    {"draining", edge.draining},
                    {"maintenance", std::move(maintenance)},
                    {"origins", std::move(origins)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Evidence::metrics(EdgeNow edge) const {
  const auto label = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    return out;
  };
  std::string attempts =
      "# HELP causeway_edge_origin_attempts_total Attempts to get an answer from an origin.\n"
      "# TYPE causeway_edge_origin_attempts_total counter\n";
  std::string failures =
      "# HELP causeway_edge_origin_failures_total Those that failed.\n"
      "# TYPE causeway_edge_origin_failures_total counter\n";
  std::string up =
      "# HELP causeway_edge_origin_up What active checks say: 1 up, 0 down; none without checks.\n"
      "# TYPE causeway_edge_origin_up gauge\n";
  std::string circuits =
      "# HELP causeway_edge_origin_circuits_open Workers that leave an origin alone after a "
      "failure, or let one request find out.\n"
      "# TYPE causeway_edge_origin_circuits_open gauge\n";
  std::string drained =
      "# HELP causeway_edge_origin_drained 1 while the configuration sends an origin no new "
      "visitors.\n"
      "# TYPE causeway_edge_origin_drained gauge\n";
  const Instant now = Clock::now();
  for (const auto& row : rows_) {
    const auto counts = row.evidence->counts();
    const auto health = row.evidence->check().health;
    const auto labels = fmt::format("{{pool=\"{}\",origin=\"{}\"}}", label(row.pool),
                                    label(row.evidence->origin().name));
    attempts += fmt::format("causeway_edge_origin_attempts_total{} {}\n", labels, counts.attempts);
    failures += fmt::format("causeway_edge_origin_failures_total{} {}\n", labels, counts.failures);
    circuits += fmt::format("causeway_edge_origin_circuits_open{} {}\n", labels,
                            row.evidence->circuits(now).workers);
    drained += fmt::format("causeway_edge_origin_drained{} {}\n", labels,
                           row.evidence->origin().drain ? 1 : 0);
    if (health != Health::unknown) {
      up += fmt::format("causeway_edge_origin_up{} {}\n", labels, health == Health::up ? 1 : 0);
    }
  }
  return attempts + failures + up + circuits + drained +
         fmt::format(
             "# HELP causeway_edge_draining 1 while the edge takes no new visitors and ends.\n"
             "# TYPE causeway_edge_draining gauge\ncauseway_edge_draining {}\n"
             "# HELP causeway_edge_routes_in_maintenance Routes that answer with the maintenance "
             "page.\n"
             "# TYPE causeway_edge_routes_in_maintenance gauge\n"
             "causeway_edge_routes_in_maintenance {}\n",
             edge.draining ? 1 : 0, maintained_.size());
}

}  // namespace causeway::edge
