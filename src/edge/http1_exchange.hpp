// One request on one connection to an origin, and its answer to the visitor, as it comes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/origin_link.hpp"
#include "edge/reply.hpp"
#include "edge/runtime.hpp"
#include "edge/scratch.hpp"
#include "net/loop.hpp"

namespace causeway::edge {

class Http1Front;

struct ExchangeEnd {
  bool begun = false;         // the visitor has got the head of an answer
  bool visitor_gone = false;  // and nobody waits for the answer any more
  bool body_used = false;     // a part of the request's body is gone: it cannot be sent again
  bool reusable = false;      // another request may follow on the connection
  std::optional<BodyEnd> visitor_fault;  // the request's body ended badly: nobody else's fault
};

class Exchange {
 public:
  Exchange(const Runtime& runtime, Reply& reply, const Visitor& visitor, Scratch& scratch,
           Link& link, Attempt& attempt, Http1Front* tunnel)
      : runtime_(runtime),
        reply_(reply),
        visitor_(visitor),
        scratch_(scratch),
        link_(link),
        attempt_(attempt),
        tunnel_(tunnel) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  struct Question {
    std::string_view host_header;  // empty: the visitor's
    bool trusted = false;
    const Timeouts& timeouts;
    std::uint64_t body_limit = 0;
    std::string_view set_cookie;  // affinity to this origin; empty: none is given
  };
  // When the attempt failed, its `failure` says how; nothing was said to the visitor unless
  // `begun`.
  net::Task<ExchangeEnd> run(Question question);

 private:
  enum class Pump : std::uint8_t { none, running, done, failed };

  net::Task<void> send(const Question& question, std::optional<std::string_view> body);
  net::Task<void> pump(const Question& question);
  void pump_failed(std::string_view outcome);
  net::Task<void> receive(const Question& question);
  net::Task<bool> wait(const Question& question);
  Instant due(const Question& question) const;
  net::Task<bool> take(std::string_view bytes);
  std::string_view parse(std::string_view& bytes);
  net::Task<bool> pass(std::string_view body);
  net::Task<bool> begin(std::string_view body, bool last);
  net::Task<bool> send_interims();
  net::Task<void> upgrade(const Question& question);
  void filter_fields();
  void take_end(const net::ReadResult& read);
  bool holds(std::string_view body);
  void fail(std::string_view outcome, std::string because);

  const Runtime& runtime_;
  Reply& reply_;
  const Visitor& visitor_;
  Scratch& scratch_;
  Link& link_;
  Attempt& attempt_;
  Http1Front* tunnel_;

  std::string_view set_cookie_;
  ExchangeEnd end_;
  Pump pump_ = Pump::none;
  std::string_view pump_outcome_;
  Instant sent_;  // or when the last part of the body was
  Instant last_read_;
  Instant head_at_;
  bool head_taken_ = false;
  bool over_ = false;
  struct Interim {
    int status;
    std::vector<std::pair<std::string, std::string>> fields;
  };
  std::vector<Interim> interims_;
};

}  // namespace causeway::edge
