#include "inspect/proc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {
namespace {

using Words = std::vector<std::string_view>;

// "0100007F:1F90": words of 32 bits in the machine's order (little endian on all that we build
// for), port in hexadecimal.
std::optional<Endpoint> endpoint_of(std::string_view text, Family family) {
  const auto colon = text.find(':');
  const std::size_t digits = family == Family::ipv4 ? 8 : 32;
  if (colon != digits) return std::nullopt;
  const auto port = whole_number(text.substr(colon + 1), 16);
  if (!port || *port < 0 || *port > 65'535) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < digits / 2; ++i) {
    const auto byte = whole_number(text.substr(2 * i, 2), 16);
    if (!byte || *byte < 0) return std::nullopt;
    bytes.at((i & ~std::size_t{3}) + 3 - (i & 3)) = static_cast<std::uint8_t>(*byte);
  }
  const auto address =
      family == Family::ipv4
          ? IpAddress::v4(std::array<std::uint8_t, 4>{bytes[0], bytes[1], bytes[2], bytes[3]})
          : IpAddress::v6(bytes);
  return Endpoint{address, static_cast<std::uint16_t>(*port)};
}

std::int64_t number_or_0(std::string_view text) {
  return std::max<std::int64_t>(whole_number(text).value_or(0), 0);
}

// One word of a line whose parts are kept apart by blanks.
std::string one_word(std::string_view text) {
  std::string out = printable(text, limits::kTextKept);
  std::ranges::replace(out, ' ', '_');
  return out.empty() ? "-" : out;
}

std::string from_word(std::string_view word) { return word == "-" ? "" : std::string{word}; }

std::string list_of(const std::vector<std::uint64_t>& numbers) {
  std::string out;
  for (const auto number : numbers) out += fmt::format("{}{}", out.empty() ? "" : ",", number);
  return out.empty() ? "-" : out;
}

template <class Row, class Read>
std::vector<Row> rows_of(std::string_view text, std::size_t words_needed, Read read) {
  std::vector<Row> out;
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < words_needed || out.size() >= kInspectRows) continue;
    if (std::optional<Row> row = read(words)) out.push_back(std::move(*row));
  }
  return out;
}

double percent_of(std::string_view word) {
  return std::min(real_number(word.substr(word.find('=') + 1)).value_or(0), 100.0);
}

}  // namespace

std::vector<TcpSocket> parse_proc_tcp(std::string_view text, Family family) {
  return rows_of<TcpSocket>(text, 10, [family](const Words& words) -> std::optional<TcpSocket> {
    const auto local = endpoint_of(words[1], family);
    const auto remote = endpoint_of(words[2], family);
    const auto state = whole_number(words[3], 16);
    const auto colon = words[4].find(':');
    if (!local || !remote || !state || colon == std::string_view::npos) return std::nullopt;
    TcpSocket out{.local = *local, .remote = *remote};
    if (*state == 1 || *state == 3 || *state == 10) {
      out.state = static_cast<TcpSocket::State>(*state);
    }
    out.receive_queue = whole_number(words[4].substr(colon + 1), 16).value_or(0);
    out.inode = static_cast<std::uint64_t>(number_or_0(words[9]));
    return out;
  });
}

Numbers parse_numbers(std::string_view text) {
  Numbers out;
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2 || out.size() >= kInspectRows) continue;
    auto name = words[0];
    if (name.ends_with(':')) name.remove_suffix(1);
    if (const auto number = whole_number(words[1]))
      out.insert_or_assign(std::string{name}, *number);
  }
  return out;
}

Numbers parse_counters(std::string_view text) {
  Numbers out;
  Words names;
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() == 2 && !words[0].ends_with(':')) {
      if (const auto number = whole_number(words[1])) {
        out.insert_or_assign(std::string{words[0]}, *number);
      }
      continue;
    }
    if (words.size() < 2 || out.size() >= kInspectRows) continue;
    if (!names.empty() && names[0] == words[0]) {
      for (std::size_t i = 1; i < std::min(names.size(), words.size()); ++i) {
        if (const auto number = whole_number(words[i])) {
          out.insert_or_assign(
              fmt::format("{}.{}", names[0].substr(0, names[0].size() - 1), names[i]), *number);
        }
      }
      names.clear();
    } else {
      names = words;
    }
  }
  return out;
}

Numbers parse_conntrack_counters(std::string_view text) {
  Numbers out;
  Words names;
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (names.empty()) {
      names = words;
      continue;
    }
    for (std::size_t i = 0; i < std::min(names.size(), words.size()); ++i) {
      const auto number = whole_number(words[i], 16).value_or(0);
      auto& sum = out[std::string{names[i]}];
      // `entries` is the same on every line; the others belong to one processor each.
      sum = names[i] == "entries" ? number : sum + number;
    }
  }
  return out;
}

