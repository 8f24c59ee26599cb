#include "app/render_proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

using firewall::Cause;
using firewall::ProofRow;
using firewall::Result;

constexpr std::size_t kRangesShown = 6;
constexpr std::size_t kPartsShown = 4;

std::string_view meaning(const firewall::Ending& ending) {
  switch (ending.result) {
    case Result::accept: return "gets through";
    case Result::half: return "connects, then nothing arrives (522, 524 or 520 at the edge)";
    case Result::reset: return "refused with a reset (521 at the edge)";
    case Result::icmp:
      return ending.icmp_code == (ending.icmp_type == 3 ? 3 : 4)
                 ? "refused with ICMP port unreachable (521 at the edge)"
                 : "refused with an ICMP error (523 at the edge)";
    case Result::drop: return "dropped in silence (522 at the edge)";
  }
  return "";
}

std::string place(const firewall::RuleShown& rule) {
  std::string out = rule.stack;
  if (!rule.table.empty()) out += " " + rule.table;
  if (!rule.path.empty()) out += fmt::format(" {}", join(rule.path, " > "));
  if (!rule.place.empty()) out += ", " + rule.place;
  return out;
}

// Rows that end alike through the same rules are told once.
std::string signature(const ProofRow& row) {
  std::string out = row.certain ? "certain" : "may";
  for (const auto& cause : row.causes) {
    const auto& rule = cause.rule;
    out += fmt::format("|{}|{}|{}|{}", text(cause.ending), place(rule), rule.text,
                       join(cause.doubts, ";"));
  }
  return out;
}

struct Group {
  const ProofRow* first = nullptr;
  std::vector<const ProofRow*> rows;
};

std::string ports_phrase(const std::vector<std::uint16_t>& ports) {
  std::string out = ports.size() == 1 ? "port " : "ports ";
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (i > 0) out += i + 1 == ports.size() ? " and " : ", ";
    out += fmt::format("{}", ports[i]);
  }
  return out;
}

std::string number(double count) {
  if (count >= 1e12) return fmt::format("{:.1e}", count);
  return fmt::format("{:.0f}", count);
}

// "131.0.72.0/22", or its part that is concerned.
std::string range_words(const ProofRow& row) {
  if (row.share >= 1) return row.range.text();
  std::vector<std::string> parts;
  for (const auto& part : row.clients.parts()) {
    if (parts.size() == kPartsShown) {
      parts.push_back(fmt::format("{} more parts", row.clients.parts().size() - kPartsShown));
      break;
    }
    parts.push_back(range_text(part, row.range.address().family()));
  }
  return fmt::format("{} of {} ({} of {} addresses)", join(parts, ", "), row.range.text(),
                     number(row.clients.count()),
                     number(firewall::IntervalSet{firewall::interval_of(row.range)}.count()));
}

class Writer {
 public:
  Writer(const firewall::Proof& proof, const Screen& screen) : proof_(proof), screen_(screen) {}

  // The verdict and what is stopped.
  std::string check(bool wants_root) {
    title();
    for (const auto& group : grouped()) {
      if (!open(*group.first)) stopped(group);
    }
    unused();
    notes(wants_root);
    return std::move(out_);
  }

  std::string write(bool wants_root) {
    title();
    const auto groups = grouped();
    for (const auto& group : groups) {
      if (!open(*group.first)) stopped(group);
    }
    for (const auto& group : groups) {
      if (open(*group.first)) passes(group);
    }
    unused();
    limits();
    lists();
    samples();
    notes(wants_root);
    return std::move(out_);
  }

 private:
  static bool open(const ProofRow& row) {
    return row.certain && row.causes.front().ending.result == Result::accept;
  }

  void line(std::string_view first, std::string_view text) {
    out_ += hanging(first, text, screen_.width);
  }
  // Rules hold words of others: comments, log prefixes, names.
  void foreign(std::string_view first, std::string_view text, Tone tone = Tone::plain) {
    line(first, screen_.paint(tone, printable(text, limits::kRuleTextShown)));
  }

