// The page that a person sees: visitor, edge and origin, which of them failed, and what to do.
// One self-contained file: no scripts, fonts or images from elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "edge/problem.hpp"

namespace causeway::edge {

// What an answer needs to know of the request. Views must outlive the call.
struct AnswerFacts {
  std::string_view edge = "causeway";  // our name in headers
  std::string_view edge_place;         // "Falkenstein"; empty: only "This edge"
  std::string_view host;               // as the visitor asked
  std::string_view ray_id;
  std::string_view client_address;  // empty: not shown
  std::string_view contact;         // of the site's owner; empty: none
  std::string_view next_hop;        // origin's address for Proxy-Status; empty: not told
  std::string_view details;         // of the failure, for Proxy-Status; empty: its id
  std::string_view rcode;           // see ProxyStatus
  int info_code = -1;
  int alert_id = -1;
  int received_status = 0;
  WallTime at;
  std::chrono::seconds retry_after{-1};  // -1: the table's; 0: none
};

std::string error_page(const Problem& problem, const AnswerFacts& facts);

// An own page with tokens: {{code}} {{status}} {{title}} {{happened}} {{visitor_advice}}
// {{owner_advice}} {{ray_id}} {{time}} {{host}} {{client_address}} {{contact}} {{failure}}
// {{stage}} {{guilty}} {{retry_after}} {{box}} (the three nodes) {{style}} (the style sheet of the
// built-in page), and the tokens of Cloudflare's custom pages: ::RAY_ID:: ::CLIENT_IP::
// ::CLOUDFLARE_ERROR_500S_BOX:: ::CLOUDFLARE_ERROR_1000S_BOX::. Values are escaped for HTML.
class PageTemplate {
 public:
  // An unknown token is refused with its line and column and the nearest one that exists.
  static Parsed<PageTemplate> parse(std::string_view text);

  std::string render(const Problem& problem, const AnswerFacts& facts) const;

 private:
  std::vector<std::string> pieces_;  // text between tokens: one more than tokens_
  std::vector<std::size_t> tokens_;  // index into the table of tokens
};

}  // namespace causeway::edge
