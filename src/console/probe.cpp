#include "console/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "console/exposition.hpp"
#include "console/limits.hpp"
#include "model/cause.hpp"
#include "model/failure.hpp"
#include "model/target_url.hpp"

namespace causeway::console {
namespace {

using model::Kind;
using model::Stage;

// As blackbox_exporter heads what follows.
constexpr std::string_view kLogEnd = "\n\n\nMetrics that would have been returned:\n";

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

// The attempt that a visitor's browser would have ended with: one that got an answer, else the
// last.
const model::Attempt* speaking(const model::Diagnosis& diagnosis) {
  const model::Attempt* out = nullptr;
  for (const auto& attempt : diagnosis.attempts) {
    if (attempt.status != 0 && (out == nullptr || out->status == 0)) out = &attempt;
  }
  if (out == nullptr && !diagnosis.attempts.empty()) out = &diagnosis.attempts.back();
  return out;
}

const model::StageRecord* stage_of(const model::Attempt& attempt, Stage stage) {
  const auto at = std::ranges::find(attempt.stages, stage, &model::StageRecord::stage);
  return at == attempt.stages.end() ? nullptr : &*at;
}

Duration elapsed(const model::Attempt& attempt, Stage stage) {
  const auto* record = stage_of(attempt, stage);
  return record == nullptr ? Duration{} : record->elapsed;
}

const model::Observation* seen(const model::Diagnosis& diagnosis, Kind kind,
                               const model::Attempt& attempt) {
  for (const auto& each : diagnosis.observations) {
    if (each.kind != kind || !attempt.address) continue;
    if (each.text("address") != attempt.address->text()) continue;
    const auto variant = each.text("variant");
    if (variant.empty() || variant == "main") return &each;
  }
  return nullptr;
}

// FNV-1a of the address's bytes, as blackbox_exporter makes it: to notice a change, no more.
std::uint32_t address_hash(const IpAddress& address) {
  std::uint32_t hash = 2166136261U;
  const auto add = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 16777619U; };
  if (address.is_v4()) {
    for (const auto byte : address.v4_bytes()) add(byte);
  } else {
    for (const auto byte : address.bytes()) add(byte);
  }
  return hash;
}

double protocol_version(std::string_view protocol) {
  if (protocol == "h2") return 2;
  return protocol == "http/1.0" ? 1.0 : 1.1;
}

void write_tls(const model::Diagnosis& diagnosis, const model::Attempt& attempt, Exposition& out) {
  if (const auto* certificate = seen(diagnosis, Kind::certificate, attempt)) {
    if (const auto until = parse_rfc3339(certificate->text("not_after"))) {
      out.single("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime",
                 static_cast<double>(until->time_since_epoch().count()) / 1000);
    }
    out.begin("probe_ssl_last_chain_info", "gauge", "Contains SSL leaf certificate information");
    out.sample(1, fmt::format("fingerprint_sha256=\"{}\",subject=\"{}\",issuer=\"{}\","
                              "subjectalternative=\"{}\",serialnumber=\"{}\"",
                              label_value(certificate->text("fingerprint")),
                              label_value(certificate->text("subject")),
                              label_value(certificate->text("issuer")),
                              label_value(join(certificate->texts("names"), ",")),
                              label_value(certificate->text("serial"))));
  }
  if (const auto* tls = seen(diagnosis, Kind::tls, attempt);
      tls != nullptr && tls->has("version")) {
    std::string version{tls->text("version")};  // "TLSv1.3" here, "TLS 1.3" there
    if (version.starts_with("TLSv")) version.replace(3, 1, " ");
    out.begin("probe_tls_version_info", "gauge", "Returns the TLS version used");
    out.sample(1, fmt::format("version=\"{}\"", label_value(version)));
    out.begin("probe_tls_cipher_info", "gauge", "Returns the TLS cipher negotiated");
    out.sample(1, fmt::format("cipher=\"{}\"", label_value(tls->text("cipher"))));
  }
}

void write_http(const model::Diagnosis& diagnosis, const model::Attempt& attempt, Exposition& out) {
  const auto* answer = seen(diagnosis, Kind::http, attempt);
  out.single("probe_http_status_code", "Response HTTP status code", attempt.status);
  const Duration first_byte =
      answer == nullptr ? elapsed(attempt, Stage::exchange)
                        : std::chrono::duration_cast<Duration>(
                              std::chrono::duration<double, std::milli>(answer->real("ttfb_ms")));
  const Duration transfer = std::max(elapsed(attempt, Stage::exchange) - first_byte, Duration{});
  out.begin("probe_http_duration_seconds", "gauge",
            "Duration of http request by phase, summed over all redirects");
  out.sample(seconds(elapsed(attempt, Stage::resolve)), "phase=\"resolve\"");
  out.sample(seconds(elapsed(attempt, Stage::connect)), "phase=\"connect\"");
  out.sample(seconds(elapsed(attempt, Stage::secure)), "phase=\"tls\"");
  out.sample(seconds(first_byte), "phase=\"processing\"");
  out.sample(seconds(transfer), "phase=\"transfer\"");
  out.single("probe_http_ssl", "Indicates if SSL was used for the final redirect",
             diagnosis.target.scheme == "https" ? 1 : 0);
  if (answer == nullptr) return;
  out.single("probe_http_version", "Returns the version of HTTP of the probe response",
             protocol_version(answer->text("protocol")));
  out.single(
      "probe_http_content_length", "Length of http content response",
      answer->has("content_length") ? static_cast<double>(answer->integer("content_length")) : -1);
  out.single("probe_http_uncompressed_body_length", "Length of uncompressed response body",
             static_cast<double>(answer->integer("body_bytes")));
}

void write_failure(std::optional<model::FailureId> failure, Exposition& out) {
  out.begin("causeway_failure", "gauge", "1 for what went wrong on the wire; a closed list.");
  if (failure) out.sample(1, fmt::format("failure=\"{}\"", name(*failure)));
}

void write_why(const model::Verdict& verdict, Exposition& out) {
  write_failure(verdict.failure, out);
  out.begin("causeway_cause", "gauge",
            "How probable each named cause is, 0 to 1; a closed list of causes.");
  for (const auto& cause : verdict.causes) {
    out.sample(cause.probability, fmt::format("cause=\"{}\"", name(cause.cause)));
  }
}

void write_layers(const model::Attempt& attempt, Exposition& out) {
  out.begin("causeway_layer_ok", "gauge", "1 when the layer worked; absent when it was not tried.");
  for (const auto& record : attempt.stages) {
    if (record.outcome == model::Outcome::skipped) continue;
    out.sample(record.outcome == model::Outcome::ok ? 1 : 0,
               fmt::format("layer=\"{}\"", name(record.stage)));
  }
}

// When Prometheus stops to wait, less the way back.
Duration deadline_of(std::string_view scrape_timeout) {
  double timeout = 0;
  const auto [end, wrong] = std::from_chars(scrape_timeout.data(),
                                            scrape_timeout.data() + scrape_timeout.size(), timeout);
  if (wrong != std::errc{} || !(timeout > 0 && timeout < 600)) return limits::kProbe;
  const auto whole = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(timeout));
  return whole - std::min<Duration>(limits::kProbeWayBack, whole / 2);
}

