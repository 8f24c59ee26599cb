// Where the main answer's Location leads, asked of the same address while the host stays the same.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct RedirectsFound {
  std::string outcome;  // model/kinds.def, redirects.outcome
  bool loops = false;   // loop or too-many: http.loop
  std::string because;
};

// What the main answer says: its Location, and its Set-Cookie lines.
struct Redirection {
  std::string location{};
  std::vector<std::string> cookies{};
};

std::vector<std::string> set_cookies(
    const std::vector<std::pair<std::string, std::string>>& fields);

// `first` as the main answer to the target's URL gave it. In flexible mode an edge asks the
// origin over plain HTTP whatever the visitor's scheme is: a redirect to https then is a loop.
// Cookies are kept and sent as a browser does: many a site asks once whether they are. Where one
// was set, coming back proves nothing, and only redirects without end count. Records `redirects`.
net::Task<RedirectsFound> redirects(Survey& survey, Endpoint remote, Redirection first);

// `reference` resolved against `base` (RFC 3986 section 5.2), normalised for comparison: scheme and
// host in lower case, default port and fragment removed, dots in the path resolved.
std::string resolve_url(std::string_view base, std::string_view reference);

}  // namespace causeway::reach