  void title() {
    const auto& arrival = proof_.arrival;
    std::vector<std::string> addresses;
    for (const auto& address : {arrival.address4, arrival.address6}) {
      if (address) addresses.push_back(address->text());
    }
    std::string verdict;
    Tone tone = Tone::bad;
    if (!proof_.unreadable.empty() || proof_.rows.empty()) {
      verdict = "Nothing is proved: not all rules of this host could be read.";
      tone = Tone::warning;
    } else if (proof_.all_open()) {
      verdict = "Every range of the edge gets through this host.";
      tone = Tone::good;
    } else if (proof_.some_stopped()) {
      verdict = fmt::format("This host stops the edge{}.", where_stopped());
    } else {
      verdict = "This host may stop the edge: some rules cannot be settled from here.";
      tone = Tone::warning;
    }
    out_ += screen_.paint(tone, verdict) + "\n";
    out_ += screen_.paint(
        Tone::dim,
        fmt::format("edge {}{}, {} {}, to {} at {}\n\n", proof_.edge_name,
                    proof_.edge_date.empty() ? "" : fmt::format(" ({})", proof_.edge_date),
                    ranges(), ports_phrase(proof_.ports),
                    addresses.empty() ? "no global address" : join(addresses, " and "),
                    arrival.device.empty() ? "no interface" : arrival.device));
  }

  // " on port 80" where another port lets every range in.
  std::string where_stopped() const {
    std::vector<std::uint16_t> stopped;
    for (const auto& row : proof_.rows) {
      const bool shut =
          proof_.concerns(row) && std::ranges::none_of(row.causes, [](const Cause& cause) {
            return cause.ending.result == Result::accept;
          });
      if (shut && std::ranges::find(stopped, row.port) == stopped.end())
        stopped.push_back(row.port);
    }
    std::ranges::sort(stopped);
    return stopped.size() == proof_.ports.size() ? "" : " on " + ports_phrase(stopped);
  }

  std::string ranges() const {
    std::vector<Prefix> seen;
    for (const auto& row : proof_.rows) {
      if (!proof_.concerns(row)) continue;
      if (std::ranges::find(seen, row.range) == seen.end()) seen.push_back(row.range);
    }
    return fmt::format("{} range{},", seen.size(), seen.size() == 1 ? "" : "s");
  }

  std::vector<Group> grouped() const {
    std::vector<Group> out;
    std::map<std::string, std::size_t> index;
    for (const auto& row : proof_.rows) {
      if (row.causes.empty() || !proof_.concerns(row)) continue;
      const auto [at, added] = index.emplace(signature(row), out.size());
      if (added) out.push_back({&row, {}});
      out[at->second].rows.push_back(&row);
    }
    return out;
  }

  static std::vector<std::uint16_t> ports(const Group& group) {
    std::vector<std::uint16_t> out;
    for (const auto* row : group.rows) {
      if (std::ranges::find(out, row->port) == out.end()) out.push_back(row->port);
    }
    return out;
  }

  static std::string concerned(const Group& group) {
    std::vector<std::string> names;
    for (const auto* row : group.rows) {
      auto words = range_words(*row);
      if (std::ranges::find(names, words) == names.end()) names.push_back(std::move(words));
    }
    return fmt::format("{} to {}", ranges_phrase(names), ports_phrase(ports(group)));
  }

  void stopped(const Group& group) {
    const auto& row = *group.first;
    const auto& worst = row.causes.front();
    const auto mark = row.certain ? screen_.paint(Tone::bad, screen_.bad())
                                  : screen_.paint(Tone::warning, screen_.warning());
    line(mark + " ", screen_.paint(Tone::strong, concerned(group)));
    for (const auto& cause : row.causes) {
      const bool may = !row.certain;
      line(may ? "  may be  " : "  ", meaning(cause.ending));
      rule(cause);
      for (const auto& doubt : cause.doubts) foreign("    not settled: ", doubt);
      if (!may) break;
    }
    if (worst.ending.result != Result::accept) fixes(row);
    out_ += "\n";
  }

  void rule(const Cause& cause) {
    const auto& shown = cause.rule;
    foreign("    ", shown.text);
    std::string where = place(shown);
    if (!shown.owner.empty()) where += fmt::format("; owner: {}", shown.owner);
    if (shown.packets) where += fmt::format("; {} packets so far", *shown.packets);
    foreign("    ", where, Tone::dim);
  }

