#include "app/dns.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway dns snapshot example.net
      keep the zone as it is now: the provider's records, and what every name server serves
  causeway dns diff example.net
      what changed between the last two snapshots
  causeway dns drift example.net --known-address 203.0.113.10
      which records no longer lead to what serves the site, and the change that mends each
  causeway dns set www.example.net A 203.0.113.10
      shows the exact call; --yes sends it, then verifies and prints how to undo it
  causeway dns pause www.example.net --for 10m
      DNS only for a direct test, then proxied again

The provider is Cloudflare; the token comes from --token-file, $CLOUDFLARE_API_TOKEN or the systemd
credential 'cloudflare-token', and is never printed. Without one, only name servers are asked.
Exit codes: 0 fine, 1 something is wrong or differs, 2 wrong use, 3 could not tell.)";

void add_zone(CLI::App& app, DnsFlags& flags, const char* meaning = "the zone, or a name in it") {
  app.add_option("zone", flags.zone, meaning)->option_text("ZONE")->required();
}

void add_store(CLI::App& app, DnsFlags& flags) {
  app.add_option("--store", flags.store,
                 "folder of snapshots and changes (default $XDG_STATE_HOME/causeway)")
      ->option_text("DIR");
}

void add_faces(CLI::App& app, DnsFlags& flags) {
  app.add_option("--format", flags.format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--no-color", flags.no_color, "no colours (NO_COLOR does the same)");
}

void add_colour(CLI::App& app, DnsFlags& flags) {
  app.add_flag("--no-color", flags.no_color, "no colours (NO_COLOR does the same)");
}

void add_provider(CLI::App& app, DnsFlags& flags) {
  app.add_option("--api", flags.api, "where the provider's API is")->option_text("URL");
  app.add_option("--token-file", flags.token_file, "file that holds the API token")
      ->option_text("FILE");
  app.add_option("--ca", flags.ca, "trusted certificates, instead of the system's")
      ->option_text("FILE");
}

void add_servers(CLI::App& app, DnsFlags& flags) {
  app.add_flag("--no-provider", flags.no_provider, "ask only name servers, also with a token");
  app.add_flag("--no-servers", flags.no_servers, "ask only the provider");
  app.add_flag("--no-transfer", flags.no_transfer, "do not try to transfer the zone (AXFR)");
  app.add_option("--authority", flags.authorities,
                 "name server of the zone (default: found by its delegation)")
      ->option_text("ADDR[:PORT]")
      ->allow_extra_args(false);
  app.add_option("--resolver", flags.resolver, "DNS resolver to ask (default: the system's)")
      ->option_text("ADDR[:PORT]");
  app.add_option("--source", flags.source, "own address to ask from")->option_text("ADDR");
  app.add_option("--name", flags.names, "a further name to ask name servers for")
      ->option_text("HOST")
      ->allow_extra_args(false);
}

void add_drift_flags(CLI::App& app, DnsFlags& flags) {
  app.add_option("--known-address", flags.known,
                 "an address that is the origin's, of one host or of all")
      ->option_text("[HOST=]ADDR")
      ->allow_extra_args(false);
  app.add_option("--with", flags.with,
                 "facts of the origin (causeway inspect): its addresses are known ones")
      ->option_text("FILE")
      ->allow_extra_args(false);
  app.add_option("--edge", flags.edge, "whose ranges the edge connects from (default cloudflare)")
      ->option_text("cloudflare|FILE");
  app.add_option("--rdap", flags.rdap, "where registrations are asked (default https://rdap.org)")
      ->option_text("URL");
  app.add_flag("--no-registry", flags.no_registry, "do not ask when the registration ends");
  app.add_flag("--no-probes", flags.no_probes, "connect to nothing but DNS and the provider");
}

void add_change_flags(CLI::App& app, DnsFlags& flags) {
  app.add_flag("--yes", flags.yes, "do it (without: show what would be done)");
  app.add_flag("--no-purge", flags.no_purge, "do not purge the edge's cache of the name");
  app.add_flag("--no-verify", flags.no_verify, "do not wait until every name server has it");
}

struct Sub {
  CLI::App* app;
  int (*run)(const DnsFlags&);
};

CLI::App* sub(CLI::App& parent, const char* name, const char* meaning, const char* examples) {
  CLI::App* app = parent.add_subcommand(name, meaning);
  app->footer(examples);
  return app;
}

void add_looking(CLI::App& dns, DnsFlags& flags, std::vector<Sub>& subs) {
  CLI::App* snapshot =
      sub(dns, "snapshot", "Keep the zone as it is now",
          "Examples:\n  causeway dns snapshot example.net\n"
          "  causeway dns snapshot example.net --no-provider --authority 192.0.2.53");
  add_zone(*snapshot, flags);
  add_provider(*snapshot, flags);
  add_servers(*snapshot, flags);
  add_store(*snapshot, flags);
  add_faces(*snapshot, flags);
  subs.push_back({snapshot, dns_snapshot});

  CLI::App* history = sub(dns, "history", "List the snapshots and changes that are kept",
                          "Examples:\n  causeway dns history example.net");
  add_zone(*history, flags);
  add_store(*history, flags);
  add_faces(*history, flags);
  subs.push_back({history, dns_history});

  CLI::App* diff = sub(dns, "diff", "Show what differs between two snapshots",
                       "Examples:\n  causeway dns diff example.net\n"
                       "  causeway dns diff example.net 2026-11-01 latest\n"
                       "  causeway dns diff example.net old.json new.json");
  add_zone(*diff, flags);
  diff->add_option("before", flags.before,
                   "latest, latest~N, the beginning of an id or time, a file")
      ->option_text("A");
  diff->add_option("after", flags.after, "the same (default latest)")->option_text("B");
  add_store(*diff, flags);
  add_faces(*diff, flags);
  subs.push_back({diff, dns_diff});

  CLI::App* exported = sub(dns, "export", "Write a snapshot in another format",
                           "Examples:\n  causeway dns export example.net --format bind\n"
                           "  causeway dns export example.net latest~1 --format octodns");
  add_zone(*exported, flags);
  exported->add_option("snapshot", flags.which, "which one (default latest)")->option_text("A");
  exported->add_option("--format", flags.format, "bind, octodns, dnscontrol or json (default bind)")
      ->option_text("bind|octodns|dnscontrol|json")
      ->check(CLI::IsMember({"bind", "octodns", "dnscontrol", "json", "text"}));
  add_store(*exported, flags);
  subs.push_back({exported, dns_export});

  CLI::App* drift =
      sub(dns, "drift", "Compare records with what really serves",
          "Examples:\n  causeway dns drift example.net\n"
          "  causeway dns drift example.net --known-address www.example.net=203.0.113.10\n"
          "  causeway dns drift example.net --with facts.json --format json");
  add_zone(*drift, flags);
  add_drift_flags(*drift, flags);
  add_provider(*drift, flags);
  add_servers(*drift, flags);
  add_store(*drift, flags);
  add_faces(*drift, flags);
  subs.push_back({drift, dns_drift});
}

void add_changing(CLI::App& dns, DnsFlags& flags, std::vector<Sub>& subs) {
  CLI::App* set = sub(dns, "set", "Correct the records of one name and type",
                      "Examples:\n  causeway dns set www.example.net A 203.0.113.10\n"
                      "  causeway dns set www.example.net AAAA --delete --yes\n"
                      "  causeway dns set example.net MX mail.example.net --priority 10 --yes");
  set->add_option("name", flags.zone, "the record's name")->option_text("NAME")->required();
  set->add_option("type", flags.type, "A, AAAA, CNAME, MX, TXT ...")
      ->option_text("TYPE")
      ->required();
  set->add_option("value", flags.values, "all values that the name shall have of this type")
      ->option_text("VALUE");
  set->add_option("--ttl", flags.ttl, "seconds, or 'auto'")->option_text("SECONDS");
  set->add_option("--proxied", flags.proxied, "through the edge, or DNS only")
      ->option_text("yes|no")
      ->check(CLI::IsMember({"yes", "no"}));
  set->add_option("--priority", flags.priority, "of MX")->option_text("N");
  set->add_flag("--delete", flags.remove, "the name shall have no record of this type");
  set->add_flag("--replace", flags.replace, "remove what may not stand beside it (CNAME)");
  add_change_flags(*set, flags);
  add_provider(*set, flags);
  add_servers(*set, flags);
  add_store(*set, flags);
  add_colour(*set, flags);
  subs.push_back({set, dns_set});

  CLI::App* fix = sub(dns, "fix", "Make the changes that drift proposes",
                      "Examples:\n  causeway dns fix example.net --known-address 203.0.113.10\n"
                      "  causeway dns fix example.net --known-address 203.0.113.10 --yes");
  add_zone(*fix, flags);
  add_drift_flags(*fix, flags);
  add_change_flags(*fix, flags);
  add_provider(*fix, flags);
  add_servers(*fix, flags);
  add_store(*fix, flags);
  add_colour(*fix, flags);
  subs.push_back({fix, dns_fix});
}

void add_returning(CLI::App& dns, DnsFlags& flags, std::vector<Sub>& subs) {
  CLI::App* undo = sub(dns, "undo", "Take a change back",
                       "Examples:\n  causeway dns undo example.net\n"
                       "  causeway dns undo example.net 5f3a --yes");
  add_zone(*undo, flags);
  undo->add_option("change", flags.change, "which one (default: the latest)")->option_text("ID");
  undo->add_flag("--force", flags.force, "also over what was changed since");
  add_change_flags(*undo, flags);
  add_provider(*undo, flags);
  add_servers(*undo, flags);
  add_store(*undo, flags);
  add_colour(*undo, flags);
  subs.push_back({undo, dns_undo});

  CLI::App* pause = sub(dns, "pause", "Take a name out of the proxy for a while",
                        "Examples:\n  causeway dns pause www.example.net --for 10m --yes\n"
                        "  causeway dns pause example.net --whole-zone --for 5m --yes");
  pause->add_option("zone", flags.zone, "the name")->option_text("NAME")->required();
  pause->add_flag("--whole-zone", flags.whole_zone, "pause everything the zone holds");
  pause->add_option("--for", flags.pause_for, "then proxied again (default 10m, at most 24h)")
      ->option_text("TIME");
  add_change_flags(*pause, flags);
  add_provider(*pause, flags);
  add_servers(*pause, flags);
  add_store(*pause, flags);
  add_colour(*pause, flags);
  subs.push_back({pause, dns_pause});

  CLI::App* resume =
      sub(dns, "resume", "End a pause", "Examples:\n  causeway dns resume www.example.net --yes");
  resume->add_option("zone", flags.zone, "the name")->option_text("NAME")->required();
  add_change_flags(*resume, flags);
  add_provider(*resume, flags);
  add_servers(*resume, flags);
  add_store(*resume, flags);
  add_colour(*resume, flags);
  subs.push_back({resume, dns_resume});
}

}  // namespace

Command add_dns(CLI::App& root) {
  auto flags = std::make_shared<DnsFlags>();
  CLI::App* dns =
      root.add_subcommand("dns", "Keep a zone documented, find where it drifted, correct it");
  dns->require_subcommand(1);
  dns->footer(kExamples);
  auto subs = std::make_shared<std::vector<Sub>>();
  add_looking(*dns, *flags, *subs);
  add_changing(*dns, *flags, *subs);
  add_returning(*dns, *flags, *subs);
  return {dns, [flags, subs] {
            for (const auto& each : *subs) {
              if (each.app->parsed()) return each.run(*flags);
            }
            return kWrongUse;
          }};
}

}  // namespace causeway::app
