// Who of the edge is refused by a web server's own lists, asked for "/" of each site: in the order
// and at the level that the server itself looks at them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "firewall/interval_set.hpp"
#include "inspect/server_config.hpp"

namespace causeway::inspect {

// Clients of both families.
struct Clients {
  firewall::IntervalSet v4;
  firewall::IntervalSet v6;

  static Clients of(const std::vector<Prefix>& prefixes);
  static Clients all();
  bool empty() const { return v4.empty() && v6.empty(); }
  bool covers(const Clients& other) const { return v4.covers(other.v4) && v6.covers(other.v6); }
  Clients unite(const Clients& o) const { return {v4.unite(o.v4), v6.unite(o.v6)}; }
  Clients intersect(const Clients& o) const { return {v4.intersect(o.v4), v6.intersect(o.v6)}; }
  Clients subtract(const Clients& o) const { return {v4.subtract(o.v4), v6.subtract(o.v6)}; }
  // A few of them, for a person; more than `most`: the first ones.
  std::vector<std::string> shown(std::size_t most) const;
};

struct Refusal {
  const Directive* by = nullptr;  // the line that decides
  Clients clients;                // of the edge
  // Why it may be no fault: about a part of a site, or meant so. Empty: it is one.
  std::string doubt;
  // The doubt is that it names nobody of the edge: an office's own pages look like that.
  bool meant = false;
};

// A limit of requests that counts the edge's own addresses.
struct CountsTheEdge {
  const Directive* by = nullptr;
};

struct Access {
  std::vector<Refusal> refusals;
  std::vector<CountsTheEdge> limits;
};

struct AccessQuestion {
  std::vector<Prefix> edge;
  std::vector<std::uint16_t> ports;
};

// Of the others (Caddy, LiteSpeed, rules of ModSecurity) each line is told by itself: sites.cpp.
bool follows_access(std::string_view server);
Access access_of(std::string_view server, const std::vector<Directive>& all,
                 const AccessQuestion& question);

// --- for the servers' own files ---

Access nginx_access(const std::vector<Directive>& all, const AccessQuestion& question);
Access apache_access(const std::vector<Directive>& all, const AccessQuestion& question);
Access haproxy_access(const std::vector<Directive>& all, const AccessQuestion& question);

// A block: what stands directly in it. The first one is the whole file. What stands in a block
// whose own line is not kept (nginx' `if`) holds under a condition and is in no block.
struct Block {
  const Directive* by = nullptr;
  std::size_t parent = 0;
  std::vector<const Directive*> own;
  std::vector<std::size_t> inner;  // blocks

  const Directive* first(std::string_view name) const;
  bool has(std::string_view name) const { return first(name) != nullptr; }
};
std::vector<Block> blocks_of(const std::vector<Directive>& all);

// "80", "*:443", "[::]:443", "198.51.100.10:8443"; what is not understood serves any port.
bool serves(std::string_view listen, const std::vector<std::uint16_t>& ports);
// When every site on the ports asked for is shut to all of the edge, nobody may have meant it.
void settle_meant(Access& access, std::size_t sites, std::size_t shut);
// A pattern that a path of one slash may match.
bool may_match_root(std::string_view pattern);

}  // namespace causeway::inspect
