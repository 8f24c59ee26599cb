#include "app/guard.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/guard_replay.hpp"
#include "app/render_proof.hpp"
#include "app/screen.hpp"

namespace causeway::app {
namespace {

struct Part {
  CLI::App* app = nullptr;
  int (*run)(const GuardFlags&) = nullptr;
};

CLI::App* add_part(CLI::App& guard, const char* name, const char* words, const char* footer) {
  CLI::App* app = guard.add_subcommand(name, words);
  app->footer(footer);
  return app;
}

void add_state(CLI::App& app, GuardFlags& flags) {
  app.add_option("--state", flags.state,
                 "where guard keeps its journal (default /var/lib/causeway/guard)")
      ->option_text("DIR");
}

void add_api(CLI::App& app, GuardFlags& flags) {
  app.add_option("--api", flags.api, "where the provider's API is")->option_text("URL");
}

CLI::App* add_export(CLI::App& guard, GuardFlags& flags) {
  CLI::App* app = add_part(
      guard, "export", "Print the edge's ranges for a cloud's firewall or a server",
      "Examples:\n"
      "  causeway guard export --as terraform >edge.tf\n"
      "  causeway guard export --as aws --ports 443\n"
      "  causeway guard export --as nginx --refresh >/etc/nginx/edge.conf\n"
      "  causeway guard export --as csf >>/etc/csf/csf.allow\n"
      "\n"
      "Forms: list, json, aws, gcloud, azure, hcloud (a rules file), doctl, terraform, nginx,\n"
      "apache, csf. Nothing is sent to anybody and nothing is changed; only --refresh asks the\n"
      "provider for its ranges.");
  app->add_option("--as", flags.as, "the form (default list)")->option_text("FORM");
  app->add_option("--edge", flags.proof.edge, "whose ranges: cloudflare, or a file")
      ->option_text("cloudflare|FILE");
  app->add_option("--ports", flags.proof.ports, "ports that the edge connects to (default 80,443)")
      ->option_text("PORT,...");
  app->add_flag("--refresh", flags.refresh, "the ranges as published now, not the built-in list");
  add_api(*app, flags);
  return app;
}

void add_trial(CLI::App& app, GuardFlags& flags) {
  app.add_option("--confirm-within", flags.confirm_within,
                 "undone unless confirmed in this time (default 120s, 5s to 1h)")
      ->option_text("TIME");
}

CLI::App* add_prove(CLI::App& guard, GuardFlags& flags) {
  CLI::App* app = add_part(
      guard, "prove", "Prove for every range and port of the edge which rule decides",
      "Examples:\n"
      "  causeway guard prove\n"
      "  causeway guard prove --ports 443,8443 --edge my-edge.txt --format json\n"
      "  causeway guard prove --from /tmp/dumps --query questions.txt\n"
      "  causeway guard prove --replay\n"
      "\n"
      "Simulates SYN, SYN-ACK and the first data through every table of nft, iptables and ipset,\n"
      "NAT, routes and sockets. Nothing is sent and nothing is changed. A --query file has lines\n"
      "'ADDRESS PORT'.\n"
      "\n"
      "Exit code: 0 every range gets through, 1 some range is stopped, 3 could not tell.");
  add_proof_flags(*app, flags.proof);
  add_address_flag(*app, flags.proof);
  app->add_option("--query", flags.proof.query, "further questions, lines 'ADDRESS PORT'")
      ->option_text("FILE");
  app->add_flag("--replay", flags.proof.replay,
                "load the rules into a namespace of its own, send real SYNs, compare (root)");
  return app;
}

CLI::App* add_apply(CLI::App& guard, GuardFlags& flags) {
  CLI::App* app = add_part(
      guard, "apply", "Let the edge in, in every layer that stops it",
      "Examples:\n"
      "  causeway guard apply                         shows what would be done\n"
      "  causeway guard apply --yes && causeway guard confirm\n"
      "  causeway guard apply --yes --ports 443 --confirm-within 5m\n"
      "  causeway guard apply --only-edge --also 203.0.113.0/24\n"
      "  causeway guard apply --real-ip\n"
      "\n"
      "Tries the change on a copy of the rules first and shows who gains and who loses. With "
      "--yes\n"
      "it is made, proved again, and undone by itself unless 'causeway guard confirm' follows in\n"
      "time. Nobody who gets in now is shut out, and open connections stay open, unless you ask "
      "for\n"
      "--only-edge: then everybody else loses the web ports, and what is open goes on. Files of\n"
      "nginx, Apache and CSF are changed in place, in lines between marks, and come back byte for\n"
      "byte with 'causeway guard rollback'.");
  add_proof_flags(*app, flags.proof);
  add_address_flag(*app, flags.proof);
  add_state(*app, flags);
  add_trial(*app, flags);
  app->add_flag("--yes", flags.yes, "make the change");
  app->add_flag("--only-edge", flags.only_edge,
                "nobody but the edge reaches the ports, never SSH's");
  app->add_option("--also", flags.also, "with --only-edge: who reaches them, too")
      ->option_text("PREFIX,...")
      ->delimiter(',');
  app->add_flag("--anyone", flags.anyone, "take --only-edge back");
  app->add_flag("--real-ip", flags.real_ip,
                "have nginx and Apache see visitors' own addresses where they do not yet");
  return app;
}

}  // namespace

Command add_guard(CLI::App& root) {
  auto flags = std::make_shared<GuardFlags>();
  CLI::App* app = root.add_subcommand("guard", "Prove and repair what this host does to an edge");
  app->require_subcommand(1);
  app->footer(
      "Examples:\n  causeway guard prove\n  causeway guard check && echo open\n"
      "  causeway guard apply");
  std::vector<Part> parts{{add_prove(*app, *flags), run_prove}};
  CLI::App* check = add_part(*app, "check", "Exit code 1 when any range of the edge is stopped",
                             "Examples:\n  causeway guard check --ports 443\n"
                             "  causeway guard check --format json");
  add_proof_flags(*check, flags->proof);
  add_address_flag(*check, flags->proof);
  parts.push_back({check, run_check});
  CLI::App* show = add_part(
      *app, "show", "Show this host's layers, what each stops of the edge, and what guard added",
      "Examples:\n  causeway guard show\n  causeway guard show --format json");
  add_proof_flags(*show, flags->proof);
  add_state(*show, *flags);
  parts.push_back({show, run_show});
  parts.push_back({add_apply(*app, *flags), run_apply});
  CLI::App* sync = add_part(
      *app, "sync", "Bring what guard added up to date with the edge's ranges",
      "Examples:\n  causeway guard sync\n  causeway guard sync --edge /etc/my-edge.txt\n\n"
      "For a timer: asks the provider for its ranges (or takes those of --edge FILE), adds new\n"
      "ones, removes withdrawn ones, and undoes itself when the proof afterwards is worse than\n"
      "before. When the provider does not answer, nothing is changed (exit code 3).");
  add_proof_flags(*sync, flags->proof);
  add_state(*sync, *flags);
  add_api(*sync, *flags);
  sync->add_flag("--no-refresh", flags->no_refresh, "take the built-in list, ask nobody");
  parts.push_back({sync, run_sync});
  parts.push_back({add_export(*app, *flags), run_export});
  struct Plain {
    const char* name;
    const char* words;
    const char* footer;
    int (*run)(const GuardFlags&);
  };
  for (const auto& one :
       {Plain{"confirm", "Keep what 'apply' did", "Examples:\n  causeway guard confirm",
              run_confirm},
        Plain{"rollback", "Undo what is tried, or what was kept",
              "Examples:\n  causeway guard rollback", run_rollback},
        Plain{"restore", "Put what was kept back in place, after a reboot or a reload",
              "Examples:\n  causeway guard restore", run_restore}}) {
    CLI::App* part = add_part(*app, one.name, one.words, one.footer);
    add_state(*part, *flags);
    parts.push_back({part, one.run});
  }
  return {app, [flags, parts] {
            for (const auto& part : parts) {
              if (part.app->parsed()) return part.run(*flags);
            }
            return kWrongUse;
          }};
}

int exit_code(const firewall::Proof& proof) {
  if (!proof.unreadable.empty() || proof.rows.empty()) return kCouldNotTell;
  if (proof.some_stopped()) return kProblem;
  return proof.all_open() ? kFine : kCouldNotTell;
}

namespace {

int prove_and_print(const GuardFlags& flags, const char* command, bool only_stopped) {
  const auto request = read_request(flags.proof);
  if (!request) return wrong_use(command, request.error().text);
  const auto gathered = gather(flags.proof);
  if (!gathered) return wrong_use(command, gathered.error().text);
  const auto proof = firewall::prove(gathered->collection, *request);
  std::optional<guard::Replayed> replayed;
  if (flags.proof.replay) {
    auto done = guard::replay(gathered->dumps, gathered->collection, proof);
    if (!done) {
      fmt::print(stderr, "causeway {}: {}{}\n", command, done.error().text,
                 ::geteuid() == 0 ? "" : "; run it as root");
      return kCouldNotTell;
    }
    replayed = std::move(*done);
  }
  const auto screen = screen_of_stdout(flags.proof.no_color);
  if (flags.proof.format == "json") {
    const auto document = firewall::to_json(proof);
    print((replayed ? with_replay(document, *replayed) : document) + "\n");
  } else {
    print(only_stopped ? render_check(proof, screen, gathered->wants_root)
                       : render_proof(proof, screen, gathered->wants_root));
    if (replayed) print(render_replay(*replayed, screen));
  }
  return replayed && !all_agree(*replayed) ? kCouldNotTell : exit_code(proof);
}

}  // namespace

int run_prove(const GuardFlags& flags) { return prove_and_print(flags, "guard prove", false); }
int run_check(const GuardFlags& flags) { return prove_and_print(flags, "guard check", true); }

}  // namespace causeway::app
