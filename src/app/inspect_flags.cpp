#include "app/inspect_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/read_file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "net/arrival_tap.hpp"

namespace causeway::app {
namespace {

std::unexpected<Error> wrong(std::string_view flag, std::string_view what) {
  return error(fmt::format("{}: {}", flag, what));
}

Parsed<model::EdgeRanges> edge_of(const std::string& name) {
  if (name.empty() || name == "cloudflare") return model::cloudflare_ranges();
  const auto text = read_file(name, limits::kDocumentBytes);
  if (!text) {
    return error(text.error().text + "; expected 'cloudflare' or a file with one prefix a line");
  }
  return model::parse_edge_ranges(*text, name.substr(name.rfind('/') + 1));
}

Parsed<Duration> span_of(const std::string& text, Duration otherwise, Duration most) {
  if (text.empty()) return otherwise;
  const auto span = parse_duration(text);
  if (!span) return std::unexpected(span.error());
  if (*span < Duration{} || *span > most) {
    return error(fmt::format("'{}' is out of range; expected at most {} s", printable(text, 40),
                             std::chrono::duration_cast<std::chrono::seconds>(most).count()));
  }
  return *span;
}

}  // namespace

Parsed<std::vector<std::uint16_t>> parse_ports(const std::string& text) {
  std::vector<std::uint16_t> out;
  for (const auto part : split(text, ',')) {
    const auto port = parse_port(trim(part));
    if (!port) return std::unexpected(port.error());
    if (std::ranges::find(out, *port) == out.end()) out.push_back(*port);
  }
  if (out.size() > net::kArrivalPorts) {
    return error(fmt::format("{} ports; expected at most {}", out.size(), net::kArrivalPorts));
  }
  return out;
}

Parsed<InspectPlan> understand(const InspectFlags& flags) {
  InspectPlan out;
  auto edge = edge_of(flags.edge);
  if (!edge) return wrong("--edge", edge.error().text);
  out.question.edge = std::move(*edge);
  if (!flags.ports.empty()) {
    auto ports = parse_ports(flags.ports);
    if (!ports) return wrong("--ports", ports.error().text);
    out.question.ports = std::move(*ports);
  }
  const auto sample = span_of(flags.sample, {}, inspect::kSampleMost);
  if (!sample) return wrong("--sample", sample.error().text);
  constexpr auto kLongest = std::chrono::hours{24 * 31};
  const auto since = span_of(flags.since, inspect::kSinceDefault, kLongest);
  if (!since) return wrong("--since", since.error().text);
  if (flags.plain && flags.format != "text") {
    return wrong("--plain",
                 fmt::format("contradicts --format {}; expected one of them", flags.format));
  }
  if (!flags.from.empty() && (!flags.collect.empty() || !flags.sample.empty())) {
    return wrong("--from", fmt::format("reads a folder and contradicts {}; expected one of them",
                                       flags.collect.empty() ? "--sample" : "--collect"));
  }
  out.question.since = *since;
  out.request.ports = out.question.ports;
  out.request.edge = out.question.edge.prefixes;
  out.request.sample = *sample;
  out.request.since = *since;
  return out;
}

}  // namespace causeway::app
