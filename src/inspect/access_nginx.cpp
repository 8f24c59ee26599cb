// ngx_http_access_module: the first allow or deny that matches decides, and a block without any
// takes its parent's. `return` comes before all of them. ngx_http_realip_module: where the edge is
// trusted to tell the visitor, lists are about visitors.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "inspect/access.hpp"

namespace causeway::inspect {
namespace {

bool is_access(const Directive* one) { return one->name == "allow" || one->name == "deny"; }

Clients values_of(const Directive& one) {
  if (one.values.empty()) return {};
  if (one.values[0] == "all") return Clients::all();
  const auto prefix = Prefix::parse(one.values[0]);
  return prefix ? Clients::of({*prefix}) : Clients{};
}

bool everybody(const Directive& one) {
  const auto prefix = one.values.empty() ? error("") : Prefix::parse(one.values[0]);
  return !one.values.empty() && (one.values[0] == "all" || (prefix && prefix->length() == 0));
}

// How a location is found: "", "=", "^~", "~", "~*", and its path or pattern.
struct Way {
  std::string_view how;
  std::string_view what;
};

Way way_of(const Directive& location) {
  if (location.values.empty()) return {};
  if (location.values.size() > 1) return {location.values[0], location.values[1]};
  const std::string_view one = location.values[0];
  for (const std::string_view how : {"^~", "~*", "~", "="}) {
    if (one.starts_with(how)) return {how, one.substr(how.size())};
  }
  return {"", one};
}

class Nginx {
 public:
  Nginx(const std::vector<Directive>& all, const AccessQuestion& question)
      : question_(question), edge_(Clients::of(question.edge)), blocks_(blocks_of(all)) {}

  Access access() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto* by = blocks_[i].by;
      if (by != nullptr && by->name == "server" && by->values.empty()) site(i);
    }
    settle_meant(out_, sites_, shut_);
    return std::move(out_);
  }

 private:
  bool asked_for(const Block& server) const {
    bool any = false;
    for (const auto* one : server.own) {
      if (one->name != "listen" || one->values.empty()) continue;
      if (serves(one->values[0], question_.ports)) return true;
      any = true;
    }
    return !any && serves("80", question_.ports);
  }

  // Of "/": the places where it may be answered, and whether another one may take it.
  struct Root {
    std::vector<std::size_t> places;
    bool doubtful = false;
  };
  Root root_of(std::size_t server) const {
    Root out;
    bool prefix = false;
    bool no_patterns = false;
    for (const auto inner : blocks_[server].inner) {
      if (blocks_[inner].by->name != "location") continue;
      const auto way = way_of(*blocks_[inner].by);
      if (way.what != "/" || way.how.starts_with('~')) continue;
      out.places.push_back(inner);
      prefix = prefix || way.how != "=";
      no_patterns = no_patterns || way.how == "^~";
    }
    // One that holds nothing of interest has no block, and takes the server's lists.
    if (!prefix) out.places.push_back(server);
    for (const auto* one : blocks_[server].own) {
      if (one->name != "location") continue;
      const auto way = way_of(*one);
      if (way.how.starts_with('~') && !no_patterns && may_match_root(way.what)) out.doubtful = true;
    }
    return out;
  }

  void site(std::size_t server) {
    const auto& block = blocks_[server];
    const bool asked = asked_for(block);
    if (asked) limits(server);
    // Every request is answered before any list is looked at.
    if (block.has("return")) return;
    const auto root = root_of(server);
    Clients by_all = edge_;
    std::vector<Refusal> found;
    for (const auto place : root.places) {
      Clients here;
      if (place == server || !blocks_[place].has("return")) {
        for (auto& one : list(place)) {
          here = here.unite(one.clients);
          found.push_back(std::move(one));
        }
      }
      by_all = by_all.intersect(here);
    }
    if (asked) ++sites_;
    if (asked && !root.doubtful && by_all.covers(edge_)) ++shut_;
    for (auto& one : found) {
      if (!asked) {
        one.doubt = "its site is on none of the ports asked for";
        one.meant = false;
      }
      if (one.doubt.empty() && (root.doubtful || !by_all.covers(one.clients))) {
        one.doubt = "other parts of the site may answer";
      }
      add(std::move(one));
    }
    for (const auto inner : block.inner) {
      if (std::ranges::find(root.places, inner) == root.places.end()) part(inner);
    }
  }

