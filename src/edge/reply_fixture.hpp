// For tests: a visitor without a connection, who takes everything.
#pragma once

#include <string>

#include "edge/reply.hpp"

namespace causeway::edge {

class TestReply : public Reply {
 public:
  std::optional<std::string_view> whole_body() override { return std::string_view{}; }
  net::Task<BodyPart> read_body(Instant /*deadline*/) override {
    co_return BodyPart{.bytes = {}, .end = BodyEnd::last};
  }
  std::span<const codec::HeaderField> request_trailers() const override { return {}; }
  net::Task<bool> interim(int /*said*/, std::span<const codec::HeaderField> /*fields*/) override {
    ++interims;
    co_return true;
  }
  net::Task<bool> begin(const AnswerHead& head, std::string_view body, bool /*last*/) override {
    status = head.status;
    got = body;
    co_return true;
  }
  net::Task<bool> write(std::string_view body, bool /*last*/) override {
    got += body;
    co_return true;
  }
  net::Task<bool> trailers(std::span<const codec::HeaderField> /*fields*/) override {
    co_return true;
  }
  void cut() override {}
  bool visitor_gone() const override { return false; }

  int interims = 0;
  int status = 0;
  std::string got;
};

}  // namespace causeway::edge
