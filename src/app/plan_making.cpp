#include "app/plan_making.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/diagnose.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "explain/userinfo.hpp"
#include "model/cause.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "plan/limits.hpp"
#include "zone/store.hpp"

namespace causeway::app {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;

// A host name; what looks like a URL or an address is told from one.
Parsed<std::string> host_in(const std::string& text) {
  std::string_view rest = text;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos)
    rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto user = rest.rfind('@'); user != std::string_view::npos)
    rest.remove_prefix(user + 1);
  const auto shown = [&] { return printable(explain::without_userinfo(text), 100); };
  if (IpAddress::parse(rest)) {
    return error(
        fmt::format("'{}' is an address; expected the host name that moves, such as "
                    "www.example.net",
                    shown()));
  }
  if (rest.size() != text.size() || rest.contains(':')) {
    const auto host = codec::dns_name(rest.substr(0, rest.find(':')));
    return error(fmt::format("'{}' is no host name; expected {}", shown(),
                             host ? "'" + *host + "' alone, without scheme, port and page"
                                  : "one such as www.example.net"));
  }
  return codec::dns_name(text);
}

void take_observations(const model::Diagnosis& diagnosis, plan::EndpointSeen& into) {
  for (const auto& seen : diagnosis.observations) {
    if (seen.text("variant") != "main") continue;
    if (seen.kind == model::Kind::certificate) {
      into.has_certificate = true;
      into.certificate_failures = seen.texts("failures");
      into.certificate_names = seen.texts("names");
      into.certificate_days = seen.real("days_left");
    } else if (seen.kind == model::Kind::http) {
      into.page = seen.text("page");
    }
  }
}

// One diagnosis of one address and port, as the edge would connect there.
net::Task<void> see_endpoint(const PlanQuestion& asked, std::string host, bool full,
                             plan::EndpointSeen& into) {
  DiagnosePlan plan;
  plan.request = asked.request;
  plan.documents = full ? asked.documents : std::vector<model::Document>{};
  plan.request.target.host = host;
  plan.request.target.scheme = into.tls ? "https" : "http";
  plan.request.target.port = into.endpoint.port;
  plan.request.target.url = fmt::format("{}://{}/", plan.request.target.scheme, host);
  plan.request.origins = {into.endpoint};
  plan.request.mode = model::Mode::quick;
  if (into.tls && plan.request.ssl == model::SslMode::flexible) {
    plan.request.ssl = model::SslMode::full;
  }
  const WallTime started = wall_now();
  reach::Record record;
  auto run = co_await reach::diagnose(plan.request, record);
  const auto diagnosis = conclude(plan, started, std::move(run), record.take());
  for (const auto& attempt : diagnosis.attempts) {
    if (!attempt.address || *attempt.address != into.endpoint.address) continue;
    into.status = attempt.status;
    if (const auto* failed = attempt.failed_stage()) {
      into.failure = failed->failure;
      into.because = failed->because;
    }
  }
  take_observations(diagnosis, into);
  if (diagnosis.verdict.state == model::State::ok || diagnosis.verdict.causes.empty()) co_return;
  const auto& cause = diagnosis.verdict.causes.front();
  into.cause = model::name(cause.cause);
  into.cause_title = cause.title;
  if (cause.fixes.empty()) co_return;
  into.fix = cause.fixes.front().text;
  into.fix_command = cause.fixes.front().command;
}

std::vector<plan::EndpointSeen> endpoints(const std::vector<IpAddress>& addresses) {
  std::vector<plan::EndpointSeen> out;
  for (const auto& address : addresses) {
    out.push_back({.endpoint = {address, kHttpsPort}, .tls = true, .failure = {}});
    out.push_back({.endpoint = {address, kHttpPort}, .tls = false, .failure = {}});
  }
  return out;
}

// The way to compare pages: TLS where it answers, as the edge would go.
const plan::EndpointSeen* way_to(const std::vector<plan::EndpointSeen>& all, bool tls) {
  for (const bool wanted : {tls, !tls}) {
    for (const auto& seen : all) {
      const bool reached = seen.answers() || !seen.certificate_failures.empty();
      if (seen.tls == wanted && reached) return &seen;
    }
  }
  return nullptr;
}

std::string in_words(const std::string& host, const plan::EndpointSeen& seen) {
  std::string what = seen.failure ? std::string{model::row(*seen.failure).sentence}
                                  : fmt::format("answers {}", seen.status);
  if (!seen.failure && seen.status == 0) what = "gave no answer";
  return fmt::format("{}: {}: {}", host, seen.endpoint.text(), what);
}

net::Task<void> ask_endpoint(const PlanQuestion& asked, const PlanTold& told, std::string host,
                             bool full, plan::EndpointSeen& into) {
  co_await see_endpoint(asked, host, full, into);
  told(in_words(host, into));
}

