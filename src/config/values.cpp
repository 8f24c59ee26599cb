#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace causeway::config {
namespace {

struct Unit {
  std::string_view word;
  std::uint64_t factor;
};

// Binary, as memory and files are counted here; "kB" is what people write and mean the same.
constexpr std::array kByteUnits{
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", 1ULL << 10U},
    Unit{"kb", 1ULL << 10U},
    Unit{"kib", 1ULL << 10U},
    Unit{"m", 1ULL << 20U},
    Unit{"mb", 1ULL << 20U},
    Unit{"mib", 1ULL << 20U},
    Unit{"g", 1ULL << 30U},
    Unit{"gb", 1ULL << 30U},
    Unit{"gib", 1ULL << 30U},
    Unit{"t", 1ULL << 40U},
    Unit{"tb", 1ULL << 40U},
    Unit{"tib", 1ULL << 40U},
};

void wrong_value(const Node& node, std::string text, Findings& findings) {
  findings.error("wrong-value", node.place, std::move(text));
}

bool within(const Node& node, std::int64_t value, Range range, Findings& findings) {
  if (value >= range.least && value <= range.most) return true;
  if (range.most == std::numeric_limits<std::int64_t>::max()) {
    wrong_value(node, fmt::format("{} is too small; expected {} or more", value, range.least),
                findings);
  } else {
    wrong_value(
        node, fmt::format("{} is out of range; expected {} to {}", value, range.least, range.most),
        findings);
  }
  return false;
}

template <class T>
bool from_text(const Node& node, Parsed<T> parsed, T& out, Findings& findings) {
  if (!parsed) {
    wrong_value(node, parsed.error().text, findings);
    return false;
  }
  out = std::move(*parsed);
  return true;
}

}  // namespace

void wrong_type(const Node& node, std::string_view wanted, Findings& findings) {
  findings.error("wrong-type", node.place,
                 fmt::format("this is {}; expected {}", name(node.kind), wanted));
}

bool read_value(const Node& node, std::string& out, Range /*range*/, Findings& findings) {
  if (node.kind != Kind::string) {
    wrong_type(node, "a string in quotes", findings);
    return false;
  }
  for (const char c : node.text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f) {
      wrong_value(node, "the string holds a control character", findings);
      return false;
    }
  }
  out = node.text;
  return true;
}

bool read_value(const Node& node, bool& out, Range /*range*/, Findings& findings) {
  if (node.kind != Kind::boolean) {
    wrong_type(node, "true or false", findings);
    return false;
  }
  out = node.boolean;
  return true;
}

bool read_value(const Node& node, double& out, Range /*range*/, Findings& findings) {
  if (node.kind == Kind::integer) {
    out = static_cast<double>(node.integer);
    return true;
  }
  if (node.kind != Kind::real) {
    wrong_type(node, "a number", findings);
    return false;
  }
  out = node.real;
  return true;
}

bool read_value(const Node& node, Duration& out, Range range, Findings& findings) {
  constexpr std::string_view kWanted = R"(a span such as "30s", "1500ms", "2m" or "1h")";
  Duration span{};
  if (node.kind == Kind::integer) {  // a bare number is seconds
    constexpr std::int64_t kMostSeconds = 10LL * 366 * 24 * 3600;
    if (!within(node, node.integer, {0, kMostSeconds}, findings)) return false;
    span = std::chrono::seconds{node.integer};
  } else if (node.kind == Kind::string) {
    const auto parsed = parse_duration_or_zero(node.text);
    if (!parsed) {
      wrong_value(
          node,
          fmt::format("\"{}\" is no span of time; expected {}", printable(node.text, 40), kWanted),
          findings);
      return false;
    }
    span = *parsed;
  } else {
    wrong_type(node, kWanted, findings);
    return false;
  }
  if (span.count() < range.least || span.count() > range.most) {
    wrong_value(node,
                range.most == std::numeric_limits<std::int64_t>::max()
                    ? fmt::format("expected {} or more", shown(Duration{range.least}))
                    : fmt::format("out of range; expected {} to {}", shown(Duration{range.least}),
                                  shown(Duration{range.most})),
                findings);
    return false;
  }
  out = span;
  return true;
}

bool read_integer(const Node& node, std::int64_t& out, Range range, Findings& findings) {
  if (node.kind != Kind::integer) {
    wrong_type(node, "an integer without quotes", findings);
    return false;
  }
  if (!within(node, node.integer, range, findings)) return false;
  out = node.integer;
  return true;
}

bool read_bytes(const Node& node, std::uint64_t& out, Range range, Findings& findings) {
  constexpr std::string_view kWanted = R"(a size such as "16 MiB", "512k", or a number of bytes)";
  if (node.kind == Kind::integer) {
    if (!within(node, node.integer, range, findings)) return false;
    out = static_cast<std::uint64_t>(node.integer);
    return true;
  }
  if (node.kind != Kind::string) {
    wrong_type(node, kWanted, findings);
    return false;
  }
  const auto text = trim(node.text);
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto unit = lower(trim(text.substr(static_cast<std::size_t>(end - text.data()))));
  const auto known = std::ranges::find(kByteUnits, unit, &Unit::word);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (failed != std::errc{} || known == kByteUnits.end() || number > kMost / known->factor) {
    wrong_value(node,
                fmt::format("\"{}\" is no size; expected {}", printable(node.text, 40), kWanted),
                findings);
    return false;
  }
  if (!within(node, static_cast<std::int64_t>(number * known->factor), range, findings)) {
    return false;
  }
  out = number * known->factor;
  return true;
}

