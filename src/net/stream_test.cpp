#include "net/stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "net/loop.hpp"

namespace causeway::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Pair {
  Fd a;
  Fd b;
};

Pair socket_pair() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {Fd{fds[0]}, Fd{fds[1]}};
}

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

Task<std::string> read_to_end(Stream& stream, ReadEnd& end) {
  std::string all;
  std::array<std::byte, 4096> buffer{};
  while (true) {
    const ReadResult got = co_await stream.read(buffer, Loop::current().now() + seconds{10});
    end = got.end;
    if (got.end != ReadEnd::more) co_return all;
    all.append(reinterpret_cast<const char*>(buffer.data()), got.bytes);
  }
}

TEST(Stream, ReadsWhatIsWrittenUntilTheEnd) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto left = plain_stream(std::move(a));
    auto right = plain_stream(std::move(b));
    ReadEnd end{};
    auto reading = start(read_to_end(*left, end));
    const std::string big(3'000'000, 'x');  // many times what the kernel takes at once
    const auto sent = co_await right->write(bytes(big), Loop::current().now() + seconds{10});
    EXPECT_EQ(sent.end, WriteEnd::all);
    EXPECT_EQ(sent.bytes, big.size());
    right.reset();
    EXPECT_EQ(co_await reading, big);
    EXPECT_EQ(end, ReadEnd::eof);
  }());
}

TEST(Stream, SeesAnEndThatCameTogetherWithTheLastBytes) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    std::array<std::byte, 64> buffer{};
    // Registered first, so that data and end arrive in one edge.
    const auto nothing = co_await stream->read(buffer, Loop::current().now());
    EXPECT_EQ(nothing.end, ReadEnd::timeout);
    EXPECT_EQ(::send(b.get(), "last", 4, 0), 4);
    b.reset();
    ReadEnd end{};
    EXPECT_EQ(co_await read_to_end(*stream, end), "last");
    EXPECT_EQ(end, ReadEnd::eof);
  }());
}

TEST(Stream, TimesOutWhenNothingComes) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    std::array<std::byte, 64> buffer{};
    const auto got = co_await stream->read(buffer, Loop::current().now() + milliseconds{2});
    EXPECT_EQ(got.end, ReadEnd::timeout);
    EXPECT_EQ(got.bytes, 0U);
  }());
}

TEST(Stream, TimesOutWhenThePeerStopsReading) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    const std::string big(20'000'000, 'x');
    const auto sent = co_await stream->write(bytes(big), Loop::current().now() + milliseconds{5});
    EXPECT_EQ(sent.end, WriteEnd::timeout);
    EXPECT_GT(sent.bytes, 0U);
    EXPECT_LT(sent.bytes, big.size());
  }());
}

TEST(Stream, TellsThatThePeerIsGone) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    b.reset();
    const auto sent = co_await stream->write(bytes("x"), kNever);
    EXPECT_EQ(sent.end, WriteEnd::reset);
    EXPECT_EQ(sent.os_code, EPIPE);
  }());
}

// A peer that half-closes and never reads: the end of its side must not look like room to write.
TEST(Stream, WaitsForRoomThoughThePeerHasClosedItsSide) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    EXPECT_EQ(::shutdown(b.get(), SHUT_WR), 0);
    const std::string big(20'000'000, 'x');
    const auto sent = co_await stream->write(bytes(big), Loop::current().now() + milliseconds{5});
    EXPECT_EQ(sent.end, WriteEnd::timeout);
  }());
}

TEST(Stream, GivesWhatIsThereEvenAtTheDeadline) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    EXPECT_EQ(::send(b.get(), "now", 3, 0), 3);
    std::array<std::byte, 64> buffer{};
    const auto got = co_await stream->read(buffer, Loop::current().now());
    EXPECT_EQ(got.end, ReadEnd::more);
    EXPECT_EQ(got.bytes, 3U);
  }());
}

TEST(Stream, IsInterruptedEvenWhenTheOtherSideNeverPauses) {
  Loop loop;
  loop.run([]() -> Task<void> {
    Loop& here = Loop::current();
    auto [a, b] = socket_pair();
    const auto stream = plain_stream(std::move(a));
    std::array<std::byte, 1> buffer{};
    ReadEnd end = ReadEnd::more;
    here.interrupt();
    for (int i = 0; i < 100'000 && end == ReadEnd::more; ++i) {
      [[maybe_unused]] const auto sent = ::send(b.get(), "xxxxxxxx", 8, MSG_DONTWAIT);
      end = (co_await stream->read(buffer, kNever)).end;
    }
    EXPECT_EQ(end, ReadEnd::timeout);
  }());
}

}  // namespace
}  // namespace causeway::net
