// Health, circuit, balance, retry and overload: tables for what must happen, random runs for what
// must never happen.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "edge/balance.hpp"
#include "edge/drill.hpp"
#include "edge/health.hpp"
#include "edge/overload.hpp"
#include "edge/retry.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant kStart{seconds{1000}};

// --- health ---

TEST(HealthTrack, ThresholdsHoldBothWays) {
  HealthTrack track{3, 2};
  EXPECT_TRUE(track.serves());
  EXPECT_FALSE(track.observe(false, kStart));
  EXPECT_FALSE(track.observe(false, kStart));
  EXPECT_FALSE(track.observe(true, kStart + seconds{1}) && track.state() == Health::down);
  EXPECT_EQ(track.state(), Health::up);  // the first good answer of one nobody knew
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(track.observe(false, kStart));
  EXPECT_TRUE(track.observe(false, kStart + seconds{2}));
  EXPECT_FALSE(track.serves());
  EXPECT_EQ(track.since(), kStart + seconds{2});
  EXPECT_FALSE(track.observe(true, kStart));
  EXPECT_FALSE(track.observe(false, kStart));  // breaks the row
  EXPECT_FALSE(track.observe(true, kStart));
  EXPECT_TRUE(track.observe(true, kStart));
  EXPECT_TRUE(track.serves());
}

TEST(Circuit, ATimeOutIsPaidOnce) {
  Circuit circuit{{.rest = seconds{10}}};
  EXPECT_TRUE(circuit.admit(kStart));
  circuit.failed(FailureId::connect_silent, seconds{19}, kStart);
  EXPECT_FALSE(circuit.admit(kStart + milliseconds{9999}));
  EXPECT_EQ(circuit.remembered(), FailureId::connect_silent);
  EXPECT_EQ(circuit.rest_left(kStart + seconds{4}), seconds{6});
  EXPECT_TRUE(circuit.admit(kStart + seconds{10}));   // the trial
  EXPECT_FALSE(circuit.admit(kStart + seconds{10}));  // and nobody else
  circuit.failed(FailureId::connect_silent, seconds{19}, kStart + seconds{29});
  EXPECT_FALSE(circuit.admit(kStart + seconds{48}));  // twice as long
  EXPECT_TRUE(circuit.admit(kStart + seconds{49}));
  circuit.succeeded();
  EXPECT_TRUE(circuit.admit(kStart + seconds{49}));
  EXPECT_TRUE(circuit.admit(kStart + seconds{49}));
  EXPECT_EQ(circuit.remembered(), std::nullopt);
}

TEST(Circuit, ARefusalIsAskedAgainSoonHoweverLongItLasts) {
  Circuit circuit{{.rest = seconds{10}}};
  Instant now = kStart;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(circuit.admit(now)) << i;
    circuit.failed(FailureId::connect_refused, milliseconds{1}, now);
    EXPECT_FALSE(circuit.admit(now + milliseconds{500}));
    now += seconds{1};
  }
}

TEST(Circuit, BrokenAnswersOpenItOnlyInARow) {
  Circuit circuit{{.exchange_failures = 3}};
  for (int i = 0; i < 2; ++i) circuit.failed(FailureId::http_closed, milliseconds{5}, kStart);
  circuit.succeeded();
  for (int i = 0; i < 2; ++i) circuit.failed(FailureId::http_closed, milliseconds{5}, kStart);
  EXPECT_TRUE(circuit.admit(kStart));
  circuit.failed(FailureId::http_closed, milliseconds{5}, kStart);
  EXPECT_FALSE(circuit.admit(kStart));
}

TEST(Circuit, TheEdgesOwnTroubleAndLeavingVisitorsDoNotCount) {
  Circuit circuit{};
  for (const auto own :
       {FailureId::connect_out_of_files, FailureId::cancelled, FailureId::route_local_block,
        FailureId::internal, FailureId::choose_queue_full}) {
    for (int i = 0; i < 10; ++i) circuit.failed(own, seconds{5}, kStart);
    EXPECT_TRUE(circuit.admit(kStart)) << model::name(own);
  }
  circuit.failed(FailureId::connect_silent, seconds{19}, kStart);
  ASSERT_TRUE(circuit.admit(kStart + seconds{10}));
  circuit.failed(FailureId::cancelled, seconds{1}, kStart + seconds{11});  // the trial left
  EXPECT_TRUE(circuit.admit(kStart + seconds{11}));                        // the next one tries
}

