#include "inspect/collect.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "inspect/collect_config.hpp"
#include "inspect/collect_processes.hpp"
#include "inspect/collect_programs.hpp"
#include "inspect/limits.hpp"
#include "inspect/proc_text.hpp"
#include "inspect/read_text.hpp"
#include "inspect/ruleset_dumps.hpp"
#include "inspect/run_program.hpp"
#include "inspect/services.hpp"
#include "net/arrival_tap.hpp"
#include "net/own_state.hpp"

namespace causeway::inspect {
namespace {

struct File {
  const char* dump;
  const char* path;
};

constexpr std::array kFiles{
    File{"os-release.txt", "/etc/os-release"},
    File{"kernel.txt", "/proc/sys/kernel/osrelease"},
    File{"uptime.txt", "/proc/uptime"},
    File{"loadavg.txt", "/proc/loadavg"},
    File{"meminfo.txt", "/proc/meminfo"},
    File{"pressure-cpu.txt", "/proc/pressure/cpu"},
    File{"pressure-memory.txt", "/proc/pressure/memory"},
    File{"pressure-io.txt", "/proc/pressure/io"},
    File{"unix.txt", "/proc/net/unix"},
    File{"file-nr.txt", "/proc/sys/fs/file-nr"},
    File{"hosts-deny.txt", "/etc/hosts.deny"},
    File{"hosts-allow.txt", "/etc/hosts.allow"},
    File{"csf-deny.txt", "/etc/csf/csf.deny"},
    File{"csf-tempban.txt", "/var/lib/csf/csf.tempban"},
    File{"reboot-required.txt", "/run/reboot-required.pkgs"},
};

// Read again at the end of the sample.
constexpr std::array kMovingFiles{
    File{"snmp.txt", "/proc/net/snmp"},
    File{"snmp6.txt", "/proc/net/snmp6"},
    File{"netstat.txt", "/proc/net/netstat"},
    File{"tcp4.txt", "/proc/net/tcp"},
    File{"tcp6.txt", "/proc/net/tcp6"},
    File{"vmstat.txt", "/proc/vmstat"},
    File{"conntrack.txt", "/proc/net/stat/nf_conntrack"},
    File{"devices.txt", "/proc/net/dev"},
};

// strerror() in the C locale, which we never leave.
constexpr std::string_view kDenied = "Permission denied";
constexpr std::string_view kNotPermitted = "Operation not permitted";

void read_file(Snapshot& out, const std::string& dump, const char* path) {
  const auto start = Clock::now();
  auto text = read_text(path, kInspectDumpBytes);
  const auto elapsed = Clock::now() - start;
  if (text) return out.keep(dump, std::move(*text), elapsed);
  const bool denied = text.error() == kDenied || text.error() == kNotPermitted;
  out.dumps.insert_or_assign(dump, Dump{{},
                                        denied ? Outcome::denied : Outcome::missing,
                                        fmt::format("{}: {}", path, text.error()),
                                        elapsed});
}

// File systems that hold nothing, or are always full by nature.
bool counts_as_disk(std::string_view type) {
  constexpr std::array<std::string_view, 22> kNone{
      "proc",        "sysfs",      "cgroup",   "cgroup2",   "devpts", "devtmpfs",
      "mqueue",      "securityfs", "debugfs",  "tracefs",   "pstore", "bpf",
      "configfs",    "fusectl",    "ramfs",    "hugetlbfs", "autofs", "rpc_pipefs",
      "binfmt_misc", "nsfs",       "squashfs", "iso9660"};
  return std::ranges::find(kNone, type) == kNone.end() && !type.starts_with("fuse.") &&
         !type.starts_with("nfs") && type != "cifs";  // a dead server would hold us
}

std::string disks() {
  const auto mounts = read_text("/proc/self/mounts", kInspectDumpBytes);
  std::string out;
  std::set<std::string_view> done;
  if (!mounts) return out;
  for (const auto line : split(*mounts, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 4 || !counts_as_disk(words[2]) || !done.insert(words[1]).second) continue;
    struct statvfs is{};
    if (::statvfs(std::string{words[1]}.c_str(), &is) != 0 || is.f_blocks == 0) continue;
    const auto unit = static_cast<double>(is.f_frsize);
    out += write_disk({.mount = std::string{words[1]},
                       .type = std::string{words[2]},
                       .bytes = static_cast<double>(is.f_blocks) * unit,
                       .available = static_cast<double>(is.f_bavail) * unit,
                       .inodes = static_cast<double>(is.f_files),
                       .free_inodes = static_cast<double>(is.f_favail),
                       .writable = (is.f_flag & ST_RDONLY) == 0});
  }
  return out;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : "origin";
}

// Facts that have no file of their own, "name value" a line.
std::string machine() {
  std::string out = fmt::format("processors {}\n", ::sysconf(_SC_NPROCESSORS_ONLN));
  if (const auto right = net::clock_synchronised()) {
    out += fmt::format("clock-synchronised {}\n", *right ? 1 : 0);
  }
  if (const auto ports = net::port_room()) {
    out += fmt::format("ports-used {}\nports {}\n", ports->in_use, ports->range);
  }
  std::error_code problem;
  out += fmt::format("reboot-required {}\n",
                     std::filesystem::exists("/run/reboot-required", problem) ? 1 : 0);
  out +=
      fmt::format("systemd {}\n", std::filesystem::exists("/run/systemd/system", problem) ? 1 : 0);
  for (const auto& service : service_rows()) {
    const bool here = std::ranges::any_of(service.programs, [](std::string_view program) {
      return !program.empty() && !find_program(program).empty();
    });
    out += fmt::format("installed-{} {}\n", service.name, here ? 1 : 0);
  }
  for (const auto& link : net::links()) {
    if (link.loopback) continue;
    out += fmt::format("link-{} {}\n", link.name, link.up && link.running ? 1 : 0);
    // In Mbit/s; -1 or an error where the driver does not know (sysfs-class-net).
    const auto speed =
        read_text(fmt::format("/sys/class/net/{}/speed", link.name), kInspectDumpBytes);
    const auto known = speed ? whole_number(trim(*speed)).value_or(-1) : -1;
    if (known > 0) out += fmt::format("speed-{} {}\n", link.name, known);
  }
  return out;
}

void pause_until(Instant end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  if (left > 0) ::poll(nullptr, 0, static_cast<int>(left));
}

void read_moving(Snapshot& out, const std::string& prefix) {
  for (const auto& file : kMovingFiles) read_file(out, prefix + file.dump, file.path);
}

std::string arrivals_of(const net::ArrivalTap& tap) {
  std::string out;
  for (const auto& [key, count] : tap.counts()) {
    out += write_arrival({key.first, key.second, count.syns, count.answers, count.resets,
                          count.data, count.replies});
  }
  return out;
}

void keep_arrivals(Snapshot& out, const net::ArrivalTap& tap) {
  if (!tap) {
    out.dumps.insert_or_assign(
        "arrivals.txt", Dump{{}, Outcome::denied, "packets on the interfaces: needs root", {}});
    return;
  }
  out.keep("arrivals.txt", arrivals_of(tap), out.sampled);
  if (tap.incomplete()) out.dumps["arrivals.txt"].detail = "more packets than could be counted";
}

}  // namespace

Snapshot collect(const CollectRequest& request) {
  const auto start = Clock::now();
  const bool samples = request.sample > Duration{};
  const auto say = [&](std::string_view what) {
    if (request.progress) request.progress(what);
  };
  Snapshot out;
  out.at = wall_now();
  out.host = host_name();
  out.root = ::geteuid() == 0;
  // First of all, so that nothing which arrives from now on is missed.
  auto tap = samples ? net::ArrivalTap::open(request.ports) : net::ArrivalTap{};
  read_moving(out, "");
  say("packet filters");
  auto rulesets = collect_rulesets();
  out.rulesets = std::move(rulesets.texts);
  out.rulesets_unreadable = std::move(rulesets.unreadable);
  out.rulesets_want_root = rulesets.wants_root;
  for (const auto& file : kFiles) read_file(out, file.dump, file.path);
  out.keep("machine.txt", machine());
  out.keep("disks.txt", disks());
  say("processes");
  collect_processes(out);
  say("configurations");
  collect_config(out);
  say("logs");
  collect_logs(out, request.edge);
  say("services");
  collect_programs(out, request.since);
  if (samples) {
    say("the sample");
    const auto end = start + request.sample;
    tap.listen(end);
    pause_until(end);
    read_moving(out, "later-");
    auto later = collect_rulesets();
    out.rulesets_later = std::move(later.texts);
    out.sampled = Clock::now() - start;
    keep_arrivals(out, tap);
  }
  return out;
}

}  // namespace causeway::inspect
