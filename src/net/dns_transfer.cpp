#include "net/dns_transfer.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/tcp.hpp"

namespace causeway::net {
namespace {

constexpr codec::DnsKeep kWhole{.records = limits::kDnsRecordsOfTransfer,
                                .data = limits::kDnsDataOfTransfer};

class Transfer {
 public:
  Transfer(Endpoint server, std::string zone, std::optional<IpAddress> source, Instant deadline)
      : server_(server), zone_(std::move(zone)), source_(source), deadline_(deadline) {}

  Task<DnsTransfer> run();

 private:
  Task<bool> open();
  Task<bool> ask();
  Task<bool> read(std::span<std::byte> into);
  bool take(const std::vector<std::byte>& bytes);
  bool take_record(codec::DnsRecord record);
  bool fail(TransferOutcome outcome, std::string detail) {
    out_.outcome = outcome;
    out_.detail = std::move(detail);
    out_.records.clear();
    return false;
  }

  Endpoint server_;
  std::string zone_;
  std::optional<IpAddress> source_;
  Instant deadline_;
  Fd socket_;
  std::uint16_t id_ = 0;
  bool ended_ = false;  // the closing SOA has come
  DnsTransfer out_;
};

Task<bool> Transfer::open() {
  ConnectOptions options{.remote = server_, .source = {}, .deadline = deadline_};
  if (source_ && source_->family() == server_.address.family()) options.source = source_;
  ConnectResult connected = co_await connect_tcp(options);
  if (connected.outcome != ConnectOutcome::open) {
    co_return fail(
        TransferOutcome::failed,
        fmt::format("no TCP connection to {}: {}", server_.text(), net::name(connected.outcome)));
  }
  socket_ = std::move(connected.socket);
  co_return true;
}

Task<bool> Transfer::ask() {
  if (getrandom(&id_, sizeof id_, 0) != sizeof id_) co_return false;
  const auto query = codec::write_dns_query(
      {.id = id_, .question = {zone_, codec::DnsType::axfr}, .recursion = false, .edns = false});
  if (!query) co_return fail(TransferOutcome::failed, query.error().text);
  std::string framed{static_cast<char>(query->size() >> 8),
                     static_cast<char>(query->size() & 0xff)};
  framed += *query;
  const WriteResult written =
      co_await write_all(socket_, std::as_bytes(std::span{framed}), deadline_);
  co_return written.end == WriteEnd::all ||
      fail(TransferOutcome::failed, "the question could not be sent");
}

Task<bool> Transfer::read(std::span<std::byte> into) {
  while (!into.empty()) {
    const ReadResult got = co_await read_some(socket_, into, deadline_);
    if (got.end != ReadEnd::more) {
      // Servers that allow no transfer often just close.
      const bool nothing = out_.records.empty() && got.end != ReadEnd::timeout;
      co_return fail(
          nothing ? TransferOutcome::refused : TransferOutcome::failed,
          nothing ? "the server closes instead of answering" : "the transfer stops before its end");
    }
    into = into.subspan(got.bytes);
  }
  co_return true;
}

// RFC 5936 section 2.2: the zone's SOA opens and closes the sequence.
bool Transfer::take_record(codec::DnsRecord record) {
  const bool soa = record.type == codec::DnsType::soa && record.owner == zone_;
  if (out_.records.empty()) {
    if (!soa)
      return fail(TransferOutcome::refused, "the answer does not begin with the zone's SOA");
    out_.serial = record.serial;
  } else if (soa) {
    ended_ = true;
    return true;
  }
  if (out_.records.size() >= limits::kTransferRecords) {
    return fail(TransferOutcome::failed, "the zone has too many records");
  }
  out_.records.push_back(std::move(record));
  return true;
}

bool Transfer::take(const std::vector<std::byte>& bytes) {
  auto message = codec::parse_dns(bytes, kWhole);
  if (!message) return fail(TransferOutcome::failed, "broken: " + message.error().text);
  if (message->id != id_ || !message->response) {
    return fail(TransferOutcome::failed, "an answer to another question");
  }
  if (message->rcode != codec::rcode::kNoError) {
    return fail(TransferOutcome::refused,
                fmt::format("the server answers {}", codec::rcode_name(message->rcode)));
  }
  if (message->answers.empty()) {
    return fail(TransferOutcome::refused, "the server answers without records");
  }
  for (auto& record : message->answers) {
    if (ended_) break;
    if (!take_record(std::move(record))) return false;
  }
  return true;
}

Task<DnsTransfer> Transfer::run() {
  if (!co_await open() || !co_await ask()) co_return std::move(out_);
  std::size_t total = 0;
  while (!ended_) {
    std::array<std::byte, 2> prefix{};
    if (!co_await read(prefix)) co_return std::move(out_);
    const auto length = static_cast<std::size_t>((std::to_integer<unsigned>(prefix[0]) << 8) |
                                                 std::to_integer<unsigned>(prefix[1]));
    total += length;
    if (total > limits::kTransferBytes) {
      fail(TransferOutcome::failed, "the zone is too large");
      co_return std::move(out_);
    }
    std::vector<std::byte> message(length);
    if (!co_await read(message) || !take(message)) co_return std::move(out_);
  }
  out_.outcome = TransferOutcome::done;
  co_return std::move(out_);
}

}  // namespace

std::string_view name(TransferOutcome outcome) {
  constexpr std::array<std::string_view, 3> kNames{"done", "refused", "failed"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

Task<DnsTransfer> transfer_zone(Endpoint server, std::string zone, std::optional<IpAddress> source,
                                Instant deadline) {
  const Instant last = std::min(deadline, Clock::now() + limits::kTransferWait);
  Transfer transfer{server, std::move(zone), source, last};
  co_return co_await transfer.run();
}

}  // namespace causeway::net
