// One JSON line a request, with the whole story of its attempts. Lines gather in memory and go to
// the file a few times a second, so that a slow disk holds up no request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/http1_incoming.hpp"
#include "edge/config.hpp"
#include "edge/reply.hpp"
#include "edge/story.hpp"
#include "net/fd.hpp"

namespace causeway::edge {

// Where lines go; shared by all workers. Writes whole batches of lines in one call (O_APPEND).
class LogFile {
 public:
  // Empty: stdout.
  static Parsed<std::shared_ptr<LogFile>> open(const std::string& path);
  explicit LogFile(net::Fd file) : file_(std::move(file)) {}
  // How much was taken; less than all when the disk is full or the pipe is.
  std::size_t write(std::string_view lines);

 private:
  net::Fd file_;
};

// Of one worker.
class LogWriter {
 public:
  void use(std::shared_ptr<LogFile> file, const AccessLog& rules);
  void add(const Visitor& visitor, const codec::RequestHead& request, const Story& story,
           Instant now, WallTime wall);
  bool empty() const { return lines_.empty(); }
  void flush();
  std::uint64_t lost() const { return lost_; }  // lines that nothing took in time

 private:
  std::shared_ptr<LogFile> file_;
  AccessLog rules_;
  std::string lines_;
  std::uint64_t lost_ = 0;
  std::uint32_t sampled_ = 0;
};

}  // namespace causeway::edge