  void fixes(const ProofRow& row) {
    for (const auto& fix : row.fixes) {
      line("  fix: ", fix.text);
      if (fix.command.empty()) continue;
      // On one line, to be copied.
      out_ += "    " + screen_.paint(Tone::accent, printable(fix.command, limits::kRuleTextShown)) +
              "\n";
    }
  }

  void passes(const Group& group) {
    const auto& accepting = group.first->causes.front().rule;
    line(screen_.paint(Tone::good, screen_.good()) + " ",
         fmt::format("{}: get{} through", concerned(group), group.rows.size() == 1 ? "s" : ""));
    if (accepting.stack == "host") return;
    foreign("    ", fmt::format("{} ({})", accepting.text, place(accepting)), Tone::dim);
  }

  void unused() {
    if (!proof_.unused) return;
    const std::string_view family = *proof_.unused == Family::ipv4 ? "IPv4" : "IPv6";
    line("",
         fmt::format("{0}: this host has no public {0} address{2}, so the edge reaches it in the "
                     "other family alone. That stops nobody as long as no {1} record names "
                     "this host.",
                     family, *proof_.unused == Family::ipv4 ? "A" : "AAAA",
                     proof_.arrival.named ? " that was asked for" : ""));
  }

  void limits() {
    for (const auto& limit : proof_.limits) {
      std::vector<std::string> names;
      names.reserve(limit.ranges.size());
      for (const auto& range : limit.ranges) names.push_back(range.text());
      out_ += "\n";
      line(screen_.paint(Tone::warning, screen_.warning()) + " ",
           fmt::format("port {}, {}: {} are stopped ({})", limit.port, name(limit.family),
                       limit.limit, join(limit.then, " or ")));
      foreign("    ", limit.rule.text);
      foreign("    ", place(limit.rule), Tone::dim);
      if (!limit.refills) {
        line("    ", "A quota does not fill up again: once it is used, that stays so.");
        continue;
      }
      line("    ", limit.global
                       ? "One bucket for all clients: a burst of one starves the others."
                       : "An edge sends many visitors from few addresses, so it meets such a "
                         "limit long before a visitor would.");
    }
  }

  void lists() {
    for (const auto& list : proof_.lists) {
      if (list.missing.empty() && list.remarks.empty()) continue;
      out_ += "\n";
      foreign(screen_.paint(Tone::warning, screen_.warning()) + " ",
              fmt::format("{} holds {} of the edge's {} {} ranges{}{}", list.name, list.holds,
                          list.of, name(list.family),
                          list.missing.empty() ? "" : "; missing: ", join(list.missing, ", ")));
      for (const auto& remark : list.remarks) line("    ", remark);
    }
  }

  void samples() {
    if (proof_.samples.empty()) return;
    out_ += "\n";
    for (const auto& one : proof_.samples) {
      out_ += fmt::format("{} {} {}\n", one.sample.source.text(), one.sample.port, one.verdict);
    }
  }

  void notes(bool wants_root) {
    if (proof_.unreadable.empty() && proof_.notes.empty()) return;
    out_ += "\n";
    for (const auto& text : proof_.unreadable) foreign("could not be read: ", text);
    for (const auto& text : proof_.notes) foreign("note: ", text);
    if (wants_root) {
      line("",
           "As root, this host's packet filter rules would be read as well, and the rest "
           "proved.");
    }
  }

  const firewall::Proof& proof_;
  const Screen& screen_;
  std::string out_;
};

}  // namespace

std::string ranges_phrase(const std::vector<std::string>& ranges) {
  if (ranges.size() <= kRangesShown) return join(ranges, ", ");
  const std::vector<std::string> first(ranges.begin(), ranges.begin() + 3);
  return fmt::format("{} ranges ({}, and {} more)", ranges.size(), join(first, ", "),
                     ranges.size() - first.size());
}

std::string render_proof(const firewall::Proof& proof, const Screen& screen, bool wants_root) {
  return Writer{proof, screen}.write(wants_root);
}

std::string render_check(const firewall::Proof& proof, const Screen& screen, bool wants_root) {
  return Writer{proof, screen}.check(wants_root);
}

}  // namespace causeway::app
