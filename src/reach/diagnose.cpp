#include "reach/diagnose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "model/localhost.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "reach/authority.hpp"
#include "reach/edge_answer.hpp"
#include "reach/investigation.hpp"
#include "reach/resolve.hpp"
#include "reach/resolve_system.hpp"
#include "reach/self_check.hpp"
#include "reach/validate.hpp"
#include "reach/vantage.hpp"

namespace causeway::reach {
namespace {

using model::Attempt;
using model::FailureId;
using model::Kind;
using model::Mode;
using model::Observation;
using model::Outcome;
using model::Stage;
using model::StageRecord;
using net::Loop;

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

class Plan {
 public:
  Plan(const Request& request, Record& record)
      : request_(request),
        record_(record),
        begun_(Loop::current().now()),
        survey_{request, record, begun_ + request.deadline, &taps_} {}

  net::Task<DiagnosisRun> run();

 private:
  struct Way {  // how an edge speaks to an origin
    bool tls;
    std::uint16_t port;
  };

  Way way(std::uint16_t port, bool given = false) const;
  void record_target();
  // A name may not lead there. Who names the place itself means it.
  bool prohibited(const IpAddress& address) const {
    return !request_.private_names && !literal() && !model::is_localhost(request_.target.host) &&
           refused_by_public_edge(classify(address));
  }
  bool is_origin(const Endpoint& endpoint) const {
    return std::ranges::find(request_.origins, endpoint) != request_.origins.end();
  }
  bool literal() const { return IpAddress::parse(request_.target.host).has_value(); }

  net::Task<void> find_addresses();
  void take(const IpAddress& address, std::string_view source, int order, bool probed);

  void refuse(const IpAddress& address, FailureId failure, const StageRecord& resolved);
  net::Task<void> compare_dns();
  net::Task<void> authorities() { co_await ask_authorities(survey_); }
  net::Task<void> look_into_dns(bool validated);
  void start_looking_into_dns(bool validated);
  net::Task<void> investigate(Subject subject, std::size_t place);
  net::Task<void> try_known_addresses();
  net::Task<void> try_edge(IpAddress edge, std::optional<StageRecord> resolved, std::size_t place);
  void add_edge_stages(Attempt& attempt, const EdgeAsked& answer) const;
  std::size_t reserve_attempt();
  bool anything_failed() const;

