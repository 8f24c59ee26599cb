// The one pass over a text that finds its secrets: internal to find_secrets().
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "codec/secret_names.hpp"
#include "codec/secret_values.hpp"
#include "codec/secrets.hpp"

namespace causeway::codec {

constexpr std::size_t kNameBytes = 64;  // before a name, and of a name before a password

class Scan {
 public:
  explicit Scan(std::string_view text) : text_{text} {}
  std::vector<Secret> run();

 private:
  struct Word {
    std::size_t from = 0;
    std::size_t end = 0;
    bool in_query = false;
    std::string_view text;
    Surroundings in;
  };

  bool at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  std::string_view piece(std::size_t from, std::size_t to) const {
    return text_.substr(from, to - from);
  }
  // Goes on to `to`, and notes what opens and begins on the way.
  void pass(std::size_t to);
  void hide(std::size_t from, std::size_t to, bool user = false);
  void new_line(std::size_t from);

  void word();
  std::string_view two_words(const Word& word) const;
  Word read_word(std::size_t from, std::size_t end) const;
  bool hide_form(const Word& word);
  bool hide_scheme(const Word& word);
  bool hide_segments(const Word& word);
  bool hide_letter(const Word& word);
  bool hide_spaced(const Word& word, const Lead& lead, Telling kind);
  bool hide_assigned(const Word& word, const Lead& lead, Telling kind);
  bool hide_quoted(const Quoted& quoted, const Lead& lead, Telling kind);
  bool hide_list(std::size_t from, Telling kind);
  bool hide_below(const Word& word, const Lead& lead, Telling kind);
  bool hide_block(std::size_t from, std::size_t indent);
  bool hide_rows(std::size_t from);
  void hide_login(std::size_t from, std::size_t to);
  void key_block();
  void authority(std::size_t from);
  void plain_login();

  std::string_view before_on_line(std::size_t at) const;
  bool is_own_line(std::size_t at) const;
  bool is_directive(std::size_t at) const;
  bool accepts(std::string_view value, Telling kind, Sign sign, bool quoted) const;

  std::string_view text_;
  std::vector<Secret> out_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;       // where this line begins
  std::size_t statement_ = 0;  // and what follows the last ";", "{" or "}" in it
  std::size_t run_ = 0;        // where the text without blanks and marks begins that at_ stands in
  bool in_quotes_ = false;
  bool in_query_ = false;  // a "?" stands before in this run
};

}  // namespace causeway::codec
