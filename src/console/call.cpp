#include "console/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/percent.hpp"
#include "console/gzip.hpp"
#include "console/secrets.hpp"
#include "model/json_extent.hpp"

namespace causeway::console {
namespace {

std::string dump(const nlohmann::ordered_json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

net::HttpReply json(int status, std::string body) {
  net::HttpReply reply{.status = status};
  reply.fields.emplace_back("Content-Type", "application/json");
  reply.fields.emplace_back("Cache-Control", "no-cache, private");
  reply.body = std::move(body);
  return reply;
}

}  // namespace

Call::Call(const net::HttpRequest& request, Caller caller)
    : request_(request), caller_(std::move(caller)) {
  for (const auto pair : split(request.query, '&')) {
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    std::string value{pair.substr(std::min(equals + 1, pair.size()))};
    for (char& c : value) {
      if (c == '+') c = ' ';  // as forms write a blank
    }
    query_.emplace_back(codec::percent_decoded(pair.substr(0, equals)),
                        codec::percent_decoded(value));
  }
}

std::string Call::query(std::string_view name) const {
  for (const auto& [key, value] : query_) {
    if (key == name) return value;
  }
  return {};
}

Parsed<std::int64_t> Call::number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                  std::int64_t most) const {
  const std::string text = query(name);
  if (text.empty()) return otherwise;
  std::int64_t out = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (wrong != std::errc{} || end != text.data() + text.size() || out < least || out > most) {
    return error(fmt::format("{}: expected a whole number from {} to {}, found \"{}\"", name, least,
                             most, printable(text, 40)));
  }
  return out;
}

Parsed<nlohmann::json> Call::object() const {
  if (request_.body.empty()) return error("the body is empty; expected a JSON object");
  // nlohmann's parser is not recursive, but the value it builds is: bound the depth first.
  if (model::json_extent(request_.body).depth > causeway::limits::kDocumentDepth) {
    return error("the body is nested too deep");
  }
  auto document = nlohmann::json::parse(request_.body, nullptr, false);
  if (!document.is_object()) return error("the body is not a JSON object");
  return document;
}

Parsed<std::string> text_of(const nlohmann::json& object, const char* name, std::size_t most,
                            bool may_lack) {
  const auto at = object.find(name);
  if (at == object.end() && may_lack) return std::string{};
  if (at == object.end()) return error(fmt::format("\"{}\" is missing", name));
  if (!at->is_string()) return error(fmt::format("\"{}\": expected text", name));
  auto text = at->get<std::string>();
  if (trim(text).empty() && !may_lack) return error(fmt::format("\"{}\" is empty", name));
  if (text.size() > most) {
    return error(fmt::format("\"{}\" is too long; at most {} bytes", name, most));
  }
  return text;
}

Parsed<std::vector<std::string>> texts_of(const nlohmann::json& object, const char* name) {
  std::vector<std::string> out;
  const auto at = object.find(name);
  if (at == object.end()) return out;
  if (!at->is_array()) return error(fmt::format("\"{}\": expected a list of texts", name));
  for (const auto& each : *at) {
    if (!each.is_string()) return error(fmt::format("\"{}\": expected a list of texts", name));
    out.push_back(each.get<std::string>());
  }
  return out;
}

std::string version_of(const nlohmann::ordered_json& part) {
  return token_hash(dump(part)).substr(0, 16);
}

bool lets_change(const Call& call, std::string_view version) {
  const auto wanted = call.request().field("if-match");
  if (!wanted || trim(*wanted) == "*") return true;
  return std::ranges::any_of(split(*wanted, ','), [&](std::string_view tag) {
    return trim(tag).starts_with(fmt::format("\"{}-", version));
  });
}

net::HttpReply json_reply(const Call& call, const nlohmann::ordered_json& document,
                          std::string_view version) {
  std::string body = dump(document);
  auto hash = token_hash(body).substr(0, 24);
  if (!version.empty()) hash = fmt::format("{}-{}", version, hash);
  const auto tag = fmt::format("\"{}\"", hash);
  const auto known = call.request().field("if-none-match").value_or("");
  const auto small = fmt::format("\"{}{}\"", hash, kGzipTag);
  for (const auto& each : {tag, small}) {
    if (!contains_ignoring_case(known, each)) continue;
    net::HttpReply same{.status = 304};
    same.fields.emplace_back("ETag", each);
    return same;
  }
  auto reply = json(200, std::move(body));
  reply.fields.emplace_back("ETag", tag);
  return reply;
}

net::HttpReply created(const nlohmann::ordered_json& document) { return json(201, dump(document)); }

net::HttpReply file_reply(std::string_view name, std::string_view type, std::string bytes) {
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", std::string{type});
  reply.fields.emplace_back("Content-Disposition",
                            fmt::format("attachment; filename=\"{}\"", name));
  reply.fields.emplace_back("Cache-Control", "private, no-store");
  reply.body = std::move(bytes);
  return reply;
}

}  // namespace causeway::console
