#include "watch/import.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/yaml.hpp"
#include "watch/config_file.hpp"
#include "watch/import_reader.hpp"

namespace causeway::watch {
namespace {

using config::Kind;
using config::Node;

std::string id_from(std::string_view name) {
  std::string out;
  for (char letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    const bool good = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '.' || letter == '_';
    if (good) {
      out += letter;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
    if (out.size() == 100) break;
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "target" : out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += letter;
    }
  }
  return out + "\"";
}

std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + quoted(word);
  return "[" + out + "]";
}

std::string span(Duration time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return ms % 1000 == 0 ? fmt::format("\"{}s\"", ms / 1000) : fmt::format("\"{}ms\"", ms);
}

std::string expect_of(const Expect& expect) {
  std::vector<std::string> parts;
  const auto pairs = [](const auto& all) {
    std::vector<std::string> out;
    out.reserve(all.size());
    for (const auto& [key, value] : all) {
      out.push_back(fmt::format("{} = {}", quoted(key), quoted(value)));
    }
    return "{ " + join(out, ", ") + " }";
  };
  if (expect.status != 0) parts.push_back(fmt::format("status = {}", expect.status));
  if (!expect.text.empty()) parts.push_back("text = " + quoted(expect.text));
  if (!expect.absent.empty()) parts.push_back("absent = " + quoted(expect.absent));
  if (!expect.fields.empty()) parts.push_back("headers = " + pairs(expect.fields));
  if (!expect.json.empty()) parts.push_back("json = " + pairs(expect.json));
  if (!expect.values.empty()) parts.push_back("values = " + list(expect.values));
  return parts.empty() ? "" : "expect = { " + join(parts, ", ") + " }\n";
}

std::string address_of(const Target& target) {
  if (target.kind == CheckKind::heartbeat) return "kind = \"heartbeat\"\n";
  if (target.kind == CheckKind::http) return fmt::format("url = {}\n", quoted(target.url.url));
  const bool v6 = target.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + target.host + "]" : target.host;
  return fmt::format("url = {}\n",
                     quoted(fmt::format("{}://{}{}", name(target.kind), host,
                                        target.port == 0 ? "" : fmt::format(":{}", target.port))));
}

std::string table_of(const Target& target) {
  const Target usual;
  std::string out = fmt::format("[[watch.target]]\nid = {}\n", quoted(target.id));
  if (!target.name.empty() && target.name != target.id)
    out += "name = " + quoted(target.name) + "\n";
  out += address_of(target);
  if (target.kind == CheckKind::dns && target.record != usual.record) {
    out += fmt::format("record = {}\n", quoted(target.record));
  }
  if (target.resolver) out += fmt::format("resolver = {}\n", quoted(target.resolver->text()));
  out += expect_of(target.expect);
  if (!target.ca_file.empty()) out += "ca_file = " + quoted(target.ca_file) + "\n";
  if (target.interval != usual.interval) out += "interval = " + span(target.interval) + "\n";
  if (target.timeout != usual.timeout) out += "timeout = " + span(target.timeout) + "\n";
  if (target.retry != usual.retry) out += "retry = " + span(target.retry) + "\n";
  if (target.confirm != usual.confirm) {
    out += fmt::format(
        "confirm = {{ open_failures = {}, open_of = {}, close_successes = {}, close_of = {} }}\n",
        target.confirm.open_failures, target.confirm.open_of, target.confirm.close_successes,
        target.confirm.close_of);
  }
  if (!target.team.empty()) out += "team = " + quoted(target.team) + "\n";
  if (!target.tags.empty()) out += "tags = " + list(target.tags) + "\n";
  if (target.paused) out += "paused = true\n";
  return out;
}

std::string kind_of(const Node& root) {
  if (root.find("monitorList") != nullptr) return "kuma";
  if (root.find("endpoints") != nullptr || root.find("external-endpoints") != nullptr) {
    return "gatus";
  }
  if (root.find("scrape_configs") != nullptr) return "prometheus";
  return root.find("modules") != nullptr ? "blackbox" : "";
}

// Why our own reader would not take it, as it will be written; empty: it takes it.
std::string refusal(const Target& target) {
  const auto root = config::parse("[watch]\n" + table_of(target));
  if (!root) return root.error().text;
  const auto read = read_settings(*root, {.now = {}, .files = false});
  return read ? "" : read.error().sorted().front().text;
}

// Not empty, zero or false: what asks for nothing is no loss.
bool is_set(const Node& node) {
  switch (node.kind) {
    case Kind::table: return !node.members.empty();
    case Kind::array: return !node.items.empty();
    case Kind::integer: return node.integer != 0;
    case Kind::boolean: return node.boolean;
    case Kind::real: return node.real != 0;
    case Kind::string:
    case Kind::time: return !node.text.empty();
  }
  std::unreachable();
}

}  // namespace

