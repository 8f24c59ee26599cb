// guard show: the layers of this host, what each stops of the edge, and what guard added.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/guard.hpp"
#include "app/screen.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "guard/layers.hpp"
#include "guard/programs.hpp"
#include "guard/settings.hpp"
#include "guard/transaction.hpp"

namespace causeway::app {
namespace {

struct Shown {
  guard::Journal journal;
  std::vector<guard::Layer> layers;
  std::vector<std::string> unreadable;
  bool wants_root = false;
  bool gone = false;  // something else has taken out what guard keeps
};

// Of a folder of dumps only the packet filters can be told.
Parsed<Shown> look(const GuardFlags& flags, guard::Journal journal) {
  const auto request = read_request(flags.proof);
  if (!request) return error(request.error().text);
  const auto gathered = gather(flags.proof, true);
  if (!gathered) return error(gathered.error().text);
  const bool here = flags.proof.from.empty();
  Shown out{std::move(journal), {}, gathered->collection.unreadable, gathered->wants_root};
  out.layers =
      guard::layers_of(gathered->collection, firewall::prove(gathered->collection, *request),
                       here ? guard::find_tools() : guard::Tools{});
  if (!here) return out;
  out.gone = out.unreadable.empty() && !guard::in_place(out.journal.kept, gathered->dumps);
  const auto settings = guard::collect_settings({&out.journal.kept});
  auto files = guard::settings_layers(
      settings, {request->edge.name, request->edge.prefixes, out.journal.kept.real_ip});
  if (!files) return std::unexpected(files.error());
  std::ranges::move(*files, std::back_inserter(out.layers));
  std::ranges::copy(settings.unreadable, std::back_inserter(out.unreadable));
  return out;
}

void print_json(const Shown& shown) {
  auto out = nlohmann::ordered_json::parse(guard::to_json(shown.journal));
  out["layers"] = nlohmann::ordered_json::array();
  for (const auto& layer : shown.layers) {
    out["layers"].push_back({{"layer", layer.name},
                             {"chains", layer.chains},
                             {"rules", layer.rules},
                             {"where", layer.where},
                             {"stops", layer.stops},
                             {"left", layer.left}});
  }
  out["unreadable"] = shown.unreadable;
  out["in_place"] = !shown.gone;
  print(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void print_layers(const Shown& shown, const Screen& screen) {
  for (const auto& layer : shown.layers) {
    const auto size = layer.where.empty()
                          ? fmt::format("{} chains, {} rules", layer.chains, layer.rules)
                          : printable(layer.where, limits::kTextKept);
    print(fmt::format("{:<28} {}\n", printable(layer.name, 60), size));
    for (const auto& each : layer.stops) {
      print(hanging(screen.paint(Tone::bad, "  stops") + " ", printable(each, limits::kTextKept),
                    screen.width));
    }
    for (const auto& each : layer.left) {
      print(hanging("  apply leaves ", printable(each, limits::kTextKept), screen.width));
    }
  }
  if (shown.layers.empty() && shown.unreadable.empty()) {
    print("No packet filter has rules here.\n");
  }
  for (const auto& text : shown.unreadable) {
    print(fmt::format("could not be read: {}\n", printable(text, limits::kTextKept)));
  }
}

void print_kept(const Shown& shown) {
  const auto& journal = shown.journal;
  const auto& kept = journal.kept;
  if (shown.gone) {
    print("guard's rules are not in place now: 'causeway guard restore' puts them back.\n");
  }
  print(kept.empty() ? "guard added nothing here.\n"
                     : fmt::format("guard lets {} in: {} ranges to ports {}\n", kept.edge,
                                   kept.ranges.size(), fmt::join(kept.ports, ", ")));
  if (kept.only) print("Nobody else reaches these ports.\n");
  for (const auto& path : kept.files) {
    print(fmt::format("lines of guard's own in {}\n", printable(path, limits::kTextKept)));
  }
  if (journal.phase != guard::Journal::Phase::trying) return;
  const auto left = journal.until - guard::unix_now();
  print(left > 0 ? fmt::format("A change is tried: undone in {} s unless confirmed.\n", left)
                 : "A change was tried and not confirmed in time, and is not undone yet: run "
                   "'causeway guard rollback' as root.\n");
}

// Nobody works on it any more, or its time is over.
bool left_over(const guard::Journal& journal) {
  using Phase = guard::Journal::Phase;
  return journal.phase == Phase::applying || journal.phase == Phase::keeping ||
         (journal.phase == Phase::trying && guard::unix_now() >= journal.until);
}

}  // namespace

int run_show(const GuardFlags& flags) {
  guard::Store store{flags.state};
  auto journal = store.load();
  if (journal && flags.proof.from.empty() && left_over(*journal)) {
    // A guardian that lives has the lock, or will have it in a moment.
    if (store.lock(Duration::zero())) {
      const auto did = guard::recover(store);
      if (!did.empty()) fmt::print(stderr, "causeway guard: {}\n", did);
      store.unlock();
    }
    journal = store.load();
  }
  if (!journal) {
    fmt::print(stderr, "causeway guard show: {}\n", journal.error().text);
    return kCouldNotTell;
  }
  const auto shown = look(flags, std::move(*journal));
  if (!shown) return wrong_use("guard show", shown.error().text);
  if (flags.proof.format == "json") {
    print_json(*shown);
  } else {
    print_layers(*shown, screen_of_stdout(flags.proof.no_color));
    print_kept(*shown);
    if (shown->wants_root) print("As root, these would be read as well.\n");
  }
  return shown->unreadable.empty() ? kFine : kCouldNotTell;
}

}  // namespace causeway::app
