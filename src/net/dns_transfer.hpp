// A whole zone from one name server (AXFR, RFC 5936), where it is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "codec/dns.hpp"
#include "net/task.hpp"

namespace causeway::limits {

constexpr auto kTransferWait = seconds{30};
constexpr std::size_t kTransferBytes = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kTransferRecords = 200'000;
constexpr std::size_t kDnsRecordsOfTransfer = 70'000;  // of one message: more do not fit
constexpr std::size_t kDnsDataOfTransfer = 70'000;     // a TXT record may fill a message

}  // namespace causeway::limits

namespace causeway::net {

enum class TransferOutcome : std::uint8_t {
  done,
  refused,  // the server answers with an error, or with nothing of the zone
  failed,   // no connection, a broken or endless stream
};
std::string_view name(TransferOutcome outcome);

struct DnsTransfer {
  TransferOutcome outcome = TransferOutcome::failed;
  std::vector<codec::DnsRecord> records;  // when done: the SOA first, once; data uncut
  std::optional<std::uint32_t> serial;
  std::string detail;  // for a person, when not done
};

// Over TCP. Bounded by limits::kTransferWait, kTransferBytes and kTransferRecords.
Task<DnsTransfer> transfer_zone(Endpoint server, std::string zone, std::optional<IpAddress> source,
                                Instant deadline);

}  // namespace causeway::net