  const Request& request_;
  Record& record_;
  Instant begun_;
  net::ReplyTaps taps_;
  Survey survey_;
  net::Group work_;
  net::Group background_;
  std::vector<std::optional<Attempt>> attempts_;  // in the order they are reported
  std::vector<IpAddress> tried_;
  bool looked_into_dns_ = false;
};

net::Task<DiagnosisRun> Plan::run() {
  DiagnosisRun out;
  out.vantage = own_vantage();
  record_target();
  self_check(survey_);

  co_await find_addresses();
  if (request_.via_edge) work_.start(try_edge(*request_.via_edge, {}, reserve_attempt()));
  work_.start(try_known_addresses());
  co_await work_.finished();
  if (request_.mode == Mode::quick && anything_failed() && request_.origins.empty()) {
    start_looking_into_dns(false);
  }
  co_await background_.finished();

  for (auto& attempt : attempts_) {
    if (attempt) out.attempts.push_back(std::move(*attempt));
  }
  out.interrupted = Loop::current().interrupted();
  out.duration = Clock::now() - begun_;
  co_return out;
}

// Flexible applies to the visitor's port 443 only; other HTTPS ports behave as full (Cloudflare,
// "Encryption modes"). An origin given with a port of its own is meant as given.
Plan::Way Plan::way(std::uint16_t port, bool given) const {
  const std::string& scheme = request_.target.scheme;
  const bool https = scheme == "https" || scheme == "tls";
  const bool usual = port == kHttpsPort || port == kHttpPort;
  const bool plain = request_.ssl == model::SslMode::flexible && (usual || given);
  if (!https || !plain) return {.tls = https, .port = port};
  return {.tls = false, .port = port == kHttpsPort ? kHttpPort : port};
}

void Plan::record_target() {
  Observation seen{Kind::target, "target", request_.target.host};
  seen.set("url", request_.target.url)
      .set("host", request_.target.host)
      .set("scheme", request_.target.scheme)
      .set("port", static_cast<int>(request_.target.port))
      .set("literal", literal())
      .set("ssl", model::name(request_.ssl))
      .set("edge", request_.edge.name)
      .set("edge_given", request_.edge_given)
      .set("mode", model::name(request_.mode))
      .set("expects_text", !request_.expect.text.empty());
  if (request_.expect.status != 0) seen.set("expects_status", request_.expect.status);
  const auto texts = [](const auto& values) {
    std::vector<std::string> out;
    out.reserve(values.size());
    for (const auto& value : values) out.push_back(value.text());
    return out;
  };
  if (!request_.known_addresses.empty()) seen.set("known", texts(request_.known_addresses));
  if (!request_.origins.empty()) seen.set("origins", texts(request_.origins));
  record_.add(std::move(seen));
}

net::Task<void> Plan::find_addresses() {
  if (!request_.origins.empty()) {
    int order = 0;
    for (const auto& origin : request_.origins) {
      const bool repeated = std::ranges::count(tried_, origin.address) > 0;
      const Way speak = way(origin.port, true);
      Subject subject{.remote = {origin.address, speak.port},
                      .tls = speak.tls,
                      .resolved = {.stage = Stage::resolve, .because = "the origin was given"},
                      .own = own_addresses(origin.address.family())};
      if (!repeated) take(origin.address, "origin", order++, true);
      tried_.push_back(origin.address);
      work_.start(investigate(std::move(subject), reserve_attempt()));
    }
    const bool compares = request_.mode != Mode::quick && !literal();
    if (compares || request_.way_of_dns) background_.start(compare_dns());
    co_return;
  }
  const bool wants_all = request_.mode != Mode::quick;
  const Resolution found = co_await resolve(survey_, background_, [this, wants_all] {
    if (wants_all) start_looking_into_dns(true);
  });
  StageRecord resolved{.stage = Stage::resolve,
                       .outcome = found.failure ? Outcome::failed : Outcome::ok,
                       .failure = found.failure,
                       .elapsed = found.elapsed,
                       .because = found.because};
  if (literal()) resolved = {.stage = Stage::resolve, .because = "the host is an address"};
  if (found.failure || wants_all) start_looking_into_dns(found.failure.has_value());
  if (found.failure) {
    attempts_.push_back(Attempt{.port = request_.target.port, .stages = {resolved}});
    co_return;
  }
  if (request_.until == Stage::resolve) {
    attempts_.push_back(Attempt{.port = request_.target.port, .stages = {resolved}});
    co_return;
  }
  const auto eyeballs = happy_eyeballs_order(found.addresses);
  const auto most = static_cast<std::size_t>(request_.most_addresses);
  for (std::size_t i = 0; i < found.addresses.size(); ++i) {
    const IpAddress& address = found.addresses[i];
    const auto order = std::ranges::find(eyeballs, address) - eyeballs.begin();
    take(address, found.source, static_cast<int>(order), i < most);
    if (i >= most) continue;
    tried_.push_back(address);
    if (!literal() && request_.until == Stage::exchange && request_.edge.contains(address)) {
      work_.start(try_edge(address, resolved, reserve_attempt()));
    } else if (prohibited(address)) {
      refuse(address, FailureId::resolve_prohibited_address, resolved);
    } else {
      const Way speak = way(request_.target.port);
      work_.start(investigate(Subject{.remote = {address, speak.port},
                                      .tls = speak.tls,
                                      .resolved = resolved,
                                      .own = own_addresses(address.family())},
                              reserve_attempt()));
    }
  }
}

void Plan::take(const IpAddress& address, std::string_view source, int order, bool probed) {
  Observation seen{Kind::address, "resolve", address.text()};
  seen.set("address", address)
      .set("family", name(address.family()))
      .set("class", name(classify(address)))
      .set("source", source)
      .set("in_edge", request_.edge.contains(address))
      .set("order", order)
      .set("probed", probed);
  if (!request_.known_addresses.empty()) {
    seen.set("known", std::ranges::count(request_.known_addresses, address) > 0);
  }
  record_.add(std::move(seen));
}

void Plan::refuse(const IpAddress& address, FailureId failure, const StageRecord& resolved) {
  StageRecord refused = resolved;
  refused.outcome = Outcome::failed;
  refused.failure = failure;
  refused.because = fmt::format("{} is {}: an edge refuses it as an origin", address.text(),
                                name(classify(address)));
  attempts_.push_back(
      Attempt{.address = address, .port = request_.target.port, .stages = {std::move(refused)}});
}

// The origin was given, so the name's records are only compared with it. Where they lead to the
// edge, its own answer is asked for beside the direct one.
net::Task<void> Plan::compare_dns() {
  const Resolution found = co_await resolve(survey_);
  const StageRecord resolved{.stage = Stage::resolve,
                             .outcome = found.failure ? Outcome::failed : Outcome::ok,
                             .failure = found.failure,
                             .elapsed = found.elapsed,
                             .because = found.because};
  if (found.failure) {
    if (!request_.way_of_dns) co_return;
    attempts_.push_back(Attempt{.port = request_.target.port, .stages = {resolved}});
    if (!literal()) co_await look_into_dns(true);
    co_return;
  }
  const auto eyeballs = happy_eyeballs_order(found.addresses);
  bool asked = request_.via_edge.has_value();
  for (const auto& address : found.addresses) {
    const bool known = std::ranges::count(tried_, address) > 0;
    // An edge may be on the origin's own machine, at another port.
    const bool same = !request_.way_of_dns || is_origin({address, request_.target.port});
    if (known && same) continue;
    const auto order = std::ranges::find(eyeballs, address) - eyeballs.begin();
    if (!known) take(address, "dns", static_cast<int>(order), false);
    if (asked || !(request_.way_of_dns || request_.edge.contains(address))) continue;
    asked = true;
    if (request_.way_of_dns && prohibited(address)) {
      refuse(address, FailureId::resolve_prohibited_address, resolved);
      continue;
    }
    co_await try_edge(address, {}, reserve_attempt());
  }
}

void Plan::start_looking_into_dns(bool validated) {
  if (literal() || std::exchange(looked_into_dns_, true)) return;
  background_.start(look_into_dns(validated));
}

net::Task<void> Plan::look_into_dns(bool validated) {
  net::Group parts;
  parts.start(authorities());
  if (validated || request_.mode == Mode::thorough) parts.start(validate(survey_));
  co_await parts.finished();
}

net::Task<void> Plan::investigate(Subject subject, std::size_t place) {
  Investigation investigation{survey_, std::move(subject)};
  attempts_[place] = co_await investigation.run();
}

// What the owner says is right is tried too: a working one proves the record wrong.
net::Task<void> Plan::try_known_addresses() {
  for (const auto& address : request_.known_addresses) {
    if (request_.until == Stage::resolve) break;
    if (std::ranges::count(tried_, address) > 0) continue;
    take(address, "known", 0, true);
    const Way speak = way(request_.target.port);
    Investigation investigation{
        survey_, Subject{.remote = {address, speak.port},
                         .tls = speak.tls,
                         .resolved = {.stage = Stage::resolve, .because = "known address"},
                         .only_main = true}};
    co_await investigation.run();
  }
}

net::Task<void> Plan::try_edge(IpAddress edge, std::optional<StageRecord> resolved,
                               std::size_t place) {
  const Endpoint remote{edge, request_.target.port};
  const EdgeAsked answer = co_await ask_edge(survey_, remote);
  Attempt attempt{.address = edge, .port = remote.port, .via = model::Via::edge};
  StageRecord first =
      resolved ? *resolved : StageRecord{.stage = Stage::resolve, .because = "the edge was given"};
  const bool marked = !answer.reading.mark.empty();
  if (resolved && !marked && (!answer.failure || request_.edge_given)) {
    // Inside the edge's ranges, and nothing there says that it is the edge at work for this site:
    // the origin's record leads back into the edge. Where nothing answered at all, only who named
    // the edge meant its view of the name; to others the edge itself is out of reach.
    attempt.via = model::Via::direct;
    first.outcome = Outcome::failed;
    first.failure = FailureId::resolve_points_to_edge;
    first.because = fmt::format("{} belongs to the edge ({})", edge.text(), request_.edge.name);
    attempt.stages = {std::move(first)};
  } else {
    attempt.stages = {std::move(first)};
    add_edge_stages(attempt, answer);
  }
  attempts_[place] = std::move(attempt);
}

// The stages towards the edge itself, as far as they came.
void Plan::add_edge_stages(Attempt& attempt, const EdgeAsked& answer) const {
  attempt.status = answer.reading.status;
  for (const Stage stage : {Stage::route, Stage::connect, Stage::secure, Stage::exchange}) {
    if (stage == Stage::secure && request_.target.scheme != "https") continue;
    StageRecord record{.stage = stage, .outcome = Outcome::ok};
    if (answer.failed_at == stage) {
      record.outcome = Outcome::failed;
      record.failure = answer.failure;
      record.because = answer.because;
    } else if (answer.failed_at && *answer.failed_at < stage) {
      record.outcome = Outcome::skipped;
      record.because = fmt::format("not tried: {} failed", model::name(*answer.failed_at));
    }
    attempt.stages.push_back(std::move(record));
  }
}

std::size_t Plan::reserve_attempt() {
  attempts_.emplace_back();
  return attempts_.size() - 1;
}

bool Plan::anything_failed() const {
  return std::ranges::any_of(attempts_, [](const std::optional<Attempt>& attempt) {
    return attempt && attempt->failed_stage() != nullptr;
  });
}

}  // namespace

net::Task<DiagnosisRun> diagnose(const Request& request, Record& record) {
  Plan plan{request, record};
  co_return co_await plan.run();
}

}  // namespace causeway::reach
