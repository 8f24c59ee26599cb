// JSON log lines: one object a line, its fields told apart by the names each product gives them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "codec/log_line.hpp"

namespace causeway::codec {

class JsonLogReader {
 public:
  JsonLogReader();
  ~JsonLogReader();
  JsonLogReader(JsonLogReader&&) noexcept;
  JsonLogReader& operator=(JsonLogReader&&) noexcept;

  // As LogReader::read.
  bool read(std::string_view line, bool padded, LogClock& clock, LogLine& out);
  // As LogReader::rows.
  std::optional<std::size_t> rows(std::string_view document, LogClock& clock, const void* context,
                                  void (*each)(const void*, const LogLine&));

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace causeway::codec
