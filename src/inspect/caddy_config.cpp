// Caddy: the configuration as it is run (JSON, `caddy adapt`), and the Caddyfile for a host without
// the program. Both become the directives of server_config.hpp, in nginx's words.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"
#include "inspect/server_config.hpp"

namespace causeway::inspect {
namespace {

using nlohmann::json;

const json kNothing;
constexpr int kRouteDepth = 12;  // routes within subroutes

const json& member(const json& of, const char* name) {
  if (!of.is_object()) return kNothing;
  const auto at = of.find(name);
  return at == of.end() ? kNothing : *at;
}

const json& list(const json& of, const char* name) {
  const auto& found = member(of, name);
  return found.is_array() ? found : kNothing;
}

std::vector<std::string> texts(const json& of, const char* name) {
  std::vector<std::string> out;
  for (const auto& one : list(of, name)) {
    if (one.is_string() && out.size() < kSites) out.push_back(one.get<std::string>());
  }
  return out;
}

// "127.0.0.1:9000"; "unix//run/app.sock" in nginx's words.
std::string dial_target(std::string_view dial) {
  if (dial.starts_with("unix/")) return fmt::format("unix:{}", dial.substr(5));
  return std::string{dial};
}

bool refuses(std::string_view handler, const json& handle) {
  if (handler == "error") return true;
  if (handler != "static_response") return false;
  const auto& abort = member(handle, "abort");
  if (abort.is_boolean() && abort.get<bool>()) return true;
  const auto& status = member(handle, "status_code");
  constexpr int kClientErrors = 400;
  if (status.is_number_integer()) return status.get<std::int64_t>() >= kClientErrors;
  return status.is_string() && status.get<std::string>() >= "400";
}

class Adapted {
 public:
  Adapted(const json& config, std::string path) : config_(config), path_(std::move(path)) {}

  std::vector<Directive> directives() {
    const auto& tls = member(member(config_, "apps"), "tls");
    for (const auto& one : list(member(tls, "certificates"), "load_files")) {
      const auto& file = member(one, "certificate");
      if (!file.is_string()) continue;
      for (const auto& tag : texts(one, "tags")) files_[tag] = file.get<std::string>();
    }
    const auto& servers = member(member(member(config_, "apps"), "http"), "servers");
    for (const auto& [name, server] : servers.items()) read_server(server);
    return std::move(out_);
  }

 private:
  void add(int depth, std::string_view name, std::vector<std::string> values) {
    if (out_.size() >= kDirectives) return;
    for (auto& value : values) value = printable(value, kDirectiveBytes);
    // The JSON has no lines of the file that it was made of.
    out_.push_back({depth, path_, std::string{name}, std::move(values)});
  }

  void read_server(const json& server) {
    const auto listens = texts(server, "listen");
    const auto& policies = list(server, "tls_connection_policies");
    std::set<std::string> named;
    bool rest = false;  // routes for any name
    for (const auto& route : list(server, "routes")) {
      std::vector<std::string> names;
      for (const auto& match : list(route, "match")) {
        for (auto& host : texts(match, "host")) names.push_back(std::move(host));
      }
      if (names.empty()) rest = true;
      if (!names.empty()) site(listens, names, policies, route);
    }
    if (rest || list(server, "routes").empty()) {
      site(listens, {}, policies, kNothing);
      for (const auto& route : list(server, "routes")) {
        bool has_names = false;
        for (const auto& match : list(route, "match")) has_names |= !texts(match, "host").empty();
        if (!has_names) read_route(route, 1);
      }
    }
  }

  void site(const std::vector<std::string>& listens, const std::vector<std::string>& names,
            const json& policies, const json& route) {
    add(0, "server", {});
    for (const auto& listen : listens) {
      std::vector<std::string> values{listen};
      // Automatic HTTPS: whatever has a name and does not listen on the port for plain HTTP.
      const bool plain = listen.ends_with(":80");
      if (!policies.empty() || (!plain && !names.empty()) || listen.ends_with(":443")) {
        values.emplace_back("ssl");
      }
      if (names.empty()) values.emplace_back("default_server");
      add(1, "listen", std::move(values));
    }
    if (!names.empty()) add(1, "server_name", names);
    if (const auto file = certificate_for(names, policies); !file.empty()) {
      add(1, "ssl_certificate", {file});
    }
    if (route.is_object()) read_route(route, 1);
  }

