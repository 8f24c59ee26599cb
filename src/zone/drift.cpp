#include "zone/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "zone/drift_rules.hpp"

namespace causeway::zone {
namespace {

using model::FailureId;

bool is_mail_host(const Snapshot& snapshot, const std::string& name) {
  return std::ranges::any_of(snapshot.records, [&](const Record& record) {
    return (record.type == "MX" && record.content == name) ||
           (record.type == "NS" && record.content == name);
  });
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::bad: return "bad";
    case Severity::warning: return "warning";
    case Severity::advice: return "advice";
  }
  return "";
}

bool AddressView::says_nothing() const {
  return failure && (model::is_own_trouble(*failure) || *failure == FailureId::cancelled);
}

bool AddressView::serves_host() const {
  constexpr int kClientError = 400;
  const bool ordinary = page.empty() || page == "none";
  if (!answers) return false;
  return has_certificate ? certificate_fits && ordinary : ordinary && status < kClientError;
}

std::vector<std::string> web_hosts(const Snapshot& snapshot) {
  std::set<std::string> out;
  for (const auto& record : snapshot.records) {
    if (!record.is_address() && record.type != "CNAME") continue;
    const auto labels = codec::dns_labels(record.name);
    const bool service = std::ranges::any_of(
        labels, [](const std::string& label) { return label.starts_with('_'); });
    const bool mail = !record.proxied.value_or(false) && is_mail_host(snapshot, record.name);
    if (!service && !mail) out.insert(record.name);
  }
  return {out.begin(), out.end()};
}

std::vector<Finding> find_drift(const ZoneView& view) {
  std::vector<Finding> out;
  for (const auto& host : view.hosts) {
    find_in_alias(view, host, out);
    find_in_addresses(view, host, out);
    find_in_caches(host, out);
  }
  find_leaks(view, out);
  find_in_servers(view, out);
  find_in_zone(view, out);
  find_changes(view, out);
  std::ranges::sort(out, {}, [](const Finding& finding) {
    return std::tuple{finding.severity, finding.name, finding.id, finding.sentence};
  });
  return out;
}

std::string to_json(const ZoneView& view, const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  Json out{{"schema", "causeway.drift/1"},
           {"zone", view.now.zone},
           {"snapshot", view.now.id},
           {"taken", rfc3339(view.now.taken)},
           {"source", view.now.source}};
  out["compared_with"] = view.before ? Json(view.before->id) : Json(nullptr);
  out["hosts"] = Json::array();
  for (const auto& host : view.hosts) {
    Json addresses = Json::array();
    for (const auto& seen : host.addresses) {
      addresses.push_back(
          {{"address", seen.address.text()},
           {"answers", seen.answers},
           {"failure", seen.failure ? Json(model::name(*seen.failure)) : Json(nullptr)},
           {"status", seen.status},
           {"certificate_fits",
            seen.has_certificate ? Json(seen.certificate_fits) : Json(nullptr)}});
    }
    Json entry{{"name", host.name}};
    entry["alias"] = host.alias ? Json(host.alias->target) : Json(nullptr);
    entry["addresses"] = std::move(addresses);
    out["hosts"].push_back(std::move(entry));
  }
  out["findings"] = Json::array();
  for (const auto& finding : findings) {
    Json entry{{"id", finding.id},
               {"severity", name(finding.severity)},
               {"name", finding.name},
               {"sentence", finding.sentence},
               {"evidence", finding.evidence},
               {"advice", finding.advice}};
    entry["fix"] = !finding.fix ? Json(nullptr)
                                : Json{{"name", finding.fix->name},
                                       {"type", finding.fix->type},
                                       {"contents", finding.fix->contents}};
    if (finding.fix && finding.fix->proxied) entry["fix"]["proxied"] = *finding.fix->proxied;
    entry["purge"] = finding.purge;
    out["findings"].push_back(std::move(entry));
  }
  out["notes"] = view.now.notes;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::zone
