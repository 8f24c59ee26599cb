#include "config/secret.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/text.hpp"
#include "config/limits.hpp"

namespace causeway::config {
namespace {

Parsed<std::string> from_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return error(fmt::format("the secret in {} cannot be read", path));
  std::string out(limits::kSecretBytes + 1, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(file.gcount()));
  if (out.size() > limits::kSecretBytes) {
    return error(
        fmt::format("the secret in {} is longer than {} bytes", path, limits::kSecretBytes));
  }
  while (out.ends_with('\n') || out.ends_with('\r')) out.pop_back();
  if (out.empty()) return error(fmt::format("the secret in {} is empty", path));
  return out;
}

const char* environment(const std::string& name) { return std::getenv(name.c_str()); }

}  // namespace

std::string Secret::where() const {
  switch (source) {
    case Source::none: return "nowhere";
    case Source::file: return "file " + name;
    case Source::environment: return "environment variable " + name;
    case Source::credential: return "credential " + name;
  }
  std::unreachable();
}

Parsed<std::string> reveal(const Secret& secret) {
  switch (secret.source) {
    case Secret::Source::none: return error("no secret is given");
    case Secret::Source::file: return from_file(secret.name);
    case Secret::Source::environment: {
      const char* value = environment(secret.name);
      if (value == nullptr || *value == '\0') {
        return error(fmt::format("the environment variable {} is not set", secret.name));
      }
      return std::string{value};
    }
    case Secret::Source::credential: {
      const char* directory = environment("CREDENTIALS_DIRECTORY");
      if (directory == nullptr) {
        return error(
            fmt::format("credential {}: CREDENTIALS_DIRECTORY is not set; systemd sets it "
                        "with LoadCredential={}:FILE",
                        secret.name, secret.name));
      }
      if (secret.name.contains('/')) return error("a credential's name has no slash");
      return from_file(fmt::format("{}/{}", directory, secret.name));
    }
  }
  std::unreachable();
}

}  // namespace causeway::config