  std::string certificate_for(const std::vector<std::string>& names, const json& policies) const {
    for (const auto& policy : policies) {
      const auto sni = texts(member(policy, "match"), "sni");
      const bool ours = sni.empty() || std::ranges::any_of(names, [&](const std::string& name) {
                          return std::ranges::find(sni, name) != sni.end();
                        });
      if (!ours) continue;
      for (const auto& tag : texts(member(policy, "certificate_selection"), "any_tag")) {
        if (const auto file = files_.find(tag); file != files_.end()) return file->second;
      }
    }
    return "";
  }

  void read_route(const json& route, int depth) {
    if (depth > kRouteDepth) return;
    bool refused = false;
    for (const auto& handle : list(route, "handle")) {
      const auto& kind = member(handle, "handler");
      if (!kind.is_string()) continue;
      const auto handler = kind.get<std::string>();
      refused = refused || refuses(handler, handle);
      if (handler == "reverse_proxy") {
        for (const auto& each : list(handle, "upstreams")) {
          const auto& dial = member(each, "dial");
          if (dial.is_string()) add(depth, "proxy_pass", {dial_target(dial.get<std::string>())});
        }
      }
      for (const auto& inner : list(handle, "routes")) read_route(inner, depth + 1);
    }
    if (refused) read_refusal(route, depth);
  }

  void read_refusal(const json& route, int depth) {
    for (const auto& match : list(route, "match")) {
      for (const char* name : {"remote_ip", "client_ip"}) {
        for (const auto& range : texts(member(match, name), "ranges")) {
          add(depth, "deny", {range});
        }
      }
      // Everybody but these.
      for (const auto& inner : list(match, "not")) {
        const auto allowed = texts(member(inner, "remote_ip"), "ranges");
        for (const auto& range : allowed) add(depth, "allow", {range});
        if (!allowed.empty()) add(depth, "deny", {"all"});
      }
    }
  }

  const json& config_;
  std::string path_;
  std::map<std::string, std::string> files_;  // certificates by tag
  std::vector<Directive> out_;
};

// --- the Caddyfile ---

struct Line {
  std::vector<std::string> words;
  int number = 0;
};

// Words, quotes and continued lines of caddyserver.com/docs/caddyfile/concepts.
std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> out;
  Line line{{}, 1};
  int number = 1;
  std::size_t at = 0;
  const auto finish = [&] {
    if (!line.words.empty()) out.push_back(std::move(line));
    line = {{}, number};
  };
  while (at < text.size() && out.size() < kDirectives) {
    const char c = text[at];
    if (c == '\n') {
      ++number;
      ++at;
      finish();
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at;
    } else if (c == '\\' && at + 1 < text.size() && text[at + 1] == '\n') {
      ++number;
      at += 2;
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      std::string word;
      const char quote = c == '"' || c == '`' ? c : '\0';
      if (quote != 0) ++at;
      for (; at < text.size(); ++at) {
        const char one = text[at];
        if (quote != 0 ? one == quote : one == ' ' || one == '\t' || one == '\n' || one == '\r') {
          break;
        }
        if (quote == '"' && one == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
        if (text[at] == '\n') ++number;
        word += text[at];
      }
      if (quote != 0 && at < text.size()) ++at;
      if (line.words.empty()) line.number = number;
      line.words.push_back(std::move(word));
    }
  }
  finish();
  return out;
}

struct Address {
  std::string name;
  std::string port;
  bool tls = false;
};

// "https://example.com:8443/path", ":80", "example.com": a name alone is served with TLS.
Address address_of(std::string_view text) {
  Address out;
  bool plain = false;
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    plain = text.substr(0, scheme) == "http";
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find('/'));
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  out.name = std::string{text.substr(0, has_port ? colon : text.size())};
  if (has_port) out.port = std::string{text.substr(colon + 1)};
  out.tls = !plain && out.port != "80" && (!out.name.empty() || out.port == "443");
  if (out.port.empty()) out.port = plain ? "80" : "443";
  return out;
}

class Caddyfile {
 public:
  explicit Caddyfile(const Include& include) : include_(include) {}

  void read(const ConfigFile& file, int nested) {
    int depth = depth_;
    for (const auto& line : lines_of(file.text)) {
      if (out_.size() >= kDirectives) return;
      one(file, line, nested);
    }
    if (nested > 0) depth_ = depth;
  }

