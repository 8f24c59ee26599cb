// The head of a response: collected from pieces, checked while it grows, parsed once when complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "codec/http1.hpp"

namespace causeway::codec {

// Owns its bytes; the views point into them and survive a move.
class ResponseHead {
 public:
  int minor_version() const { return minor_version_; }  // 0 or 1, of HTTP/1.x
  int status() const { return status_; }
  std::string_view reason() const { return reason_; }
  std::span<const HeaderField> fields() const { return fields_; }
  std::size_t bytes() const { return bytes_.size(); }
  // How many lines had to be repaired under the policy (HttpPolicy).
  int repairs() const { return repairs_; }

 private:
  friend class HeadCollector;
  std::vector<char> bytes_;
  std::vector<HeaderField> fields_;
  std::string_view reason_;
  int status_ = 0;
  int minor_version_ = 1;
  int repairs_ = 0;
};

class HeadCollector {
 public:
  explicit HeadCollector(HttpPolicy policy, std::size_t most_bytes = limits::kResponseHeadBytes,
                         int most_lines = limits::kHeaderLines)
      : policy_(policy), most_bytes_(most_bytes), most_lines_(most_lines) {}

  // Takes the bytes that belong to the head and returns how many those were; the rest of `input` is
  // body. Stops at the first fault.
  std::size_t feed(std::string_view input);

  bool complete() const { return complete_; }
  HttpFault fault() const { return fault_; }
  // Where and with which text the fault was found, for a person; empty without a fault.
  std::string detail() const;
  std::size_t bytes() const { return head_.bytes_.size(); }

  const ResponseHead& head() const { return head_; }
  void restart();  // for the next head; keeps the memory
  void adopt(HttpPolicy policy, std::size_t most_bytes) {
    policy_ = policy;
    most_bytes_ = most_bytes;
  }

 private:
  std::size_t take_whole(std::string_view input);
  bool ends_here();
  void fail(HttpFault fault, std::string_view text);
  bool check_start();
  void parse();
  std::string_view next_line(std::size_t& at);
  bool parse_status_line(std::string_view line);
  bool parse_field(std::string_view line);
  bool fold(std::string_view line);

  HttpPolicy policy_;
  std::size_t most_bytes_;
  int most_lines_;
  ResponseHead head_;
  std::size_t line_start_ = 0;
  int lines_ = 0;
  bool complete_ = false;
  bool started_ = false;  // begins as a response does
  HttpFault fault_ = HttpFault::none;
  int fault_line_ = 0;
  std::string fault_text_;
};

// True for a byte of a token: header names, methods (RFC 9110 5.6.2).
bool is_token_byte(char c);

}  // namespace causeway::codec
