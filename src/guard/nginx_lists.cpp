// ngx_http_access_module: the first allow or deny that matches decides, and a block without any
// takes its parent's. ngx_http_realip_module: set_real_ip_from and real_ip_header are each taken
// from the nearest block that has them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "firewall/interval_set.hpp"
#include "guard/web_lists.hpp"

namespace causeway::guard {
namespace {

using firewall::IntervalSet;
using inspect::Directive;

bool is_access(const Directive& one) { return one.name == "allow" || one.name == "deny"; }

IntervalSet values_of(const Directive& one, Family family) {
  if (one.values.empty()) return {};
  if (one.values[0] == "all") return {0, firewall::highest(family)};
  const auto prefix = Prefix::parse(one.values[0]);
  if (!prefix || prefix->address().family() != family) return {};
  return IntervalSet{firewall::interval_of(*prefix)};
}

bool denies_everybody(const Directive& one) {
  if (one.name != "deny" || one.values.empty()) return false;
  const auto prefix = Prefix::parse(one.values[0]);
  return one.values[0] == "all" || (prefix && prefix->length() == 0);
}

class Nginx {
 public:
  Nginx(const std::vector<Directive>& all, const Texts& texts, const WebQuestion& question)
      : texts_(texts), question_(question), blocks_(inspect::blocks_of(all)) {}

  WebLists lists() {
    bool any_real_ip = false;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      any_real_ip = complete_real_ip(i) || any_real_ip;
      access(i);
    }
    if (question_.real_ip && !any_real_ip) add_real_ip();
    return std::move(out_);
  }

 private:
  struct Denied {
    const Directive* by = nullptr;
    std::vector<Prefix> ranges;  // what it stops of the edge
  };

  // Edge ranges whose connections are judged by the edge's own address in this block.
  std::vector<Prefix> judged(std::size_t scope) const {
    std::vector<Prefix> trusted;
    std::string_view header;
    for (auto at = scope;; at = blocks_[at].parent) {
      std::vector<Prefix> here;
      for (const auto* one : blocks_[at].own) {
        if (one->name == "set_real_ip_from") {
          for (const auto& prefix : prefixes_in(one->values)) here.push_back(prefix);
        }
        if (one->name == "real_ip_header" && header.empty() && !one->values.empty()) {
          header = one->values[0];
        }
      }
      if (trusted.empty()) trusted = std::move(here);
      if (at == 0) break;
    }
    // The default, X-Real-IP, is nothing that an edge sends.
    if (header.empty() || equals_ignoring_case(header, "X-Real-IP")) return question_.ranges;
    return not_covered(question_.ranges, trusted);
  }

  void access(std::size_t scope) {
    const bool any =
        std::ranges::any_of(blocks_[scope].own, [](auto* one) { return is_access(*one); });
    if (!any) return;
    const auto ranges = judged(scope);
    std::vector<Denied> denied;
    bool named = false;  // the list lets in some of the edge by name
    for (const auto* one : blocks_[scope].own) {
      if (one->name != "allow") continue;
      for (const auto& prefix : prefixes_in(one->values)) {
        named = named || overlaps_any(prefix, question_.ranges);
      }
    }
    for (const auto& range : ranges) follow(scope, range, denied);
    for (const auto& one : denied) {
      if (!denies_everybody(*one.by) || named) continue;
      if (!whole_site(scope)) return;
      out_.left.push_back(fmt::format(
          "nginx {}: '{} {}' stops the edge, and its list names none of the edge's ranges: it may "
          "be meant so. To let the edge in, put 'allow' lines before it (guard export --as list)",
          one.by->place, one.by->name, join(one.by->values, " ")));
      return;
    }
    for (const auto& one : denied) let_in(one);
  }

  // Not only some pages: nearly every server refuses "/.ht" to everybody.
  bool whole_site(std::size_t scope) const {
    const auto* by = blocks_[scope].by;
    if (by == nullptr || by->name == "limit_except") return false;
    return by->name != "location" || (by->values.size() == 1 && by->values[0] == "/");
  }

  // The way of one range through the block's list.
  void follow(std::size_t scope, const Prefix& range, std::vector<Denied>& denied) const {
    const auto family = range.address().family();
    IntervalSet rest{firewall::interval_of(range)};
    for (const auto* one : blocks_[scope].own) {
      if (!is_access(*one)) continue;
      const auto hit = rest.intersect(values_of(*one, family));
      if (hit.empty()) continue;
      rest = rest.subtract(hit);
      if (one->name != "deny") continue;
      auto at = std::ranges::find(denied, one, &Denied::by);
      if (at == denied.end()) at = denied.insert(denied.end(), {one, {}});
      const auto prefix = Prefix::parse(one->values[0]);
      at->ranges.push_back(prefix && prefix->length() > range.length() ? *prefix : range);
    }
  }

