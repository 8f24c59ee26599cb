// What a page says about itself: its title, and whether it is one of the pages that servers,
// hosters and edges show instead of a site. Decided by marks these products put on every such page.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "codec/http1.hpp"

namespace causeway::codec {

enum class Page : std::uint8_t {
  none,
  https_required,        // plain HTTP was sent to a port that wants TLS, and the server says so
  client_cert_required,  // TLS is up, the server wants a client certificate and says so in HTTP
  default_page,          // a web server's own page: no site is configured for this name
  parking,               // a registrar's or reseller's page
  suspended,             // the hoster switched the account off
  maintenance,
  challenge,  // an edge or firewall wants proof that a person asks
};

std::string_view name(Page page);  // as in model/kinds.def: "https-required" ...

struct PageFacts {
  std::string title;  // printable, one line, at most limits::kTextKept; empty when there is none
  Page page = Page::none;
};

// `body` may be cut; it is read only when it is text without a content coding.
PageFacts read_page(int status, std::span<const HeaderField> fields, std::string_view body);

// Text between <title> and </title>, entities decoded, blanks joined.
std::string page_title(std::string_view html);

// Which edge's marks an answer carries: "cloudflare", "causeway", "fastly", "cloudfront", "akamai",
// "other", or empty.
std::string_view edge_mark(std::span<const HeaderField> fields);

}  // namespace causeway::codec
