// The light path: thousands of TCP and plain HTTP checks under way at once, each at the price of a
// socket and one small coroutine frame. What a connection that stays silent costs in memory is
// measured by bench/watch_dead.py.
//
// One address, no TLS, no DNS. Everything else: watch/full_check.hpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "net/fd.hpp"
#include "net/task.hpp"
#include "watch/check.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

class LightChecks {
 public:
  // `began`: when the SYN left. Called on the loop's thread, once for each start().
  using Report = std::function<void(std::uint32_t number, Instant began, CheckResult result)>;

  explicit LightChecks(Report report);
  // Every check must have ended: wait for idle().
  ~LightChecks();
  LightChecks(const LightChecks&) = delete;
  LightChecks& operator=(const LightChecks&) = delete;

  // On the current loop.
  void start(std::uint32_t number, const Endpoint& remote, std::shared_ptr<const Target> target);

  std::size_t under_way() const { return under_way_; }
  net::Task<void> idle();

 private:
  struct Running;
  struct Attempt;
  struct Last;
  Running connect(Attempt attempt);
  // False: it goes on connecting.
  [[gnu::noinline]] bool went_on(Attempt& attempt, Instant deadline, bool woken);
  Running ask(std::uint32_t number, Instant began, net::Fd socket,
              std::shared_ptr<const Target> target);
  void ended(std::uint32_t number, Instant began, CheckResult result);

  Report report_;
  std::vector<std::byte> scratch_;
  std::size_t under_way_ = 0;
  std::coroutine_handle<> waiting_;  // in idle()
};

}  // namespace causeway::watch
