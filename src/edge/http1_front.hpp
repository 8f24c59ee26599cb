// The visitor's side of HTTP/1.1: requests off one connection, one after the other, and their
// answers onto it.
#pragma once

#include "edge/reply.hpp"
#include "edge/scratch.hpp"
#include "edge/worker.hpp"
#include "net/stream.hpp"

namespace causeway::edge {

// All that a visitor's connection is between two requests: little, because there may be very many.
struct KeptConnection final : Drainable {
  KeptConnection(Worker& worker, net::Stream& the_stream) : stream(the_stream) {
    worker.link(*this);
  }
  ~KeptConnection() { Worker::unlink(*this); }
  void drain() override;

  net::Stream& stream;
  int requests = 0;   // so far
  bool busy = false;  // a request is under way
};

// The requests that are there, one after the other. True: the next one must be waited for; false:
// the connection is over, and all has been said. `woken`: something has come.
[[gnu::noinline]] net::Task<bool> serve_requests(Worker& worker, KeptConnection& kept,
                                                 const Visitor& visitor, bool woken);

class Http1Front final : public Reply {
 public:
  Http1Front(Worker& worker, KeptConnection& kept, const Visitor& visitor)
      : worker_(worker), kept_(kept), stream_(kept.stream), visitor_(visitor) {}

  net::Task<bool> serve(bool woken);

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

  // After 101: the bytes that came behind the request, and the stream itself.
  net::Stream& stream() { return stream_; }
  std::string take_unread();
  void upgraded() { keep_ = false; }

 private:
  enum class Head : std::uint8_t { complete, refused, ended };

  bool begin_request(bool woken);
  void end_request();
  net::Task<Head> read_head();
  net::Task<void> one_request();
  net::Task<void> refuse(codec::RequestFault fault);
  net::Task<void> linger();
  net::Task<bool> flush(bool more_follows);
  net::Task<BodyPart> more_of_body(Instant deadline);
  BodyPart decode(const char* from, std::size_t& begin, std::size_t end);
  void pass_used_body();
  bool room_for_more();
  void frame(std::string_view body, bool last);
  void gather(std::string_view body);
  void append_head(const AnswerHead& head);

  Worker& worker_;
  KeptConnection& kept_;
  net::Stream& stream_;
  const Visitor& visitor_;
  ScratchPtr scratch_;
  codec::BodyReader body_;
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
