// mod_authz_core and mod_authz_host: `Require ip`, `Require not ip` and the blocks around them;
// mod_access_compat: `Order`, `Allow from`, `Deny from`; mod_remoteip: which proxies tell a
// visitor's address. Lines that go on over several are left alone.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "guard/web_lists.hpp"

namespace causeway::guard {
namespace {

using inspect::Directive;

bool first_is(const Directive& one, std::string_view word) {
  return !one.values.empty() && equals_ignoring_case(one.values[0], word);
}

// "Require ip A B"
bool requires_ip(const Directive& one) { return one.name == "require" && first_is(one, "ip"); }
// "Require not ip A B"
bool refuses_ip(const Directive& one) {
  return one.name == "require" && one.values.size() > 2 && first_is(one, "not") &&
         equals_ignoring_case(one.values[1], "ip");
}
bool is_trust(const Directive& one) {
  return one.name == "remoteiptrustedproxy" || one.name == "remoteipinternalproxy";
}

std::vector<std::string> texts_of(const std::vector<Prefix>& ranges) {
  std::vector<std::string> out;
  out.reserve(ranges.size());
  for (const auto& range : ranges) out.push_back(range.text());
  return out;
}

class Apache {
 public:
  Apache(const std::vector<Directive>& all, const Texts& texts, std::string_view main,
         const WebQuestion& question)
      : texts_(texts), main_(main), question_(question), blocks_(inspect::blocks_of(all)) {
    for (const auto& one : all) {
      loaded_ = loaded_ || (one.name == "loadmodule" && first_is(one, "remoteip_module"));
    }
  }

  WebLists lists() {
    bool any_header = false;
    for (const auto& scope : blocks_) {
      for (const auto* one : scope.own) any_header = any_header || one->name == "remoteipheader";
      complete_trust(scope);
    }
    for (std::size_t i = 0; i < blocks_.size(); ++i) access(i);
    if (question_.real_ip && !any_header) add_real_ip();
    return std::move(out_);
  }

 private:
  std::vector<Prefix> judged(std::size_t scope) const {
    std::vector<Prefix> trusted;
    bool header = false;
    for (auto at = scope;; at = blocks_[at].parent) {
      for (const auto* one : blocks_[at].own) {
        header = header || one->name == "remoteipheader";
        if (!is_trust(*one)) continue;
        for (const auto& prefix : prefixes_in(one->values)) trusted.push_back(prefix);
      }
      if (at == 0) break;
    }
    return header ? not_covered(question_.ranges, trusted) : question_.ranges;
  }

  void access(std::size_t index) {
    const auto& scope = blocks_[index];
    const bool any = std::ranges::any_of(scope.own, [](const Directive* one) {
      return requires_ip(*one) || refuses_ip(*one) || one->name == "deny-from";
    });
    if (!any) return;
    const auto ranges = judged(index);
    if (ranges.empty()) return;
    const bool none = scope.by != nullptr && scope.by->name == "requirenone";
    for (const auto* one : scope.own) {
      const bool refuses =
          refuses_ip(*one) || one->name == "deny-from" || (none && requires_ip(*one));
      if (refuses) take_out(*one, ranges);
    }
    if (!none) complete(scope, ranges, "require");
    complete(scope, ranges, "allow-from");
  }

  // Values that lie inside the edge's ranges are no longer refused; wider ones stay.
  void take_out(const Directive& one, const std::vector<Prefix>& ranges) {
    std::vector<std::string> taken;
    for (const auto& value : one.values) {
      const auto prefix = Prefix::parse(value);
      if (!prefix || !overlaps_any(*prefix, ranges)) continue;
      if (inside_any(*prefix, question_.ranges)) {
        taken.push_back(value);
      } else {
        leave(one, fmt::format("refuses {}, which holds more than the edge", value));
      }
    }
    if (taken.empty()) return;
    replace(
        one,
        [&](std::string_view line) -> std::vector<std::string> {
          std::string indent{line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()))};
          std::vector<std::string> words;
          std::size_t values = 0;
          for (const auto word : split(trim(line), ' ')) {
            if (trim(word).empty()) continue;
            if (std::ranges::find(taken, trim(word)) != taken.end()) continue;
            words.emplace_back(trim(word));
            if (Prefix::parse(trim(word)) || equals_ignoring_case(word, "all")) ++values;
          }
          if (values == 0) return {};
          return {indent + join(words, " ")};
        },
        fmt::format("{}, no longer refused", join(taken, ", ")));
  }

  // A list that lets in some of the edge by name gets the rest of it.
  void complete(const inspect::Block& scope, const std::vector<Prefix>& ranges,
                std::string_view name) {
    std::vector<Prefix> listed;
    const Directive* first = nullptr;
    bool everybody = name == "require";  // until a list of addresses is seen
    for (const auto* one : scope.own) {
      if (one->name != name) continue;
      if (name == "require" && first_is(*one, "all") && one->values.size() > 1 &&
          equals_ignoring_case(one->values[1], "granted")) {
        return;
      }
      if (name == "require" && !requires_ip(*one)) continue;
      if (name == "allow-from" && first_is(*one, "all")) return;
      everybody = false;
      for (const auto& prefix : prefixes_in(one->values)) {
        if (first == nullptr && overlaps_any(prefix, question_.ranges)) first = one;
        listed.push_back(prefix);
      }
    }
    if (everybody || listed.empty()) return;
    const auto missing = not_covered(ranges, listed);
    if (missing.empty()) return;
    if (first == nullptr) return leave_closed(scope, name);
    std::string more;
    for (const auto& range : missing) more += " " + range.text();
    replace(
        *first,
        [&](std::string_view line) -> std::vector<std::string> {
          while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
          return {std::string{line} + more};
        },
        fmt::format("{} of the edge's ranges", missing.size()));
  }

