#include "reach/trace.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"
#include "reach/trace_reading.hpp"

namespace causeway::reach {
namespace {

class Trace {
 public:
  Trace(Survey& survey, const Endpoint& remote) : survey_(survey), remote_(remote) {}

  net::Task<void> run() {
    const Instant began = Clock::now();
    last_ = survey_.until(began, limits::kSideProbeWait);
    while (!finished()) {
      changed_.clear();  // before the launch: a probe may fail at once
      if (may_launch()) launch_wave();
      if (finished()) break;
      co_await changed_.wait(next_look());
    }
    probes_.abandon();
    const bool waited = Clock::now() - began >= limits::kSideProbeWait;
    if (waited || settled_at_) record();
  }

 private:
  static constexpr int kMost = limits::kTraceHops;

  net::Task<void> probe(int ttl) {
    net::ConnectOptions options{
        .remote = remote_,
        .source = survey_.request.source,
        .deadline = last_,
        .ttl = ttl,
    };
    if (options.source && options.source->family() != remote_.address.family()) {
      options.source.reset();
    }
    const net::ConnectResult result = co_await net::connect_tcp(options);
    hops_.at(static_cast<std::size_t>(ttl - 1)) = read_hop(result);
    if (!settled_at_ && read_path(hops_, remote_.address).settled) settled_at_ = Clock::now();
    changed_.set();
  }

  static Instant now() { return net::Loop::current().now(); }
  bool all_launched() const { return static_cast<int>(hops_.size()) >= kMost; }
  bool may_launch() const {
    const bool wave_over = now() >= wave_until_ || probes_.running() == 0;
    return wave_over && !settled_at_ && !all_launched() && now() < last_ &&
           silent_tail(hops_) < limits::kTraceSilentHops;
  }

  void launch_wave() {
    wave_until_ = now() + limits::kTraceWavePause;
    for (int i = 0; i < limits::kTraceWave && !settled_at_ && !all_launched(); ++i) {
      hops_.emplace_back();
      probes_.start(probe(static_cast<int>(hops_.size())));
    }
  }

  // Nothing is under way and nothing more is asked; or something is known, and nearer routers have
  // had their time to answer as well.
  bool finished() const {
    if (net::Loop::current().interrupted()) return true;
    if (settled_at_ && now() >= *settled_at_ + limits::kTraceWavePause) return true;
    return probes_.running() == 0 && !may_launch();
  }

  // Every probe that ends sets `changed_`; otherwise the next decision is due by the clock.
  Instant next_look() const {
    if (settled_at_) return *settled_at_ + limits::kTraceWavePause;
    return !all_launched() && now() < wave_until_ ? wave_until_ : kNever;
  }

  void record() {
    const Path path = read_path(hops_, remote_.address);
    model::Observation seen{model::Kind::trace, "route", remote_.text()};
    seen.set("address", remote_.address).set("port", int{remote_.port});
    seen.set("outcome", path.outcome);
    if (!path.hops.empty()) seen.set("hops", path.hops);
    if (path.last_ttl > 0) seen.set("last_hop", path.last_hop).set("last_ttl", path.last_ttl);
    if (path.target_ttl > 0) seen.set("target_ttl", path.target_ttl);
    if (path.icmp) {
      seen.set("icmp", path.icmp->name).set("offender_is", net::name(path.icmp->offender_is));
      if (path.icmp->offender != IpAddress{}) seen.set("offender", path.icmp->offender);
    }
    survey_.record.add(std::move(seen));
  }

  Survey& survey_;
  Endpoint remote_;
  std::vector<Hop> hops_;  // by TTL, from 1
  std::optional<Instant> settled_at_;
  Instant last_ = kNever;
  Instant wave_until_ = Instant::min();
  net::Event changed_;
  net::Group probes_;  // last: its tasks use the rest
};

}  // namespace

net::Task<void> trace(Survey& survey, Endpoint remote) {
  Trace probe{survey, remote};
  co_await probe.run();
}

}  // namespace causeway::reach
