// Comparisons of many connections and packets: limits, loss, delay under load.
#include <fmt/format.h>

#include <algorithm>

#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

std::int64_t delayed(const model::Observation& burst) {
  return burst.integer("later") + burst.integer("refused") + burst.integer("silent");
}

std::string told(const model::Observation& burst) {
  return fmt::format("{}: {} of {} at once, {} later, {} refused, {} never", burst.text("style"),
                     burst.integer("at_once"), burst.integer("sent"), burst.integer("later"),
                     burst.integer("refused"), burst.integer("silent"));
}

// A limit lets the first N through and stops all others; loss picks at random. That it should pick
// none of the first N and so many after them is not credible from here on.
bool first_pass_and_rest_do_not(const model::Observation& many) {
  const auto good = many.integer("at_once");
  return good >= 2 && many.integer("leading_ok") == good && delayed(many) >= 5;
}

// What was full is the server's queue of connections not yet accepted (listen(2), backlog): it has
// room for others a moment later, and a second later for all that had to wait. A bucket that let so
// few in would be empty for both.
bool waits_in_a_queue(const model::Observation& many) {
  return many.integer("second") == delayed(many) && many.integer("at_once") >= 2 &&
         many.integer("between_sent") >= 3 &&
         many.integer("between_ok") == many.integer("between_sent");
}

// An answer that comes at once when the connection is alone and not at all while others are open
// and ask nothing: whatever has to wait, waits for the server.
bool waits_for_the_others(const Scene& scene, const std::string& address) {
  constexpr double kAnswersAtOnceMs = 1000;
  const auto silent = [&](Kind kind) {
    const Seen held = find_ours(scene, kind, address, "variant", "held");
    return held != nullptr && held->text("outcome") == "silent" && held->boolean("acked");
  };
  const Seen alone = find_ours(scene, Kind::http, address, "variant", "main");
  const bool quick = alone != nullptr && alone->text("outcome") == "complete" &&
                     alone->real("ttfb_ms") < kAnswersAtOnceMs;
  return quick && (silent(Kind::tls) || silent(Kind::http));
}

// The first retransmission of a SYN (RFC 6298 section 2): what takes longer than that is asked
// again although nothing was lost.
constexpr double kFirstSynAgainMs = 1000;

// The kernel measures from the packet that was answered (RFC 7323 section 4): so long a time means
// that the first SYN arrived, and what was sent after it was sent in vain.
bool answered_late(const model::Observation& connect) {
  return connect.real("rtt_ms") >= kFirstSynAgainMs;
}

// The way is so long, or the server so slow to accept, that no connection can be quick.
bool all_are_late(const Scene& scene, const std::string& address) {
  const Seen main = main_connect(scene, address);
  if (main != nullptr && main->text("outcome") == "open" && answered_late(*main)) return true;
  return std::ranges::any_of(ours_about(scene, Kind::ping, address), [](Seen ping) {
    return ping->text("outcome") == "reply" && ping->real("rtt_ms") >= kFirstSynAgainMs;
  });
}

// A refusal is an answer: no packet got lost. A limit lets the first ones in and refuses the rest;
// one dead server of several behind the address refuses its share, whatever else is open.
bool refuses_a_share(const model::Observation& many, const model::Observation* paced) {
  const auto good = many.integer("at_once");
  const auto refused = many.integer("refused");
  if (refused == 0 || refused < delayed(many) || good == 0) return false;
  if (paced != nullptr && delayed(*paced) > paced->integer("refused")) return false;
  // Where a limit counts, one or another gets in late, in the place of one that ended.
  const auto among = good - many.integer("leading_ok");
  return among >= 2 && among * 4 >= good;
}

// A limit is blind to a slow series, loss is not; but a strict limit hits a slow series as well.
// While all stay open, a rate refills and a number of connections does not.
std::string_view reading(const model::Observation& many, const model::Observation* paced) {
  const auto bad = delayed(many);
  const auto good = many.integer("at_once");
  if (bad == 0) return "none";
  const bool leading = good > 0 && many.integer("leading_ok") == good;
  if (refuses_a_share(many, paced)) return "share-refused";
  if (paced == nullptr) return "unclear";
  // Loss does not answer. A number of connections is also counted for a while after they are
  // closed.
  const bool refuses = many.integer("refused") == bad && good > 0;
  const bool paced_answers = delayed(*paced) == paced->integer("refused");
  if (refuses && paced_answers) return "connection-limit";
  if (delayed(*paced) > 0) {
    // So strict a rate that even the slow series is over it: nothing comes through any more.
    const bool none_paced = leading && bad >= 3 && paced->integer("at_once") == 0;
    return none_paced || first_pass_and_rest_do_not(many) ? "rate-limit" : "loss";
  }
  if (bad < 3) return "unclear";
  if (waits_in_a_queue(many)) return "queue";
  // Good and bad ones mixed, from the very first on: no limit picks like that.
  if (many.integer("leading_ok") * 2 < good) return "loss";
  // One may come late all the same, in the place of one that ended.
  return many.integer("later") * 5 < bad && good > 0 ? "connection-limit" : "rate-limit";
}

