// Records that move, records that must not, and the timed list of steps.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "plan/checks.hpp"

namespace causeway::plan {
namespace {

constexpr std::uint32_t kShortTtl = 300;
constexpr std::uint32_t kAutomaticSeconds = 300;

std::uint32_t seconds_of(const zone::Record& record) {
  return record.ttl == zone::kAutomaticTtl ? kAutomaticSeconds : record.ttl;
}

bool is_old(const Seen& seen, const zone::Record& record) {
  const auto address = record.address();
  return address && std::ranges::count(seen.before, *address) > 0;
}

// As a whole word: ip4:192.0.2.1 does not name 192.0.2.10.
bool names_address(std::string_view text, const IpAddress& address) {
  for (const auto word : split(text, ' ')) {
    std::string_view value = trim(word);
    while (value.starts_with('"')) value.remove_prefix(1);
    while (value.ends_with('"')) value.remove_suffix(1);
    if (value == "ip4:" + address.text() || value == "ip6:" + address.text()) return true;
  }
  return false;
}

std::string span(std::uint32_t seconds) {
  constexpr std::uint32_t kHour = 3600;
  constexpr std::uint32_t kMinute = 60;
  if (seconds >= kHour) return fmt::format("{} h", (seconds + kHour - 1) / kHour);
  return fmt::format("{} min", std::max(1U, seconds / kMinute));
}

std::string texts_of(const std::vector<IpAddress>& addresses, bool v4) {
  std::string out;
  for (const auto& address : addresses) {
    if (address.is_v4() == v4) out += " " + address.text();
  }
  return out;
}

using Key = std::pair<std::string, std::string>;  // name, type

std::set<Key> sets_of(const Seen& seen) {
  std::set<Key> out;
  for (const auto& record : moving(seen)) out.insert({record.name, record.type});
  if (!out.empty()) return out;
  for (const auto& host : seen.hosts) {
    for (const auto& address : seen.after) out.insert({host.name, address.is_v4() ? "A" : "AAAA"});
  }
  return out;
}

std::vector<std::string> cut_over(const Seen& seen) {
  std::vector<std::string> out;
  for (const auto& [name, type] : sets_of(seen)) {
    const std::string values = texts_of(seen.after, type == "A");
    out.push_back(fmt::format("causeway dns set {} {}{} --yes", name, type,
                              values.empty() ? " --delete" : values));
  }
  return out;
}

std::vector<std::string> roll_back(const Seen& seen) {
  std::vector<std::string> out;
  for (const auto& [name, type] : sets_of(seen)) {
    const std::string values = texts_of(seen.before, type == "A");
    if (!values.empty())
      out.push_back(fmt::format("causeway dns set {} {}{} --yes", name, type, values));
  }
  return out;
}

std::string addresses(const std::vector<IpAddress>& all) {
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& address : all) out.push_back(address.text());
  return join(out, ",");
}

std::string watch_command(const Seen& seen) {
  std::string out =
      fmt::format("causeway plan watch {} {}", addresses(seen.before), addresses(seen.after));
  for (const auto& host : seen.hosts) out += " --name " + host.name;
  return out;
}

}  // namespace

std::vector<zone::Record> moving(const Seen& seen) {
  std::vector<zone::Record> out;
  std::set<std::string> hosts;
  for (const auto& host : seen.hosts) hosts.insert(host.name);
  for (const auto& record : seen.records) {
    if (is_old(seen, record) && hosts.contains(record.name)) out.push_back(record);
  }
  return out;
}

std::uint32_t longest_ttl(const Seen& seen) {
  std::uint32_t out = 0;
  for (const auto& record : moving(seen)) {
    // Visitors of a proxied name are given the edge's address: the edge itself learns of the
    // change.
    if (!record.proxied.value_or(false)) out = std::max(out, seconds_of(record));
  }
  return out;
}

namespace {

Check warning(std::string id, std::string host, std::string sentence,
              std::vector<std::string> evidence, std::string fix) {
  return {.id = std::move(id),
          .state = State::warn,
          .host = std::move(host),
          .sentence = std::move(sentence),
          .evidence = std::move(evidence),
          .fix = std::move(fix)};
}

// What leads to the old origin and is not part of the plan: mail above all.
void check_left_behind(const Seen& seen, std::vector<Check>& out) {
  std::set<std::string> planned;
  for (const auto& host : seen.hosts) planned.insert(host.name);
  std::set<std::string> mail;
  for (const auto& record : seen.records) {
    if (record.type == "MX") mail.insert(record.content);
  }
  for (const auto& record : seen.records) {
    if (!is_old(seen, record) || planned.contains(record.name)) continue;
    if (mail.contains(record.name)) {
      out.push_back(warning("dns.mail", record.name,
                            "mail goes to the old origin: this record must not move with the site, "
                            "and the old machine must not be switched off",
                            {zone::text_of(record)},
                            "move mail on its own, or keep it where it is"));
    } else {
      out.push_back(warning(
          "dns.left-behind", record.name, "leads to the old origin and is not part of this plan",
          {zone::text_of(record)}, fmt::format("--name {}, if it moves too", record.name)));
    }
  }
}

void check_spf(const Seen& seen, std::vector<Check>& out) {
  for (const auto& record : seen.records) {
    if (record.type != "TXT") continue;
    for (const auto& address : seen.before) {
      if (!names_address(record.content, address)) continue;
      out.push_back(
          warning("dns.spf", record.name,
                  "the SPF record names the old origin: mail that the new one sends would "
                  "be refused",
                  {zone::text_of(record)},
                  "add the new address before the cut-over; take the old one out when it "
                  "is retired"));
    }
  }
}

}  // namespace

