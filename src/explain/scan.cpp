#include "explain/scan.hpp"

#include <cstring>
#include <span>
#include <vector>

#include "base/text.hpp"
#include "explain/limits.hpp"

namespace causeway::explain {
namespace {

using codec::kNoTime;
using codec::LogFormat;
using codec::LogLine;

constexpr int kFollowLookMs = 1000;  // a rotated file tells nobody

// Nothing in it but a status that says "served": most lines of most logs.
bool plainly_fine(const LogLine& line) {
  if (line.format == LogFormat::caddy && line.words.empty() && line.more.empty())
    return line.status >= 200 && line.status < 400;
  return line.format == LogFormat::access && line.status < 499 && line.status != 444;
}

class Scan {
 public:
  Scan(Source& source, std::string_view file, const ScanOptions& options, Summary& summary)
      : source_(source),
        file_(file),
        options_(options),
        summary_(summary),
        reader_(options.clock),
        buffer_(limits::kBufferBytes + codec::kLogPadding) {}

  Parsed<bool> run() {
    while (true) {
      const auto got = source_.read(std::span{buffer_}.subspan(have_, capacity() - have_));
      if (!got) return std::unexpected(got.error());
      if (*got == 0) {
        if (options_.follow && source_.wait(options_.stop, kFollowLookMs)) continue;
        break;
      }
      summary_.add_bytes(*got);
      have_ += *got;
      lines();
    }
    if (have_ > 0 && !skipping_) line({buffer_.data(), have_});
    if (!document_.empty()) end_document();
    return true;
  }

 private:
  std::size_t capacity() const { return buffer_.size() - codec::kLogPadding; }

  void lines() {
    if (gathering_) return gather();
    const char* at = buffer_.data();
    const char* const end = at + have_;
    while (const auto* next = static_cast<const char*>(
               std::memchr(at, '\n', static_cast<std::size_t>(end - at)))) {
      if (skipping_) {
        skipping_ = false;
      } else {
        line({at, static_cast<std::size_t>(next - at)});
      }
      at = next + 1;
    }
    have_ = static_cast<std::size_t>(end - at);
    std::memmove(buffer_.data(), at, have_);
    if (have_ < limits::kLineBytes) return;
    gathering_ = number_ == 0 && !skipping_ && buffer_.front() == '{';
    if (gathering_) return gather();
    // A line without an end: counted once, and its rest is passed over.
    if (!skipping_) summary_.add_unknown({buffer_.data(), limits::kTextKept}, ++number_);
    skipping_ = true;
    have_ = 0;
  }

  // A whole answer of an API in one long line.
  void gather() {
    if (document_.size() + have_ <= limits::kDocumentBytes) {
      document_.append(buffer_.data(), have_);
      document_lines_ = 1;
    }
    have_ = 0;
  }

  void line(std::string_view text) {
    ++number_;
    if (text.empty() || text == "\r") return;
    LogLine line;
    if (!reader_.read(text, true, line)) {
      if (reader_.in_pieces()) return;
      // A GraphQL answer is one document, often over many lines.
      if (number_ == 1 && text.starts_with('{')) collecting_ = true;
      if (collecting_ && document_.size() + text.size() < limits::kDocumentBytes) {
        document_.append(text).push_back('\n');
        ++document_lines_;
        return;
      }
      summary_.add_unknown(text, number_);
      return;
    }
    understood(line, text);
  }

  void understood(const LogLine& line, std::string_view text) {
    const bool bounded = options_.since != kNoTime || options_.until != kNoTime;
    if (bounded && (line.at == kNoTime || line.at < options_.since ||
                    (options_.until != kNoTime && line.at >= options_.until))) {
      summary_.add_outside();
      return;
    }
    if (plainly_fine(line)) {
      summary_.add_fine(line);
      return;
    }
    const Meaning meaning = meaning_of(line);
    if (meaning.part == Part::fine) {
      summary_.add_fine(line);
      return;
    }
    summary_.add(line, meaning, text, number_, file_);
    if (options_.each) options_.each(line, meaning, text);
  }

  bool take_rows(std::string_view document) {
    const auto count =
        reader_.rows(document, [&](const LogLine& row) { understood(row, "a row of the answer"); });
    if (!count) return false;
    document_.clear();
    return true;
  }

  void end_document() {
    if (take_rows(document_)) return;
    for (std::size_t i = 0; i < document_lines_; ++i)
      summary_.add_unknown(std::string_view{document_}.substr(0, document_.find('\n')), 1);
  }

  Source& source_;
  std::string_view file_;
  const ScanOptions& options_;
  Summary& summary_;
  codec::LogReader reader_;
  std::vector<char> buffer_;
  std::size_t have_ = 0;
  std::uint64_t number_ = 0;
  bool skipping_ = false;
  bool collecting_ = false;
  bool gathering_ = false;
  std::string document_;
  std::size_t document_lines_ = 0;
};

}  // namespace

Parsed<bool> scan(Source& source, std::string_view file, const ScanOptions& options,
                  Summary& summary) {
  return Scan{source, file, options, summary}.run();
}

}  // namespace causeway::explain
