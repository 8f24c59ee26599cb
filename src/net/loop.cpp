#include "net/loop.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "base/limits.hpp"

namespace causeway::net {
namespace {

thread_local Loop* this_thread = nullptr;

static_assert(sizeof(Watch) == 32);  // of each connection, on 64 bits

constexpr std::uint32_t kAllEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

std::uint64_t key_of(const Watch& watch) {
  return std::uint64_t{watch.generation} << 32U | watch.index;
}

std::uint8_t readiness(std::uint32_t events) {
  std::uint8_t ready = 0;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready |= kCanRead;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) ready |= kCanWrite;
  if ((events & EPOLLERR) != 0) ready |= kHasError;
  // A FIN may arrive in the same event as the last data and gives no edge of its own then: whoever
  // stopped at a short read would wait for ever.
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) ready |= kHungUp;
  return ready;
}

short poll_events(std::uint8_t what) {
  switch (what) {
    case kCanRead: return POLLIN | POLLRDHUP;
    case kCanWrite: return POLLOUT;
    default: return 0;  // POLLERR is always reported
  }
}

bool kernel_says_ready(int fd, std::uint8_t what) {
  pollfd asked{.fd = fd, .events = poll_events(what), .revents = 0};
  if (::poll(&asked, 1, 0) <= 0) return false;
  return what != kHasError || (asked.revents & POLLERR) != 0;
}

