#include "plan/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::plan {
namespace {

// Fields that visitors, browsers and the edge's cache act on. Others (Server, Date, ETag) may
// differ.
struct Watched {
  std::string_view name;
  bool grave;
};
constexpr std::array kWatched{
    Watched{"content-type", true},
    Watched{"cache-control", false},
    Watched{"content-security-policy", true},
    Watched{"strict-transport-security", false},
    Watched{"x-frame-options", false},
    Watched{"access-control-allow-origin", true},
    Watched{"www-authenticate", true},
    Watched{"vary", false},
    Watched{"link", false},
    Watched{"content-language", false},
};

// "text/html; charset=utf-8" and "text/html;charset=UTF-8" say the same.
std::string plain(std::string_view value) {
  std::string out;
  for (const char c : lower(value)) {
    if (c != ' ' && c != '"') out += c;
  }
  return out;
}

std::string or_none(const std::string& text) {
  return text.empty() ? "absent" : "'" + printable(text, 100) + "'";
}

void compare_fields(const PagePair& page, std::vector<Difference>& out) {
  for (const auto& watched : kWatched) {
    const std::string before = page.before.field(watched.name);
    const std::string after = page.after.field(watched.name);
    if (plain(before) == plain(after)) continue;
    out.push_back({"header",
                   fmt::format("{} is {}, was {}", watched.name, or_none(after), or_none(before)),
                   {},
                   watched.grave});
  }
  const auto before = cookies_of(page.before.fields);
  const auto after = cookies_of(page.after.fields);
  if (before != after) {
    out.push_back(
        {"cookie",
         fmt::format("sets {}, was {}", or_none(join(after, ", ")), or_none(join(before, ", "))),
         {},
         true});
  }
}

void compare_bodies(const PagePair& page, std::vector<Difference>& out) {
  if (page.before.body_hash == page.after.body_hash) return;
  const std::string type = page.before.field("content-type");
  const bool text = contains_ignoring_case(type, "text/") || contains_ignoring_case(type, "json") ||
                    contains_ignoring_case(type, "xml") ||
                    contains_ignoring_case(type, "javascript");
  if (!text) {
    out.push_back({"content", "the file is another", {}, true});
    return;
  }
  auto lines = line_differences(page_lines(page.before.body), page_lines(page.after.body));
  if (lines.empty()) return;  // only what changes from answer to answer
  out.push_back({"content", "the page reads otherwise", std::move(lines), true});
}

}  // namespace

std::vector<Difference> differences(const PagePair& page) {
  std::vector<Difference> out;
  if (page.before.failure) return out;  // nothing to compare with
  if (page.after.failure) {
    out.push_back(
        {"answer",
         fmt::format("no answer: {} ({})", model::name(*page.after.failure), page.after.because),
         {},
         true});
    return out;
  }
  if (page.before.status != page.after.status) {
    out.push_back({"status",
                   fmt::format("status {}, was {}", page.after.status, page.before.status),
                   {},
                   true});
  }
  if (page.before.location != page.after.location) {
    out.push_back({"redirect",
                   fmt::format("redirects to {}, was {}", or_none(page.after.location),
                               or_none(page.before.location)),
                   {},
                   true});
  }
  if (page.before.status != page.after.status) return out;  // all else follows from it
  // What stands in a redirect is the server's own page, and nobody reads it.
  constexpr int kRedirect = 300;
  constexpr int kError = 400;
  if (page.after.status >= kRedirect && page.after.status < kError) return out;
  compare_fields(page, out);
  compare_bodies(page, out);
  return out;
}

}  // namespace causeway::plan
