#include "console/gzip.hpp"

#define ZLIB_CONST  // what is read from is not written to
#include <zlib.h>

#include <algorithm>

#include "base/text.hpp"
#include "console/limits.hpp"

namespace causeway::console {
namespace {

constexpr int kLevel = 3;        // docs/benchmarks.md: beyond it time grows faster than size falls
constexpr int kGzipFormat = 16;  // added to the window's bits: header and trailer of a gzip file
constexpr int kMemoryLevel = 8;  // zlib's own default

// "gzip;q=0" refuses it.
bool wants(std::string_view coding) {
  const auto semicolon = coding.find(';');
  const auto name = trim(coding.substr(0, semicolon));
  if (!equals_ignoring_case(name, "gzip") && name != "*") return false;
  if (semicolon == std::string_view::npos) return true;
  const auto weight = trim(coding.substr(semicolon + 1));
  if (!weight.starts_with("q=") && !weight.starts_with("Q=")) return true;
  return weight.substr(2).find_first_not_of("0.") != std::string_view::npos;
}

bool is_text(std::string_view type) {
  return type.starts_with("text/") || type.starts_with("application/json") ||
         type.starts_with("application/atom+xml");
}

}  // namespace

bool takes_gzip(const net::HttpRequest& request) {
  const auto accepted = request.field("accept-encoding").value_or("");
  return std::ranges::any_of(split(accepted, ','), wants);
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (::deflateInit2(&stream, kLevel, Z_DEFLATED, MAX_WBITS + kGzipFormat, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = ::deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(whole ? stream.total_out : 0);
  ::deflateEnd(&stream);
  return out;
}

void compress(const net::HttpRequest& request, net::HttpReply& reply) {
  if (reply.stream || reply.body.size() < limits::kGzipLeast) return;
  const auto find = [&](std::string_view name) {
    return std::ranges::find_if(
        reply.fields, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
  };
  const auto type = find("content-type");
  if (type == reply.fields.end() || !is_text(type->second)) return;
  if (find("content-encoding") != reply.fields.end()) return;
  reply.fields.emplace_back("Vary", "Accept-Encoding");
  if (!takes_gzip(request)) return;
  auto small = gzip(reply.body);
  if (small.empty() || small.size() >= reply.body.size()) return;
  reply.body = std::move(small);
  reply.fields.emplace_back("Content-Encoding", "gzip");
  if (const auto tag = find("etag"); tag != reply.fields.end() && tag->second.ends_with('"')) {
    tag->second.insert(tag->second.size() - 1, kGzipTag);
  }
}

}  // namespace causeway::console
