#include "app/diagnose_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "app/read_file.hpp"
#include "app/target_url.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::uint16_t kDnsPort = 53;

// Turns flags into a request; remembers the first thing that is wrong.
class Understanding {
 public:
  explicit Understanding(const DiagnoseFlags& flags) : flags_(flags) {}

  Parsed<DiagnosePlan> read() {
    target();
    mode();
    faces();
    edge();
    addresses();
    expectations();
    if (wrong_.empty()) contradictions();
    if (wrong_.empty()) files();
    if (!wrong_.empty()) return error(std::move(wrong_));
    return std::move(plan_);
  }

 private:
  void fail(std::string_view flag, std::string_view what) {
    if (wrong_.empty())
      wrong_ = flag.empty() ? std::string{what} : fmt::format("{}: {}", flag, what);
  }

  void target() {
    if (flags_.target.empty()) {
      return fail("", "no URL given; expected one like https://www.example.net/");
    }
    auto parsed = parse_target(flags_.target);
    if (!parsed) return fail("", parsed.error().text);
    request_.target = *parsed;
    const auto literal = IpAddress::parse(parsed->host);
    literal_ = literal.has_value();
    if (literal_) connectable("the URL's host", *literal);
  }

  void mode() {
    if (flags_.quick) request_.mode = model::Mode::quick;
    if (flags_.thorough) request_.mode = model::Mode::thorough;
    if (flags_.quick && flags_.thorough) {
      fail("--quick", "contradicts --thorough; expected one of them");
    }
    const std::array modes{model::SslMode::strict, model::SslMode::full, model::SslMode::flexible};
    request_.ssl = one_of("--ssl", flags_.ssl, modes);
    if (flags_.deadline.empty()) {
      if (flags_.thorough) request_.deadline = limits::kDiagnosisDeadlineThorough;
      return;
    }
    const auto deadline = parse_duration(flags_.deadline);
    if (!deadline) return fail("--deadline", deadline.error().text);
    if (*deadline < limits::kDiagnosisDeadlineLeast || *deadline > limits::kDiagnosisDeadlineMost) {
      return fail("--deadline", fmt::format("'{}' is out of range; expected 1s to 10m",
                                            printable(flags_.deadline, 40)));
    }
    request_.deadline = *deadline;
    if (*deadline < limits::kConnectWaitQuick) {
      plan_.warnings.emplace_back(
          "--deadline under 3.4s: a router needs 3.1 s to say that a machine is gone, so a dead "
          "host (523) may look like silence (522)");
    }
  }

  template <class T, std::size_t N>
  T one_of(std::string_view flag, const std::string& given, const std::array<T, N>& choices) {
    std::vector<std::string> names;
    for (const T choice : choices) {
      if (given.empty() || name(choice) == given) return choice;
      names.emplace_back(name(choice));
    }
    not_among(flag, given, names);
    return choices.front();
  }

