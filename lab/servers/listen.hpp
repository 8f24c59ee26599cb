// Listening on both families, and a thread for each connection.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mode.hpp"

namespace misbehave {

// Nothing when the name is unknown.
const Mode* find_mode(std::string_view name);

// A socket address of "ADDR" and port; exits with 2 when it is none.
struct Place {
  sockaddr_storage address{};
  socklen_t length = 0;
};
Place place_of(const std::string& address, std::uint16_t port);

// Bound sockets of `type` (with --receive-buffer, where it was given) for every --bind and --port;
// exits with 1 when one is not to be had. With a backlog of 0 or more they listen.
std::vector<int> bound_sockets(const Options& options, int type, int backlog);

// "ready" on standard output, so that a script can wait for it.
void say_ready();

int serve(const Mode& mode, const Options& options);

}  // namespace misbehave
