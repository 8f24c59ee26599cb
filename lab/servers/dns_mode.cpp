// A DNS server that answers every name, over UDP and TCP, and breaks the message in one chosen way.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <thread>

#include "listen.hpp"

namespace misbehave {
namespace {

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kSoa = 6;
constexpr std::uint16_t kAaaa = 28;
constexpr std::uint32_t kTtl = 300;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kManyRecords = 1000;

std::string number16(unsigned value) {
  return {static_cast<char>((value >> 8U) & 0xffU), static_cast<char>(value & 0xffU)};
}

struct Question {
  std::string id;
  bool recursion_desired = false;
  std::string name;  // wire form
  std::uint16_t type = 0;
  std::string wire;  // the whole section
};

std::optional<Question> parse_question(std::string_view message) {
  if (message.size() < kHeaderBytes + 5) return std::nullopt;
  std::size_t at = kHeaderBytes;
  while (at < message.size() && message[at] != 0) at += static_cast<std::uint8_t>(message[at]) + 1U;
  if (at + 5 > message.size()) return std::nullopt;
  Question question;
  question.id = message.substr(0, 2);
  question.recursion_desired = (static_cast<std::uint8_t>(message[2]) & 1U) != 0;
  question.name = message.substr(kHeaderBytes, at + 1 - kHeaderBytes);
  question.type = static_cast<std::uint16_t>((static_cast<std::uint8_t>(message[at + 1]) << 8U) +
                                             static_cast<std::uint8_t>(message[at + 2]));
  question.wire = message.substr(kHeaderBytes, at + 5 - kHeaderBytes);
  return question;
}

struct Message {
  Question question;
  unsigned flags = 0x8000;
  unsigned answers = 0;
  unsigned authorities = 0;
  std::string records;

