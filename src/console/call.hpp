// One request to the API as its handler sees it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "console/caller.hpp"
#include "net/http_service.hpp"

namespace causeway::console {

class Call {
 public:
  Call(const net::HttpRequest& request, Caller caller);

  const net::HttpRequest& request() const { return request_; }
  const Caller& caller() const { return caller_; }
  void set_caller(Caller caller) { caller_ = std::move(caller); }

  // Parts of the path that the route's pattern names: "{id}".
  void set_parts(std::vector<std::string> parts) { parts_ = std::move(parts); }
  const std::string& part(std::size_t n) const { return parts_.at(n); }

  std::string query(std::string_view name) const;  // empty when it is not there
  // A number of the query string; the error names it and its bounds.
  Parsed<std::int64_t> number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                              std::int64_t most) const;

  // The body, an object. The error says what is wrong with it.
  Parsed<nlohmann::json> object() const;

 private:
  const net::HttpRequest& request_;
  Caller caller_;
  std::vector<std::string> parts_;
  std::vector<std::pair<std::string, std::string>> query_;
};

// A text member of an object: there, not empty, at most `most` bytes; or, when `may_lack`, absent.
Parsed<std::string> text_of(const nlohmann::json& object, const char* name, std::size_t most,
                            bool may_lack = false);
Parsed<std::vector<std::string>> texts_of(const nlohmann::json& object, const char* name);

// 200 with this document and an ETag; 304 when the client has it. `version` of the part that can be
// changed stands at the tag's head.
net::HttpReply json_reply(const Call& call, const nlohmann::ordered_json& document,
                          std::string_view version = {});
std::string version_of(const nlohmann::ordered_json& part);
// If-Match of the call lets what has this version be changed (RFC 9110, 13.1.1): it is absent, "*",
// or a tag of this version, whatever else was in the document.
bool lets_change(const Call& call, std::string_view version);
net::HttpReply created(const nlohmann::ordered_json& document);  // 201
// To be saved: pages among them have a style of their own, which pages of ours may not have.
net::HttpReply file_reply(std::string_view name, std::string_view type, std::string bytes);

}  // namespace causeway::console
