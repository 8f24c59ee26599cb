#include "codec/http_page.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

constexpr std::array<std::string_view, 8> kPageNames{
    "none",    "https-required", "client-cert-required", "default-page",
    "parking", "suspended",      "maintenance",          "challenge"};

// A phrase counts anywhere on a short page. A long one is likely an article that mentions it: there
// only its title and first heading count. Pages about a site that is not there (suspended, parked)
// come with 200 as articles about such pages do: they must say nothing else.
constexpr std::size_t kShortPage = std::size_t{6} * 1024;
constexpr std::size_t kPageBytesRead = limits::kBodyBytesKept;

// All phrases are lower case.
constexpr std::array kHttpsRequired{
    std::string_view{"plain http request was sent to https port"},       // nginx
    std::string_view{"speaking plain http to an ssl-enabled server"},    // Apache
    std::string_view{"client sent an http request to an https server"},  // Go: Caddy, Traefik
    std::string_view{"combination of host and port requires tls"},       // Tomcat
};
constexpr std::array kClientCertRequired{
    std::string_view{"no required ssl certificate was sent"},  // nginx
    std::string_view{"the ssl certificate error"},             // nginx, certificate not accepted
    std::string_view{"client certificate required"},           // IIS 403.7
    std::string_view{"ssl client certificate"},
    std::string_view{"cannot perform post-handshake authentication"},  // Apache, TLS 1.3
    std::string_view{"client certificate is required"},
};
constexpr std::array kDefaultPage{
    std::string_view{"welcome to nginx"},
    std::string_view{"welcome to openresty"},
    std::string_view{"welcome to tengine"},
    std::string_view{"test page for the nginx http server"},
    std::string_view{"apache2 debian default page"},
    std::string_view{"apache2 ubuntu default page"},
    std::string_view{"apache2 default page"},
    std::string_view{"test page for the apache http server"},
    std::string_view{"apache http server test page"},
    std::string_view{"http server test page"},
    std::string_view{"test page for the http server"},
    std::string_view{"iis windows server"},
    std::string_view{"internet information services"},
    std::string_view{"caddy works!"},
    std::string_view{"your web server is working"},
    std::string_view{"congratulation | litespeed"},
    std::string_view{"web server's default page"},
    std::string_view{"default parallels plesk"},
    std::string_view{"domain default page"},
    std::string_view{"default plesk page"},
    std::string_view{"default web site page"},  // cPanel
    std::string_view{"defaultwebpage.cgi"},     // cPanel
    std::string_view{"successfully installed tomcat"},
    std::string_view{"default backend - 404"},  // Kubernetes ingress
    std::string_view{"(backend notfound), service rules"},
    std::string_view{"your new web server is ready to use"},  // Hestia, Vesta
    std::string_view{"welcome to xampp"},
    std::string_view{"placeholder page installed by"},  // lighttpd
};
constexpr std::array kParking{
    std::string_view{"domain is for sale"},
    std::string_view{"domain may be for sale"},
    std::string_view{"buy this domain"},
    std::string_view{"domain is parked"},
    std::string_view{"parked domain"},
    std::string_view{"parked free, courtesy of"},
    std::string_view{"domain has expired"},
    std::string_view{"future home of something quite cool"},
    std::string_view{"domain has recently been registered"},
};
// Scripts and images that only parking pages load: they count on pages of any length.
constexpr std::array kParkingSources{
    std::string_view{"sedoparking.com"},
    std::string_view{"parkingcrew.net"},
    std::string_view{"bodis.com"},
    std::string_view{"parklogic.com"},
    std::string_view{"img1.wsimg.com/parking"},
};
constexpr std::array kSuspended{
    std::string_view{"account suspended"},
    std::string_view{"account has been suspended"},
    std::string_view{"account is suspended"},
    std::string_view{"website suspended"},
    std::string_view{"website has been suspended"},
    std::string_view{"site has been suspended"},
    std::string_view{"site suspended"},
    std::string_view{"hosting suspended"},
    std::string_view{"suspendedpage.cgi"},
    std::string_view{"bandwidth limit exceeded"},
};
constexpr std::array kMaintenance{
    std::string_view{"under maintenance"},      std::string_view{"down for maintenance"},
    std::string_view{"scheduled maintenance"},  std::string_view{"maintenance mode"},
    std::string_view{"undergoing maintenance"}, std::string_view{"site maintenance"},
    std::string_view{"wartungsarbeiten"},       std::string_view{"en maintenance"},
    std::string_view{"en mantenimiento"},
};
constexpr std::array kChallenge{
    std::string_view{"just a moment..."},
    std::string_view{"attention required! | cloudflare"},
    std::string_view{"checking your browser"},
    std::string_view{"ddos protection by"},
    std::string_view{"/cdn-cgi/challenge-platform/"},
    std::string_view{"_incapsula_resource"},
    std::string_view{"sucuri_cloudproxy_js"},
    std::string_view{"captcha-delivery.com"},
    std::string_view{"ddos-guard"},
    std::string_view{"imunify360"},
    std::string_view{"verify you are human"},
    std::string_view{"verifying you are human"},
};

