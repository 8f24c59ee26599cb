// The table of modes: a name, one function, one line of help. Each group lives in a file of its
// own.
#pragma once

#include <span>
#include <string_view>

#include "channel.hpp"
#include "options.hpp"

namespace misbehave {

struct Mode {
  std::string_view name;
  bool on_raw;  // the function wants the bare TCP connection, even with --tls
  void (*run)(Channel&, const Options&);
  std::string_view summary;
};

std::span<const Mode> connection_modes();  // before a byte of the request is read
std::span<const Mode> http_modes();        // answers to a request
std::span<const Mode> body_modes();        // answers that go wrong after the head
std::span<const Mode> http2_modes();
std::span<const Mode> tls_modes();  // instead of a handshake
std::span<const Mode> edge_modes();

// Modes that are not one function a connection.
int run_dns(const Options& options);              // dns: UDP and TCP, broken on purpose
int run_held(const Options& options);             // never-accept: listens, and nobody ever accepts
int fill_conntrack(const Options& options);       // fill-conntrack: the kernel's table, then leaves
int run_tarpit(const Options& options);           // tarpit: raw SYN-ACK, then a window of zero
int write_clock_library(const Options& options);  // clock-library: no server at all
std::string_view dns_help();

// A good answer, for the connections a mode leaves alone.
void answer_well(Channel& channel, const Options& options);
// `delay` or, when the caller gave none, the mode's own.
Millis delay_or(const Options& options, Millis otherwise);
std::string number_text(std::size_t number);

}  // namespace misbehave
