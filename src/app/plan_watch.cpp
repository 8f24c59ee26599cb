// causeway plan watch: during a cut-over, where every name server and the resolver lead visitors,
// and whether the new origin serves.
#include <fmt/format.h>

#include <algorithm>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/plan.hpp"
#include "app/plan_making.hpp"
#include "base/text.hpp"
#include "plan/fetch.hpp"
#include "plan/limits.hpp"
#include "reach/authority.hpp"
#include "reach/resolve.hpp"

namespace causeway::app {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kHttpsPort = 443;

struct Watching {
  std::vector<IpAddress> before;
  std::vector<IpAddress> after;
  std::vector<std::string> names;
  reach::Request request;
  Duration every{};
  Duration until{};
};

struct Look {
  std::string line;  // of one name, without the time
  bool moved = false;
  bool serves = false;
};

bool any_of(const std::vector<IpAddress>& all, const std::vector<std::string>& texts) {
  return std::ranges::any_of(
      all, [&](const IpAddress& address) { return std::ranges::count(texts, address.text()) > 0; });
}

// One name: what each server that was asked leads to, and what the new origin says.
net::Task<Look> look_at(const Watching& watching, std::string name) {
  Look out;
  reach::Request request = watching.request;
  request.target.host = name;
  reach::Record record;
  reach::Survey survey{request, record, Clock::now() + limits::kPageWait};
  co_await reach::ask_authorities(survey);
  co_await reach::resolve(survey);
  int old_ones = 0;
  int new_ones = 0;
  int others = 0;
  std::vector<std::string> late;
  for (const auto& seen : record.observations()) {
    if (seen.kind != model::Kind::dns || seen.text("name") != name) continue;
    const auto& addresses = seen.texts("addresses");
    if (addresses.empty()) continue;
    if (any_of(watching.before, addresses)) {
      ++old_ones;
      late.push_back(fmt::format("{} ({})", seen.text("server"), seen.text("role")));
    } else if (any_of(watching.after, addresses)) {
      ++new_ones;
    } else {
      ++others;
    }
  }
  bool serves = true;
  std::string trouble;
  for (const auto& address : watching.after) {
    const auto answer = co_await plan::fetch(request, {address, kHttpsPort}, true, "/");
    constexpr int kServerError = 500;
    if (!answer.failure && answer.status < kServerError) continue;
    serves = false;
    trouble = answer.failure ? fmt::format("{}: {}", address.text(), model::name(*answer.failure))
                             : fmt::format("{}: status {}", address.text(), answer.status);
  }
  out.serves = serves;
  // Behind a proxy every answer is the edge's own address: that much can be seen of it.
  out.moved = old_ones == 0 && (new_ones > 0 || others > 0);
  out.line = fmt::format("{}: new {}, old {}{}{}; new origin {}", name, new_ones, old_ones,
                         others > 0 ? fmt::format(", other {}", others) : "",
                         late.empty() ? "" : " at " + join(late, ", "),
                         serves ? "serves" : "FAILS, " + trouble);
  co_return out;
}

net::Task<int> watch(const Watching& watching) {
  const Instant last = Clock::now() + watching.until;
  std::vector<std::string> shown(watching.names.size());
  while (true) {
    bool done = true;
    bool failing = false;
    for (std::size_t i = 0; i < watching.names.size(); ++i) {
      const Look look = co_await look_at(watching, watching.names[i]);
      if (net::Loop::current().interrupted()) co_return kCouldNotTell;
      done = done && look.moved && look.serves;
      failing = failing || (look.moved && !look.serves);
      if (look.line != shown[i]) print(fmt::format("{} {}\n", rfc3339(wall_now()), look.line));
      shown[i] = look.line;
    }
    if (done) {
      print(
          "every name server leads to the new origin, and it serves\n"
          "to do: raise the TTLs again in a day, retire the old origin in a week ('causeway plan "
          "--format calendar' writes the reminders)\n");
      co_return kFine;
    }
    if (failing) print("visitors are led to the new origin and it fails: roll back\n");
    if (Clock::now() + watching.every > last) co_return kProblem;
    if (!co_await net::Loop::current().sleep_until(Clock::now() + watching.every)) {
      co_return kCouldNotTell;
    }
  }
}

}  // namespace

int plan_watch(const PlanFlags& flags) {
  Watching watching;
  auto before = parse_addresses(flags.before);
  if (!before) return wrong_use("plan watch", "OLD: " + before.error().text);
  auto after = parse_addresses(flags.after);
  if (!after) return wrong_use("plan watch", "NEW: " + after.error().text);
  auto names = parse_names(flags.names);
  if (!names) return wrong_use("plan watch", "--name: " + names.error().text);
  watching.before = std::move(*before);
  watching.after = std::move(*after);
  watching.names = std::move(*names);
  watching.request.ca_file = flags.ca;
  for (const auto& text : flags.authorities) {
    const auto endpoint = Endpoint::parse(text, kDnsPort);
    if (!endpoint) return wrong_use("plan watch", "--authority: " + endpoint.error().text);
    watching.request.authorities.push_back(*endpoint);
  }
  if (!flags.resolver.empty()) {
    const auto endpoint = Endpoint::parse(flags.resolver, kDnsPort);
    if (!endpoint) return wrong_use("plan watch", "--resolver: " + endpoint.error().text);
    watching.request.resolver = *endpoint;
  }
  const auto every = parse_duration(flags.interval);
  const auto until = parse_duration(flags.until);
  if (!every || !until || *every < std::chrono::seconds{1}) {
    return wrong_use("plan watch", "--every and --for: expected times such as 5s and 1h");
  }
  watching.every = *every;
  watching.until = *until;
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  return loop.run(watch(watching));
}

}  // namespace causeway::app
