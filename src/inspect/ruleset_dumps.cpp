#include "inspect/ruleset_dumps.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "inspect/run_program.hpp"

namespace causeway::inspect {
namespace {

namespace fs = std::filesystem;

struct Source {
  const char* file;
  std::vector<std::string> words;
  bool needed;  // without it nothing can be said; else the tool's absence means nothing to read
};

// A file of /proc or of a dump: whole, or the errno.
std::expected<std::string, int> read_whole(const fs::path& path) {
  // A folder may be anybody's: a named pipe in it would hold us for ever.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::unexpected(errno);
  struct stat status{};
  if (::fstat(fd, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    ::close(fd);
    return std::unexpected(EINVAL);
  }
  std::string out;
  std::array<char, limits::kReadBuffer> buffer{};
  int problem = 0;
  while (problem == 0) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) problem = errno;
    if (got <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.size() > limits::kRulesetBytes) problem = EFBIG;
  }
  ::close(fd);
  if (problem != 0) return std::unexpected(problem);
  return out;
}

// What the kernel has of legacy iptables. The list of tables exists once one was made; reading it
// makes none, unlike `iptables-legacy -L`.
enum class Legacy : std::uint8_t { none, some, hidden };

Legacy legacy_tables(const char* list) {
  const auto names = read_whole(list);
  if (!names) return names.error() == ENOENT ? Legacy::none : Legacy::hidden;
  return trim(*names).empty() ? Legacy::none : Legacy::some;
}

// Loaded or built in; when nobody can tell, it may be.
bool may_have(const std::string& module) {
  const auto modules = read_whole("/proc/modules");
  if (!modules) return true;
  if (modules->contains(module + " ")) return true;
  std::error_code problem;
  // Built in: it is not in the list of modules, but has a netlink subsystem all the same. The only
  // sign without CAP_NET_ADMIN is a kernel without any module, as in small virtual machines.
  return trim(*modules).empty() || fs::exists("/sys/module/" + module, problem);
}

constexpr std::array kSysctls{"net/ipv4/ip_forward",
                              "net/ipv4/tcp_fwmark_accept",
                              "net/ipv4/fwmark_reflect",
                              "net/ipv6/fwmark_reflect",
                              "net/ipv4/tcp_syncookies",
                              "net/ipv4/tcp_max_syn_backlog",
                              "net/core/somaxconn",
                              "net/netfilter/nf_conntrack_max",
                              "net/netfilter/nf_conntrack_count",
                              "net/netfilter/nf_conntrack_tcp_loose",
                              "net/netfilter/nf_conntrack_tcp_be_liberal",
                              "net/bridge/bridge-nf-call-iptables",
                              "net/bridge/bridge-nf-call-ip6tables"};
constexpr std::array kSysctls4{"rp_filter", "forwarding", "route_localnet", "src_valid_mark",
                               "accept_local"};
constexpr std::array kSysctls6{"forwarding", "force_forwarding", "disable_ipv6"};

// As sysctl(8) prints it: dots of an interface's name become slashes.
void add_sysctl(const fs::path& path, const std::string& name, std::string& out) {
  const auto value = read_whole(fs::path("/proc/sys") / path);
  if (value) out += fmt::format("{} = {}\n", name, trim(*value));
}

template <std::size_t N>
void add_interfaces(const char* family, const std::array<const char*, N>& keys, std::string& out) {
  std::error_code problem;
  const fs::path root = fs::path("net") / family / "conf";
  std::vector<std::string> devices;
  for (const auto& entry : fs::directory_iterator(fs::path("/proc/sys") / root, problem)) {
    devices.push_back(entry.path().filename().string());
  }
  std::ranges::sort(devices);
  for (const auto& device : devices) {
    std::string shown = device;
    std::ranges::replace(shown, '.', '/');
    for (const char* key : keys) {
      add_sysctl(root / device / key, fmt::format("net.{}.conf.{}.{}", family, shown, key), out);
    }
  }
}

std::string sysctls() {
  std::string out;
  for (const char* path : kSysctls) {
    std::string name = path;
    std::ranges::replace(name, '/', '.');
    add_sysctl(path, name, out);
  }
  add_interfaces("ipv4", kSysctls4, out);
  add_interfaces("ipv6", kSysctls6, out);
  return out;
}

// The lists of iptables' `recent`, after the clock that their stamps are of. One that cannot be
// read is left out.
std::string recent_lists() {
  std::error_code problem;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator("/proc/net/xt_recent", problem)) {
    files.push_back(entry.path());
  }
  if (files.empty()) return {};
  std::string out;
  const auto timers = read_whole("/proc/timer_list").value_or("");
  for (const std::string_view wanted : {"now at ", "jiffies: "}) {
    const auto lines = split(timers, '\n');
    const auto line = std::ranges::find_if(
        lines, [wanted](std::string_view one) { return one.starts_with(wanted); });
    if (line != lines.end()) out.append(*line).append("\n");
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    const auto text = read_whole(file);
    if (!text || out.size() + text->size() > limits::kRulesetBytes) continue;
    out += fmt::format("list: {}\n{}", file.filename().string(), *text);
  }
  return out;
}

