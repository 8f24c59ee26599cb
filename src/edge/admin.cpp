#include "edge/admin.hpp"

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "edge/limits.hpp"
#include "net/blocking_threads.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

// Takes as long for a wrong token as for the right one.
bool same(std::string_view a, std::string_view b) {
  unsigned char differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = i < b.size() ? b[i] : '\0';
    differs = static_cast<unsigned char>(differs | (a[i] ^ other));
  }
  return differs == 0;
}

bool may_ask(const net::HttpRequest& request, const std::string& token) {
  if (token.empty()) return classify(request.peer.address) == AddressClass::loopback;
  const auto said = request.field("authorization").value_or(std::string_view{});
  constexpr std::string_view kBearer = "Bearer ";
  return said.starts_with(kBearer) && same(said.substr(kBearer.size()), token);
}

net::HttpReply text(int status, std::string body) {
  net::HttpReply out;
  out.status = status;
  out.fields = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                {"Cache-Control", "no-store"}};
  out.body = std::move(body);
  return out;
}

using Threads = std::shared_ptr<net::BlockingThreads>;

// Metrics and verdicts are asked for meanwhile.
net::Task<net::HttpReply> wait_for(std::function<net::HttpReply()> slow, Threads threads) {
  auto out = std::make_shared<net::HttpReply>();
  const bool ran = co_await threads->run([slow = std::move(slow), out] { *out = slow(); },
                                         net::Loop::current().now() + limits::kAdminDisk);
  if (ran) co_return std::move(*out);
  co_return text(503,
                 "The disk of the cache is slow or busy: this may still be under way. Look at "
                 "/metrics and ask again.\n");
}

net::Task<net::HttpReply> reply_to(const net::HttpRequest& request, const std::string& token,
                                   const MetricsOf& metrics, const OperatedOf& operated,
                                   const Threads& threads) {
  if (!may_ask(request, token)) {
    co_return text(403, token.empty() ? "Only this machine is answered; set a token file.\n"
                                      : "Expected 'Authorization: Bearer TOKEN'.\n");
  }
  const Operated present = operated ? operated() : Operated{};
  if (auto slow = slow_reply(request, present)) co_return co_await wait_for(slow, threads);
  if (auto reply = operator_reply(request, present)) co_return std::move(*reply);
  if (request.method != "GET" && request.method != "HEAD") {
    co_return text(405, "Only GET is served here.\n");
  }
  if (request.path == "/metrics") {
    co_return text(200, metrics_text(metrics()) + operator_metrics(present));
  }
  if (request.path == "/healthz") co_return text(200, "ok\n");
  co_return text(
      404,
      "Here are /metrics, /healthz, /.causeway/verdict, /.causeway/purge, /.causeway/drill and "
      "/.causeway/switch.\n");
}

}  // namespace

Parsed<std::unique_ptr<net::HttpService>> open_admin(const Admin& admin, MetricsOf metrics,
                                                     OperatedOf operated, net::Fd listener) {
  std::string token;
  if (!admin.token_file.empty()) {
    std::ifstream in{admin.token_file};
    std::getline(in, token);
    token = trim(token);
    if (token.empty()) {
      return error(fmt::format("{}: holds no token for the admin listener", admin.token_file));
    }
  }
  net::HttpServiceOptions options;
  options.listen = *admin.address;
  options.listener = std::move(listener);
  return net::HttpService::open(
      std::move(options),
      [token = std::move(token), metrics = std::move(metrics), operated = std::move(operated),
       threads = std::make_shared<net::BlockingThreads>(1, limits::kAdminWaiting)](
          const net::HttpRequest& request) {
        return reply_to(request, token, metrics, operated, threads);
      });
}

}  // namespace causeway::edge
