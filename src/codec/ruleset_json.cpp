#include "codec/ruleset_json.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/limits.hpp"

namespace causeway::codec {

// --- handles ---

Json::Kind Json::kind() const {
  return tree_ == nullptr ? Kind::missing : tree_->nodes_[node_].kind;
}

std::string_view Json::text() const {
  if (!is(Kind::text)) return {};
  const auto& node = tree_->nodes_[node_];
  return tree_->slice(static_cast<std::uint64_t>(node.value), node.length);
}

std::string_view Json::key() const {
  if (tree_ == nullptr) return {};
  const auto& node = tree_->nodes_[node_];
  return tree_->slice(node.key_at, node.key_length);
}

std::optional<std::int64_t> Json::integer() const {
  if (!is(Kind::number) || !tree_->nodes_[node_].whole) return std::nullopt;
  return tree_->nodes_[node_].value;
}

bool Json::truth() const { return is(Kind::boolean) && tree_->nodes_[node_].value != 0; }

std::size_t Json::size() const {
  return is(Kind::array) || is(Kind::object) ? tree_->nodes_[node_].length : 0;
}

Json Json::operator[](std::string_view member) const {
  if (!is(Kind::object)) return {};
  for (const Json child : *this) {
    if (child.key() == member) return child;
  }
  return {};
}

Json Json::at(std::size_t index) const {
  for (const Json child : *this) {
    if (index-- == 0) return child;
  }
  return {};
}

Json::Iterator& Json::Iterator::operator++() {
  node_ = tree_->nodes_[node_].end;
  return *this;
}

Json::Iterator Json::begin() const {
  if (!is(Kind::array) && !is(Kind::object)) return end();
  return {tree_, node_ + 1};
}

Json::Iterator Json::end() const {
  return {tree_, tree_ == nullptr ? 0 : tree_->nodes_[node_].end};
}

std::string_view JsonTree::slice(std::uint64_t at, std::uint32_t length) const {
  if (at < text_.size()) return std::string_view{text_}.substr(at, length);
  const auto behind = at - text_.size();
  if (behind >= unescaped_.size()) return {};
  return std::string_view{unescaped_}.substr(behind, length);
}

// --- reading ---

class JsonReader {
 public:
  explicit JsonReader(JsonTree& tree) : tree_(tree), text_(tree.text_) {}

  bool read() {
    if (!value(0, 0, 0)) return false;
    space();
    return at_ == text_.size() || fail("nothing more");
  }
  std::string complaint() const { return fmt::format("byte {}: expected {}", at_, expected_); }

 private:
  using Node = JsonTree::Node;
  using Kind = Json::Kind;

  bool fail(const char* expected) {
    expected_ = expected;
    return false;
  }
  void space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return fail("a value");
    at_ += expected.size();
    return true;
  }

  bool value(int depth, std::uint32_t key_at, std::uint32_t key_length) {
    if (depth > limits::kRulesetDepth) return fail("less depth");
    if (tree_.nodes_.size() >= limits::kRulesetValues) return fail("fewer values");
    space();
    if (at_ >= text_.size()) return fail("a value");
    const auto index = tree_.nodes_.size();
    tree_.nodes_.push_back({.key_at = key_at, .key_length = key_length});
    const bool read = content(index, depth);
    tree_.nodes_[index].end = static_cast<std::uint32_t>(tree_.nodes_.size());
    return read;
  }

  bool content(std::size_t index, int depth) {
    switch (text_[at_]) {
      case '{': return container(index, depth, Kind::object, '}');
      case '[': return container(index, depth, Kind::array, ']');
      case '"': {
        std::uint32_t at = 0;
        std::uint32_t length = 0;
        if (!string(at, length)) return false;
        auto& node = tree_.nodes_[index];
        node.kind = Kind::text;
        node.value = at;
        node.length = length;
        return true;
      }
      case 't': return boolean(index, "true", 1);
      case 'f': return boolean(index, "false", 0);
      case 'n': return word("null");
      default: return number(index);
    }
  }

  bool boolean(std::size_t index, std::string_view expected, std::int64_t truth) {
    tree_.nodes_[index].kind = Kind::boolean;
    tree_.nodes_[index].value = truth;
    return word(expected);
  }

