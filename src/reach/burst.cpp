#include "reach/burst.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/tcp.hpp"
#include "reach/exchange.hpp"
#include "reach/secure.hpp"

namespace causeway::reach {
namespace {

using net::ConnectOutcome;

constexpr std::string_view kHeld = "held";  // model/kinds.def, http.variant

// After this many that did not connect at once, one after another proves no more.
constexpr int kFailuresEnough = 3;

// While some of a burst still wait for their first retransmission (1 s, RFC 6298), a few more ask
// in between: a bucket that was just emptied has nothing for them, a queue that was just full has
// room. With them and the main one, a burst stays within limits::kBurstConnections.
constexpr int kBetween = limits::kBurstConnections - limits::kBurstSize - 1;
constexpr auto kBetweenStart = std::chrono::milliseconds{250};
constexpr auto kBetweenPause = std::chrono::milliseconds{60};
constexpr auto kBetweenWait = std::chrono::milliseconds{500};

// When the last of those has been sent, and so that it ends with the burst.
constexpr auto kHeldStart = kBetweenStart + (kBetween - 1) * kBetweenPause;
constexpr auto kHeldWait = limits::kSideProbeWait - kHeldStart;

bool at_once(const net::ConnectResult& result) {
  return result.outcome == ConnectOutcome::open && result.facts.syn_retransmits == 0;
}

class Burst {
 public:
  Burst(Survey& survey, const Endpoint& remote, BurstStyle style, bool tls)
      : survey_(survey), remote_(remote), style_(style), tls_(tls) {}

  net::Task<BurstFacts> run() {
    if (style_ == BurstStyle::together) {
      co_await all_together();
    } else {
      co_await one_by_one();
    }
    co_return report();
  }

 private:
  // Every socket stays open until the last has ended: a limit on connections shows as well.
  net::Task<void> all_together() {
    results_.resize(limits::kBurstSize);
    net::Group group;
    waiting_ = std::ssize(results_);
    for (auto& result : results_) group.start(one_of_many(result));
    between_.resize(kBetween);
    for (int i = 0; i < kBetween; ++i) group.start(ask_in_between(i));
    group.start(ask_one_held());
    co_await group.finished();
  }

  // A rule that counts connections lets those it admits be served; a server that serves one after
  // another keeps the last of them waiting for as long as the first asks nothing.
  net::Task<void> ask_one_held() {
    net::Loop& loop = net::Loop::current();
    const auto start = survey_.until(loop.now(), kHeldStart);
    if (!co_await loop.sleep_until(start)) co_return;
    const auto in = std::ranges::count_if(results_, at_once);
    if (in < 2 || in == std::ssize(results_)) co_return;
    const auto last = std::ranges::find_if(results_.rbegin(), results_.rend(), at_once);
    net::Fd socket = std::move(last->socket);
    if (!tls_) {
      const auto stream = net::plain_stream(std::move(socket));
      co_return co_await request_held(*stream, nullptr);
    }
    SecureQuestion question = secure_question(survey_.request, remote_, kHeld);
    question.wait = kHeldWait;
    const Secured secured = co_await secure(survey_, std::move(socket), std::move(question));
    if (secured.result.stream) co_await request_held(*secured.result.stream, &secured.result);
  }

  net::Task<void> request_held(net::Stream& stream, const net::TlsResult* secured) {
    ExchangeQuestion question = exchange_question(survey_.request, remote_, kHeld, secured);
    question.first_byte = kHeldWait;
    question.between_bytes = kHeldWait;
    co_await exchange(survey_, stream, std::move(question));
  }

  net::Task<void> one_of_many(net::ConnectResult& result) {
    co_await connect_into(result, limits::kSideProbeWait);
    --waiting_;
  }

  net::Task<void> ask_in_between(int number) {
    net::Loop& loop = net::Loop::current();
    const auto start = survey_.until(loop.now(), kBetweenStart + number * kBetweenPause);
    if (!co_await loop.sleep_until(start)) co_return;
    if (waiting_ == 0) co_return;
    ++between_sent_;
    co_await connect_into(between_.at(static_cast<std::size_t>(number)), kBetweenWait);
  }

