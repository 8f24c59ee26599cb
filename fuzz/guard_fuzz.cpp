// Files and listings that guard reads before it changes a host. Whatever is in them: reading ends,
// taking guard's lines out of what it wrote gives the text back, and a second time changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "guard/blocks.hpp"
#include "guard/crowdsec.hpp"
#include "guard/csf_files.hpp"
#include "guard/grant.hpp"
#include "guard/layers.hpp"
#include "guard/settings.hpp"

namespace {

namespace guard = causeway::guard;

void change(guard::Settings settings, const std::vector<causeway::Prefix>& ranges, bool real_ip) {
  guard::Plan plan;
  plan.grant.ranges = ranges;
  plan.grant.ports = {80, 443};
  const guard::WebQuestion question{"cloudflare", ranges, real_ip};
  const auto before = settings.texts;
  const auto bare = guard::wanted_files({}, settings);
  if (!guard::plan_settings(settings, question, plan)) return;
  const auto wanted = guard::wanted_files(plan.grant, settings);
  if (!wanted || !bare) std::abort();
  for (const auto& [path, text] : *wanted) settings.texts[path] = text;
  const auto again = guard::wanted_files(plan.grant, settings);
  if (!again || !again->empty()) std::abort();
  const auto back = guard::wanted_files({}, settings);
  if (!back) std::abort();
  for (const auto& [path, text] : *back) settings.texts[path] = text;
  for (const auto& [path, text] : before) {
    const auto own = bare->find(path);
    if (settings.texts[path] != (own == bare->end() ? text : own->second)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  static const std::vector<causeway::Prefix> ranges{
      causeway::Prefix::parse("131.0.72.0/22").value(),
      causeway::Prefix::parse("173.245.48.0/20").value(),
      causeway::Prefix::parse("2606:4700::/32").value()};
  guard::decisions_within(text, ranges);
  guard::bans_within("jail", text, ranges);
  if (const auto journal = guard::parse_journal(text)) {
    if (!guard::parse_journal(guard::to_json(*journal))) std::abort();
  }
  for (const char* server : {"nginx", "apache"}) {
    for (const bool real_ip : {false, true}) {
      guard::Settings settings;
      settings.texts = {{"main", text}};
      settings.servers = {{.name = server, .main = "main", .program = "x", .includes = {}}};
      change(std::move(settings), ranges, real_ip);
    }
  }
  guard::Settings csf;
  csf.csf = true;
  for (const auto path : {guard::kCsfAllow, guard::kCsfIgnore, guard::kCsfDeny})
    csf.texts.emplace(path, text);
  change(std::move(csf), ranges, false);
  return 0;
}