  // Some pages alone: told where the edge is named.
  void part(std::size_t place) {
    const auto* by = blocks_[place].by;
    const bool own = std::ranges::any_of(blocks_[place].own, is_access);
    if (by->name == "location" && own && !blocks_[place].has("return")) {
      for (auto& one : list(place)) {
        if (everybody(*one.by)) continue;
        one.doubt = fmt::format("only for {} {}", by->name, join(by->values, " "));
        add(std::move(one));
      }
    }
  }

  void add(Refusal one) {
    const bool known = std::ranges::any_of(
        out_.refusals, [&](const Refusal& other) { return other.by == one.by; });
    if (!known) out_.refusals.push_back(std::move(one));
  }

  // The nearest block around that has one of these words, itself included.
  const Block* nearest(std::size_t place, bool (*has)(const Directive*)) const {
    for (auto at = place;; at = blocks_[at].parent) {
      if (std::ranges::any_of(blocks_[at].own, has)) return &blocks_[at];
      if (at == 0) return nullptr;
    }
  }

  // Clients of the edge that are seen by the edge's own address.
  Clients seen_as_edge(std::size_t place) const {
    const auto* trusting =
        nearest(place, [](const Directive* one) { return one->name == "set_real_ip_from"; });
    const auto* heading =
        nearest(place, [](const Directive* one) { return one->name == "real_ip_header"; });
    if (trusting == nullptr || heading == nullptr) return edge_;
    const auto* header = heading->first("real_ip_header");
    // The default, X-Real-IP, is nothing that an edge sends.
    if (header->values.empty() || equals_ignoring_case(header->values[0], "X-Real-IP")) {
      return edge_;
    }
    std::vector<Prefix> trusted;
    for (const auto* one : trusting->own) {
      if (one->name != "set_real_ip_from" || one->values.empty()) continue;
      if (const auto prefix = Prefix::parse(one->values[0])) trusted.push_back(*prefix);
    }
    return edge_.subtract(Clients::of(trusted));
  }

  std::vector<Refusal> list(std::size_t place) const {
    std::vector<Refusal> out;
    const auto* block = nearest(place, is_access);
    if (block == nullptr) return out;
    Clients rest = seen_as_edge(place);
    bool names_edge = false;  // it lets in some of the edge by name
    for (const auto* one : block->own) {
      if (!is_access(one)) continue;
      const auto hit = rest.intersect(values_of(*one));
      names_edge = names_edge || (one->name == "allow" && !everybody(*one) &&
                                  !edge_.intersect(values_of(*one)).empty());
      rest = rest.subtract(hit);
      if (one->name == "deny" && !hit.empty()) out.push_back({one, hit, {}});
    }
    const bool any = satisfied_by_password(place);
    for (auto& one : out) {
      if (any) one.doubt = "a password does as well (satisfy any)";
      if (!everybody(*one.by) || names_edge) continue;
      one.meant = one.doubt.empty();
      one.doubt = "it names nobody of the edge, and may be meant so";
    }
    return out;
  }

  bool satisfied_by_password(std::size_t place) const {
    const auto* block = nearest(place, [](const Directive* one) { return one->name == "satisfy"; });
    const auto* satisfy = block == nullptr ? nullptr : block->first("satisfy");
    if (satisfy == nullptr || satisfy->values.empty() || satisfy->values[0] != "any") return false;
    return nearest(place, [](const Directive* one) {
             return one->name.starts_with("auth_") || one->name == "ssl_verify_client";
           }) != nullptr;
  }

  void limits(std::size_t server) {
    for (const auto place : root_of(server).places) {
      const auto* block = nearest(place, [](const Directive* one) {
        return one->name == "limit_req" || one->name == "limit_conn";
      });
      if (block == nullptr || seen_as_edge(place).empty()) continue;
      for (const auto* one : block->own) {
        const bool limit = one->name == "limit_req" || one->name == "limit_conn";
        const bool known =
            std::ranges::any_of(out_.limits, [&](const auto& other) { return other.by == one; });
        if (limit && !known) out_.limits.push_back({one});
      }
    }
  }

  const AccessQuestion& question_;
  Clients edge_;
  std::vector<Block> blocks_;
  Access out_;
  std::size_t sites_ = 0;
  std::size_t shut_ = 0;
};

}  // namespace

Access nginx_access(const std::vector<Directive>& all, const AccessQuestion& question) {
  return Nginx{all, question}.access();
}

}  // namespace causeway::inspect