bool for_lack_of_root(const Ran& ran) {
  if (ran.end != Ran::End::exited || ::geteuid() == 0) return false;
  return contains_ignoring_case(ran.err, "not permitted") ||
         contains_ignoring_case(ran.err, "denied") || contains_ignoring_case(ran.err, "be root");
}

// Comments of iptables-save carry the time and warnings: nothing that decides.
std::string without_comments(std::string_view text) {
  std::string out;
  for (const auto line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    out.append(line).append("\n");
  }
  return out;
}

class Collector {
 public:
  RulesetDumps collect() {
    plan();
    std::vector<Program> programs;
    programs.reserve(sources_.size());
    for (const auto& source : sources_) programs.push_back({.words = source.words});
    const auto ran = run_programs(programs);
    for (std::size_t i = 0; i < ran.size(); ++i) keep(sources_[i], ran[i]);
    for (std::size_t i = 0; i < ran.size(); ++i) complain(sources_[i], ran[i]);
    hidden_questions();
    out_.texts["sysctl.txt"] = sysctls();
    if (auto lists = recent_lists(); !lists.empty()) out_.texts["recent.txt"] = std::move(lists);
    return std::move(out_);
  }

 private:
  void plan() {
    sources_ = {
        {"addr.json", {"ip", "-j", "addr"}, true},
        {"route4.json", {"ip", "-j", "-4", "route", "show", "table", "all"}, true},
        {"route6.json", {"ip", "-j", "-6", "route", "show", "table", "all"}, true},
        {"rule4.json", {"ip", "-j", "-4", "rule"}, true},
        {"rule6.json", {"ip", "-j", "-6", "rule"}, true},
        {"sockets.txt", {"ss", "-ltnH"}, true},
        {"ipset-save.txt", {"ipset", "save"}, false},
    };
    // Where nothing set one up, asking would load the module.
    if (may_have("xfrm_user") || may_have("af_key")) {
      sources_.push_back({"xfrm.txt", {"ip", "xfrm", "policy"}, false});
    }
    const bool nf_tables = may_have("nf_tables");
    sources_.push_back({"nft.json", {"nft", "-j", "list", "ruleset"}, nf_tables});
    // Only for what nft's listing hides: the arguments of iptables' own matches.
    if (nf_tables) {
      sources_.push_back({"iptables-nft-save.txt", {"iptables-nft-save", "-c"}, false});
      sources_.push_back({"ip6tables-nft-save.txt", {"ip6tables-nft-save", "-c"}, false});
    }
    legacy("/proc/net/ip_tables_names", "iptables");
    legacy("/proc/net/ip6_tables_names", "ip6tables");
  }

  void legacy(const char* list, const std::string& tool) {
    switch (legacy_tables(list)) {
      case Legacy::none: return;
      case Legacy::hidden:
        return refuse(fmt::format("{}: legacy rules cannot be read", tool), true);
      case Legacy::some: break;
    }
    std::string program = tool + "-legacy-save";
    // Before 2018 the one there is has the plain name (iptables 1.8 brought the two).
    if (find_program(program).empty()) program = tool + "-save";
    sources_.push_back(
        {tool == "iptables" ? "iptables-legacy-save.txt" : "ip6tables-legacy-save.txt",
         {program, "-c"},
         true});
  }

  // nft lists "meta nfproto ipv6 reject with tcp reset" as if it were for both families, and
  // "ct l3proto ipv4 reject" as if it were for untracked packets, too; only its bytecode tells.
  void hidden_questions() {
    const auto listing = out_.texts.find("nft.json");
    if (listing == out_.texts.end()) return;
    // The flags of a table are not legible in the JSON of 1.0.6.
    if (!listing->second.contains("\"rule\"") && !listing->second.contains("\"flags\"")) return;
    const std::vector<Program> program{
        {.words = {"nft", "--terse", "--debug=netlink", "list", "ruleset"}}};
    keep({"nft-bytecode.txt", {}, false}, run_programs(program).front());
  }

  void keep(const Source& source, const Ran& ran) {
    if (!ran.good()) return;
    const bool saved = std::string_view{source.file}.ends_with("-save.txt");
    std::string text = saved ? without_comments(ran.out) : ran.out;
    if (!trim(text).empty()) out_.texts[source.file] = std::move(text);
  }

