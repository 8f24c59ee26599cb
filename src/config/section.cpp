#include "config/section.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace causeway::config {
namespace {

using Json = nlohmann::ordered_json;

std::string about(const KeyInfo& key) {
  std::string out = key.type;
  if (!key.choices.empty()) out += ": " + join(key.choices, " | ");
  if (key.required) out += ", required";
  return out;
}

// Words wrapped behind a comment sign.
std::string comment(std::string_view text) {
  constexpr std::size_t kWidth = 96;
  std::string out = "#";
  std::size_t width = 1;
  for (const auto word : split(text, ' ')) {
    if (width + 1 + word.size() > kWidth && width > 1) {
      out += "\n#";
      width = 1;
    }
    out.append(" ").append(word);
    width += 1 + word.size();
  }
  return out + "\n";
}

bool is_table(const KeyInfo& key) { return !key.inside.empty(); }

void write_text(std::string& out, const std::string& path, const std::vector<KeyInfo>& keys) {
  for (const auto& key : keys) {
    if (is_table(key)) continue;
    out += comment(key.text);
    out += fmt::format("# {}\n", about(key));
    out += fmt::format("#{} = {}\n\n", key.name, key.standard.empty() ? "..." : key.standard);
  }
  for (const auto& key : keys) {
    if (!is_table(key)) continue;
    const auto inner = path + "." + key.name;
    const bool several = key.type == "array of tables";
    out += fmt::format("\n# ---- {} ----\n", inner);
    out += comment(key.text);
    out += several ? fmt::format("#[[{}]]\n\n", inner) : fmt::format("#[{}]\n\n", inner);
    write_text(out, inner, key.inside);
  }
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void write_markdown(std::string& out, const std::string& path, const std::vector<KeyInfo>& keys) {
  out += "| key | type | default | what it does |\n| --- | --- | --- | --- |\n";
  for (const auto& key : keys) {
    if (is_table(key)) continue;
    const auto standard = key.standard.empty() ? std::string{"-"} : "`" + cell(key.standard) + "`";
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(about(key)), standard,
                       cell(key.text));
  }
  out += "\n";
  for (const auto& key : keys) {
    if (!is_table(key)) continue;
    const auto inner = path + "." + key.name;
    const bool several = key.type == "array of tables";
    out += several ? fmt::format("### `[[{}]]`\n{}\n\n", inner, key.text)
                   : fmt::format("### `[{}]`\n{}\n\n", inner, key.text);
    write_markdown(out, inner, key.inside);
  }
}

Json json_type(const std::string& type, const KeyInfo& key);

Json json_table(const std::vector<KeyInfo>& keys) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& key : keys) {
    properties[key.name] = json_type(key.type, key);
    if (key.required) required.push_back(key.name);
  }
  Json out = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = required;
  return out;
}

Json json_type(const std::string& type, const KeyInfo& key) {
  Json out;
  if (type == "table") {
    out = json_table(key.inside);
  } else if (type == "array of tables") {
    out = {{"type", "array"}, {"items", json_table(key.inside)}};
  } else if (type.starts_with("array of ")) {
    KeyInfo one = key;
    one.text.clear();
    one.standard.clear();
    out = {{"type", Json::array({"array", "string", "integer"})},
           {"items", json_type(type.substr(9), one)}};
  } else if (type == "boolean" || type == "integer" || type == "number") {
    out = {{"type", type}};
  } else if (type == "duration" || type == "bytes" || type == "address:port") {
    out = {{"type", Json::array({"string", "integer"})}};
  } else if (type == "secret" || type == "table of strings") {
    out = {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
  } else {
    out = {{"type", "string"}};
  }
  if (!key.choices.empty() && type == "word") out["enum"] = key.choices;
  if (!key.text.empty()) out["description"] = key.text;
  return out;
}

}  // namespace

void check(const Node& root, std::span<const Section> sections, const CheckContext& context,
           Findings& findings) {
  std::vector<KeyInfo> known;
  for (const auto& section : sections) known.push_back({.name = section.name});
  for (const auto& member : root.members) {
    const Section* found = nullptr;
    for (const auto& section : sections) {
      if (section.name == member.key) found = &section;
    }
    if (found == nullptr) {
      unknown_key(member, known, findings);
    } else {
      found->check(member.value, context, findings);
    }
  }
}

std::string schema_text(std::span<const Section> sections) {
  std::string out =
      "# Every key of a causeway configuration file, with its type and its default.\n"
      "# Spans of time: \"30s\", \"1500ms\", \"2m\", \"1h\"; a number alone is seconds. Sizes: "
      "\"16 MiB\", or bytes.\n"
      "# Secrets: { file = \"PATH\" }, { env = \"NAME\" } or { credential = \"NAME\" }.\n";
  for (const auto& section : sections) {
    out += fmt::format("\n# ======== {} ========\n", section.name);
    out += comment(section.text) + fmt::format("[{}]\n\n", section.name);
    write_text(out, section.name, section.keys);
  }
  return out;
}

std::string schema_markdown(std::span<const Section> sections) {
  std::string out;
  for (const auto& section : sections) {
    out += fmt::format("## `[{}]`\n{}\n\n", section.name, section.text);
    if (!section.example.empty()) out += fmt::format("```toml\n{}```\n\n", section.example);
    write_markdown(out, section.name, section.keys);
  }
  return out;
}

std::string schema_json(std::span<const Section> sections) {
  Json properties = Json::object();
  for (const auto& section : sections) {
    properties[section.name] = json_table(section.keys);
    properties[section.name]["description"] = section.text;
  }
  const Json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"title", "causeway configuration"},
                    {"type", "object"},
                    {"properties", properties},
                    {"additionalProperties", false}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::config
