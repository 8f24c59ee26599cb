// Prometheus' scrape_configs that ask a blackbox_exporter, with its modules
// (prometheus.io/docs/prometheus/latest/configuration, blackbox_exporter's CONFIGURATION.md).
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "watch/import_reader.hpp"

namespace causeway::watch {
namespace {

using config::Node;

// A regular expression that is only a text: what it must match stands in the page.
bool plain_text(std::string_view expression) {
  return expression.find_first_of("\\^$.|?*+()[]{}") == std::string_view::npos;
}

// `at`: the target, where notes point; the module stands in another file.
void read_http_module(const Node& http, const Node& at, Target& out, ImportReader& notes) {
  const auto& codes = list_in(http, "valid_status_codes");
  if (codes.size() == 1) out.expect.status = static_cast<int>(codes.front().integer);
  if (codes.empty()) notes.note(at, out.name, "statuses 200-299 became: any below 400");
  if (codes.size() > 1) {
    notes.note(at, out.name, "several valid_status_codes became: any below 400");
  }
  const auto texts = [&](const char* key, std::string& into) {
    for (const Node& one : list_in(http, key)) {
      if (plain_text(one.text) && into.empty()) {
        into = one.text;
      } else {
        notes.note(at, out.name,
                   fmt::format("{} '{}' has no counterpart", key, printable(one.text, 60)));
      }
    }
  };
  texts("fail_if_body_not_matches_regexp", out.expect.text);
  texts("fail_if_body_matches_regexp", out.expect.absent);
  const std::string method = text_in(http, "method");
  if (!method.empty() && method != "GET") {
    notes.note(at, out.name, fmt::format("it asks with {}; GET is asked instead", method));
  }
  constexpr auto kRead =
      std::to_array<std::string_view>({"valid_status_codes", "fail_if_body_not_matches_regexp",
                                       "fail_if_body_matches_regexp", "method", "tls_config"});
  notes.note_others(at, http, out.name, kRead);
}

void read_tls(const Node& prober, const Node& at, Target& out, ImportReader& notes) {
  const Node* tls = table_in(prober, "tls_config");
  if (tls == nullptr) return;
  out.ca_file = text_in(*tls, "ca_file");
  if (truth_in(*tls, "insecure_skip_verify", false)) {
    notes.note(at, out.name, "it ignored certificates; here they are checked (or give ca_file)");
  }
  constexpr auto kRead = std::to_array<std::string_view>({"ca_file", "insecure_skip_verify"});
  notes.note_others(at, *tls, out.name, kRead);
}

Parsed<Target> target_for(const std::string& subject, const std::string& prober,
                          const Node* module) {
  if (prober == "icmp") return target_of("ping://" + subject);
  if (prober == "tcp") {
    const Node* tcp = module == nullptr ? nullptr : table_in(*module, "tcp");
    const bool tls = tcp != nullptr && truth_in(*tcp, "tls", false);
    return target_of((tls ? "tls://" : "tcp://") + subject);
  }
  if (prober == "dns") {
    const Node* dns = module == nullptr ? nullptr : table_in(*module, "dns");
    if (dns == nullptr)
      return error("the question stands in blackbox_exporter's file: give it too");
    std::string name = text_in(*dns, "query_name");
    while (name.ends_with('.')) name.pop_back();
    auto out = target_of("dns://" + name);
    if (!out) return out;
    if (const std::string record = text_in(*dns, "query_type"); !record.empty()) {
      out->record = record;
    }
    const auto resolver = Endpoint::parse(subject, 53);
    if (!resolver) return error(resolver.error().text);
    out->resolver = *resolver;
    return out;
  }
  if (prober == "http") return target_of(subject);
  return error(fmt::format("prober '{}' has no counterpart", printable(prober, 40)));
}

struct Job {
  const Node* module = nullptr;
  std::string prober;
  Duration interval{};
  Duration timeout{};
};

void read_target(const Node& at, const Node& group, const Job& job, ImportReader& out) {
  auto target = target_for(at.text, job.prober, job.module);
  if (!target) {
    out.note(at, at.text, "left out: " + target.error().text);
    return;
  }
  target->name = at.text;
  if (job.prober == "dns") target->name = fmt::format("{} at {}", target->host, at.text);
  if (job.interval > Duration::zero()) target->interval = job.interval;
  if (job.timeout > Duration::zero()) target->timeout = job.timeout;
  if (const Node* labels = table_in(group, "labels")) {
    for (const auto& label : labels->members) {
      target->tags.push_back(label.key + ":" + label.value.text);
    }
  }
  if (job.module != nullptr) {
    if (const Node* http = table_in(*job.module, "http")) {
      read_http_module(*http, at, *target, out);
      read_tls(*http, at, *target, out);
    }
    if (const Node* tcp = table_in(*job.module, "tcp")) {
      constexpr auto kRead = std::to_array<std::string_view>({"tls", "tls_config"});
      read_tls(*tcp, at, *target, out);
      out.note_others(at, *tcp, target->name, kRead);
    }
    if (const Node* icmp = table_in(*job.module, "icmp")) {
      out.note_others(at, *icmp, target->name, {});
    }
    if (const Node* dns = table_in(*job.module, "dns")) {
      constexpr auto kRead = std::to_array<std::string_view>({"query_name", "query_type"});
      out.note_others(at, *dns, target->name, kRead);
    }
  }
  target->id = target->kind == CheckKind::dns ? target->host : at.text;
  if (const auto scheme = target->id.find("://"); scheme != std::string::npos) {
    target->id.erase(0, scheme + 3);
  }
  out.add(at, std::move(*target));
}

}  // namespace

void read_prometheus(const Node& root, const Node* modules, ImportReader& out) {
  const Node* global = table_in(root, "global");
  for (const Node& scrape : list_in(root, "scrape_configs")) {
    const std::string job_name = text_in(scrape, "job_name");
    const Node* params = table_in(scrape, "params");
    if (text_in(scrape, "metrics_path") != "/probe" || params == nullptr) continue;
    const auto& names = list_in(*params, "module");
    const std::string name = names.empty() ? "http_2xx" : names.front().text;
    Job job;
    job.module = modules == nullptr ? nullptr : table_in(*modules, name);
    job.prober = job.module == nullptr ? "http" : text_in(*job.module, "prober");
    if (job.module == nullptr && !name.starts_with("http")) {
      out.note(scrape, job_name,
               fmt::format("left out: module '{}' is not known; give blackbox_exporter's file too",
                           printable(name, 40)));
      continue;
    }
    job.interval = span_in(scrape, "scrape_interval");
    if (job.interval == Duration::zero() && global != nullptr) {
      job.interval = span_in(*global, "scrape_interval");
    }
    if (job.module != nullptr) job.timeout = span_in(*job.module, "timeout");
    if (job.timeout == Duration::zero()) job.timeout = span_in(scrape, "scrape_timeout");
    for (const Node& group : list_in(scrape, "static_configs")) {
      for (const Node& at : list_in(group, "targets")) read_target(at, group, job, out);
    }
    for (const auto& member : scrape.members) {
      if (member.key.ends_with("_sd_configs")) {
        out.note(member.value, job_name, fmt::format("'{}' is not followed", member.key));
      }
    }
  }
}

}  // namespace causeway::watch
