#include "codec/secrets.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "codec/secret_marks.hpp"
#include "codec/secret_names.hpp"
#include "codec/secret_scan.hpp"
#include "codec/secret_values.hpp"

namespace causeway::codec {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kLeadBytes = 96;  // of a line before a name, that may say what it is
constexpr std::size_t kAuthorityBytes = 1024;
constexpr std::size_t kSegments = 4;  // of a path behind "/reset/"

using Table = std::string_view;

// "mailto:bob@example.net" is an address, not a password.
constexpr std::array<Table, 12> kMailLabels{
    "mailto", "sip", "sips", "xmpp", "acct", "from", "to", "cc", "bcc", "mail", "email", "e-mail",
};
// Programs that take "user:password" or a password behind a letter.
struct Letter {
  Table program;
  Table flag;
  bool login;  // "user:password"
};
constexpr std::array kLetters{
    Letter{"mysql", "-p", false},   Letter{"mariadb", "-p", false},
    Letter{"sshpass", "-p", false}, Letter{"redis-cli", "-a", false},
    Letter{"ldap", "-w", false},    Letter{"docker login", "-p", false},
    Letter{"curl", "-u", true},     Letter{"curl", "-U", true},
    Letter{"curl", "--user", true}, Letter{"curl", "--proxy-user", true},
    Letter{"stats", "auth", true},  Letter{"ab ", "-A", true},
};

}  // namespace

void Scan::new_line(std::size_t from) {
  line_ = statement_ = run_ = from;
  in_quotes_ = in_query_ = false;
}

void Scan::pass(std::size_t to) {
  to = std::min(to, text_.size());
  while (at_ < to) {
    if (const auto size = break_at(text_, at_); size > 0) {
      at_ += size;
      new_line(at_);
      continue;
    }
    const char c = text_[at_];
    if (c == '"' && (at_ == 0 || text_[at_ - 1] != '\\')) in_quotes_ = !in_quotes_;
    if (c == '?') in_query_ = true;
    if (c == ';' || c == '{' || c == '}') statement_ = at_ + 1;
    if (is_blank(c) || std::string_view{"\"'`<>(,=|[]{}"}.contains(c)) {
      run_ = at_ + 1;
      if (c != '=' && c != ',' && c != '[' && c != ']') in_query_ = false;
    }
    ++at_;
  }
}

void Scan::hide(std::size_t from, std::size_t to, bool user) {
  if (to <= from) return;
  out_.push_back({from, to - from, user});
  const auto last = piece(from, to).rfind('\n');
  at_ = to;
  if (last != kNone) new_line(from + last + 1);
}

std::vector<Secret> Scan::run() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_name(c)) {
      if (c == '-' && at("-----BEGIN ")) {
        key_block();
      } else {
        word();
      }
    } else if (at("://")) {
      authority(at_ + 3);
    } else if (at(":\\/\\/")) {
      authority(at_ + 5);
    } else if (at("%3A%2F%2F") || at("%3a%2f%2f")) {
      authority(at_ + 9);
    } else if (c == '@') {
      plain_login();
    } else if (const auto form = c == '$' || c == '{' ? secret_form(text_, at_) : 0; form > 0) {
      hide(at_, at_ + form);
    } else {
      pass(at_ + 1);
    }
  }
  return std::move(out_);
}

// Blocks of keys, whatever is inside; what is public is passed by as a whole.
void Scan::key_block() {
  const auto from = at_;
  const auto head = text_.find("-----", from + 11);
  if (head == kNone || head - from > kLeadBytes) return pass(from + 11);
  const bool is_private = piece(from, head).contains("PRIVATE KEY");
  std::size_t end = head + 5;
  // Lines of base64 and of what stands above them ("Proc-Type: 4,ENCRYPTED"), to the end mark.
  while (end < text_.size() && !text_.substr(end).starts_with("-----")) {
    const char c = text_[end];
    if (!is_name(c) && !std::string_view{"+/=:,\\ \t\r\n"}.contains(c)) break;
    ++end;
  }
  const bool whole = text_.substr(end).starts_with("-----END ");
  if (!is_private) return pass(whole ? end : head + 5);
  if (!whole) {
    // Cut off: what could be a part of the key goes, sentences behind it stay.
    const auto cut = piece(head, end).rfind('\n');
    if (end < text_.size() && cut != kNone && cut > 5) end = head + cut;
  }
  pass(head + 5);
  hide(head + 5, end);
  if (whole) pass(end + 9);
}

