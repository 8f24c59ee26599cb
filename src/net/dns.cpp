#include "net/dns.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "net/loop.hpp"
#include "net/sockaddr.hpp"
#include "net/stream.hpp"
#include "net/tcp.hpp"

namespace causeway::net {

namespace {

// Larger than any payload we ask for: a server that sends more has not read the question.
constexpr std::size_t kUdpBuffer = 4096;

std::uint16_t random_id() {
  std::uint16_t id = 0;
  // Fails only before the kernel's pool is ready (getrandom(2)); the source port is random too.
  if (::getrandom(&id, sizeof id, GRND_NONBLOCK) != sizeof id) {
    id = static_cast<std::uint16_t>(Clock::now().time_since_epoch().count());
  }
  return id;
}

bool is_interrupted() { return Loop::current().interrupted(); }

// Advice about packet sizes: the kernel takes it, the question goes on.
bool is_advice(const IcmpNote& note) {
  return note.name == "fragmentation-needed" || note.name == "packet-too-big";
}

DnsOutcome outcome_of(const IcmpNote& note) {
  if (note.local) return DnsOutcome::local;
  return note.name == "port-unreachable" ? DnsOutcome::refused : DnsOutcome::unreachable;
}

// Does `message` answer the query `id`? An error may come back without its question.
bool answers(const codec::DnsMessage& message, const codec::DnsQuery& query) {
  if (!message.response || message.id != query.id) return false;
  if (!message.question) return message.rcode != codec::rcode::kNoError;
  return message.question == query.question;
}

// What one packet or segment of bytes turned out to be.
enum class Arrival : std::uint8_t { answer, stray, broken };

Arrival take_arrival(std::span<const std::byte> bytes, const codec::DnsQuery& query,
                     const codec::DnsKeep& keep, DnsReply& reply) {
  const bool own_id = bytes.size() >= 2 && bytes[0] == static_cast<std::byte>(query.id >> 8) &&
                      bytes[1] == static_cast<std::byte>(query.id & 0xff);
  auto message = codec::parse_dns(bytes, keep);
  if (message && answers(*message, query)) {
    reply.message = std::move(*message);
    return Arrival::answer;
  }
  if (!message && own_id) {
    reply.detail = message.error().text;
    return Arrival::broken;
  }
  ++reply.strays;
  if (reply.strays < limits::kDnsStrayReplies) return Arrival::stray;
  reply.detail = "the server sends only answers to other questions";
  return Arrival::broken;
}

// One question over one connected datagram socket.
class UdpExchange {
 public:
  UdpExchange(const DnsAsk& ask, codec::DnsQuery query, DnsReply& reply)
      : ask_(ask), query_(std::move(query)), reply_(reply) {}

  Task<void> run();

 private:
  bool open();
  bool send(const std::string& bytes);
  bool receive();
  bool take_error(int os_code);
  void end(DnsOutcome outcome, int os_code = 0) {
    reply_.outcome = outcome;
    reply_.os_code = os_code;
  }

  const DnsAsk& ask_;
  codec::DnsQuery query_;
  DnsReply& reply_;
  Fd socket_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kUdpBuffer);
};

// False when this machine cannot even ask.
bool UdpExchange::open() {
  const Family family = ask_.server.address.family();
  socket_ = Fd{::socket(af_of(family), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket_) {
    end(DnsOutcome::local, errno);
    return false;
  }
  queue_errors(socket_, family);
  if (ask_.source && ask_.source->family() == family) {
    const SockAddr own = to_sockaddr({*ask_.source, 0});
    if (::bind(socket_.get(), own.get(), own.length) != 0) {
      end(DnsOutcome::local, errno);
      return false;
    }
  }
  const SockAddr remote = to_sockaddr(ask_.server);
  if (::connect(socket_.get(), remote.get(), remote.length) != 0) {
    end(DnsOutcome::local, errno);
    return false;
  }
  return true;
}

// An error of the socket: ICMP when the queue says so, this machine's own otherwise. False when it
// was only advice.
bool UdpExchange::take_error(int os_code) {
  while (auto note = take_note(socket_, ask_.server.address)) {
    if (is_advice(*note)) continue;
    end(outcome_of(*note), note->os_code);
    reply_.icmp = std::move(*note);
    return true;
  }
  if (os_code == EMSGSIZE) return false;
  end(DnsOutcome::local, os_code);
  return true;
}

// False when the question has ended.
bool UdpExchange::send(const std::string& bytes) {
  while (true) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      ++reply_.tries;
      return true;
    }
    if (errno == EINTR) continue;
    // The queue of the device is full: as good as lost on the way.
    if (errno == EAGAIN || errno == ENOBUFS) return true;
    return !take_error(errno);
  }
}