template <std::size_t kCount>
bool has_any(std::string_view text, const std::array<std::string_view, kCount>& phrases) {
  return std::ranges::any_of(phrases, [&](auto phrase) { return text.contains(phrase); });
}

// Text between the first <element ...> and its end, in lower-case html. Empty when there is none.
std::pair<std::size_t, std::size_t> element(std::string_view lower_html, std::string_view tag) {
  std::size_t at = 0;
  while ((at = lower_html.find(tag, at)) != std::string_view::npos) {
    const auto after = at + tag.size();
    at = after;
    if (after >= lower_html.size()) break;
    const char next = lower_html[after];
    if (next != '>' && next != ' ' && next != '\t' && next != '\n' && next != '\r') continue;
    const auto open_end = lower_html.find('>', after);
    if (open_end == std::string_view::npos) break;
    const auto close = lower_html.find("</", open_end);
    if (close == std::string_view::npos) break;
    return {open_end + 1, close - open_end - 1};
  }
  return {0, 0};
}

// What a person reads, in lower case: without markup, scripts and styles; a new line where a block
// or a link begins or ends.
std::string visible(std::string_view html) {
  constexpr std::array<std::string_view, 4> kUnseen{"<script", "<style", "<title", "<!--"};
  constexpr std::array<std::string_view, 4> kUnseenEnds{"</script", "</style", "</title", "-->"};
  constexpr std::array<std::string_view, 7> kInline{"b", "i", "em", "strong", "span", "font", "u"};
  std::string out;
  while (!html.empty()) {
    const auto open = std::min(html.find('<'), html.size());
    out += html.substr(0, open);
    html.remove_prefix(open);
    for (std::size_t i = 0; i < kUnseen.size(); ++i) {
      if (!html.starts_with(kUnseen[i])) continue;
      html.remove_prefix(std::min(html.find(kUnseenEnds[i]), html.size()));
    }
    const auto close = std::min(html.find('>'), html.size());
    auto tag = html.substr(0, close);
    html.remove_prefix(std::min(close + 1, html.size()));
    tag.remove_prefix(std::min<std::size_t>(tag.starts_with("</") ? 2 : 1, tag.size()));
    tag = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    if (std::ranges::find(kInline, tag) == kInline.end()) out += '\n';
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\n\"'()[]*:,;-";
  const auto first = text.find_first_not_of(kAround);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kAround) - first + 1);
}