  bool number(std::size_t index) {
    auto& node = tree_.nodes_[index];
    node.kind = Kind::number;
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    const auto read = std::from_chars(begin, end, node.value);
    const char* rest = read.ptr;
    node.whole = read.ec == std::errc{};
    if (rest == begin) return fail("a value");
    while (rest < end && (*rest == '.' || *rest == 'e' || *rest == 'E' || *rest == '+' ||
                          *rest == '-' || (*rest >= '0' && *rest <= '9'))) {
      node.whole = false;
      ++rest;
    }
    at_ += static_cast<std::size_t>(rest - begin);
    return true;
  }

  bool container(std::size_t index, int depth, Kind kind, char close) {
    tree_.nodes_[index].kind = kind;
    ++at_;
    space();
    if (take(close)) return true;
    std::uint32_t members = 0;
    while (true) {
      std::uint32_t key_at = 0;
      std::uint32_t key_length = 0;
      space();
      if (kind == Kind::object) {
        if (!string(key_at, key_length)) return false;
        space();
        if (!take(':')) return fail("':'");
      }
      if (!value(depth + 1, key_at, key_length)) return false;
      tree_.nodes_[index].length = ++members;
      space();
      if (take(close)) return true;
      if (!take(',')) return fail(close == '}' ? "',' or '}'" : "',' or ']'");
    }
  }

  bool string(std::uint32_t& at, std::uint32_t& length) {
    if (!take('"')) return fail("a text in quotes");
    const auto start = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') ++at_;
    if (at_ >= text_.size()) return fail("'\"'");
    if (text_[at_] == '"') {
      at = static_cast<std::uint32_t>(start);
      length = static_cast<std::uint32_t>(at_ - start);
      ++at_;
      return true;
    }
    return escaped(start, at, length);
  }

  bool escaped(std::size_t start, std::uint32_t& at, std::uint32_t& length) {
    auto& side = tree_.unescaped_;
    const auto begin = side.size();
    side.append(text_.substr(start, at_ - start));
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        side.push_back(text_[at_++]);
      } else if (!escape()) {
        return false;
      }
    }
    if (!take('"')) return fail("'\"'");
    at = static_cast<std::uint32_t>(text_.size() + begin);
    length = static_cast<std::uint32_t>(side.size() - begin);
    return true;
  }

  bool escape() {
    ++at_;
    if (at_ >= text_.size()) return fail("an escape");
    auto& side = tree_.unescaped_;
    switch (text_[at_++]) {
      case '"': side.push_back('"'); return true;
      case '\\': side.push_back('\\'); return true;
      case '/': side.push_back('/'); return true;
      case 'b': side.push_back('\b'); return true;
      case 'f': side.push_back('\f'); return true;
      case 'n': side.push_back('\n'); return true;
      case 'r': side.push_back('\r'); return true;
      case 't': side.push_back('\t'); return true;
      case 'u': return unicode();
      default: return fail("an escape");
    }
  }

  // One UTF-16 unit as UTF-8. Names of chains and sets are ASCII; halves of pairs stay halves.
  bool unicode() {
    unsigned code = 0;
    const auto digits = text_.substr(at_, 4);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || read.ptr != digits.data() + 4) return fail("four hex digits");
    at_ += 4;
    auto& side = tree_.unescaped_;
    const auto put = [&side](unsigned byte) { side.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xc0U | (code >> 6U));
      put(0x80U | (code & 0x3fU));
    } else {
      put(0xe0U | (code >> 12U));
      put(0x80U | ((code >> 6U) & 0x3fU));
      put(0x80U | (code & 0x3fU));
    }
    return true;
  }

  JsonTree& tree_;
  std::string_view text_;
  std::size_t at_ = 0;
  const char* expected_ = "";
};

Parsed<Json> JsonTree::parse(std::string text) {
  nodes_.clear();
  unescaped_.clear();
  text_ = std::move(text);
  if (text_.size() > limits::kRulesetBytes) {
    return error(fmt::format("{} bytes; expected at most {}", text_.size(), limits::kRulesetBytes));
  }
  JsonReader reader{*this};
  if (!reader.read()) {
    nodes_.clear();
    return error(reader.complaint());
  }
  nodes_.shrink_to_fit();
  return root();
}

}  // namespace causeway::codec