  std::vector<Directive> take() { return std::move(out_); }

 private:
  void one(const ConfigFile& file, Line line, int nested) {
    auto& words = line.words;
    const auto place = fmt::format("{}:{}", file.path, line.number);
    if (words.front() == "}") {
      depth_ = std::max(depth_ - 1, 0);
      if (depth_ < matcher_depth_) matcher_.clear();
      return;
    }
    const bool opens = words.back() == "{";
    if (opens) words.pop_back();
    if (words.empty()) {  // global options
      ++depth_;
      in_site_ = false;
      return;
    }
    if (words.front() == "import" && words.size() > 1) {
      const bool path = words[1].find('/') != std::string::npos ||
                        words[1].find('*') != std::string::npos ||
                        words[1].find('.') != std::string::npos;
      if (path && nested < kIncludeDepth) {
        for (const auto& other : include_(words[1])) read(other, nested + 1);
      }
      return;
    }
    if (depth_ == 0 && !(braceless_ && !opens)) {
      open_site(place, words, opens);
    } else if (in_site_) {
      directive(place, words, opens);
    }
    if (opens) ++depth_;
  }

  void open_site(const std::string& place, const std::vector<std::string>& words, bool opens) {
    in_site_ = !words.front().starts_with('(');  // a snippet
    braceless_ = !opens;
    refused_.clear();
    if (!in_site_) return;
    add(0, place, "server", {});
    std::vector<std::string> names;
    for (const auto& word : words) {
      for (const auto part : split(word, ',')) {
        if (part.empty()) continue;
        const auto address = address_of(part);
        std::vector<std::string> listen{":" + address.port};
        if (address.tls) listen.emplace_back("ssl");
        if (address.name.empty()) listen.emplace_back("default_server");
        add(1, place, "listen", std::move(listen));
        if (!address.name.empty()) names.push_back(address.name);
      }
    }
    if (!names.empty()) add(1, place, "server_name", std::move(names));
  }

  void directive(const std::string& place, const std::vector<std::string>& words, bool opens) {
    const auto& name = words.front();
    if (name.starts_with('@')) {
      matcher_ = opens ? name : "";
      matcher_depth_ = depth_ + 1;
      if (words.size() > 2 && words[1] == "remote_ip") {
        refused_[name].assign(words.begin() + 2, words.end());
      }
      return;
    }
    if (!matcher_.empty() && name == "remote_ip") {
      refused_[matcher_].assign(words.begin() + 1, words.end());
      return;
    }
    if (name == "tls" && words.size() > 2) add(1, place, "ssl_certificate", {words[1]});
    if (name == "reverse_proxy" || name == "php_fastcgi") {
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].starts_with('@') || words[i].starts_with('/') || words[i] == "*") continue;
        add(1, place, "proxy_pass", {dial_target(words[i])});
      }
    }
    const bool refuses = name == "abort" || name == "error" ||
                         (name == "respond" && words.size() > 2 && words.back() >= "400");
    if (!refuses || words.size() < 2) return;
    if (const auto ranges = refused_.find(words[1]); ranges != refused_.end()) {
      for (const auto& range : ranges->second) add(1, place, "deny", {range});
    }
  }

  void add(int depth, std::string place, std::string_view name, std::vector<std::string> values) {
    for (auto& value : values) value = printable(value, kDirectiveBytes);
    out_.push_back({depth, std::move(place), std::string{name}, std::move(values)});
  }

  const Include& include_;
  std::vector<Directive> out_;
  int depth_ = 0;
  bool in_site_ = false;
  bool braceless_ = false;
  std::string matcher_;  // whose block this is
  int matcher_depth_ = 0;
  std::map<std::string, std::vector<std::string>> refused_;  // ranges by matcher
};

}  // namespace

std::vector<Directive> parse_caddy_json(const ConfigFile& file) {
  const auto config = json::parse(file.text, nullptr, false);
  if (config.is_discarded()) return {};
  return Adapted{config, file.path}.directives();
}

std::vector<Directive> parse_caddyfile(const ConfigFile& file, const Include& include) {
  Caddyfile caddyfile{include};
  caddyfile.read(file, 0);
  return caddyfile.take();
}

}  // namespace causeway::inspect