// Whether a sentence of the text is one of the phrases and hardly more. A question is none.
template <std::size_t kCount>
bool states_any(std::string_view text, const std::array<std::string_view, kCount>& phrases,
                std::size_t more) {
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(".!\n|"), text.size());
    // The point of a host name ends nothing.
    auto stop = end;
    while (stop + 1 < text.size() && text[stop] == '.' && text[stop + 1] > ' ') {
      stop = std::min(text.find_first_of(".!\n|", stop + 1), text.size());
    }
    const auto sentence = trimmed(text.substr(0, stop));
    text.remove_prefix(std::min(stop + 1, text.size()));
    if (sentence.contains('?')) continue;
    if (std::ranges::any_of(phrases, [&](auto phrase) {
          return sentence.contains(phrase) && sentence.size() <= phrase.size() + more;
        })) {
      return true;
    }
  }
  return false;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

void put_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0U | code >> 6U);
    out += static_cast<char>(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 0x3fU));
    out += static_cast<char>(0x80U | (code & 0x3fU));
  }
}

// The entities that titles really use; anything else stays as it is.
std::size_t put_entity(std::string& out, std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNamed{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&nbsp;", ' '}}};
  for (const auto& [entity, c] : kNamed) {
    if (text.starts_with(entity)) {
      out += c;
      return entity.size();
    }
  }
  if (text.size() > 3 && text[1] == '#') {
    const bool hex = text[2] == 'x' || text[2] == 'X';
    const char* first = text.data() + (hex ? 3 : 2);
    unsigned code = 0;
    const auto [end, error] = std::from_chars(
        first, text.data() + std::min<std::size_t>(text.size(), 10), code, hex ? 16 : 10);
    if (error == std::errc{} && end != text.data() + text.size() && *end == ';' && code >= ' ') {
      put_utf8(out, code);
      return static_cast<std::size_t>(end - text.data()) + 1;
    }
  }
  out += '&';
  return 1;
}

bool readable(std::span<const HeaderField> fields) {
  const auto coding = find_field(fields, "content-encoding");
  if (coding && !coding->empty() && !equals_ignoring_case(*coding, "identity")) return false;
  const auto type = find_field(fields, "content-type");
  return !type || contains_ignoring_case(*type, "text/") || contains_ignoring_case(*type, "html") ||
         contains_ignoring_case(*type, "json") || contains_ignoring_case(*type, "xml");
}

bool challenge_by_header(std::span<const HeaderField> fields) {
  if (find_field(fields, "cf-mitigated")) return true;
  if (const auto action = find_field(fields, "x-amzn-waf-action")) {
    return equals_ignoring_case(*action, "challenge") || equals_ignoring_case(*action, "captcha");
  }
  return false;
}

struct Words {
  std::string_view html;      // lower case
  std::string_view headline;  // title and first heading, lower case
  std::string seen;
  bool bare = false;  // a page that says one thing: no navigation, few links, little to read
};

Words words_of(std::string_view html, std::string_view headline) {
  constexpr std::size_t kLittle = 600;
  constexpr std::size_t kFewLinks = 4;
  Words out{.html = html, .headline = headline, .seen = visible(html)};
  out.bare = trimmed(out.seen).size() <= kLittle && count(html, "<a ") <= kFewLinks &&
             !html.contains("<nav");
  return out;
}

bool suspended(int status, const Words& page) {
  constexpr std::size_t kMore = 12;  // "this ", "your ", "sorry, this "
  if (status == 509) return true;
  const bool error = status == 402 || status == 403 || status >= 500;
  if (error && page.html.size() <= kShortPage && has_any(page.html, kSuspended)) return true;
  // cPanel's page, as a link that nobody reads.
  if (page.bare && page.html.contains("suspendedpage.cgi") &&
      !page.seen.contains("suspendedpage.cgi")) {
    return true;
  }
  return page.bare && states_any(page.headline, kSuspended, kMore);
}

bool parked(const Words& page) {
  constexpr std::size_t kMore = 40;        // a host name, the registrar's name
  constexpr std::size_t kReadable = 3000;  // "related searches" and the registrar's small print
  if (has_any(page.html, kParkingSources)) return true;
  if (page.bare && states_any(page.seen, kParking, kMore)) return true;
  return page.seen.size() <= kReadable && !page.html.contains("<nav") &&
         states_any(page.headline, kParking, kMore);
}

Page page_of(int status, std::span<const HeaderField> fields, std::string_view text,
             std::string_view headline) {
  if (challenge_by_header(fields)) return Page::challenge;
  const bool refused = status == 401 || status == 403 || status == 429 || status == 503;
  const std::string_view where = text.size() <= kShortPage ? text : headline;
  if (refused && has_any(text, kChallenge)) return Page::challenge;
  if (status == 400 && has_any(where, kHttpsRequired)) return Page::https_required;
  if ((status == 400 || status == 403) && has_any(where, kClientCertRequired)) {
    return Page::client_cert_required;
  }
  const Words words = words_of(text, headline);
  if (suspended(status, words)) return Page::suspended;
  // Default pages are long in some distributions: Debian's has 11 KB. Their title names them.
  if (has_any(where, kDefaultPage)) return Page::default_page;
  // httpd as its makers ship it: nothing but this heading.
  if (text.size() < 200 && text.contains("<h1>it works!</h1>")) return Page::default_page;
  if (parked(words)) return Page::parking;
  if (has_any(headline, kMaintenance) || (status == 503 && has_any(where, kMaintenance))) {
    return Page::maintenance;
  }
  return Page::none;
}

}  // namespace

