// The visitor's side of HTTP/2: many requests at once on one connection, each handled like any
// other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/body_queue.hpp"
#include "edge/reply.hpp"
#include "edge/scratch.hpp"
#include "edge/worker.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/h2_server.hpp"
#include "net/stream.hpp"

namespace causeway::edge {

class Http2Front;

// One request and its answer.
class Http2Stream final : public Reply {
 public:
  Http2Stream(Http2Front& front, std::int32_t id) : front_(&front), id_(id) {}

  std::optional<std::string_view> whole_body() override;
  net::Task<BodyPart> read_body(Instant deadline) override;
  std::span<const codec::HeaderField> request_trailers() const override { return trailers_in_; }
  net::Task<bool> interim(int status, std::span<const codec::HeaderField> fields) override;
  net::Task<bool> begin(const AnswerHead& head, std::string_view body, bool last) override;
  net::Task<bool> write(std::string_view body, bool last) override;
  net::Task<bool> trailers(std::span<const codec::HeaderField> fields) override;
  void cut() override;
  bool visitor_gone() const override { return closed_; }
  std::size_t room() const override;

 private:
  friend class Http2Front;

  void append(std::string_view body, bool last);
  net::Task<bool> drained();
  bool recycle();
  bool stalls(Instant since) const;  // an answer that waits for its visitor since then or longer

  Http2Front* front_;
  std::int32_t id_;
  std::string head_;  // fields as lines of an HTTP/1 head
  std::string text_;  // all of that head
  std::string method_;
  std::string path_;
  std::string authority_;
  std::string cookies_;
  ScratchPtr scratch_;
  std::string trailer_;                          // of the request, as lines
  std::vector<codec::HeaderField> trailers_in_;  // views into it
  std::string trailer_out_;                      // of the answer, as lines
  std::vector<codec::HeaderField> trailers_out_;
  std::string in_;  // of the request's body, not handed out yet
  std::string handed_out_;
  bool in_ended_ = false;
  BodyQueue out_;  // of the answer's body, not sent yet
  bool out_ended_ = false;
  bool out_done_ = false;  // its last byte is on its way
  bool has_body_ = false;
  bool began_ = false;
  bool closed_ = false;  // by the visitor, or complete
  bool handled_ = true;  // nobody works on it: its head is not complete, or all is done
  Instant moved_{};      // when the visitor took something last, or the answer began
  net::Event body_came_;
  net::Event body_left_;
};

class Http2Front final : public net::H2Events, public Drainable {
 public:
  Http2Front(Worker& worker, net::Stream& stream, const Visitor& visitor);
  ~Http2Front();

  net::Task<void> serve();
  void drain() override;

  void on_field(std::int32_t stream, std::string_view name, std::string_view value) override;
  void on_request(std::int32_t stream, bool has_body, bool too_large) override;
  void on_body(std::int32_t stream, std::string_view bytes) override;
  void on_trailer(std::int32_t stream, std::string_view name, std::string_view value) override;
  void on_body_end(std::int32_t stream) override;
  void on_closed(std::int32_t stream, bool by_error) override;
  std::size_t take_body(std::int32_t stream, std::span<std::byte> into, bool& ends) override;
  std::span<const codec::HeaderField> trailers(std::int32_t stream) override;

 private:
  friend class Http2Stream;

  net::Task<void> write_out();
  net::Task<void> read_in();
  net::Task<void> run(Http2Stream& stream, bool has_body, bool too_large);
  void begin_requests();
  Http2Stream* find(std::int32_t stream);
  Http2Stream& stream_of(std::int32_t id);  // a new one when there is none
  void note_finished(const Http2Stream& stream);
  void forget_finished();
  void end();
  Instant due() const;
  bool overdue();
  void stop_senders();

  Worker& worker_;
  net::Stream& stream_;
  const Visitor& visitor_;
  net::H2Server server_;
  struct Open {
    std::int32_t id;
    std::unique_ptr<Http2Stream> stream;
  };
  std::vector<Open> streams_;  // by id: a new one has the highest (RFC 9113 5.1.1)
  std::vector<std::int32_t> finished_;
  struct Begun {
    std::int32_t id;
    bool has_body;
    bool too_large;
  };
  std::vector<Begun> begun_;  // requests whose heads came in the bytes at hand
  net::Event to_send_;
  net::Event over_;
  bool ended_ = false;
  bool broken_ = false;
  bool senders_ = false;               // of bodies nobody reads, to be told to stop
  std::string out_;                    // what the socket had no room for
  std::size_t waiting_ = 0;            // bytes of answers that the visitor has not taken
  Instant look_at_{};                  // for answers that nobody takes
  Instant idle_since_;                 // without a request, when there is none
  std::optional<Instant> head_since_;  // of a head whose end has not come
  net::Group work_;
};

}  // namespace causeway::edge
