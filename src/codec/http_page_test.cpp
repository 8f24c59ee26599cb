#include "codec/http_page.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace causeway::codec {
namespace {

std::string_view page(int status, std::string_view body,
                      std::vector<HeaderField> fields = {{"Content-Type", "text/html"}}) {
  return name(read_page(status, fields, body).page);
}

TEST(PageTitle, reads_what_people_see) {
  EXPECT_EQ(page_title("<html><head><title>Hello</title>"), "Hello");
  EXPECT_EQ(page_title("<TITLE lang=en>\n  Two\t words \n</TITLE>"), "Two words");
  EXPECT_EQ(page_title("<title>A &amp; B &lt;c&gt; &#39;d&#x27; &nope; &</title>"),
            "A & B <c> 'd' &nope; &");
  EXPECT_EQ(page_title("<titlebar>x</titlebar><title>y</title>"), "y");
  EXPECT_EQ(page_title("<title>\x1b[31mred</title>"), "\\x1b[31mred");
  EXPECT_EQ(page_title("<title>no end"), "");
  EXPECT_EQ(page_title("plain text"), "");
  EXPECT_EQ(page_title("<title"), "");
}

TEST(ReadPage, knows_a_port_that_wants_tls) {
  EXPECT_EQ(
      page(400,
           "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head>"),
      "https-required");
  EXPECT_EQ(page(400, "Client sent an HTTP request to an HTTPS server.\n"), "https-required");
  EXPECT_EQ(page(400, "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"),
            "https-required");
  EXPECT_EQ(page(200, "Client sent an HTTP request to an HTTPS server.\n"), "none");
}

TEST(ReadPage, knows_a_demand_for_a_client_certificate) {
  EXPECT_EQ(page(400, "<title>400 No required SSL certificate was sent</title>"),
            "client-cert-required");
  EXPECT_EQ(page(400, "<title>400 The SSL certificate error</title>"), "client-cert-required");
  EXPECT_EQ(page(403, "<h2>403.7 - Forbidden: SSL client certificate is required</h2>"),
            "client-cert-required");
  EXPECT_EQ(page(400, "<title>400 Bad Request</title>"), "none");
}

TEST(ReadPage, knows_pages_of_unconfigured_servers) {
  const std::string long_tail(20'000, 'x');
  EXPECT_EQ(page(200, "<title>Welcome to nginx!</title>"), "default-page");
  EXPECT_EQ(page(200, "<title>Apache2 Debian Default Page: It works</title>" + long_tail),
            "default-page");
  EXPECT_EQ(page(200, "Apache2 Debian Default Page: It works\n"), "default-page");
  EXPECT_EQ(page(200, "<html><body><h1>It works!</h1></body></html>"), "default-page");
  EXPECT_EQ(page(200, "<title>IIS Windows Server</title>"), "default-page");
  EXPECT_EQ(page(200, "<title>Caddy works!</title>"), "default-page");
  EXPECT_EQ(page(200, "<title>Web Server's Default Page</title>"), "default-page");
  EXPECT_EQ(page(404, "default backend - 404", {}), "default-page");
  EXPECT_EQ(page(200, "<title>My blog</title><p>Then it says Welcome to nginx!</p>" + long_tail),
            "none");
}

TEST(ReadPage, knows_pages_of_hosters) {
  EXPECT_EQ(page(200, "<title>Account Suspended</title>"), "suspended");
  EXPECT_EQ(page(403, "<h1>This account has been suspended.</h1>"), "suspended");
  EXPECT_EQ(page(200, "<title>x</title>This domain is for sale!"), "parking");
  EXPECT_EQ(page(200, "<script src=//sedoparking.com/x.js>" + std::string(20'000, 'x')), "parking");
  EXPECT_EQ(
      page(503, "<p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p>"),
      "maintenance");
  EXPECT_EQ(page(200, "<title>Site under maintenance</title>"), "maintenance");
  EXPECT_EQ(page(200, "<title>Shop</title><p>Our elevator is under maintenance</p>"), "none");
}

// What hosters and registrars really send: cPanel, a plain panel, GoDaddy, Sedo.
TEST(ReadPage, knows_pages_of_hosters_among_their_markup) {
  EXPECT_EQ(
      page(200, "<html><head><title>Account Suspended</title><style>" + std::string(8000, 'x') +
                    "</style></head><body><h1>Account Suspended</h1><p>This Account has been "
                    "suspended.</p><a href=#>Contact your hosting provider</a></body></html>"),
      "suspended");
  EXPECT_EQ(page(200, "<title>shop.example</title><h1>This website has been suspended</h1>"),
            "suspended");
  EXPECT_EQ(page(200, "<meta http-equiv=refresh content='0;url=/cgi-sys/suspendedpage.cgi'>"),
            "suspended");
  EXPECT_EQ(page(200,
                 "<title>shop.example</title><p>This Web page is parked FREE, courtesy of "
                 "<a href=/>GoDaddy.com</a></p>"),
            "parking");
  EXPECT_EQ(page(
                200, "<title>shop.example - This domain is for sale!</title>" +
                         [] {
                           std::string links;
                           for (int i = 0; i < 20; ++i) links += "<a href=/x>Related search</a>";
                           return links;
                         }()),
            "parking");
}

TEST(ReadPage, an_article_about_such_a_page_is_none) {
  std::string help =
      "<title>What to do when your account is suspended | Help Center</title><nav>Home</nav>"
      "<h1>What to do when your account is suspended</h1>";
  for (int i = 0; i < 60; ++i) help += "<p>A paragraph about billing, abuse and support.</p>";
  EXPECT_EQ(page(200, help), "none");
  EXPECT_EQ(page(200,
                 "<title>Account suspended? Here is what to do | HostCo Help</title><h1>Why "
                 "was my account suspended?</h1><p>If you see the page \"This account has been "
                 "suspended. Contact your hosting provider\", pay your invoice.</p>"),
            "none");
  EXPECT_EQ(page(200,
                 "<title>How to fix 502 Bad Gateway and account suspended - blog</title>"
                 "<h1>This account has been suspended: what to do</h1><p>Error.</p>"),
            "none");
  std::string shop =
      "<title>Names.example - the marketplace for domains</title><h1>Find a name</h1>";
  for (int i = 0; i < 40; ++i) shop += "<div>name.example <a href=/b>Buy this domain</a></div>";
  EXPECT_EQ(page(200, shop), "none");
  EXPECT_EQ(page(200,
                 "<title>Cars</title><p>This domain is for sale? No, but a car is: buy this "
                 "domain of speed. Domain parking lot.</p>"),
            "none");
  EXPECT_EQ(page(200, "<title>Account suspended | Help</title><nav>Home</nav><p>Pay.</p>"), "none");
}

TEST(ReadPage, knows_challenges) {
  EXPECT_EQ(page(403, "", {{"cf-mitigated", "challenge"}}), "challenge");
  EXPECT_EQ(page(202, "", {{"x-amzn-waf-action", "challenge"}}), "challenge");
  EXPECT_EQ(page(403, "<title>Just a moment...</title>"), "challenge");
  // Script that Cloudflare adds to ordinary pages, too.
  EXPECT_EQ(page(200, "<title>Shop</title><script src=/cdn-cgi/challenge-platform/x>"), "none");
}

TEST(ReadPage, does_not_read_what_is_compressed_or_binary) {
  const std::vector<HeaderField> gzip{{"Content-Type", "text/html"}, {"Content-Encoding", "gzip"}};
  EXPECT_EQ(page(200, "<title>Welcome to nginx!</title>", gzip), "none");
  EXPECT_EQ(page(200, "Welcome to nginx!", {{"Content-Type", "image/png"}}), "none");
}

TEST(EdgeMark, names_the_edge) {
  const auto mark = [](std::string_view field, std::string_view value) {
    const std::vector<HeaderField> fields{{field, value}};
    return edge_mark(fields);
  };
  EXPECT_EQ(mark("CF-RAY", "8c1-FRA"), "cloudflare");
  EXPECT_EQ(mark("Server", "cloudflare"), "cloudflare");
  EXPECT_EQ(mark("Causeway-Ray", "1"), "causeway");
  EXPECT_EQ(mark("X-Amz-Cf-Id", "1"), "cloudfront");
  EXPECT_EQ(mark("Via", "1.1 abc.cloudfront.net (CloudFront)"), "cloudfront");
  EXPECT_EQ(mark("X-Served-By", "cache-fra-1"), "fastly");
  EXPECT_EQ(mark("Server", "AkamaiGHost"), "akamai");
  EXPECT_EQ(mark("X-Sucuri-ID", "1"), "other");
  EXPECT_EQ(mark("Server", "nginx"), "");
}

}  // namespace
}  // namespace causeway::codec