// Reads what is there. True when the question has ended.
bool UdpExchange::receive() {
  while (!is_interrupted()) {
    const auto got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    if (got < 0) {
      if (take_error(errno)) return true;
      continue;
    }
    const auto length = std::min(static_cast<std::size_t>(got), buffer_.size());
    switch (take_arrival({buffer_.data(), length}, query_, ask_.keep, reply_)) {
      case Arrival::stray: continue;
      case Arrival::broken: end(DnsOutcome::malformed); return true;
      case Arrival::answer: end(DnsOutcome::answered); return true;
    }
  }
  return true;
}

Task<void> UdpExchange::run() {
  const auto bytes = codec::write_dns_query(query_);
  if (!bytes) {
    reply_.detail = bytes.error().text;
    end(DnsOutcome::local, EINVAL);
    co_return;
  }
  if (is_interrupted()) co_return end(DnsOutcome::interrupted);
  if (!open()) co_return;
  Loop& loop = Loop::current();
  const Instant began = Clock::now();
  const Instant last = std::min(ask_.deadline, began + ask_.wait);
  for (int number = 1; number <= limits::kDnsTries; ++number) {
    if (!send(*bytes)) co_return;
    const bool is_last = number == limits::kDnsTries;
    const Instant until = is_last ? last : std::min(last, began + number * ask_.try_wait);
    while (co_await loop.readable(socket_, until)) {
      if (receive()) break;
    }
    if (is_interrupted()) end(DnsOutcome::interrupted);
    if (reply_.outcome != DnsOutcome::timeout) co_return;
    if (until >= last) break;
  }
  // From a connected socket these come from the server itself: it speaks, of something else.
  if (reply_.strays > 0) {
    reply_.detail = "the server sends only answers to other questions";
    co_return end(DnsOutcome::malformed);
  }
  // Silence that was not heard out is not silence.
  if (last < began + ask_.wait) end(DnsOutcome::interrupted);
}

// --- TCP: the same question with its length in front (RFC 1035 section 4.2.2) ---

Task<bool> read_all(const Fd& socket, std::span<std::byte> into, Instant deadline,
                    DnsReply& reply) {
  while (!into.empty()) {
    const ReadResult result = co_await read_some(socket, into, deadline);
    if (result.end == ReadEnd::more) {
      into = into.subspan(result.bytes);
      continue;
    }
    switch (result.end) {
      case ReadEnd::timeout: reply.os_code = ETIMEDOUT; break;
      case ReadEnd::reset: reply.os_code = ECONNRESET; break;
      case ReadEnd::eof: reply.os_code = ECONNABORTED; break;
      default: reply.os_code = result.os_code; break;
    }
    co_return false;
  }
  co_return true;
}

