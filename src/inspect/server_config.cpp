#include "inspect/server_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {
namespace {

constexpr auto kKept = std::to_array<std::string_view>(
    {// nginx
     "http", "server", "location", "upstream", "stream", "listen", "server_name", "ssl_certificate",
     "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "allow", "deny",
     "error_log", "worker_connections", "worker_processes", "worker_rlimit_nofile", "limit_req",
     "limit_conn", "set_real_ip_from", "real_ip_header", "return", "client_max_body_size",
     "ssl_client_certificate", "ssl_verify_client", "limit_except", "satisfy", "auth_basic",
     "auth_request",
     // apache
     "virtualhost", "servername", "serveralias", "sslengine", "sslcertificatefile", "proxypass",
     "sethandler", "errorlog", "maxrequestworkers", "serverlimit", "require", "allow-from",
     "deny-from", "remoteipheader", "remoteiptrustedproxy", "sslverifyclient", "documentroot",
     "threadsperchild", "remoteipinternalproxy", "requireall", "requireany", "requirenone", "order",
     "loadmodule", "directory", "directorymatch", "locationmatch", "files", "filesmatch",
     "ifmodule", "ifdefine", "ifversion", "redirect", "redirectpermanent", "redirectmatch",
     "rewriterule",
     // haproxy
     "frontend", "backend", "defaults", "global", "bind", "maxconn", "use_backend",
     "default_backend", "acl", "tcp-request", "http-request",
     // lighttpd
     "server.port", "server.bind", "ssl.pemfile", "server.errorlog", "server.max-connections"});

bool is_kept(std::string_view name) { return std::ranges::find(kKept, name) != kKept.end(); }

// Of these only that they are there.
constexpr auto kWithoutValues =
    std::to_array<std::string_view>({"rewriterule", "redirectmatch", "auth_basic", "auth_request"});

// HAProxy: what its rules do by the client's address, and that they ask something else; never what
// they ask of a request, which may be a password.
bool decides_by_source(std::string_view name, std::vector<std::string>& values) {
  constexpr auto kActions =
      std::to_array<std::string_view>({"accept", "allow", "deny", "reject", "silent-drop", "tarpit",
                                       "return", "set-src", "connection", "session", "content"});
  if (name == "acl") return values.size() > 2 && values[1] == "src";
  if (values.empty() || std::ranges::find(kActions, values[0]) == kActions.end()) return false;
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    if (values[i] != "{" || values[i + 1] == "src") continue;
    while (++i < values.size() && values[i] != "}") values[i] = "-";
  }
  return true;
}

class Builder {
 public:
  bool full() const { return out_.size() >= kDirectives; }
  void add(int depth, std::string place, std::string_view name, std::vector<std::string> values,
           std::size_t at = 0) {
    if (full() || !is_kept(name)) return;
    if (std::ranges::find(kWithoutValues, name) != kWithoutValues.end()) values.clear();
    const bool by_source = name == "acl" || name == "tcp-request" || name == "http-request";
    if (by_source && !decides_by_source(name, values)) return;
    // ModSecurity has thousands of rules; only those about who connects matter here.
    if (name == "secrule" && (values.empty() || values[0] != "REMOTE_ADDR")) return;
    for (auto& value : values) {
      value = printable(value, kDirectiveBytes);
      std::ranges::replace(value, '\t', ' ');
      // A URL may carry a name and a password.
      const auto scheme = value.find("://");
      const auto at_sign = value.find('@');
      if (scheme != std::string::npos && at_sign != std::string::npos && at_sign > scheme) {
        value.erase(scheme + 3, at_sign - scheme - 2);
      }
    }
    out_.push_back({depth, std::move(place), std::string{name}, std::move(values), at});
  }
  std::vector<Directive> take() { return std::move(out_); }

 private:
  std::vector<Directive> out_;
};

// Words, quoted strings and the signs ; { } of nginx's language.
struct Token {
  std::string text;
  int line = 0;
  char sign = 0;  // of a token that is one
  std::size_t at = 0;
};

class NginxTokens {
 public:
  explicit NginxTokens(std::string_view text) : text_(text) {}