  void not_among(std::string_view flag, const std::string& given,
                 const std::vector<std::string>& names) {
    const std::string near = nearest(given, names);
    fail(flag,
         fmt::format("'{}' is not known; expected {}{}", printable(given, 40), join(names, ", "),
                     near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
  }

  void faces() {
    constexpr std::array<std::pair<std::string_view, Face>, 5> kFaces{{{"text", Face::text},
                                                                       {"json", Face::json},
                                                                       {"html", Face::html},
                                                                       {"junit", Face::junit},
                                                                       {"nagios", Face::nagios}}};
    plan_.no_color = flags_.no_color;
    const std::string given = flags_.format.empty() ? "text" : flags_.format;
    const auto* const at = std::ranges::find(kFaces, given, &decltype(kFaces)::value_type::first);
    if (at == kFaces.end()) {
      std::vector<std::string> names;
      names.reserve(kFaces.size());
      for (const auto& face : kFaces) names.emplace_back(face.first);
      return not_among("--format", given, names);
    }
    plan_.face = at->second;
    if (!flags_.plain) return;
    if (plan_.face != Face::text) {
      return fail("--plain", fmt::format("contradicts --format {}; expected one of them", given));
    }
    plan_.face = Face::plain;
  }

  void edge() {
    if (flags_.edge.empty()) return;
    request_.edge_given = true;
    if (flags_.edge == "cloudflare") return;
    const auto text = read_file(flags_.edge, limits::kDocumentBytes);
    if (!text) {
      return fail("--edge", text.error().text +
                                "; expected 'cloudflare' or a file with one prefix "
                                "a line");
    }
    const auto slash = flags_.edge.rfind('/');
    auto ranges = model::parse_edge_ranges(
        *text, slash == std::string::npos ? flags_.edge : flags_.edge.substr(slash + 1));
    if (!ranges) return fail("--edge", ranges.error().text);
    request_.edge = std::move(*ranges);
  }

  // An address that a connection can be made to.
  bool connectable(std::string_view flag, const IpAddress& address) {
    const auto kind = classify(address);
    if (kind == AddressClass::link_local && address.family() == Family::ipv6) {
      fail(flag, fmt::format("{} is link-local: it means another machine on each of this one's "
                             "links; expected an address that routers know",
                             address.text()));
      return false;
    }
    if (kind != AddressClass::unspecified && kind != AddressClass::multicast) return true;
    fail(flag, fmt::format("{} is {} and cannot be connected to; expected a host's address",
                           address.text(), name(kind)));
    return false;
  }

  std::optional<IpAddress> address(std::string_view flag, const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto parsed = IpAddress::parse(text);
    if (!parsed) {
      fail(flag, parsed.error().text);
      return std::nullopt;
    }
    if (!connectable(flag, *parsed)) return std::nullopt;
    return *parsed;
  }

  std::optional<Endpoint> endpoint(std::string_view flag, const std::string& text,
                                   std::uint16_t port) {
    if (text.empty()) return std::nullopt;
    const auto parsed = Endpoint::parse(text, port);
    if (!parsed) {
      fail(flag, parsed.error().text);
      return std::nullopt;
    }
    if (!connectable(flag, parsed->address)) return std::nullopt;
    return *parsed;
  }

  void addresses() {
    for (const auto& text : flags_.origins) {
      if (const auto one = endpoint("--origin", text, request_.target.port)) {
        request_.origins.push_back(*one);
      }
    }
    if (request_.origins.size() > static_cast<std::size_t>(limits::kAddressesTried)) {
      fail("--origin", fmt::format("given {} times; expected at most {}", request_.origins.size(),
                                   limits::kAddressesTried));
    }
    for (const auto& text : flags_.known_addresses) {
      if (const auto one = address("--known-address", text))
        request_.known_addresses.push_back(*one);
    }
    request_.via_edge = address("--via-edge", flags_.via_edge);
    request_.source = address("--source", flags_.source);
    request_.resolver = endpoint("--resolver", flags_.resolver, kDnsPort);
    for (const auto& text : flags_.authorities) {
      if (const auto one = endpoint("--authority", text, kDnsPort)) {
        request_.authorities.push_back(*one);
      }
    }
    if (request_.authorities.size() > static_cast<std::size_t>(limits::kDnsServersAsked)) {
      fail("--authority", fmt::format("given {} times; expected at most {}",
                                      request_.authorities.size(), limits::kDnsServersAsked));
    }
  }

  void expectations() {
    request_.expect.text = flags_.expect_text;
    if (flags_.expect_text.size() > limits::kReadBuffer) {
      fail("--expect-text", "longer than 16 KB; expected a short piece of the page");
    }
    const std::string& text = flags_.expect_status;
    if (text.empty()) return;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + text.size(), request_.expect.status);
    const bool whole = failed == std::errc{} && end == text.data() + text.size();
    if (!whole || request_.expect.status < 100 || request_.expect.status > 599) {
      fail("--expect-status",
           fmt::format("'{}' is not an HTTP status; expected 100 to 599", printable(text, 40)));
    }
  }

  // A flag that has no use for this target is no contradiction: one command line often serves many
  // targets. It is said, not refused.
  void contradictions() {
    const auto& target = request_.target;
    if (literal_ && (!flags_.resolver.empty() || !flags_.authorities.empty())) {
      unused("--resolver and --authority", fmt::format("{} is an address", target.host));
    }
    if (!flags_.ca.empty() && request_.ssl == model::SslMode::flexible) {
      unused("--ca", "--ssl flexible verifies no certificate");
    }
    if (!flags_.ssl.empty() && target.scheme == "http") {
      unused("--ssl", "the URL is http, there is no TLS to the origin");
    }
    same_family();
  }

  void unused(std::string_view flag, std::string_view why) {
    plan_.warnings.push_back(fmt::format("{} has no use here: {}", flag, why));
  }

  void same_family() {
    if (!request_.source) return;
    const auto differs = [&](const Endpoint& origin) {
      return origin.address.family() != request_.source->family();
    };
    const bool none = !request_.origins.empty() && std::ranges::all_of(request_.origins, differs);
    const auto literal = IpAddress::parse(request_.target.host);
    const bool other =
        request_.origins.empty() && literal && literal->family() != request_.source->family();
    if (none || other) {
      fail("--source", fmt::format("{} is {}, the origin's address is not; expected both of one "
                                   "family",
                                   request_.source->text(), name(request_.source->family())));
    }
  }

  void files() {
    if (!flags_.ca.empty()) {
      const auto text = read_file(flags_.ca, limits::kDocumentBytes);
      if (!text) return fail("--ca", text.error().text + "; expected a PEM file");
      if (text->find("-----BEGIN") == std::string::npos ||
          text->find("CERTIFICATE-----") == std::string::npos) {
        return fail("--ca", fmt::format("'{}' holds no certificate; expected PEM with -----BEGIN "
                                        "CERTIFICATE-----",
                                        flags_.ca));
      }
      request_.ca_file = flags_.ca;
    }
    for (const auto& path : flags_.with) {
      if (is_pipe(path)) {
        plan_.pipes.push_back(path);
        continue;
      }
      const auto text = read_file(path, limits::kDocumentBytes);
      if (!text) return fail("--with", text.error().text);
      auto document = model::parse_document(*text, path);
      if (!document) return fail("--with", document.error().text);
      if (document->skipped_kinds + document->skipped_fields > 0) {
        plan_.warnings.push_back(
            fmt::format("--with {}: {} observations and {} fields of a newer version are left out",
                        path, document->skipped_kinds, document->skipped_fields));
      }
      plan_.documents.push_back(std::move(*document));
    }
  }

  const DiagnoseFlags& flags_;
  DiagnosePlan plan_;
  reach::Request& request_ = plan_.request;
  bool literal_ = false;
  std::string wrong_;
};

}  // namespace

Parsed<DiagnosePlan> understand(const DiagnoseFlags& flags) { return Understanding{flags}.read(); }

}  // namespace causeway::app