bool read_value(const Node& node, Endpoint& out, Range /*range*/, Findings& findings) {
  constexpr std::string_view kWanted = R"("ADDRESS:PORT", ":PORT" or a port)";
  if (node.kind == Kind::integer) {
    if (!within(node, node.integer, {1, 65'535}, findings)) return false;
    out = {IpAddress::v6({}), static_cast<std::uint16_t>(node.integer)};
    return true;
  }
  if (node.kind != Kind::string) {
    wrong_type(node, kWanted, findings);
    return false;
  }
  if (node.text.starts_with(':')) {
    const auto port = parse_port(std::string_view{node.text}.substr(1));
    if (port) {
      out = {IpAddress::v6({}), *port};
      return true;
    }
  }
  const auto parsed = Endpoint::parse(node.text, 0);
  if (parsed && parsed->port != 0) {
    out = *parsed;
    return true;
  }
  wrong_value(node,
              parsed ? fmt::format("\"{}\" has no port; expected {}", node.text, kWanted)
                     : fmt::format("{}; expected {}", parsed.error().text, kWanted),
              findings);
  return false;
}

bool read_value(const Node& node, IpAddress& out, Range /*range*/, Findings& findings) {
  if (node.kind != Kind::string) {
    wrong_type(node, "an address in quotes", findings);
    return false;
  }
  return from_text(node, IpAddress::parse(node.text), out, findings);
}

bool read_value(const Node& node, Prefix& out, Range /*range*/, Findings& findings) {
  if (node.kind != Kind::string) {
    wrong_type(node, R"(a prefix such as "192.0.2.0/24")", findings);
    return false;
  }
  return from_text(node, Prefix::parse(node.text), out, findings);
}

bool read_value(const Node& node, Secret& out, Range /*range*/, Findings& findings) {
  constexpr std::string_view kWanted =
      R"({ file = "PATH" }, { env = "NAME" } or { credential = "NAME" })";
  if (node.kind != Kind::table) {
    // The value itself may be the secret: it is not repeated in the message.
    findings.error("wrong-type", node.place,
                   fmt::format("a secret does not stand in this file; expected {}", kWanted));
    return false;
  }
  if (node.members.size() != 1 || node.members[0].value.kind != Kind::string ||
      node.members[0].value.text.empty()) {
    wrong_value(node, fmt::format("expected {}", kWanted), findings);
    return false;
  }
  const auto& member = node.members[0];
  if (member.key == "file") {
    out.source = Secret::Source::file;
  } else if (member.key == "env") {
    out.source = Secret::Source::environment;
  } else if (member.key == "credential") {
    out.source = Secret::Source::credential;
  } else {
    findings.error(
        "unknown-key", member.place,
        fmt::format("unknown key `{}`; expected {}", printable(member.key, 40), kWanted));
    return false;
  }
  out.name = member.value.text;
  return true;
}

bool read_value(const Node& node, std::vector<std::pair<std::string, std::string>>& out,
                Range range, Findings& findings) {
  if (node.kind != Kind::table) {
    wrong_type(node, R"(a table such as { X-Name = "value" })", findings);
    return false;
  }
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& member : node.members) {
    std::string value;
    if (!read_value(member.value, value, range, findings)) return false;
    all.emplace_back(member.key, std::move(value));
  }
  out = std::move(all);
  return true;
}

bool read_word(const Node& node, std::span<const std::string_view> words, std::size_t& out,
               Findings& findings) {
  std::vector<std::string> list;
  for (const auto word : words) list.emplace_back(word);
  const auto wanted = "expected one of " + join(list, ", ");
  if (node.kind != Kind::string) {
    wrong_type(node, wanted.substr(9), findings);
    return false;
  }
  const auto at = std::ranges::find(words, std::string_view{node.text});
  if (at == words.end()) {
    const auto near = nearest(node.text, list);
    const auto said = printable(node.text, 40);
    wrong_value(node,
                near.empty() ? fmt::format("unknown word \"{}\"; {}", said, wanted)
                             : fmt::format("unknown word \"{}\"; did you mean \"{}\"? ({})", said,
                                           near, wanted),
                findings);
    return false;
  }
  out = static_cast<std::size_t>(at - words.begin());
  return true;
}

std::string shown(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string shown(bool value) { return value ? "true" : "false"; }
std::string shown(double value) { return fmt::format("{}", value); }
std::string shown_integer(std::int64_t value) { return fmt::format("{}", value); }

std::string shown(Duration value) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto ms = duration_cast<milliseconds>(value).count();
  if (ms % 1000 != 0) return fmt::format("\"{}ms\"", ms);
  const auto seconds = ms / 1000;
  if (seconds != 0 && seconds % 3600 == 0) return fmt::format("\"{}h\"", seconds / 3600);
  if (seconds != 0 && seconds % 60 == 0 && seconds >= 300) {
    return fmt::format("\"{}m\"", seconds / 60);
  }
  return fmt::format("\"{}s\"", seconds);
}

std::string shown(const Endpoint& value) {
  return value.port == 0 ? std::string{} : fmt::format("\"{}\"", value.text());
}
std::string shown(const IpAddress& value) { return fmt::format("\"{}\"", value.text()); }
std::string shown(const Prefix& value) { return fmt::format("\"{}\"", value.text()); }
std::string shown(const Secret& value) {
  return value.given() ? fmt::format("({})", value.where()) : std::string{};
}

std::string shown(const std::vector<std::pair<std::string, std::string>>& value) {
  std::string out;
  for (const auto& [key, text] : value) {
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", key, shown(text));
  }
  return out.empty() ? "{}" : "{ " + out + " }";
}

std::string shown_bytes(std::uint64_t value) {
  constexpr std::array<std::string_view, 5> kUnits{"", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (value != 0 && value % 1024 == 0 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{}", value) : fmt::format("\"{} {}\"", value, kUnits.at(unit));
}

}  // namespace causeway::config
