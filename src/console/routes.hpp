// The one table of the API: what is routed, documented (OpenAPI, docs/api.md) and checked.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "console/caller.hpp"
#include "console/handlers.hpp"

namespace causeway::console {

struct Route {
  std::string_view method;
  std::string_view path;  // "/api/v1/incidents/{id}"
  Role least;             // nobody: open to all
  std::variant<Handler, LateHandler> handler;
  std::string_view summary;
  std::string_view query;   // "name: meaning" a line
  std::string_view body;    // "name type: meaning" a line; a type with ? may lack
  std::string_view answer;  // what comes back, in words
};

std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;      // null when the path is unknown, or not with this method
  std::vector<std::string> parts;    // of the path, decoded
  std::vector<std::string> methods;  // that the path has; empty when it is unknown
};
Match match(std::string_view method, std::string_view path);

std::string openapi();   // the document, OpenAPI 3.1
std::string api_page();  // docs/api.md

}  // namespace causeway::console
