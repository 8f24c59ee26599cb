#pragma once

#include <string>

namespace causeway {

// Sixteen random hexadecimal digits from the kernel (getrandom(2)): unique enough to name a
// diagnosis, a ray or an incident.
std::string random_id();

}  // namespace causeway