[[noreturn]] void system_failed(const char* what) {
  std::fprintf(stderr, "causeway: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

}  // namespace

void Waiter::link(Waiter*& list) {
  next = list;
  back = &list;
  if (next != nullptr) next->back = &next;
  list = this;
}

void Waiter::unlink() {
  if (back == nullptr) return;
  *back = next;
  if (next != nullptr) next->back = back;
  next = nullptr;
  back = nullptr;
}

Waiter::~Waiter() {
  if (suspended == nullptr) return;
  if (!woken) suspended->deadlines_.remove(*this);
  if (suspended->woken_end_ == &next) suspended->woken_end_ = back;
  unlink();
}

void Fd::reset() noexcept {
  if (watch_ != nullptr) Loop::forget(*std::exchange(watch_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

int Fd::release() noexcept {
  if (watch_ != nullptr) {
    if (const Loop* loop = watch_->all->loop) {
      ::epoll_ctl(loop->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
    }
    Loop::forget(*std::exchange(watch_, nullptr));
  }
  return std::exchange(fd_, -1);
}

void Places::add_block() {
  const auto first = static_cast<std::uint32_t>(blocks.size()) * Watch::kBlock;
  auto& block = *blocks.emplace_back(std::make_unique<std::array<Watch, Watch::kBlock>>());
  for (std::uint32_t i = Watch::kBlock; i-- > 0;) {
    block[i].index = first + i;
    block[i].next_free = std::exchange(free, &block[i]);
  }
}

Loop::Loop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      interrupt_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      previous_(std::exchange(this_thread, this)),
      now_(Clock::now()),
      places_(std::make_unique<Places>()),
      operations_left_(limits::kLoopOperations) {
  places_->loop = this;
  if (!epoll_) system_failed("epoll_create1");
  if (!interrupt_fd_) system_failed("eventfd");
  watch(interrupt_fd_);
}

Loop::~Loop() {
  if (this_thread == this) this_thread = previous_;
  interrupt_fd_.reset();
  places_->loop = nullptr;
  if (places_->taken == 0) return;
  // Descriptors outlive the loop, perhaps in several threads: the last one frees them, in forget().
  Places* kept = places_.release();
  kept->left = kept->taken;
}

bool Loop::kernel_says_hung_up(int fd) {
  pollfd asked{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return ::poll(&asked, 1, 0) > 0;
}

Loop& Loop::current() {
  if (this_thread == nullptr) detail::broken("no loop on this thread");
  return *this_thread;
}

void Loop::interrupt() noexcept {
  interrupted_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then the loop is awake already.
  [[maybe_unused]] const auto written = ::write(interrupt_fd_.get(), &one, sizeof one);
}

void Loop::refresh() {
  now_ = Clock::now();
  operations_left_ = limits::kLoopOperations;
}

Watch* Loop::watch(const Fd& fd) {
  if (fd.watch_ != nullptr) {
    if (fd.watch_->all->loop != this) detail::broken("a descriptor is waited for in two loops");
    return fd.watch_;
  }
  Watch& watch = places_->take();
  watch.fd = fd.get();
  watch.ready = 0;
  epoll_event event{.events = kAllEdges, .data = {.u64 = key_of(watch)}};
  int added = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
  // A copy of a socket that lives on elsewhere was closed, and this is the next copy with its
  // number: epoll knows both by file and number, and forgets with the last copy only (epoll(7)).
  if (added != 0 && errno == EEXIST)
    added = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event);
  if (added != 0) {
    // Regular files (EPERM) are always ready; all else is a bug or a lack of kernel memory.
    if (errno != EPERM) system_failed("epoll_ctl");
    watch.ready = kCanRead | kCanWrite;
  }
  fd.watch_ = &watch;
  return &watch;
}

void Loop::forget(Watch& watch) noexcept {
  if (watch.waiters != nullptr) {
    detail::broken("a descriptor was closed while somebody waits for it");
  }
  Places& places = *watch.all;
  if (places.loop != nullptr) return places.give(watch);
  if (places.left.fetch_sub(1) == 1) delete &places;
}

void Loop::wake(Waiter& waiter, bool fired) {
  waiter.unlink();
  deadlines_.remove(waiter);
  waiter.fired = fired;
  waiter.woken = true;
  waiter.back = woken_end_;
  *woken_end_ = &waiter;
  woken_end_ = &waiter.next;
}

void Loop::wake_all(Watch& watch, Readiness what) {
  for (Waiter* one = watch.waiters; one != nullptr;) {
    Waiter* next = one->next;
    if (one->wants == what) wake(*one, true);
    one = next;
  }
}

void Loop::run_woken() {
  // Those woken meanwhile go to the end of the same queue, but run in the next turn.
  turn_ = std::exchange(woken_, nullptr);
  woken_end_ = &woken_;
  if (turn_ != nullptr) turn_->back = &turn_;
  while (turn_ != nullptr) {
    Waiter& waiter = *turn_;
    waiter.unlink();
    waiter.woken = false;
    waiter.suspended = nullptr;
    waiter.handle.resume();
  }
}

void Loop::end_passed_deadlines() {
  const bool all = interrupted();
  while (auto* first = deadlines_.first()) {
    if (!all && first->deadline > now_) return;
    wake(static_cast<Waiter&>(*first), false);
  }
}

void Loop::take_event(std::uint64_t key, std::uint32_t events) {
  Watch& watch = places_->at(static_cast<std::uint32_t>(key));
  if (key_of(watch) != key || watch.fd < 0) return;
  const std::uint8_t ready = readiness(events);
  watch.ready |= ready;
  if (watch.waiters == nullptr) return;
  if (watch.waiters->next == nullptr) {  // nearly always
    if ((ready & watch.waiters->wants) != 0) wake(*watch.waiters, true);
    return;
  }
  for (const Readiness what : {kCanRead, kCanWrite, kHasError}) {
    if ((ready & what) != 0) wake_all(watch, what);
  }
}

void Loop::wait_for_events() {
  int timeout = 0;
  if (woken_ == nullptr) {
    const auto* first = deadlines_.first();
    if (first == nullptr) detail::broken("the loop has nothing left to wait for");
    if (first->deadline == kNever) {
      timeout = -1;
    } else if (first->deadline > now_) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(first->deadline - now_).count();
      timeout = left > INT_MAX ? INT_MAX : static_cast<int>(left);
    }
  }
  std::array<epoll_event, limits::kLoopEvents> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), limits::kLoopEvents, timeout);
  if (count < 0 && errno != EINTR) system_failed("epoll_wait");
  refresh();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    take_event(event.data.u64, event.events);
  }
}

void Loop::drive(std::coroutine_handle<> root) {
  if (std::exchange(driving_, true)) detail::broken("a loop was run from within itself");
  while (!root.done()) {
    wait_for_events();
    end_passed_deadlines();
    run_woken();
  }
  driving_ = false;
}

bool Loop::FdWait::await_ready() {
  const Loop& own = loop();
  if (own.interrupted()) return true;
  if (asks_kernel_) {
    fired = kernel_says_ready(watch_.fd, wants);
    if (!fired) watch_.ready &= static_cast<std::uint8_t>(~wants);
  } else {
    fired = (watch_.ready & (wants == kCanRead ? wants | kHungUp : wants)) != 0;
  }
  return fired || deadline <= own.now();
}

void Loop::FdWait::await_suspend(std::coroutine_handle<> waiting) {
  handle = waiting;
  link(watch_.waiters);
  loop().suspend(*this);
}

}  // namespace causeway::net
