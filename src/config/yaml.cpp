#include "config/yaml.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <charconv>
#include <cmath>
#include <map>
#include <memory>

#include "base/text.hpp"
#include "config/limits.hpp"

namespace causeway::config {
namespace {

Place place(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

struct EndParser {
  void operator()(yaml_parser_t* parser) const {
    yaml_parser_delete(parser);
    delete parser;
  }
};
using Parser = std::unique_ptr<yaml_parser_t, EndParser>;

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t& value() const { return event_; }

 private:
  yaml_event_t event_{};
};

std::string text_of(const yaml_char_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}
std::string anchor_of(const yaml_char_t* name) {
  return name == nullptr ? std::string{} : reinterpret_cast<const char*>(name);
}

// A node that is not there: null.
bool is_null(const Node& node) { return node.kind == Kind::string && node.integer == -1; }

void type_plain(Node& node) {
  const std::string& text = node.text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    node.integer = -1;
    return;
  }
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
      text == "FALSE") {
    node.kind = Kind::boolean;
    node.boolean = text.front() == 't' || text.front() == 'T';
    return;
  }
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  const auto integer = std::from_chars(text.data(), end, whole);
  if (integer.ec == std::errc{} && integer.ptr == end) {
    node.kind = Kind::integer;
    node.integer = whole;
    return;
  }
  double real = 0;
  const auto number = std::from_chars(text.data(), end, real);
  if (number.ec == std::errc{} && number.ptr == end && std::isfinite(real)) {
    node.kind = Kind::real;
    node.real = real;
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : parser_(new yaml_parser_t{}) {
    yaml_parser_initialize(parser_.get());
    yaml_parser_set_input_string(parser_.get(), reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }

  std::expected<Node, Finding> read() {
    Node out;
    while (failed_.text.empty()) {
      Event event;
      if (!next(event)) break;
      switch (event.value().type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT: continue;
        case YAML_STREAM_END_EVENT:
        case YAML_DOCUMENT_END_EVENT: return out;
        default: out = node(event, 0);
      }
    }
    return std::unexpected(failed_);
  }

 private:
  bool next(Event& event) {
    if (yaml_parser_parse(parser_.get(), event.get()) == 1) return true;
    const char* problem = parser_->problem;
    fail(place(parser_->problem_mark), problem == nullptr ? "it cannot be read" : problem);
    return false;
  }
  void fail(Place where, std::string_view why) {
    if (failed_.text.empty()) {
      failed_ = {.rule = "syntax",
                 .place = where,
                 .text = fmt::format("this is not YAML: {}", printable(why, limits::kTextKept))};
    }
  }

  Node node(Event& event, std::size_t depth) {
    Node out;
    const yaml_event_t& seen = event.value();
    out.place = place(seen.start_mark);
    if (depth > limits::kYamlDepth) fail(out.place, "too deep");
    if (++values_ > limits::kConfigValues) fail(out.place, "too many values");
    if (!failed_.text.empty()) return out;
    std::string anchor;
    switch (seen.type) {
      case YAML_SCALAR_EVENT: {
        out.kind = Kind::string;
        out.text = text_of(seen.data.scalar.value, seen.data.scalar.length);
        anchor = anchor_of(seen.data.scalar.anchor);
        if (seen.data.scalar.plain_implicit != 0) type_plain(out);
        bytes_ += out.text.size();
        return kept(std::move(out), anchor, {values_ - 1, bytes_ - seen.data.scalar.length});
      }
      case YAML_ALIAS_EVENT: {
        const auto known = anchors_.find(anchor_of(seen.data.alias.anchor));
        if (known == anchors_.end()) {
          fail(out.place, "an alias without its anchor");
          return out;
        }
        values_ += known->second.values;
        bytes_ += known->second.bytes;
        if (values_ > limits::kConfigValues) fail(out.place, "too many values");
        if (bytes_ > limits::kYamlBytes) fail(out.place, "aliases make it too long");
        return failed_.text.empty() ? known->second.node : out;
      }
      case YAML_SEQUENCE_START_EVENT: {
        anchor = anchor_of(seen.data.sequence_start.anchor);
        const Size before{values_ - 1, bytes_};
        items(out, depth);
        return kept(std::move(out), anchor, before);
      }
      case YAML_MAPPING_START_EVENT: {
        anchor = anchor_of(seen.data.mapping_start.anchor);
        const Size before{values_ - 1, bytes_};
        members(out, depth);
        return kept(std::move(out), anchor, before);
      }
      default: fail(out.place, "something else than a value");
    }
    return out;
  }

  struct Size {  // of what was read so far
    std::size_t values = 0;
    std::size_t bytes = 0;
  };
  Node kept(Node made, const std::string& anchor, Size before) {
    if (!anchor.empty()) {
      anchors_[anchor] = {made, values_ - before.values, bytes_ - before.bytes};
    }
    return made;
  }

  void items(Node& out, std::size_t depth) {
    out.kind = Kind::array;
    while (true) {
      Event event;
      if (!next(event) || event.value().type == YAML_SEQUENCE_END_EVENT) return;
      Node item = node(event, depth + 1);
      if (!failed_.text.empty()) return;
      if (!is_null(item)) out.items.push_back(std::move(item));
    }
  }
  // "<<: *defaults" (yaml.org/type/merge): what the table itself does not have.
  static void merge(Node& out, const Node& from) {
    for (const Member& member : from.members) {
      if (out.find(member.key) == nullptr) out.members.push_back(member);
    }
    for (const Node& item : from.items) merge(out, item);
  }
  void members(Node& out, std::size_t depth) {
    out.kind = Kind::table;
    std::vector<Node> merged;
    while (true) {
      Event key_event;
      if (!next(key_event)) return;
      if (key_event.value().type == YAML_MAPPING_END_EVENT) {
        for (const Node& from : merged) merge(out, from);
        return;
      }
      const Node key = node(key_event, depth + 1);
      if (key.kind == Kind::table || key.kind == Kind::array) fail(key.place, "a key is no text");
      Event value_event;
      if (!failed_.text.empty() || !next(value_event)) return;
      Node value = node(value_event, depth + 1);
      if (!failed_.text.empty()) return;
      if (key.text == "<<") {
        merged.push_back(std::move(value));
        continue;
      }
      if (!is_null(value)) out.members.push_back({key.text, key.place, std::move(value)});
    }
  }

  Parser parser_;
  Finding failed_;
  struct Anchored {
    Node node;
    std::size_t values = 0;
    std::size_t bytes = 0;  // of its texts
  };
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::string, Anchored> anchors_;
};

}  // namespace

std::expected<Node, Finding> parse_yaml(std::string_view text) { return Reader{text}.read(); }

}  // namespace causeway::config
