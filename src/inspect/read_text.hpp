// Reading the machine's own small files, and taking lines of them apart.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::inspect {

// The whole file, at most `most` bytes; else why not ("Permission denied").
std::expected<std::string, std::string> read_text(const std::filesystem::path& path,
                                                  std::size_t most);
// Its last `most` bytes, from the beginning of a line on.
std::expected<std::string, std::string> read_end(const std::filesystem::path& path,
                                                 std::size_t most);

std::optional<std::int64_t> whole_number(std::string_view text, int base = 10);
// "12.5"; no exponent, no sign.
std::optional<double> real_number(std::string_view text);

}  // namespace causeway::inspect