  net::Task<void> one_by_one() {
    const bool paced = style_ == BurstStyle::paced;
    const int count = paced ? limits::kBurstPaced : limits::kBurstSize;
    net::Loop& loop = net::Loop::current();
    // Whatever a burst before this one has used up gets time to fill again.
    if (paced) co_await loop.sleep_until(survey_.until(loop.now(), limits::kBurstPause));
    int failures = 0;
    for (int i = 0; i < count && failures < kFailuresEnough; ++i) {
      if (paced && !co_await loop.sleep_until(survey_.until(loop.now(), limits::kBurstPause))) {
        break;
      }
      if (loop.now() >= survey_.deadline) break;
      net::ConnectResult& result = results_.emplace_back();
      co_await connect_into(result, limits::kSideProbeWait);
      if (!at_once(result)) ++failures;
      if (paced) result.socket.reset();
    }
  }

  net::Task<void> connect_into(net::ConnectResult& result, Duration wait) {
    net::ConnectOptions options{
        .remote = remote_,
        .source = survey_.request.source,
        .deadline = survey_.until(net::Loop::current().now(), wait),
    };
    if (options.source && options.source->family() != remote_.address.family()) {
      options.source.reset();
    }
    result = co_await net::connect_tcp(options);
  }

  BurstFacts report() {
    // Trouble of our own and what was cut short by the end of the diagnosis say nothing.
    std::erase_if(results_, [](const net::ConnectResult& result) {
      return result.outcome == ConnectOutcome::local || result.cut_short ||
             (result.outcome == ConnectOutcome::silent && result.facts.syn_retransmits == 0);
    });
    if (results_.empty()) return {};
    const auto count = [&](auto&& matches) {
      return static_cast<int>(std::ranges::count_if(results_, matches));
    };
    const auto is_open = [](const auto& result) { return result.outcome == ConnectOutcome::open; };
    const auto is_second = [](const auto& result) {
      return result.outcome == ConnectOutcome::open && result.facts.syn_retransmits == 1;
    };
    const auto is_silent = [](const auto& result) {
      return result.outcome == ConnectOutcome::silent;
    };
    const BurstFacts facts{static_cast<int>(results_.size()), count(at_once)};
    const int opened = count(is_open);
    const int silent = count(is_silent);
    const auto first_bad = std::ranges::find_if_not(results_, at_once);
    const auto longest =
        std::ranges::max_element(results_, {}, &net::ConnectResult::elapsed)->elapsed;

    model::Observation seen{model::Kind::burst, "connect", remote_.text()};
    seen.set("address", remote_.address)
        .set("port", int{remote_.port})
        .set("style", name(style_))
        .set("sent", facts.sent)
        .set("at_once", facts.at_once)
        .set("later", opened - facts.at_once)
        .set("second", count(is_second))
        .set("refused", facts.sent - opened - silent)
        .set("silent", silent)
        .set("between_sent", between_sent_)
        .set("between_ok", static_cast<int>(std::ranges::count_if(between_, at_once)))
        .set("leading_ok", static_cast<int>(first_bad - results_.begin()))
        .set("waited_ms", longest);
    survey_.record.add(std::move(seen));
    return facts;
  }

  Survey& survey_;
  Endpoint remote_;
  BurstStyle style_;
  bool tls_;
  std::vector<net::ConnectResult> results_;
  std::vector<net::ConnectResult> between_;
  std::ptrdiff_t waiting_ = 0;  // of results_
  int between_sent_ = 0;
};

}  // namespace

std::string_view name(BurstStyle style) {
  constexpr std::array<std::string_view, 3> kNames{"together", "paced", "held"};
  return kNames.at(static_cast<std::size_t>(style));
}

net::Task<BurstFacts> burst(Survey& survey, Endpoint remote, BurstStyle style, bool tls) {
  Burst probe{survey, remote, style, tls};
  co_return co_await probe.run();
}

}  // namespace causeway::reach
