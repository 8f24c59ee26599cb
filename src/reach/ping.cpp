#include "reach/ping.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "net/loop.hpp"
#include "net/ping_socket.hpp"
#include "net/tcp.hpp"

namespace causeway::reach {
namespace {

class Ping {
 public:
  Ping(Survey& survey, const IpAddress& address)
      : survey_(survey), address_(address), socket_(address, survey.request.source) {}

  net::Task<void> run() {
    os_code_ = socket_.os_code();
    if (os_code_ == 0) co_await exchange();
    const auto outcome = outcome_of();
    if (!outcome.empty()) survey_.record.add(describe(outcome));
  }

 private:
  net::Task<void> exchange() {
    began_ = Clock::now();
    const Instant last = survey_.until(began_, limits::kSideProbeWait);
    while (sent_ < limits::kPings && send_next()) {
      const bool more = sent_ < limits::kPings;
      co_await listen(more ? std::min(last, Clock::now() + limits::kPingPause) : last, more);
      // One error says it; each echo more would spend what the offender may still send.
      if (note_) break;
    }
  }

  bool send_next() {
    sent_at_.at(static_cast<std::size_t>(sent_)) = Clock::now();
    const int failed = socket_.send(static_cast<std::uint16_t>(sent_));
    if (failed != 0) {
      os_code_ = failed;
      return false;
    }
    ++sent_;
    return true;
  }

  // Until `until`, an error, or every reply that can still come. `more`: keep the pause to the end.
  net::Task<void> listen(Instant until, bool more) {
    net::Loop& loop = net::Loop::current();
    while (true) {
      take();
      if (note_ || (!more && received() == sent_)) co_return;
      if (!co_await loop.readable(socket_.socket(), until)) break;
    }
    take();
  }

  void take() {
    while (const auto reply = socket_.receive()) {
      if (reply->sequence >= sent_ || replied_.at(reply->sequence)) continue;
      replied_.at(reply->sequence) = true;
      rtts_.push_back(Clock::now() - sent_at_.at(reply->sequence));
      if (reply->ttl) ttl_ = reply->ttl;
    }
    while (auto note = socket_.take_note()) {
      if (!note_) note_ = std::move(note);
    }
  }

  int received() const { return static_cast<int>(rtts_.size()); }

  // Empty when nothing was found out.
  std::string_view outcome_of() const {
    if (!socket_.permitted()) return "not-permitted";
    if (!rtts_.empty()) return "reply";
    if (note_) return "icmp";
    if (os_code_ != 0) return "local";
    const bool waited = Clock::now() - began_ >= limits::kSideProbeWait;
    return waited && !net::Loop::current().interrupted() ? "silent" : std::string_view{};
  }

  model::Observation describe(std::string_view outcome) {
    model::Observation seen{model::Kind::ping, "route", address_.text()};
    seen.set("address", address_).set("outcome", outcome);
    if (sent_ > 0) seen.set("sent", sent_).set("received", received());
    if (!rtts_.empty()) {
      std::ranges::sort(rtts_);
      seen.set("rtt_ms", rtts_.at(rtts_.size() / 2)).set("rtt_max_ms", rtts_.back());
    }
    if (ttl_) seen.set("reply_ttl", *ttl_);
    if (note_) {
      seen.set("icmp", note_->name).set("offender_is", net::name(note_->offender_is));
      if (note_->offender != IpAddress{}) seen.set("offender", note_->offender);
    }
    if (os_code_ != 0) seen.set("error", net::errno_name(os_code_));
    return seen;
  }

  Survey& survey_;
  IpAddress address_;
  net::PingSocket socket_;
  Instant began_;
  int sent_ = 0;
  std::array<Instant, limits::kPings> sent_at_{};
  std::array<bool, limits::kPings> replied_{};
  std::vector<Duration> rtts_;
  std::optional<int> ttl_;
  std::optional<net::IcmpNote> note_;
  int os_code_ = 0;
};

}  // namespace

net::Task<void> ping(Survey& survey, IpAddress address) {
  Ping probe{survey, address};
  co_await probe.run();
}

}  // namespace causeway::reach
