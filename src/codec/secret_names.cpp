#include "codec/secret_names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "codec/secret_marks.hpp"

namespace causeway::codec {
namespace {

using Words = std::string_view;

constexpr std::size_t kNameBytes = 96;  // the end of a longer name decides
constexpr std::size_t kWordsMost = 16;
constexpr std::size_t kFormLeast = 6;  // a bot's number has no fewer
constexpr std::size_t kInnocentBytes = 256;

// Tables are sorted when the program is built, and looked up by halves for every word of a text.
template <std::size_t Size>
consteval std::array<Words, Size> sorted(std::array<Words, Size> words) {
  std::ranges::sort(words);
  return words;
}
template <std::size_t Size>
bool holds(const std::array<Words, Size>& table, Words word) {
  return std::ranges::binary_search(table, word);
}

// Parts of a name, wherever they stand in one of its words.
constexpr auto kStrongParts = sorted(std::to_array<Words>({
    "passw",
    "secret",
    "token",
    "apikey",
    "passphrase",
    "passcode",
    "credential",
    "sessid",
    "authkey",
}));

constexpr auto kStrongWords = sorted(std::to_array<Words>({
    "apikey",
    "credential",
    "credentials",
    "masterauth",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "psk",
    "pw",
    "pwd",
    "requirepass",
    "salt",
    "secret",
    "sessionid",
    "token",
}));

constexpr auto kWeakWords = sorted(std::to_array<Words>({
    "auth",
    "bearer",
    "clearance",
    "csrf",
    "hmac",
    "jsessionid",
    "jwt",
    "login_hash",
    "otp",
    "session",
    "sessions",
    "tokens",
    "xsrf",
}));

constexpr auto kQueryWords = sorted(std::to_array<Words>({
    "assertion", "auth",  "code", "credential", "hash",   "hmac",   "invite",
    "key",       "nonce", "otp",  "passkey",    "phrase", "pin",    "samlresponse",
    "session",   "sid",   "sig",  "signature",  "state",  "ticket", "verify",
}));

// What stands before "key" at the end of a name of a secret.
constexpr auto kKeyOwners = sorted(std::to_array<Words>({
    "access",     "account",   "api",          "app",     "auth",    "client",
    "consumer",   "functions", "subscription", "crypt",   "deploy",  "enc",
    "encryption", "hash",      "in",           "license", "master",  "private",
    "rsa",        "secret",    "secure",       "service", "session", "shared",
    "signing",    "ssh",       "storage",      "stripe",  "user",
}));

// A name that ends so is about a secret, and holds none.
constexpr auto kBenignEnds = sorted(std::to_array<Words>({
    "age",      "alg",       "algorithm", "algorithms", "bits",     "cache",   "count",
    "dir",      "directory", "domain",    "enabled",    "endpoint", "expired", "expires",
    "expiry",   "field",     "file",      "files",      "format",   "group",   "header",
    "headers",  "issuer",    "length",    "lifetime",   "limit",    "max",     "method",
    "methods",  "min",       "mode",      "name",       "path",     "policy",  "prefix",
    "provider", "realm",     "required",  "reuse",      "size",     "source",  "store",
    "suffix",   "timeout",   "ttl",       "type",       "uri",      "url",     "urls",
}));

// Directives of servers and headers of protocols in which a telling word means something else.
constexpr auto kBenignNames = sorted(std::to_array<Words>({
    "auth_basic",
    "auth_name",
    "auth_request",
    "auth_request_set",
    "auth_type",
    "bypass",
    "compass",
    "fastcgi_pass",
    "grpc_pass",
    "memcached_pass",
    "pass",
    "password_authentication",
    "permit_empty_passwords",
    "proxy_cache_key",
    "proxy_pass",
    "proxy_pass_match",
    "proxy_pass_reverse",
    "proxypass",
    "proxypassmatch",
    "proxypassreverse",
    "scgi_pass",
    "sec_web_socket_key",
    "server_tokens",
    "servertokens",
    "ssl_session_cache",
    "ssl_session_ticket_key",
    "ssl_session_tickets",
    "syncookies",
    "tcp_syncookies",
    "uwsgi_pass",
}));

constexpr auto kInnocentValues = sorted(std::to_array<Words>({
    "any",      "auto",     "default", "denied",    "disabled", "empty",    "enabled",
    "false",    "function", "hidden",  "missing",   "n",        "never",    "nil",
    "no",       "none",     "null",    "off",       "on",       "optional", "redacted",
    "required", "string",   "true",    "undefined", "yes",
}));

constexpr auto kRoots = sorted(std::to_array<Words>({
    "bin",
    "boot",
    "data",
    "dev",
    "etc",
    "home",
    "lib",
    "media",
    "mnt",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "tmp",
    "usr",
    "var",
}));

constexpr auto kProse = sorted(std::to_array<Words>({
    "a",
    "accepted",
    "after",
    "again",
    "algorithm",
    "and",
    "are",
    "as",
    "at",
    "attempt",
    "attempts",
    "auth",
    "authentication",
    "bad",
    "based",
    "be",
    "because",
    "before",
    "bucket",
    "but",
    "by",
    "can",
    "cannot",
    "change",
    "changed",
    "check",
    "closed",
    "could",
    "did",
    "do",
    "does",
    "doesn",
    "endpoint",
    "error",
    "exchange",
    "expired",
    "expires",
    "failed",
    "failure",
    "field",
    "file",
    "for",
    "found",
    "from",
    "given",
    "got",
    "had",
    "has",
    "hash",
    "have",
    "if",
    "in",
    "incorrect",
    "invalid",
    "is",
    "issued",
    "length",
    "lookup",
    "manager",
    "may",
    "mismatch",
    "missing",
    "must",
    "not",
    "of",
    "on",
    "only",
    "opened",
    "or",
    "policy",
    "prompt",
    "protected",
    "provided",
    "received",
    "refused",
    "rejected",
    "request",
    "required",
    "reset",
    "seems",
    "sent",
    "server",
    "set",
    "should",
    "that",
    "the",
    "through",
    "to",
    "too",
    "verification",
    "was",
    "were",
    "which",
    "with",
    "without",
    "wrong",
}));

constexpr auto kStrongSegments = sorted(std::to_array<Words>({
    "accept-invite",  "activate",       "activation", "apikey",     "catch",      "confirm",
    "confirm-email",  "confirmation",   "hook",       "hooks",      "invitation", "invitations",
    "invite",         "invites",        "magic",      "magic-link", "magiclink",  "optout",
    "password-reset", "password_reset", "recover",    "recovery",   "reset",      "reset-password",
    "reset_password", "resetpassword",  "secret",     "token",      "tokens",     "unsubscribe",
    "verify",         "verify-email",   "webhook",    "webhooks",
}));
constexpr auto kWeakSegments = sorted(std::to_array<Words>({
    "access",
    "api-key",
    "auth",
    "callback",
    "claim",
    "join",
    "key",
    "keys",
    "login",
    "secrets",
    "services",
    "session",
    "sessions",
    "share",
    "signin",
    "sso",
    "unlock",
    "webhookb2",
}));

constexpr auto kPlainSegments = sorted(std::to_array<Words>({
    "account",      "admin",      "api",     "complete", "confirm", "done",   "edit",  "email",
    "error",        "expired",    "form",    "index",    "list",    "login",  "new",   "password",
    "post-receive", "pre-commit", "request", "reset",    "send",    "sent",   "start", "status",
    "step",         "submit",     "success", "user",     "users",   "verify",
}));

constexpr auto kSchemes = sorted(std::to_array<Words>({
    "apikey",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "geniekey",
    "hawk",
    "negotiate",
    "ntlm",
    "scram-sha-256",
}));

// Beginnings of tokens that their makers gave a form of its own, each with the fewest bytes behind
// it. From the makers' documentation of their formats.
struct Form {
  Words begins;
  std::size_t least;
};
constexpr std::array kForms{
    Form{"eyJ", 12},       Form{"AKIA", 12},        Form{"ASIA", 12},
    Form{"ABIA", 12},      Form{"ACCA", 12},        Form{"ghp_", 12},
    Form{"gho_", 12},      Form{"ghu_", 12},        Form{"ghs_", 12},
    Form{"ghr_", 12},      Form{"github_pat_", 12}, Form{"glpat-", 12},
    Form{"gldt-", 12},     Form{"glrt-", 12},       Form{"glcbt-", 12},
    Form{"glptt-", 12},    Form{"xoxb-", 8},        Form{"xoxp-", 8},
    Form{"xoxa-", 8},      Form{"xoxr-", 8},        Form{"xoxs-", 8},
    Form{"xoxe-", 8},      Form{"xoxe.", 8},        Form{"xapp-", 8},
    Form{"sk_live_", 8},   Form{"sk_test_", 8},     Form{"rk_live_", 8},
    Form{"rk_test_", 8},   Form{"whsec_", 12},      Form{"sk-", 16},
    Form{"AIza", 20},      Form{"ya29.", 12},       Form{"GOCSPX-", 12},
    Form{"npm_", 20},      Form{"pypi-", 20},       Form{"hvs.", 12},
    Form{"hvb.", 12},      Form{"dop_v1_", 20},     Form{"doo_v1_", 20},
    Form{"dor_v1_", 20},   Form{"SG.", 20},         Form{"key-", 24},
    Form{"shpat_", 16},    Form{"shpca_", 16},      Form{"shppa_", 16},
    Form{"shpss_", 16},    Form{"sq0atp-", 12},     Form{"sq0csp-", 12},
    Form{"EAAC", 20},      Form{"ATATT3", 20},      Form{"xkeysib-", 20},
    Form{"xsmtpsib-", 20}, Form{"rubygems_", 20},   Form{"dckr_pat_", 12},
    Form{"hf_", 20},       Form{"lin_api_", 20},    Form{"PMAK-", 20},
    Form{"NRAK-", 16},     Form{"glc_", 20},        Form{"glsa_", 20},
    Form{"tskey-", 12},    Form{"pul-", 24},        Form{"sntrys_", 20},
    Form{"sntryu_", 20},   Form{"dapi", 32},        Form{"AGE-SECRET-KEY-", 12},
    Form{"v1.0-", 40},     Form{"cfut_", 20},       Form{"cfat_", 20},
    Form{"cfk_", 20},
};
// Hashes of passwords, as crypt(5), htpasswd and LDAP write them.
constexpr auto kHashes = sorted(std::to_array<Words>({
    "$1$",    "$2a$",    "$2b$",    "$2y$",           "$5$",         "$6$",    "$7$",
    "$y$",    "$gy$",    "$apr1$",  "$argon2",        "$pbkdf2",     "$scram", "{SHA}",
    "{SSHA}", "{CRYPT}", "{PLAIN}", "{SHA512-CRYPT}", "{BLF-CRYPT}",
}));

// In lower case, its words joined by "_": "dbPassword" and "DB-PASSWORD" are "db_password".
class Name {
 public:
  explicit Name(std::string_view name) {
    if (name.size() > kNameBytes) name.remove_prefix(name.size() - kNameBytes);
    bool small = false;
    for (const char c : name) {
      const bool large = c >= 'A' && c <= 'Z';
      if (!is_word(c) || (large && small)) end_word();
      if (is_word(c)) joined_ += static_cast<char>(large ? c - 'A' + 'a' : c);
      small = c >= 'a' && c <= 'z';
    }
    end_word();
  }

