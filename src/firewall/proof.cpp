#include "firewall/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "firewall/neighbours.hpp"

namespace causeway::firewall {
namespace {

// Of an edge that connects in one family alone, an address of the other is no way to this host.
std::optional<Family> unused_family(const Arrival& arrival, const model::EdgeRanges& edge) {
  const auto reached = [&](Family family) {
    return arrival.address(family) && std::ranges::any_of(edge.prefixes, [family](const auto& one) {
             return one.address().family() == family;
           });
  };
  for (const auto [missing, other] :
       {std::pair{Family::ipv4, Family::ipv6}, std::pair{Family::ipv6, Family::ipv4}}) {
    if (!arrival.address(missing) && reached(other)) return missing;
  }
  return std::nullopt;
}

// Sources of samples that lie outside the edge's ranges are simulated, too.
IntervalSet clients_of(const ProofRequest& request, Family family) {
  std::vector<Interval> out;
  for (const auto& prefix : request.edge.prefixes) {
    if (prefix.address().family() == family) out.push_back(interval_of(prefix));
  }
  for (const auto& sample : request.samples) {
    if (sample.source.family() != family) continue;
    const Key key = key_of(sample.source);
    out.push_back({key, key});
  }
  return IntervalSet::of(std::move(out));
}

int rank(const Ending& ending) {
  switch (ending.result) {
    case Result::drop: return 0;
    case Result::icmp: return 1;
    case Result::reset: return 2;
    case Result::half: return 3;
    case Result::accept: return 4;
  }
  return 5;
}

// The rule that let a SYN in: the last explicit one on the way to the socket.
const Decision* accepting_rule(const Ruleset& rules, const std::vector<Accepted>& accepts,
                               const IntervalSet& clients) {
  const Decision* best = nullptr;
  for (const auto& one : accepts) {
    if (one.decision.path.empty()) continue;
    const Hook hook = rules.chains[one.decision.path.front()].hook;
    if (hook != Hook::input && hook != Hook::forward) continue;
    if (best != nullptr && one.decision.rule == kNoRule) continue;
    if (one.clients.overlaps(clients)) best = &one.decision;
  }
  return best;
}

class Prover {
 public:
  Prover(const Collection& collection, const ProofRequest& request)
      : collection_(collection), request_(request), order_(collection.rules) {}

  Proof prove() {
    out_.edge_name = request_.edge.name;
    out_.edge_date = request_.edge.date;
    out_.arrival = collection_.arrival;
    out_.ports = request_.ports;
    out_.unused = unused_family(collection_.arrival, request_.edge);
    out_.notes = collection_.rules.notes;
    out_.unreadable = collection_.unreadable;
    for (const auto port : all_ports()) {
      for (const Family family : {Family::ipv4, Family::ipv6}) simulate(family, port);
    }
    warn_of_neighbours();
    answer_samples();
    out_.lists = compare_lists(collection_.rules, request_.edge);
    return std::move(out_);
  }

 private:
  void warn_of_neighbours() {
    const bool asked6 = std::ranges::any_of(out_.rows, [](const ProofRow& row) {
      return row.range.address().family() == Family::ipv6;
    });
    if (!asked6 || !collection_.arrival.address6) return;
    if (auto warning = neighbour_warning(collection_.rules); !warning.empty()) {
      out_.notes.push_back(std::move(warning));
    }
  }

  std::set<std::uint16_t> all_ports() const {
    std::set<std::uint16_t> out(request_.ports.begin(), request_.ports.end());
    for (const auto& sample : request_.samples) {
      if (out.size() < limits::kProofPorts) out.insert(sample.port);
    }
    return out;
  }

  bool asked(std::uint16_t port) const {
    return std::ranges::find(request_.ports, port) != request_.ports.end();
  }