TEST(Circuit, NeverTwoTrialsAtOnceAndNeverShutForGood) {
  std::mt19937_64 chance{7};
  const auto& rows = model::failure_rows();
  for (int run = 0; run < 200; ++run) {
    Circuit circuit{};
    Instant now = kStart;
    int out = 0;  // trials without a result
    for (int step = 0; step < 300; ++step) {
      now += milliseconds{chance() % 3000};
      const bool would = circuit.would_admit(now);
      const bool was_closed = circuit.state() == CircuitState::closed;
      EXPECT_EQ(circuit.admit(now), would);
      if (!would) continue;
      if (!was_closed) ++out;
      EXPECT_LE(out, 1);
      const auto end = chance() % 3;
      if (end == 0) circuit.succeeded();
      if (end == 1)
        circuit.failed(rows[chance() % rows.size()].failure, milliseconds{chance() % 20'000}, now);
      if (end == 2) circuit.abandoned();
      out = 0;
    }
    EXPECT_TRUE(circuit.would_admit(now + seconds{161}));  // 10 s, doubled four times
  }
}

// --- balance ---

std::vector<Candidate> three() {
  return {{.weight = 500, .name_hash = hash_of("a")},
          {.weight = 100, .name_hash = hash_of("b")},
          {.weight = 100, .name_hash = hash_of("c")}};
}

std::vector<int> counts(Policy policy, const std::vector<Candidate>& all, int turns) {
  Balancer balancer{policy, {}};
  std::mt19937_64 chance{11};
  std::vector<int> out(all.size());
  for (int i = 0; i < turns; ++i) {
    const auto at = balancer.pick(all, {.chance = chance(), .key = chance()});
    if (at) ++out[*at];
  }
  return out;
}

TEST(Balancer, RoundRobinIsSmooth) {
  Balancer balancer{Policy::round_robin, {}};
  std::string order;
  for (int i = 0; i < 7; ++i) {
    order += static_cast<char>('a' + *balancer.pick(three(), {}));
  }
  EXPECT_EQ(order, "aabacaa");
}

TEST(Balancer, WeightsHold) {
  for (const auto policy : {Policy::round_robin, Policy::random, Policy::hash}) {
    const auto got = counts(policy, three(), 7000);
    EXPECT_NEAR(got[0], 5000, 200) << static_cast<int>(policy);
    EXPECT_NEAR(got[1], 1000, 150);
    EXPECT_NEAR(got[2], 1000, 150);
  }
}

TEST(Balancer, OnlyUsableOnesOfTheLowestPriority) {
  std::mt19937_64 chance{3};
  for (int run = 0; run < 3000; ++run) {
    std::vector<Candidate> all(1 + chance() % 6);
    for (auto& each : all) {
      each = {.weight = static_cast<int>(chance() % 3) * 50,
              .priority = static_cast<int>(chance() % 3),
              .usable = chance() % 2 == 0,
              .drained = chance() % 4 == 0,
              .in_use = chance() % 5,
              .latency = static_cast<double>(chance() % 1000),
              .up_for = seconds{chance() % 60},
              .name_hash = chance()};
    }
    Balancer balancer{static_cast<Policy>(chance() % 7), seconds{30}};
    const auto at = balancer.pick(all, {.chance = chance(), .key = chance()});
    const auto fits = [](const Candidate& each) {
      return each.usable && !each.drained && each.weight > 0;
    };
    if (!at) {
      EXPECT_TRUE(std::ranges::none_of(all, fits));
      continue;
    }
    EXPECT_TRUE(fits(all[*at]));
    for (const auto& each : all) {
      if (fits(each)) EXPECT_GE(each.priority, all[*at].priority);
    }
  }
}

TEST(Balancer, HashMovesOnlyTheKeysOfTheOneThatLeft) {
  std::vector<Candidate> all;
  for (int i = 0; i < 5; ++i) all.push_back({.name_hash = hash_of("origin" + std::to_string(i))});
  Balancer balancer{Policy::hash, {}};
  int moved = 0;
  for (std::uint64_t key = 0; key < 5000; ++key) {
    const Ask ask{.key = mixed(key)};
    const auto before = balancer.pick(all, ask);
    auto fewer = all;
    fewer[2].usable = false;
    const auto after = balancer.pick(fewer, ask);
    if (before != 2) EXPECT_EQ(before, after);
    if (before == 2) ++moved;
  }
  EXPECT_NEAR(moved, 1000, 150);
}

TEST(Balancer, AffinityBeatsWeightsAndOutlivesDraining) {
  auto all = three();
  all[2].drained = true;
  all[2].priority = 1;
  Balancer balancer{Policy::round_robin, {}};
  EXPECT_EQ(balancer.pick(all, {.affinity = hash_of("c")}), 2U);
  all[2].usable = false;
  EXPECT_NE(balancer.pick(all, {.affinity = hash_of("c")}), 2U);
  EXPECT_EQ(parse_affinity(affinity_cookie(hash_of("c"))), hash_of("c"));
  for (const auto wrong : {"", "zz", "123", "00000000000000000", "000000000000000g"}) {
    EXPECT_EQ(parse_affinity(wrong), std::nullopt) << wrong;
  }
}

TEST(Balancer, SlowStartGivesAPart) {
  std::vector<Candidate> all{{.up_for = seconds{3}}, {}};
  Balancer balancer{Policy::round_robin, seconds{30}};
  int first = 0;
  for (int i = 0; i < 1100; ++i) first += balancer.pick(all, {}) == 0U ? 1 : 0;
  EXPECT_NEAR(first, 100, 5);  // a tenth of its weight against the whole of the other's
}

TEST(Balancer, FewestAndFastest) {
  std::vector<Candidate> all{{.in_use = 4, .latency = 5e6}, {.in_use = 1, .latency = 9e6}};
  EXPECT_EQ(Balancer(Policy::least_connections, {}).pick(all, {}), 1U);
  EXPECT_EQ(Balancer(Policy::latency, {}).pick(all, {}), 0U);
  EXPECT_EQ(Balancer(Policy::peak_ewma, {}).pick(all, {.chance = 5}), 1U);  // 5*5 against 9*2
}

TEST(PeakEwma, BelievesBadNewsAtOnce) {
  PeakEwma ewma;
  EXPECT_EQ(ewma.value(kStart), 0);
  ewma.add(milliseconds{10}, kStart);
  ewma.add(milliseconds{500}, kStart + seconds{1});
  EXPECT_DOUBLE_EQ(ewma.value(kStart + seconds{1}), 500e6);
  ewma.add(milliseconds{10}, kStart + seconds{2});
  EXPECT_GT(ewma.value(kStart + seconds{2}), 400e6);
  for (int i = 3; i < 60; ++i) ewma.add(milliseconds{10}, kStart + seconds{i});
  EXPECT_LT(ewma.value(kStart + seconds{60}), 20e6);
}

// --- retry ---

TEST(RetryWay, Table) {
  struct Row {
    TriedRequest tried;
    RetryWay way;
  };
  using enum RetryWay;
  const std::vector<Row> rows = {
      // Nothing was sent: any method, any body.
      {{.failure = FailureId::connect_refused, .body_kept = false}, other_address},
      {{.failure = FailureId::connect_silent, .body_kept = false}, other_address},
      {{.failure = FailureId::route_host_unreachable}, other_address},
      {{.failure = FailureId::resolve_not_found}, other_origin},
      {{.failure = FailureId::cert_expired}, other_origin},
      {{.failure = FailureId::tls_closed}, other_address},
      // The edge's own trouble is the same everywhere.
      {{.failure = FailureId::connect_out_of_files}, give_up},
      {{.failure = FailureId::cancelled, .idempotent = true}, give_up},
      // The keep-alive race.
      {{.failure = FailureId::http_closed, .idempotent = true, .reused = true}, fresh_connection},
      {{.failure = FailureId::http_closed, .idempotent = false, .reused = true}, give_up},
      {{.failure = FailureId::http_reset, .idempotent = true}, other_origin},
      {{.failure = FailureId::http_reset, .idempotent = true, .body_kept = false}, give_up},
      {{.failure = FailureId::http_closed, .idempotent = true, .answer_begun = true}, give_up},
      // An origin that died in its answer, of which the visitor has nothing yet.
      {{.failure = FailureId::http_headers_truncated, .idempotent = true}, other_origin},
      {{.failure = FailureId::http_body_truncated, .idempotent = true}, other_origin},
      {{.failure = FailureId::http_body_truncated, .idempotent = false}, give_up},
      {{.failure = FailureId::http_body_truncated, .idempotent = true, .answer_begun = true},
       give_up},
      // What the origin says it did not do may be done again, whatever it is.
      {{.failure = FailureId::http_goaway, .not_processed = true}, fresh_connection},
      {{.failure = FailureId::http_goaway}, give_up},
      // The visitor waited already, and the origin is busy.
      {{.failure = FailureId::http_silent, .idempotent = true}, give_up},
      {{.failure = FailureId::http_request_unacked, .idempotent = true}, give_up},
      {{.failure = FailureId::http_malformed, .idempotent = true}, give_up},
  };
  for (const auto& [tried, way] : rows) {
    EXPECT_EQ(retry_way(tried), way) << model::name(tried.failure);
  }
}

TEST(RetryWay, ARequestThatMayHaveActedIsNeverRepeated) {
  for (const auto& row : model::failure_rows()) {
    for (int bits = 0; bits < 8; ++bits) {
      const TriedRequest tried{.failure = row.failure,
                               .idempotent = false,
                               .body_kept = (bits & 1) != 0,
                               .reused = (bits & 2) != 0,
                               .answer_begun = (bits & 4) != 0};
      if (row.stage == model::Stage::exchange) {
        EXPECT_EQ(retry_way(tried), RetryWay::give_up) << row.id;
      }
      if (tried.answer_begun) EXPECT_EQ(retry_way(tried), RetryWay::give_up) << row.id;
    }
  }
}

TEST(RetryBudget, AnOutageIsNotMultiplied) {
  RetryBudget budget{20, 10};
  Instant now = kStart;
  int requests = 0;
  int retries = 0;
  for (int i = 0; i < 100'000; ++i) {  // a thousand a second, all fail
    now += milliseconds{1};
    ++requests;
    budget.request(now);
    if (budget.take(now)) ++retries;
  }
  EXPECT_LE(retries, requests * 20 / 100 + 100 * 10 + 10);
  EXPECT_GE(retries, requests * 20 / 100);
}

TEST(RetryBudget, AQuietSiteHasSome) {
  RetryBudget budget{20, 2};
  EXPECT_TRUE(budget.take(kStart));
  EXPECT_TRUE(budget.take(kStart));
  EXPECT_FALSE(budget.take(kStart));
  EXPECT_TRUE(budget.take(kStart + seconds{1}));
  RetryBudget none{0, 0};
  none.request(kStart);
  EXPECT_FALSE(none.take(kStart));
}

TEST(Hedge, Clamped) {
  EXPECT_EQ(hedge_after({}), milliseconds{250});
  EXPECT_EQ(hedge_after(milliseconds{1}), milliseconds{10});
  EXPECT_EQ(hedge_after(milliseconds{40}), milliseconds{120});
  EXPECT_EQ(hedge_after(seconds{5}), seconds{2});
}

// --- limits ---

TEST(Gate, NeverMoreThanAllowedAndNobodyIsForgotten) {
  std::mt19937_64 chance{5};
  for (int run = 0; run < 200; ++run) {
    const std::size_t most = 1 + chance() % 5;
    const std::size_t queue = chance() % 5;
    Gate gate{most, queue};
    std::size_t inside = 0;
    std::size_t waiting = 0;
    for (int step = 0; step < 500; ++step) {
      switch (chance() % 3) {
        case 0:
          switch (gate.enter()) {
            case Gate::Entry::go: ++inside; break;
            case Gate::Entry::wait: ++waiting; break;
            case Gate::Entry::full: EXPECT_EQ(waiting, queue); EXPECT_EQ(inside, most);
          }
          break;
        case 1:
          if (inside == 0) break;
          if (gate.leave()) {
            --waiting;
          } else {
            --inside;
          }
          break;
        default:
          if (waiting == 0) break;
          gate.leave_queue();
          --waiting;
      }
      EXPECT_LE(inside, most);
      EXPECT_EQ(gate.inside(), inside);
      EXPECT_EQ(gate.waiting(), waiting);
      if (waiting > 0) EXPECT_EQ(inside, most);  // nobody waits beside a free place
    }
  }
}

TEST(Overload, ABurstIsNoOverload) {
  Overload overload;
  Instant now = kStart;
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds{10};
    overload.sample(i % 20 == 0 ? milliseconds{1} : milliseconds{300}, now);
  }
  EXPECT_EQ(overload.shed(), 0);
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds{10};
    overload.sample(milliseconds{400}, now);
  }
  EXPECT_GT(overload.shed(), 0.9);
  EXPECT_TRUE(overload.refuses(0));
  EXPECT_FALSE(overload.refuses(~0ULL));
  for (int i = 0; i < 2000; ++i) {
    now += milliseconds{10};
    overload.sample(milliseconds{0}, now);
  }
  EXPECT_EQ(overload.shed(), 0);
}

TEST(Drill, TakesItsShareOfItsRouteUntilItsEnd) {
  const std::vector<Drill> drills{{.failure = FailureId::connect_silent,
                                   .host = "www.example.net",
                                   .path = "/shop",
                                   .percent = 30,
                                   .until = kStart + seconds{60}}};
  EXPECT_NE(drill_for(drills, "www.example.net", "/shop/1", 29, kStart), nullptr);
  EXPECT_EQ(drill_for(drills, "www.example.net", "/shop/1", 30, kStart), nullptr);
  EXPECT_EQ(drill_for(drills, "www.example.net", "/", 0, kStart), nullptr);
  EXPECT_EQ(drill_for(drills, "other.example.net", "/shop", 0, kStart), nullptr);
  EXPECT_EQ(drill_for(drills, "www.example.net", "/shop", 0, kStart + seconds{60}), nullptr);
}

}  // namespace
}  // namespace causeway::edge
