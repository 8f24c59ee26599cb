// Comparisons about one address after the connection: packet size, server name, second requests.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

Seen variant(const Scene& scene, Kind kind, const std::string& address, std::string_view name) {
  return find_ours(scene, kind, address, "variant", name);
}

void compare_small_segments(Comparisons& out, const std::string& address) {
  for (const Kind kind : {Kind::tls, Kind::http}) {
    const Seen main = variant(out.scene(), kind, address, "main");
    const Seen small = variant(out.scene(), kind, address, "small-mss");
    if (main == nullptr || small == nullptr) continue;
    const auto got = small->text("outcome");
    if (main->text("outcome") == "ok" || main->text("outcome") == "complete") continue;
    // An alert or a body that goes on is an answer that did not come before.
    const bool helps = got == "ok" || got == "complete" || got == "alert" ||
                       (got == "stalled-body" && main->text("outcome") == "silent");
    out.add("small-mss", helps ? "helps" : "same", address,
            fmt::format("usual size: {}; small: {}", main->text("outcome"), got), {main, small});
  }
}

// How far a handshake came: an answer of the server is further than none.
int progress(const model::Observation& tls) {
  const auto outcome = tls.text("outcome");
  if (outcome == "ok") return 2;
  return outcome == "alert" || outcome == "not-tls" || tls.integer("bytes_received") > 0 ? 1 : 0;
}

void compare_server_name(Comparisons& out, const std::string& address) {
  const Seen main = variant(out.scene(), Kind::tls, address, "main");
  if (main == nullptr || main->text("outcome") == "ok") return;
  Seen best = nullptr;
  for (const auto name : {"no-sni", "other-sni"}) {
    const Seen other = variant(out.scene(), Kind::tls, address, name);
    if (other != nullptr && (best == nullptr || progress(*other) > progress(*best))) best = other;
  }
  if (best == nullptr) return;
  out.add("sni", progress(*best) > progress(*main) ? "other-works" : "same", address,
          fmt::format("{}: {}; {}: {}", out.scene().host(), main->text("outcome"),
                      best->text("variant") == "no-sni" ? "no name" : best->text("sni"),
                      best->text("outcome")),
          {main, best});
}

void compare_afterwards(Comparisons& out, const std::string& address) {
  const Seen after = find_ours(out.scene(), Kind::connect, address, "role", "after");
  if (after == nullptr) return;
  const auto outcome = after->text("outcome");
  if (outcome != "refused" && outcome != "open" && outcome != "silent") return;
  out.add("afterwards", outcome, address, {}, {after});
}

std::string ended(const model::Observation& answer) {
  const auto outcome = answer.text("outcome");
  if (outcome != "complete" || !answer.has("status")) return std::string{outcome};
  return fmt::format("{}", answer.integer("status"));
}

void compare_reuse(Comparisons& out, const std::string& address) {
  const Seen main = variant(out.scene(), Kind::http, address, "main");
  if (main == nullptr || main->text("outcome") != "complete") return;
  const bool well = main->integer("status") < 400;
  Seen last = nullptr;
  std::string_view result = "fine";
  for (const auto name : {"reuse", "reuse-idle"}) {
    const Seen second = variant(out.scene(), Kind::http, address, name);
    if (second == nullptr) continue;
    last = second;
    const auto outcome = second->text("outcome");
    // An answer that came whole can be an error all the same: another server of several, another
    // worker.
    const bool worse = outcome == "complete" && well && second->integer("status") >= 400;
    if (outcome == "complete" && !worse) continue;
    if (worse)
      result = "worse";
    else if (outcome == "reset")
      result = "reset";
    else if (outcome == "closed" || outcome == "goaway" || outcome == "headers-truncated")
      result = "closed";
    else
      result = "cut-off";
    break;
  }
  if (last == nullptr) return;
  out.add("reuse", result, address,
          fmt::format("first: {}; {}: {}", ended(*main),
                      last->text("variant") == "reuse" ? "second" : "second after a pause",
                      ended(*last)),
          {main, last});
}

void compare_vhost(Comparisons& out, const std::string& address) {
  const Seen main = variant(out.scene(), Kind::http, address, "main");
  const Seen bare = variant(out.scene(), Kind::http, address, "no-host");
  if (main == nullptr || bare == nullptr) return;
  if (!main->has("body_hash") || !bare->has("body_hash")) return;
  const bool same = main->text("body_hash") == bare->text("body_hash") &&
                    main->integer("status") == bare->integer("status");
  out.add("vhost", same ? "same-as-default" : "differs", address, {}, {main, bare});
}

// The last two labels; good enough to tell a sister name from a stranger's.
std::string_view registrable(std::string_view name) {
  const auto last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return name;
  const auto before = name.rfind('.', last - 1);
  return before == std::string_view::npos ? name : name.substr(before + 1);
}

bool looks_default(const model::Observation& certificate) {
  // Subjects that servers and panels make for themselves.
  constexpr std::array kDefaults{"localhost",
                                 "TRAEFIK DEFAULT CERT",
                                 "Kubernetes Ingress",
                                 "snakeoil",
                                 "plesk",
                                 "example.com",
                                 "caddy local",
                                 "ubuntu",
                                 "debian",
                                 "Parallels",
                                 "default",
                                 "invalid2.invalid",
                                 "self-signed",
                                 "cpanel",
                                 "directadmin"};
  return std::ranges::any_of(kDefaults, [&](std::string_view word) {
    return contains_ignoring_case(certificate.text("subject"), word) ||
           contains_ignoring_case(certificate.text("issuer"), word);
  });
}

void compare_certificate_name(Comparisons& out, const std::string& address) {
  const Seen seen = variant(out.scene(), Kind::certificate, address, "main");
  if (seen == nullptr || !seen->has("name_matches")) return;
  const auto host = out.scene().host();
  std::string_view result = "foreign";
  if (seen->boolean("name_matches")) {
    result = "matches";
  } else if (std::ranges::any_of(seen->texts("names"), [&](std::string_view name) {
               return equals_ignoring_case(registrable(name), registrable(host));
             })) {
    result = "sibling";
  } else if (looks_default(*seen)) {
    result = "default";
  }
  std::string names = join(seen->texts("names"), ", ");
  if (names.empty()) names = seen->text("subject");
  out.add("certificate-name", result, address, std::move(names), {seen});
}

}  // namespace

void compare_stream(Comparisons& out, const std::string& address) {
  compare_small_segments(out, address);
  compare_server_name(out, address);
  compare_afterwards(out, address);
  compare_reuse(out, address);
  compare_vhost(out, address);
  compare_certificate_name(out, address);
}

}  // namespace causeway::judge
