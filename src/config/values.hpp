// One value of a configuration file, read into its C++ type: what is accepted, how it is described
// and how its default is shown. A new type is added here, with one function of each name.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "config/node.hpp"
#include "config/secret.hpp"

namespace causeway::config {

// Smallest and largest integer, or span in nanoseconds.
struct Range {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

// An enumerator as a word of the file. An enum takes part by a function
// `std::span<const config::Word<E>> words(E)` in its own namespace.
template <class E>
struct Word {
  std::string_view word;
  E value;
};

template <class E>
concept Worded = std::is_enum_v<E> && requires(E e) { words(e); };

// Each returns false, with a finding, when the value is not one of its type.
bool read_value(const Node& node, std::string& out, Range range, Findings& findings);
bool read_value(const Node& node, bool& out, Range range, Findings& findings);
bool read_value(const Node& node, Duration& out, Range range, Findings& findings);
bool read_value(const Node& node, Endpoint& out, Range range, Findings& findings);
bool read_value(const Node& node, IpAddress& out, Range range, Findings& findings);
bool read_value(const Node& node, Prefix& out, Range range, Findings& findings);
bool read_value(const Node& node, Secret& out, Range range, Findings& findings);
bool read_value(const Node& node, double& out, Range range, Findings& findings);
// A table of strings: { X-Name = "value" }.
bool read_value(const Node& node, std::vector<std::pair<std::string, std::string>>& out,
                Range range, Findings& findings);
bool read_integer(const Node& node, std::int64_t& out, Range range, Findings& findings);
// "16 MiB", "512k", or a number of bytes.
bool read_bytes(const Node& node, std::uint64_t& out, Range range, Findings& findings);
bool read_word(const Node& node, std::span<const std::string_view> words, std::size_t& out,
               Findings& findings);
void wrong_type(const Node& node, std::string_view wanted, Findings& findings);

template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
bool read_value(const Node& node, I& out, Range range, Findings& findings) {
  std::int64_t value = 0;
  const auto most = std::in_range<std::int64_t>(std::numeric_limits<I>::max())
                        ? static_cast<std::int64_t>(std::numeric_limits<I>::max())
                        : std::numeric_limits<std::int64_t>::max();
  range.most = std::min(range.most, most);
  if (!read_integer(node, value, range, findings)) return false;
  out = static_cast<I>(value);
  return true;
}

template <Worded E>
bool read_value(const Node& node, E& out, Range /*range*/, Findings& findings) {
  std::vector<std::string_view> list;
  for (const auto& each : words(E{})) list.push_back(each.word);
  std::size_t at = 0;
  if (!read_word(node, list, at, findings)) return false;
  out = words(E{})[at].value;
  return true;
}

template <class T>
bool read_value(const Node& node, std::optional<T>& out, Range range, Findings& findings) {
  T value{};
  if (!read_value(node, value, range, findings)) return false;
  out = std::move(value);
  return true;
}

template <class T>
bool read_value(const Node& node, std::vector<T>& out, Range range, Findings& findings) {
  if (node.kind != Kind::array) {
    // One value where a list is allowed means a list of one.
    T one{};
    if (node.kind == Kind::table || !read_value(node, one, range, findings)) {
      if (node.kind == Kind::table) wrong_type(node, "an array", findings);
      return false;
    }
    out = {std::move(one)};
    return true;
  }
  std::vector<T> all;
  bool fine = true;
  for (const auto& item : node.items) {
    T one{};
    fine = read_value(item, one, range, findings) && fine;
    all.push_back(std::move(one));
  }
  if (fine) out = std::move(all);
  return fine;
}

// How the type is called in the reference.
inline std::string type_name(const std::string&) { return "string"; }
inline std::string type_name(bool) { return "boolean"; }
inline std::string type_name(double) { return "number"; }
inline std::string type_name(Duration) { return "duration"; }
inline std::string type_name(const Endpoint&) { return "address:port"; }
inline std::string type_name(const IpAddress&) { return "address"; }
inline std::string type_name(const Prefix&) { return "prefix"; }
inline std::string type_name(const Secret&) { return "secret"; }
inline std::string type_name(const std::vector<std::pair<std::string, std::string>>&) {
  return "table of strings";
}
template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
std::string type_name(I) {
  return "integer";
}
template <Worded E>
std::string type_name(E) {
  return "word";
}
template <class T>
std::string type_name(const std::optional<T>&) {
  return type_name(T{});
}
template <class T>
std::string type_name(const std::vector<T>&) {
  return "array of " + type_name(T{});
}

// A default as it would stand in the file; empty when there is none.
std::string shown(const std::string& value);
std::string shown(bool value);
std::string shown(double value);
std::string shown(Duration value);
std::string shown(const Endpoint& value);
std::string shown(const IpAddress& value);
std::string shown(const Prefix& value);
std::string shown(const Secret& value);
std::string shown(const std::vector<std::pair<std::string, std::string>>& value);
std::string shown_integer(std::int64_t value);
std::string shown_bytes(std::uint64_t value);
template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
std::string shown(I value) {
  return shown_integer(static_cast<std::int64_t>(value));
}
template <Worded E>
std::string shown(E value) {
  for (const auto& each : words(E{})) {
    if (each.value == value) return shown(std::string{each.word});
  }
  return {};
}
template <class T>
std::string shown(const std::optional<T>& value) {
  return value ? shown(*value) : std::string{};
}
template <class T>
std::string shown(const std::vector<T>& value) {
  std::string out = "[";
  for (const auto& each : value) out += (out.size() > 1 ? ", " : "") + shown(each);
  return out + "]";
}

template <class T>
std::vector<std::string> choices_of(const T&) {
  if constexpr (Worded<T>) {
    std::vector<std::string> out;
    for (const auto& each : words(T{})) out.emplace_back(each.word);
    return out;
  } else {
    return {};
  }
}

}  // namespace causeway::config
