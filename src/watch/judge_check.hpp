// From what was read to what it means for the target. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/http1_request.hpp"
#include "codec/http1_response.hpp"
#include "model/failure.hpp"
#include "net/stream.hpp"
#include "watch/check.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

// An HTTP answer, by the light or the full path.
struct HttpAnswer {
  std::string outcome;  // model/kinds.def, http.outcome; empty: not finished
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::string detail;
};

codec::RequestText request_of(const Target& target);

// Feeds what came; `body`: whether the body is wanted. Sets `outcome` when the answer is complete,
// or enough of it: a status needs no body.
void take_bytes(codec::ResponseReader& reader, std::string_view bytes, bool body,
                HttpAnswer& answer);
void take_end(codec::ResponseReader& reader, const net::ReadResult& read, HttpAnswer& answer);

// Sets outcome, failure, status, detail and excerpt.
void judge_answer(const Target& target, const HttpAnswer& answer, CheckResult& out);

// What the answer breaks, as a sentence; empty when it is as expected.
std::string broken_expectation(const Expect& expect, const HttpAnswer& answer);

// How the values of a record differ from the whole set that is expected, as a sentence; empty: they
// do not, or any is right.
std::string wrong_values(const std::string& host, const std::string& record,
                         std::vector<std::string> found, std::vector<std::string> expected);

// A failure; this machine's own trouble makes the result unknown instead.
void fail(CheckResult& out, model::FailureId failure, std::string detail);
bool own_trouble(model::FailureId failure);

// Several addresses and ways of one target as one result. `direct`: asked by address, beside the
// way that DNS leads.
struct Tried {
  bool direct = false;
  CheckResult result;
};
CheckResult combined(std::vector<Tried> tries);

}  // namespace causeway::watch
