#include "console/pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "console/gzip.hpp"
#include "console/problem.hpp"
#include "console/secrets.hpp"

namespace causeway::console {
namespace {

std::string_view type_of(std::string_view name) {
  struct Row {
    std::string_view end;
    std::string_view type;
  };
  constexpr std::array kRows{Row{".html", "text/html; charset=utf-8"},
                             Row{".js", "text/javascript; charset=utf-8"},
                             Row{".css", "text/css; charset=utf-8"}, Row{".svg", "image/svg+xml"},
                             Row{".webmanifest", "application/manifest+json"}};
  for (const auto& row : kRows) {
    if (name.ends_with(row.end)) return row.type;
  }
  return "application/octet-stream";
}

constexpr std::string_view kNoPages =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Causeway</title>"
    "<h1>This build has no pages</h1><p>The API is here: <a href=\"/api/v1/openapi.json\">"
    "/api/v1/openapi.json</a>. <code>make build</code> makes a program with its "
    "pages.</p></html>\n";

}  // namespace

net::HttpReply page_reply(const net::HttpRequest& request, std::span<const WebFile> files) {
  std::string_view wanted = request.path.substr(1);
  const bool asset = wanted.starts_with("assets/") || wanted.contains('.');
  if (!asset) wanted = "index.html";
  const auto* file = std::ranges::find(files, wanted, &WebFile::name).base();
  net::HttpReply reply;
  if (file == files.data() + files.size()) {
    if (asset || !files.empty()) return not_found("no file has this name");
    reply.fields.emplace_back("Content-Type", "text/html; charset=utf-8");
    reply.fixed = kNoPages;
    return reply;
  }
  reply.fields.emplace_back("Content-Type", type_of(wanted));
  reply.fields.emplace_back("Vary", "Accept-Encoding");
  // Assets carry a hash of their content in their name.
  reply.fields.emplace_back("Cache-Control", wanted.starts_with("assets/")
                                                 ? "public, max-age=31536000, immutable"
                                                 : "no-cache");
  const bool zipped = !file->gzip.empty() && takes_gzip(request);
  const std::string tag =
      fmt::format("\"{}{}\"", token_hash(file->plain).substr(0, 24), zipped ? kGzipTag : "");
  reply.fields.emplace_back("ETag", tag);
  if (contains_ignoring_case(request.field("if-none-match").value_or(""), tag)) {
    reply.status = 304;
    return reply;
  }
  if (zipped) reply.fields.emplace_back("Content-Encoding", "gzip");
  reply.fixed = zipped ? file->gzip : file->plain;
  return reply;
}

void add_security_fields(net::HttpReply& reply, bool secure) {
  const auto add = [&](const char* name, const char* value) {
    const bool has = std::ranges::any_of(
        reply.fields, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
    if (!has) reply.fields.emplace_back(name, value);
  };
  add("Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
      "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
      "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'");
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("X-Frame-Options", "DENY");
  add("Cross-Origin-Opener-Policy", "same-origin");
  add("Cross-Origin-Resource-Policy", "same-origin");
  if (secure) add("Strict-Transport-Security", "max-age=31536000");
}

}  // namespace causeway::console