  void simulate(Family family, std::uint16_t port) {
    const IntervalSet clients = clients_of(request_, family);
    if (clients.empty()) return;
    const Scene scene{collection_.rules, collection_.host};
    Journey journey{scene, order_, collection_.arrival};
    const auto outcomes = journey.travel(family, port, clients);
    auto pieces = cut(outcomes);
    for (const auto& piece : pieces) {
      verdicts_[{family, port}].push_back({piece.clients, verdict_word(outcomes, piece)});
    }
    if (journey.walk().exhausted()) {
      out_.notes.push_back(
          fmt::format("port {}: the ruleset is larger or deeper than what is simulated", port));
    }
    if (!asked(port)) return;
    rows(family, port, outcomes, pieces, journey.walk());
    overloads(family, port, journey.walk());
  }

  void rows(Family family, std::uint16_t port, const std::vector<Outcome>& outcomes,
            const std::vector<Piece>& pieces, const Walk& walk) {
    for (const auto& range : request_.edge.prefixes) {
      if (range.address().family() != family) continue;
      const Interval whole = interval_of(range);
      // Equal sets of outcomes are one row.
      std::map<std::vector<std::uint32_t>, std::vector<Interval>> groups;
      auto piece = std::ranges::lower_bound(pieces, whole.first, {},
                                            [](const Piece& one) { return one.clients.last; });
      for (; piece != pieces.end() && piece->clients.first <= whole.last; ++piece) {
        groups[piece->outcomes].push_back({std::max(piece->clients.first, whole.first),
                                           std::min(piece->clients.last, whole.last)});
      }
      const double size = IntervalSet{whole}.count();
      for (auto& [possible, parts] : groups) {
        ProofRow row;
        row.range = range;
        row.port = port;
        row.clients = IntervalSet::of(std::move(parts));
        row.share = row.clients.count() / size;
        fill(row, possible, outcomes, walk);
        out_.rows.push_back(std::move(row));
      }
    }
  }

  void fill(ProofRow& row, const std::vector<std::uint32_t>& possible,
            const std::vector<Outcome>& outcomes, const Walk& walk) {
    const auto& rules = collection_.rules;
    std::vector<const Outcome*> order;
    order.reserve(possible.size());
    for (const auto index : possible) order.push_back(&outcomes[index]);
    std::ranges::sort(order, {},
                      [](const Outcome* one) { return std::pair{rank(one->ending), one}; });
    for (const auto* outcome : order) {
      Decision decision = outcome->decision;
      if (outcome->ending.result == Result::accept) {
        const auto* accepting = accepting_rule(rules, walk.accepts(), row.clients);
        if (accepting != nullptr) decision = *accepting;
      }
      Cause cause{outcome->ending, outcome->lost, show(rules, decision), {}};
      for (const auto& doubt : outcome->doubts) cause.doubts.push_back(words(doubt));
      if (outcome == order.front() && outcome->ending.result != Result::accept) {
        row.fixes = fixes_for(rules, decision, outcome->ending, outcome->lost, row.range, row.port,
                              cause.rule);
      }
      row.certain = row.certain && outcome->ending == order.front()->ending;
      row.causes.push_back(std::move(cause));
    }
  }

  std::string words(const Doubt& doubt) const {
    if (doubt.rule == kNoRule) return doubt.why;
    return fmt::format("{}: {}", doubt.why, collection_.rules.rules[doubt.rule].shown());
  }

