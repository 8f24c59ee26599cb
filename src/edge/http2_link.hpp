// One HTTP/2 connection to an origin, shared by the requests of many visitors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/origin_link.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/h2_asker.hpp"

namespace causeway::edge {

// What a request on the connection hears beside its own answer.
class Http2Call : public net::H2Call {
 public:
  // The whole connection is over; nothing of this request comes any more.
  virtual void on_connection_end() = 0;

 protected:
  ~Http2Call() = default;
};

class Http2Link {
 public:
  Http2Link(std::unique_ptr<Link> link, const Timeouts& timeouts, net::H2AskerLimits limits,
            std::size_t streams);
  ~Http2Link();
  Http2Link(const Http2Link&) = delete;
  Http2Link& operator=(const Http2Link&) = delete;

  // Whether one more request may go on it.
  bool has_room() const;
  bool over() const { return end_.has_value(); }
  // Set when the server's SETTINGS have come, or the connection is over: how many requests it takes
  // at once is known then.
  net::Event& spoke() { return spoke_; }
  // No request that is not on it already: something is wrong with it.
  void retire() { retired_ = true; }
  std::size_t calls() const { return calls_.size(); }
  Instant idle_since() const { return idle_since_; }
  int answered = 0;  // requests so far

  // The request's number; nothing when the connection takes no more.
  std::optional<std::int32_t> ask(const net::H2Asker::Question& question, Http2Call& call);
  void forget(std::int32_t stream, Http2Call& call);
  void resume(std::int32_t stream);
  void consumed(std::int32_t stream, std::size_t bytes);

  // How the connection ended, when it has.
  enum class End : std::uint8_t {
    read,     // as `last_read` says
    broken,   // the rules of HTTP/2, as the asker's reason() says
    stalled,  // it takes nothing more
  };
  std::optional<End> end() const { return end_; }
  const net::ReadResult& last_read() const { return last_read_; }
  const net::H2Asker& asker() const { return asker_; }
  const net::Stream& stream() const { return *link_->stream; }
  const Link& link() const { return *link_; }

 private:
  net::Task<void> read_in();
  net::Task<void> write_out();
  void finish(End end);
  void finish_session();

  std::unique_ptr<Link> link_;
  const Timeouts& timeouts_;
  std::size_t streams_;
  net::H2Asker asker_;
  std::vector<Http2Call*> calls_;
  std::optional<End> end_;
  net::ReadResult last_read_;
  net::WriteResult last_write_;
  bool retired_ = false;
  Instant idle_since_;
  std::string out_;
  net::Event to_send_;
  net::Event spoke_;
  net::Group work_;  // first to go
};

}  // namespace causeway::edge
