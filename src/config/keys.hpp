// The keys of one table of a configuration file: name, type, default, sentence and where the value
// goes, in one list. Reading, refusing, the reference and the JSON schema all come from it.
//
//   const Keys<Timeouts>& timeout_keys() {
//     static const auto keys = Keys<Timeouts>{}
//         .add("connect", &Timeouts::connect, "SYN to SYN-ACK; 522 after it.", at_least(1ms))
//         .add("drain", &Timeouts::drain, "After TERM, then what is left is cut.");
//     return keys;
//   }
//   Timeouts out;  read_table(node, timeout_keys(), out, findings);
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node.hpp"
#include "config/values.hpp"

namespace causeway::config {

// A key as the reference shows it.
struct KeyInfo {
  std::string name;
  std::string type;
  std::string standard;  // the default, as TOML; empty: none
  std::string text;
  std::vector<std::string> choices;
  bool required = false;
  std::vector<KeyInfo> inside;  // of a table, or of each table of an array
};

// "did you mean `near`?" or the list of what is known, for a name that is not.
std::string hint(std::string_view word, const std::vector<std::string>& known);
void unknown_key(const Member& member, const std::vector<KeyInfo>& known, Findings& findings);
void missing_key(const Node& table, const KeyInfo& key, Findings& findings);

inline Range at_least(std::int64_t least) { return {.least = least}; }
inline Range at_least(Duration least) { return {.least = least.count()}; }
inline Range between(std::int64_t least, std::int64_t most) { return {least, most}; }
inline Range between(Duration least, Duration most) { return {least.count(), most.count()}; }

template <class T>
class Keys {
 public:
  template <class M>
  Keys&& add(std::string name, M T::* member, std::string text, Range range = {}) && {
    const T standard{};
    put({.name = std::move(name),
         .type = type_name(standard.*member),
         .standard = shown(standard.*member),
         .text = std::move(text),
         .choices = choices_of(standard.*member)},
        [member, range](T& out, const Node& node, Findings& findings) {
          read_value(node, out.*member, range, findings);
        });
    return std::move(*this);
  }

  // An integer that counts bytes: "16 MiB".
  template <class I>
  Keys&& add_bytes(std::string name, I T::* member, std::string text, Range range = {}) && {
    const T standard{};
    std::uint64_t value = 0;
    if constexpr (requires { standard.*member.has_value(); }) {
      value = 0;
    } else if constexpr (std::is_integral_v<I>) {
      value = standard.*member;
    }
    put({.name = std::move(name),
         .type = "bytes",
         .standard = std::is_integral_v<I> ? shown_bytes(value) : std::string{},
         .text = std::move(text)},
        [member, range](T& out, const Node& node, Findings& findings) {
          std::uint64_t read = 0;
          if (read_bytes(node, read, range, findings)) out.*member = static_cast<std::size_t>(read);
        });
    return std::move(*this);
  }

  // A table of its own: [name]. M may be std::optional<U>.
  template <class M, class U>
  Keys&& add_table(std::string name, M T::* member, const Keys<U>& keys, std::string text) &&;

  // Several tables: [[name]].
  template <class U>
  Keys&& add_tables(std::string name, std::vector<U> T::* member, const Keys<U>& keys,
                    std::string text) &&;

  // The key added last must be given.
  Keys&& required() && {
    infos_.back().required = true;
    return std::move(*this);
  }

  const std::vector<KeyInfo>& infos() const { return infos_; }

  void read(const Node& table, T& out, Findings& findings) const {
    if (table.kind != Kind::table) {
      wrong_type(table, "a table", findings);
      return;
    }
    std::vector<bool> given(infos_.size());
    for (const auto& member : table.members) {
      std::size_t at = 0;
      while (at < infos_.size() && infos_[at].name != member.key) ++at;
      if (at == infos_.size()) {
        unknown_key(member, infos_, findings);
        continue;
      }
      given[at] = true;
      readers_[at](out, member.value, findings);
    }
    for (std::size_t at = 0; at < infos_.size(); ++at) {
      if (infos_[at].required && !given[at]) missing_key(table, infos_[at], findings);
    }
  }

 private:
  using Reader = std::function<void(T&, const Node&, Findings&)>;

  void put(KeyInfo info, Reader reader) {
    infos_.push_back(std::move(info));
    readers_.push_back(std::move(reader));
  }

  std::vector<KeyInfo> infos_;
  std::vector<Reader> readers_;
};

template <class T>
template <class M, class U>
Keys<T>&& Keys<T>::add_table(std::string name, M T::* member, const Keys<U>& keys,
                             std::string text) && {
  put({.name = std::move(name), .type = "table", .text = std::move(text), .inside = keys.infos()},
      [member, &keys](T& out, const Node& node, Findings& findings) {
        if constexpr (std::is_same_v<M, std::optional<U>>) {
          (out.*member).emplace();
          keys.read(node, *(out.*member), findings);
        } else {
          keys.read(node, out.*member, findings);
        }
      });
  return std::move(*this);
}

template <class T>
template <class U>
Keys<T>&& Keys<T>::add_tables(std::string name, std::vector<U> T::* member, const Keys<U>& keys,
                              std::string text) && {
  put({.name = std::move(name),
       .type = "array of tables",
       .text = std::move(text),
       .inside = keys.infos()},
      [member, &keys](T& out, const Node& node, Findings& findings) {
        if (node.kind != Kind::array) {
          wrong_type(node, "an array of tables: [[...]]", findings);
          return;
        }
        for (const auto& item : node.items) {
          (out.*member).emplace_back();
          keys.read(item, (out.*member).back(), findings);
        }
      });
  return std::move(*this);
}

template <class T>
void read_table(const Node& table, const Keys<T>& keys, T& out, Findings& findings) {
  keys.read(table, out, findings);
}

}  // namespace causeway::config
