#include "inspect/bans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/limits.hpp"
#include "inspect/passages.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

bool touches(const Ban& ban, const model::EdgeRanges& edge) {
  return std::ranges::any_of(edge.prefixes, [&](const Prefix& range) {
    return range.contains(ban.source.address()) || ban.source.contains(range.address());
  });
}

// The command that takes an entry off its list.
std::string undo(std::string_view agent, const Ban& ban) {
  if (agent == "fail2ban") {
    return fmt::format("fail2ban-client set {} unbanip {}", ban.list, ban.source.text());
  }
  if (agent == "crowdsec")
    return fmt::format("cscli decisions delete --range {}", ban.source.text());
  return {};
}

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes) : view_(view), notes_(notes) {}

  void analyze() {
    list("fail2ban", "fail2ban.txt", parse_fail2ban(view_.snapshot.text("fail2ban.txt")), true);
    list("crowdsec", "crowdsec.txt", parse_crowdsec(view_.snapshot.text("crowdsec.txt")), true);
    // What is in these files is in force only as far as rules say so (the firewall proof), or for
    // programs built with libwrap, which web servers are not.
    list("csf", "csf-deny.txt", parse_deny_file(view_.snapshot.text("csf-deny.txt"), "csf.deny"),
         false);
    list("csf", "csf-tempban.txt",
         parse_deny_file(view_.snapshot.text("csf-tempban.txt"), "csf.tempban"), false);
    list("hosts-deny", "hosts-deny.txt",
         parse_deny_file(view_.snapshot.text("hosts-deny.txt"), "/etc/hosts.deny"), false);
    if (!any_ && !unread_ && filters_are_known(view_)) notes_.fact("ban", "none");
  }

 private:
  void list(std::string_view agent, std::string_view dump, const std::vector<Ban>& bans,
            bool in_force) {
    const auto at = view_.snapshot.dumps.find(dump);
    if (in_force && at != view_.snapshot.dumps.end() && at->second.outcome != Outcome::read) {
      unread_ = true;
    }
    std::map<std::string, std::vector<Ban>> lists;
    for (const auto& ban : bans) {
      if (touches(ban, view_.question.edge)) lists[ban.list].push_back(ban);
    }
    for (const auto& [name, all] : lists) {
      std::vector<std::string> sources;
      for (const auto& ban : all) {
        if (sources.size() < kInspectPrefixes) sources.push_back(ban.source.text());
      }
      auto& out = notes_.saw(Kind::ban, name);
      out.set("agent", agent).set("list", name).set("detail", all.front().detail);
      out.set("sources", sources);
      if (!in_force) continue;
      any_ = true;
      auto& fact = notes_.fact("ban", agent, {out.id});
      fact.set("sources", sources).set("in_edge", true);
      fact.set("agent",
               agent == "fail2ban" ? fmt::format("fail2ban jail {}", name) : std::string{agent});
      fact.set("rule", fmt::format("{} of {}", sources.front(), name));
      fact.set("detail", fmt::format("{}: {}", name, join(sources, ", ").substr(0, 200)));
      fact.set("fix",
               fmt::format("Take the edge's addresses off {}'s list {}, and tell it never to "
                           "ban them: visitors of a whole site share them.",
                           agent, name));
      fact.set("command", undo(agent, all.front()));
    }
  }

  const View& view_;
  Notes& notes_;
  bool any_ = false;
  bool unread_ = false;
};

}  // namespace

std::vector<Ban> parse_fail2ban(std::string_view text) {
  std::vector<Ban> out;
  std::string jail;
  bool inside = false;  // the brackets of a jail's list
  std::size_t at = 0;
  while (at < text.size() && out.size() < kInspectRows) {
    const char c = text[at];
    if (c == '[') inside = !jail.empty();
    if (c == ']') {
      inside = false;
      jail.clear();
    }
    if (c != '\'' && c != '"') {
      ++at;
      continue;
    }
    const auto end = text.find(c, at + 1);
    if (end == std::string_view::npos) break;
    const auto word = text.substr(at + 1, end - at - 1);
    at = end + 1;
    if (!inside) {
      jail = printable(word, 100);
    } else if (const auto source = Prefix::parse(word)) {
      out.push_back({jail, *source, fmt::format("banned by jail {}", jail)});
    }
  }
  return out;
}

std::vector<Ban> parse_crowdsec(std::string_view text) {
  std::vector<Ban> out;
  for (const auto line : split(text, '\n')) {
    const auto parts = split(line, ',');
    if (parts.size() < 5 || out.size() >= kInspectRows) continue;
    const auto colon = parts[2].find(':');
    if (colon == std::string_view::npos) continue;
    if (const auto source = Prefix::parse(trim(parts[2].substr(colon + 1)))) {
      out.push_back({printable(parts[3], 100), *source, printable(line, limits::kTextKept)});
    }
  }
  return out;
}

std::vector<Ban> parse_deny_file(std::string_view text, std::string_view file) {
  std::vector<Ban> out;
  for (const auto line : split(text, '\n')) {
    if (trim(line).starts_with('#') || out.size() >= kInspectRows) continue;
    std::string words{line.substr(0, line.find('#'))};
    std::ranges::replace_if(words, [](char c) { return c == ',' || c == '|'; }, ' ');
    for (auto word : words_of(words)) {
      // CSF's own filters: "tcp|in|d=80|s=203.0.113.9".
      if (word.starts_with("s=")) word.remove_prefix(2);
      const auto source = Prefix::parse(word);
      if (!source) continue;
      out.push_back({std::string{file}, *source, printable(line, limits::kTextKept)});
    }
  }
  return out;
}

void analyze_bans(const View& view, Notes& notes) { Analyzer{view, notes}.analyze(); }

}  // namespace causeway::inspect
