#include "app/plan_for_console.hpp"

#include <fmt/format.h>

#include <memory>

#include "app/plan.hpp"
#include "app/plan_making.hpp"
#include "console/live_runs.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"

namespace causeway::app {
namespace {

constexpr auto kLook = std::chrono::milliseconds{100};  // whether somebody still listens

std::unexpected<console::Refusal> wrong(std::string field, std::string text) {
  return std::unexpected(console::Refusal{.field = std::move(field), .text = std::move(text)});
}

console::OrRefused<std::vector<IpAddress>> addresses_in(const std::string& text,
                                                        const std::string& field,
                                                        bool may_be_private) {
  auto out = parse_addresses(text);
  if (!out) return wrong(field, out.error().text);
  for (const auto& address : *out) {
    if (may_be_private) break;
    if (const auto open = console::open_to_people(address); !open) {
      return wrong(field, open.error().text);
    }
  }
  return std::move(*out);
}

console::OrRefused<PlanQuestion> understand(const console::PlanOrder& order) {
  PlanQuestion out{.paths = order.paths, .documents = order.with};
  if (order.pages) out.pages = *order.pages;
  auto before = addresses_in(order.before, "old", order.may_be_private);
  if (!before) return std::unexpected(before.error());
  auto after = addresses_in(order.after, "new", order.may_be_private);
  if (!after) return std::unexpected(after.error());
  if (*before == *after) return wrong("new", "both origins are the same: nothing would move");
  auto names = parse_names(order.names);
  if (!names) return wrong("names", names.error().text);
  for (const auto& path : order.paths) {
    if (const auto good = check_path(path); !good) return wrong("paths", good.error().text);
  }
  for (const auto& document : order.with) {
    if (const auto good = check_facts(document, "facts"); !good) {
      return wrong("facts", good.error().text);
    }
  }
  out.before = std::move(*before);
  out.after = std::move(*after);
  out.names = std::move(*names);
  out.request.ssl = ssl_of(order.ssl);
  return out;
}

// Interrupts the loop when nobody listens any more, or it has taken too long.
net::Task<void> end_in_time(const console::PlanListener& listener, Instant last, const bool& over) {
  net::Loop& loop = net::Loop::current();
  while (!over) {
    if (listener.left() || loop.now() >= last) loop.interrupt();
    if (!co_await loop.sleep_until(loop.now() + kLook)) co_return;
  }
}

net::Task<std::vector<plan::HostSeen>> see_in_time(const PlanQuestion& asked,
                                                   const console::PlanListener& listener,
                                                   Duration most) {
  bool over = false;
  net::Group beside;
  beside.start(end_in_time(listener, net::Loop::current().now() + most, over));
  auto out = co_await see_hosts(asked, listener.told);
  over = true;
  co_await beside.finished();
  co_return out;
}

std::vector<std::string> texts(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> out;
  out.reserve(addresses.size());
  for (const auto& address : addresses) out.push_back(address.text());
  return out;
}

console::PlanMade made_of(plan::Plan plan) {
  console::PlanMade out{.go = plan.go,
                        .stops = plan.stops,
                        .warnings = plan.warnings,
                        .unknowns = plan.unknowns,
                        .before = texts(plan.seen.before),
                        .after = texts(plan.seen.after),
                        .document = plan::to_json(plan),
                        .text = plan_text(plan, Screen{}),
                        .markdown = plan_markdown(plan),
                        .html = plan_html(plan)};
  for (auto& host : plan.seen.hosts) {
    out.names.push_back(host.name);
    host.pages.clear();  // whole bodies: no calendar needs them
  }
  out.calendar = [kept = std::make_shared<const plan::Plan>(std::move(plan))](WallTime at) {
    return plan_calendar(*kept, at);
  };
  return out;
}

Parsed<console::PlanMade> make(const PlanQuestion& asked, plan::Seen seen, Duration most,
                               const console::PlanListener& listener) {
  bool interrupted = false;
  {
    net::Loop loop;
    seen.hosts = loop.run(see_in_time(asked, listener, most));
    interrupted = loop.interrupted();
  }
  if (interrupted) {
    return error(
        fmt::format("not everything was asked within {} min, so nothing can be said; take "
                    "fewer names or pages, or 'causeway plan', which has all the time",
                    std::chrono::duration_cast<std::chrono::minutes>(most).count()));
  }
  seen.at = wall_now();
  return made_of(plan::make_plan(std::move(seen)));
}

}  // namespace

console::OrRefused<console::PlanRun> plan_for_console(const console::PlanOrder& order) {
  auto asked = understand(order);
  if (!asked) return std::unexpected(asked.error());
  auto seen = nothing_seen(*asked);
  if (!order.zone.empty()) {
    if (const auto zone = take_zone(order.zone, {}, seen); !zone) {
      return wrong("zone", zone.error().text);
    }
  }
  return [asked = std::move(*asked), seen = std::move(seen), most = order.deadline](
             const console::PlanListener& listener) { return make(asked, seen, most, listener); };
}

}  // namespace causeway::app
