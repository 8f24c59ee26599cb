// The visitor's side of HTTP/1.1: requests off one connection, one after the other, and their
// answers onto it.
#pragma once

#include "edge/reply.hpp"
#include "edge/scratch.hpp"
#include "edge/worker.hpp"
#include "net/stream.hpp"

namespace causeway::edge {

class Http1Front final : public Reply, public Drainable {
 public:
  Http1Front(Worker& worker, net::Stream& stream, Visitor visitor)
      : worker_(worker), stream_(stream), visitor_(visitor) {
    worker_.link(*this);
  }
  ~Http1Front() override { Worker::unlink(*this); }

  // Until the connection's end.
  net::Task<void> serve();

  std::optional<std::string_view> whole_body() override;
  net::Task<BodyPart> read_body(Instant deadline) override;
  std::span<const codec::HeaderField> request_trailers() const override {
    return scratch_->trailers;
  }
  net::Task<bool> interim(int status, std::span<const codec::HeaderField> fields) override;
  net::Task<bool> begin(const AnswerHead& head, std::string_view body, bool last) override;
  net::Task<bool> write(std::string_view body, bool last) override;
  net::Task<bool> trailers(std::span<const codec::HeaderField> fields) override;
  void cut() override {
    keep_ = false;
    cut_ = true;
  }
  bool visitor_gone() const override;

  void drain() override;

  // After 101: the bytes that came behind the request, and the stream itself.
  net::Stream& stream() { return stream_; }
  std::string_view take_unread();
  void upgraded() { keep_ = false; }

 private:
  enum class Head : std::uint8_t { complete, refused, ended };

  net::Task<bool> wait_for_request();
  net::Task<Head> read_head();
  net::Task<void> one_request();
  net::Task<void> refuse(codec::RequestFault fault);
  net::Task<void> linger();
  net::Task<bool> flush(bool more_follows);
  net::Task<BodyPart> more_of_body(Instant deadline);
  BodyPart decode(const char* from, std::size_t& begin, std::size_t end);
  bool room_for_more();
  void frame(std::string_view body, bool last);
  void gather(std::string_view body);
  void append_head(const AnswerHead& head);

  Worker& worker_;
  net::Stream& stream_;
  Visitor visitor_;
  ScratchPtr scratch_;
  codec::BodyReader body_;
  int requests_ = 0;
  bool keep_ = true;
  bool cut_ = false;
  bool lingers_ = false;
  bool continue_owed_ = false;
  bool chunked_out_ = false;
  bool old_version_ = false;   // HTTP/1.0
  bool asked_to_keep_ = true;  // the visitor did
  bool body_used_ = true;
};

}  // namespace causeway::edge