  void let_in(const Denied& denied) {
    Edit edit{.at = denied.by->at, .replaced = 0, .lines = {}};
    const auto indent = indent_of(*denied.by);
    for (const auto& range : denied.ranges) {
      edit.lines.push_back(fmt::format("{}allow {};", indent, range.text()));
    }
    add(*denied.by, std::move(edit),
        fmt::format("nginx {}: {} of the edge's ranges, before '{} {}'", denied.by->place,
                    denied.ranges.size(), denied.by->name, join(denied.by->values, " ")));
  }

  // True when the block has trusted proxies of its own.
  bool complete_real_ip(std::size_t scope) {
    std::vector<Prefix> here;
    const Directive* first = nullptr;
    bool header = false;
    for (const auto* one : blocks_[scope].own) {
      header = header || one->name == "real_ip_header";
      if (one->name != "set_real_ip_from") continue;
      if (first == nullptr) first = one;
      for (const auto& prefix : prefixes_in(one->values)) here.push_back(prefix);
    }
    const auto missing = not_covered(question_.ranges, here);
    const bool about_the_edge = std::ranges::any_of(
        here, [&](const Prefix& one) { return overlaps_any(one, question_.ranges); });
    if (first == nullptr || !about_the_edge || missing.empty()) return first != nullptr || header;
    Edit edit{.at = first->at, .replaced = 0, .lines = {}};
    const auto indent = indent_of(*first);
    for (const auto& range : missing) {
      edit.lines.push_back(fmt::format("{}set_real_ip_from {};", indent, range.text()));
    }
    add(*first, std::move(edit),
        fmt::format("nginx {}: {} ranges of the edge that the real-IP list lacks", first->place,
                    missing.size()));
    return true;
  }

  void add_real_ip() {
    const Directive* http = nullptr;
    for (const auto& scope : blocks_) {
      if (scope.by != nullptr && scope.by->name == "http") http = scope.by;
      for (const auto* one : scope.own) {
        // "deny all" is the same to everybody.
        if (!is_access(*one) || prefixes_in(one->values).empty()) continue;
        out_.left.push_back(fmt::format(
            "nginx {}: '{} {}' judges addresses; with real-IP it would judge visitors: not set",
            one->place, one->name, join(one->values, " ")));
        return;
      }
    }
    const auto text = http == nullptr ? texts_.end() : texts_.find(file_of(*http));
    if (text == texts_.end()) return;
    const auto brace = text->second.find('{', http->at);
    if (brace == std::string::npos) return;
    // A line of its own where the brace ends one.
    const auto next = text->second.find_first_not_of(" \t\r", brace + 1);
    const bool ends = next != std::string::npos && text->second[next] == '\n';
    Edit edit{.at = ends ? next + 1 : brace + 1, .replaced = 0, .lines = {}};
    for (const auto& range : question_.ranges) {
      edit.lines.push_back(fmt::format("    set_real_ip_from {};", range.text()));
    }
    edit.lines.push_back(fmt::format("    real_ip_header {};", visitor_field(question_.edge)));
    edit.lines.emplace_back("    real_ip_recursive on;");
    add(*http, std::move(edit),
        fmt::format("nginx {}: visitors' own addresses instead of the edge's", http->place));
  }

  std::string indent_of(const Directive& one) const {
    const auto text = texts_.find(file_of(one));
    return text == texts_.end() ? "" : indent_at(text->second, one.at);
  }

  void add(const Directive& near, Edit edit, std::string gain) {
    auto& edits = out_.edits[std::string{inspect::file_of(near)}];
    // A file that is included twice is changed once.
    const bool known = std::ranges::any_of(
        edits, [&](const Edit& one) { return one.at == edit.at && one.lines == edit.lines; });
    if (known) return;
    edits.push_back(std::move(edit));
    out_.gains.push_back(std::move(gain));
  }

  const Texts& texts_;
  const WebQuestion& question_;
  std::vector<inspect::Block> blocks_;
  WebLists out_;
};

}  // namespace

WebLists nginx_lists(const std::vector<Directive>& all, const Texts& texts,
                     const WebQuestion& question) {
  return Nginx{all, texts, question}.lists();
}

}  // namespace causeway::guard