void check_records(const Seen& seen, std::vector<Check>& out) {
  if (seen.records.empty()) {
    out.push_back({.id = "dns.records",
                   .state = State::unknown,
                   .host = {},
                   .sentence =
                       "the zone's records are not known: what leads to the old origin besides "
                       "these names, and with which TTL, cannot be said",
                   .evidence = {},
                   .fix = "causeway dns snapshot ZONE, then --zone ZONE"});
    return;
  }
  check_left_behind(seen, out);
  check_spf(seen, out);
  const std::uint32_t ttl = longest_ttl(seen);
  if (ttl > kShortTtl) {
    out.push_back(
        warning("dns.ttl", {},
                fmt::format("TTL {} s: visitors reach the old origin for up to {} after the "
                            "change, and a roll-back takes as long",
                            ttl, span(ttl)),
                {},
                fmt::format("lower it to {} s at least {} before the cut-over (first step)",
                            kShortTtl, span(ttl))));
  }
  if (moving(seen).empty()) {
    out.push_back(warning(
        "dns.records", {}, "no record of these names leads to the old origin", {seen.records_from},
        "is OLD the right address? or does an alias of another zone lead there?"));
  }
}

namespace {

// What was lowered goes up again, with the new addresses.
std::vector<std::string> raise_ttls(const Seen& seen) {
  std::map<Key, std::uint32_t> sets;
  for (const auto& record : moving(seen)) {
    if (record.proxied.value_or(false) || seconds_of(record) <= kShortTtl) continue;
    auto& longest = sets[{record.name, record.type}];
    longest = std::max(longest, seconds_of(record));
  }
  std::vector<std::string> out;
  for (const auto& [key, ttl] : sets) {
    const std::string values = texts_of(seen.after, key.second == "A");
    if (!values.empty())
      out.push_back(fmt::format("causeway dns set {} {}{} --ttl {} --yes", key.first, key.second,
                                values, ttl));
  }
  return out;
}

}  // namespace

std::vector<Step> steps_of(const Seen& seen) {
  std::vector<Step> out;
  const std::uint32_t ttl = longest_ttl(seen);
  if (ttl > kShortTtl) {
    Step lower{.when = fmt::format("T-{}", span(2 * ttl)),
               .text = fmt::format("Lower the TTL of what moves to {} s, and wait the old {} out",
                                   kShortTtl, span(ttl)),
               .commands = {},
               .offset = -std::chrono::seconds{2 * ttl}};
    for (const auto& record : moving(seen)) {
      if (record.proxied.value_or(false) || seconds_of(record) <= kShortTtl) continue;
      lower.commands.push_back(fmt::format("causeway dns set {} {} {} --ttl {} --yes", record.name,
                                           record.type, record.content, kShortTtl));
    }
    out.push_back(std::move(lower));
  }
  out.push_back({.when = "T-1 h",
                 .text = "Keep the zone as it is, and run this plan again: it must say go",
                 .commands = {seen.zone.empty() ? std::string{"causeway dns snapshot ZONE"}
                                                : "causeway dns snapshot " + seen.zone},
                 .offset = -std::chrono::hours{1}});
  out.push_back(
      {.when = "T-10 min",
       .text = "Freeze writes on the old origin; copy the database and new uploads a last time",
       .commands = {},
       .offset = -std::chrono::minutes{10}});
  out.push_back({.when = "T",
                 .text = "Change the records",
                 .commands = cut_over(seen),
                 .point_of_return = false});
  // With the TTL lowered first, all but the most stubborn resolvers know the change by then.
  out.push_back({.when = "T",
                 .text = "Watch who still reaches the old origin, and whether the new one serves",
                 .commands = {watch_command(seen)}});
  out.push_back(
      {.when = "T+15 min",
       .text = "Decide. Until writes are let in on the new origin, rolling back loses nothing",
       .commands = roll_back(seen),
       .point_of_return = true,
       .offset = std::chrono::minutes{15}});
  Step check{.when = "T+30 min",
             .text = "Check every name through the edge; end the freeze",
             .commands = {},
             .offset = std::chrono::minutes{30}};
  for (const auto& host : seen.hosts) {
    check.commands.push_back(fmt::format("causeway diagnose https://{}/", host.name));
  }
  out.push_back(std::move(check));
  out.push_back(
      {.when = "T+1 d",
       .text = "Raise the TTL again, and look at the old origin's access log: who still comes?",
       .commands = raise_ttls(seen),
       .offset = std::chrono::days{1}});
  out.push_back({.when = "T+7 d",
                 .text = "Retire the old origin, once nothing in the zone leads to it",
                 .commands = {fmt::format(
                     "causeway dns drift {}{}", seen.zone.empty() ? "ZONE" : seen.zone,
                     seen.after.empty() ? "" : " --known-address " + seen.after.front().text())},
                 .offset = std::chrono::days{7}});
  return out;
}

}  // namespace causeway::plan
