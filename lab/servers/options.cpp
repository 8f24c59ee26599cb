#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

#include "mode.hpp"

namespace misbehave {
namespace {

constexpr const char* kSyntax = R"(misbehave MODE --port P [--port P]... [--bind ADDR]...
  --tls --cert PEM --key PEM [--alpn NAME]   speak TLS first (modes marked * never do)
  --delay SECONDS   between or before the mode's steps
  --number N        alert number, edge code, or DNS rcode
  --status N --reason TEXT --header "N: V" --body TEXT --location URL   of `answer`, `redirect`
  --size BYTES      of what is sent, where a mode sends much
  --zone HOST --origin ADDR,PORT   of `edge`
  --kind K --address ADDR    of `dns`; the address may be repeated
  --backlog N --receive-buffer BYTES   of the listening socket
  --every N --after N   leave the first N connections alone, then misbehave on each Nth
)";

std::uint64_t number_of(std::string_view name, const std::string& text, std::uint64_t most) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value > most)
    usage("--" + std::string(name) + " takes a number up to " + std::to_string(most) + ", not \"" +
          text + "\"");
  return value;
}

using Setter = std::function<void(Options&, const std::string&)>;

const std::map<std::string_view, Setter>& setters() {
  static const std::map<std::string_view, Setter> table{
      {"port",
       [](Options& o, const std::string& v) {
         o.ports.push_back(static_cast<std::uint16_t>(number_of("port", v, 65'535)));
       }},
      {"bind", [](Options& o, const std::string& v) { o.binds.push_back(v); }},
      {"cert", [](Options& o, const std::string& v) { o.cert = v; }},
      {"key", [](Options& o, const std::string& v) { o.key = v; }},
      {"alpn", [](Options& o, const std::string& v) { o.alpn = v; }},
      {"delay",
       [](Options& o, const std::string& v) {
         o.delay = Millis{static_cast<long>(std::strtod(v.c_str(), nullptr) * 1000)};
       }},
      {"number",
       [](Options& o, const std::string& v) {
         o.number = static_cast<int>(number_of("number", v, 65'535));
       }},
      {"status",
       [](Options& o, const std::string& v) {
         o.status = static_cast<int>(number_of("status", v, 999));
       }},
      {"reason", [](Options& o, const std::string& v) { o.reason = v; }},
      {"header", [](Options& o, const std::string& v) { o.headers.push_back(v); }},
      {"body", [](Options& o, const std::string& v) { o.body = v; }},
      {"out", [](Options& o, const std::string& v) { o.out = v; }},
      {"location", [](Options& o, const std::string& v) { o.location = v; }},
      {"zone", [](Options& o, const std::string& v) { o.zone = v; }},
      {"origin", [](Options& o, const std::string& v) { o.origin = v; }},
      {"address", [](Options& o, const std::string& v) { o.addresses.push_back(v); }},
      {"kind", [](Options& o, const std::string& v) { o.kind = v; }},
      {"receive-buffer",
       [](Options& o, const std::string& v) {
         o.receive_buffer = static_cast<int>(number_of("receive-buffer", v, 1 << 30));
       }},
      {"size",
       [](Options& o, const std::string& v) { o.size = number_of("size", v, 1ULL << 40U); }},
      {"backlog",
       [](Options& o, const std::string& v) {
         o.backlog = static_cast<int>(number_of("backlog", v, 65'535));
       }},
      {"every",
       [](Options& o, const std::string& v) {
         o.every = static_cast<int>(number_of("every", v, 1'000'000));
       }},
      {"after",
       [](Options& o, const std::string& v) {
         o.after = static_cast<int>(number_of("after", v, 1'000'000));
       }},
  };
  return table;
}

[[noreturn]] void help() {
  std::fputs(kSyntax, stdout);
  for (const auto group :
       {connection_modes(), http_modes(), body_modes(), http2_modes(), tls_modes(), edge_modes()}) {
    for (const Mode& mode : group)
      std::printf("  %-24s%s %s\n", std::string(mode.name).c_str(), mode.on_raw ? "*" : " ",
                  std::string(mode.summary).c_str());
  }
  std::puts("  never-accept            * listens, nobody accepts; --backlog 0 fills at once");
  std::puts("  tarpit                  * raw SYN-ACK, then a window of zero for ever (IPv4)");
  std::puts(
      "  fill-conntrack --address A --port P  connections until the kernel's table is full, then "
      "leaves");
  std::puts("  clock-library --out FILE  writes a library to preload: $LAB_CLOCK seconds off");
  std::fputs(std::string(dns_help()).c_str(), stdout);
  std::exit(0);
}

void check(const Options& options) {
  if (options.ports.empty() && options.mode != "clock-library") usage("--port is missing");
  if (options.every < 1) usage("--every takes 1 or more");
  if (options.tls && (options.cert.empty() || options.key.empty()))
    usage("--tls needs --cert and --key");
}

}  // namespace

void usage(const std::string& problem) {
  std::fprintf(stderr, "misbehave: %s\n%s(--help lists the modes)\n", problem.c_str(), kSyntax);
  std::exit(2);
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; ++at) {
    const std::string word = argv[at];
    if (word == "--help" || word == "-h") help();
    if (word == "--tls") {
      options.tls = true;
    } else if (word == "--recursive") {
      options.recursive = true;
    } else if (word.starts_with("--")) {
      const auto found = setters().find(std::string_view(word).substr(2));
      if (found == setters().end()) usage("no option is called \"" + word + "\"");
      if (++at >= argc) usage(word + " needs a value");
      found->second(options, argv[at]);
    } else if (options.mode.empty()) {
      options.mode = word;
    } else {
      usage("\"" + word + "\" is one mode too many");
    }
  }
  if (options.mode.empty()) usage("which mode?");
  check(options);
  return options;
}

}  // namespace misbehave
