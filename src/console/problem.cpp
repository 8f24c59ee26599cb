#include "console/problem.hpp"

#include <nlohmann/json.hpp>

namespace causeway::console {

net::HttpReply problem(int status, std::string_view title, std::string_view detail) {
  net::HttpReply reply{.status = status};
  reply.fields.emplace_back("Content-Type", "application/problem+json");
  reply.fields.emplace_back("Cache-Control", "no-store");
  const nlohmann::ordered_json body{
      {"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}};
  reply.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return reply;
}

net::HttpReply wrong_field(int status, std::string_view field, std::string_view detail) {
  net::HttpReply reply{.status = status};
  reply.fields.emplace_back("Content-Type", "application/problem+json");
  reply.fields.emplace_back("Cache-Control", "no-store");
  nlohmann::ordered_json body{{"type", "about:blank"},
                              {"title", status == 404 ? "Not found" : "Wrong input"},
                              {"status", status},
                              {"detail", detail}};
  if (status == 409) body["title"] = "Not now";
  if (!field.empty()) {
    body["detail"] = std::string{field} + ": " + std::string{detail};
    body["field"] = field;
  }
  reply.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return reply;
}

net::HttpReply not_found(std::string_view what) { return problem(404, "Not found", what); }

net::HttpReply store_failed(std::string_view reason) {
  auto reply = problem(503, "The store does not answer", reason);
  reply.fields.emplace_back("Retry-After", "5");
  return reply;
}

}  // namespace causeway::console
