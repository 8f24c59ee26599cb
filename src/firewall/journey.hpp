// The whole way of one connection through a host: SYN in, SYN-ACK out, ACK and request in,
// acknowledgement out; through every hook of every stack, routing and the sockets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/flow.hpp"
#include "firewall/host.hpp"
#include "firewall/walk.hpp"

namespace causeway::firewall {

enum class Result : std::uint8_t { accept, half, reset, icmp, drop };

// What the edge sees.
struct Ending {
  Result result = Result::drop;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;

  bool operator==(const Ending&) const = default;
};

// "accept", "half", "reset", "icmp:3/13", "drop"
std::string text(const Ending& ending);

struct Outcome {
  IntervalSet clients;
  Ending ending;
  Decision decision;
  Shape lost = Shape::syn;  // the packet that met it
  std::vector<Doubt> doubts;
};

// The chains of every hook in the order a packet meets them; built once for a ruleset.
class HookOrder {
 public:
  struct Stop {
    enum class Kind : std::uint8_t { chains, tracking, translation };
    Kind kind = Kind::chains;
    int priority = 0;
    std::vector<std::uint32_t> chains;  // of one priority, first to run first
    bool order_known = true;
  };

  explicit HookOrder(const Ruleset& rules);
  const std::vector<Stop>& of(Family family, Hook hook) const;

 private:
  std::vector<Stop> stops_[2][static_cast<std::size_t>(Hook::none)];
};

class Journey {
 public:
  Journey(const Scene& scene, const HookOrder& order, const Arrival& arrival);

  // Every client ends up in at least one outcome; in several, when nobody can tell which.
  std::vector<Outcome> travel(Family family, std::uint16_t port, const IntervalSet& clients);

  const Walk& walk() const { return walk_; }

 private:
  using Flows = std::vector<Flow>;
  struct Delivered {
    Flows local;
    Flows onward;
  };

  Flows hook(Family family, Hook hook, Flows flows, std::vector<Refusal>& refused);
  Flows pass(const HookOrder::Stop& stop, Hook hook, Flows flows, std::vector<Refusal>& refused);
  Flows either_order(const HookOrder::Stop& one, const HookOrder::Stop& other, Hook hook,
                     const Flows& flows, std::vector<Refusal>& refused);
  Flows chains(const HookOrder::Stop& stop, Hook hook, Flows flows, std::vector<Refusal>& refused);
  Flows run(std::uint32_t chain, Flows flows, std::vector<Refusal>& refused);
  void other_orders(const HookOrder::Stop& stop, const Flows& before, std::size_t from,
                    std::vector<Refusal>& refused);
  Flows track(Flows flows, std::vector<Refusal>& refused);
  Flows translate(const HookOrder::Stop& stop, Hook hook, Flows flows,
                  std::vector<Refusal>& refused);
  Flows reroute(Flows flows, std::vector<Refusal>& refused);
  bool applies(std::uint32_t chain, Hook hook, const Packet& packet) const;

  Delivered arrive(Flow flow, std::vector<Refusal>& refused);
  void route_in(Flow flow, Delivered& out, std::vector<Refusal>& refused);
  Flows validate(Flow flow, std::vector<Refusal>& refused);
  Flows deliver(Flows flows, std::vector<Refusal>& refused);
  Flows forward(Flows flows, std::vector<Refusal>& refused);
  Flows homeward(Flows flows, std::vector<Refusal>& refused);
  Flows send(Flow flow, std::vector<Refusal>& refused);
  Flows route_out(Flow flow, std::vector<Refusal>& refused);
  void choose_source(Flow& flow, const RouteAnswer& answer) const;

  Flows open(Family family, std::uint16_t port, const IntervalSet& clients);
  Flows listen(Flows flows);
  Flows answer(Flows accepted, bool local);
  Flows inward(const Flows& open, Shape shape);
  void settle(Flow flow, Shape shape, Flows& out);
  Flows acknowledge(const Flows& served);
  Flow answering(const Flow& flow, Shape shape) const;
  Flow from_client(const Flow& flow, Shape shape) const;

  void end(IntervalSet clients, Ending ending, Decision decision, Shape lost,
           std::vector<Doubt> doubts);
  void leave_to_synproxy();
  void leave_to_ipsec();
  void leave_to_program();
  void strand(const Flows& flows, Ending ending, Shape lost);
  void end_refused(std::vector<Refusal>& refused, Shape lost);
  void say_no(Refusal refusal);

  const Scene& scene_;
  const HookOrder& order_;
  const Arrival& arrival_;
  Walk walk_;
  Family family_ = Family::ipv4;
  std::uint16_t port_ = 0;
  Key address_ = 0;
  std::vector<Outcome> outcomes_;
};

}  // namespace causeway::firewall
