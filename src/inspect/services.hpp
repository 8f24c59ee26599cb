// Which programs are servers, and of what kind.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace causeway::inspect {

struct ServiceRow {
  std::string_view name;
  std::string_view role;                     // web | application | database | cache | container
  std::array<std::string_view, 5> programs;  // names of processes and of files in /usr/sbin
  std::array<std::string_view, 3> units;     // of systemd, without ".service"
};

std::span<const ServiceRow> service_rows();
// "php-fpm8.2" -> "php-fpm"; empty for what is no server.
std::string_view service_of(std::string_view program);
std::string_view role_of(std::string_view program);

}  // namespace causeway::inspect
