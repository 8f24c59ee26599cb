#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/http1_request.hpp"
#include "codec/http1_response.hpp"
#include "net/digest.hpp"
#include "net/loop.hpp"
#include "reach/exchange_answer.hpp"
#include "reach/exchange_outcome.hpp"

namespace causeway::reach {
namespace {

using codec::HttpFault;
using net::ReadEnd;
using net::WriteEnd;

struct Reading {
  codec::ResponseReader reader;
  net::Sha256 hash;
  Answer answer;
  Instant sent;
  Instant last;     // when bytes came last
  Instant head_at;  // when the head was complete
};

void take_fault(Reading& reading) {
  reading.answer.outcome = outcome_of_fault(reading.reader.fault());
  if (reading.reader.fault() != HttpFault::none) reading.answer.detail = reading.reader.detail();
}

void take_head(Reading& reading) {
  Answer& answer = reading.answer;
  const auto& head = reading.reader.head();
  answer.head_complete = true;
  reading.head_at = Clock::now();
  answer.protocol = head.minor_version() == 1 ? "http/1.1" : "http/1.0";
  answer.status = head.status();
  answer.reason = head.reason();
  answer.announced = reading.reader.announced_length();
  for (const auto& field : head.fields()) answer.fields.emplace_back(field.name, field.value);
}

// Feeds what came. True when the answer is at its end.
bool take_bytes(Reading& reading, std::string_view bytes, const ExchangeQuestion& question) {
  Answer& answer = reading.answer;
  const Instant now = Clock::now();
  reading.last = now;
  if (!answer.to_first_byte) answer.to_first_byte = now - reading.sent;
  const auto room = limits::kFirstBytesKept - answer.first_bytes.size();
  answer.first_bytes += bytes.substr(0, room);
  while (!bytes.empty() && !reading.reader.finished()) {
    const auto step = reading.reader.feed(bytes);
    bytes.remove_prefix(step.taken);
    if (!answer.head_complete && reading.reader.head_complete()) take_head(reading);
    reading.hash.update(step.body);
    answer.body_bytes += step.body.size();
    answer.body += step.body.substr(0, question.body_kept - answer.body.size());
  }
  answer.interim = reading.reader.interim();
  if (reading.reader.finished()) {
    take_fault(reading);
    answer.reusable = reading.reader.reusable();
    if (reading.reader.done() && !bytes.empty()) {
      answer.outcome = outcome_of_fault(HttpFault::extra_bytes);
      answer.detail = fmt::format("{} bytes follow after the announced end", bytes.size());
      answer.reusable = false;
    }
    return true;
  }
  answer.capped = answer.head_complete && (answer.body_bytes >= limits::kBodyBytesRead ||
                                           now - reading.head_at > question.body);
  if (answer.capped) answer.outcome = "complete";
  return answer.capped;
}

// The connection ended, or the wait did.
void take_end(Reading& reading, const net::ReadResult& read, const net::Stream& stream) {
  Answer& answer = reading.answer;
  answer.os_code = read.os_code;
  const bool begun = reading.reader.head_begun();
  if (read.end == ReadEnd::eof) {
    reading.reader.end();
    take_fault(reading);
    return;
  }
  if (read.end == ReadEnd::alert) answer.alert = read.alert;
  answer.outcome = outcome_of_end(read, stream,
                                  {.head_complete = answer.head_complete,
                                   .head_begun = begun,
                                   .interim = reading.reader.interim()});
}

codec::RequestText request_text(const ExchangeQuestion& question) {
  codec::RequestText out;
  out.path = question.path;
  out.host = question.host;
  out.port = question.port;
  out.scheme = question.scheme;
  out.accept = question.accept;
  if (!question.cookie.empty()) out.more.emplace_back("Cookie", question.cookie);
  return out;
}

}  // namespace

net::Task<Answer> ask_http1(Survey& survey, net::Stream& stream, const ExchangeQuestion& question) {
  Reading reading;
  reading.answer.protocol = "http/1.1";
  reading.sent = reading.last = Clock::now();
  const Instant head_deadline = survey.until(reading.sent, question.first_byte);
  const auto request = codec::write_request(request_text(question));
  const auto wrote = co_await stream.write(std::as_bytes(std::span{request}), head_deadline);
  if (wrote.end == WriteEnd::timeout) {
    reading.answer.outcome = outcome_of_write_stall(wrote.bytes, stream);
    reading.answer.elapsed = Clock::now() - reading.sent;
    co_return std::move(reading.answer);
  }
  // When the write failed, the peer may have answered before it went: read on, all the same.
  std::array<std::byte, limits::kReadBuffer> buffer{};
  bool ended = false;
  while (!ended) {
    const Instant until = reading.answer.head_complete
                              ? survey.until(reading.last, question.between_bytes)
                              : head_deadline;
    const auto read = net::read_after(wrote, co_await stream.read(buffer, until));
    if (read.end == ReadEnd::more) {
      ended =
          take_bytes(reading, {reinterpret_cast<const char*>(buffer.data()), read.bytes}, question);
    } else {
      take_end(reading, read, stream);
      if (reading.answer.os_code == 0) reading.answer.os_code = wrote.os_code;
      ended = true;
    }
  }
  if (reading.answer.head_complete) reading.answer.body_hash = reading.hash.hex(16);
  reading.answer.elapsed = Clock::now() - reading.sent;
  co_return std::move(reading.answer);
}

}  // namespace causeway::reach
