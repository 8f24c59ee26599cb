// What a log tells as a whole: per failure and origin how often, when it began and when it ended,
// out of how many requests. Memory does not grow with the log.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codec/log_line.hpp"
#include "explain/limits.hpp"
#include "explain/meaning.hpp"

namespace causeway::explain {

// A time without a pause longer than limits::kQuiet. Milliseconds since 1970.
struct Episode {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::uint64_t count = 0;
};

struct Counted {
  std::string name;
  std::uint64_t count = 0;
};

// The most frequent of many names, within a fixed number of places (Space-Saving, Metwally et al.
// 2005): the counts of names that came late may be too high, never too low.
class TopNames {
 public:
  void add(std::string_view name, std::uint64_t weight);
  const std::vector<Counted>& all() const { return names_; }  // most frequent first

 private:
  std::vector<Counted> names_;
};

struct Group {
  Meaning meaning;
  std::string origin;
  bool secure = false;
  std::uint64_t count = 0;
  std::vector<Episode> episodes;  // in order of time; the count of those left out is in the nearest
  TopNames hosts;
  TopNames statuses;
  std::vector<std::string> rays;  // the first few
  std::array<std::uint64_t, codec::kLogFormats> formats{};
  std::uint64_t first_line = 0;  // number of the line, from 1
  std::string first_text;        // that line, printable
  std::string file;              // where it stands

  std::int64_t first() const;  // codec::kNoTime when no line had a time
  std::int64_t last() const;
};

// A line of this format stands for a request; the others are messages about one, or about none.
constexpr bool is_request(codec::LogFormat format) {
  switch (format) {
    case codec::LogFormat::unknown:
    case codec::LogFormat::nginx_error:
    case codec::LogFormat::apache_error:
    case codec::LogFormat::haproxy_health: return false;
    default: return true;
  }
}

class Summary {
 public:
  // A line that was understood, and what it means.
  void add(const codec::LogLine& line, const Meaning& meaning, std::string_view text,
           std::uint64_t number, std::string_view file);
  // The common case: nothing wrong in this line.
  void add_fine(const codec::LogLine& line) {
    const std::uint64_t requests = is_request(line.format) ? line.weight : 0;
    ++lines_;
    fine_ += requests;
    ++formats_[static_cast<std::size_t>(line.format)];
    seen_at(line, requests, 0);
  }
  void add_unknown(std::string_view text, std::uint64_t number);
  void add_outside() { ++lines_, ++outside_; }
  void add_bytes(std::uint64_t bytes) { bytes_ += bytes; }

  std::uint64_t lines() const { return lines_; }
  std::uint64_t fine() const { return fine_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t client_left() const { return client_left_; }
  std::uint64_t unknown() const { return unknown_; }
  std::uint64_t outside() const { return outside_; }  // of --since and --until
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t not_grouped() const { return not_grouped_; }
  bool zoned() const { return zoned_; }
  std::int64_t first() const { return first_; }
  std::int64_t last() const { return last_; }
  const std::array<std::uint64_t, codec::kLogFormats>& formats() const { return formats_; }
  const std::string& unknown_text() const { return unknown_text_; }
  // What of the logs was not read, in sentences: a file that is cut off, an interrupt.
  void add_not_read(std::string why) { not_read_.push_back(std::move(why)); }
  const std::vector<std::string>& not_read() const { return not_read_; }
  std::uint64_t unknown_line() const { return unknown_line_; }

  // Most frequent first: failures, then trouble; clients that left in a list of their own.
  std::vector<const Group*> groups(Part part) const;

  struct Rate {
    std::uint64_t requests = 0;
    std::uint64_t failed = 0;
  };
  // Requests of access logs within a span of time, as near as the width of a bucket allows.
  Rate rate(std::int64_t first, std::int64_t last) const;

 private:
  struct Bucket {
    std::int64_t at = codec::kNoTime;
    Rate rate;
  };
  void seen_at(const codec::LogLine& line, std::uint64_t requests, std::uint64_t failed);
  void count_in_bucket(std::int64_t at, std::uint64_t requests, std::uint64_t failed);
  void widen();
  Group* group_for(const codec::LogLine& line, const Meaning& meaning);

  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> places_;
  std::string key_;
  std::vector<Bucket> buckets_;  // hashed by time, open addressing
  std::size_t buckets_used_ = 0;
  std::int64_t width_ = 60'000;
  std::int64_t bucket_at_ = codec::kNoTime;
  std::size_t bucket_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t fine_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t client_left_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t outside_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t not_grouped_ = 0;
  bool zoned_ = true;
  std::int64_t first_ = codec::kNoTime;
  std::int64_t last_ = codec::kNoTime;
  std::array<std::uint64_t, codec::kLogFormats> formats_{};
  std::string unknown_text_;
  std::vector<std::string> not_read_;
  std::uint64_t unknown_line_ = 0;
};

}  // namespace causeway::explain
