// How a plan of a migration is made: what both `causeway plan` and the console ask.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "model/json.hpp"
#include "net/task.hpp"
#include "plan/plan.hpp"
#include "reach/request.hpp"

namespace causeway::app {

struct PlanQuestion {
  std::vector<IpAddress> before;
  std::vector<IpAddress> after;
  std::vector<std::string> names;
  std::vector<std::string> paths;          // the comparison begins there; empty: at /
  std::vector<model::Document> documents;  // facts of the new origin
  reach::Request request;                  // shared by all questions
  std::size_t pages = 20;                  // of each host that are compared
};

// Hears what was just found, in words: "www.example.net: 203.0.113.9:443 answers 200".
using PlanTold = std::function<void(const std::string&)>;

// "203.0.113.9,2001:db8::9": one machine's addresses.
Parsed<std::vector<IpAddress>> parse_addresses(const std::string& text);
// Each a host name; an error when there is none, or when one is a URL or an address.
Parsed<std::vector<std::string>> parse_names(const std::vector<std::string>& texts);
Parsed<bool> check_path(const std::string& text);  // of the site itself: begins with '/'
Parsed<bool> check_facts(const model::Document& document, const std::string& called);
model::SslMode ssl_of(const std::string& text);  // "full", "flexible"; all else: strict

// What stands before anything is asked: the addresses, and what the facts say of the filter.
plan::Seen nothing_seen(const PlanQuestion& asked);

// The zone's last snapshot below `store`; empty: where `causeway dns snapshot` keeps them.
Parsed<bool> take_zone(const std::string& zone, std::string store, plan::Seen& into);

// Asks both origins. On an interrupt of the loop it ends with what it has.
net::Task<std::vector<plan::HostSeen>> see_hosts(const PlanQuestion& asked, const PlanTold& told);

}  // namespace causeway::app
