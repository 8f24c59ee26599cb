// What a container's log driver or a collector puts around a line, taken off.
//   Docker, json-file:  {"log":"LINE\n","stream":"stdout","time":"2026-11-25T14:02:11.123456789Z"}
//   Kubernetes, CRI:    2026-11-25T14:02:11.123456789Z stdout F LINE      ("P": more of it follows)
//   kubectl logs --prefix, --timestamps; docker compose logs:  [pod/a/b] LINE, TIME LINE, web-1  |
//   LINE
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::codec {

struct Unwrapped {
  enum class State : std::uint8_t { bare, whole, piece };
  State state = State::bare;
  std::string_view line;   // valid until the next take()
  std::string_view stamp;  // the wrapper's own time, RFC 3339; may be empty
  bool padded = false;     // kLogPadding bytes behind `line` may be read
};

class LogWrap {
 public:
  // Docker's and Kubernetes' forms, which cannot be taken for a log's own. Long lines come in
  // pieces of 16 KB: `piece` until the last one is there. At most limits::kLogLineBytes are kept of
  // one line.
  Unwrapped take(std::string_view line, bool padded);

 private:
  Unwrapped docker(std::string_view line);
  Unwrapped cri(std::string_view line, bool padded);
  void add(std::string_view text);
  bool add_unescaped(std::string_view& rest);
  Unwrapped finished(bool whole, std::string_view stamp);

  std::string text_;      // what was gathered, unescaped
  std::size_t have_ = 0;  // of `text_`
};

// Without what `docker compose logs` and `kubectl logs --prefix` put in front, else the line
// itself.
std::string_view without_source(std::string_view line);
// Without the time that `--timestamps` puts in front. Logs have such times of their own: only for a
// line that cannot be read with it.
std::string_view without_stamp(std::string_view line);

}  // namespace causeway::codec
