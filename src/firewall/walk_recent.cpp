// Lists of `-m recent`: what they held before this connection, and what its packets do to them.
#include <algorithm>

#include "firewall/walk.hpp"

namespace causeway::firewall {
namespace {

constexpr const char* kSharedList =
    "depends on how many others of the same /32 came before: the list is shared with IPv4 rules";
constexpr const char* kOthersList =
    "depends on the packets of others: the list has one entry for them all, this host's own "
    "address";
constexpr const char* kSeen = "depends on when the address was last seen (recent list)";
constexpr const char* kUnread =
    "depends on a list of `recent` (/proc/net/xt_recent) that was not read";

std::uint32_t count_of(const std::vector<Counted>& list, std::uint32_t what) {
  for (const auto& one : list) {
    if (one.what == what) return one.count;
  }
  return 0;
}

// The clients of a list by what their entries' stamps, with `own` more, say to a rule.
struct Listed {
  IntervalSet enough;
  IntervalSet perhaps;
  IntervalSet few;
};

// xt_recent.c, recent_mt()
Tri enough(const codec::RecentEntry& entry, const Recent& step, std::uint32_t own) {
  constexpr double kMargin = 5;  // seconds between what was read and what is said
  if (step.op == Recent::Op::remove) return Tri::yes;
  std::size_t least = own;
  std::size_t most = own;
  if (step.seconds == 0) {
    least += entry.stamps;
    most += entry.stamps;
  } else if (entry.ages.empty()) {
    most += entry.stamps;
  }
  for (const double age : entry.ages) {
    if (step.seconds == 0) break;
    least += age + kMargin <= step.seconds ? 1 : 0;
    most += age <= step.seconds + kMargin ? 1 : 0;
  }
  const std::size_t wanted = std::max(step.hits, 1U);
  return least >= wanted ? Tri::yes : most < wanted ? Tri::no : Tri::unknown;
}

Listed look(const std::vector<codec::RecentEntry>& list, const Recent& step, Family family,
            std::uint32_t own) {
  constexpr Key kOneOfIpv4 = Key{0xffffffff} << 96U;  // a list made by an IPv4 rule holds these
  const Key top = highest(family);
  const Key mask = step.mask & top;
  const Key rest = top & ~mask;
  const bool of_prefix = (rest & (rest + 1)) == 0;
  std::vector<Interval> sure;
  std::vector<Interval> perhaps;
  std::vector<Interval> all;
  for (const auto& entry : list) {
    if (entry.address.family() != family) continue;
    const Key key = key_of(entry.address);
    Interval who{key & mask, (key & mask) | rest};
    if (of_prefix && (key & rest) != 0) continue;  // nobody's address is that under the mask
    const bool coarse = step.shared && (key & ~kOneOfIpv4) == 0;
    if (coarse) who = {key, key | (top & ~kOneOfIpv4)};
    if (!of_prefix) who = {0, top};
    all.push_back(who);
    const Tri met = enough(entry, step, own);
    const bool certain = of_prefix && !coarse && !step.same_ttl;
    if (met == Tri::yes && certain) sure.push_back(who);
    if (met != Tri::no && (met == Tri::unknown || !certain)) perhaps.push_back(who);
  }
  Listed out{IntervalSet::of(std::move(sure)), IntervalSet::of(std::move(perhaps)),
             IntervalSet::of(std::move(all))};
  out.perhaps = out.perhaps.subtract(out.enough);
  out.few = out.few.subtract(out.enough).subtract(out.perhaps);
  return out;
}

}  // namespace

// The entry of an address that is not the client's: every visitor's packets stamp the same one.
void Walk::recent_of_others(const Recent& step, std::uint32_t rule, Flow flow,
                            std::vector<Flow>& on, std::vector<Flow>& missed) {
  const auto party = step.by_target ? flow.packet.target : flow.packet.source;
  std::uint32_t& stamps = counter(flow.seen, list_index(step.list + " of others"));
  const auto known = scene_.host.recent.find(step.list);
  const bool read = known != scene_.host.recent.end();
  const bool listed =
      read && std::ranges::any_of(known->second, [&](const codec::RecentEntry& one) {
        return one.address.family() == flow.packet.family && key_of(one.address) == party.key;
      });
  const bool asks = step.op != Recent::Op::set;
  if (asks && (step.holds_others || listed || !read) && (step.hits > 0 || stamps == 0)) {
    const bool others = step.holds_others || listed;
    unsettled(rule, others ? kOthersList : kUnread, std::move(flow), on, missed);
    return;
  }
  const bool match = (!asks || stamps > 0) != step.negated;
  if (!asks) ++stamps;
  if (step.op == Recent::Op::remove) stamps = 0;
  if (match) {
    on.push_back(std::move(flow));
  } else {
    merge_into(missed, std::move(flow));
  }
}

void Walk::recent_settled(const Recent& step, bool met, bool there, Flow flow,
                          std::vector<Flow>& on, std::vector<Flow>& missed) {
  const bool match = met != step.negated;
  const auto list = list_index(step.list);
  switch (step.op) {
    case Recent::Op::check: break;
    case Recent::Op::set: ++counter(flow.seen, list); break;
    case Recent::Op::update:
      if (match && there) ++counter(flow.seen, list);
      break;
    case Recent::Op::remove:
      if (met) {
        counter(flow.seen, list) = 0;
        counter(flow.seen, list_index(step.list + " as read")) = 1;  // and that entry is gone
      }
      break;
  }
  if (match) {
    on.push_back(std::move(flow));
  } else {
    merge_into(missed, std::move(flow));
  }
}

void Walk::recent_perhaps(const Recent& step, std::uint32_t rule, const char* why, bool there,
                          Flow flow, std::vector<Flow>& on, std::vector<Flow>& missed) {
  if (flow.clients.empty()) return;
  std::vector<Flow> yes;
  std::vector<Flow> no;
  unsettled(rule, why, std::move(flow), yes, no);
  for (auto& one : yes) recent_settled(step, true, true, std::move(one), on, missed);
  for (auto& one : no) recent_settled(step, false, there, std::move(one), on, missed);
}

void Walk::recent(const Recent& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
                  std::vector<Flow>& missed) {
  if (!(step.by_target ? flow.packet.target : flow.packet.source).client) {
    return recent_of_others(step, rule, std::move(flow), on, missed);
  }
  if (step.op == Recent::Op::set) {
    return recent_settled(step, true, true, std::move(flow), on, missed);
  }
  const auto stamps = count_of(flow.seen, list_index(step.list));
  const bool counted =
      step.op == Recent::Op::remove ? stamps > 0 : stamps >= std::max(step.hits, 1U);
  if (counted || (step.hits > 0 && scene_.exceeded == rule)) {
    return recent_settled(step, true, true, std::move(flow), on, missed);
  }
  if (count_of(flow.seen, list_index(step.list + " as read")) == 0) {
    const auto known = scene_.host.recent.find(step.list);
    if (known == scene_.host.recent.end()) {
      return recent_perhaps(step, rule, kUnread, stamps > 0, std::move(flow), on, missed);
    }
    const Listed listed = look(known->second, step, flow.packet.family, stamps);
    const auto part = [&flow](const IntervalSet& clients) {
      Flow out = flow;
      out.clients = flow.clients.intersect(clients);
      return out;
    };
    if (Flow one = part(listed.enough); !one.clients.empty()) {
      recent_settled(step, true, true, std::move(one), on, missed);
    }
    recent_perhaps(step, rule, kSeen, true, part(listed.perhaps), on, missed);
    if (Flow one = part(listed.few); !one.clients.empty()) {
      recent_settled(step, false, true, std::move(one), on, missed);
    }
    flow.clients = flow.clients.subtract(listed.enough).subtract(listed.perhaps);
    flow.clients = flow.clients.subtract(listed.few);
    if (flow.clients.empty()) return;
  }
  if (step.shared && step.hits > 0 && stamps > 0) {
    return unsettled(rule, kSharedList, std::move(flow), on, missed);
  }
  recent_settled(step, false, stamps > 0, std::move(flow), on, missed);
}

}  // namespace causeway::firewall
