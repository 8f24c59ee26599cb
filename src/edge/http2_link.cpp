#include "edge/http2_link.hpp"

#include <algorithm>
#include <utility>

#include "edge/limits.hpp"
#include "edge/scratch.hpp"
#include "net/loop.hpp"

namespace causeway::edge {

using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

Http2Link::Http2Link(std::unique_ptr<Link> link, const Timeouts& timeouts,
                     net::H2AskerLimits limits, std::size_t streams)
    : link_(std::move(link)),
      timeouts_(timeouts),
      streams_(streams),
      asker_(limits),
      idle_since_(Loop::current().now()) {
  to_send_.set();
  work_.start(write_out());
  work_.start(read_in());
}

Http2Link::~Http2Link() {
  work_.abandon();
  if (end_ && *end_ != End::broken) return;  // nobody is there, or nobody reads
  // A goodbye, as far as it goes without waiting.
  if (!end_) asker_.go_away();
  out_.clear();
  if (asker_.pull(out_, limits::kEdgeH2OutAtOnce) && !out_.empty()) {
    link_->stream->write_now(std::as_bytes(std::span{out_}));
  }
  link_->stream->finish();
}

bool Http2Link::has_room() const {
  return !end_ && !retired_ && calls_.size() < streams_ && asker_.takes_more() &&
         !Loop::hung_up(link_->stream->socket());
}

std::optional<std::int32_t> Http2Link::ask(const net::H2Asker::Question& question,
                                           Http2Call& call) {
  if (end_) return std::nullopt;
  const auto stream = asker_.ask(question, call);
  if (!stream) return stream;
  calls_.push_back(&call);
  to_send_.set();
  return stream;
}

void Http2Link::forget(std::int32_t stream, Http2Call& call) {
  std::erase(calls_, &call);
  asker_.forget(stream);
  if (calls_.empty()) idle_since_ = Loop::current().now();
  to_send_.set();
}

void Http2Link::resume(std::int32_t stream) {
  asker_.resume(stream);
  to_send_.set();
}

void Http2Link::consumed(std::int32_t stream, std::size_t bytes) {
  asker_.consumed(stream, bytes);
  to_send_.set();
}

void Http2Link::finish(End end) {
  if (end_) return;
  end_ = end;
  spoke_.set();
  for (Http2Call* call : calls_) call->on_connection_end();
}

// Nothing more is to be read: the server went away, or broke the rules.
void Http2Link::finish_session() {
  if (!asker_.went_away()) return finish(End::broken);
  last_read_ = {.end = ReadEnd::eof};
  finish(End::read);
}

net::Task<void> Http2Link::read_in() {
  Loop& loop = Loop::current();
  while (!end_) {
    const auto got = link_->stream->read_now(shared_buffer());
    if (got.end == ReadEnd::later) {
      co_await loop.read_edge(link_->stream->socket(), kNever);
      if (loop.interrupted()) co_return;
      continue;
    }
    if (got.end != ReadEnd::more) {
      last_read_ = net::read_after(last_write_, got);
      co_return finish(End::read);
    }
    const bool fine =
        asker_.feed({reinterpret_cast<const char*>(shared_buffer().data()), got.bytes});
    to_send_.set();  // the writer says why, when it is not
    if (asker_.spoke()) spoke_.set();
    if (!fine) co_return finish(End::broken);
    if (asker_.finished()) co_return finish_session();
    if (!co_await loop.turn(kNever)) co_return;
  }
}

net::Task<void> Http2Link::write_out() {
  Loop& loop = Loop::current();
  while (true) {
    if (!co_await to_send_.wait(kNever)) co_return;
    to_send_.clear();
    while (true) {
      out_.clear();
      if (!asker_.pull(out_, limits::kEdgeH2OutAtOnce)) co_return finish(End::broken);
      if (out_.empty()) break;
      last_write_ = co_await link_->stream->write(std::as_bytes(std::span{out_}),
                                                  loop.now() + timeouts_.write_stall);
      if (last_write_.end == WriteEnd::timeout) co_return finish(End::stalled);
      if (last_write_.end != WriteEnd::all) co_return;  // the reader meets the end, too
    }
    // What breaks the rules is told to the other side first; then nghttp2 reads no more.
    if (asker_.finished()) co_return finish_session();
    if (out_.capacity() > 2 * limits::kEdgeH2OutAtOnce || calls_.empty()) std::string{}.swap(out_);
  }
}

}  // namespace causeway::edge
