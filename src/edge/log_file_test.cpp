#include "edge/log_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <string>

#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

constexpr std::chrono::seconds kLong{5};

// A pipe with a name, and the end that reads.
class Pipe {
 public:
  Pipe()
      : path_(std::filesystem::path{testing::TempDir()} /
              ("causeway-log-" + std::to_string(::getpid()))) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    end_ = net::Fd{::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    ::fcntl(end_.get(), F_SETFL, 0);  // what is not there yet is waited for
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_.native(); }

  std::string read(std::size_t most) {
    std::array<char, 65536> buffer{};
    std::string out;
    while (out.size() < most) {
      const auto got =
          ::read(end_.get(), buffer.data(), std::min(buffer.size(), most - out.size()));
      if (got <= 0) break;
      out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  std::filesystem::path path_;
  net::Fd end_;
};

TEST(LogFile, NobodyWaitsForAReader) {
  Pipe pipe;
  std::atomic<int> told = 0;
  auto log = LogFile::open(pipe.path(), [&](const std::string& line) {
    EXPECT_EQ(line, "the access log lost 2 lines that nothing took in time");
    ++told;
  });
  ASSERT_TRUE(log) << log.error().text;
  const std::string batch = std::string(limits::kEdgeLogWaiting / 4 - 1, 'x') + "\n";
  for (int i = 0; i < 4; ++i) EXPECT_EQ((*log)->write(batch), 0U);
  EXPECT_EQ((*log)->write("one\ntwo\n"), 2U);
  // Somebody reads after all: what was taken comes whole, and what was lost is told once.
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pipe.read(batch.size()), batch);
  (*log)->finish(kLong);
  ASSERT_EQ((*log)->write("three\n"), 0U);
  EXPECT_EQ(pipe.read(6), "three\n");
  (*log)->finish(kLong);
  EXPECT_EQ(told, 1);
}

TEST(LogFile, TheEndOfItWaitsForNobody) {
  Pipe pipe;
  const Instant begin = Clock::now();
  {
    auto log = LogFile::open(pipe.path(), [](const std::string&) {});
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_EQ((*log)->write(std::string(200'000, 'x') + "\n"), 0U);
    (*log)->finish(Duration{});
  }
  EXPECT_LT(Clock::now() - begin, kLong);
}

TEST(LogFile, WhatWasTakenIsWrittenAllTheSame) {
  Pipe pipe;
  {
    auto log = LogFile::open(pipe.path(), [](const std::string&) {});
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_EQ((*log)->write("last words\n"), 0U);
  }
  EXPECT_EQ(pipe.read(100), "last words\n");
}

TEST(LogFile, SaysWhyItCannotBeOpened) {
  const auto log = LogFile::open("/nonexistent/access.log", [](const std::string&) {});
  ASSERT_FALSE(log);
  EXPECT_EQ(
      log.error().text,
      "/nonexistent/access.log: cannot be opened for the access log: No such file or directory");
}

}  // namespace
}  // namespace causeway::edge
