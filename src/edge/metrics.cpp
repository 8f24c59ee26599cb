#include "edge/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace causeway::edge {
namespace {

using Workers = std::span<const Metrics* const>;

std::uint64_t sum(Workers workers, Count Metrics::* field) {
  std::uint64_t out = 0;
  for (const auto* worker : workers) out += (worker->*field).get();
  return out;
}

void one(std::string& out, Workers workers, std::string_view name, std::string_view type,
         std::string_view help, Count Metrics::* field) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help,
                 type, sum(workers, field));
}

void histogram(std::string& out, Workers workers, std::string_view name, std::string_view help,
               Histogram Metrics::* field) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
  std::uint64_t below = 0;
  std::uint64_t sum_us = 0;
  for (const auto* worker : workers) sum_us += (worker->*field).sum_us.get();
  for (std::size_t i = 0; i <= kBuckets.size(); ++i) {
    for (const auto* worker : workers) below += (worker->*field).buckets.at(i).get();
    if (i < kBuckets.size()) {
      fmt::format_to(to, "{}_bucket{{le=\"{}\"}} {}\n", name, kBuckets.at(i) / 1000.0, below);
    } else {
      fmt::format_to(to, "{}_bucket{{le=\"+Inf\"}} {}\n", name, below);
    }
  }
  fmt::format_to(to, "{0}_sum {1}\n{0}_count {2}\n", name, static_cast<double>(sum_us) / 1e6,
                 below);
}

}  // namespace

void Histogram::add(Duration duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  const auto at = std::ranges::lower_bound(kBuckets, (us + 999) / 1000);
  buckets.at(static_cast<std::size_t>(at - kBuckets.begin())).add();
  sum_us.add(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)));
}

void Metrics::add(const Story& story, Instant now) {
  requests.add();
  if (story.status > 0 && story.status < 600)
    by_status.at(static_cast<std::size_t>(story.status)).add();
  if (story.failure) by_failure.at(static_cast<std::size_t>(*story.failure)).add();
  if (story.cut) cut.add();
  if (story.visitor == VisitorEnd::gone) visitors_gone.add();
  if (story.visitor == VisitorEnd::refused) refused.add();
  bytes_in.add(story.body_in);
  bytes_out.add(story.body_out);
  duration.add(now - story.arrived);
  if (story.attempts.size() > 1) retries.add(story.attempts.size() - 1);
  for (const auto& attempt : story.attempts) {
    if (attempt.reused) reused.add();
    if (attempt.given_up) hedges.add();
    if (attempt.connect > Duration{}) connect.add(attempt.connect);
    if (attempt.handshake > Duration{}) handshake.add(attempt.handshake);
    if (attempt.first_byte > Duration{}) first_byte.add(attempt.first_byte);
  }
}

std::string metrics_text(Workers workers) {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to,
                 "# HELP causeway_edge_requests_total Requests by status sent.\n"
                 "# TYPE causeway_edge_requests_total counter\n");
  for (std::size_t status = 0; status < 600; ++status) {
    std::uint64_t count = 0;
    for (const auto* worker : workers) count += worker->by_status.at(status).get();
    if (count > 0)
      fmt::format_to(to, "causeway_edge_requests_total{{code=\"{}\"}} {}\n", status, count);
  }
  fmt::format_to(to,
                 "# HELP causeway_edge_failures_total Requests by failure towards the origin.\n"
                 "# TYPE causeway_edge_failures_total counter\n");
  for (const auto& row : model::failure_rows()) {
    std::uint64_t count = 0;
    for (const auto* worker : workers) {
      count += worker->by_failure.at(static_cast<std::size_t>(row.failure)).get();
    }
    fmt::format_to(to, "causeway_edge_failures_total{{failure=\"{}\"}} {}\n", row.id, count);
  }
  using M = Metrics;
  one(out, workers, "causeway_edge_connections_total", "counter", "Connections of visitors.",
      &M::connections);
  one(out, workers, "causeway_edge_connections_open", "gauge", "Connections of visitors now.",
      &M::connections_open);
  one(out, workers, "causeway_edge_retries_total", "counter", "Attempts beyond the first.",
      &M::retries);
  one(out, workers, "causeway_edge_reused_total", "counter", "Attempts on a kept connection.",
      &M::reused);
  one(out, workers, "causeway_edge_cut_total", "counter", "Answers begun and not finished.",
      &M::cut);
  one(out, workers, "causeway_edge_visitors_gone_total", "counter",
      "Visitors who left before the end.", &M::visitors_gone);
  one(out, workers, "causeway_edge_refused_total", "counter", "Requests refused here.",
      &M::refused);
  one(out, workers, "causeway_edge_body_in_bytes_total", "counter", "Bytes of request bodies.",
      &M::bytes_in);
  one(out, workers, "causeway_edge_body_out_bytes_total", "counter", "Bytes of answers' bodies.",
      &M::bytes_out);
  one(out, workers, "causeway_edge_handshakes_failed_total", "counter",
      "TLS handshakes of visitors that failed.", &M::handshakes_failed);
  one(out, workers, "causeway_edge_log_lines_lost_total", "counter",
      "Log lines that nothing took in time.", &M::log_lines_lost);
  one(out, workers, "causeway_edge_shed_total", "counter",
      "Requests refused because a worker could not follow.", &M::shed);
  one(out, workers, "causeway_edge_shed_percent", "gauge",
      "Share of requests refused now, summed over workers.", &M::shed_percent);
  one(out, workers, "causeway_edge_drills_total", "counter", "Requests that a drill took.",
      &M::drills);
  one(out, workers, "causeway_edge_hedges_total", "counter",
      "Connections given up because another address was there first.", &M::hedges);
  histogram(out, workers, "causeway_edge_request_seconds",
            "From the request's first byte to the answer's end.", &M::duration);
  histogram(out, workers, "causeway_edge_origin_connect_seconds", "TCP connect to an origin.",
            &M::connect);
  histogram(out, workers, "causeway_edge_origin_handshake_seconds", "TLS handshake with an origin.",
            &M::handshake);
  histogram(out, workers, "causeway_edge_origin_first_byte_seconds",
            "From the request sent to the answer's head.", &M::first_byte);
  return out;
}

}  // namespace causeway::edge
