// Edges of one's own: what their admin listeners tell, laid out for the page.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "model/failure.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "causeway_edge_";

struct Sample {
  std::string name;   // without the prefix
  std::string label;  // the value of its only label; empty: none
  double value = 0;
};

// One line of the text format: NAME{LABEL="VALUE"} NUMBER. Nothing of a histogram is needed.
std::optional<Sample> sample_of(std::string_view line) {
  if (!line.starts_with(kPrefix)) return std::nullopt;
  const auto blank = line.rfind(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  Sample out;
  const auto number = line.substr(blank + 1);
  const auto [end, wrong] =
      std::from_chars(number.data(), number.data() + number.size(), out.value);
  if (wrong != std::errc{}) return std::nullopt;
  auto name = line.substr(kPrefix.size(), blank - kPrefix.size());
  if (const auto brace = name.find('{'); brace != std::string_view::npos) {
    const auto open = name.find('"', brace);
    const auto close = name.rfind('"');
    if (open != std::string_view::npos && close > open) {
      out.label = name.substr(open + 1, close - open - 1);
    }
    name = name.substr(0, brace);
  }
  out.name = name;
  return out;
}

Json figures_of(const std::string& metrics) {
  Json codes = Json::array();
  Json failures = Json::array();
  Json cache = Json::object();
  Json plain = Json::object();
  for (const auto line : split(metrics, '\n')) {
    const auto sample = sample_of(line);
    if (!sample) continue;
    const auto& [name, label, value] = *sample;
    if (name == "requests_total") {
      codes.push_back({{"code", std::atoi(label.c_str())}, {"count", value}});
    } else if (name == "failures_total") {
      const auto id = model::failure_named(label);
      if (value > 0 && id) {
        failures.push_back(
            {{"failure", label}, {"failure_sentence", model::row(*id).sentence}, {"count", value}});
      }
    } else if (name.starts_with("cache_") && label.empty()) {
      cache[name.substr(std::string_view{"cache_"}.size())] = value;
    } else if (label.empty() && !name.ends_with("_sum") && !name.ends_with("_bucket")) {
      plain[name] = value;
    }
  }
  std::sort(failures.begin(), failures.end(), [](const Json& a, const Json& b) {
    return a.at("count").get<double>() > b.at("count").get<double>();
  });
  return {{"codes", std::move(codes)},
          {"failures", std::move(failures)},
          {"cache", cache.empty() ? Json(nullptr) : std::move(cache)},
          {"counts", std::move(plain)}};
}

// Observations are many, and the page shows none of them.
Json origin_of(Json origin) {
  if (const auto diagnosis = origin.find("diagnosis"); diagnosis != origin.end()) {
    diagnosis->erase("observations");
  }
  return origin;
}

Json pools_of(const Json& verdict) {
  std::vector<std::string> order;
  std::map<std::string, Json> pools;
  const auto origins = verdict.is_object() ? verdict.find("origins") : verdict.end();
  if (!verdict.is_object() || origins == verdict.end()) return Json::array();
  for (const auto& origin : *origins) {
    const auto pool = origin.value("pool", "");
    if (!pools.contains(pool)) order.push_back(pool);
    auto& list = pools.try_emplace(pool, Json::array()).first->second;
    list.push_back(origin_of(origin));
  }
  Json out = Json::array();
  for (const auto& pool : order) out.push_back({{"name", pool}, {"origins", pools.at(pool)}});
  return out;
}

Json shape(const EdgeSeen& edge) {
  Json out{{"name", edge.name},
           {"at", time_or_null(edge.at)},
           {"reached", edge.why.empty()},
           {"why", edge.why}};
  if (!edge.why.empty()) return out;
  const auto verdict = Json::parse(edge.verdict, nullptr, false);
  const auto switches = Json::parse(edge.switches, nullptr, false);
  out["host"] = verdict.is_object() ? verdict.value("vantage", "") : "";
  out["pools"] = pools_of(verdict);
  out["switches"] = switches.is_object() && switches.contains("switches") ? switches.at("switches")
                                                                          : Json::array();
  if (verdict.is_object()) {  // an edge of before tells none of these
    for (const char* told : {"workers", "draining", "maintenance"}) {
      if (const auto at = verdict.find(told); at != verdict.end()) out[told] = *at;
    }
  }
  out["figures"] = figures_of(edge.metrics);
  return out;
}

net::HttpReply edges_reply(Desk& desk, const Call& call) {
  Json list = Json::array();
  if (desk.controls.edges) {
    for (const auto& edge : desk.controls.edges()) list.push_back(shape(edge));
  }
  const bool connected = !list.empty();
  return json_reply(call, {{"connected", connected}, {"edges", std::move(list)}});
}

net::HttpReply no_edges() { return not_found("no edge is known here: name one in [[watch.edge]]"); }

net::HttpReply refused(const Refusal& why) { return wrong_field(why.status, why.field, why.text); }

}  // namespace

net::HttpReply list_edges(Desk& desk, const Call& call) { return edges_reply(desk, call); }

std::expected<Later, net::HttpReply> switch_edge_pool(Desk& desk, const Call& call) {
  if (!desk.controls.switch_pool) return std::unexpected(no_edges());
  const auto wrong = [](const std::string& text) {
    return std::unexpected(problem(422, "Wrong input", text));
  };
  const auto body = call.object();
  if (!body) return wrong(body.error().text);
  const auto from = text_of(*body, "from", causeway::limits::kTextKept);
  if (!from) return wrong(from.error().text);
  const auto to = text_of(*body, "to", causeway::limits::kTextKept);
  if (!to) return wrong(to.error().text);
  const auto minutes = body->find("minutes");
  const bool whole = minutes != body->end() && minutes->is_number_integer();
  const auto asked = whole ? minutes->get<std::int64_t>() : 0;
  if (asked < 1 || asked > limits::kSwitchMinutes) {
    return std::unexpected(
        wrong_field(422, "minutes",
                    fmt::format("expected a whole number from 1 to {}", limits::kSwitchMinutes)));
  }
  // Before it is done: nobody may be there to write it down afterwards.
  record_audit(desk, call, "edge.switch", call.part(0),
               fmt::format("{} to {} for {} min", *from, *to, asked));
  return later([ask = desk.controls.switch_pool, edge = call.part(0), from = *from, to = *to,
                asked] { return ask(edge, from, to, static_cast<int>(asked)); },
               [](Desk& of, const Call& again, const OrRefused<bool>& done) {
                 return done ? edges_reply(of, again) : refused(done.error());
               });
}

std::expected<Later, net::HttpReply> take_switch_back(Desk& desk, const Call& call) {
  if (!desk.controls.switch_pool) return std::unexpected(no_edges());
  record_audit(desk, call, "edge.switch-back", call.part(0), call.part(1));
  return later([ask = desk.controls.switch_pool, edge = call.part(0),
                pool = call.part(1)] { return ask(edge, pool, "", 0); },
               [](Desk& /*of*/, const Call& /*again*/, const OrRefused<bool>& done) {
                 return done ? net::HttpReply{.status = 204} : refused(done.error());
               });
}

}  // namespace causeway::console
