// What `misbehave MODE ...` was asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace misbehave {

using Millis = std::chrono::milliseconds;

struct Options {
  std::string mode;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> binds;  // empty: every IPv4 and every IPv6 address
  bool tls = false;
  std::string cert;  // PEM, leaf first
  std::string key;
  std::string alpn;  // the one protocol the server chooses; empty: none
  Millis delay{-1};  // before or between the mode's steps; -1: the mode's own default
  int number = 0;    // alert number, edge code, DNS rcode
  int status = 200;
  std::string reason;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::string location;
  std::string out;     // file that `clock-library` writes
  std::string zone;    // host name an edge page names
  std::string origin;  // ADDR PORT an edge asks
  std::vector<std::string> addresses;
  std::string kind = "address";  // of `dns`
  bool recursive = false;        // of `dns`: a resolver's flags instead of an authority's
  std::size_t size = 0;
  int receive_buffer = 0;  // SO_RCVBUF of the listener; 0: the kernel's
  int backlog = 128;
  int every = 1;  // misbehave on each Nth connection only; the others get a good answer
  int after = 0;  // this many good connections first
};

// Exits with 2 and a sentence when the words make no sense.
Options parse_options(int argc, char** argv);
[[noreturn]] void usage(const std::string& problem);

}  // namespace misbehave
