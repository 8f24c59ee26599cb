#include "app/demo_origins.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "net/memory_file.hpp"
#include "net/small_identity.hpp"

namespace causeway::app {
namespace {

struct CaseRow {
  const char* name;
  const char* fault;
  const char* scheme;
  net::Manner manner;
  const char* certificate;  // "" | right | expired | other-name | self-signed
  std::string reply;
  bool keeps_waiting = false;
};

std::vector<CaseRow> cases() {
  using net::Manner;
  const std::string page = net::page_reply(200, "OK", "The demonstration's page");
  const std::string cut = page.substr(0, page.size() - 40);
  return {
      {"healthy", "nothing", "https", Manner::answer, "right", page},
      {"refusing", "nothing listens", "https", Manner::refuse, "", ""},
      {"mute", "never says a word", "https", Manner::mute, "", ""},
      {"http-on-https", "plain HTTP on the HTTPS port", "https", Manner::answer, "", page},
      {"expired", "certificate ended 3 days ago", "https", Manner::answer, "expired", page},
      {"other-name", "certificate for another name", "https", Manner::answer, "other-name", page},
      {"self-signed", "certificate signed by itself", "https", Manner::answer, "self-signed", page},
      {"empty-reply", "closes without an answer", "http", Manner::answer, "", ""},
      {"not-http", "answers, but not in HTTP", "http", Manner::answer, "",
       "hello?\r\nanybody?\r\n"},
      {"cut-short", "stops in mid-page", "http", Manner::answer, "",
       cut.substr(0, cut.find("Connection")) + cut.substr(cut.find("\r\n\r\n") + 2)},
      {"too-slow", "takes the request, no answer", "http", Manner::answer, "", "", true},
      {"broken-app", "answers with 500", "http", Manner::answer, "",
       net::page_reply(500, "Internal Server Error", "Something broke")},
      {"circle", "redirects to itself", "http", Manner::answer, "",
       "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
  };
}

Parsed<net::Identity> identity(const net::SmallAuthority& authority, std::string_view certificate) {
  net::IdentityOrder order{.subject = "IP:127.0.0.1"};
  if (certificate.empty()) return net::Identity{};
  if (certificate == "expired") {
    order.from_days = -93;
    order.to_days = -3;
  }
  if (certificate == "other-name") order.subject = "DNS:shop.example.com";
  order.signed_by_itself = certificate == "self-signed";
  return authority.issue(order);
}

Parsed<DemoOrigin> raise(const CaseRow& row, const net::SmallAuthority& authority) {
  DemoOrigin out{.name = row.name, .fault = row.fault, .scheme = row.scheme};
  net::SmallOriginPlan plan{
      .manner = row.manner, .reply = row.reply, .keeps_waiting = row.keeps_waiting};
  auto made = identity(authority, row.certificate);
  if (!made) return error(made.error().text);
  plan.identity = std::move(*made);
  auto server = net::SmallOrigin::open(std::move(plan));
  if (!server) return error(server.error().text);
  out.server = std::move(*server);
  return out;
}

}  // namespace

std::string DemoOrigin::url() const {
  return fmt::format("{}://{}/", scheme, server->endpoint().text());
}

Parsed<DemoOrigins> raise_demo_origins() {
  const auto authority = net::SmallAuthority::make();
  if (!authority) return error(authority.error().text);
  DemoOrigins out;
  // OpenSSL wants a path, and nothing has to be cleaned up.
  out.ca = net::memory_file((*authority)->certificate());
  if (!out.ca) {
    return error(
        fmt::format("cannot keep the demonstration's certificate: {}", std::strerror(errno)));
  }
  out.ca_file = net::path_of(out.ca);
  for (const auto& row : cases()) {
    auto origin = raise(row, **authority);
    if (!origin) return error(origin.error().text);
    out.origins.push_back(std::move(*origin));
  }
  return out;
}

}  // namespace causeway::app
