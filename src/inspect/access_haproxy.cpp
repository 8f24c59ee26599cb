// tcp-request and http-request rules of a frontend: in order, the first that decides ends its set.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "inspect/access.hpp"

namespace causeway::inspect {
namespace {

using Words = std::vector<std::string>;

// "src 104.16.0.0/13 ..."; nothing when it asks something else, too.
std::optional<Clients> sources(const Words& words, std::size_t from, std::size_t to) {
  if (from + 1 >= to || words[from] != "src") return std::nullopt;
  std::vector<Prefix> out;
  for (auto i = from + 1; i < to; ++i) {
    const auto prefix = Prefix::parse(words[i]);
    if (!prefix) return std::nullopt;
    out.push_back(*prefix);
  }
  return Clients::of(out);
}

class Frontend {
 public:
  Frontend(const Block& block, const AccessQuestion& question, Access& out)
      : block_(block), edge_(Clients::of(question.edge)), out_(out) {
    for (const auto* one : block.own) {
      if (one->name != "acl" || one->values.size() < 3) continue;
      const auto who = sources(one->values, 1, one->values.size());
      auto& known = acls_[one->values[0]];
      if (!who) known.reset();
      if (!who) unknown_.push_back(one->values[0]);
      if (who) known = known.value_or(Clients{}).unite(*who);
    }
    bool asked = false;
    bool any = false;
    for (const auto* one : block.own) {
      // Behind another proxy the source is what that one says.
      translated_ = translated_ || has(one->values, "accept-proxy") || has(one->values, "set-src");
      if (one->name != "bind" || one->values.empty()) continue;
      any = true;
      for (const auto part : split(std::string_view{one->values[0]}, ',')) {
        asked = asked || serves(part, question.ports);
      }
    }
    if (any && !asked) doubt_ = "it is on none of the ports asked for";
  }

  void follow() {
    if (translated_) return;
    for (const auto& [name, kind] :
         {std::pair{"tcp-request", "connection"}, std::pair{"tcp-request", "session"},
          std::pair{"tcp-request", "content"}, std::pair{"http-request", ""}}) {
      ruleset(name, kind);
    }
  }

 private:
  static bool has(const Words& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
  }

  void ruleset(std::string_view name, std::string_view kind) {
    constexpr std::array<std::string_view, 5> kRefuse{"reject", "deny", "silent-drop", "tarpit",
                                                      "return"};
    Clients rest = edge_;
    bool unsure = false;
    for (const auto* one : block_.own) {
      const std::size_t at = kind.empty() ? 0 : 1;
      if (one->name != name || one->values.size() <= at || (at == 1 && one->values[0] != kind)) {
        continue;
      }
      const auto& action = one->values[at];
      const bool lets = action == "accept" || action == "allow";
      // What answers by itself may be a page as well as a refusal.
      const bool refuses = std::ranges::find(kRefuse, action) != kRefuse.end();
      if (!lets && !refuses) continue;
      const auto who = condition(one->values, at + 1);
      if (!who) {
        unsure = true;
        continue;
      }
      const auto hit = rest.intersect(*who);
      rest = rest.subtract(hit);
      if (lets || hit.empty() || action == "return") continue;
      auto doubt = doubt_;
      if (unsure && doubt.empty()) doubt = "a rule before it may decide";
      if (edge_.covers(hit) && hit.covers(edge_) && who->covers(Clients::all()))
        doubt = "it refuses everybody, and may be meant so";
      out_.refusals.push_back({one, hit, doubt});
    }
  }

  // Whom `if ...` holds for; nothing when more than addresses is asked.
  std::optional<Clients> condition(const Words& words, std::size_t from) const {
    auto at = from;
    while (at < words.size() && words[at] != "if" && words[at] != "unless") ++at;
    if (at == words.size()) return Clients::all();
    const bool unless = words[at++] == "unless";
    std::optional<Clients> out;
    while (at < words.size()) {
      if (words[at] == "or" || words[at] == "||") {
        ++at;
        continue;
      }
      // Two side by side have to hold both, which is left to a person.
      if (out && words[at - 1] != "or" && words[at - 1] != "||") return std::nullopt;
      const auto one = term(words, at);
      if (!one) return std::nullopt;
      out = out.value_or(Clients{}).unite(*one);
    }
    if (!out) return std::nullopt;
    return unless ? Clients::all().subtract(*out) : *out;
  }

  std::optional<Clients> term(const Words& words, std::size_t& at) const {
    bool negated = false;
    if (words[at] == "!") {
      negated = true;
      if (++at == words.size()) return std::nullopt;
    }
    std::optional<Clients> out;
    if (words[at] == "{") {
      const auto close =
          std::find(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), "}");
      const auto end = static_cast<std::size_t>(close - words.begin());
      out = sources(words, at + 1, end);
      at = std::min(end + 1, words.size());
    } else {
      std::string_view name = words[at++];
      if (name.starts_with('!')) {
        negated = !negated;
        name.remove_prefix(1);
      }
      const auto known = acls_.find(name);
      if (known == acls_.end() || std::ranges::find(unknown_, name) != unknown_.end()) {
        return std::nullopt;
      }
      out = known->second;
    }
    if (!out) return std::nullopt;
    return negated ? Clients::all().subtract(*out) : *out;
  }

  const Block& block_;
  Clients edge_;
  Access& out_;
  std::map<std::string, std::optional<Clients>, std::less<>> acls_;
  std::vector<std::string> unknown_;
  bool translated_ = false;
  std::string doubt_;
};

}  // namespace

Access haproxy_access(const std::vector<Directive>& all, const AccessQuestion& question) {
  Access out;
  const auto blocks = blocks_of(all);
  for (const auto& block : blocks) {
    if (block.by == nullptr) continue;
    if (block.by->name == "frontend" || block.by->name == "listen") {
      Frontend{block, question, out}.follow();
    }
  }
  return out;
}

}  // namespace causeway::inspect
