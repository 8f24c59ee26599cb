// One request on one HTTP/1.1 connection to an origin.
#pragma once

#include <string_view>

#include "edge/origin_link.hpp"
#include "edge/relay.hpp"

namespace causeway::edge {

class Http1Front;

class Http1Exchange final : private Relay {
 public:
  Http1Exchange(const Runtime& runtime, Reply& reply, const Visitor& visitor, Scratch& scratch,
                Link& link, Attempt& attempt, const Question& question, Http1Front* tunnel)
      : Relay(runtime, reply, visitor, scratch, attempt, question), link_(link), tunnel_(tunnel) {}

  // When the attempt failed, its `failure` says how; nothing was said to the visitor unless
  // `begun`.
  net::Task<ExchangeEnd> run();

 private:
  net::Task<net::WriteEnd> send_part(std::string_view bytes, bool last) override;
  std::string_view outcome_of_stall() override;
  void wake() override;

  net::Task<void> send(std::optional<std::string_view> body);
  net::Task<void> receive();
  net::Task<bool> wait();
  net::Task<bool> take(std::string_view bytes);
  std::string_view parse(std::string_view& bytes);
  AnswerHead head() const;
  bool holds(std::string_view body);
  net::Task<bool> body_sent();
  net::Task<void> upgrade();
  void take_end(const net::ReadResult& read);

  Link& link_;
  Http1Front* tunnel_;
  std::string part_;           // of the request's body, in chunks
  std::size_t part_sent_ = 0;  // of the last part: what the kernel took
};

}  // namespace causeway::edge
