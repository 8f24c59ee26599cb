// One JSON line a request, with the whole story of its attempts. Lines gather in memory and are
// handed over a few times a second; who writes them is not the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/http1_incoming.hpp"
#include "edge/config.hpp"
#include "edge/log_file.hpp"
#include "edge/reply.hpp"
#include "edge/story.hpp"

namespace causeway::edge {

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
