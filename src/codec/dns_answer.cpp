#include "codec/dns_answer.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "codec/dns_name.hpp"

namespace causeway::codec {
namespace {

void lower_ttl(DnsAliases& aliases, std::uint32_t ttl) {
  aliases.ttl = aliases.ttl ? std::min(*aliases.ttl, ttl) : ttl;
}

const DnsRecord* alias_of(const DnsMessage& message, const std::string& owner) {
  const auto found = std::ranges::find_if(message.answers, [&](const DnsRecord& record) {
    return record.type == DnsType::cname && record.owner == owner;
  });
  return found == message.answers.end() ? nullptr : &*found;
}

}  // namespace

DnsAliases follow_aliases(const DnsMessage& message, const DnsQuestion& question) {
  DnsAliases out;
  out.names.push_back(question.name);
  if (question.type != DnsType::cname) {
    while (const DnsRecord* alias = alias_of(message, out.last())) {
      lower_ttl(out, alias->ttl);
      out.loop = std::ranges::find(out.names, alias->target) != out.names.end();
      out.names.push_back(alias->target);
      out.too_long = out.names.size() > static_cast<std::size_t>(limits::kDnsAliasDepth);
      if (out.loop || out.too_long) return out;
    }
  }
  for (const auto& record : message.answers) {
    if (record.owner != out.last()) continue;
    if (record.address) out.addresses.push_back(*record.address);
    if (record.type == question.type) {
      out.holds_type = true;
      lower_ttl(out, record.ttl);
    }
  }
  return out;
}

std::optional<DnsReferral> referral(const DnsMessage& message, const DnsQuestion& question) {
  if (message.rcode != rcode::kNoError || message.authoritative || !message.answers.empty()) {
    return std::nullopt;
  }
  DnsReferral out;
  for (const auto& record : message.authorities) {
    if (record.type == DnsType::soa) return std::nullopt;  // that is "no such data" (RFC 2308 2.2)
    if (record.type != DnsType::ns || !dns_within(question.name, record.owner)) continue;
    if (out.zone.empty()) out.zone = record.owner;
    if (record.owner == out.zone) out.servers.push_back(record.target);
  }
  if (out.servers.empty()) return std::nullopt;
  for (const auto& record : message.additionals) {
    const bool wanted = std::ranges::find(out.servers, record.owner) != out.servers.end();
    if (wanted && record.address) out.glue.push_back(record);
  }
  return out;
}

std::optional<std::uint32_t> serial(const DnsMessage& message) {
  for (const auto* section : {&message.answers, &message.authorities}) {
    for (const auto& record : *section) {
      if (record.serial) return record.serial;
    }
  }
  return std::nullopt;
}

}  // namespace causeway::codec