  // What those above a limit get: the same journey with that limit exceeded.
  void overloads(Family family, std::uint16_t port, const Walk& walk) {
    std::vector<std::uint32_t> done;
    for (const auto& seen : walk.limits()) {
      if (done.size() >= limits::kRulesetOverloads) break;
      if (std::ranges::find(done, seen.rule) != done.end()) continue;
      done.push_back(seen.rule);
      const Scene scene{collection_.rules, collection_.host, seen.rule};
      Journey journey{scene, order_, collection_.arrival};
      const auto outcomes = journey.travel(family, port, seen.clients);
      LimitRow row;
      for (const auto& piece : cut(outcomes)) {
        const auto then = verdict_word(outcomes, piece);
        if (then == verdict_at(family, port, piece.clients.first)) continue;
        if (std::ranges::find(row.then, then) == row.then.end()) row.then.push_back(then);
      }
      if (row.then.empty()) continue;
      row.port = port;
      row.family = family;
      Decision decision{collection_.rules.rules[seen.rule].chain, seen.rule, seen.path, {}};
      row.rule = show(collection_.rules, decision);
      const auto& step = collection_.rules.rules[seen.rule].steps[seen.step];
      row.limit = limit_words(step);
      const auto* limit = limit_of(step);
      row.global = limit != nullptr && limit->global;
      row.refills = limit == nullptr || limit->kind != Limit::Kind::quota;
      for (const auto& range : request_.edge.prefixes) {
        if (range.address().family() == family && seen.clients.overlaps(interval_of(range))) {
          row.ranges.push_back(range);
        }
      }
      out_.limits.push_back(std::move(row));
    }
  }

  std::string verdict_at(Family family, std::uint16_t port, Key key) const {
    const auto found = verdicts_.find({family, port});
    if (found == verdicts_.end()) return "unknown";
    const auto at = std::ranges::lower_bound(found->second, key, {},
                                             [](const auto& one) { return one.first.last; });
    if (at == found->second.end() || at->first.first > key) return "unknown";
    return at->second;
  }

  void answer_samples() {
    for (const auto& sample : request_.samples) {
      out_.samples.push_back(
          {sample, verdict_at(sample.source.family(), sample.port, key_of(sample.source))});
    }
  }

  const Collection& collection_;
  const ProofRequest& request_;
  HookOrder order_;
  Proof out_;
  std::map<std::pair<Family, std::uint16_t>, std::vector<std::pair<Interval, std::string>>>
      verdicts_;
};

}  // namespace

bool Proof::all_open() const {
  return std::ranges::all_of(rows, [this](const ProofRow& row) {
    return !concerns(row) || (row.certain && !row.causes.empty() &&
                              row.causes.front().ending.result == Result::accept);
  });
}

bool Proof::some_stopped() const {
  return std::ranges::any_of(rows, [this](const ProofRow& row) {
    return concerns(row) && std::ranges::none_of(row.causes, [](const Cause& cause) {
             return cause.ending.result == Result::accept;
           });
  });
}

// A sweep over all boundaries; `active` are the outcomes whose interval is open.
std::vector<Piece> cut(const std::vector<Outcome>& outcomes) {
  struct Edge {
    Key at = 0;
    bool opens = false;
    std::uint32_t outcome = 0;
  };
  std::vector<Edge> edges;
  for (std::uint32_t i = 0; i < outcomes.size(); ++i) {
    for (const auto& part : outcomes[i].clients.parts()) {
      edges.push_back({part.first, true, i});
      if (part.last != kAllBits) edges.push_back({part.last + 1, false, i});
    }
  }
  std::ranges::sort(edges, [](const Edge& a, const Edge& b) { return a.at < b.at; });
  std::vector<Piece> out;
  std::set<std::uint32_t> active;
  for (std::size_t i = 0; i < edges.size();) {
    const Key at = edges[i].at;
    if (!out.empty() && !active.empty()) out.back().clients.last = at - 1;
    for (; i < edges.size() && edges[i].at == at; ++i) {
      if (edges[i].opens) {
        active.insert(edges[i].outcome);
      } else {
        active.erase(edges[i].outcome);
      }
    }
    if (!active.empty()) out.push_back({{at, kAllBits}, {active.begin(), active.end()}});
  }
  return out;
}

std::string verdict_word(const std::vector<Outcome>& outcomes, const Piece& piece) {
  const Ending& first = outcomes[piece.outcomes.front()].ending;
  for (const auto index : piece.outcomes) {
    if (outcomes[index].ending != first) return "unknown";
  }
  return text(first);
}

Proof prove(const Collection& collection, const ProofRequest& request) {
  return Prover{collection, request}.prove();
}

}  // namespace causeway::firewall
