// LiteSpeed: OpenLiteSpeed's httpd_config.conf with the files of its virtual hosts, and the
// enterprise server's httpd_config.xml. Both become the directives of server_config.hpp, in nginx's
// words where it has them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"
#include "inspect/server_config.hpp"

namespace causeway::inspect {
namespace {

// Of one client: above these it is refused, or banned for a while.
constexpr std::array<std::string_view, 6> kThrottles{
    "softlimit", "hardlimit", "banperiod", "graceperiod", "staticreqpersec", "dynreqpersec"};

bool is_throttle(std::string_view name) {
  return std::ranges::find(kThrottles, name) != kThrottles.end();
}

std::vector<std::string> parts_of(std::string_view text) {
  std::string blanks{text};
  std::ranges::replace(blanks, ',', ' ');
  std::ranges::replace(blanks, '\n', ' ');
  std::vector<std::string> out;
  for (const auto word : words_of(blanks)) out.emplace_back(word);
  return out;
}

class Out {
 public:
  bool full() const { return all_.size() >= kDirectives; }
  void add(int depth, const std::string& place, std::string_view name,
           std::vector<std::string> values) {
    if (full()) return;
    for (auto& value : values) value = printable(value, kDirectiveBytes);
    all_.push_back({depth, place, std::string{name}, std::move(values)});
  }
  // "ALL" lets everybody in; a "T" behind an address trusts it as a proxy.
  void access(const std::string& place, std::string_view name, std::string_view list) {
    for (auto& part : parts_of(list)) {
      if (equals_ignoring_case(part, "all")) part = "all";
      if (part.ends_with('T') && part.size() > 1) part.pop_back();
      add(1, place, name, {std::move(part)});
    }
  }
  std::vector<Directive> take() { return std::move(all_); }

 private:
  std::vector<Directive> all_;
};

// What one listener serves: collected, because its certificate may follow its maps.
struct Listener {
  std::string place;
  std::string address;
  std::string certificate;
  bool secure = false;
  std::vector<std::string> names;

  void write(Out& out) const {
    if (address.empty()) return;
    out.add(0, place, "server", {});
    std::vector<std::string> listen{address};
    if (secure) listen.emplace_back("ssl");
    const bool any = std::ranges::find(names, "*") != names.end();
    if (any) listen.emplace_back("default_server");
    out.add(1, place, "listen", std::move(listen));
    std::vector<std::string> served;
    for (const auto& name : names) {
      if (name != "*") served.push_back(name);
    }
    if (!served.empty()) out.add(1, place, "server_name", std::move(served));
    if (!certificate.empty()) out.add(1, place, "ssl_certificate", {certificate});
  }
};

class OpenLiteSpeed {
 public:
  explicit OpenLiteSpeed(const Include& include) : include_(include) {}

  void read(const ConfigFile& file, int nested) {
    int number = 0;
    std::string until;  // the end of a value over several lines
    std::string value;
    std::string name;
    for (const auto line : split(file.text, '\n')) {
      ++number;
      const auto place = fmt::format("{}:{}", file.path, number);
      if (!until.empty()) {
        if (trim(line) == until) {
          pair(file, place, name, value, nested);
          until.clear();
        } else if (value.size() < kConfigBytes) {
          value.append(line).append("\n");
        }
        continue;
      }
      const auto text = trim(line);
      if (text.empty() || text.starts_with('#')) continue;
      if (text == "}") {
        close();
        continue;
      }
      const auto words = words_of(text);
      if (words.back() == "{") {
        open(lower(words.front()), place);
        continue;
      }
      name = lower(words.front());
      const auto rest = trim(text.substr(words.front().size()));
      if (rest.starts_with("<<<")) {
        until = std::string{trim(rest.substr(3))};
        value.clear();
        continue;
      }
      pair(file, place, name, rest, nested);
      if (out_.full()) return;
    }
  }

  std::vector<Directive> take() { return out_.take(); }

 private:
  void open(std::string name, const std::string& place) {
    if (blocks_.size() >= 64) return;
    if (name == "listener")
      listener_ = {.place = place, .address = {}, .certificate = {}, .secure = false, .names = {}};
    blocks_.push_back(std::move(name));
  }

  void close() {
    if (blocks_.empty()) return;
    if (blocks_.back() == "listener") listener_.write(out_);
    blocks_.pop_back();
  }

  bool inside(std::string_view name) const { return !blocks_.empty() && blocks_.back() == name; }