namespace {

bool is_hex(char c) { return is_digit(c) || std::string_view{"abcdefABCDEF"}.contains(c); }

// Bytes of an escape whose backslash stands before `word`: "x0d", "u000a", "n", "015".
std::size_t escape_size(std::string_view word) {
  std::size_t size = 0;
  if (word[0] == 'x' && word.size() > 2 && is_hex(word[1]) && is_hex(word[2])) size = 3;
  if (word[0] == 'u') size = 5;
  if (std::string_view{"nrt"}.contains(word[0])) size = 1;
  if (is_digit(word[0]) && word.size() > 2 && is_digit(word[2])) size = 3;
  return size < word.size() ? size : 0;
}

}  // namespace

Scan::Word Scan::read_word(std::size_t from, std::size_t end) const {
  Word out{.from = from, .end = end, .in_query = false, .text = {}, .in = {}};
  // "OK..Set-Cookie": dots in a row end a word.
  if (const auto dots = piece(from, end).rfind(".."); dots != kNone) out.from = from + dots + 2;
  const char before = from > 0 ? text_[from - 1] : '\0';
  if (before == '%') {
    // "%3Ftoken%3Dabc%26": what is coded before the name is not a part of it.
    while (out.from + 2 < end && piece(out.from, out.from + 2) == "25") out.from += 2;
    if (out.from + 2 < end && is_hex(text_[out.from]) && is_hex(text_[out.from + 1])) {
      const auto code = lower(piece(out.from, out.from + 2));
      out.in_query = code == "3f" || code == "26" || code == "3b" || code == "23";
      out.from += 2;
    }
  } else if (before == '\\' && out.from == from) {
    out.from += escape_size(piece(from, end));
  }
  out.text = piece(out.from, end);
  out.in.mark = quote_before(text_, out.from);
  out.in.in_quotes = in_quotes_;
  const bool joined = before == '?' || before == '&' || (before == ';' && in_query_) ||
                      (before == '#' && from - 1 > run_);
  out.in_query = out.in_query || joined;
  return out;
}

void Scan::word() {
  std::size_t end = at_;
  while (end < text_.size() && is_name(text_[end])) ++end;
  const auto word = read_word(at_, end);
  if (hide_form(word) || hide_scheme(word) || hide_segments(word) || hide_letter(word)) return;
  auto name = word.text;
  while (!name.empty() && !is_word(name.front())) name.remove_prefix(1);
  auto kind = telling(name);
  if (kind == Telling::in_query && !word.in_query)
    kind = telling(two_words(word)) == Telling::strong ? Telling::strong : kind;
  if (kind != Telling::no) {
    const auto lead = lead_after(text_, word.from, word.end);
    if (lead.sign == Sign::blank && hide_spaced(word, lead, kind)) return;
    if (lead.sign != Sign::blank && lead.sign != Sign::none && hide_assigned(word, lead, kind))
      return;
  }
  at_ = end;
}

// "api key", "pass phrase": what a person writes as two words.
std::string_view Scan::two_words(const Word& word) const {
  auto from = word.from;
  if (from == 0 || text_[from - 1] != ' ') return word.text;
  --from;
  while (from > 0 && is_letter(text_[from - 1]) && word.from - from < kNameBytes) --from;
  return piece(from, word.end);
}

