// Does the number of connections decide? Several together, one after another, or held open.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

enum class BurstStyle : std::uint8_t {
  together,  // all at once: a rate limit lets the first pass and the rest come late
  paced,     // one after another, with a pause and closed at once: a rate limit lets all pass
  held,      // one after another, all kept open: a connection limit stops the later ones
};
std::string_view name(BurstStyle style);

struct BurstFacts {
  int sent = 0;
  int at_once = 0;  // connected without a retransmission
};

// Records `burst`; and, when some of those together did not get in, what came of a question on one
// that did while the others keep quiet: `tls` and `http` with the variant held.
net::Task<BurstFacts> burst(Survey& survey, Endpoint remote, BurstStyle style, bool tls);

}  // namespace causeway::reach
