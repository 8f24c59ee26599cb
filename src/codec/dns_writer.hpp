// Writes DNS answers, right ones and wrong ones: for scripted servers in tests and in the lab.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "codec/dns.hpp"

namespace causeway::codec {

// Builds one message by appending. Counts are kept in step; names are written in full. Names must
// be well formed: a bad one ends the process, it is a bug of the script.
class DnsWriter {
 public:
  enum class Section : std::uint8_t { answer, authority, additional };

  // An answer to `query`, with its question repeated.
  explicit DnsWriter(const DnsMessage& query);

  DnsWriter& rcode(int code);
  DnsWriter& authoritative();
  DnsWriter& truncated();
  DnsWriter& into(Section section);  // where the following records go; answer at first

  DnsWriter& address(std::string_view owner, std::string_view address, std::uint32_t ttl = 300);
  DnsWriter& alias(std::string_view owner, std::string_view target, std::uint32_t ttl = 300);
  DnsWriter& server(std::string_view zone, std::string_view target, std::uint32_t ttl = 300);
  DnsWriter& soa(std::string_view zone, std::uint32_t serial, std::uint32_t ttl = 300);
  DnsWriter& record(std::string_view owner, DnsType type, std::string_view data,
                    std::uint32_t ttl = 300);
  DnsWriter& extended_error(int code, std::string_view text);  // in an OPT record

  const std::string& bytes() const { return bytes_; }

 private:
  void flag(unsigned bits);
  void count(std::size_t at);

  std::string bytes_;
  Section section_ = Section::answer;
};

}  // namespace causeway::codec
