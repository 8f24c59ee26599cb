// The web pages, as the build put them into the program (cmake/embed_web.cmake).
#pragma once

#include <span>
#include <string_view>

#include "net/http_service.hpp"

namespace causeway::console {

struct WebFile {
  std::string_view name;  // "index.html", "assets/app-1a2b3c.js"
  std::string_view plain;
  std::string_view gzip;  // empty: it does not pay
};
std::span<const WebFile> web_files();  // empty in builds without pages

// The file for this path, or the page itself for any path of the application; 404 for a missing
// asset.
net::HttpReply page_reply(const net::HttpRequest& request, std::span<const WebFile> files);

// What every answer of the console carries, pages and API alike.
void add_security_fields(net::HttpReply& reply, bool secure);

}  // namespace causeway::console
