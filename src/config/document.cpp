// TOML to nodes. The parser is toml++; what it gives is copied out, so that nothing else sees it.
#define TOML_EXCEPTIONS 0
// toml++ 3.3 takes for granted that a key follows "[": "[:x]" ends a debug build and is undefined
// behaviour in others. Without what it assumes it reads on and says what is wrong.
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expr) static_assert(true)
#define TOML_ASSERT_ASSUME(expr) static_assert(true)

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/text.hpp"
#include "config/limits.hpp"
#include "config/node.hpp"

namespace causeway::config {
namespace {

constexpr std::array<std::string_view, 7> kKindNames{
    "a table", "an array", "a string", "an integer", "a number", "true or false", "a date or time"};

Place place(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

template <class T>
std::string time_text(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

class Copier {
 public:
  Node copy(const toml::node& from) {
    Node out;
    out.place = place(from.source());
    if (++values_ > limits::kConfigValues) return out;
    from.visit([&](const auto& value) { fill(out, value); });
    return out;
  }
  bool too_many() const { return values_ > limits::kConfigValues; }

 private:
  void fill(Node& out, const toml::table& table) {
    out.kind = Kind::table;
    for (const auto& [key, value] : table) {
      out.members.push_back({std::string{key.str()}, place(key.source()), copy(value)});
    }
    // toml++ sorts tables by key; people read and fix files from the top.
    std::ranges::sort(out.members, {}, &Member::place);
  }
  void fill(Node& out, const toml::array& array) {
    out.kind = Kind::array;
    for (const auto& item : array) out.items.push_back(copy(item));
  }
  void fill(Node& out, const toml::value<std::string>& value) {
    out.kind = Kind::string;
    out.text = value.get();
  }
  void fill(Node& out, const toml::value<std::int64_t>& value) {
    out.kind = Kind::integer;
    out.integer = value.get();
  }
  void fill(Node& out, const toml::value<double>& value) {
    out.kind = Kind::real;
    out.real = value.get();
  }
  void fill(Node& out, const toml::value<bool>& value) {
    out.kind = Kind::boolean;
    out.boolean = value.get();
  }
  template <class T>
  void fill(Node& out, const toml::value<T>& value) {
    out.kind = Kind::time;
    out.text = time_text(value.get());
  }

  std::size_t values_ = 0;
};

}  // namespace

std::string_view name(Kind kind) { return kKindNames.at(static_cast<std::size_t>(kind)); }

const Member* Node::member(std::string_view key) const {
  const auto at = std::ranges::find(members, key, &Member::key);
  return at == members.end() ? nullptr : &*at;
}

namespace {

// TOML 1.0 has letters outside ASCII in strings and comments alone; toml++ 3.3 runs into what it
// takes for unreachable where one stands elsewhere. The first such place; none: nothing.
class ForeignLetter {
 public:
  static std::optional<Place> find(std::string_view text) { return ForeignLetter{text}.look(); }

 private:
  enum class In : std::uint8_t { nothing, comment, basic, literal, long_basic, long_literal };

  explicit ForeignLetter(std::string_view text) : text_(text) {}

  std::optional<Place> look() {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    for (at_ = text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0; at_ < text_.size();
         ++at_) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '\n') {
        ++place_.line;
        place_.column = 0;
        if (in_ != In::long_basic && in_ != In::long_literal) in_ = In::nothing;
        continue;
      }
      if ((byte & 0xC0U) != 0x80U) ++place_.column;  // of a character, not of each byte
      if (in_ == In::nothing && byte >= 0x80U) return place_;
      step(static_cast<char>(byte));
    }
    return std::nullopt;
  }

  void step(char c) {
    switch (in_) {
      case In::nothing:
        if (c == '#') in_ = In::comment;
        if (c == '"') open("\"\"\"", In::basic, In::long_basic);
        if (c == '\'') open("'''", In::literal, In::long_literal);
        break;
      case In::comment: break;
      case In::basic:
        if (c == '\\') pass(1);
        if (c == '"') in_ = In::nothing;
        break;
      case In::literal:
        if (c == '\'') in_ = In::nothing;
        break;
      case In::long_basic:
        if (c == '\\') pass(1);
        if (c == '"') close('"');
        break;
      case In::long_literal:
        if (c == '\'') close('\'');
        break;
    }
  }

  void open(std::string_view three, In one, In many) {
    const bool long_one = text_.substr(at_).starts_with(three);
    if (long_one) pass(2);
    in_ = long_one ? many : one;
  }

  // Two quotation marks may stand before the three that end it.
  void close(char quote) {
    std::size_t count = 0;
    while (at_ + count < text_.size() && text_[at_ + count] == quote && count < 5) ++count;
    if (count < 3) return;
    pass(count - 1);
    in_ = In::nothing;
  }

  // What is passed is ASCII: a quotation mark, or what an escape stands before.
  void pass(std::size_t bytes) {
    for (; bytes > 0 && at_ + 1 < text_.size() && text_[at_ + 1] != '\n'; --bytes) {
      ++at_;
      ++place_.column;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  In in_ = In::nothing;
  Place place_{1, 0};
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto* found = member(key);
  return found == nullptr ? nullptr : &found->value;
}

namespace {

// Other formats take `interval = 30s`: what the line would be here. Empty: it is no such line.
std::string with_quotes(std::string_view text, int line) {
  const auto lines = split(text, '\n');
  const auto number = static_cast<std::size_t>(line);
  if (number == 0 || number > lines.size()) return {};
  const std::string_view whole = lines[number - 1];
  const auto equals = whole.find('=');
  if (equals == std::string_view::npos) return {};
  const auto key = trim(whole.substr(0, equals));
  const auto value = trim(whole.substr(equals + 1, whole.find('#', equals) - equals - 1));
  constexpr std::size_t kShort = 60;
  const bool plain = !key.empty() && !value.empty() && key.size() + value.size() <= kShort &&
                     value.find_first_of("\"'[]{},=\\") == std::string_view::npos;
  if (!plain) return {};
  // "30s", "16 MiB"; anything else may be a secret and is not repeated.
  const auto unit = value.substr(std::min(value.find_first_not_of("0123456789."), value.size()));
  const bool measure = unit.size() < value.size() && trim(unit).size() <= 3;
  return fmt::format("{} = \"{}\"", key, measure ? value : "...");
}

}  // namespace

std::expected<Node, Finding> parse(std::string_view text) {
  if (text.size() > limits::kConfigBytes) {
    return std::unexpected(Finding{.rule = "syntax",
                                   .place = {},
                                   .text = fmt::format("the file has {} bytes; at most {} are read",
                                                       text.size(), limits::kConfigBytes)});
  }
  if (const auto place = ForeignLetter::find(text)) {
    return std::unexpected(Finding{.rule = "syntax",
                                   .place = *place,
                                   .text = "letters outside ASCII stand in quotation marks: "
                                           "name = \"...\""});
  }
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const auto& wrong = result.error();
    const Place at = place(wrong.source());
    std::string why = printable(wrong.description(), limits::kTextKept);
    if (const std::string line = with_quotes(text, at.line); !line.empty()) {
      why += "; text and spans of time stand in quotation marks: " + printable(line, 80);
    }
    return std::unexpected(Finding{.rule = "syntax", .place = at, .text = std::move(why)});
  }
  Copier copier;
  Node out = copier.copy(result.table());
  if (copier.too_many()) {
    return std::unexpected(
        Finding{.rule = "syntax",
                .place = {},
                .text = fmt::format("more than {} values", limits::kConfigValues)});
  }
  return out;
}

}  // namespace causeway::config