  // After all were read: some only matter for what the others hold.
  void complain(const Source& source, const Ran& ran) {
    if (ran.good() || (ran.end == Ran::End::missing && !source.needed)) return;
    const std::string_view tool = source.words.front();
    if (tool == "ip" && source.words[2] == "-6" && !has_ipv6()) return;
    const bool root = for_lack_of_root(ran);
    if (!root && tool == "ipset" && !mentions("-set ")) return;
    if (!root && tool.find("tables-nft") != tool.npos && !mentions("\"xt\"")) return;
    // A kernel without IPsec has no policies.
    if (source.file == std::string_view{"xfrm.txt"} && !root) return;
    // A kernel without nf_tables says so to root.
    if (tool == "nft" && ::geteuid() == 0 && contains_ignoring_case(ran.err, "not supported"))
      return;
    refuse(ran.problem(tool), root);
  }

  bool mentions(std::string_view part) const {
    return std::ranges::any_of(
        out_.texts, [part](const auto& one) { return one.second.find(part) != std::string::npos; });
  }

  static bool has_ipv6() { return ::access("/proc/net/if_inet6", F_OK) == 0; }

  void refuse(std::string text, bool root) {
    out_.unreadable.push_back(std::move(text));
    out_.wants_root = out_.wants_root || (root && ::geteuid() != 0);
  }

  std::vector<Source> sources_;
  RulesetDumps out_;
};

}  // namespace

RulesetDumps collect_rulesets() { return Collector{}.collect(); }

Parsed<void> write_private(const std::filesystem::path& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  bool whole = fd >= 0;
  while (whole && !text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    whole = wrote > 0;
    if (whole) text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  const int problem = errno;
  if (fd >= 0 && ::close(fd) != 0) whole = false;
  if (!whole)
    return error(fmt::format("cannot write '{}': {}", path.string(), std::strerror(problem)));
  return {};
}

Parsed<firewall::Dumps> read_dumps(const std::string& folder) {
  std::error_code problem;
  if (!fs::is_directory(folder, problem)) {
    return error(
        fmt::format("'{}' is not a folder; expected one that 'causeway inspect --collect' "
                    "wrote",
                    printable(folder, limits::kTextKept)));
  }
  firewall::Dumps out;
  for (const auto& name : firewall::dump_names()) {
    auto text = read_whole(fs::path(folder) / name);
    if (!text && text.error() == ENOENT) continue;
    if (!text) {
      return error(fmt::format("cannot read '{}/{}': {}", printable(folder, limits::kTextKept),
                               name, std::strerror(text.error())));
    }
    out.emplace(name, std::move(*text));
  }
  if (out.empty()) {
    return error(fmt::format("'{}' holds no ruleset; expected files such as {}",
                             printable(folder, limits::kTextKept),
                             join({"nft.json", "iptables-legacy-save.txt", "addr.json"}, ", ")));
  }
  return out;
}

std::vector<std::string> missing_from(const firewall::Dumps& dumps) {
  std::vector<std::string> out;
  const auto needs = [&](std::initializer_list<const char*> any_of, const char* to_know) {
    const bool there =
        std::ranges::any_of(any_of, [&](const char* name) { return dumps.contains(name); });
    if (!there) {
      out.push_back(fmt::format("the folder holds no {} ({}): an empty file where there is nothing",
                                fmt::join(any_of, " or "), to_know));
    }
  };
  needs({"nft.json", "iptables-nft-save.txt", "ip6tables-nft-save.txt", "iptables-legacy-save.txt",
         "ip6tables-legacy-save.txt"},
        "the packet filters' rules");
  needs({"addr.json"}, "which addresses the host has");
  needs({"route4.json", "route6.json"}, "where its answers go");
  needs({"sockets.txt"}, "who listens");
  return out;
}

Parsed<void> make_private_folder(const std::string& folder) {
  std::error_code problem;
  const auto above = fs::path(folder).lexically_normal().parent_path();
  if (!above.empty()) fs::create_directories(above, problem);
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) {
    return error(fmt::format("cannot make '{}': {}", folder, std::strerror(errno)));
  }
  struct stat status{};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return error(fmt::format("'{}' is no folder; expected a new or an empty one", folder));
  }
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return error(fmt::format(
        "others may write to '{}'; expected a new folder, or an empty one of one's own", folder));
  }
  if (!fs::is_empty(folder, problem) || problem) {
    return error(fmt::format("'{}' is not empty; expected a new or an empty folder", folder));
  }
  return {};
}

Parsed<void> write_dumps(const firewall::Dumps& dumps, const std::string& folder) {
  for (const auto& [name, text] : dumps) {
    if (auto done = write_private(fs::path(folder) / name, text); !done) return done;
  }
  return {};
}

}  // namespace causeway::inspect
