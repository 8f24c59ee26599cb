#include "edge/access_log.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "codec/byte_scan.hpp"
#include "codec/field_writer.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

using codec::append_number;

// Milliseconds with three decimals: fixed point, because this is written for every request.
void span(std::string& out, Duration duration) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
  append_number(out, us / 1000);
  const auto rest = us % 1000;
  const char digits[] = {'.', static_cast<char>('0' + rest / 100),
                         static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  out.append(digits, sizeof digits);
}

void escaped(std::string& out, std::string_view text) {
  for (const char c : printable(text, limits::kUrlBytes)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

// `before` is the name with everything around it, `,"host":"`: its length is known when this is
// compiled, and each member makes the line grow once.
template <std::size_t kSize>
void text(std::string& out, const char (&before)[kSize], std::string_view value) {
  constexpr std::size_t kBefore = kSize - 1;
  if (!codec::needs_no_escape(value)) {
    out.append(before, kBefore);
    escaped(out, value);
    out += '"';
    return;
  }
  const std::size_t from = out.size();
  const std::size_t after = from + kBefore + value.size() + 1;
  out.resize_and_overwrite(after, [&](char* line, std::size_t /*room*/) {
    std::memcpy(line + from, before, kBefore);
    *codec::put(line + from + kBefore, value) = '"';
    return after;
  });
}

template <std::size_t kSize>
void number(std::string& out, const char (&before)[kSize], std::uint64_t value) {
  out.append(before, kSize - 1);
  append_number(out, value);
}

template <std::size_t kSize>
void span(std::string& out, const char (&before)[kSize], Duration value) {
  out.append(before, kSize - 1);
  span(out, value);
}

// "2026-11-22T10:17:22" is the same for a whole second.
void time_of(std::string& out, WallTime wall) {
  thread_local std::int64_t second = -1;
  thread_local std::string text;
  const auto ms = wall.time_since_epoch().count();
  if (ms / 1000 != second) {
    second = ms / 1000;
    text = rfc3339(wall).substr(0, 19);
  }
  const auto rest = static_cast<unsigned>(ms % 1000);
  const char digits[] = {'.', static_cast<char>('0' + rest / 100),
                         static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10), 'Z'};
  out += text;
  out.append(digits, sizeof digits);
}

void attempt(std::string& out, const Attempt& tried) {
  text(out, "{\"origin\":\"", tried.origin);
  if (tried.address.port != 0) text(out, ",\"address\":\"", tried.address.text());
  if (tried.http2) out += ",\"protocol\":\"HTTP/2\"";
  if (tried.given_up) out += ",\"given_up\":true";
  if (tried.remembered) {
    out += ",\"remembered\":true";
  } else if (tried.reused) {
    out += ",\"reused\":true";
  } else {
    if (tried.connect > Duration{}) span(out, ",\"connect_ms\":", tried.connect);
    if (tried.handshake > Duration{}) span(out, ",\"handshake_ms\":", tried.handshake);
  }
  if (tried.first_byte > Duration{}) span(out, ",\"first_byte_ms\":", tried.first_byte);
  if (tried.failure) text(out, ",\"failure\":\"", model::name(*tried.failure));
  if (!tried.because.empty()) {
    text(out, ",\"because\":\"", std::string_view{tried.because}.substr(0, limits::kTextKept));
  }
  out += '}';
}

constexpr std::array<std::string_view, 4> kVisitorEnds{"", "gone", "slow", "refused"};

}  // namespace

void LogWriter::use(std::shared_ptr<LogFile> file, const AccessLog& rules) {
  flush();
  file_ = std::move(file);
  rules_ = rules;
}

void LogWriter::flush() {
  if (lines_.empty()) return;
  if (file_) lost_ += file_->write(lines_);
  lines_.clear();
}

void LogWriter::add(const Visitor& visitor, const codec::RequestHead& request, const Story& story,
                    Instant now, WallTime wall) {
  if (!rules_.on || !file_) return;
  const bool failed = story.status >= 500 || story.failure || story.cut;
  if (!failed && rules_.sample_percent < 100) {
    sampled_ += static_cast<std::uint32_t>(std::max(rules_.sample_percent, 0));
    if (sampled_ < 100) return;
    sampled_ -= 100;
  }
  std::string& out = lines_;
  out += "{\"time\":\"";
  time_of(out, wall);
  text(out, "\",\"ray\":\"", story.ray_text());
  if (rules_.client_address) text(out, ",\"client\":\"", visitor.peer.address.text());
  text(out, ",\"method\":\"", request.method);
  text(out, ",\"scheme\":\"", visitor.secure ? "https" : "http");
  text(out, ",\"host\":\"", request.host);
  text(out, ",\"path\":\"", rules_.query ? request.target : request.path());
  text(out, ",\"protocol\":\"", visitor.http2 ? "HTTP/2" : "HTTP/1.1");
  number(out, ",\"status\":", static_cast<std::uint64_t>(story.status));
  if (story.origin_status != 0 && story.origin_status != story.status) {
    number(out, ",\"origin_status\":", static_cast<std::uint64_t>(story.origin_status));
  }
  number(out, ",\"bytes_in\":", story.body_in);
  number(out, ",\"bytes_out\":", story.body_out);
  span(out, ",\"duration_ms\":", now - story.arrived);
  if (story.failure) text(out, ",\"failure\":\"", model::name(*story.failure));
  if (story.cut) out += ",\"cut\":true";
  if (story.visitor != VisitorEnd::none) {
    text(out, ",\"visitor\":\"", kVisitorEnds.at(static_cast<std::size_t>(story.visitor)));
  }
  if (!story.cache.empty()) text(out, ",\"cache\":\"", story.cache);
  for (const auto& name : rules_.request_headers) {
    if (const auto value = codec::find_field(request.fields, name)) {
      out += ",\"header_";
      out += name;
      text(out, "\":\"", *value);
    }
  }
  out += ",\"attempts\":[";
  for (std::size_t i = 0; i < story.attempts.size(); ++i) {
    if (i > 0) out += ',';
    attempt(out, story.attempts[i]);
  }
  out += "]}\n";
  if (out.size() >= limits::kEdgeLogBuffer) flush();
}

}  // namespace causeway::edge
