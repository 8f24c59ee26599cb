// What a machine can run out of.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

constexpr double kFull = 99.5;  // percent; ext4 keeps 5 % for root, which statvfs counts as used
// Far above what a busy machine shows and still answers with: load of the last minute for each
// processor, and the share of the last ten seconds in which tasks waited (PSI).
constexpr double kLoadHigh = 12;
constexpr double kCpuPressureHigh = 90;
constexpr double kMemoryFullHigh = 40;
constexpr double kMemoryLow = 3;  // percent available

std::string bytes_text(double bytes) {
  constexpr double kGigabyte = 1024.0 * 1024 * 1024;
  if (bytes >= kGigabyte) return fmt::format("{:.1f} GB", bytes / kGigabyte);
  if (bytes >= 1024 * 1024) return fmt::format("{:.0f} MB", bytes / 1024 / 1024);
  return fmt::format("{:.0f} kB", bytes / 1024);
}

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes) : view_(view), notes_(notes) {}

  void analyze() {
    load();
    memory();
    disks();
    files();
    conntrack();
    ports();
    lines();
    kills();
  }

 private:
  model::Observation& resource(std::string_view what, std::string_view name, double used,
                               double most, const std::string& detail) {
    auto& out = notes_.saw(Kind::resource, std::string{what});
    out.set("what", what);
    if (!name.empty()) out.set("name", name);
    out.set("used", used);
    if (most > 0) out.set("most", most).set("percent", 100 * used / most);
    out.set("detail", detail);
    return out;
  }

  std::optional<Pressure> pressure(std::string_view what) {
    const auto out = parse_pressure(view_.snapshot.text(fmt::format("pressure-{}.txt", what)));
    if (out) {
      resource(fmt::format("pressure-{}", what), "", out->some10, 100,
               fmt::format("{:.0f} % of the last 10 s some tasks waited, {:.0f} % all did",
                           out->some10, out->full10));
    }
    return out;
  }

  void load() {
    const auto words = words_of(view_.snapshot.text("loadavg.txt"));
    const auto cores = number("processors");
    const double load1 = words.empty() ? 0 : real_number(words[0]).value_or(0);
    std::string id;
    if (!words.empty() && cores > 0) {
      id = resource("cpu", "", load1, cores,
                    fmt::format("load {:.2f} on {:.0f} processors", load1, cores))
               .id;
    }
    const auto cpu = pressure("cpu");
    const auto memory = pressure("memory");
    pressure("io");
    std::string why;
    if (cores > 0 && load1 / cores > kLoadHigh && (!cpu || cpu->some10 > kCpuPressureHigh)) {
      why = fmt::format("load {:.0f} on {:.0f} processors", load1, cores);
    } else if (memory && memory->full10 > kMemoryFullHigh) {
      why = fmt::format("for {:.0f} % of the time everything waits for memory", memory->full10);
    }
    if (!why.empty()) {
      notes_.fact("load", "machine-high", id.empty() ? std::vector<std::string>{} : std::vector{id})
          .set("detail", why);
    }
  }

  void memory() {
    const auto all = parse_numbers(view_.snapshot.text("meminfo.txt"));
    const auto of = [&](std::string_view name) {
      const auto at = all.find(name);
      return at == all.end() ? 0.0 : static_cast<double>(at->second) * 1024;
    };
    const double total = of("MemTotal");
    if (total <= 0) return;
    const double available = of("MemAvailable");
    const auto& seen =
        resource("memory", "", total - available, total,
                 fmt::format("{} of {} left", bytes_text(available), bytes_text(total)));
    const double swap = of("SwapTotal");
    if (swap > 0) {
      resource("swap", "", swap - of("SwapFree"), swap,
               fmt::format("{} of {} left", bytes_text(of("SwapFree")), bytes_text(swap)));
    }
    if (100 * available / total < kMemoryLow && of("SwapFree") < total / 100) {
      notes_.fact("memory", "low", {seen.id})
          .set("detail", fmt::format("{} of {} left", bytes_text(available), bytes_text(total)));
    }
  }

  void disks() {
    for (const auto& disk : parse_disks(view_.snapshot.text("disks.txt"))) {
      if (!disk.writable || disk.bytes <= 0) continue;
      const double used = disk.bytes - disk.available;
      auto& seen = resource("disk", disk.mount, used, disk.bytes,
                            fmt::format("{}: {} of {} left", disk.mount, bytes_text(disk.available),
                                        bytes_text(disk.bytes)));
      if (100 * used / disk.bytes >= kFull) full(seen);
      if (disk.inodes <= 0) continue;
      const double files = disk.inodes - disk.free_inodes;
      if (100 * files / disk.inodes < kFull) continue;
      full(resource("inodes", disk.mount, files, disk.inodes,
                    fmt::format("{}: no room for more files ({:.0f} of {:.0f} left)", disk.mount,
                                disk.free_inodes, disk.inodes)));
    }
  }

  void full(const model::Observation& seen) {
    // Nothing is written there while a server runs.
    if (seen.text("name").starts_with("/boot") || seen.text("name").starts_with("/snap")) return;
    notes_.fact("disk", "full", {seen.id}).set("detail", seen.text("detail"));
  }

  void files() {
    const auto words = words_of(view_.snapshot.text("file-nr.txt"));
    if (words.size() < 3) return;
    const double used = real_number(words[0]).value_or(0);
    const double most = real_number(words[2]).value_or(0);
    constexpr double kNoLimit = 1e12;
    if (most <= 0 || most > kNoLimit) return;
    const auto& seen =
        resource("files", "", used, most,
                 fmt::format("{:.0f} of {:.0f} descriptors of the machine", used, most));
    if (used >= most * 0.98) {
      notes_.fact("files", "exhausted", {seen.id}).set("detail", seen.text("detail"));
    }
  }

  void conntrack() {
    const auto& host = view_.collection.host;
    const double used = host.setting("net.netfilter.nf_conntrack_count", -1);
    const double most = host.setting("net.netfilter.nf_conntrack_max", 0);
    if (used < 0 || most <= 0) return;
    const auto& seen = resource("conntrack", "", used, most,
                                fmt::format("{:.0f} of {:.0f} tracked connections", used, most));
    const auto dropped =
        view_.moved("Conntrack.drop").value_or(0) + view_.moved("Conntrack.early_drop").value_or(0);
    if (used >= most * 0.98 || dropped > 0) {
      notes_.fact("conntrack", "full", {seen.id})
          .set("detail",
               fmt::format(
                   "{:.0f} of {:.0f} entries{}", used, most,
                   dropped > 0 ? fmt::format(", {} dropped during the sample", dropped) : ""));
    } else if (used < most * 0.8) {
      notes_.fact("conntrack", "ok", {seen.id});
    }
  }

  void ports() {
    const double used = number("ports-used");
    const double most = number("ports");
    if (most > 0) {
      resource(
          "ports", "", used, most,
          fmt::format("{:.0f} TCP sockets, {:.0f} ports for connections of its own", used, most));
    }
  }

  // How much went over the interfaces towards the internet, against what they can carry. Virtual
  // machines often do not know the latter, and the host above them may allow less.
  void lines() {
    if (!view_.sampled()) return;
    const auto before = parse_devices(view_.snapshot.text("devices.txt"));
    const auto& arrival = view_.collection.arrival;
    const double mbit_a_byte = 8e-3 / milliseconds(view_.snapshot.sampled);
    for (const auto& [device, later] : parse_devices(view_.snapshot.text("later-devices.txt"))) {
      const auto at = before.find(device);
      if (at == before.end() || (device != arrival.device && device != arrival.device6)) continue;
      const double in = (later.received - at->second.received) * mbit_a_byte;
      const double sent = (later.sent - at->second.sent) * mbit_a_byte;
      if (in < 0 || sent < 0) continue;
      const double most = number("speed-" + device);
      resource("line", device, std::max(in, sent), most,
               fmt::format("{}: {:.1f} Mbit/s in, {:.1f} out{}", device, in, sent,
                           most > 0 ? fmt::format(", {:.0f} possible each way", most) : ""));
    }
  }

  void kills() {
    const auto moved = view_.moved("Memory.OomKills");
    if (moved.value_or(0) <= 0) return;
    const auto& seen = resource("oom-kills", "", static_cast<double>(*moved), 0,
                                fmt::format("{} processes killed during the sample", *moved));
    notes_.fact("memory", "oom-kill", {seen.id}).set("detail", seen.text("detail"));
  }

  double number(std::string_view name) const {
    const auto at = view_.machine.find(name);
    return at == view_.machine.end() ? 0 : static_cast<double>(at->second);
  }

  const View& view_;
  Notes& notes_;
};

}  // namespace

void analyze_resources(const View& view, Notes& notes) { Analyzer{view, notes}.analyze(); }

}  // namespace causeway::inspect
