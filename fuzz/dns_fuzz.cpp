// Whatever a name server may send: parsed, followed and printed, without reading beyond it.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/limits.hpp"
#include "codec/dns.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_text(std::string_view text) {
  for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void check(const causeway::codec::DnsMessage& message) {
  namespace codec = causeway::codec;
  namespace limits = causeway::limits;
  std::size_t kept = 0;
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    kept += section->size();
    for (const auto& record : *section) {
      // What was read as a name can be written as one: the text form loses nothing.
      require(codec::dns_wire_name(record.owner).has_value());
      if (!record.target.empty()) require(codec::dns_wire_name(record.target).has_value());
      check_text(codec::presentation(record));
    }
  }
  require(kept <= static_cast<std::size_t>(limits::kDnsRecordsKept));
  for (const auto& extended : message.errors) check_text(extended.text);
  if (!message.question) return;
  const auto aliases = codec::follow_aliases(message, *message.question);
  require(aliases.names.size() <= static_cast<std::size_t>(limits::kDnsAliasDepth) + 1);
  static_cast<void>(codec::referral(message, *message.question));
  static_cast<void>(codec::serial(message));
  // The question asked again is the question read.
  const auto again = codec::write_dns_query({.id = message.id, .question = *message.question});
  require(again.has_value());
  const auto parsed = codec::parse_dns(std::as_bytes(std::span{*again}));
  require(parsed && parsed->question == message.question);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = causeway::codec::parse_dns(std::as_bytes(std::span{data, size}));
  if (message) check(*message);
  const auto name = causeway::codec::dns_name({reinterpret_cast<const char*>(data), size});
  if (name) require(causeway::codec::dns_wire_name(*name).has_value());
  return 0;
}
