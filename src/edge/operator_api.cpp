#include "edge/operator_api.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "codec/percent.hpp"
#include "edge/disk_store.hpp"
#include "edge/query.hpp"

namespace causeway::edge {
namespace {

net::HttpReply reply(int status, std::string body,
                     std::string_view type = "text/plain; charset=utf-8") {
  net::HttpReply out;
  out.status = status;
  out.fields = {{"Content-Type", std::string{type}}, {"Cache-Control", "no-store"}};
  out.body = std::move(body);
  return out;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : "edge";
}

net::HttpReply drill(const net::HttpRequest& request, DrillBoard& drills) {
  const Instant now = Clock::now();
  if (request.method == "GET" || request.method == "HEAD") {
    return reply(200, drills.json(now), "application/json");
  }
  // A page that a browser on this machine shows may not break a site.
  if (request.field("origin")) return reply(403, "cross-origin requests are refused\n");
  if (request.method == "DELETE") {
    return reply(200, fmt::format("{{\"ended\": {}}}\n", drills.end_all()), "application/json");
  }
  if (request.method != "POST") return reply(405, "expected GET, POST or DELETE\n");
  const auto begun = drills.begin(request.query, now);
  if (!begun) return reply(400, begun.error().text + "\n");
  return reply(200, drills.json(now), "application/json");
}

net::HttpReply switch_pool(const net::HttpRequest& request, PoolSwitches& switches,
                           const Config& config) {
  const Instant now = Clock::now();
  if (request.method == "GET" || request.method == "HEAD") {
    return reply(200, switches.json(now), "application/json");
  }
  // A page that a browser on this machine shows may not send visitors elsewhere.
  if (request.field("origin")) return reply(403, "cross-origin requests are refused\n");
  if (request.method == "DELETE") {
    const auto gone = switches.take_back(request.query);
    if (!gone) return reply(400, gone.error().text + "\n");
    return reply(200, fmt::format("{{\"taken_back\": {}}}\n", *gone), "application/json");
  }
  if (request.method != "POST") return reply(405, "expected GET, POST or DELETE\n");
  const auto put = switches.put(request.query, config, now);
  if (!put) return reply(400, put.error().text + "\n");
  return reply(200, switches.json(now), "application/json");
}

net::HttpReply purge(std::string_view query, CacheStore& cache) {
  const auto equals = query.find('=');
  const auto key = query.substr(0, equals);
  const auto value = equals == std::string_view::npos
                         ? std::string{}
                         : codec::percent_decoded(query.substr(equals + 1));
  std::size_t gone = 0;
  if (key == "all") {
    gone = cache.purge_all();
  } else if (key == "url" && !value.empty()) {
    gone = cache.purge_url(value);
  } else if (key == "prefix" && !value.empty()) {
    gone = cache.purge_prefix(value);
  } else if (key == "tag" && !value.empty()) {
    gone = cache.purge_tag(value);
  } else {
    return reply(400, "expected ?url=URL, ?prefix=HOST/PATH, ?tag=NAME or ?all\n");
  }
  return reply(200, fmt::format("{{\"purged\": {}}}\n", gone), "application/json");
}

std::optional<net::HttpReply> purge_refusal(const net::HttpRequest& request,
                                            const Operated& operated) {
  if (request.method != "POST") return reply(405, "purge with POST\n");
  // A page that a browser on this machine shows may not purge.
  if (request.field("origin")) return reply(403, "cross-origin requests are refused\n");
  if (!operated.cache) return reply(409, "there is no cache: [edge.cache] on = true\n");
  return std::nullopt;
}

constexpr std::string_view kPurge = "/.causeway/purge";

}  // namespace

std::function<net::HttpReply()> slow_reply(const net::HttpRequest& request,
                                           const Operated& operated) {
  if (request.path != kPurge || purge_refusal(request, operated)) return {};
  if (!operated.cache->disk()) return {};
  return
      [query = std::string{request.query}, cache = operated.cache] { return purge(query, *cache); };
}

std::optional<net::HttpReply> operator_reply(const net::HttpRequest& request,
                                             const Operated& operated) {
  if (request.path == kPurge) {
    if (auto refused = purge_refusal(request, operated)) return refused;
    return purge(request.query, *operated.cache);
  }
  if (request.path == "/.causeway/verdict" && operated.evidence) {
    if (request.method != "GET" && request.method != "HEAD") return reply(405, "expected GET\n");
    return reply(200, operated.evidence->json(host_name(), wall_now(), operated.edge),
                 "application/json");
  }
  if (request.path == "/.causeway/drill" && operated.drills) {
    return drill(request, *operated.drills);
  }
  if (request.path == "/.causeway/switch" && operated.switches && operated.config) {
    return switch_pool(request, *operated.switches, *operated.config);
  }
  return std::nullopt;
}

std::string operator_metrics(const Operated& operated) {
  std::string out = operated.evidence ? operated.evidence->metrics(operated.edge) : std::string{};
  if (operated.switches) out += operated.switches->metrics(Clock::now());
  if (!operated.cache) return out;
  const auto counts = operated.cache->counts();
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       std::uint64_t value) {
    out += fmt::format(
        "# HELP causeway_edge_cache_{0} {1}\n# TYPE causeway_edge_cache_{0} {2}\n"
        "causeway_edge_cache_{0} {3}\n",
        name, help, type, value);
  };
  add("entries", "gauge", "Stored answers in memory.", counts.entries);
  add("bytes", "gauge", "Memory they take.", counts.bytes);
  add("inserted_total", "counter", "Answers stored.", counts.inserted);
  add("evicted_total", "counter", "Answers pushed out for others.", counts.evicted);
  add("purged_total", "counter", "Answers purged from memory.", counts.purged);
  if (!operated.cache->disk()) return out;
  const auto disk = operated.cache->disk()->counts();
  add("disk_working", "gauge", "1 while answers can be written to the disk.", disk.working ? 1 : 0);
  add("disk_entries", "gauge", "Stored answers on the disk.", disk.files);
  add("disk_bytes", "gauge", "What their files take.", disk.bytes);
  add("disk_waiting", "gauge", "Answers not written yet.", disk.waiting);
  add("disk_hits_total", "counter", "Answers read from the disk.", disk.hits);
  add("disk_written_total", "counter", "Answers written to the disk.", disk.written);
  add("disk_unwritten_total", "counter", "Answers kept in memory alone: the disk rests or is slow.",
      disk.unwritten);
  add("disk_evicted_total", "counter", "Files removed to make room.", disk.evicted);
  add("disk_damaged_total", "counter", "Files removed because they were not whole.", disk.damaged);
  add("disk_errors_total", "counter", "Reads, writes and removals that failed.", disk.errors);
  return out;
}

}  // namespace causeway::edge
