#include "inspect/access.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "inspect/limits.hpp"
#include "inspect/prefixes.hpp"

namespace causeway::inspect {

using firewall::IntervalSet;

Clients Clients::of(const std::vector<Prefix>& prefixes) {
  std::vector<Prefix> four;
  std::vector<Prefix> six;
  for (const auto& one : prefixes) (one.address().is_v4() ? four : six).push_back(one);
  return {set_of(four), set_of(six)};
}

Clients Clients::all() {
  return {IntervalSet{0, firewall::highest(Family::ipv4)},
          IntervalSet{0, firewall::highest(Family::ipv6)}};
}

std::vector<std::string> Clients::shown(std::size_t most) const {
  std::vector<std::string> out;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const auto& set = family == Family::ipv4 ? v4 : v6;
    if (set.empty()) continue;
    if (const auto few = prefixes_of(set, family, most)) {
      out.insert(out.end(), few->begin(), few->end());
      continue;
    }
    for (const auto& part : set.parts()) out.push_back(firewall::range_text(part, family));
  }
  if (out.size() > most) out.resize(most);
  return out;
}

const Directive* Block::first(std::string_view name) const {
  const auto at = std::ranges::find(own, name, [](const Directive* one) { return one->name; });
  return at == own.end() ? nullptr : *at;
}

std::vector<Block> blocks_of(const std::vector<Directive>& all) {
  constexpr std::size_t kNowhere = ~std::size_t{0};
  struct Open {
    std::size_t block = 0;
    int depth = -1;  // of the line that opened it
  };
  std::vector<Block> out(1);
  std::vector<Open> open(1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& one = all[i];
    while (open.size() > 1 && open.back().depth >= one.depth) open.pop_back();
    const auto around = open.back().block;
    const bool direct = around != kNowhere && one.depth == open.back().depth + 1;
    // Apache's conditions are taken to hold, but for those that ask for a module's absence.
    const bool condition = one.name.starts_with("if");
    if (direct && !condition) out[around].own.push_back(&one);
    if (i + 1 == all.size() || all[i + 1].depth <= one.depth) {
      // A site of which nothing is kept is a site.
      if (direct && (one.name == "virtualhost" || (one.name == "server" && one.values.empty()))) {
        out[around].inner.push_back(out.size());
        out.push_back({&one, around, {}, {}});
      }
      continue;
    }
    if (!direct || (condition && !one.values.empty() && one.values[0].starts_with('!'))) {
      open.push_back({kNowhere, one.depth});
    } else if (condition) {
      open.push_back({around, one.depth});
    } else {
      out[around].inner.push_back(out.size());
      open.push_back({out.size(), one.depth});
      out.push_back({&one, around, {}, {}});
    }
  }
  return out;
}

bool serves(std::string_view listen, const std::vector<std::uint16_t>& ports) {
  const auto colon = listen.rfind(':');
  const bool bare_v6 = listen.ends_with(']');
  const auto port =
      parse_port(bare_v6 || colon == std::string_view::npos ? listen : listen.substr(colon + 1));
  if (port) return std::ranges::find(ports, *port) != ports.end();
  return !listen.starts_with("unix:");
}

bool may_match_root(std::string_view pattern) {
  // A letter, a digit or a dot in plain sight has to be in the path.
  if (pattern.find_first_of("()[]|?*{") == std::string_view::npos) {
    return pattern.find_first_not_of("^/$.+") == std::string_view::npos;
  }
  // So has an ending such as \.php$ or \.(css|js)$, with no other way around it.
  int depth = 0;
  auto dot = std::string_view::npos;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (depth == 0 && pattern.substr(i).starts_with("\\.")) dot = i;
      ++i;
    } else if (pattern[i] == '(') {
      ++depth;
    } else if (pattern[i] == ')') {
      --depth;
    } else if (pattern[i] == '|' && depth <= 0) {
      return true;
    }
  }
  const bool ending = dot != std::string_view::npos && pattern.ends_with('$') &&
                      pattern.find_first_of("?*{", dot) == std::string_view::npos;
  return !ending;
}

bool follows_access(std::string_view server) {
  return server == "nginx" || server == "apache" || server == "haproxy";
}

void settle_meant(Access& access, std::size_t sites, std::size_t shut) {
  if (sites == 0 || sites != shut) return;
  for (auto& one : access.refusals) {
    if (one.meant) one.doubt.clear();
  }
}

Access access_of(std::string_view server, const std::vector<Directive>& all,
                 const AccessQuestion& question) {
  if (server == "nginx") return nginx_access(all, question);
  if (server == "apache") return apache_access(all, question);
  if (server == "haproxy") return haproxy_access(all, question);
  return {};
}

}  // namespace causeway::inspect
