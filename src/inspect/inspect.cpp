#include "inspect/inspect.hpp"

#include "inspect/analyzers.hpp"

namespace causeway::inspect {

model::Facts analyze(const Snapshot& snapshot, const Question& question) {
  const View view{snapshot, question};
  Notes notes{snapshot.host, snapshot.at};
  analyze_host(view, notes);
  analyze_collectors(view, notes);
  analyze_addresses(view, notes);
  analyze_passages(view, notes);
  analyze_listeners(view, notes);
  analyze_services(view, notes);
  analyze_containers(view, notes);
  analyze_sites(view, notes);
  analyze_names(view, notes);
  analyze_resources(view, notes);
  analyze_logs(view, notes);
  analyze_counters(view, notes);
  analyze_ways_back(view, notes);
  analyze_bans(view, notes);
  analyze_arrivals(view, notes);
  model::Facts out;
  out.started = snapshot.at;
  out.duration = snapshot.sampled;
  out.vantage.name = snapshot.host;
  for (const auto& own : view.own_addresses()) out.vantage.addresses.push_back(own.address.text());
  out.edge = question.edge.name;
  out.edge_date = question.edge.date;
  out.ports = question.ports;
  out.observations = notes.take();
  return out;
}

}  // namespace causeway::inspect
