// Limits of configuration files.
#pragma once

#include "base/limits.hpp"

namespace causeway::limits {

constexpr std::size_t kConfigBytes = 4UL * 1024 * 1024;
constexpr std::size_t kConfigValues = 200'000;
constexpr std::size_t kYamlDepth = 64;
constexpr std::size_t kYamlBytes = 4 * kConfigBytes;  // of its texts, with what aliases repeat
constexpr std::size_t kSecretBytes = 16UL * 1024;

}  // namespace causeway::limits