  void pair(const ConfigFile& file, const std::string& place, std::string_view name,
            std::string_view value, int nested) {
    if (inside("listener")) {
      if (name == "address") listener_.address = std::string{value};
      if (name == "secure") listener_.secure = value == "1";
      if (name == "certfile") listener_.certificate = std::string{value};
      if (name == "map") {
        const auto parts = parts_of(value);
        if (!parts.empty())
          listener_.names.insert(listener_.names.end(), parts.begin() + 1, parts.end());
      }
      return;
    }
    if (name == "allow" || name == "deny") {
      if (inside("accesscontrol")) out_.access(place, name, value);
      return;
    }
    if (is_throttle(name) || name == "maxconnections") {
      out_.add(0, place, name, {std::string{value}});
    } else if (name == "type" && inside("extprocessor")) {
      proxy_ = value == "proxy";
    } else if (name == "address" && inside("extprocessor") && proxy_) {
      out_.add(0, place, "proxy_pass", {std::string{value}});
    } else if (name == "certfile" && inside("vhssl")) {
      out_.add(0, place, "ssl_certificate", {std::string{value}});
    } else if (name == "errorlog") {
      out_.add(0, place, "error_log", {std::string{value}});
    } else if ((name == "configfile" || name == "include") && nested < kIncludeDepth) {
      follow(file, value, nested);
    }
  }

  void follow(const ConfigFile& file, std::string_view value, int nested) {
    std::string path{value};
    constexpr std::string_view kRoot = "$SERVER_ROOT";
    // .../conf/httpd_config.conf: two folders up.
    if (const auto at = path.find(kRoot); at != std::string::npos) {
      const auto conf = file.path.rfind("/conf/");
      path.replace(at, kRoot.size(), conf == std::string::npos ? "" : file.path.substr(0, conf));
    }
    const auto blocks = std::move(blocks_);
    blocks_.clear();
    for (const auto& other : include_(path)) read(other, nested + 1);
    blocks_ = blocks;
  }

  const Include& include_;
  Out out_;
  std::vector<std::string> blocks_;
  Listener listener_;
  bool proxy_ = false;
};

// Elements with text, no attributes that matter: all that httpd_config.xml uses.
class Enterprise {
 public:
  explicit Enterprise(const ConfigFile& file) : path_(file.path), text_(file.text) {}

  std::vector<Directive> directives() {
    std::size_t at = 0;
    while (at < text_.size() && !out_.full()) {
      const auto open = text_.find('<', at);
      if (open == std::string_view::npos) break;
      if (text_.substr(open).starts_with("<!--")) {
        at = std::min(text_.find("-->", open), text_.size());
        continue;
      }
      const auto close = text_.find('>', open);
      if (close == std::string_view::npos) break;
      tag(open, text_.substr(open + 1, close - open - 1),
          text_.substr(begun_, open - std::min(begun_, open)));
      begun_ = close + 1;
      at = close + 1;
    }
    return out_.take();
  }

 private:
  void tag(std::size_t at, std::string_view words, std::string_view before) {
    if (words.empty() || words.front() == '?' || words.front() == '!') return;
    line_ += static_cast<int>(std::ranges::count(text_.substr(counted_, at - counted_), '\n'));
    counted_ = at;
    const auto place = fmt::format("{}:{}", path_, line_);
    if (words.ends_with('/')) return;
    if (words.front() != '/') {
      if (open_.size() >= 64) return;
      open_.push_back(lower(words.substr(0, words.find_first_of(" \t\r\n"))));
      if (open_.back() == "listener")
        listener_ = {
            .place = place, .address = {}, .certificate = {}, .secure = false, .names = {}};
      return;
    }
    const auto name = lower(words.substr(1));
    if (open_.empty() || open_.back() != name) return;
    open_.pop_back();
    value(place, name, trim(before));
  }

  bool inside(std::string_view name) const { return std::ranges::find(open_, name) != open_.end(); }

  void value(const std::string& place, std::string_view name, std::string_view text) {
    if (inside("listener")) {
      if (name == "address") listener_.address = std::string{text};
      if (name == "secure") listener_.secure = text == "1";
      if (name == "certfile") listener_.certificate = std::string{text};
      if (name == "domain") {
        for (auto& part : parts_of(text)) listener_.names.push_back(std::move(part));
      }
    } else if (name == "listener") {
      listener_.write(out_);
    } else if ((name == "allow" || name == "deny") && inside("accesscontrol")) {
      out_.access(place, name, text);
    } else if (is_throttle(name) || name == "maxconnections") {
      out_.add(0, place, name, {std::string{text}});
    }
  }

  std::string path_;
  std::string_view text_;
  Out out_;
  std::vector<std::string> open_;
  std::size_t begun_ = 0;    // behind the last tag
  std::size_t counted_ = 0;  // lines up to here
  int line_ = 1;
  Listener listener_;
};

}  // namespace

std::vector<Directive> parse_openlitespeed(const ConfigFile& file, const Include& include) {
  OpenLiteSpeed parser{include};
  parser.read(file, 0);
  return parser.take();
}

std::vector<Directive> parse_litespeed_xml(const ConfigFile& file) {
  return Enterprise{file}.directives();
}

}  // namespace causeway::inspect