  void leave_closed(const inspect::Block& scope, std::string_view name) {
    // `Allow from` without `Deny from` decides nothing by itself.
    const auto closes = [&](const Directive* one) {
      return name == "require" ? requires_ip(*one)
                               : one->name == "deny-from" && first_is(*one, "all");
    };
    const auto one = std::ranges::find_if(scope.own, closes);
    if (one == scope.own.end() || !whole_site(scope)) return;
    leave(**one,
          "its list names none of the edge's ranges: it may be meant so. To let the edge in, add "
          "the ranges (guard export --as list)");
  }

  // Not only some pages.
  static bool whole_site(const inspect::Block& scope) {
    const auto* by = scope.by;
    if (by == nullptr || by->name == "virtualhost" || by->name == "directory") return true;
    return by->name == "location" && by->values.size() == 1 && by->values[0] == "/";
  }

  void complete_trust(const inspect::Block& scope) {
    std::vector<Prefix> here;
    const Directive* first = nullptr;
    for (const auto* one : scope.own) {
      if (!is_trust(*one)) continue;
      for (const auto& prefix : prefixes_in(one->values)) {
        if (first == nullptr && overlaps_any(prefix, question_.ranges)) first = one;
        here.push_back(prefix);
      }
    }
    const auto missing = not_covered(question_.ranges, here);
    if (first == nullptr || missing.empty()) return;
    const auto words = texts_of(missing);
    const auto text = texts_.find(file_of(*first));
    if (text == texts_.end()) return;
    const char* name =
        first->name == "remoteiptrustedproxy" ? "RemoteIPTrustedProxy" : "RemoteIPInternalProxy";
    add(*first,
        {.at = first->at,
         .replaced = 0,
         .lines = {fmt::format(
             "{}{} {}", indent_at(text->second, text->second.find_first_not_of(" \t", first->at)),
             name, join(words, " "))}},
        fmt::format("{} ranges of the edge that the list of trusted proxies lacks",
                    missing.size()));
  }

  void add_real_ip() {
    const auto text = texts_.find(main_);
    if (text == texts_.end()) return;
    if (!loaded_) {
      out_.left.push_back(
          "apache: mod_remoteip is not loaded (a2enmod remoteip): visitors' own addresses are not "
          "told");
      return;
    }
    for (const auto& scope : blocks_) {
      for (const auto* one : scope.own) {
        const bool judges = requires_ip(*one) || refuses_ip(*one) ||
                            (one->name == "deny-from" && !prefixes_in(one->values).empty()) ||
                            (one->name == "allow-from" && !prefixes_in(one->values).empty());
        if (!judges) continue;
        leave(*one, "judges addresses; with mod_remoteip it would judge visitors: not set");
        return;
      }
    }
    const auto words = texts_of(question_.ranges);
    auto& edits = out_.edits[std::string{main_}];
    edits.push_back({.at = text->second.size(),
                     .replaced = 0,
                     .lines = {fmt::format("RemoteIPHeader {}", visitor_field(question_.edge)),
                               "RemoteIPTrustedProxy " + join(words, " ")}});
    out_.gains.push_back(
        fmt::format("apache {}: visitors' own addresses instead of the edge's", main_));
  }

  void leave(const Directive& one, std::string_view why) {
    out_.left.push_back(
        fmt::format("apache {}: '{} {}': {}", one.place, one.name, join(one.values, " "), why));
  }

  template <class Make>
  void replace(const Directive& one, Make make, const std::string& gain) {
    const auto text = texts_.find(file_of(one));
    if (text == texts_.end()) return;
    const auto end = text->second.find('\n', one.at);
    const auto size = (end == std::string::npos ? text->second.size() : end + 1) - one.at;
    auto line = std::string_view{text->second}.substr(one.at, size);
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\\') || line.find('"') != std::string_view::npos) {
      return leave(one, "goes on over several lines or has quotes: change it by hand");
    }
    add(one, {.at = one.at, .replaced = size, .lines = make(line)}, gain);
  }

  void add(const Directive& near, Edit edit, std::string_view gain) {
    auto& edits = out_.edits[std::string{inspect::file_of(near)}];
    for (const auto& one : edits) {
      // Included twice, or both a refusal and a list: one change a line.
      if (one.at == edit.at) return;
    }
    edits.push_back(std::move(edit));
    out_.gains.push_back(fmt::format("apache {}: {}", near.place, gain));
  }

  const Texts& texts_;
  std::string_view main_;
  const WebQuestion& question_;
  std::vector<inspect::Block> blocks_;
  bool loaded_ = false;
  WebLists out_;
};

}  // namespace

WebLists apache_lists(const std::vector<Directive>& all, const Texts& texts, std::string_view main,
                      const WebQuestion& question) {
  return Apache{all, texts, main, question}.lists();
}

}  // namespace causeway::guard