  std::string text() const {
    return question.id + number16(flags | (question.recursion_desired ? 0x100U : 0U)) +
           number16(1) + number16(answers) + number16(authorities) + number16(0) + question.wire +
           records;
  }
};

// Pointer to the name in the question.
const std::string kSameName("\xc0\x0c", 2);

std::string record(const std::string& owner, std::uint16_t type, const std::string& data) {
  return owner + number16(type) + number16(1) + number16(0) + number16(kTtl) +
         number16(static_cast<unsigned>(data.size())) + data;
}

void add_soa(Message& message, bool as_answer) {
  const std::string names("\x03ns1\xc0\x0c\x04root\xc0\x0c", 13);
  std::string data = names;
  for (const unsigned value : {1U, 3600U, 600U, 3600U, 60U}) data += number16(0) + number16(value);
  message.records += record(kSameName, kSoa, data);
  ++(as_answer ? message.answers : message.authorities);
}

void add_addresses(Message& message, const Options& options) {
  for (const std::string& text : options.addresses) {
    std::array<char, 16> bytes{};
    const bool six = text.find(':') != std::string::npos;
    if (::inet_pton(six ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) != 1)
      usage("--address: \"" + text + "\" is no address");
    if (message.question.type != (six ? kAaaa : kA)) continue;
    message.records +=
        record(kSameName, message.question.type, std::string(bytes.data(), six ? 16 : 4));
    ++message.answers;
  }
}

std::string good(Message message, const Options& options) {
  if (message.question.type == kSoa)
    add_soa(message, true);
  else
    add_addresses(message, options);
  if (message.answers == 0) add_soa(message, false);
  return message.text();
}

std::string many(Message message, const Options& options, bool over_tcp) {
  if (message.question.type != kA || options.addresses.empty()) return good(message, options);
  if (!over_tcp) {
    message.flags |= 0x200U;  // TC
    return message.text();
  }
  // The same few addresses again and again: as many records as a message holds, all of them good.
  for (unsigned before = 1; message.answers < kManyRecords && before != message.answers;) {
    before = message.answers;
    add_addresses(message, options);
  }
  return message.text();
}

// The asked name is an alias of y.NAME, which is an alias of y.y.NAME ... until a name is full
// (255 bytes, RFC 1035 section 3.1); from there the last label counts instead.
std::string endless_chain(Message message) {
  std::string target = std::string("\x01y", 2) + kSameName;
  if (message.question.name.size() > 240) {
    target = message.question.wire.substr(0, message.question.name.size());
    target[1] = target[1] == 'z' ? 'a' : static_cast<char>(target[1] + 1);
  }
  message.records = record(kSameName, kCname, target);
  message.answers = 1;
  return message.text();
}

std::string loop(Message message) {
  // name CNAME b.name, b.name CNAME name
  const std::string label{1, 'b'};
  const std::string other = label + kSameName;
  message.records = record(kSameName, kCname, other) + record(other, kCname, kSameName);
  message.answers = 2;
  return message.text();
}

// One A record whose owner name is broken.
std::string with_owner(Message message, const std::string& owner) {
  message.records = record(owner, kA, std::string("\xcb\x00\x71\x0a", 4));
  message.answers = 1;
  return message.text();
}

std::string pointer_loop(const Message& message) {
  const std::size_t here = kHeaderBytes + message.question.wire.size();
  return with_owner(message, number16(0xc000U | static_cast<unsigned>(here)));
}

std::string short_data(Message message) {
  message.records = record(kSameName, kA, std::string("\xcb\x00\x71", 3));
  message.answers = 1;
  return message.text();
}

std::string renamed(Message message) {
  message.question.wire[1] = message.question.wire[1] == 'q' ? 'p' : 'q';
  return with_owner(message, kSameName);
}

std::string cut(const Message& message, const Options& options) {
  std::string whole = good(message, options);
  whole.resize(whole.size() - 3);
  return whole;
}

std::string wrong_id(const Message& message, const Options& options) {
  std::string whole = good(message, options);
  whole[0] = static_cast<char>(~whole[0]);
  return whole;
}

std::string truncated(Message message, const Options& options, bool over_tcp) {
  if (over_tcp) return good(std::move(message), options);
  message.flags |= 0x200U;
  return message.text();
}

// Empty: no answer at all.
std::string answer_to(std::string_view asked, const Options& options, bool over_tcp) {
  const auto question = parse_question(asked);
  if (!question || options.kind == "silent") return {};
  Message message;
  message.question = *question;
  message.flags |= options.recursive ? 0x80U : 0x400U;  // RA, or AA
  const std::string& kind = options.kind;
  if (kind == "lame") {
    message.flags &= ~0x400U;
    return message.text();
  }
  if (kind == "rcode") {
    message.flags |= static_cast<unsigned>(options.number) & 15U;
    return message.text();
  }
  if (kind == "many") return many(message, options, over_tcp);
  if (kind == "truncated") return truncated(message, options, over_tcp);
  if (kind == "alias-loop") return loop(message);
  if (kind == "alias-chain") return endless_chain(message);
  if (kind == "pointer-loop") return pointer_loop(message);
  if (kind == "pointer-out") return with_owner(message, "\xff\xff");
  if (kind == "short-data") return short_data(message);
  if (kind == "other-name") return renamed(message);
  if (kind == "cut") return cut(message, options);
  if (kind == "wrong-id") return wrong_id(message, options);
  if (kind == "tcp-garbage" && !over_tcp) return truncated(message, options, false);
  if (kind == "tcp-garbage") return std::string(40, '\xfe');
  if (kind == "garbage") return question->id + std::string(40, '\xfe');
  return good(message, options);
}

void send_answer(int fd, const std::string& asked, const sockaddr_storage& peer, socklen_t length,
                 const Options& options) {
  const std::string reply = answer_to(asked, options, false);
  if (reply.empty()) return;
  ::sendto(fd, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&peer), length);
}

void serve_udp(int fd, const Options& options) {
  std::array<char, 4096> buffer{};
  while (true) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t got = ::recvfrom(fd, buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (got <= 0) continue;
    const std::string asked(buffer.data(), static_cast<std::size_t>(got));
    if (options.delay.count() <= 0) {
      send_answer(fd, asked, from, length, options);
      continue;
    }
    // Each late answer waits by itself: questions asked together are answered together.
    std::thread([=, &options] {
      ::poll(nullptr, 0, static_cast<int>(options.delay.count()));
      send_answer(fd, asked, from, length, options);
    }).detach();
  }
}

void serve_tcp(int listener, const Options& options) {
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    std::thread([fd, &options] {
      Channel channel(fd);
      while (true) {
        const std::string size = channel.receive_exactly(2, Millis{30'000});
        if (size.size() < 2) return;
        const std::size_t count = (std::size_t{static_cast<std::uint8_t>(size[0])} << 8U) +
                                  static_cast<std::uint8_t>(size[1]);
        const std::string asked = channel.receive_exactly(count, Millis{30'000});
        const std::string reply = answer_to(asked, options, true);
        if (reply.empty()) return channel.hold();
        if (!channel.send(number16(static_cast<unsigned>(reply.size())) + reply)) return;
      }
    }).detach();
  }
}

constexpr std::string_view kKinds[] = {"address",      "silent",      "rcode",      "lame",
                                       "many",         "truncated",   "alias-loop", "alias-chain",
                                       "pointer-loop", "pointer-out", "short-data", "other-name",
                                       "cut",          "wrong-id",    "garbage",    "tcp-garbage"};

}  // namespace

int run_dns(const Options& options) {
  bool known = false;
  for (const std::string_view kind : kKinds) known |= kind == options.kind;
  if (!known) usage("dns: no --kind is called \"" + options.kind + "\"");
  for (const int fd : bound_sockets(options, SOCK_DGRAM, -1))
    std::thread([fd, &options] { serve_udp(fd, options); }).detach();
  for (const int fd : bound_sockets(options, SOCK_STREAM, options.backlog))
    std::thread([fd, &options] { serve_tcp(fd, options); }).detach();
  say_ready();
  while (true) ::pause();
}

std::string_view dns_help() {
  return "  dns --kind KIND         * answers every name, UDP and TCP; [--recursive] for RA not "
         "AA\n"
         "     address (--address) silent rcode (--number) lame many truncated alias-loop\n"
         "     alias-chain pointer-loop pointer-out short-data other-name cut wrong-id garbage\n";
}

}  // namespace misbehave
