// What lets the edge in on this host: who, to which ports, and in which of the host's own layers.
// Everything that `guard` adds follows from one Grant, so going from one to another (or to none) is
// all that apply, roll-back and sync do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "guard/crowdsec.hpp"

namespace causeway::guard {

// A base chain (or DOCKER-USER) that has to accept the edge.
struct Place {
  std::string stack;   // "nft", "iptables-nft", "iptables-legacy"
  std::string family;  // of the table: "ip", "ip6", "inet"
  std::string table;
  std::string chain;
  std::string hook;  // "input", "forward", "output", "prerouting", "ingress" ...

  auto operator<=>(const Place&) const = default;
};

// Meets what goes to the edge, not what comes from it.
bool is_outgoing(std::string_view hook);
// Stands where no connection is known and no address is translated.
bool at_device(std::string_view hook);

struct Ban {
  std::string jail;
  std::string address;  // as fail2ban lists it

  auto operator<=>(const Ban&) const = default;
};

// A web server whose lists or real-IP settings are changed.
struct WebGrant {
  std::string name;  // "nginx", "apache"
  std::string main;  // its configuration

  auto operator<=>(const WebGrant&) const = default;
};

struct Grant {
  std::string edge;  // its name
  std::vector<Prefix> ranges;
  std::vector<std::uint16_t> ports;
  // Of this host: the ones that the edge connects to, as proved. None at all: a journal of an
  // older version, whose rules name none.
  std::vector<IpAddress> addresses;
  std::vector<Place> places;
  bool ufw = false;
  std::vector<std::string> zones;       // of firewalld
  std::vector<std::string> zone_files;  // zones that had no file of their own before
  std::vector<std::string> jails;       // of fail2ban: never to ban the edge again
  std::vector<Ban> lifted;              // bans that were in force
  bool csf = false;
  bool crowdsec = false;
  std::vector<Decision> decisions;  // of CrowdSec, that were in force
  std::vector<WebGrant> web;
  bool real_ip = false;            // asked for, wherever a web server has none
  std::vector<std::string> files;  // that hold lines of guard's own
  bool only = false;               // nobody else reaches the ports
  std::vector<Prefix> also;        // but these

  bool empty() const {
    return places.empty() && !ufw && zones.empty() && jails.empty() && !csf && !crowdsec &&
           web.empty() && !only;
  }
  std::vector<IpAddress> addresses_of(Family family) const;
  // Whether rules of this family can be written: it has ranges, and an address they reach.
  bool reaches(Family family) const;
  bool operator==(const Grant&) const = default;
};

// What is kept on disk between commands: schema causeway.guard/1.
struct Journal {
  enum class Phase : std::uint8_t { settled, applying, trying, keeping };
  Phase phase = Phase::settled;
  Grant kept;              // confirmed
  Grant wanted;            // under trial, unless settled
  std::int64_t until = 0;  // of the trial, Unix seconds

  bool operator==(const Journal&) const = default;
};

std::string_view name(Journal::Phase phase);
std::string to_json(const Journal& journal);
Parsed<Journal> parse_journal(std::string_view text);

}  // namespace causeway::guard
