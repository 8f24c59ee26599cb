// Configuration of web servers, reduced to the directives that decide who is served, where, by
// whom and how many: nothing else of a configuration is kept, so that no secret is. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::inspect {

struct Directive {
  int depth = 0;      // of the block it stands in
  std::string place;  // "/etc/nginx/nginx.conf:12"
  std::string name;   // lower case; a block's own line comes before its contents
  std::vector<std::string> values;

  bool operator==(const Directive&) const = default;
};

struct ConfigFile {
  std::string path;
  std::string text;
};
// Files that an include's pattern names, in order.
using Include = std::function<std::vector<ConfigFile>(std::string_view pattern)>;

std::vector<Directive> parse_nginx(const ConfigFile& file, const Include& include);
std::vector<Directive> parse_apache(const ConfigFile& file, const Include& include);
std::vector<Directive> parse_haproxy(const ConfigFile& file);
std::vector<Directive> parse_lighttpd(const ConfigFile& file, const Include& include);

// The form of a dump: one directive a line, parts between tabs.
std::string write_directives(const std::vector<Directive>& directives);
std::vector<Directive> read_directives(std::string_view text);

}  // namespace causeway::inspect
