// A read-only JSON tree for dumps of rulesets: a flat array of nodes over the text, so that a set
// of 50 000 elements costs one allocation and not 50 000. Values are handles, valid as long as the
// tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace causeway::codec {

class JsonTree;

class Json {
 public:
  enum class Kind : std::uint8_t { missing, null, boolean, number, text, array, object };

  Json() = default;

  Kind kind() const;
  bool is(Kind kind_asked) const { return kind() == kind_asked; }
  explicit operator bool() const { return kind() != Kind::missing; }

  std::string_view text() const;                // empty unless a text
  std::string_view key() const;                 // of a member of an object
  std::optional<std::int64_t> integer() const;  // of a whole number
  bool truth() const;                           // of a boolean
  std::size_t size() const;                     // members or elements

  Json operator[](std::string_view member) const;  // missing when there is none
  Json at(std::size_t index) const;                // walks; arrays of rules are short
  Json first() const { return at(0); }

  class Iterator {
   public:
    Iterator(const JsonTree* tree, std::uint32_t node) : tree_(tree), node_(node) {}
    Json operator*() const { return Json{tree_, node_}; }
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    const JsonTree* tree_;
    std::uint32_t node_;
  };
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class JsonTree;
  Json(const JsonTree* tree, std::uint32_t node) : tree_(tree), node_(node) {}

  const JsonTree* tree_ = nullptr;
  std::uint32_t node_ = 0;
};

// Not movable: handles point at it.
class JsonTree {
 public:
  JsonTree() = default;
  JsonTree(const JsonTree&) = delete;
  JsonTree& operator=(const JsonTree&) = delete;

  // Whole text or an error with its byte offset. Bounds: limits::kRulesetBytes, kRulesetDepth,
  // kRulesetValues. The tree keeps the text.
  Parsed<Json> parse(std::string text);

  Json root() const { return nodes_.empty() ? Json{} : Json{this, 0}; }

 private:
  friend class Json;
  friend class JsonReader;

  struct Node {
    Json::Kind kind = Json::Kind::null;
    bool whole = false;        // a number without fraction that fits
    std::uint32_t end = 0;     // the node after this one and everything in it
    std::uint32_t key_at = 0;  // offset, as for texts
    std::uint32_t key_length = 0;
    std::uint32_t length = 0;  // of a text in bytes, of a container in members
    std::int64_t value = 0;    // offset of a text, number, or truth
  };

  std::string_view slice(std::uint64_t at, std::uint32_t length) const;

  std::string text_;
  std::string unescaped_;  // texts with escapes, addressed behind the end of text_
  std::vector<Node> nodes_;
};

}  // namespace causeway::codec
