// One request on an HTTP/2 connection to an origin, beside those of others.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http2_link.hpp"
#include "edge/relay.hpp"

namespace causeway::edge {

class Http2Exchange final : private Relay, private Http2Call {
 public:
  Http2Exchange(const Runtime& runtime, Reply& reply, const Visitor& visitor, Scratch& scratch,
                std::shared_ptr<Http2Link> link, Attempt& attempt, const Question& question)
      : Relay(runtime, reply, visitor, scratch, attempt, question), link_(std::move(link)) {}
  ~Http2Exchange();

  // As Http1Exchange::run().
  net::Task<ExchangeEnd> run();

 private:
  // What the connection tells.
  void on_field(std::string_view name, std::string_view value) override;
  void on_interim(int status) override;
  void on_head(int status) override;
  void on_trailers() override {}
  void on_body(std::string_view bytes) override;
  void on_end() override;
  void on_closed(net::H2CallEnd end, std::uint32_t code) override;
  std::size_t take_body(std::span<std::byte> into, bool& ends) override;
  std::span<const codec::HeaderField> trailers() const override { return trailers_out_; }
  void on_connection_end() override;

  net::Task<net::WriteEnd> send_part(std::string_view bytes, bool last) override;
  std::string_view outcome_of_stall() override;
  void wake() override { news_.set(); }

  bool ask(std::optional<std::string_view> body);
  net::Task<void> send_whole();
  net::Task<void> receive();
  net::Task<bool> wait();
  net::Task<bool> pass_on();
  AnswerHead head() const;
  void take_end();
  void take_connection_end();

  std::shared_ptr<Http2Link> link_;
  std::optional<std::int32_t> stream_;
  net::Event news_;

  std::string_view out_;  // of the request's body, not sent yet: lies where it was read
  bool out_ended_ = false;
  std::vector<codec::HeaderField> trailers_out_;
  net::Event out_left_;

  std::string lines_;  // fields of the head at hand, and of the trailers after it
  std::string head_lines_;
  std::vector<codec::HeaderField> fields_;  // of the head
  int status_ = 0;                          // 0: no head yet
  std::optional<std::uint64_t> length_;
  int interim_count_ = 0;
  std::string in_;  // of the answer's body, not passed on yet
  std::string passing_;
  bool in_ended_ = false;
  bool closed_ = false;
  net::H2CallEnd closed_by_ = net::H2CallEnd::complete;
  std::uint32_t closed_code_ = 0;
};

}  // namespace causeway::edge
