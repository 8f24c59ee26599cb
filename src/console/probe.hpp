// `/probe?target=&module=`: blackbox_exporter's contract (github.com/prometheus/blackbox_exporter,
// its prober/*.go), so that existing jobs and dashboards work; and why it failed, as closed lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/diagnosis.hpp"

namespace causeway::console {

struct ProbeQuestion {
  std::string url;
  Duration deadline{};
};

// `module`: http_2xx, or empty for the same. The error says what is expected. `scrape_timeout`:
// X-Prometheus-Scrape-Timeout-Seconds, may be empty; half a second of it is left for the way back.
Parsed<ProbeQuestion> probe_question(std::string_view target, std::string_view module,
                                     std::string_view scrape_timeout);

// Success: an answer of 2xx came and no certificate is wrong.
std::string probe_exposition(const model::Diagnosis& diagnosis);

}  // namespace causeway::console
