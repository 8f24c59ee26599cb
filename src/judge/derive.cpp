#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;
using model::Observation;

constexpr std::array kRows{
    ComparisonRow{"host-alive", "alive dark", "does anything at the address answer anything"},
    ComparisonRow{"ports",
                  "only-main-silent all-silent another-open all-refused main-refused-rest-silent "
                  "only-main-icmp all-icmp",
                  "the port in question beside other ports"},
    ComparisonRow{"web-ports", "counterpart-open alternate-open none-open",
                  "80 beside 443, and the usual alternatives"},
    ComparisonRow{"moved", "same-site speaks", "the site answers on an alternative port"},
    ComparisonRow{"rst-distance", "same nearer differs", "hops of the reset beside the host's own"},
    ComparisonRow{"trace-end", "reached nothing stops early loop icmp", "where the trace ends"},
    ComparisonRow{"icmp-delay", "at-once late", "an ICMP error at once, or after ARP/ND gave up"},
    ComparisonRow{"answer-distance", "here away", "does the answer come from this machine itself"},
    ComparisonRow{"vantages", "other-works same other-worse differs", "another vantage's result"},
    ComparisonRow{"sources", "other-source-works same", "from a second address of our own"},
    ComparisonRow{"known", "right wrong", "the address beside those the owner says are right"},
    ComparisonRow{"known-works", "works fails", "an address the owner says is right, tried"},
    ComparisonRow{"sites", "same other-title default-here", "the pages of the target's addresses"},
    ComparisonRow{"peers", "same-family-works other-family-works both-work none-works alone",
                  "the target's other addresses"},
    ComparisonRow{"repeat", "same differs", "the same question asked twice"},
    ComparisonRow{"certificates", "peer-newer", "certificates of the target's other addresses"},
    ComparisonRow{"certificate-name", "matches sibling default foreign",
                  "the certificate's names beside the host"},
    ComparisonRow{"small-mss", "helps same", "the same in small segments"},
    ComparisonRow{"sni", "other-works same", "the same with another server name, or none"},
    ComparisonRow{"afterwards", "refused open silent", "a new connection after the failure"},
    ComparisonRow{"reuse", "fine worse closed reset cut-off", "a second request on one connection"},
    ComparisonRow{"vhost", "same-as-default differs", "the page without the host name"},
    ComparisonRow{
        "burst",
        "none rate-limit connection-limit share-refused queue one-at-a-time all-late loss unclear",
        "connections together beside one after another"},
    ComparisonRow{"loss", "none some heavy", "packets lost, without bursts"},
    ComparisonRow{"delay", "steady grows", "round-trip time before and under load"},
    ComparisonRow{"authority-answers",
                  "address alias nxdomain nodata servfail refused lame silent unreachable "
                  "alias-loop malformed tcp-failed mixed",
                  "what the zone's own servers say"},
    ComparisonRow{"authority-health", "all some none", "how many of them answer"},
    ComparisonRow{"nameservers", "agree disagree vary", "their answers beside each other"},
    ComparisonRow{"resolver-vs-authority",
                  "same stale-cache differs resolver-denies resolver-fails both-fail",
                  "the resolver's answer beside theirs"},
    ComparisonRow{"control", "works refuses fails", "a name that certainly exists"},
    ComparisonRow{"alias", "loop dangling leads-nowhere", "where the alias leads"},
    ComparisonRow{"dns-tcp", "ok blocked", "a truncated answer fetched over TCP"},
    ComparisonRow{"checking-disabled", "helps same", "the question without DNSSEC validation"},
    ComparisonRow{"domain", "expired unregistered", "signs at the parent that the domain is gone"},
    ComparisonRow{"origin-address", "present absent translated",
                  "does the inspected machine have the address"},
    ComparisonRow{"certificate-file", "newer same",
                  "the certificate on the origin's disk beside the one it serves"},
    ComparisonRow{"at-origin", "missing", "our packets, looked for on the origin while we asked"},
    ComparisonRow{"edge-address", "proxied loops no-mark unclear",
                  "an address of the edge: is the site behind it"},
    ComparisonRow{"edge-vs-direct",
                  "both-work only-edge-fails only-direct-fails both-fail edge-works edge-fails",
                  "through the edge beside directly"},
};

int number_of(std::string_view id) {
  int out = 0;
  if (id.starts_with('o')) std::from_chars(id.data() + 1, id.data() + id.size(), out);
  return out;
}

}  // namespace

std::span<const ComparisonRow> comparison_rows() { return kRows; }

Comparisons::Comparisons(const Scene& scene) : scene_(scene) {
  for (const auto& seen : scene.evidence().observations) {
    last_id_ = std::max(last_id_, number_of(seen.id));
  }
}

void Comparisons::add(std::string_view what, std::string_view result, std::string_view address,
                      std::string detail, const std::vector<Seen>& from) {
  Observation made{Kind::compare, "judge", std::string{address.empty() ? scene_.host() : address}};
  made.at = {};
  std::vector<std::string> ids;
  for (const Seen seen : from) {
    if (seen == nullptr) continue;
    ids.push_back(seen->id);
    made.at = std::max(made.at, seen->at);  // known as soon as the last of them was
  }
  made.id = "o" + std::to_string(++last_id_);
  made.vantage = scene_.evidence().vantage;
  made.set("what", what).set("result", result);
  if (!address.empty()) made.set("address", address);
  if (!detail.empty()) made.set("detail", detail);
  made.set("from", std::move(ids));
  made_.push_back(std::move(made));
}

Seen find_ours(const Scene& scene, Kind kind, std::string_view address, std::string_view field,
               std::string_view value) {
  Seen out = nullptr;
  for (const Seen seen : ours_about(scene, kind, address)) {
    if (seen->text(field) == value) out = seen;
  }
  return out;
}

Seen main_connect(const Scene& scene, std::string_view address) {
  return find_ours(scene, Kind::connect, address, "role", "main");
}

std::vector<Observation> derive(const Evidence& evidence) {
  const Scene scene{evidence};
  Comparisons out{scene};
  compare_names(out);
  for (const auto& address : scene.addresses()) {
    compare_path(out, address);
    compare_others(out, address);
    compare_stream(out, address);
    compare_load(out, address);
    compare_origin(out, address);
  }
  compare_edge(out);
  return out.take();
}

}  // namespace causeway::judge
