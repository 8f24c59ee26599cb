#include <fmt/format.h>

#include <charconv>

#include "codec/http1.hpp"
#include "codec/http1_request.hpp"
#include "reach/exchange_answer.hpp"
#include "reach/exchange_outcome.hpp"

namespace causeway::reach {
namespace {

using net::H2Answer;
using net::H2End;

std::string_view outcome_of(const H2Answer& got, const net::Stream& stream) {
  switch (got.end) {
    case H2End::complete:
    case H2End::body_capped: return "complete";
    case H2End::timeout:
      return got.head_complete
                 ? "stalled-body"
                 : outcome_of_silence(stream, got.head_begun && got.interim == 0, got.interim);
    case H2End::closed: return got.head_complete ? "body-truncated" : "closed";
    case H2End::reset: return got.head_complete ? "body-reset" : "reset";
    case H2End::tls_alert: return got.head_complete ? "body-truncated" : "tls-alert";
    case H2End::goaway: return "goaway";
    case H2End::stream_reset: return got.head_complete ? "body-reset" : "h2-error";
    case H2End::head_too_large: return "headers-too-large";
    case H2End::too_many_interim: return "endless-interim";
    case H2End::write_failed: return outcome_of_write_stall(got.bytes_written, stream);
    case H2End::frame_flood:
    case H2End::protocol_error:
    case H2End::not_h2: break;
  }
  return "h2-error";
}

std::string detail_of(const H2Answer& got) {
  switch (got.end) {
    case H2End::not_h2: return "HTTP/2 was agreed (ALPN), and the server speaks something else";
    case H2End::goaway:
      return fmt::format("GOAWAY with {} ({})", net::h2_error_name(got.error_code), got.error_code);
    case H2End::stream_reset:
      return fmt::format("RST_STREAM with {} ({})", net::h2_error_name(got.error_code),
                         got.error_code);
    case H2End::frame_flood:
      return fmt::format("{} frames (SETTINGS, PING) that are no answer", got.other_frames);
    default: return got.reason;
  }
}

}  // namespace

net::Task<Answer> ask_http2(Survey& survey, net::Stream& stream, const ExchangeQuestion& question,
                            net::H2Client& session) {
  codec::RequestText text;
  text.host = question.host;
  text.port = question.port;
  text.scheme = question.scheme;
  text.accept = question.accept;
  if (!question.cookie.empty()) text.more.emplace_back("Cookie", question.cookie);
  net::H2Request request;
  request.scheme = question.scheme;
  request.authority = codec::authority(text);
  request.path = question.path;
  request.fields = codec::request_fields(text);
  const net::H2Waits waits{question.first_byte, question.between_bytes, question.body,
                           question.body_kept};
  auto got = co_await session.ask(stream, std::move(request), waits, survey.deadline);

  Answer answer;
  answer.outcome = outcome_of(got, stream);
  answer.protocol = "h2";
  answer.detail = detail_of(got);
  answer.status = got.status;
  answer.head_complete = got.head_complete;
  answer.interim = got.interim;
  answer.fields = std::move(got.fields);
  answer.body_bytes = got.body_bytes;
  answer.body = std::move(got.body);
  if (got.head_complete) answer.body_hash = std::move(got.body_hash);
  answer.capped = got.end == H2End::body_capped;
  answer.reusable = got.end == H2End::complete && session.usable();
  answer.first_bytes = std::move(got.first_bytes);
  if (got.to_first_byte > Duration{}) answer.to_first_byte = got.to_first_byte;
  answer.elapsed = got.elapsed;
  answer.os_code = got.os_code;
  answer.alert = got.alert;
  for (const auto& [name, value] : answer.fields) {
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    if (name == "content-length" && std::from_chars(value.data(), end, length).ptr == end) {
      answer.announced = length;
    }
  }
  co_return answer;
}

}  // namespace causeway::reach
