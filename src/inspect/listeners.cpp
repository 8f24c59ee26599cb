// Who listens where, against the addresses and ports that the edge connects to.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "firewall/interval_set.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/listeners.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

bool is_loopback(const codec::Listener& listener) {
  return listener.address && classify(*listener.address) == AddressClass::loopback;
}

bool takes(const codec::Listener& listener, const IpAddress& address, std::string_view device) {
  if (!listener.device.empty() && listener.device != device) return false;
  if (!listener.any) return listener.address == address;
  return listener.both_families || listener.family == address.family();
}

std::string bound_to(const codec::Listener& listener) {
  const std::string address = listener.any ? (listener.both_families            ? "*"
                                              : listener.family == Family::ipv4 ? "0.0.0.0"
                                                                                : "[::]")
                              : listener.address->is_v4()
                                  ? listener.address->text()
                                  : fmt::format("[{}]", listener.address->text());
  return fmt::format("{}:{}", address, listener.port);
}

// The same socket in /proc/net/tcp, which knows its inode.
const TcpSocket* socket_of(const View& view, const codec::Listener& listener) {
  for (const auto& socket : view.sockets) {
    if (socket.state != TcpSocket::State::listen || socket.local.port != listener.port) continue;
    const bool any = classify(socket.local.address) == AddressClass::unspecified;
    const Family family =
        listener.both_families || !listener.any ? socket.local.address.family() : listener.family;
    if (listener.any ? any && family == socket.local.address.family()
                     : socket.local.address == *listener.address) {
      return &socket;
    }
  }
  return nullptr;
}