  std::optional<Token> next() {
    skip();
    if (at_ >= text_.size()) return std::nullopt;
    const char c = text_[at_];
    if (c == ';' || c == '{' || c == '}') {
      ++at_;
      return Token{{}, line_, c, at_ - 1};
    }
    Token out{{}, line_, 0, at_};
    if (c == '"' || c == '\'') return quoted(out, c);
    while (at_ < text_.size() && !ends_word(text_[at_])) {
      const char one = text_[at_];
      if (one == '\\' && at_ + 1 < text_.size()) out.text += text_[at_++];
      // "${name}" is one word.
      if (one == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '{') {
        const auto close = std::min(text_.find('}', at_), text_.size() - 1);
        out.text += text_.substr(at_, close - at_);
        at_ = close;
      }
      out.text += text_[at_++];
    }
    return out;
  }

 private:
  static bool ends_word(char c) {
    return c == ';' || c == '{' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }

  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '\n') {
        ++line_;
        ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  Token quoted(Token out, char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      if (text_[at_] == '\n') ++line_;
      out.text += text_[at_++];
    }
    ++at_;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

class Nginx {
 public:
  explicit Nginx(const Include& include) : include_(include) {}

  void read(const ConfigFile& file, int depth, int nested) {
    NginxTokens tokens{file.text};
    std::vector<std::string> words;
    Token first;
    while (const auto token = tokens.next()) {
      if (out_.full()) return;
      if (token->sign == 0) {
        if (words.empty()) first = *token;
        words.push_back(token->text);
        continue;
      }
      if (token->sign == '}') {
        depth = std::max(depth - 1, 0);
        words.clear();
        continue;
      }
      if (!words.empty()) directive(file, words, first, depth, nested);
      words.clear();
      if (token->sign == '{') ++depth;
    }
  }

  Builder& out() { return out_; }

 private:
  void directive(const ConfigFile& file, const std::vector<std::string>& words, const Token& first,
                 int depth, int nested) {
    if (words[0] == "include" && words.size() > 1 && nested < kIncludeDepth) {
      for (const auto& other : include_(words[1])) read(other, depth, nested + 1);
      return;
    }
    out_.add(depth, fmt::format("{}:{}", file.path, first.line), words[0],
             {words.begin() + 1, words.end()}, first.at);
  }

  const Include& include_;
  Builder out_;
};

// Words of a line of Apache's or HAProxy's language; a backslash protects, quotes hold together.
std::vector<std::string> line_words(std::string_view line) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
      ++at;
      continue;
    }
    if (line[at] == '#' && out.empty()) return out;
    std::string word;
    char quote = 0;
    for (; at < line.size(); ++at) {
      const char c = line[at];
      if (quote == 0 && (c == ' ' || c == '\t' || c == '\r')) break;
      if (quote != 0 && c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else {
        word += c;
      }
    }
    out.push_back(std::move(word));
  }
  return out;
}

class Apache {
 public:
  explicit Apache(const Include& include) : include_(include) {}

  void read(const ConfigFile& file, int nested) {
    int number = 0;
    std::size_t begin = 0;  // of the first of its lines
    std::size_t end = 0;
    std::string whole;
    for (const auto line : split(file.text, '\n')) {
      ++number;
      if (whole.empty()) begin = end;
      end += line.size() + 1;
      whole += line;
      if (whole.ends_with('\\')) {
        whole.pop_back();
        continue;
      }
      one(file, whole, {number, begin}, nested);
      whole.clear();
      if (out_.full()) return;
    }
  }

  Builder& out() { return out_; }

 private:
  struct Where {
    int line = 0;  // its last one
    std::size_t at = 0;
  };

  void one(const ConfigFile& file, std::string_view line, Where where, int nested) {
    auto text = trim(line);
    if (text.starts_with("</")) {
      depth_ = std::max(depth_ - 1, 0);
      return;
    }
    const bool opens = text.starts_with('<');
    if (opens) {
      text.remove_prefix(1);
      if (text.ends_with('>')) text.remove_suffix(1);
    }
    auto words = line_words(text);
    if (words.empty()) return;
    std::string name = lower(words[0]);
    const bool includes = name == "include" || name == "includeoptional";
    if (includes && words.size() > 1 && nested < kIncludeDepth) {
      for (const auto& other : include_(words[1])) read(other, nested + 1);
      return;
    }
    // "Allow from X" of Apache 2.2 and mod_access_compat.
    if ((name == "allow" || name == "deny") && words.size() > 2) {
      name += "-from";
      words.erase(words.begin());
    }
    out_.add(depth_, fmt::format("{}:{}", file.path, where.line), name,
             {words.begin() + 1, words.end()}, where.at);
    if (opens) ++depth_;
  }