void compare_burst(Comparisons& out, const std::string& address) {
  Seen many = nullptr;
  Seen paced = nullptr;
  for (const Seen seen : ours_about(out.scene(), Kind::burst, address)) {
    if (seen->integer("sent") < 3) continue;
    (seen->text("style") == "paced" ? paced : many) = seen;
  }
  if (many == nullptr) return;
  std::string detail = told(*many);
  if (paced != nullptr) detail += "; " + told(*paced);
  auto result = reading(*many, paced);
  if (result != "none" && many->integer("refused") == 0 && all_are_late(out.scene(), address)) {
    result = "all-late";
  }
  if ((result == "connection-limit" || result == "rate-limit") &&
      waits_for_the_others(out.scene(), address)) {
    result = "one-at-a-time";
  }
  out.add("burst", result, address, std::move(detail), {many, paced});
}

// Pings alone prove nothing: hosts answer only so many a second. What TCP had to send again does.
void compare_loss(Comparisons& out, const std::string& address) {
  const auto bursts = ours_about(out.scene(), Kind::burst, address);
  const bool limited =
      std::ranges::any_of(bursts, [](Seen seen) { return first_pass_and_rest_do_not(*seen); });
  const bool late = all_are_late(out.scene(), address);
  std::int64_t sent = 0;
  std::int64_t lost = 0;
  std::vector<Seen> from;
  for (const Seen seen : ours_about(out.scene(), Kind::connect, address)) {
    const auto outcome = seen->text("outcome");
    if (!seen->has("syn_retransmits") || (outcome != "open" && outcome != "refused")) continue;
    const auto again = late || answered_late(*seen) ? 0 : seen->integer("syn_retransmits");
    sent += 1 + again;
    lost += again;
    from.push_back(seen);
  }
  for (const Seen seen : ours_about(out.scene(), Kind::burst, address)) {
    if (seen->text("style") != "paced" || seen->integer("at_once") == 0 || limited || late) {
      continue;
    }
    sent += seen->integer("sent");
    lost += seen->integer("later") + seen->integer("silent");
    from.push_back(seen);
  }
  // Data that was acknowledged in the end, after it was sent again and again. Once is what a tail
  // loss probe does on any path (RFC 8985 section 7).
  for (const Kind kind : {Kind::tls, Kind::http}) {
    for (const Seen seen : ours_about(out.scene(), kind, address)) {
      if (!seen->boolean("acked") || seen->integer("retransmits") < 2) continue;
      sent += seen->integer("retransmits");
      lost += seen->integer("retransmits") - 1;
      from.push_back(seen);
    }
  }
  const bool of_tcp = lost > 0;
  for (const Seen seen : ours_about(out.scene(), Kind::ping, address)) {
    if (seen->integer("received") == 0) continue;  // no answer at all is filtering, not loss
    sent += seen->integer("sent");
    lost += seen->integer("sent") - seen->integer("received");
    from.push_back(seen);
  }
  if (sent < 3) return;
  const bool heavy = of_tcp && lost >= 2 && lost * 100 >= sent * 15;
  out.add("loss",
          heavy      ? "heavy"
          : lost > 0 ? "some"
                     : "none",
          address, fmt::format("{} of {} packets lost", lost, sent), from);
}

void compare_delay(Comparisons& out, const std::string& address) {
  constexpr double kFactor = 10;
  constexpr double kFloorMs = 300;
  constexpr double kMuchMs = 1000;  // no path varies like that; a queue that fills does
  const Seen main = main_connect(out.scene(), address);
  if (main == nullptr || main->text("outcome") != "open") return;
  // Otherwise its time is the retransmission's.
  if (main->integer("syn_retransmits") > 0 && !answered_late(*main)) return;
  double before = main->has("rtt_ms") ? main->real("rtt_ms") : main->real("elapsed_ms");
  double after = 0;
  std::vector<Seen> from{main};
  for (const Seen seen : ours_about(out.scene(), Kind::ping, address)) {
    if (seen->text("outcome") != "reply") continue;
    if (answered_late(*main)) before = std::min(before, seen->real("rtt_ms"));
    after = std::max({after, seen->real("rtt_ms"), seen->real("rtt_max_ms")});
    from.push_back(seen);
  }
  for (const Seen seen : ours_about(out.scene(), Kind::connect, address)) {
    if (seen->text("role") == "main" || seen->text("role") == "burst") continue;
    if (seen->text("outcome") == "open" && seen->integer("syn_retransmits") == 0) {
      after = std::max(after, seen->real("elapsed_ms"));
      from.push_back(seen);
    }
  }
  if (from.size() < 2) return;
  const bool grows = after > kFloorMs && (after > before * kFactor || after > before + kMuchMs);
  out.add("delay", grows ? "grows" : "steady", address,
          fmt::format("{:.0f} ms at first, {:.0f} ms later", before, after), from);
}

}  // namespace

void compare_load(Comparisons& out, const std::string& address) {
  compare_burst(out, address);
  compare_loss(out, address);
  compare_delay(out, address);
}

}  // namespace causeway::judge