// ss is not there: what /proc says, without backlogs. An IPv6 socket on any address is taken to
// serve IPv4, too (net.ipv6.bindv6only is 0 nearly everywhere).
std::vector<codec::Listener> from_proc(const View& view) {
  std::vector<codec::Listener> out;
  for (const auto& socket : view.sockets) {
    if (socket.state != TcpSocket::State::listen) continue;
    codec::Listener one;
    one.family = socket.local.address.family();
    one.any = classify(socket.local.address) == AddressClass::unspecified;
    if (!one.any) one.address = socket.local.address;
    one.both_families = one.any && one.family == Family::ipv6;
    one.port = socket.local.port;
    one.waiting = socket.receive_queue;
    out.push_back(std::move(one));
  }
  return out;
}

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes)
      : view_(view), notes_(notes), listeners_(listeners_of(view)) {
    later_ = codec::parse_listeners(
        view.snapshot.rulesets_later.contains("sockets.txt")
            ? std::string_view{view.snapshot.rulesets_later.at("sockets.txt")}
            : std::string_view{});
  }

  void analyze() {
    for (const auto& listener : listeners_) write_down(listener);
    if (listeners_.empty() && !view_.snapshot.was_read("tcp4.txt") &&
        !view_.snapshot.rulesets.contains("sockets.txt")) {
      return;  // nothing was seen, which is not the same as nothing being there
    }
    for (const auto port : view_.question.ports) {
      bound(port);
      accept_queue(port);
      syn_backlog(port);
    }
  }

 private:
  void write_down(const codec::Listener& listener) {
    auto& out = notes_.saw(Kind::listener, bound_to(listener));
    if (listener.address) out.set("address", *listener.address);
    out.set("family", name(listener.family)).set("both", listener.both_families);
    out.set("port", int{listener.port});
    if (!listener.device.empty()) out.set("device", listener.device);
    out.set("waiting", listener.waiting);
    if (const auto later = waiting_later(listener)) out.set("waiting_later", *later);
    if (listener.backlog > 0) out.set("backlog", listener.backlog);
    if (const auto* socket = socket_of(view_, listener)) {
      if (const auto* process = view_.owner_of(socket->inode)) {
        out.set("program", process->name).set("pid", process->pid);
      }
    }
    ids_[listener.port].push_back(out.id);
  }

  std::optional<std::int64_t> waiting_later(const codec::Listener& listener) const {
    for (const auto& one : later_) {
      if (one.port == listener.port && one.address == listener.address &&
          one.family == listener.family && one.device == listener.device) {
        return one.waiting;
      }
    }
    return std::nullopt;
  }

  std::vector<const codec::Listener*> on(std::uint16_t port) const {
    std::vector<const codec::Listener*> out;
    for (const auto& one : listeners_) {
      if (one.port == port) out.push_back(&one);
    }
    return out;
  }

  // Packets for this port go on to another machine or port before any socket is asked.
  bool handed_on(Family family, std::uint16_t port) const {
    return std::ranges::any_of(notes_.all(), [&](const model::Observation& seen) {
      return seen.kind == Kind::passage && seen.integer("port") == port &&
             seen.text("family") == name(family) && !seen.has("limit") &&
             seen.text("verdict") == "accept";
    });
  }

  void bound(std::uint16_t port) {
    std::map<Family, std::vector<std::pair<IpAddress, std::string_view>>> answers;
    for (const auto& own : view_.own_addresses()) {
      answers[own.address.family()].emplace_back(
          own.address, binding(listeners_, own.address, own.device, port));
    }
    for (const auto& [family, all] : answers) {
      const auto first = all.front().second;
      const bool same =
          std::ranges::all_of(all, [first](const auto& one) { return one.second == first; });
      for (const auto& [address, value] : all) {
        if (value != "any" && handed_on(family, port)) continue;
        auto& out = notes_.fact("listener", value, ids_[port]);
        out.set("port", int{port}).set("family", name(family));
        // Whether the edge may come in that family, too.
        const bool outside =
            family == Family::ipv4 || classify(address) != AddressClass::private_use;
        if (outside && !view_.edge(family).empty()) out.set("in_edge", true);
        if (!same) out.set("address", address);
        out.set("detail", words(port));
        if (same) break;
      }
    }
  }

  std::string words(std::uint16_t port) const {
    std::string out;
    for (const auto* listener : on(port)) out += (out.empty() ? "" : ", ") + bound_to(*listener);
    return out.empty() ? fmt::format("no socket listens on port {}", port) : out;
  }

  void accept_queue(std::uint16_t port) {
    const auto overflows = view_.moved("TcpExt.ListenOverflows");
    for (const auto* listener : on(port)) {
      if (listener->backlog <= 0 || is_loopback(*listener)) continue;
      const auto later = waiting_later(*listener).value_or(listener->waiting);
      const auto most = std::max(listener->waiting, later);
      // sk_acceptq_is_full() of the kernel: more than the backlog waits.
      const bool full = most > listener->backlog;
      const bool fine = most * 2 <= listener->backlog && overflows.value_or(0) == 0;
      if (!full && !fine) continue;
      auto& out = notes_.fact("accept-queue", full ? "full" : "ok", ids_[port]);
      out.set("port", int{port});
      out.set("detail",
              fmt::format("{} connections wait, room for {}{}", most, listener->backlog,
                          overflows && *overflows > 0
                              ? fmt::format("; {} turned away during the sample", *overflows)
                              : ""));
    }
  }

  void syn_backlog(std::uint16_t port) {
    std::int64_t half_open = 0;
    for (const auto& socket : view_.sockets) {
      half_open += socket.state == TcpSocket::State::syn_received && socket.local.port == port;
    }
    std::int64_t room = 0;
    for (const auto* listener : on(port)) room = std::max(room, listener->backlog);
    if (room == 0) return;
    const auto& host = view_.collection.host;
    const std::int64_t most = host.setting("net.ipv4.tcp_max_syn_backlog", 0);
    const bool cookies = host.setting("net.ipv4.tcp_syncookies", 1) != 0;
    const auto dropped = view_.moved("TcpExt.TCPReqQFullDrop").value_or(0);
    // tcp_conn_request() of the kernel: without cookies the last quarter is kept for clients that
    // it has seen before.
    const bool reserved = !cookies && most > 0 && most - half_open < most / 4;
    const bool full = dropped > 0 || (!cookies && (half_open >= room || reserved));
    if (!full && half_open * 2 > room) return;
    auto& out = notes_.fact("syn-backlog", full ? "full" : "ok", ids_[port]);
    out.set("port", int{port});
    out.set("detail",
            fmt::format("{} half-open connections, room for {}{}{}", half_open,
                        cookies || most == 0 ? room : std::min(room, most),
                        cookies ? "" : ", SYN cookies are off",
                        dropped > 0 ? fmt::format(", {} dropped during the sample", dropped) : ""));
  }

  const View& view_;
  Notes& notes_;
  std::vector<codec::Listener> listeners_;
  std::vector<codec::Listener> later_;
  std::map<std::uint16_t, std::vector<std::string>> ids_;
};

}  // namespace

std::vector<codec::Listener> listeners_of(const View& view) {
  const auto& listed = view.collection.host.listeners;
  return view.snapshot.rulesets.contains("sockets.txt") ? listed : from_proc(view);
}

std::string_view binding(const std::vector<codec::Listener>& listeners, const IpAddress& address,
                         std::string_view device, std::uint16_t port) {
  bool loopback = false;
  bool other_address = false;
  bool other_family = false;
  for (const auto& one : listeners) {
    if (one.port != port) continue;
    if (takes(one, address, device)) return "any";
    if (is_loopback(one)) {
      loopback = true;
    } else if (!one.any && one.address->family() == address.family()) {
      other_address = true;
    } else {
      other_family = true;
    }
  }
  if (other_address) return "other-address";
  if (other_family) return "one-family";
  return loopback ? "loopback" : "none";
}

std::vector<std::uint64_t> inodes_on(const View& view, std::uint16_t port) {
  std::vector<std::uint64_t> out;
  for (const auto& socket : view.sockets) {
    if (socket.state == TcpSocket::State::listen && socket.local.port == port) {
      out.push_back(socket.inode);
    }
  }
  return out;
}

void analyze_listeners(const View& view, Notes& notes) { Analyzer{view, notes}.analyze(); }

}  // namespace causeway::inspect
