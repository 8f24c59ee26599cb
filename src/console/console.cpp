#include "console/console.hpp"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <thread>
#include <variant>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/gzip.hpp"
#include "console/limits.hpp"
#include "console/live_runs.hpp"
#include "console/metrics.hpp"
#include "console/pages.hpp"
#include "console/probe.hpp"
#include "console/problem.hpp"
#include "console/routes.hpp"
#include "console/status_page.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"

namespace causeway::console {
namespace {

net::HttpReply wrong_method(const std::vector<std::string>& methods) {
  auto reply = problem(405, "Not with this method", "the path takes " + join(methods, ", "));
  reply.fields.emplace_back("Allow", join(methods, ", "));
  return reply;
}

// A form of another site can send text, never JSON: so a body that is not JSON is no call of ours.
bool body_is_json(const net::HttpRequest& request) {
  if (request.body.empty()) return true;
  const auto type = request.field("content-type").value_or("");
  return equals_ignoring_case(trim(type.substr(0, type.find(';'))), "application/json");
}

// An answer that others have a part in.
struct Pending {
  Call call;
  Later later;
};
using Step = std::variant<net::HttpReply, Pending>;

Step answer_api(Desk& desk, const net::HttpRequest& request) {
  auto matched = match(request.method, request.path);
  if (matched.methods.empty()) return not_found("the interface has no such path");
  if (matched.route == nullptr) return wrong_method(matched.methods);
  if (!body_is_json(request)) {
    return problem(415, "Not JSON", "send the body as Content-Type: application/json");
  }
  Call call{request, {}};
  auto caller = identify(desk, request);
  if (!caller) return store_failed(caller.error().text);
  call.set_caller(std::move(*caller));
  call.set_parts(std::move(matched.parts));
  if (auto refused = refusal(call, matched.route->least)) return std::move(*refused);
  if (const auto* handler = std::get_if<Handler>(&matched.route->handler)) {
    return (*handler)(desk, call);
  }
  auto rest = std::get<LateHandler>(matched.route->handler)(desk, call);
  if (!rest) return std::move(rest.error());
  return Pending{std::move(call), std::move(*rest)};
}

net::HttpReply answer_metrics(Desk& desk, const net::HttpRequest& request) {
  if (!desk.settings.open_metrics) {
    auto caller = identify(desk, request);
    if (!caller) return store_failed(caller.error().text);
    if (auto refused = refusal(Call{request, std::move(*caller)}, Role::viewer)) {
      return std::move(*refused);
    }
  }
  const auto text = metrics(desk);
  if (!text) return store_failed(text.error().text);
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  reply.body = *text;
  return reply;
}

net::HttpReply answer_health(Desk& desk, std::string_view path) {
  if (path != "/livez") {
    const auto asked = desk.overview(Clock::now());
    if (!asked) return store_failed(asked.error().text);
    const auto figures = desk.store.figures();
    if (figures.failing_since != WallTime{}) {
      return store_failed(fmt::format("nothing is written since {}: {}",
                                      rfc3339(figures.failing_since), figures.last_error));
    }
  }
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", "text/plain; charset=utf-8");
  reply.fixed = "ok\n";
  return reply;
}

Step answer_path(Desk& desk, const net::HttpRequest& request) {
  const auto path = request.path;
  if (path.starts_with("/api/v1/")) return answer_api(desk, request);
  if (request.method != "GET" && request.method != "HEAD") return wrong_method({"GET", "HEAD"});
  if (path == "/metrics") return answer_metrics(desk, request);
  if (path == "/livez" || path == "/readyz" || path == "/healthz" || path == "/-/healthy") {
    return answer_health(desk, path);
  }
  if (path == "/status") {  // its links are relative, so that an export works anywhere
    net::HttpReply reply{.status = 308};
    reply.fields.emplace_back("Location", "/status/");
    return reply;
  }
  if (path.starts_with("/status/") || path == "/api/v2/summary.json") {
    return status_reply(desk, request);
  }
  if (path.starts_with("/api/")) return not_found("the interface has no such path");
  return page_reply(request, web_files());
}

// A bug here must not end the watch and the edge that run in the same process.
net::HttpReply broke(const net::HttpRequest& request, const std::exception& why) {
  fmt::print(stderr, "causeway: console: {} {}: {}\n", request.method,
             printable(request.path, causeway::limits::kTextKept), why.what());
  return problem(500, "Internal error", "the console's log has the reason");
}

Step begin(Desk& desk, const net::HttpRequest& request) {
  try {
    return answer_path(desk, request);
  } catch (const std::exception& why) {
    return broke(request, why);
  }
}

net::HttpReply end(Desk& desk, const Pending& pending) {
  try {
    return pending.later.then(desk, pending.call);
  } catch (const std::exception& why) {
    return broke(pending.call.request(), why);
  }
}

net::HttpReply whole(Desk& desk, const Pending& pending) {
  try {
    pending.later.work();
  } catch (const std::exception& why) {
    return broke(pending.call.request(), why);
  }
  return end(desk, pending);
}

net::HttpReply dressed(const Desk& desk, const net::HttpRequest& request, net::HttpReply reply) {
  compress(request, reply);
  add_security_fields(reply, desk.settings.secure || request.secure);
  return reply;
}

LiveRuns::Job probe_job(const Desk& desk, ProbeQuestion question) {
  const bool may_be_private = desk.settings.private_targets;
  if (auto* check = std::get_if<CheckOrder>(&question.order)) {
    check->may_be_private = may_be_private;
    return [ask = desk.controls.check, order = std::move(*check),
            debug = question.debug](LiveRuns::Channel& listening) {
      const auto seen = ask(order, [&] { return listening.left(); });
      return debug ? probe_log(order, seen) : probe_exposition(order, seen);
    };
  }
  auto& order = std::get<DiagnosisOrder>(question.order);
  order.may_be_private = may_be_private;
  return [diagnose = desk.controls.diagnose, order = std::move(order),
          debug = question.debug](LiveRuns::Channel& listening) {
    const auto result = diagnose(order, [&](const auto&) { return !listening.left(); });
    if (!result) return "# " + printable(result.error().text, 300) + "\nprobe_success 0\n";
    return debug ? probe_log(*result) : probe_exposition(*result);
  };
}

}  // namespace

net::HttpReply answer(Desk& desk, const net::HttpRequest& request) {
  auto step = begin(desk, request);
  if (const auto* pending = std::get_if<Pending>(&step)) {
    step = whole(desk, *pending);
  }
  return dressed(desk, request, std::move(std::get<net::HttpReply>(step)));
}

class Console::Server {
 public:
  Server(store::Store& store, DeskSettings settings, Controls controls)
      : desk_(store, std::move(settings), std::move(controls), runs_) {}
  ~Server() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Parsed<bool> open(ConsoleOptions options) {
    net::HttpServiceOptions service{
        .listen = options.listen,
        .secure = std::move(options.secure),
        .refusal = [secure = desk_.settings.secure](int status, std::string_view why) {
          auto reply = problem(status, net::reason_phrase(status), why);
          add_security_fields(reply, secure);
          return reply;
        }};
    auto opened = net::HttpService::open(
        std::move(service), [this](const net::HttpRequest& request) { return handle(request); });
    if (!opened) return error(std::move(opened.error().text));
    service_ = std::move(*opened);
    if (desk_.settings.address.empty()) {
      desk_.settings.address = fmt::format("{}://{}", desk_.settings.secure ? "https" : "http",
                                           service_->endpoint().text());
    }
    address_ = desk_.settings.address;
    endpoint_ = service_->endpoint();
    thread_ = std::thread{[this] { run(); }};
    return true;
  }

