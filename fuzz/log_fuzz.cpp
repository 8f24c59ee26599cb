// Every log dialect on arbitrary lines. Beyond not crashing: a line reads the same with and without
// padding behind it, and what is taken from it stays within what a line can hold.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "codec/log_line.hpp"

namespace causeway::codec {
namespace {

void same(const LogLine& a, const LogLine& b) {
  const bool equal = a.format == b.format && a.at == b.at && a.status == b.status &&
                     a.origin == b.origin && a.host == b.host && a.flags == b.flags &&
                     a.words == b.words && a.more == b.more && a.weight == b.weight &&
                     a.origin_status == b.origin_status;
  if (!equal) std::abort();
}

void check(const LogLine& line, std::size_t size) {
  for (const auto text : {line.origin, line.host, line.flags, line.words, line.more, line.ray}) {
    if (text.size() > size) std::abort();
  }
  if (line.status != 0 && (line.status < 9 || line.status > 999)) std::abort();
  if (line.format == LogFormat::unknown) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16 * 1024) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const LogClock clock{60, 1'795'615'331'000};
  LogReader padded{clock};
  LogReader bare{clock};
  for (const auto line : split(text, '\n')) {
    std::string copy{line};
    copy.append(kLogPadding, ' ');
    LogLine a;
    LogLine b;
    const bool first = padded.read(std::string_view{copy}.substr(0, line.size()), true, a);
    const bool second = bare.read(line, false, b);
    if (first != second) std::abort();
    if (!first) continue;
    same(a, b);
    check(a, size);  // a line may have come in pieces
  }
  std::size_t rows = 0;
  const auto told = bare.rows(text, [&](const LogLine& row) {
    check(row, size);
    ++rows;
  });
  if (told && *told != rows) std::abort();
  return 0;
}

}  // namespace causeway::codec