bool Scan::hide_form(const Word& word) {
  const auto size = secret_form(text_, word.from);
  if (size == 0) return false;
  // "SHA256:..." and "sha256-..." are fingerprints of what is public.
  const auto before = lower(piece(word.from > 8 ? word.from - 8 : 0, word.from));
  for (const Table digest : {"sha256:", "sha256/", "sha384:", "sha512:", "sha1:"}) {
    if (before.ends_with(digest)) return false;
  }
  if (word.text.starts_with("sha256-") || word.text.starts_with("sha384-")) return false;
  // What belongs to it and is no part of a name: base64's other characters; a "/" ends a segment.
  const std::string_view more = word.from > 0 && text_[word.from - 1] == '/' ? "+=~" : "+=~/";
  auto end = word.from + size;
  while (end < text_.size() && (is_name(text_[end]) || more.contains(text_[end]))) ++end;
  hide(word.from, end);
  return true;
}

bool Scan::hide_scheme(const Word& word) {
  if (word.end >= text_.size() || !is_blank(text_[word.end]) || !is_scheme(word.text)) return false;
  const auto from = after_blanks(text_, word.end);
  const auto rest = text_.substr(from);
  const bool parameters =
      rest.starts_with("username=") || rest.starts_with("Credential=") || rest.starts_with("id=");
  const auto end = parameters ? header_end(text_, from, word.in) : [&] {
    auto at = from;
    while (at < text_.size() &&
           (is_name(text_[at]) || std::string_view{"+/=~:"}.contains(text_[at])))
      ++at;
    return at;
  }();
  const auto value = piece(from, end);
  if (!parameters && (!looks_like_value(value) || is_innocent_value(value))) return false;
  pass(from);
  hide(from, end);
  return true;
}

// "/reset/TOKEN", "/services/T00/B00/KEY": paths that open something for whoever knows them.
bool Scan::hide_segments(const Word& word) {
  if (word.from == 0 || text_[word.from - 1] != '/' || word.end >= text_.size() ||
      text_[word.end] != '/')
    return false;
  const auto kind = telling_segment(word.text);
  if (kind == Telling::no || is_innocent_value(piece(std::min(run_, word.from), word.end)))
    return false;
  bool any = false;
  auto from = word.end + 1;
  for (std::size_t count = 0; count < kSegments; ++count) {
    auto end = from;
    while (end < text_.size() &&
           (is_name(text_[end]) || std::string_view{"~%@:=+"}.contains(text_[end])))
      ++end;
    const auto segment = piece(from, end);
    const bool opens = kind == Telling::strong && !any && !is_plain_segment(segment);
    const bool fits = looks_like_value(segment) && !is_plain_segment(segment);
    if (end > from && (opens || fits) && !is_innocent_value(segment)) {
      pass(from);
      hide(from, end);
      any = true;
    }
    if (end >= text_.size() || text_[end] != '/') break;
    from = end + 1;
  }
  return any;
}

std::string_view Scan::before_on_line(std::size_t at) const {
  const auto from = std::max(line_, at > kLeadBytes ? at - kLeadBytes : 0);
  return piece(std::min(from, at), at);
}

// "mysql -phunter2", "curl -u bob:secret", "stats auth admin:secret"
bool Scan::hide_letter(const Word& word) {
  if (equals_ignoring_case(word.text, "by") &&
      contains_ignoring_case(before_on_line(word.from), "identified ")) {
    const Lead lead{Sign::equal, after_blanks(text_, word.end), false};
    const auto quoted = quoted_at(text_, lead.at);
    return !quoted.mark.empty() && hide_quoted(quoted, lead, Telling::strong);
  }
  for (const auto& each : kLetters) {
    if (!word.text.starts_with(each.flag)) continue;
    const bool whole = word.text == each.flag;
    const bool glued = !whole && each.flag.size() == 2 && word.text.size() > 3 &&
                       (!each.login || (word.end < text_.size() && text_[word.end] == ':'));
    if ((!whole && !glued) || !before_on_line(word.from).contains(each.program)) continue;
    if (glued) {
      pass(word.from + 2);
      const auto end = bare_end(text_, at_, word.in);
      if (each.login) {
        hide_login(at_, end);
      } else {
        hide(at_, end);
      }
      return true;
    }
    const auto from = after_blanks(text_, word.end);
    const auto quoted = quoted_at(text_, from);
    const auto begin = quoted.mark.empty() || quoted.mark == word.in.mark ? from : quoted.from;
    const auto end = begin == from ? bare_end(text_, from, word.in) : quoted.to;
    const auto value = piece(begin, end);
    if (value.empty() || value.starts_with('-') || is_innocent_value(value)) return false;
    pass(begin);
    if (each.login) {
      hide_login(begin, end);
    } else {
      hide(begin, end);
    }
    return true;
  }
  return false;
}

