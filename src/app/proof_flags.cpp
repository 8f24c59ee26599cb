#include "app/proof_flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "app/read_file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/ruleset_dumps.hpp"
#include "inspect/snapshot.hpp"

namespace causeway::app {

void add_proof_flags(CLI::App& app, ProofFlags& flags) {
  app.add_option("--edge", flags.edge, "whose ranges: cloudflare, or a file with a prefix a line")
      ->option_text("cloudflare|FILE");
  app.add_option("--ports", flags.ports, "ports that the edge connects to (default 80,443)")
      ->option_text("PORT,...");
  app.add_option("--from", flags.from, "rulesets from a folder of dumps instead of this host's own")
      ->option_text("DIR");
  app.add_option("--format", flags.format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--no-color", flags.no_color, "no colours (NO_COLOR does the same)");
}

void add_address_flag(CLI::App& app, ProofFlags& flags) {
  app.add_option("--address", flags.address,
                 "the address the edge connects to, where this host has several (default: that of "
                 "the interface towards the internet)")
      ->option_text("ADDRESS");
}

Parsed<model::EdgeRanges> read_edge(const std::string& edge) {
  if (edge == "cloudflare") return model::cloudflare_ranges();
  const auto text = read_file(edge, limits::kDocumentBytes);
  if (!text) {
    return error(fmt::format("--edge: {}; expected 'cloudflare' or a file with one prefix a line",
                             text.error().text));
  }
  auto ranges = model::parse_edge_ranges(*text, edge.substr(edge.rfind('/') + 1));
  if (!ranges) return error(fmt::format("--edge: {}", ranges.error().text));
  return ranges;
}

Parsed<std::vector<std::uint16_t>> parse_ports(std::string_view text) {
  std::vector<std::uint16_t> out;
  for (const auto word : split(text, ',')) {
    const auto port = parse_port(trim(word));
    if (!port) return error(fmt::format("--ports: {}", port.error().text));
    if (std::ranges::find(out, *port) == out.end()) out.push_back(*port);
  }
  if (out.size() > limits::kProofPorts) {
    return error(
        fmt::format("--ports: {} given; expected at most {}", out.size(), limits::kProofPorts));
  }
  return out;
}

Parsed<std::vector<firewall::ProofRequest::Sample>> parse_query(std::string_view text,
                                                                std::string_view name) {
  std::vector<firewall::ProofRequest::Sample> out;
  int number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    const auto content = line.substr(0, line.find('#'));
    std::vector<std::string_view> words;
    std::size_t column = 1;
    for (const auto word : split(content, ' ')) {
      if (!trim(word).empty()) words.push_back(trim(word));
      if (words.size() < 2) column += word.size() + 1;
    }
    if (words.empty()) continue;
    if (words.size() != 2) {
      return error(fmt::format("{}:{}:1: expected 'ADDRESS PORT', found {} word{}", name, number,
                               words.size(), words.size() == 1 ? "" : "s"));
    }
    const auto source = IpAddress::parse(words[0]);
    if (!source) return error(fmt::format("{}:{}:1: {}", name, number, source.error().text));
    const auto port = parse_port(words[1]);
    if (!port) return error(fmt::format("{}:{}:{}: {}", name, number, column, port.error().text));
    if (out.size() >= limits::kProofSamples) {
      return error(
          fmt::format("{}:{}:1: more than {} questions", name, number, limits::kProofSamples));
    }
    out.push_back({*source, *port});
  }
  return out;
}

Parsed<firewall::ProofRequest> read_request(const ProofFlags& flags) {
  firewall::ProofRequest out;
  auto edge = read_edge(flags.edge);
  if (!edge) return error(edge.error().text);
  out.edge = std::move(*edge);
  auto ports = parse_ports(flags.ports);
  if (!ports) return error(ports.error().text);
  out.ports = std::move(*ports);
  if (flags.query.empty()) return out;
  const auto text = read_file(flags.query, limits::kDocumentBytes);
  if (!text) return error(fmt::format("--query: {}", text.error().text));
  auto samples = parse_query(*text, flags.query.substr(flags.query.rfind('/') + 1));
  if (!samples) return error(fmt::format("--query: {}", samples.error().text));
  out.samples = std::move(*samples);
  return out;
}

namespace {

Parsed<Gathered> gather_all(const ProofFlags& flags, bool with_texts) {
  Gathered out;
  if (!flags.from.empty()) {
    auto snapshot = inspect::read_folder(flags.from);
    if (!snapshot) return error(fmt::format("--from: {}", snapshot.error().text));
    if (with_texts || flags.replay) out.dumps = snapshot->rulesets;
    out.collection = firewall::load(std::move(snapshot->rulesets));
    std::ranges::move(snapshot->rulesets_unreadable, std::back_inserter(out.collection.unreadable));
    return out;
  }
  auto dumps = inspect::collect_rulesets();
  if (with_texts || flags.replay) out.dumps = dumps.texts;
  out.collection = firewall::load(std::move(dumps.texts));
  out.wants_root = dumps.wants_root;
  auto& unreadable = out.collection.unreadable;
  unreadable.insert(unreadable.end(), dumps.unreadable.begin(), dumps.unreadable.end());
  return out;
}

}  // namespace

Parsed<void> name_arrival(const ProofFlags& flags, firewall::Arrival& arrival) {
  if (flags.address.empty()) return {};
  const auto address = IpAddress::parse(flags.address);
  if (!address) return error(fmt::format("--address: {}", address.error().text));
  // The other family is not asked: its address was not named.
  arrival.named = true;
  arrival.address4.reset();
  arrival.address6.reset();
  (address->is_v4() ? arrival.address4 : arrival.address6) = *address;
  return {};
}

Parsed<Gathered> gather(const ProofFlags& flags, bool with_texts) {
  firewall::Arrival named;
  if (const auto known = name_arrival(flags, named); !known) return std::unexpected(known.error());
  auto out = gather_all(flags, with_texts);
  if (!out) return out;
  if (const auto known = name_arrival(flags, out->collection.arrival); !known) {
    return std::unexpected(known.error());
  }
  return out;
}

}  // namespace causeway::app