std::optional<Pressure> parse_pressure(std::string_view text) {
  Pressure out;
  bool any = false;
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 3) continue;
    if (words[0] == "some") {
      out.some10 = percent_of(words[1]);
      out.some60 = percent_of(words[2]);
      any = true;
    } else if (words[0] == "full") {
      out.full10 = percent_of(words[1]);
      out.full60 = percent_of(words[2]);
    }
  }
  return any ? std::optional{out} : std::nullopt;
}

std::string write_process(const Process& process) {
  return fmt::format("{} {} {} {} {} {:.0f} {} {} {} {} {} {} {}\n", process.pid, process.parent,
                     process.state, process.here ? "here" : "elsewhere", process.uid, process.age_s,
                     process.files, process.files_most, process.memory_kb, one_word(process.unit),
                     list_of(process.sockets), one_word(process.name), one_word(process.config));
}

std::vector<Process> parse_processes(std::string_view text) {
  return rows_of<Process>(text, 13, [](const Words& words) -> std::optional<Process> {
    const auto pid = whole_number(words[0]);
    if (!pid || *pid <= 0) return std::nullopt;
    Process out;
    out.pid = *pid;
    out.parent = number_or_0(words[1]);
    out.state = words[2].front();
    out.here = words[3] == "here";
    out.uid = number_or_0(words[4]);
    out.age_s = real_number(words[5]).value_or(0);
    out.files = number_or_0(words[6]);
    out.files_most = number_or_0(words[7]);
    out.memory_kb = number_or_0(words[8]);
    out.unit = from_word(words[9]);
    for (const auto part : split(words[10], ',')) {
      if (const auto inode = whole_number(part); inode && *inode > 0) {
        out.sockets.push_back(static_cast<std::uint64_t>(*inode));
      }
    }
    out.name = from_word(words[11]);
    out.config = from_word(words[12]);
    return out;
  });
}

std::string write_disk(const Disk& disk) {
  return fmt::format("{} {} {:.0f} {:.0f} {:.0f} {:.0f} {}\n", one_word(disk.mount),
                     one_word(disk.type), disk.bytes, disk.available, disk.inodes, disk.free_inodes,
                     disk.writable ? "rw" : "ro");
}

std::map<std::string, Traffic, std::less<>> parse_devices(std::string_view text) {
  std::map<std::string, Traffic, std::less<>> out;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.rfind(':');  // "eth0:1" is an interface, too
    if (colon == line.npos || out.size() >= kInspectRows) continue;
    const auto words = words_of(line.substr(colon + 1));
    constexpr std::size_t kSent = 8;
    if (words.size() <= kSent) continue;
    out[std::string{trim(line.substr(0, colon))}] = {real_number(words[0]).value_or(0),
                                                     real_number(words[kSent]).value_or(0)};
  }
  return out;
}

std::vector<Disk> parse_disks(std::string_view text) {
  return rows_of<Disk>(text, 7, [](const Words& words) -> std::optional<Disk> {
    Disk out{.mount = std::string{words[0]}, .type = std::string{words[1]}};
    out.bytes = real_number(words[2]).value_or(0);
    out.available = real_number(words[3]).value_or(0);
    out.inodes = real_number(words[4]).value_or(0);
    out.free_inodes = real_number(words[5]).value_or(0);
    out.writable = words[6] == "rw";
    return out;
  });
}

std::string write_arrival(const Arrival& arrival) {
  return fmt::format("{} {} {} {} {} {} {}\n", arrival.client.text(), arrival.port, arrival.syns,
                     arrival.answers, arrival.resets, arrival.data, arrival.replies);
}

std::vector<Arrival> parse_arrivals(std::string_view text) {
  return rows_of<Arrival>(text, 7, [](const Words& words) -> std::optional<Arrival> {
    const auto client = IpAddress::parse(words[0]);
    const auto port = parse_port(words[1]);
    if (!client || !port) return std::nullopt;
    return Arrival{*client,
                   *port,
                   number_or_0(words[2]),
                   number_or_0(words[3]),
                   number_or_0(words[4]),
                   number_or_0(words[5]),
                   number_or_0(words[6])};
  });
}

std::string os_release(std::string_view text, std::string_view key) {
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    auto value = trim(line.substr(key.size() + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
      value = value.substr(1, value.size() - 2);
    }
    return printable(value, limits::kTextKept);
  }
  return {};
}

std::map<IpAddress, std::string> parse_neighbours(std::string_view json) {
  std::map<IpAddress, std::string> out;
  if (json.size() > kInspectDumpBytes) return out;
  const auto list = nlohmann::json::parse(json, nullptr, false);
  if (!list.is_array()) return out;
  for (const auto& one : list) {
    if (!one.is_object() || !one.contains("dst") || !one["dst"].is_string()) continue;
    const auto address = IpAddress::parse(one["dst"].get<std::string>());
    if (!address || !one.contains("state") || !one["state"].is_array() || one["state"].empty() ||
        !one["state"][0].is_string()) {
      continue;
    }
    out.insert_or_assign(*address, printable(one["state"][0].get<std::string>(), 32));
  }
  return out;
}

}  // namespace causeway::inspect
