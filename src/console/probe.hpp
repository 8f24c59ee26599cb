// `/probe?target=&module=`: blackbox_exporter's contract (github.com/prometheus/blackbox_exporter,
// its prober/*.go), so that existing jobs and dashboards work; and why it failed, as closed lists.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "console/desk.hpp"
#include "model/diagnosis.hpp"

namespace causeway::console {

struct ProbeParameters {  // of the request, as they come
  std::string_view target;
  std::string_view module;
  std::string_view hostname;
  std::string_view debug;
  std::string_view scrape_timeout;  // X-Prometheus-Scrape-Timeout-Seconds
};

// Who may not be asked is the asker's to say: `may_be_private` is false in what is returned.
struct ProbeQuestion {
  std::variant<DiagnosisOrder, CheckOrder> order;
  bool debug = false;  // with what was seen, for a person
};

// `module`: one of those in blackbox_exporter's own example: http_2xx (empty: the same),
// tcp_connect, icmp. `hostname`: the name that http asks the target's address for. Half a second of
// the scrape's time is left for the way back. The error says what is expected.
Parsed<ProbeQuestion> probe_question(const ProbeParameters& parameters);

// Success: an answer of 2xx came and no certificate is wrong.
std::string probe_exposition(const model::Diagnosis& diagnosis);
std::string probe_exposition(const CheckOrder& order, const CheckSeen& seen);

// With debug=true: what was seen, then the exposition.
std::string probe_log(const model::Diagnosis& diagnosis);
std::string probe_log(const CheckOrder& order, const CheckSeen& seen);

}  // namespace causeway::console