Task<void> exchange_over(const Fd& socket, const codec::DnsQuery& query, const codec::DnsKeep& keep,
                         Instant deadline, DnsReply& reply) {
  const auto bytes = codec::write_dns_query(query);
  if (!bytes) co_return;
  std::string framed;
  framed += static_cast<char>((bytes->size() >> 8) & 0xff);
  framed += static_cast<char>(bytes->size() & 0xff);
  framed += *bytes;
  const WriteResult written =
      co_await write_all(socket, std::as_bytes(std::span{framed}), deadline);
  if (written.end != WriteEnd::all) {
    reply.os_code = written.end == WriteEnd::timeout ? ETIMEDOUT : written.os_code;
    co_return;
  }
  std::array<std::byte, 2> prefix{};
  if (!co_await read_all(socket, prefix, deadline, reply)) co_return;
  const auto length = static_cast<std::size_t>((std::to_integer<unsigned>(prefix[0]) << 8) |
                                               std::to_integer<unsigned>(prefix[1]));
  std::vector<std::byte> message(length);
  if (!co_await read_all(socket, message, deadline, reply)) {
    reply.outcome = DnsOutcome::malformed;
    reply.detail = fmt::format("over TCP a message of {} bytes is announced and not sent", length);
    co_return;
  }
  // Nobody else can send on this connection: an answer to another question is the server's own.
  const Arrival arrival = take_arrival(message, query, keep, reply);
  reply.outcome = arrival == Arrival::answer ? DnsOutcome::answered : DnsOutcome::malformed;
  if (arrival == Arrival::stray) reply.detail = "over TCP the server answers another question";
  reply.os_code = 0;
}

Task<void> ask_over_tcp(const DnsAsk& ask, const codec::DnsQuery& query, DnsReply& reply) {
  const Instant deadline = std::min(ask.deadline, Clock::now() + ask.wait);
  reply.over_tcp = true;
  reply.outcome = DnsOutcome::tcp_failed;
  ++reply.tries;
  ConnectOptions options{.remote = ask.server, .source = {}, .deadline = deadline};
  if (ask.source && ask.source->family() == ask.server.address.family())
    options.source = ask.source;
  ConnectResult connected = co_await connect_tcp(options);
  if (connected.outcome == ConnectOutcome::open) {
    co_await exchange_over(connected.socket, query, ask.keep, deadline, reply);
  } else {
    reply.os_code = connected.outcome == ConnectOutcome::silent ? ETIMEDOUT : connected.os_code;
    reply.icmp = std::move(connected.icmp);
    if (connected.outcome == ConnectOutcome::local) reply.outcome = DnsOutcome::local;
  }
  if (is_interrupted() && reply.outcome != DnsOutcome::answered)
    reply.outcome = DnsOutcome::interrupted;
}

// Servers from before EDNS answer FORMERR or NOTIMP to it, without an OPT record of their own
// (RFC 6891 section 7): they are asked again in plain words.
bool dislikes_edns(const DnsReply& reply, const codec::DnsQuery& query) {
  if (reply.outcome != DnsOutcome::answered || !query.edns || reply.message->edns) return false;
  return reply.message->rcode == codec::rcode::kFormErr ||
         reply.message->rcode == codec::rcode::kNotImp;
}

}  // namespace

std::string_view name(DnsOutcome outcome) {
  constexpr std::array<std::string_view, 8> kNames{"answered",    "timeout",    "refused",
                                                   "unreachable", "malformed",  "tcp-failed",
                                                   "local",       "interrupted"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

Task<DnsReply> ask_dns(DnsAsk ask) {
  DnsReply reply;
  const Instant began = Clock::now();
  ask.query.id = random_id();
  if (!ask.only_tcp) {
    co_await UdpExchange{ask, ask.query, reply}.run();
    if (dislikes_edns(reply, ask.query)) {
      ask.query.edns = false;
      ask.query.id = random_id();
      reply.outcome = DnsOutcome::timeout;
      co_await UdpExchange{ask, ask.query, reply}.run();
    }
    reply.truncated = reply.message && reply.message->truncated;
  }
  const bool cut = reply.outcome == DnsOutcome::answered && reply.truncated;
  if (ask.only_tcp || (cut && ask.may_use_tcp && !is_interrupted())) {
    co_await ask_over_tcp(ask, ask.query, reply);
  }
  reply.elapsed = Clock::now() - began;
  co_return reply;
}

}  // namespace causeway::net
