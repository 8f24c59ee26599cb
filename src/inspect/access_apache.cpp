// mod_authz_core: the last section that applies decides alone, and its lines are alternatives
// unless a block around them says otherwise. mod_access_compat: Order, Allow from, Deny from, which
// have to let the client in as well. mod_remoteip: lists may be about visitors.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "inspect/access.hpp"

namespace causeway::inspect {
namespace {

bool word_is(const Directive& one, std::size_t at, std::string_view word) {
  return one.values.size() > at && equals_ignoring_case(one.values[at], word);
}

bool is_require(const Directive* one) { return one->name.starts_with("require"); }
bool is_old(const Directive* one) {
  return one->name == "order" || one->name == "allow-from" || one->name == "deny-from";
}

// "10.1" is 10.1.0.0/16, as mod_authz_host reads it.
std::optional<Prefix> prefix_of(std::string_view text) {
  if (const auto whole = Prefix::parse(text)) return *whole;
  std::string four{text};
  while (four.ends_with('.')) four.pop_back();
  const auto dots = std::ranges::count(four, '.');
  if (dots > 2 || four.empty()) return std::nullopt;
  const auto length = static_cast<unsigned>(8 * (dots + 1));
  for (auto i = dots; i < 3; ++i) four += ".0";
  const auto address = IpAddress::parse(four);
  if (!address) return std::nullopt;
  return Prefix{*address, length};
}

// What a list says of the edge's clients. The rest is neutral.
struct Says {
  Clients granted;
  Clients denied;
  bool unsure = false;      // a word that a configuration does not answer
  bool names_edge = false;  // an address of the edge is written there
  const Directive* by = nullptr;
};

class Apache {
 public:
  Apache(const std::vector<Directive>& all, const AccessQuestion& question)
      : question_(question), edge_(Clients::of(question.edge)), blocks_(blocks_of(all)) {}

