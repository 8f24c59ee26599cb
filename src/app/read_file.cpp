#include "app/read_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/limits.hpp"

namespace causeway::app {

Parsed<std::string> read_file(const std::string& path, std::size_t most) {
  const auto failed = [&](int code) {
    return error(fmt::format("cannot read '{}': {}", path, std::strerror(code)));
  };
  const auto close = [](std::FILE* open) { std::fclose(open); };
  const std::unique_ptr<std::FILE, decltype(close)> file{std::fopen(path.c_str(), "rbe"), close};
  if (!file) return failed(errno);
  std::string out;
  std::array<char, limits::kReadBuffer> buffer{};
  while (true) {
    errno = 0;
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
    out.append(buffer.data(), got);
    if (out.size() > most) {
      return error(fmt::format("'{}' is larger than {} bytes", path, most));
    }
    if (got == buffer.size()) continue;
    if (std::ferror(file.get()) != 0) return failed(errno);
    return out;
  }
}

}  // namespace causeway::app
