// The part of a DNS record that depends on its type.
#pragma once

#include "codec/dns.hpp"
#include "codec/dns_reader.hpp"

namespace causeway::codec {

// Fills data, address, target and serial of `record`, whose owner, type and TTL are known. Fails
// the reader when the bytes do not fit the type exactly; the text is cut at `most_data` bytes;
// types nobody here needs are kept as hex (RFC 3597 section 5).
void read_dns_data(DnsReader& data, DnsRecord& record, std::size_t most_data);

}  // namespace causeway::codec
