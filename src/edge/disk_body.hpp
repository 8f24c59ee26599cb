// The body of a stored answer that is too large for memory, read from its file block by block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "edge/disk_folder.hpp"
#include "net/blocking_threads.hpp"
#include "net/task.hpp"

namespace causeway::edge {

class DiskBody {
 public:
  // `damaged` is called by `block` when it is not what was written.
  DiskBody(OpenBody open, std::shared_ptr<net::BlockingThreads> threads,
           std::function<void()> damaged)
      : open_(std::make_shared<const OpenBody>(std::move(open))),
        threads_(std::move(threads)),
        damaged_(std::move(damaged)) {}

  const OpenBody& open() const { return *open_; }

  // Nothing: it cannot be had, now or at all.
  net::Task<std::optional<std::string>> block(std::size_t index, Instant deadline) const {
    auto got = std::make_shared<std::optional<std::string>>();
    // Not this object: the last to hold it would end the threads, and must be none of them.
    const bool read = co_await threads_->run(
        [open = open_, got, index] { *got = open->read_block(index); }, deadline);
    if (!read) co_return std::nullopt;
    if (!*got) damaged_();
    co_return std::move(*got);
  }

 private:
  std::shared_ptr<const OpenBody> open_;
  std::shared_ptr<net::BlockingThreads> threads_;
  std::function<void()> damaged_;
};

}  // namespace causeway::edge
