// One request on its way to an origin and its answer to the visitor, as it comes: the part that is
// the same whatever the origin speaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/origin_request.hpp"
#include "edge/reply.hpp"
#include "edge/runtime.hpp"
#include "edge/scratch.hpp"
#include "net/event.hpp"

namespace causeway::edge {

struct ExchangeEnd {
  bool begun = false;          // the visitor has got the head of an answer
  bool visitor_gone = false;   // and nobody waits for the answer any more
  bool body_used = false;      // a part of the request's body is gone: it cannot be sent again
  bool reusable = false;       // another request may follow on the connection
  bool not_processed = false;  // the origin says so (RFC 9113 8.7)
  std::optional<BodyEnd> visitor_fault;  // the request's body ended badly: nobody else's fault
};

struct Question {
  std::string_view host_header;  // empty: the visitor's
  bool trusted = false;
  const Timeouts& timeouts;
  std::uint64_t body_limit = 0;
  std::string_view set_cookie;  // affinity to this origin; empty: none is given
};

class Relay {
 public:
  Relay(const Runtime& runtime, Reply& reply, const Visitor& visitor, Scratch& scratch,
        Attempt& attempt, const Question& question)
      : runtime_(runtime),
        reply_(reply),
        visitor_(visitor),
        scratch_(scratch),
        attempt_(attempt),
        question_(question),
        passes_trailers_(scratch.request.takes_trailers || visitor.http2) {}
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

 protected:
  ~Relay() = default;

  enum class Pump : std::uint8_t { none, running, done, failed };

  struct Interim {
    int status;
    std::vector<std::pair<std::string, std::string>> fields;
  };

  // --- towards the origin ---
  OriginRequest origin_request() const;
  // The request's body, part by part; beside it the answer may come already.
  net::Task<void> pump();
  // One part of the body, framed as the origin takes it; `last` with the trailers. Not `all`: the
  // pump is over.
  virtual net::Task<net::WriteEnd> send_part(std::string_view bytes, bool last) = 0;
  virtual std::string_view outcome_of_stall() = 0;
  virtual void wake() = 0;  // who waits for the answer
  std::span<const codec::HeaderField> request_trailers();

  // --- towards the visitor ---
  void keep_interim(int status, std::span<const codec::HeaderField> fields);
  net::Task<bool> send_interims();
  net::Task<bool> begin(AnswerHead head, std::string_view body, bool last);
  // A part of the body, or the end; begins the answer when it has not begun.
  net::Task<bool> pass(const AnswerHead& head, std::string_view body, bool last);
  // The last part, with what follows it: `trailer` as lines.
  net::Task<bool> pass_end(const AnswerHead& head, std::string_view body, std::string_view trailer);
  void filter_fields(std::span<const codec::HeaderField> from);
  // True when the beginning of a small body is to stay here until the rest has come.
  bool may_hold(std::optional<std::uint64_t> announced) const;

  // --- waiting for the answer, in slices, so that a visitor's leaving is noticed ---
  enum class Tick : std::uint8_t { wait, flush, over, late };
  Instant next_tick() const;
  // After a slice without news. `late`: the origin is out of time.
  Tick tick(const net::Stream& stream, bool head_begun);

  void head_came(int status);
  // How it failed; the first one counts.
  void fail(std::string_view outcome, std::string because);
  // The pump's own failure, when there is one, explains a wait that ended before the head.
  bool take_pump_failure();

  const Runtime& runtime_;
  Reply& reply_;
  const Visitor& visitor_;
  Scratch& scratch_;
  Attempt& attempt_;
  const Question& question_;

  ExchangeEnd end_;
  Pump pump_ = Pump::none;
  std::string_view pump_outcome_;
  net::Event pumped_;  // pump() has ended
  Instant sent_;       // or when the last part of the body was
  Instant last_read_;
  Instant head_at_;
  bool head_taken_ = false;
  bool over_ = false;
  bool passes_trailers_ = false;
  std::vector<Interim> interims_;

 private:
  Instant due() const;
  std::optional<BodyEnd> fault_of(const BodyPart& part) const;
  void pump_failed(std::string_view outcome);
};

}  // namespace causeway::edge
