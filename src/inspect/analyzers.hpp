// One analyzer an object: each writes down what is there, then what follows from it. Pure.
#pragma once

#include "inspect/notes.hpp"
#include "inspect/view.hpp"

namespace causeway::inspect {

void analyze_host(const View& view, Notes& notes);
void analyze_collectors(const View& view, Notes& notes);
void analyze_addresses(const View& view, Notes& notes);
// The firewall proof: before the listeners, which ask whether packets are handed on instead.
void analyze_passages(const View& view, Notes& notes);
void analyze_listeners(const View& view, Notes& notes);
void analyze_services(const View& view, Notes& notes);
// After the services: what Docker says of ports and states.
void analyze_containers(const View& view, Notes& notes);
void analyze_resources(const View& view, Notes& notes);
void analyze_counters(const View& view, Notes& notes);
void analyze_ways_back(const View& view, Notes& notes);
void analyze_sites(const View& view, Notes& notes);
void analyze_names(const View& view, Notes& notes);
void analyze_logs(const View& view, Notes& notes);
void analyze_bans(const View& view, Notes& notes);
void analyze_arrivals(const View& view, Notes& notes);

}  // namespace causeway::inspect