std::string_view name(Page page) { return kPageNames.at(std::to_underlying(page)); }

std::string page_title(std::string_view html) {
  html = html.substr(0, kPageBytesRead);
  const auto [at, length] = element(lower(html), "<title");
  const auto raw = html.substr(at, length);
  std::string out;
  bool blank = false;
  for (std::size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      blank = !out.empty();
      ++i;
      continue;
    }
    if (std::exchange(blank, false)) out += ' ';
    if (c == '&') {
      i += put_entity(out, raw.substr(i));
    } else {
      out += c;
      ++i;
    }
  }
  return printable(out, limits::kTextKept);
}

PageFacts read_page(int status, std::span<const HeaderField> fields, std::string_view body) {
  PageFacts out;
  const bool text = readable(fields);
  body = text ? body.substr(0, kPageBytesRead) : std::string_view{};
  const auto lower_body = lower(body);
  out.title = page_title(body);
  const auto [at, length] = element(lower_body, "<h1");
  auto headline = lower(out.title);
  headline += '\n';
  headline += std::string_view{lower_body}.substr(at, length);
  out.page = page_of(status, fields, lower_body, headline);
  return out;
}

std::string_view edge_mark(std::span<const HeaderField> fields) {
  const auto has = [&](std::string_view field) { return find_field(fields, field).has_value(); };
  const auto says = [&](std::string_view field, std::string_view part) {
    const auto value = find_field(fields, field);
    return value && contains_ignoring_case(*value, part);
  };
  if (has("causeway-ray") || says("server", "causeway")) return "causeway";
  if (has("cf-ray") || (says("server", "cloudflare"))) return "cloudflare";
  if (has("x-amz-cf-id") || says("via", "cloudfront")) return "cloudfront";
  if (has("x-fastly-request-id") || says("x-served-by", "cache-")) return "fastly";
  if (says("server", "akamai") || has("x-akamai-transformed") || has("akamai-grn") ||
      has("x-akamai-request-id")) {
    return "akamai";
  }
  constexpr std::array<std::string_view, 10> kOthers{
      "x-sucuri-id", "x-iinfo",         "x-azure-ref",    "cdn-pullzone",     "x-vercel-id",
      "x-cdn",       "x-nf-request-id", "fly-request-id", "x-cdn-request-id", "x-edge-location"};
  if (std::ranges::any_of(kOthers, has) || says("server", "ddos-guard") ||
      says("via", "1.1 google")) {
    return "other";
  }
  return {};
}

}  // namespace causeway::codec
