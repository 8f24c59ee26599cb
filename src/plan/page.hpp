// Pages made comparable: what a person would call the same page compares equal. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::plan {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The page as lines: one a tag or run of text, blanks joined. What differs from one answer to the
// next of the same server is replaced by "~": long random-looking words (nonces, tokens, hashes),
// times and dates.
std::vector<std::string> page_lines(std::string_view body);

// Paths of the same host that the page links to (href and src), in order, each once, without
// fragments; at most limits::kPageLinks.
std::vector<std::string> page_links(std::string_view body, std::string_view page_url,
                                    std::string_view host);

// Lines only in one of two pages: "- ..." of the first, "+ ..." of the second, in order; at most
// limits::kDifferencesKept of both together.
std::vector<std::string> line_differences(const std::vector<std::string>& before,
                                          const std::vector<std::string>& after);

// Names of the cookies that an answer sets, with their attributes, sorted: "sid; httponly; secure".
std::vector<std::string> cookies_of(const Fields& fields);

// What a page says about the machine behind it: "wordpress", "uploads", "form", "login", "session".
std::vector<std::string> page_hints(std::string_view body, const Fields& fields);

}  // namespace causeway::plan
