// The subcommands of `guard`, one file each.
#pragma once

#include <string>
#include <vector>

#include "app/proof_flags.hpp"
#include "zone/cloudflare.hpp"

namespace causeway::app {

struct GuardFlags {
  ProofFlags proof;
  std::string state = "/var/lib/causeway/guard";
  std::string confirm_within;
  bool yes = false;
  bool only_edge = false;
  bool anyone = false;
  bool real_ip = false;
  std::vector<std::string> also;
  std::string api{zone::kCloudflareApi};
  bool refresh = false;
  bool no_refresh = false;
  std::string as = "list";
};

int run_prove(const GuardFlags& flags);
int run_check(const GuardFlags& flags);
int run_show(const GuardFlags& flags);
int run_apply(const GuardFlags& flags);
int run_sync(const GuardFlags& flags);
int run_confirm(const GuardFlags& flags);
int run_rollback(const GuardFlags& flags);
int run_export(const GuardFlags& flags);
int run_restore(const GuardFlags& flags);

// What an exit code says about a proof.
int exit_code(const firewall::Proof& proof);

}  // namespace causeway::app
