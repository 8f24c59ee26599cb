#include "reach/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "codec/first_bytes.hpp"
#include "codec/http_page.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"
#include "reach/connect.hpp"
#include "reach/exchange_answer.hpp"

namespace causeway::reach {
namespace {

using model::FailureId;

struct OutcomeRow {
  std::string_view outcome;
  FailureId failure;
};
constexpr std::array kOutcomes{
    OutcomeRow{"unacked", FailureId::http_request_unacked},
    OutcomeRow{"write-stalled", FailureId::http_write_stalled},
    OutcomeRow{"silent", FailureId::http_silent},
    OutcomeRow{"slow-headers", FailureId::http_silent},
    OutcomeRow{"endless-interim", FailureId::http_silent},
    OutcomeRow{"closed", FailureId::http_closed},
    OutcomeRow{"reset", FailureId::http_reset},
    OutcomeRow{"malformed", FailureId::http_malformed},
    OutcomeRow{"headers-too-large", FailureId::http_headers_too_large},
    OutcomeRow{"headers-truncated", FailureId::http_headers_truncated},
    OutcomeRow{"body-truncated", FailureId::http_body_truncated},
    OutcomeRow{"body-reset", FailureId::http_body_truncated},
    OutcomeRow{"stalled-body", FailureId::http_stalled_body},
    OutcomeRow{"bad-chunking", FailureId::http_bad_chunking},
    OutcomeRow{"length-mismatch", FailureId::http_length_mismatch},
    OutcomeRow{"h2-error", FailureId::http_h2_error},
    OutcomeRow{"goaway", FailureId::http_goaway},
    // TLS 1.3 lets a server refuse our missing client certificate only now. For an edge the
    // handshake was fine and the connection then ended without an answer: 520.
    OutcomeRow{"tls-alert", FailureId::http_closed},
};

struct Judged {
  codec::PageFacts page;
  std::string_view mark;
  std::optional<bool> status_matches;
  std::optional<bool> text_found;
};

std::vector<codec::HeaderField> views(const Answer& answer) {
  std::vector<codec::HeaderField> out;
  out.reserve(answer.fields.size());
  for (const auto& [name, value] : answer.fields) out.push_back({name, value});
  return out;
}

// A redirect is not the page that the owner means, and a packed one cannot be searched: we asked
// for none, and got it all the same.
bool is_readable(const Answer& answer, const std::vector<codec::HeaderField>& fields) {
  const bool redirect = answer.status >= 300 && answer.status < 400;
  const auto coding = codec::find_field(fields, "content-encoding");
  return !redirect && (!coding || equals_ignoring_case(*coding, "identity"));
}

Judged judge_content(const Expectation& expect, const Answer& answer,
                     const std::vector<codec::HeaderField>& fields) {
  Judged out;
  out.page = codec::read_page(answer.status, fields, answer.body);
  out.mark = codec::edge_mark(fields);
  if (expect.status != 0) out.status_matches = answer.status == expect.status;
  if (!expect.text.empty() && is_readable(answer, fields)) {
    out.text_found = answer.body.contains(expect.text);
    // What was not read may hold it.
    const bool read_whole = !answer.capped && answer.body_bytes == answer.body.size();
    if (out.text_found == false && !read_whole) out.text_found.reset();
  }
  return out;
}

// A complete answer can still not be what the owner wants to be served.
std::optional<std::string> complaint(const Expectation& expect, const Answer& answer,
                                     const Judged& judged) {
  if (judged.status_matches == false) {
    return fmt::format("status {} instead of {}", answer.status, expect.status);
  }
  if (expect.status == 0 && answer.status >= expect.below) {
    return fmt::format("status {} {}", answer.status, printable(answer.reason, 60));
  }
  using codec::Page;
  const auto page = judged.page.page;
  if (expect.status == 0 && (page == Page::https_required || page == Page::client_cert_required)) {
    return fmt::format("status {}: \"{}\"", answer.status, judged.page.title);
  }
  if (judged.text_found == false) return fmt::format("the page has no \"{}\"", expect.text);
  return std::nullopt;
}

std::string explain(const Answer& answer, FailureId failure) {
  if (answer.alert >= 0) {
    return fmt::format("TLS alert {} ({}) instead of an answer", answer.alert,
                       net::alert_name(answer.alert));
  }
  if (!answer.detail.empty()) return answer.detail;
  if (answer.outcome == "slow-headers") {
    return fmt::format("the head was not complete within {:.1f} s",
                       milliseconds(answer.elapsed) / 1000);
  }
  if (answer.outcome == "endless-interim") {
    return fmt::format("{} interim answers and no final one", answer.interim);
  }
  if (answer.head_complete) {
    return answer.announced
               ? fmt::format("{} of {} bytes came", answer.body_bytes, *answer.announced)
               : fmt::format("{} bytes came", answer.body_bytes);
  }
  return std::string{model::row(failure).sentence};
}

void set_field(model::Observation& out, std::string_view observed,
               const std::vector<codec::HeaderField>& fields, std::string_view name) {
  if (const auto value = codec::find_field(fields, name)) {
    out.set(observed, printable(*value, limits::kTextKept));
  }
}

void set_head(model::Observation& out, const Answer& answer,
              const std::vector<codec::HeaderField>& fields, const Judged& judged) {
  out.set("status", answer.status);
  set_field(out, "server", fields, "server");
  set_field(out, "via_header", fields, "via");
  set_field(out, "location", fields, "location");
  set_field(out, "retry_after", fields, "retry-after");
  set_field(out, "content_type", fields, "content-type");
  if (answer.announced) out.set("content_length", *answer.announced);
  out.set("body_bytes", answer.body_bytes).set("body_hash", answer.body_hash);
  out.set("body_capped", answer.capped);
  if (!judged.mark.empty()) out.set("edge_mark", judged.mark);
  if (!judged.page.title.empty()) out.set("title", judged.page.title);
  out.set("page", codec::name(judged.page.page));
  if (judged.status_matches) out.set("status_matches", *judged.status_matches);
  if (judged.text_found) out.set("text_found", *judged.text_found);
}

void set_delivery(model::Observation& out, const Answer& answer, const net::TcpFacts& facts) {
  out.set("acked", facts.unacked_bytes == 0 || answer.to_first_byte.has_value());
  out.set("retransmits", static_cast<int>(facts.retransmits));
  if (answer.to_first_byte) out.set("ttfb_ms", *answer.to_first_byte);
  out.set("elapsed_ms", answer.elapsed);
  if (!answer.head_complete && (answer.outcome == "silent" || answer.outcome == "unacked" ||
                                answer.outcome == "slow-headers")) {
    out.set("waited_ms", answer.elapsed);
  }
  if (answer.os_code != 0) out.set("error", net::errno_name(answer.os_code));
  if (answer.alert >= 0) {
    out.set("alert", answer.alert).set("alert_name", net::alert_name(answer.alert));
  }
}

model::Observation observation_of(const ExchangeQuestion& question, const Answer& answer,
                                  const std::vector<codec::HeaderField>& fields,
                                  const Judged& judged, const net::TcpFacts& facts) {
  model::Observation out{model::Kind::http, question.via == model::Via::edge ? "edge" : "exchange",
                         question.remote.text()};
  out.set("address", question.remote.address).set("port", int{question.remote.port});
  out.set("via", model::name(question.via)).set("variant", question.variant);
  out.set("protocol", answer.protocol).set("outcome", answer.outcome);
  out.set("headers_received", answer.head_complete);
  const auto& reason = answer.detail.empty() ? answer.reason : answer.detail;
  if (!reason.empty()) out.set("reason", printable(reason, limits::kTextKept));
  if (answer.interim > 0) out.set("interim", answer.interim);
  const auto kind = codec::first_bytes(answer.first_bytes);
  out.set("first_bytes", codec::name(kind));
  if (answer.outcome != "complete" && !answer.first_bytes.empty()) {
    out.set("first_text", printable(answer.first_bytes, limits::kTextKept));
  }
  if (answer.head_complete) set_head(out, answer, fields, judged);
  set_delivery(out, answer, facts);
  if (question.connections_before > 0) out.set("connections_before", question.connections_before);
  return out;
}

// A body that comes so slowly that an edge's whole patience would pass before its end has stalled
// for everybody who waits for it. Of a body without an announced end nothing is known.
void judge_pace(Answer& answer) {
  if (!answer.capped || !answer.announced || answer.body_bytes == 0 || !answer.to_first_byte)
    return;
  if (answer.body_bytes >= limits::kBodyBytesRead) return;  // capped by size: fast enough
  const double seconds = milliseconds(answer.elapsed - *answer.to_first_byte) / 1e3;
  const double rate = static_cast<double>(answer.body_bytes) / std::max(seconds, 0.001);
  const double rest = static_cast<double>(*answer.announced - answer.body_bytes) / rate;
  if (rest < std::chrono::duration<double>(limits::kEdgeFirstByte).count()) return;
  answer.outcome = "stalled-body";
  answer.detail = fmt::format("at {:.0f} bytes a second the rest takes {:.0f} s", rate, rest);
}

// The diagnosis ended before an edge would have given up: that is no silence of the origin.
bool cut_short(const Survey& survey, const Answer& answer) {
  constexpr std::array<std::string_view, 5> kWaited{"silent", "unacked", "slow-headers",
                                                    "stalled-body", "endless-interim"};
  return std::ranges::find(kWaited, answer.outcome) != kWaited.end() &&
         (net::Loop::current().interrupted() || Clock::now() >= survey.deadline);
}

}  // namespace

ExchangeQuestion exchange_question(const Request& request, const Endpoint& remote,
                                   std::string_view variant, const net::TlsResult* secured) {
  ExchangeQuestion question;
  question.remote = remote;
  question.variant = variant;
  question.scheme = request.target.scheme;
  question.port = request.target.port;
  question.path = request.target.path;
  if (variant != "no-host") question.host = request.target.host;
  question.h2 = secured != nullptr && secured->alpn == "h2";
  if (request.mode == model::Mode::quick) {
    question.first_byte = limits::kFirstByteWaitQuick;
  }
  if (!request.expect.text.empty()) question.body_kept = limits::kBodyBytesRead;
  return question;
}

std::optional<FailureId> failure_of(std::string_view outcome) {
  const auto* row = std::ranges::find(kOutcomes, outcome, &OutcomeRow::outcome);
  return row != kOutcomes.end() ? std::optional{row->failure} : std::nullopt;
}

net::Task<Exchanged> exchange(Survey& survey, net::Stream& stream, ExchangeQuestion question) {
  Exchanged out;
  Answer answer;
  const unsigned retransmits_before = stream.facts().retransmits;
  if (question.h2) {
    out.session = question.session ? question.session : std::make_shared<net::H2Client>();
    answer = co_await ask_http2(survey, stream, question, *out.session);
  } else {
    answer = co_await ask_http1(survey, stream, question);
  }
  judge_pace(answer);
  if (cut_short(survey, answer)) {
    out.failure = FailureId::cancelled;
    out.because = fmt::format("the diagnosis ended {:.1f} s after the request, before an answer",
                              milliseconds(answer.elapsed) / 1000);
    co_return out;
  }
  const auto fields = views(answer);
  Judged judged;
  if (answer.head_complete) judged = judge_content(survey.request.expect, answer, fields);
  auto facts = stream.facts();
  facts.retransmits -= std::min(facts.retransmits, retransmits_before);
  auto observation = observation_of(question, answer, fields, judged, facts);
  if (const auto own = net::local_endpoint(stream.socket())) {
    describe_reset(survey, question.remote, own->port, observation);
  }
  out.observation = survey.record.add(std::move(observation)).id;

  out.outcome = answer.outcome;
  out.failure = failure_of(answer.outcome);
  if (out.failure) out.because = explain(answer, *out.failure);
  out.status = answer.status;
  out.reusable = answer.reusable;
  out.elapsed = answer.elapsed;
  out.page = codec::name(judged.page.page);
  const bool redirect = answer.status >= 300 && answer.status < 400;
  const auto location = codec::find_field(fields, "location");
  if (redirect && location) out.location = *location;
  if (!out.failure) {
    if (auto wrong = complaint(survey.request.expect, answer, judged)) {
      out.failure = FailureId::http_status;
      out.because = std::move(*wrong);
    }
  }
  out.fields = std::move(answer.fields);
  out.body = std::move(answer.body);
  co_return out;
}

}  // namespace causeway::reach
