#include "inspect/containers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/limits.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

struct Span {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

std::optional<Span> span_of(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return Span{*first, *first};
  const auto last = parse_port(text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return Span{*first, *last};
}

void read_ports(std::string_view text, Container& out) {
  constexpr std::string_view kTcp = "/tcp";
  constexpr std::string_view kArrow = "->";
  for (auto part : split(text, ',')) {
    part = trim(part);
    if (!part.ends_with(kTcp)) continue;
    part.remove_suffix(kTcp.size());
    const auto arrow = part.find(kArrow);
    const bool published = arrow != std::string_view::npos;
    const auto inner = span_of(published ? part.substr(arrow + kArrow.size()) : part);
    const auto outer = published ? part.substr(0, arrow) : std::string_view{};
    const auto colon = outer.rfind(':');
    if (!inner || (published && colon == std::string_view::npos)) continue;
    const auto host_ports = published ? span_of(outer.substr(colon + 1)) : std::optional<Span>{};
    if (published && !host_ports) continue;
    for (unsigned port = inner->first; port <= inner->last; ++port) {
      if (out.ports.size() >= kContainerPorts) return;
      Container::Port one;
      one.inner = static_cast<std::uint16_t>(port);
      if (published) {
        const auto at =
            std::min<unsigned>(host_ports->first + port - inner->first, host_ports->last);
        one.host = printable(outer.substr(0, colon), kDirectiveBytes);
        one.published = static_cast<std::uint16_t>(at);
      }
      out.ports.push_back(std::move(one));
    }
  }
}

std::string_view state_word(std::string_view state) {
  if (state == "running") return "running";
  if (state == "paused") return "frozen";
  if (state == "restarting") return "starting";
  if (state == "dead") return "failed";
  return "stopped";
}

}  // namespace

std::vector<Container> parse_containers(std::string_view text) {
  std::vector<Container> out;
  for (const auto line : split(text, '\n')) {
    const auto parts = split(line, '\t');
    if (parts.size() < 4 || out.size() >= kContainers) continue;
    Container one{.name = printable(parts[0], kDirectiveBytes),
                  .state = printable(parts[1], kDirectiveBytes),
                  .status = printable(parts[3], kDirectiveBytes),
                  .ports = {}};
    read_ports(parts[2], one);
    out.push_back(std::move(one));
  }
  return out;
}

void analyze_containers(const View& view, Notes& notes) {
  const auto listener_is = [&](std::uint16_t port, std::string_view value) {
    return std::ranges::any_of(notes.all(), [&](const model::Observation& seen) {
      return seen.kind == Kind::fact && seen.text("what") == "listener" &&
             seen.text("value") == value && seen.integer("port") == port;
    });
  };
  const auto said = [&](std::uint16_t port) {
    return std::ranges::any_of(notes.all(), [&](const model::Observation& seen) {
      return seen.kind == Kind::fact && seen.text("what") == "published-port" &&
             seen.integer("port") == port;
    });
  };
  for (const auto& one : parse_containers(view.snapshot.text("docker.txt"))) {
    auto& out = notes.saw(Kind::service, one.name);
    std::set<std::string> published;
    for (const auto& port : one.ports) {
      if (port.published != 0) published.insert(fmt::format("{}", port.published));
    }
    out.set("name", one.name).set("role", "container").set("unit", one.name);
    out.set("state", state_word(one.state)).set("reason", one.status).set("installed", true);
    out.set("ports", std::vector<std::string>{published.begin(), published.end()});
    for (const auto& port : one.ports) {
      const bool asked = std::ranges::find(view.question.ports,
                                           port.published == 0 ? port.inner : port.published) !=
                         view.question.ports.end();
      if (!asked) continue;
      if (port.published == 0 && one.state == "running" && listener_is(port.inner, "none") &&
          !said(port.inner)) {
        auto& fact = notes.fact("published-port", "no", {out.id});
        fact.set("port", int{port.inner}).set("agent", one.name);
        fact.set("detail", fmt::format("the container {} serves port {}, which is not published",
                                       one.name, port.inner));
      }
      // Connections to it are taken by the kernel or Docker's proxy, and nobody answers.
      if (port.published != 0 && one.state == "paused") {
        auto& fact = notes.fact("process", "hung", {out.id});
        fact.set("port", int{port.published}).set("agent", one.name);
        fact.set("detail", fmt::format("the container {} that has port {} is paused", one.name,
                                       port.published));
      }
    }
  }
}

}  // namespace causeway::inspect
