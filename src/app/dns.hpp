// The flags of `causeway dns`, and what its subcommands share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/interrupt.hpp"
#include "net/loop.hpp"
#include "net/outbound.hpp"
#include "zone/cloudflare.hpp"
#include "zone/store.hpp"
#include "zone/take.hpp"

namespace causeway::app {

struct DnsFlags {  // as they stand on the command line; empty = not given
  std::string zone;
  std::string api{zone::kCloudflareApi};
  std::string token_file;
  bool no_provider = false;
  bool no_servers = false;
  bool no_transfer = false;
  std::vector<std::string> authorities;
  std::string resolver;
  std::string source;
  std::vector<std::string> names;
  std::string store;
  std::string ca;
  std::string format = "text";
  bool no_color = false;
  // diff, export
  std::string before = "latest~1";
  std::string after = "latest";
  std::string which = "latest";
  // drift
  std::vector<std::string> known;
  std::vector<std::string> with;
  std::string edge;
  std::string rdap{"https://rdap.org"};
  bool no_registry = false;
  bool no_probes = false;
  bool fresh_only = false;
  // set, fix, undo, pause, resume
  std::string type;
  std::vector<std::string> values;
  std::string ttl;
  std::string proxied;
  std::string priority;
  bool remove = false;
  bool replace = false;
  bool yes = false;
  bool force = false;
  bool no_purge = false;
  bool no_verify = false;
  std::string pause_for = "10m";
  bool whole_zone = false;
  std::string change;
};

// A known address: of one host, or of all.
struct KnownAddress {
  std::string host;  // empty: of every host
  IpAddress address;
};

// Everything a subcommand of dns works with. Made from flags; the token is read here and goes
// nowhere but into the provider client.
class DnsSession {
 public:
  static Parsed<std::unique_ptr<DnsSession>> open(const DnsFlags& flags);
  // For what changes something: without a token it is wrong use.
  static Parsed<std::unique_ptr<DnsSession>> open_for_change(const DnsFlags& flags);

  zone::Store& store() { return *store_; }
  zone::Cloudflare* provider() { return provider_.get(); }  // null: no token, or --no-provider
  net::Outbound& outbound() { return outbound_; }
  const zone::ServersQuestion& servers() const { return servers_; }
  const DnsFlags& flags() const { return flags_; }
  const std::string& zone() const { return servers_.zone; }

  // A fresh snapshot; progress on stderr.
  Parsed<zone::Snapshot> take(bool ask_servers);

 private:
  explicit DnsSession(const DnsFlags& flags) : flags_(flags) {}

  const DnsFlags& flags_;
  net::Outbound outbound_;
  std::unique_ptr<zone::Store> store_;
  std::unique_ptr<zone::Cloudflare> provider_;
  zone::ServersQuestion servers_;
};

// The token: --token-file, $CLOUDFLARE_API_TOKEN, $CF_API_TOKEN, or the systemd credential
// "cloudflare-token". Empty when there is none.
Parsed<std::string> read_token(const DnsFlags& flags);

Parsed<std::vector<KnownAddress>> known_addresses(const DnsFlags& flags);

// Runs on a loop of its own, which SIGINT and SIGTERM interrupt.
template <class T>
T run_on_loop(net::Task<T> task) {
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  return loop.run(std::move(task));
}

// Each gives the exit code.
int dns_snapshot(const DnsFlags& flags);
int dns_history(const DnsFlags& flags);
int dns_diff(const DnsFlags& flags);
int dns_export(const DnsFlags& flags);
int dns_drift(const DnsFlags& flags);
int dns_set(const DnsFlags& flags);
int dns_fix(const DnsFlags& flags);
int dns_undo(const DnsFlags& flags);
int dns_pause(const DnsFlags& flags);
int dns_resume(const DnsFlags& flags);

// "causeway dns: what" on stderr; returns kCouldNotTell.
int dns_failed(std::string_view what);

}  // namespace causeway::app