std::string ImportReader::add(const Node& at, Target target) {
  const std::string about = target.name;
  const std::string wanted = id_from(target.id.empty() ? target.name : target.id);
  const auto taken = [&](const std::string& id) {
    return std::ranges::find(into_.targets, id, &Target::id) != into_.targets.end();
  };
  target.id = wanted;
  for (int n = 2; taken(target.id); ++n) target.id = fmt::format("{}-{}", wanted, n);
  if (target.name == target.id) target.name.clear();
  if (const std::string why = refusal(target); !why.empty()) {
    note(at, about, "left out: " + why);
    return {};
  }
  into_.targets.push_back(std::move(target));
  return into_.targets.back().id;
}

void ImportReader::note_beats(const Node& at, const std::string& about, const std::string& id,
                              std::string_view was) {
  note(at, about,
       fmt::format("{} is not taken over: its job must call POST /api/v1/targets/{}/beats of the "
                   "console, with a token of the scope reporter (docs/watch.md)",
                   was, id));
}

void ImportReader::note_others(const Node& at, const Node& table, const std::string& about,
                               std::span<const std::string_view> read) {
  for (const auto& member : table.members) {
    if (std::ranges::find(read, member.key) != read.end() || !is_set(member.value)) continue;
    note(at, about, fmt::format("'{}' has no counterpart", printable(member.key, 60)));
  }
}

std::string text_in(const Node& table, std::string_view key) {
  const Node* node = table.find(key);
  const bool scalar = node != nullptr && node->kind != Kind::table && node->kind != Kind::array;
  return scalar ? node->text : std::string{};
}

std::int64_t whole_in(const Node& table, std::string_view key, std::int64_t otherwise) {
  const Node* node = table.find(key);
  return node != nullptr && node->kind == Kind::integer ? node->integer : otherwise;
}

bool truth_in(const Node& table, std::string_view key, bool otherwise) {
  const Node* node = table.find(key);
  if (node == nullptr) return otherwise;
  if (node->kind == Kind::boolean) return node->boolean;
  return node->kind == Kind::integer ? node->integer != 0 : otherwise;
}

const Node* table_in(const Node& table, std::string_view key) {
  const Node* node = table.find(key);
  return node != nullptr && node->kind == Kind::table ? node : nullptr;
}

const std::vector<Node>& list_in(const Node& table, std::string_view key) {
  static const std::vector<Node> kNone;
  const Node* node = table.find(key);
  return node != nullptr && node->kind == Kind::array ? node->items : kNone;
}

Duration span_in(const Node& table, std::string_view key) {
  std::string text = text_in(table, key);
  Duration out{};
  while (!text.empty()) {  // "1m30s": number and unit, again and again
    std::size_t end = text.find_first_not_of("0123456789.");
    if (end != std::string::npos) end = text.find_first_of("0123456789.", end);
    const auto part = parse_duration(std::string_view{text}.substr(0, end));
    if (!part) return {};
    out += *part;
    text = end == std::string::npos ? "" : text.substr(end);
  }
  return out;
}

Parsed<Imported> import_targets(const std::vector<ImportFile>& files) {
  struct Read {
    const ImportFile* file;
    Node root;
    std::string kind;
  };
  std::vector<Read> all;
  const Node* modules = nullptr;
  for (const ImportFile& file : files) {
    auto root = config::parse_yaml(file.text);
    if (!root) return error(config::line(root.error(), file.name));
    std::string kind = kind_of(*root);
    if (kind.empty()) {
      return error(fmt::format(
          "{}:1:1: this is no file that can be imported; expected Uptime Kuma's backup "
          "(monitorList), Gatus' configuration (endpoints), Prometheus' (scrape_configs), or "
          "blackbox_exporter's (modules)",
          file.name));
    }
    all.push_back({&file, std::move(*root), std::move(kind)});
  }
  for (const Read& one : all) {
    if (one.kind == "blackbox") modules = one.root.find("modules");
  }
  Imported out;
  bool anything = false;
  for (const Read& one : all) {
    ImportReader reader{out, one.file->name};
    anything = anything || one.kind != "blackbox";
    if (one.kind == "kuma") read_kuma(one.root, reader);
    if (one.kind == "gatus") read_gatus(one.root, reader);
    if (one.kind == "prometheus") read_prometheus(one.root, modules, reader);
  }
  if (!anything) {
    return error(fmt::format(
        "{}: blackbox_exporter's file has no targets; expected Prometheus' file beside it",
        files.front().name));
  }
  return out;
}

std::string toml_of(const std::vector<Target>& targets) {
  std::string out;
  for (const Target& target : targets) out += (out.empty() ? "" : "\n") + table_of(target);
  return out;
}

}  // namespace causeway::watch
