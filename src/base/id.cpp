#include "base/id.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <cstdint>
#include <cstdlib>

namespace causeway {

std::string random_id() {
  std::uint64_t value = 0;
  if (getrandom(&value, sizeof value, 0) != sizeof value) std::abort();
  return fmt::format("{:016x}", value);
}

}  // namespace causeway
