// A visitor's reply with the cache in between: keeps a copy of what may be stored, and puts a
// stored answer in place of an error or of "not modified".
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "edge/cache_policy.hpp"
#include "edge/cache_status.hpp"
#include "edge/cache_store.hpp"
#include "edge/reply.hpp"
#include "edge/scratch.hpp"

namespace causeway::edge {

class CacheReply final : public Reply {
 public:
  struct Asked {
    std::string key;
    CacheRequest request;      // as the visitor sent it
    StoredPtr stored;          // stale, or null
    bool conditional = false;  // the origin is asked with its validator
    Forward forward = Forward::uri_miss;
    bool collapsed = false;
  };

  CacheReply(Reply& visitor, Scratch& scratch, CacheStore& store, const Config& config,
             Asked asked);
  ~CacheReply() override { give_up(); }

  std::optional<std::string_view> whole_body() override { return visitor_.whole_body(); }
  net::Task<BodyPart> read_body(Instant deadline) override { return visitor_.read_body(deadline); }
  std::span<const codec::HeaderField> request_trailers() const override {
    return visitor_.request_trailers();
  }
  net::Task<bool> interim(int status, std::span<const codec::HeaderField> fields) override {
    return visitor_.interim(status, fields);
  }
  net::Task<bool> begin(const AnswerHead& head, std::string_view body, bool last) override;
  net::Task<bool> write(std::string_view body, bool last) override;
  net::Task<bool> trailers(std::span<const codec::HeaderField> fields) override;
  void cut() override;
  bool visitor_gone() const override { return visitor_.visitor_gone(); }
  std::size_t room() const override { return visitor_.room(); }

  bool stored() const { return stored_now_; }

 private:
  bool stale_instead(const AnswerHead& head) const;
  net::Task<bool> serve(StoredPtr answer, CacheStatus status);
  CacheResponse response(const AnswerHead& head) const;
  void collect(std::string_view body, bool last);
  void give_up();  // nothing of it is stored

  Reply& visitor_;
  Scratch& scratch_;
  CacheStore& store_;
  const Config& config_;
  Asked asked_;
  Instant sent_;
  bool swallow_ = false;  // the visitor has got a stored answer: the origin's goes nowhere
  bool stored_now_ = false;
  std::shared_ptr<StoredAnswer> copy_;  // grows while the answer passes
  std::size_t gathered_ = 0;            // of it, as the store was told
};

// Sends a stored answer. Sets what the story tells of it: status 0 when nothing could be sent,
// because its file cannot be read.
net::Task<bool> serve_stored(Reply& reply, Scratch& scratch, const Config& config,
                             const CacheRequest& request, const StoredAnswer& answer,
                             const CacheStatus& status);

}  // namespace causeway::edge