net::Task<void> see_host(const PlanQuestion& asked, const PlanTold& told, plan::HostSeen& host) {
  host.before = endpoints(asked.before);
  host.after = endpoints(asked.after);
  {
    net::Group group;
    for (auto& seen : host.before) {
      group.start(ask_endpoint(asked, told, host.name, false, seen));
    }
    for (auto& seen : host.after) group.start(ask_endpoint(asked, told, host.name, true, seen));
    co_await group.finished();
  }
  const bool tls = asked.request.ssl != model::SslMode::flexible;
  const auto* before = way_to(host.before, tls);
  const auto* after = way_to(host.after, tls);
  if (asked.pages == 0 || before == nullptr || after == nullptr) co_return;
  plan::CrawlQuestion question{.request = asked.request,
                               .before = before->endpoint,
                               .after = after->endpoint,
                               .before_tls = before->tls,
                               .after_tls = after->tls,
                               .first = asked.paths,
                               .most = asked.pages};
  question.request.target.host = host.name;
  if (question.first.empty()) question.first = {"/"};
  told(fmt::format("{}: comparing up to {} pages", host.name, asked.pages));
  host.pages = co_await plan::crawl(std::move(question));
  told(fmt::format("{}: {} pages compared", host.name, host.pages.size()));
}

void take_facts(const PlanQuestion& asked, plan::Seen& seen) {
  for (const auto& document : asked.documents) {
    if (document.schema != model::kFactsSchema) continue;
    if (!seen.filter) seen.filter.emplace();
    for (const auto& fact : document.observations) {
      const std::string_view what = fact.text("what");
      if (fact.kind != model::Kind::fact || (what != "filter" && what != "ban")) continue;
      const std::string_view value = fact.text("value");
      seen.filter->push_back({.port = static_cast<std::uint16_t>(fact.integer("port")),
                              .family = std::string{fact.text("family")},
                              .value = what == "ban" && value != "none"
                                           ? "a ban by " + std::string{value}
                                           : std::string{value},
                              .detail = std::string{fact.text("detail")}});
    }
  }
}

}  // namespace

Parsed<std::vector<IpAddress>> parse_addresses(const std::string& text) {
  std::vector<IpAddress> out;
  for (const auto part : split(text, ',')) {
    const auto address = IpAddress::parse(trim(part));
    if (!address) return std::unexpected(address.error());
    if (std::ranges::count(out, *address) == 0) out.push_back(*address);
  }
  if (out.size() > static_cast<std::size_t>(limits::kAddressesTried)) {
    return error(fmt::format("at most {} addresses", limits::kAddressesTried));
  }
  return out;
}

Parsed<std::vector<std::string>> parse_names(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const auto& text : texts) {
    const auto name = host_in(text);
    if (!name) return std::unexpected(name.error());
    out.push_back(*name);
  }
  if (out.empty()) return error("no host name is given; expected one such as www.example.net");
  if (out.size() > limits::kPlanHosts) {
    return error(fmt::format("at most {} host names", limits::kPlanHosts));
  }
  return out;
}

Parsed<bool> check_path(const std::string& text) {
  if (text.starts_with('/')) return true;
  return error(fmt::format("'{}' is no path; expected one that begins with '/', such as /{}",
                           printable(explain::without_userinfo(text), 100),
                           text.contains("://") ? "cart" : printable(text, 60)));
}

Parsed<bool> check_facts(const model::Document& document, const std::string& called) {
  if (document.schema == model::kFactsSchema) return true;
  return error(fmt::format(
      "'{}' is a {}; expected what 'causeway inspect --format json' says on the new origin ({})",
      printable(called, 100), printable(document.schema, 40), model::kFactsSchema));
}

model::SslMode ssl_of(const std::string& text) {
  if (text == "flexible") return model::SslMode::flexible;
  return text == "full" ? model::SslMode::full : model::SslMode::strict;
}

plan::Seen nothing_seen(const PlanQuestion& asked) {
  plan::Seen seen{.before = asked.before,
                  .after = asked.after,
                  .hosts = {},
                  .records = {},
                  .zone = {},
                  .records_from = {},
                  .filter = {},
                  .strict = asked.request.ssl == model::SslMode::strict,
                  .tls = asked.request.ssl != model::SslMode::flexible,
                  .at = wall_now()};
  take_facts(asked, seen);
  return seen;
}

Parsed<bool> take_zone(const std::string& zone, std::string store, plan::Seen& into) {
  const bool file = zone.ends_with(".json");
  if (store.empty() && !file) {
    const auto usual = zone::default_store();
    if (!usual) return std::unexpected(usual.error());
    store = *usual + "/dns";
  }
  auto snapshot = zone::Store{store}.snapshot(zone, file ? zone : "latest");
  if (!snapshot) return std::unexpected(snapshot.error());
  into.zone = snapshot->zone;
  into.records = std::move(snapshot->records);
  if (snapshot->provider) {
    const auto& settings = snapshot->provider->settings;
    const auto found = settings.find("tls_client_auth");
    if (found != settings.end()) into.origin_pulls = found->second;
  }
  into.records_from =
      fmt::format("snapshot {} of {}, {}", snapshot->id, snapshot->zone, rfc3339(snapshot->taken));
  return true;
}

net::Task<std::vector<plan::HostSeen>> see_hosts(const PlanQuestion& asked, const PlanTold& told) {
  std::vector<plan::HostSeen> out;
  out.reserve(asked.names.size());
  for (const auto& name : asked.names) {
    out.push_back({.name = name, .before = {}, .after = {}, .pages = {}});
  }
  for (auto& host : out) {
    if (!net::Loop::current().interrupted()) co_await see_host(asked, told, host);
  }
  co_return out;
}

}  // namespace causeway::app
