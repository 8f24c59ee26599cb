#include "app/edge_views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "codec/percent.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/outbound.hpp"
#include "watch/edge_admin.hpp"

namespace causeway::app {
namespace {

using std::chrono::seconds;

constexpr seconds kFresh{3};      // a reading that is older is made anew when somebody looks
constexpr seconds kWait{3};       // for one answer of an edge
constexpr seconds kFirstWait{4};  // of the page, for the first reading

Parsed<net::OutboundRequest> question(const watch::EdgePlace& place, std::string_view path) {
  auto out = watch::edge_question(place.admin, place.token_file, path);
  if (out) out->wait = kWait;
  return out;
}

net::Task<void> read_into(net::Outbound& outbound, const watch::EdgePlace& place,
                          console::EdgeSeen& out) {
  struct Part {
    std::string_view path;
    std::string* into;
  };
  for (const auto& [path, into] :
       {Part{"/.causeway/verdict", &out.verdict}, Part{"/.causeway/switch", &out.switches},
        Part{"/metrics", &out.metrics}}) {
    auto asked = question(place, path);
    if (!asked) {
      out.why = asked.error().text;
      co_return;
    }
    auto reply = co_await outbound.send(std::move(*asked));
    out.why = watch::edge_trouble(reply);
    if (!out.why.empty()) co_return;
    *into = std::move(reply.body);
  }
  out.at = wall_now();
}

net::Task<void> read_all(net::Outbound& outbound, const std::vector<watch::EdgePlace>& places,
                         std::vector<console::EdgeSeen>& out) {
  net::Group all;
  for (std::size_t i = 0; i < places.size(); ++i) {
    all.start(read_into(outbound, places[i], out[i]));
  }
  co_await all.finished();
}

net::Task<void> ask(net::Outbound& outbound, net::OutboundRequest request,
                    net::OutboundReply& reply) {
  reply = co_await outbound.send(std::move(request));
}

std::unexpected<console::Refusal> refused(int status, std::string text) {
  return std::unexpected(console::Refusal{.status = status, .field = "", .text = std::move(text)});
}

}  // namespace

class EdgeViews::Impl {
 public:
  explicit Impl(std::vector<watch::EdgePlace> the_places) : places(std::move(the_places)) {
    thread = std::thread{[this] { run(); }};
  }
  ~Impl() {
    {
      const std::scoped_lock lock{mutex};
      stopping = true;
    }
    changed.notify_all();
    thread.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::vector<console::EdgeSeen> seen() {
    std::unique_lock lock{mutex};
    wanted = true;
    changed.notify_all();
    changed.wait_for(lock, kFirstWait, [this] { return !newest.empty() || stopping; });
    return newest;
  }

  const watch::EdgePlace* place(const std::string& name) const {
    const auto found = std::ranges::find(places, name, &watch::EdgePlace::name);
    return found == places.end() ? nullptr : &*found;
  }

  net::OutboundReply send(net::OutboundRequest request) {
    std::packaged_task<net::OutboundReply(net::Loop&, net::Outbound&)> job{
        [request = std::move(request)](net::Loop& loop, net::Outbound& outbound) mutable {
          net::OutboundReply reply;
          loop.run(ask(outbound, std::move(request), reply));
          return reply;
        }};
    auto answer = job.get_future();
    {
      const std::scoped_lock lock{mutex};
      jobs.push_back(std::move(job));
      read_at = {};  // what is shown next has the change
      wanted = true;
    }
    changed.notify_all();
    return answer.get();
  }

 private:
  void run() {
    net::Loop loop;
    net::Outbound outbound;
    std::unique_lock lock{mutex};
    while (!stopping) {
      changed.wait(lock, [this] { return stopping || wanted || !jobs.empty(); });
      while (!jobs.empty()) {
        auto job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        job(loop, outbound);
        lock.lock();
      }
      if (stopping || !std::exchange(wanted, false) || Clock::now() - read_at < kFresh) continue;
      lock.unlock();
      std::vector<console::EdgeSeen> read(places.size());
      for (std::size_t i = 0; i < places.size(); ++i) read[i].name = places[i].name;
      loop.run(read_all(outbound, places, read));
      lock.lock();
      newest = std::move(read);
      read_at = Clock::now();
      changed.notify_all();
    }
  }

  std::vector<watch::EdgePlace> places;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<console::EdgeSeen> newest;
  std::deque<std::packaged_task<net::OutboundReply(net::Loop&, net::Outbound&)>> jobs;
  Instant read_at{};
  bool wanted = false;
  bool stopping = false;
  std::thread thread;
};

EdgeViews::EdgeViews(std::vector<watch::EdgePlace> places)
    : impl_(std::make_unique<Impl>(std::move(places))) {}
EdgeViews::~EdgeViews() = default;

std::vector<console::EdgeSeen> EdgeViews::seen() { return impl_->seen(); }

console::OrRefused<bool> EdgeViews::switch_pool(const std::string& edge, const std::string& from,
                                                const std::string& to, int minutes) {
  const auto* place = impl_->place(edge);
  if (place == nullptr) return refused(404, "no edge has this name");
  const std::string pool = codec::percent_encoded(from);
  const std::string path = to.empty() ? fmt::format("/.causeway/switch?from={}", pool)
                                      : fmt::format("/.causeway/switch?from={}&to={}&for={}m", pool,
                                                    codec::percent_encoded(to), minutes);
  auto request = question(*place, path);
  if (!request) return refused(502, request.error().text);
  request->method = to.empty() ? "DELETE" : "POST";
  const auto reply = impl_->send(std::move(*request));
  const std::string why = watch::edge_trouble(reply);
  if (why.empty()) return true;
  return refused(reply.end == net::OutboundEnd::answered && reply.status < 500 ? 422 : 502, why);
}

void add_edges(console::Controls& controls, std::vector<watch::EdgePlace> places) {
  if (places.empty()) return;
  auto views = std::make_shared<EdgeViews>(std::move(places));
  controls.edges = [views] { return views->seen(); };
  controls.switch_pool = [views](const auto& edge, const auto& from, const auto& to, int minutes) {
    return views->switch_pool(edge, from, to, minutes);
  };
}

}  // namespace causeway::app