Parsed<DiagnosisOrder> http_order(const ProbeParameters& parameters) {
  // blackbox_exporter takes a target without a scheme as http.
  DiagnosisOrder out{.url = std::string{parameters.target},
                     .quick = true,
                     .deadline = deadline_of(parameters.scrape_timeout)};
  if (!parameters.target.contains("://")) out.url = "http://" + out.url;
  const auto target = model::parse_target(out.url);
  if (!target) return error(target.error().text);
  if (parameters.hostname.empty()) return out;
  const auto host = model::parse_host_name(parameters.hostname);
  if (!host) return error("\"hostname\": " + host.error().text);
  const auto address = IpAddress::parse(target->host);
  if (!address) {
    return error(
        fmt::format("\"hostname\" names who is asked at an address; expected one as "
                    "target, not {}",
                    printable(target->host, 60)));
  }
  out.address = *address;
  out.url = fmt::format("{}://{}:{}{}", target->scheme, *host, target->port, target->path);
  return out;
}

Parsed<CheckOrder> check_order(const ProbeParameters& parameters, bool connects) {
  CheckOrder out{.ping = !connects, .deadline = deadline_of(parameters.scrape_timeout)};
  // The reader of URLs knows names, addresses, brackets and ports.
  std::string_view target = parameters.target;
  if (target.starts_with("tcp://")) target.remove_prefix(6);
  const auto read = model::parse_target(fmt::format("http://{}", target));
  const auto tail = target.substr(std::min(target.rfind(']') + 1, target.size()));
  const bool has_port = !IpAddress::parse(target) && tail.contains(':');
  if (!read || read->path != "/" || has_port != connects) {
    return error(fmt::format("expected {} as target, not {}",
                             connects ? "HOST:PORT or [IPv6]:PORT" : "a name or an address",
                             printable(parameters.target, 60)));
  }
  out.host = read->host;
  out.port = read->port;
  return out;
}

void write_address(const std::optional<IpAddress>& address, Exposition& out) {
  out.single("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6",
             !address           ? 0
             : address->is_v4() ? 4
                                : 6);
  out.single("probe_ip_addr_hash",
             "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
             address ? address_hash(*address) : 0);
}