  const std::string& address() const { return address_; }
  Endpoint endpoint() const { return endpoint_; }

 private:
  net::Task<net::HttpReply> handle(const net::HttpRequest& request) {
    if (request.path == "/probe") co_return co_await probe(request);
    auto step = begin(desk_, request);
    if (const auto* pending = std::get_if<Pending>(&step)) {
      const auto channel = errands_.start(
          [work = pending->later.work](auto&) {
            work();
            return std::string{};
          },
          limits::kErrands);
      std::string nothing;
      if (!channel) {
        step = problem(503, "Busy", "too many wait for others; try again in half a minute");
      } else if (co_await over(*channel, nothing)) {
        step = end(desk_, *pending);
      } else {
        step = problem(503, "Ending", "the console ends");
      }
    }
    co_return dressed(desk_, request, std::move(std::get<net::HttpReply>(step)));
  }

  // True when it has ended, false when the console does first.
  static net::Task<bool> over(LiveRuns::Channel& channel, std::string& said) {
    net::Loop& loop = net::Loop::current();
    while (!channel.take(said)) {
      if (!co_await loop.sleep_until(loop.now() + limits::kProbeTick)) co_return false;
    }
    co_return true;
  }

  // Who may ask for a probe makes this machine connect to a place of their choice: operators, as on
  // the page.
  net::Task<net::HttpReply> probe(const net::HttpRequest& request) {
    auto caller = identify(desk_, request);
    if (!caller) co_return store_failed(caller.error().text);
    const Call call{request, std::move(*caller)};
    if (auto refused = refusal(call, Role::operator_)) co_return std::move(*refused);
    auto asked = probe_question(
        {.target = call.query("target"),
         .module = call.query("module"),
         .hostname = call.query("hostname"),
         .debug = call.query("debug"),
         .scrape_timeout = request.field("x-prometheus-scrape-timeout-seconds").value_or("")});
    if (!asked) co_return problem(400, "Not a probe", asked.error().text);
    if (!desk_.controls.diagnose || !desk_.controls.check) {
      co_return problem(501, "Not here", "no probes here");
    }
    const auto channel = probes_.start(probe_job(desk_, std::move(*asked)), limits::kLiveProbes);
    if (!channel) co_return problem(503, "Busy", "too many probes run at once");
    net::HttpReply reply;
    reply.fields.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    co_await over(*channel, reply.body);
    co_return reply;
  }

  void run() {
    net::Loop loop;
    loop.run(serve());
    service_.reset();  // its descriptors belong to this loop
  }

  net::Task<void> serve() {
    net::Loop& loop = net::Loop::current();
    net::Group guests;
    guests.start(service_->serve());
    while (!stop_) co_await loop.sleep_until(loop.now() + limits::kConsoleTick);
    service_->drain();
    co_await guests.finished();
  }

  LiveRuns runs_;
  LiveRuns probes_;
  LiveRuns errands_;
  Desk desk_;
  std::unique_ptr<net::HttpService> service_;
  std::string address_;
  Endpoint endpoint_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

Console::Console(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Console::~Console() = default;

Parsed<std::unique_ptr<Console>> Console::open(store::Store& store, ConsoleOptions options,
                                               Controls controls) {
  auto server = std::make_unique<Server>(store, options.settings, std::move(controls));
  auto opened = server->open(std::move(options));
  if (!opened) return error(std::move(opened.error().text));
  return std::unique_ptr<Console>{new Console{std::move(server)}};
}

const std::string& Console::address() const { return server_->address(); }
Endpoint Console::endpoint() const { return server_->endpoint(); }

}  // namespace causeway::console