  Access access() {
    bool hosts = false;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].by == nullptr || blocks_[i].by->name != "virtualhost") continue;
      hosts = true;
      site(i);
    }
    if (!hosts) site(0);
    settle_meant(out_, sites_, shut_);
    return std::move(out_);
  }

 private:
  bool asked_for(std::size_t host) const {
    if (host == 0) return true;
    const auto& listens = blocks_[host].by->values;
    return listens.empty() || std::ranges::any_of(listens, [&](const auto& one) {
             return serves(one, question_.ports);
           });
  }

  // Sections of the server itself come before those of the virtual host.
  std::vector<std::size_t> sections(std::size_t host) const {
    std::vector<std::size_t> out;
    const auto from = [&](std::size_t block) {
      for (const auto inner : blocks_[block].inner) out.push_back(inner);
    };
    from(0);
    if (host != 0) from(host);
    return out;
  }

  const Directive* setting(std::size_t host, std::string_view name) const {
    if (const auto* own = blocks_[host].first(name)) return own;
    return blocks_[0].first(name);
  }

  // A redirect of everything is answered before any list is looked at; a rewrite may be one.
  enum class Before : std::uint8_t { nothing, perhaps, all };
  Before before(std::size_t host) const {
    auto out = Before::nothing;
    for (const auto* one : blocks_[host].own) {
      const bool plain = one->name == "redirect" || one->name == "redirectpermanent";
      if (plain && std::ranges::find(one->values, "/") != one->values.end()) return Before::all;
      if (one->name == "redirectmatch" || one->name == "rewriterule") out = Before::perhaps;
    }
    return out;
  }

  bool is_proxy(std::size_t host) const {
    return std::ranges::any_of(blocks_[host].own, [](const Directive* one) {
      return one->name == "proxypass" && word_is(*one, 0, "/");
    });
  }

  struct Applying {
    std::vector<std::pair<std::size_t, std::size_t>> order;  // rank, block
    std::vector<std::size_t> parts;                          // about some pages
    bool doubtful = false;
  };

  // As core's directory, file and location walks merge them, for "/".
  Applying applying(std::size_t host) const {
    constexpr std::size_t kLocations = 100'000;
    Applying out;
    const auto* root = setting(host, "documentroot");
    const std::string folder = root != nullptr && !root->values.empty() ? root->values[0] : "";
    for (const auto index : sections(host)) {
      const auto& section = blocks_[index];
      const auto& name = section.by->name;
      const auto what = section.by->values.empty() ? std::string{} : section.by->values.back();
      if (!std::ranges::any_of(section.own,
                               [](auto* one) { return is_require(one) || is_old(one); }))
        continue;
      if (name == "directory" && section.by->values.size() == 1) {
        std::string_view path = what;
        while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
        const bool around =
            path == "/" || folder == path || folder.starts_with(fmt::format("{}/", path));
        if (what.find_first_of("*?[") != what.npos) {
          out.doubtful = true;
        } else if (around && !is_proxy(host)) {
          out.order.emplace_back(path.size(), index);
        }
      } else if (name == "location" && section.by->values.size() == 1) {
        if (what == "/") out.order.emplace_back(kLocations, index);
        if (what != "/") out.parts.push_back(index);
      } else if (name == "locationmatch" || name == "location" || name == "directorymatch" ||
                 name == "directory") {
        if (name != "locationmatch" || may_match_root(what)) out.doubtful = true;
        if (name == "locationmatch" && !may_match_root(what)) out.parts.push_back(index);
      } else if (name == "files" || name == "filesmatch") {
        out.parts.push_back(index);
      }
    }
    // Of equal ones the later section, which has the higher index.
    std::ranges::sort(out.order);
    return out;
  }

  Clients seen_as_edge(std::size_t host) const {
    if (setting(host, "remoteipheader") == nullptr) return edge_;
    std::vector<Prefix> trusted;
    bool any = false;
    for (const auto block : {host, std::size_t{0}}) {
      for (const auto* one : blocks_[block].own) {
        if (one->name != "remoteiptrustedproxy" && one->name != "remoteipinternalproxy") continue;
        any = true;
        for (const auto& value : one->values) {
          if (const auto prefix = prefix_of(value)) trusted.push_back(*prefix);
        }
      }
    }
    // Without a list everybody is believed.
    return any ? edge_.subtract(Clients::of(trusted)) : Clients{};
  }

  void site(std::size_t host) {
    const auto seen = seen_as_edge(host);
    const auto ahead = before(host);
    if (ahead == Before::all) return;
    if (asked_for(host)) ++sites_;
    if (seen.empty()) return;
    const auto all = applying(host);
    std::string doubt;
    if (all.doubtful) doubt = "other sections may decide";
    if (ahead == Before::perhaps) doubt = "a rewrite may answer before it";
    if (!asked_for(host)) doubt = "its site is on none of the ports asked for";
    Says modern;
    Says old;
    for (const auto& [rank, index] : all.order) {
      const auto& own = blocks_[index].own;
      if (std::ranges::any_of(own, is_require)) modern = requires_of(index, seen);
      if (std::ranges::any_of(own, is_old)) old = old_words(blocks_[index], seen);
    }
    const auto in = [&](const Says& says) { return says.by == nullptr ? seen : says.granted; };
    const auto let = in(modern).intersect(in(old));
    if (doubt.empty() && !modern.unsure && !old.unsure && edge_.intersect(let).empty() &&
        seen.covers(edge_)) {
      ++shut_;
    }
    for (const auto* one : {&modern, &old}) tell(*one, seen, doubt);
    for (const auto index : all.parts) {
      const auto& own = blocks_[index].own;
      const auto part = fmt::format("only for {} {}", blocks_[index].by->name,
                                    join(blocks_[index].by->values, " "));
      if (std::ranges::any_of(own, is_require)) tell(requires_of(index, seen), seen, part);
      if (std::ranges::any_of(own, is_old)) tell(old_words(blocks_[index], seen), seen, part);
    }
  }

  void tell(const Says& says, const Clients& seen, std::string doubt) {
    const auto refused = seen.subtract(says.granted);
    if (says.by == nullptr || refused.empty()) return;
    const bool part = doubt.starts_with("only for");
    if (!says.names_edge && part) return;
    if (says.unsure && doubt.empty()) doubt = "it depends on more than the address";
    const bool meant = !says.names_edge && doubt.empty();
    if (meant) doubt = "it names nobody of the edge, and may be meant so";
    for (auto& one : out_.refusals) {
      if (one.by != says.by) continue;
      // Of one site it is a fault, whatever it is of another.
      if (doubt.empty()) one.doubt.clear();
      return;
    }
    out_.refusals.push_back({says.by, refused, std::move(doubt), meant});
  }

  Clients addresses(const Directive& one, std::size_t from, Says& says) const {
    std::vector<Prefix> out;
    for (std::size_t i = from; i < one.values.size(); ++i) {
      const auto prefix = prefix_of(one.values[i]);
      if (!prefix) says.unsure = true;
      if (prefix) out.push_back(*prefix);
      if (prefix && prefix->length() > 0 && !edge_.intersect(Clients::of({*prefix})).empty()) {
        says.names_edge = true;
      }
    }
    return Clients::of(out);
  }

  // A line `Require ...`.
  Says line(const Directive& one, const Clients& all) const {
    Says out;
    out.by = &one;
    const bool negated = word_is(one, 0, "not");
    const std::size_t at = negated ? 1 : 0;
    Clients granted;
    if (word_is(one, at, "all")) {
      if (word_is(one, at + 1, "granted")) granted = all;
    } else if (word_is(one, at, "ip")) {
      granted = all.intersect(addresses(one, at + 1, out));
    } else if (!word_is(one, at, "local")) {
      out.unsure = true;
    }
    if (negated) {
      out.denied = granted;
    } else {
      out.granted = granted;
      out.denied = all.subtract(granted);
    }
    return out;
  }

  // The lines of a block and the blocks in it, as `how` joins them.
  Says requires_of(std::size_t index, const Clients& all,
                   std::string_view how = "requireany") const {
    Says out;
    Clients some_granted;
    Clients some_denied;
    const auto join_in = [&](const Says& one) {
      some_granted = some_granted.unite(one.granted);
      some_denied = some_denied.unite(one.denied);
      out.unsure = out.unsure || one.unsure;
      // The line that a person has to look at: one that names the edge.
      if (out.by == nullptr || (one.names_edge && !out.names_edge)) out.by = one.by;
      out.names_edge = out.names_edge || one.names_edge;
    };
    for (const auto* one : blocks_[index].own) {
      if (one->name == "require") join_in(line(*one, all));
    }
    for (const auto inner : blocks_[index].inner) {
      const auto& name = blocks_[inner].by->name;
      if (name.starts_with("require")) join_in(requires_of(inner, all, name));
    }
    if (how == "requireall") {
      out.granted = some_granted.subtract(some_denied);
      out.denied = some_denied;
    } else if (how == "requirenone") {
      out.denied = some_granted;
    } else {
      out.granted = some_granted;
      out.denied = some_denied.subtract(some_granted);
    }
    return out;
  }

  // Order, Allow from, Deny from: mod_access_compat.
  Says old_words(const Block& block, const Clients& all) const {
    Says out;
    const auto* order = block.first("order");
    const bool allow_last =
        order == nullptr || order->values.empty() || lower(order->values[0]).starts_with("deny");
    Clients allowed;
    Clients denied;
    for (const auto* one : block.own) {
      if (one->name != "allow-from" && one->name != "deny-from") continue;
      const bool allows = one->name == "allow-from";
      // "Allow from X" is kept as allow-from with "from" cut off or not.
      const std::size_t first = word_is(*one, 0, "from") ? 1 : 0;
      Says named;
      const auto who =
          word_is(*one, first, "all") ? all : all.intersect(addresses(*one, first, named));
      out.unsure = out.unsure || named.unsure;
      auto& to = allows ? allowed : denied;
      to = to.unite(who);
      if (out.by == nullptr || (named.names_edge && !allows)) out.by = one;
      out.names_edge = out.names_edge || named.names_edge;
    }
    if (out.by == nullptr) out.by = order;
    out.granted = allow_last ? all.subtract(denied.subtract(allowed)) : allowed.subtract(denied);
    return out;
  }

  const AccessQuestion& question_;
  Clients edge_;
  std::vector<Block> blocks_;
  Access out_;
  std::size_t sites_ = 0;
  std::size_t shut_ = 0;
};

}  // namespace

Access apache_access(const std::vector<Directive>& all, const AccessQuestion& question) {
  return Apache{all, question}.access();
}

}  // namespace causeway::inspect
