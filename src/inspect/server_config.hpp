// Configuration of web servers, reduced to the directives that decide who is served, where, by
// whom and how many: nothing else of a configuration is kept, so that no secret is. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::inspect {

struct Directive {
  int depth = 0;      // of the block it stands in
  std::string place;  // "/etc/nginx/nginx.conf:12"
  std::string name;   // lower case; a block's own line comes before its contents
  std::vector<std::string> values;
  // Bytes before its first word in its file (Apache: before its line). Not kept in a dump.
  std::size_t at = 0;

  bool operator==(const Directive&) const = default;
};

struct ConfigFile {
  std::string path;
  std::string text;
};
// Files that an include's pattern names, in order.
using Include = std::function<std::vector<ConfigFile>(std::string_view pattern)>;

// "/etc/nginx/nginx.conf" of a place.
std::string_view file_of(const Directive& directive);

std::vector<Directive> parse_nginx(const ConfigFile& file, const Include& include);
std::vector<Directive> parse_apache(const ConfigFile& file, const Include& include);
std::vector<Directive> parse_haproxy(const ConfigFile& file);
std::vector<Directive> parse_lighttpd(const ConfigFile& file, const Include& include);

// Caddy's, as `caddy adapt` prints it, and as its owner writes it.
std::vector<Directive> parse_caddy_json(const ConfigFile& file);
std::vector<Directive> parse_caddyfile(const ConfigFile& file, const Include& include);
// OpenLiteSpeed's, with the files of its virtual hosts, and LiteSpeed Enterprise's.
std::vector<Directive> parse_openlitespeed(const ConfigFile& file, const Include& include);
std::vector<Directive> parse_litespeed_xml(const ConfigFile& file);

// What a server says of its own configuration: `nginx -t`, `apachectl -t`.
struct ConfigCheck {
  bool valid = false;
  std::string place;   // "/etc/nginx/nginx.conf:12", where it says so
  std::string detail;  // its words
};
// `text`: "exit STATUS", then what it printed. Nothing when it was not asked.
std::optional<ConfigCheck> read_config_check(std::string_view text);

// The form of a dump: one directive a line, parts between tabs.
std::string write_directives(const std::vector<Directive>& directives);
std::vector<Directive> read_directives(std::string_view text);

}  // namespace causeway::inspect