  Words all() const {
    const Words all = joined_;
    return all.substr(0, all.empty() ? 0 : all.size() - 1);
  }
  std::size_t count() const { return count_; }
  Words word(std::size_t at) const {
    const auto from = at == 0 ? 0 : ends_.at(at - 1) + 1;
    return Words{joined_}.substr(from, ends_.at(at) - from);
  }
  Words last() const { return count_ == 0 ? Words{} : word(count_ - 1); }

 private:
  void end_word() {
    if (joined_.empty() || joined_.back() == '_') return;
    if (count_ < kWordsMost) {
      ends_.at(count_++) = joined_.size();
    } else {
      ends_.back() = joined_.size();
    }
    joined_ += '_';
  }

  std::string joined_;
  std::array<std::size_t, kWordsMost> ends_{};
  std::size_t count_ = 0;
};

template <class Fits>
bool any_word(const Name& name, Fits fits) {
  for (std::size_t i = 0; i < name.count(); ++i) {
    if (fits(name.word(i))) return true;
  }
  return false;
}

bool is_strong(const Name& name) {
  const auto last = name.last();
  if (any_word(name, [](Words word) { return holds(kStrongWords, word); })) return true;
  if (last.ends_with("pw") || name.all() == "secure_link_md5" || name.all() == "pass_phrase")
    return true;
  if (last == "pass" || (last.size() > 4 && last.ends_with("pass"))) return true;
  if (last == "key" && name.count() > 1 && holds(kKeyOwners, name.word(name.count() - 2)))
    return true;
  if (last == "tokens") return false;  // how many there are, more often than which
  return std::ranges::any_of(kStrongParts, [&](Words part) { return name.all().contains(part); });
}

bool is_weak(const Name& name) {
  if (any_word(name, [](Words word) { return holds(kWeakWords, word); })) return true;
  const auto all = name.all();
  return all.contains("logged_in") || all == "connect_sid" || all == "cf_bm";
}

bool mixed(std::string_view word, int uppers, int lowers, int digits) {
  int upper = 0;
  int lower = 0;
  int digit = 0;
  for (const char c : word) {
    upper += static_cast<int>(c >= 'A' && c <= 'Z');
    lower += static_cast<int>(c >= 'a' && c <= 'z');
    digit += static_cast<int>(is_digit(c));
  }
  return upper >= uppers && lower >= lowers && digit >= digits;
}

// "10m", "128MB", "1.5s"
bool is_amount(std::string_view value) {
  std::size_t at = 0;
  while (at < value.size() && (is_digit(value[at]) || value[at] == '.')) ++at;
  return at > 0 && value.size() - at <= 2;
}

bool is_path(std::string_view value) {
  if (value.contains(' ')) return false;
  if (value.starts_with("./") || value.starts_with("../") || value.starts_with("~/")) return true;
  if (!value.starts_with('/')) return false;
  const auto end = value.find('/', 1);
  return end != std::string_view::npos && holds(kRoots, value.substr(1, end - 1));
}

// Where the value is, not what it is: "${DB_PASSWORD}", "$http_authorization", "{{ token }}".
bool is_reference(std::string_view value) {
  for (const auto& [begin, end] : {std::pair<Words, Words>{"${", "}"},
                                   {"{{", "}}"},
                                   {"%{", "}"},
                                   {"%env(", ")%"},
                                   {"$(", ")"},
                                   {"<%=", "%>"}}) {
    if (value.starts_with(begin) && value.find(end) + end.size() == value.size()) return true;
  }
  if (!value.starts_with('$')) return false;
  for (const Words variable : {"$http_", "$cookie_", "$arg_", "$sent_http_", "$ssl_"}) {
    if (value.starts_with(variable)) return true;
  }
  return value.size() > 3 && std::ranges::all_of(value.substr(1), [](char c) {
           return (c >= 'A' && c <= 'Z') || c == '_';
         });
}

// "********", "xxxxxx", "[token 1]", "[REDACTED]"
bool is_mask(std::string_view value) {
  if (std::ranges::all_of(value, [](char c) { return c == '*' || c == '.' || c == '-'; }))
    return true;
  if (value.size() >= 3 && std::ranges::all_of(value, [](char c) { return c == 'x' || c == 'X'; }))
    return true;
  if (!(value.starts_with('[') && value.ends_with(']'))) return false;
  const auto inside = value.substr(1, value.size() - 2);
  const auto blank = inside.find(' ');
  if (blank == std::string_view::npos) return holds(kInnocentValues, lower(inside));
  return is_letter(inside.front()) && std::ranges::all_of(inside.substr(blank + 1), is_digit) &&
         std::ranges::all_of(inside.substr(0, blank), is_letter);
}

}  // namespace

Telling telling(std::string_view text) {
  if (text.size() < 2) return Telling::no;
  const Name name{text};
  if (name.count() == 0) return Telling::no;
  const auto last = name.last();
  if (holds(kBenignNames, name.all()) && name.all() != "pass") return Telling::no;
  if (name.count() > 1 && holds(kBenignEnds, last)) return Telling::no;
  if (last == "authorization" || last == "cookie" || last == "cookies" || last == "setcookie" ||
      last == "cookie2")
    return Telling::header;
  if (is_strong(name)) return Telling::strong;
  if (is_weak(name)) return Telling::weak;
  if (last == "key" && name.count() > 1 && !name.all().contains("public")) {
    const auto owner = name.word(name.count() - 2);
    const bool plain = owner == "cache" || owner == "primary" || owner == "foreign" ||
                       owner == "sort" || owner == "host" || owner == "routing" ||
                       owner == "surrogate" || owner == "certificate" || owner == "temp";
    return plain ? Telling::no : Telling::weak;
  }
  return holds(kQueryWords, last) ? Telling::in_query : Telling::no;
}

bool ends_telling(std::string_view text) {
  const Name name{text};
  if (name.count() == 0) return false;
  const auto last = name.last();
  return holds(kStrongWords, last) || last.ends_with("pass") || last.ends_with("pw") ||
         name.all() == "secure_link_md5" || last == "key" || last == "auth" ||
         std::ranges::any_of(kStrongParts, [&](Words part) { return last.contains(part); });
}

Telling telling_segment(std::string_view segment) {
  const auto word = lower(segment);
  if (holds(kStrongSegments, word)) return Telling::strong;
  return holds(kWeakSegments, word) ? Telling::weak : Telling::no;
}

bool is_plain_segment(std::string_view segment) {
  const auto dot = segment.rfind('.');
  const bool file = dot != std::string_view::npos && segment.size() - dot <= 5 &&
                    std::ranges::all_of(segment.substr(dot + 1), is_letter);
  return segment.size() < 2 || file || holds(kPlainSegments, lower(segment)) ||
         (segment.size() <= 3 && segment.front() == 'v');
}

bool is_innocent_value(std::string_view value) {
  if (value.size() > kInnocentBytes) return false;
  return value.empty() || holds(kInnocentValues, lower(value)) || is_mask(value) ||
         is_path(value) || is_reference(value) ||
         value.find_first_not_of("{}()[],;\"'") == std::string_view::npos;
}

bool is_prose(std::string_view word) {
  while (!word.empty() && std::string_view{".,:;!?)"}.contains(word.back())) word.remove_suffix(1);
  const auto small = lower(word);
  return holds(kProse, small) || holds(kInnocentValues, small);
}

bool looks_like_value(std::string_view value) {
  if (value.size() >= 20) return true;
  if (value.size() < 6 || is_amount(value)) return false;
  const bool digits = std::ranges::any_of(value, is_digit);
  return digits || mixed(value, 2, 2, 0);
}

bool is_scheme(std::string_view word) {
  return std::ranges::any_of(kSchemes,
                             [&](Words each) { return equals_ignoring_case(each, word); });
}

std::size_t secret_form(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '$' || text[at] == '{') {
    const auto rest = text.substr(at);
    for (const auto each : kHashes) {
      if (!rest.starts_with(each)) continue;
      std::size_t end = at + each.size();
      while (end < text.size() &&
             (is_name(text[end]) || std::string_view{"$/+=,"}.contains(text[end])))
        ++end;
      return end - at >= each.size() + 8 ? end - at : 0;
    }
    return 0;
  }
  std::size_t end = at;
  while (end < text.size() && is_name(text[end])) ++end;
  const auto word = text.substr(at, end - at);
  if (word.size() < kFormLeast) return 0;
  for (const auto& form : kForms) {
    if (word.size() < form.begins.size() + form.least || !word.starts_with(form.begins)) continue;
    const auto rest = word.substr(form.begins.size());
    if (std::ranges::any_of(rest, is_digit) || mixed(rest, 2, 2, 0)) return word.size();
  }
  // "bot123456789:AAF...": a bot of Telegram.
  const auto id = word.substr(word.starts_with("bot") ? 3 : 0);
  const bool number = id.size() >= 6 && std::ranges::all_of(id, is_digit);
  if (number && end < text.size() && text[end] == ':') {
    std::size_t stop = end + 1;
    while (stop < text.size() && is_name(text[stop])) ++stop;
    if (stop - end > 30) return stop - at;
  }
  // Letters and digits well mixed, and long. Hexadecimal alone may be a fingerprint, a serial
  // number or a ray id, which a report needs.
  return word.size() >= 32 && mixed(word, 4, 4, 3) ? word.size() : 0;
}

}  // namespace causeway::codec
