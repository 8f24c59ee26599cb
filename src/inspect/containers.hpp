// Containers as `docker ps` lists them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::inspect {

struct Container {
  struct Port {
    std::string host;             // address it is published on; empty: it is not
    std::uint16_t published = 0;  // 0: it is not
    std::uint16_t inner = 0;

    bool operator==(const Port&) const = default;
  };

  std::string name;
  std::string state;   // created, running, paused, restarting, exited, dead
  std::string status;  // "Up 3 days", "Exited (137) 2 hours ago"
  std::vector<Port> ports;
};

// Lines "NAME\tSTATE\tPORTS\tSTATUS" with PORTS like "0.0.0.0:80->8080/tcp, [::]:80->8080/tcp,
// 443/tcp". Ranges ("8000-8010->8000-8010/tcp") are taken apart, other protocols left out.
std::vector<Container> parse_containers(std::string_view text);

}  // namespace causeway::inspect