void write_outcome(bool success, Duration whole, Duration lookup, Exposition& out) {
  out.single("probe_success", "Displays whether or not the probe was a success", success ? 1 : 0);
  out.single("probe_duration_seconds", "Returns how long the probe took to complete in seconds",
             seconds(whole));
  out.single("probe_dns_lookup_time_seconds",
             "Returns the time taken for probe dns lookup in seconds", seconds(lookup));
}

std::string log_line(std::string_view layer, std::string_view outcome, Duration took,
                     std::string_view because) {
  return fmt::format("{:9} {:8} {:.1f} ms{}{}\n", layer, outcome, seconds(took) * 1000,
                     because.empty() ? "" : "  ", printable(because, 300));
}

bool succeeded(const model::Attempt* attempt) {
  return attempt != nullptr && attempt->failed_stage() == nullptr && attempt->status >= 200 &&
         attempt->status < 300;
}

}  // namespace

Parsed<ProbeQuestion> probe_question(const ProbeParameters& parameters) {
  if (parameters.target.empty()) return error("Target parameter is missing");
  ProbeQuestion out;
  out.debug = parameters.debug == "true";
  const std::string_view module = parameters.module;
  const bool connects = module == "tcp_connect";
  if (module.empty() || module == "http_2xx") {
    auto order = http_order(parameters);
    if (!order) return std::unexpected(std::move(order.error()));
    out.order = std::move(*order);
  } else if (connects || module == "icmp") {
    auto order = check_order(parameters, connects);
    if (!order) return std::unexpected(std::move(order.error()));
    out.order = std::move(*order);
  } else {
    return error(fmt::format("Unknown module \"{}\"; expected http_2xx, tcp_connect or icmp",
                             printable(module, 60)));
  }
  return out;
}

std::string probe_exposition(const model::Diagnosis& diagnosis) {
  Exposition out;
  const auto* attempt = speaking(diagnosis);
  write_outcome(succeeded(attempt), diagnosis.duration,
                attempt == nullptr ? Duration{} : elapsed(*attempt, Stage::resolve), out);
  write_address(attempt == nullptr ? std::nullopt : attempt->address, out);
  if (attempt != nullptr) {
    write_http(diagnosis, *attempt, out);
    write_tls(diagnosis, *attempt, out);
    write_layers(*attempt, out);
  } else {
    out.single("probe_http_status_code", "Response HTTP status code", 0);
  }
  write_why(diagnosis.verdict, out);
  return out.take();
}

std::string probe_exposition(const CheckOrder& order, const CheckSeen& seen) {
  Exposition out;
  write_outcome(seen.ok, seen.whole, seen.resolve, out);
  write_address(seen.address, out);
  if (order.ping) {
    out.begin("probe_icmp_duration_seconds", "gauge", "Duration of icmp request by phase");
    out.sample(seconds(seen.resolve), "phase=\"resolve\"");
    const Duration setup = seen.whole - seen.resolve - seen.answer;
    out.sample(seconds(std::max(setup, Duration{})), "phase=\"setup\"");
    out.sample(seconds(seen.answer), "phase=\"rtt\"");
    if (seen.hop_limit > 0) {
      out.single("probe_icmp_reply_hop_limit", "Replied packet hop limit (TTL for ipv4)",
                 seen.hop_limit);
    }
  } else {
    out.single("probe_failed_due_to_regex", "Indicates if probe failed due to regex", 0);
  }
  write_failure(seen.failure, out);
  return out.take();
}

std::string probe_log(const model::Diagnosis& diagnosis) {
  std::string out = fmt::format("Logs for the probe:\n{}\n", printable(diagnosis.target.url, 300));
  for (const auto& attempt : diagnosis.attempts) {
    out += fmt::format(
        "{}\n", attempt.address ? Endpoint{*attempt.address, attempt.port}.text() : "no address");
    for (const auto& record : attempt.stages) {
      out += log_line(name(record.stage), name(record.outcome), record.elapsed, record.because);
    }
  }
  out += printable(diagnosis.verdict.sentence, 600) + "\n";
  for (const auto& cause : diagnosis.verdict.causes) {
    out += fmt::format("{:.2f}  {}  {}\n", cause.probability, name(cause.cause),
                       row(cause.cause).title);
  }
  return fmt::format("{}{}{}", out, kLogEnd, probe_exposition(diagnosis));
}

std::string probe_log(const CheckOrder& order, const CheckSeen& seen) {
  std::string out = "Logs for the probe:\n";
  if (seen.resolve > Duration{}) out += log_line("resolve", "", seen.resolve, order.host);
  out += log_line(order.ping ? "ping" : "connect", seen.ok ? "ok" : "failed", seen.answer,
                  seen.detail);
  return fmt::format("{}{}{}", out, kLogEnd, probe_exposition(order, seen));
}

}  // namespace causeway::console
