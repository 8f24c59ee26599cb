// Ways to an origin: its addresses, connections that wait to be used again, and new ones by the
// same stages and mappings as a diagnosis.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/config.hpp"
#include "edge/origin_queue.hpp"
#include "edge/origin_record.hpp"
#include "edge/story.hpp"
#include "model/failure.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::reach {
struct Resolution;
}

namespace causeway::edge {

class OriginState;
class Http2Link;

// One connection to an origin. Counted by its OriginState while it exists.
struct Link {
  std::unique_ptr<net::Stream> stream;
  Endpoint address;
  bool secure = false;
  bool http2 = false;           // agreed on, or known beforehand
  std::uint64_t name_hash = 0;  // of SNI and certificate name: another name is another connection
  int answered = 0;             // requests so far
  Instant idle_since;
};

// What a connection is to be: one that waits is used again only when all of it is the same.
struct LinkWish {
  bool secure = false;
  std::string_view sni;   // empty: none is sent
  std::string_view host;  // what the certificate must be for
  bool upgrade = false;   // HTTP/1.1 is needed: the visitor wants to change the protocol
  Endpoint visitor;       // for a PROXY header
  Endpoint listener;
};

// Addresses of one origin by its name, for a while.
struct Addresses {
  std::vector<IpAddress> list;  // in the order of the family preference
  std::optional<model::FailureId> failure;
  std::string because;
  Instant until;        // asked again after it
  Instant stale_until;  // the list outlives a failing resolver until then

  void take(reach::Resolution found, FamilyPreference family, Instant now);
};

// One origin of one worker, as long as its configuration lives.
class OriginState {
 public:
  // `queue`: requests that may wait for a place among Origin::connections.
  OriginState(const Origin& origin, const Timeouts& timeouts, Duration rest, std::size_t queue);
  OriginState(const OriginState&) = delete;
  OriginState& operator=(const OriginState&) = delete;
  ~OriginState();

  const Origin& origin() const { return origin_; }

  // A kept connection that is still good, the last one used first. Null when there is none.
  std::unique_ptr<Link> take_idle(const LinkWish& wish, std::optional<Endpoint> address);
  void give_idle(std::unique_ptr<Link> link);

  // --- HTTP/2: connections that several requests share ---
  // One with room for this request; null when there is none.
  std::shared_ptr<Http2Link> take_shared(const LinkWish& wish, std::optional<Endpoint> address);
  // The same, but first waits for a connection that another request is opening now: many who come
  // at once need one connection. `until` at most.
  net::Task<std::shared_ptr<Http2Link>> join(LinkWish wish, Endpoint address, Instant until);
  // A new connection becomes one that others may use as well. `alone`: for one request only.
  std::shared_ptr<Http2Link> share(std::unique_ptr<Link> link, std::size_t head_bytes, bool alone);
  // Whether a connection for `wish` is, or may turn out to be, HTTP/2.
  bool may_share(const LinkWish& wish) const;
  // All connections end now: before the loop they run on does.
  void close();
  // Closes those that were idle too long or that the origin closed meanwhile.
  void sweep(Instant now);

  // `found`, in the order to be tried now.
  std::vector<IpAddress> ordered(const Addresses& found) const;
  // Where the origin is. Asks DNS at most once at a time.
  net::Task<const Addresses*> addresses(std::string_view resolver);

  // The origin's port for a visitor's scheme.
  std::uint16_t port(bool secure) const;

  // A new connection; on failure the attempt says why. Not later than the stages' own limits, nor
  // than `until`.
  net::Task<std::unique_ptr<Link>> connect(Endpoint address, LinkWish wish, Attempt& attempt,
                                           Instant until = kNever);

  // Circuit memory: an address where nothing answered is left alone for a while, so that a connect
  // time-out is paid once and not by every visitor. Who comes first after the rest tries again,
  // and the others go on resting until it knows more.
  std::optional<model::FailureId> remembered(const IpAddress& address, std::string& because);
  void remember(const IpAddress& address, model::FailureId failure, Duration rest);
  bool rests(Instant now) const;  // every known address does
  // This address was there when another was not: it comes first, as long as a silent one rests.
  void prefer(const IpAddress& address);

  std::size_t idle() const { return idle_.size(); }
  std::size_t in_use = 0;  // requests under way
  OriginQueue queue;
  OriginRecord record;
  OriginEvidence* evidence = nullptr;  // where attempts are told; may be null
  // Whoever changed the record's circuit says so: what it is now goes into the evidence.
  void tell_circuit(Instant now);

 private:
  net::Task<void> resolve(std::string_view resolver);
  class OpeningNow;
  std::vector<std::string> alpn(const LinkWish& wish) const;
  bool agree(Link& link, std::string_view alpn, const LinkWish& wish, Attempt& attempt);
  net::Task<std::unique_ptr<Link>> open(Endpoint address, LinkWish wish, Attempt& attempt,
                                        Instant until);
  net::Task<bool> write_proxy_header(const net::Fd& socket, const LinkWish& wish, Attempt& attempt);
  net::Task<bool> secure(Link& link, net::Fd socket, const LinkWish& wish, Attempt& attempt,
                         Instant until);

  const Origin& origin_;
  const Timeouts& timeouts_;
  Duration rest_;
  std::vector<std::unique_ptr<Link>> idle_;  // the oldest first
  Addresses addresses_;
  struct Opening {  // a connection under way
    Endpoint address;
    std::uint64_t name_hash = 0;
    bool connected = false;
    net::Event done;
  };
  std::vector<std::shared_ptr<Http2Link>> shared_;  // the oldest first
  std::vector<std::shared_ptr<Opening>> opening_;
  std::optional<bool> agreed_http2_;  // what the last handshake agreed on

  struct Rest {
    IpAddress address;
    model::FailureId failure;
    Instant since;
    Instant until;
  };
  std::vector<Rest> rests_;
  std::optional<IpAddress> preferred_;
  Instant preferred_until_{};
  bool literal_ = false;
  bool resolving_ = false;
  CircuitState told_ = CircuitState::closed;  // of the circuit, to the evidence
  Instant told_until_{};
};

// Whether the connection to an origin is TLS, for a visitor who came so.
bool wants_tls(const Origin& origin, bool visitor_secure);

}  // namespace causeway::edge