void Scan::hide_login(std::size_t from, std::size_t to) {
  const auto colon = piece(from, to).find(':');
  if (colon == kNone) return hide(from, to);
  hide(from, from + colon, true);
  pass(from + colon + 1);
  hide(from + colon + 1, to);
}

// "https://bob:secret@host/": to the last "@" before the path. A "/" in a password that nobody
// encoded is seen where what stands before it is no port.
void Scan::authority(std::size_t from) {
  const auto most = std::min(text_.size(), from + kAuthorityBytes);
  const auto stops = [&](std::size_t at, std::string_view marks) {
    return is_blank(text_[at]) || marks.contains(text_[at]) || break_at(text_, at) > 0;
  };
  constexpr std::string_view kMarks = "\"'<>`,;";
  auto sign = kNone;
  auto end = from;
  for (; end < most && !stops(end, "\"'<>`/?#"); ++end) {
    if (text_[end] == '@') sign = end;
    if (piece(end, std::min(end + 3, most)) == "%40") sign = end;
    if (piece(end, std::min(end + 3, most)) == "%2F") break;
  }
  const auto head = piece(from, end);
  const auto colon = head.rfind(':');
  if (sign == kNone && colon != kNone && end < most && !stops(end, kMarks)) {
    const auto port = head.substr(colon + 1);
    const bool number = std::ranges::all_of(port, is_digit);
    for (auto at = end; !number && at < most && !stops(at, kMarks); ++at) {
      if (text_[at] == '@') sign = at;
      if (text_.substr(at).starts_with("://")) break;
    }
  }
  pass(from);
  if (sign == kNone || sign == from) return;
  const auto coded = piece(from, sign).find("%3A");
  if (coded != kNone && text_[sign] == '%') {
    hide(from, from + coded, true);
    pass(from + coded + 3);
    return hide(from + coded + 3, sign);
  }
  const auto name = piece(from, sign);
  if (name.front() == ':') pass(from + 1);
  hide_login(at_, sign);
}

// "shop:secret@tcp(10.9.8.7:3306)/shop": a login without a scheme.
void Scan::plain_login() {
  const auto sign = at_;
  const auto run = piece(run_, sign);
  const auto colon = run.substr(0, kNameBytes + 1).find(':');
  if (colon == kNone || colon + 1 >= run.size()) return pass(sign + 1);
  const auto user = run.substr(0, colon);
  const bool follows =
      sign + 1 < text_.size() &&
      (is_word(text_[sign + 1]) || text_[sign + 1] == '[' || text_[sign + 1] == '(');
  const bool named = !user.empty() && is_letter(user.front()) &&
                     std::ranges::all_of(user, is_name) &&
                     std::ranges::find(kMailLabels, lower(user)) == kMailLabels.end();
  const bool hidden = !out_.empty() && out_.back().from + out_.back().length > run_;
  const bool scheme = run.substr(colon).starts_with("://") || run.substr(colon).starts_with(":\\/");
  if (!named || !follows || hidden || scheme) return pass(sign + 1);
  const auto from = run_;
  hide_login(from, sign);
  pass(sign + 1);
}

std::vector<Secret> find_secrets(std::string_view text) { return Scan{text}.run(); }

}  // namespace causeway::codec
