#include "inspect/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"
#include "inspect/server_config.hpp"

namespace causeway::inspect {
namespace {

bool can_be_looked_up(std::string_view name) {
  constexpr std::size_t kLongest = 253;  // RFC 1035 section 2.3.4, as text
  if (name.size() > kLongest || name.find('.') == name.npos || IpAddress::parse(name)) return false;
  if (name.starts_with('.') || name.starts_with('-') || name.ends_with('.')) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == name.npos;
}

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes) : view_(view), notes_(notes) {}

  void analyze() {
    for (const auto line : split(view_.snapshot.text("names.txt"), '\n')) {
      const auto words = words_of(line);
      if (words.empty()) continue;
      std::vector<IpAddress> addresses;
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (auto address = IpAddress::parse(words[i])) addresses.push_back(*address);
      }
      tell(words[0], addresses);
    }
  }

 private:
  void tell(std::string_view name, const std::vector<IpAddress>& addresses) {
    const auto some = [&](auto&& is) { return std::ranges::any_of(addresses, is); };
    std::string_view value = "elsewhere";
    std::string_view words = "not of this host";
    if (addresses.empty()) {
      value = "nowhere";
      words = "it does not resolve here";
    } else if (some([this](const IpAddress& one) { return is_own(one); })) {
      value = "here";
      words = "this host";
    } else if (some([this](const IpAddress& one) { return view_.question.edge.contains(one); })) {
      value = "edge";
      words = "the edge; where the edge goes from there its own settings say";
    } else if (some([](const IpAddress& one) { return classify(one) == AddressClass::loopback; })) {
      value = "local";
      words = "loopback: a line of /etc/hosts, others see something else";
    } else if (!some([this](const IpAddress& one) { return has_public(one.family()); })) {
      value = "unknown";
      words = "this host has no public address of its own to compare with";
    }
    std::vector<std::string> texts;
    texts.reserve(addresses.size());
    for (const auto& one : addresses) texts.push_back(one.text());
    notes_.fact("name", value)
        .set("detail", fmt::format("{}{}{}: {}", name, texts.empty() ? "" : " is ",
                                   join(texts, ", "), words));
  }

  bool is_own(const IpAddress& address) const {
    return std::ranges::any_of(view_.own_addresses(),
                               [&](const auto& own) { return own.address == address; });
  }

  bool has_public(Family family) const {
    return std::ranges::any_of(view_.own_addresses(), [family](const auto& own) {
      const auto what = classify(own.address);
      return own.address.family() == family &&
             (what == AddressClass::global || what == AddressClass::documentation);
    });
  }

  const View& view_;
  Notes& notes_;
};

}  // namespace

std::vector<std::string> site_names(const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const auto& [dump, text] : snapshot.dumps) {
    if (!dump.starts_with("config-")) continue;
    for (const auto& one : read_directives(text.text)) {
      if (one.name != "server_name" && one.name != "servername") continue;
      for (const auto& written : one.values) {
        // Apache: "https://www.example.net:443" is allowed, too.
        auto name = lower(
            written.substr(written.find("://") == written.npos ? 0 : written.find("://") + 3));
        name = name.substr(0, name.find(':'));
        if (out.size() == kSiteNames) return out;
        if (can_be_looked_up(name) && std::ranges::find(out, name) == out.end()) {
          out.push_back(std::move(name));
        }
      }
    }
  }
  return out;
}

Program look_up(const std::string& name) {
  return {.words = {"getent", "ahosts", name}, .wait = kNameWait, .most = kNameBytes};
}

std::string write_name(std::string_view name, std::string_view getent) {
  std::string out{name};
  std::vector<std::string_view> seen;
  for (const auto line : split(getent, '\n')) {
    const auto words = words_of(line);
    if (words.empty() || !IpAddress::parse(words[0])) continue;
    if (std::ranges::find(seen, words[0]) != seen.end()) continue;  // one line a type of socket
    seen.push_back(words[0]);
    out.append(" ").append(words[0]);
  }
  return out + "\n";
}

void analyze_names(const View& view, Notes& notes) { Analyzer{view, notes}.analyze(); }

}  // namespace causeway::inspect
