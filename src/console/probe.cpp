#include "console/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "console/exposition.hpp"
#include "console/limits.hpp"
#include "model/cause.hpp"
#include "model/failure.hpp"

namespace causeway::console {
namespace {

using model::Kind;
using model::Stage;

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

void write_why(const model::Verdict& verdict, Exposition& out) {
  out.begin("causeway_failure", "gauge", "1 for what went wrong on the wire; a closed list.");
  if (verdict.failure) {
    out.sample(1, fmt::format("failure=\"{}\"", name(*verdict.failure)));
  }
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

bool succeeded(const model::Attempt* attempt) {
  return attempt != nullptr && attempt->failed_stage() == nullptr && attempt->status >= 200 &&
         attempt->status < 300;
}

}  // namespace

Parsed<ProbeQuestion> probe_question(std::string_view target, std::string_view module,
                                     std::string_view scrape_timeout) {
  if (target.empty()) return error("Target parameter is missing");
  if (!module.empty() && module != "http_2xx") {
    return error(fmt::format("Unknown module \"{}\"; expected http_2xx", printable(module, 60)));
  }
  ProbeQuestion out{std::string{target}, limits::kProbe};
  // blackbox_exporter takes a target without a scheme as http.
  if (!target.contains("://")) out.url = "http://" + out.url;
  double timeout = 0;
  const auto [end, wrong] = std::from_chars(scrape_timeout.data(),
                                            scrape_timeout.data() + scrape_timeout.size(), timeout);
  if (wrong == std::errc{} && timeout > 1 && timeout < 600) {
    out.deadline = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(timeout)) -
                   limits::kProbeWayBack;
  }
  return out;
}

std::string probe_exposition(const model::Diagnosis& diagnosis) {
  Exposition out;
  const auto* attempt = speaking(diagnosis);
  out.single("probe_success", "Displays whether or not the probe was a success",
             succeeded(attempt) ? 1 : 0);
  out.single("probe_duration_seconds", "Returns how long the probe took to complete in seconds",
             seconds(diagnosis.duration));
  out.single("probe_dns_lookup_time_seconds",
             "Returns the time taken for probe dns lookup in seconds",
             attempt == nullptr ? 0 : seconds(elapsed(*attempt, Stage::resolve)));
  if (attempt != nullptr && attempt->address) {
    out.single("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6",
               attempt->address->is_v4() ? 4 : 6);
    out.single("probe_ip_addr_hash",
               "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
               address_hash(*attempt->address));
  }
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

}  // namespace causeway::console
