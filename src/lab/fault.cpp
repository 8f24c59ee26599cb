#include "lab/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/cause.hpp"
#include "model/failure.hpp"
#include "model/stage.hpp"

namespace causeway::lab {
namespace {

// Keys that only lab/lib reads, with their defaults.
constexpr std::pair<std::string_view, std::string_view> kSettings[] = {
    {"family", "ipv4"}, {"url", ""},    {"args", ""},         {"hops", "1-4"},   {"plan", ""},
    {"server", ""},     {"dns", "yes"}, {"authority", "yes"}, {"vantage", "no"}, {"inspect", "yes"},
};
constexpr std::string_view kTruthKeys[] = {"title", "code",  "edge",  "stage", "failure",
                                           "cause", "twins", "state", "tags",  "limit"};
constexpr std::string_view kSections[] = {"setup", "inject", "check", "run"};

std::vector<std::string> words(std::string_view value, std::string_view separators) {
  std::vector<std::string> out;
  while (!value.empty()) {
    const auto end = value.find_first_of(separators);
    if (end != 0) out.emplace_back(value.substr(0, end));
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + 1);
  }
  return out;
}

std::optional<int> number(std::string_view value) {
  int out = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (problem != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return out;
}

Parsed<std::vector<Code>> parse_codes(std::string_view value) {
  std::vector<Code> out;
  for (const auto& word : words(value, "| ")) {
    const auto parts = split(word, '/');
    const auto code = number(parts[0]);
    const auto subcode = parts.size() == 2 ? number(parts[1]) : std::optional<int>(0);
    if (!code || !subcode || parts.size() > 2 || *code < 100 || *code > 599) {
      return error(fmt::format("\"{}\" is not a code: expected 522 or 530/1016", word));
    }
    out.push_back({.code = *code, .subcode = *subcode});
  }
  if (out.empty()) return error("code: expected at least one, like 522 or 530/1016");
  return out;
}

Parsed<std::vector<std::string>> parse_causes(std::string_view value) {
  auto out = words(value, " ,|");
  for (const auto& id : out) {
    if (!model::cause_named(id)) return error(fmt::format("no cause is called \"{}\"", id));
  }
  return out;
}

Parsed<std::vector<std::string>> parse_failures(std::string_view value) {
  auto out = words(value, " ,|");
  for (const auto& id : out) {
    if (id != "none" && !model::failure_named(id)) {
      return error(fmt::format("no failure is called \"{}\"", id));
    }
  }
  return out;
}

Parsed<std::vector<std::string>> parse_listed(std::string_view value,
                                              const std::vector<std::string>& allowed) {
  auto out = words(value, " ,|");
  for (const auto& word : out) {
    if (std::ranges::find(allowed, word) == allowed.end()) {
      return error(fmt::format("\"{}\" is none of {}", word, join(allowed, ", ")));
    }
  }
  return out;
}

template <class T>
Parsed<bool> keep(Parsed<T> parsed, T& where) {
  if (!parsed) return std::unexpected(parsed.error());
  where = std::move(*parsed);
  return true;
}

class Reader {
 public:
  explicit Reader(std::string id) { fault_.id = std::move(id); }

  Parsed<Fault> read(std::string_view file) {
    fault_.limit = limits::kLabFault;
    for (const auto& [key, value] : kSettings) fault_.settings.emplace_back(key, value);
    for (std::string_view line : split(file, '\n')) {
      ++line_;
      if (auto done = take(line); !done) {
        return error(fmt::format("{}.fault:{}: {}", fault_.id, line_, done.error().text));
      }
    }
    if (auto whole = finish(); !whole) {
      return error(fmt::format("{}.fault: {}", fault_.id, whole.error().text));
    }
    return std::move(fault_);
  }

 private:
  Parsed<bool> take(std::string_view line) {
    if (line.size() > 2 && line.front() == '[' && line.back() == ']') {
      const auto name = line.substr(1, line.size() - 2);
      if (std::ranges::find(kSections, name) != std::end(kSections)) return open_section(name);
      if (fault_.sections.empty()) return error("expected [setup], [inject], [check] or [run]");
    }
    if (!fault_.sections.empty()) {
      fault_.sections.back().script.append(line).push_back('\n');
      return true;
    }
    if (trim(line).empty() || line.front() == '#') return true;
    return header(line);
  }

  Parsed<bool> open_section(std::string_view name) {
    for (const auto& section : fault_.sections) {
      if (section.name == name) return error(fmt::format("[{}] a second time", name));
    }
    fault_.sections.push_back({.name = std::string(name), .line = line_ + 1, .script = {}});
    return true;
  }

  Parsed<bool> header(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return error("expected \"key: value\" or a [section]");
    const auto key = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    for (auto& [name, setting] : fault_.settings) {
      if (name == key) return set(setting, key, value);
    }
    return truth(key, value);
  }

  static Parsed<bool> set(std::string& setting, std::string_view key, std::string_view value) {
    const auto among = [&](const std::vector<std::string>& allowed) -> Parsed<bool> {
      if (std::ranges::find(allowed, value) != allowed.end()) return true;
      return error(fmt::format("{}: expected one of {}", key, join(allowed, ", ")));
    };
    Parsed<bool> fits = true;
    if (key == "dns" || key == "authority" || key == "vantage" || key == "inspect")
      fits = among({"yes", "no"});
    if (key == "family") fits = among({"ipv4", "ipv6", "both"});
    if (key == "plan") fits = among({"a", "b", "c", "d"});
    if (key == "server") fits = among({"nginx", "apache", "haproxy"});
    if (key == "hops" && hops_of(value, 0) == 0) fits = error("hops: expected 1 to 4, or 2-4");
    if (fits) setting = value;
    return fits;
  }

  Parsed<bool> truth(std::string_view key, std::string_view value) {
    auto& truth = fault_.truth;
    if (key == "title") return fault_.title = value, true;
    if (key == "tags") return fault_.tags = words(value, " ,"), true;
    if (key == "code") return keep(parse_codes(value), truth.codes);
    if (key == "edge") return keep(parse_codes(value), truth.at_edge);
    if (key == "cause") return keep(parse_causes(value), truth.causes);
    if (key == "twins") return keep(parse_causes(value), truth.twins);
    if (key == "failure") return keep(parse_failures(value), truth.failures);
    if (key == "stage") {
      return keep(
          parse_listed(value, {"resolve", "route", "connect", "secure", "exchange", "none"}),
          truth.stages);
    }
    if (key == "state") {
      return keep(parse_listed(value, {"ok", "degraded", "failing", "undetermined"}), truth.states);
    }
    if (key == "limit") return limit(value);
    std::vector<std::string> known(std::begin(kTruthKeys), std::end(kTruthKeys));
    for (const auto& [name, unused] : kSettings) known.emplace_back(name);
    return error(
        fmt::format("no key \"{}\"; the nearest is \"{}\"", key, nearest(std::string(key), known)));
  }

  Parsed<bool> limit(std::string_view value) {
    const auto seconds = number(value);
    if (!seconds || *seconds < 1 || std::chrono::seconds(*seconds) > limits::kLabFaultMost) {
      return error(fmt::format("limit: expected seconds, 1 to {}", limits::kLabFaultMost.count()));
    }
    fault_.limit = std::chrono::seconds(*seconds);
    return true;
  }

  Parsed<bool> finish() const {
    if (fault_.title.empty()) return error("no title");
    if (fault_.truth.codes.empty()) return error("no code");
    if (fault_.truth.causes.empty()) return error("no cause (a healthy site has \"none\")");
    if (fault_.truth.states.empty()) return error("no state");
    return true;
  }

  Fault fault_;
  int line_ = 0;
};

}  // namespace

std::string text(const Code& code) {
  if (code.subcode == 0) return fmt::format("{}", code.code);
  return fmt::format("{}/{}", code.code, code.subcode);
}

bool Fault::is_for_edges() const {
  const auto args = setting("args");
  // [run] stands in for the diagnosis: what is wrong is wrong with the prober.
  if (std::ranges::find(sections, "run", &Section::name) != sections.end()) return false;
  return !args.contains("--via-edge") && !args.contains("--source");
}

bool Fault::has_tag(std::string_view tag) const {
  return std::ranges::find(tags, tag) != tags.end();
}

std::string_view Fault::setting(std::string_view key) const {
  for (const auto& [name, value] : settings) {
    if (name == key) return value;
  }
  return {};
}

Parsed<Fault> parse_fault(std::string_view file, std::string id) {
  return Reader(std::move(id)).read(file);
}

Parsed<Collection> load_faults(const std::filesystem::path& directory) {
  Collection out;
  std::error_code problem;
  std::filesystem::recursive_directory_iterator entries(directory, problem);
  if (problem) return error(fmt::format("{}: {}", directory.string(), problem.message()));
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".fault" || !entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string file(std::istreambuf_iterator<char>(in), {});
    auto id = std::filesystem::relative(entry.path(), directory).replace_extension().string();
    auto fault = in && file.size() <= limits::kLabFaultBytes
                     ? parse_fault(file, id)
                     : error(id + ".fault: cannot be read, or is too long");
    if (fault) {
      out.faults.push_back(std::move(*fault));
    } else {
      out.refused.push_back(fault.error());
    }
  }
  std::ranges::sort(out.faults, {}, &Fault::id);
  return out;
}

std::uint32_t hash_of(std::string_view id, int seed) {
  std::uint32_t hash = 2166136261U + static_cast<std::uint32_t>(seed);  // FNV-1a
  for (const char byte : id) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash >> 4U;  // the shell's arithmetic stays positive, the weakest bits are gone
}

int hops_of(std::string_view setting, std::uint32_t hash) {
  constexpr int kMost = 4;
  const auto dash = setting.find('-');
  const auto low = number(setting.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : number(setting.substr(dash + 1));
  if (!low || !high || *low < 1 || *high > kMost || *low > *high) return 0;
  return *low + static_cast<int>(hash / 128 % static_cast<std::uint32_t>(*high - *low + 1));
}

}  // namespace causeway::lab
