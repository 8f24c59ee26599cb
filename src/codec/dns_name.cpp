#include "codec/dns_name.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

constexpr std::size_t kLongestText = kDnsNameBytes * 4;  // every byte escaped as \DDD

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads one character of the text form at `at` and moves on. False when an escape is broken.
bool read_character(std::string_view text, std::size_t& at, char& out) {
  out = text[at++];
  if (out != '\\') return true;
  if (at >= text.size()) return false;
  if (!is_digit(text[at])) {
    out = text[at++];
    return true;
  }
  if (at + 3 > text.size() || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) return false;
  const int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
  if (value > 255) return false;
  out = static_cast<char>(value);
  at += 3;
  return true;
}

// The labels as bytes.
Parsed<std::vector<std::string>> read_labels(std::string_view text) {
  std::vector<std::string> labels;
  if (text == ".") return labels;
  if (text.ends_with('.') && !text.ends_with("\\.")) text.remove_suffix(1);
  std::string label;
  std::size_t wire = 1;
  const auto finish = [&]() -> bool {
    wire += label.size() + 1;
    const bool good = !label.empty() && label.size() <= kDnsLabelBytes && wire <= kDnsNameBytes;
    labels.push_back(std::exchange(label, {}));
    return good;
  };
  const auto refuse = [&] {
    return error(
        fmt::format("'{}' is not a domain name: 1 to 63 characters between dots, at most "
                    "253 in all",
                    printable(text, limits::kTextKept)));
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '.') {
      ++at;
      if (!finish()) return refuse();
      continue;
    }
    char character = 0;
    if (!read_character(text, at, character)) return refuse();
    label += character;
  }
  if (!finish()) return refuse();
  return labels;
}

}  // namespace

void append_dns_label(std::string& out, std::string_view label) {
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '.' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte <= 0x20 || byte >= 0x7f) {
      out += fmt::format("\\{:03}", byte);
    } else {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
}

Parsed<std::string> dns_name(std::string_view text) {
  if (text.empty() || text.size() > kLongestText) {
    return error("expected a domain name of 1 to 253 characters");
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      return error(
          fmt::format("'{}' is not ASCII: give the name in its xn-- form (for example with "
                      "'idn2 NAME')",
                      printable(text, limits::kTextKept)));
    }
    if (byte <= 0x20 || byte == 0x7f) {
      return error(fmt::format("'{}' holds a space or a control character, which no host name has",
                               printable(text, limits::kTextKept)));
    }
  }
  const auto labels = read_labels(text);
  if (!labels) return std::unexpected(labels.error());
  std::string out;
  for (const auto& label : *labels) {
    if (!out.empty()) out += '.';
    append_dns_label(out, label);
  }
  return out.empty() ? std::string{"."} : out;
}

Parsed<std::string> dns_wire_name(std::string_view name) {
  const auto labels = read_labels(name);
  if (!labels) return std::unexpected(labels.error());
  std::string out;
  for (const auto& label : *labels) {
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
  return out;
}

std::vector<std::string> dns_labels(std::string_view name) {
  std::vector<std::string> out;
  if (name == "." || name.empty()) return out;
  std::string label;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '.') {
      out.push_back(std::exchange(label, {}));
      continue;
    }
    label += name[at];
    if (name[at] == '\\' && at + 1 < name.size()) label += name[++at];
  }
  out.push_back(label);
  return out;
}

std::string dns_parent(std::string_view name) {
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '\\') {
      ++at;
    } else if (name[at] == '.' && at + 1 < name.size()) {
      return std::string{name.substr(at + 1)};
    }
  }
  return ".";
}

bool dns_within(std::string_view name, std::string_view zone) {
  if (zone == "." || name == zone) return true;
  // A dot before the zone's part must be a separator, not the escaped dot of a label.
  for (std::string rest{name}; rest != ".";) {
    if (rest == zone) return true;
    rest = dns_parent(rest);
  }
  return false;
}

}  // namespace causeway::codec