  const Include& include_;
  Builder out_;
  int depth_ = 0;
};

}  // namespace

std::string_view file_of(const Directive& directive) {
  const std::string_view place = directive.place;
  return place.substr(0, std::min(place.rfind(':'), place.size()));
}

std::vector<Directive> parse_nginx(const ConfigFile& file, const Include& include) {
  Nginx nginx{include};
  nginx.read(file, 0, 0);
  return nginx.out().take();
}

std::vector<Directive> parse_apache(const ConfigFile& file, const Include& include) {
  Apache apache{include};
  apache.read(file, 0);
  return apache.out().take();
}

std::vector<Directive> parse_haproxy(const ConfigFile& file) {
  constexpr std::array<std::string_view, 5> kSections{"global", "defaults", "frontend", "backend",
                                                      "listen"};
  Builder out;
  int number = 0;
  for (const auto line : split(file.text, '\n')) {
    ++number;
    const auto words = line_words(line);
    if (words.empty()) continue;
    const bool section = std::ranges::find(kSections, words[0]) != kSections.end() &&
                         !line.starts_with(' ') && !line.starts_with('\t');
    out.add(section ? 0 : 1, fmt::format("{}:{}", file.path, number), words[0],
            {words.begin() + 1, words.end()});
  }
  return out.take();
}

std::vector<Directive> parse_lighttpd(const ConfigFile& file, const Include&) {
  Builder out;
  int number = 0;
  int depth = 0;
  for (const auto line : split(file.text, '\n')) {
    ++number;
    const auto text = trim(line);
    const auto equals = text.find('=');
    if (!text.starts_with('#') && equals != std::string_view::npos && equals > 0) {
      const auto words = line_words(trim(text.substr(equals + 1)));
      const auto name = trim(text.substr(0, equals));
      if (!words.empty()) {
        out.add(depth, fmt::format("{}:{}", file.path, number), lower(name), {words[0]});
      }
    }
    depth += static_cast<int>(std::ranges::count(text, '{') - std::ranges::count(text, '}'));
    depth = std::max(depth, 0);
  }
  return out.take();
}

std::optional<ConfigCheck> read_config_check(std::string_view text) {
  const auto lines = split(text, '\n');
  constexpr std::string_view kExit = "exit ";
  if (!lines.front().starts_with(kExit)) return std::nullopt;
  ConfigCheck out;
  out.valid = lines.front().substr(kExit.size()) == "0";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto line = trim(lines[i]);
    // nginx: "[emerg] ... in FILE:LINE"; Apache: "Syntax error on line N of FILE:", then the words.
    const bool nginx = line.find("[emerg]") != std::string_view::npos;
    const bool apache = line.find("yntax error on line ") != std::string_view::npos;
    if (!nginx && !apache) continue;
    out.detail = line;
    const auto last = line.rfind(" in /");
    if (nginx && last != std::string_view::npos) out.place = line.substr(last + 4);
    if (apache) {
      const auto words = words_of(line.substr(line.find("yntax error on line ")));
      if (words.size() > 6) {
        auto file = words[6];
        if (file.ends_with(':')) file.remove_suffix(1);
        out.place = fmt::format("{}:{}", file, words[4]);
      }
      if (i + 1 < lines.size()) out.detail += fmt::format(" {}", trim(lines[i + 1]));
    }
    break;
  }
  if (!out.valid && out.detail.empty() && lines.size() > 1) out.detail = trim(lines[1]);
  return out;
}

std::string write_directives(const std::vector<Directive>& directives) {
  std::string out;
  for (const auto& one : directives) {
    out += fmt::format("{}\t{}\t{}", one.depth, one.place, one.name);
    for (const auto& value : one.values) out += "\t" + value;
    out += '\n';
  }
  return out;
}

std::vector<Directive> read_directives(std::string_view text) {
  std::vector<Directive> out;
  for (const auto line : split(text, '\n')) {
    const auto parts = split(line, '\t');
    if (parts.size() < 3 || out.size() >= kDirectives) continue;
    Directive one;
    one.depth =
        static_cast<int>(std::clamp<std::int64_t>(whole_number(parts[0]).value_or(0), 0, 64));
    one.place = parts[1];
    one.name = parts[2];
    for (std::size_t i = 3; i < parts.size(); ++i) one.values.emplace_back(parts[i]);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace causeway::inspect
