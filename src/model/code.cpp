#include "model/code.hpp"

#include <algorithm>
#include <array>

namespace causeway::model {
namespace {

// Limits and conditions as an edge applies them: src/base/limits.hpp, docs/failures.md.
constexpr std::array kCodes{
    CodeRow{502, "Bad gateway",
            "The origin itself, or a proxy in front of its application, answered 502: it could not "
            "get a valid answer from what stands behind it.",
            "The edge reached a web server. 520 to 526 mean that it did not get that far, or got "
            "no usable answer.",
            "Often: it ends when the application is back.",
            "Look at the application behind the web server: its process, socket and log."},
    CodeRow{503, "Service unavailable",
            "The origin answered 503: overloaded, in maintenance, or limiting requests.",
            "A deliberate answer of the origin, with its own page; an edge's own trouble with an "
            "origin is 520 to 526.",
            "Usually; an answer may carry Retry-After.",
            "Look for maintenance mode, worker limits and rate limits on the origin."},
    CodeRow{504, "Gateway time-out",
            "The origin answered 504: its web server waited for the application and gave up.",
            "With 524 it is the edge that gave up waiting; here it is the origin's own web server.",
            "It lasts as long as the application is slow.",
            "Find the slow request in the application's log; look at its database."},
    CodeRow{520, "Web server is returning an unknown error",
            "The edge connected and sent the request, and what came back was empty, reset, cut "
            "off, not HTTP, or had more than 128 KB of headers.",
            "521 and 522 fail before a connection exists; 524 is silence, 520 is a broken answer.",
            "When a crash causes it, it comes and goes; otherwise it stays.",
            "Read the origin's error log at the time of the request: crashes come first."},
    CodeRow{521, "Web server is down",
            "The origin's address answers the connection attempt with a refusal: a reset, or ICMP "
            "port unreachable.",
            "A machine is there and says no. With 522 nobody says anything; with 523 a router says "
            "that it cannot deliver.",
            "It ends when the web server runs again, or when the rule that refuses is removed.",
            "On the origin: does anything listen on the port (ss -ltn), and on which address?"},
    CodeRow{522, "Connection timed out",
            "No answer to the connection attempt within 19 s, or the request's bytes were not "
            "acknowledged within 90 s.",
            "Silence: packets are dropped by a firewall or lost on the way. 521 is a refusal, 523 "
            "an explicit \"unreachable\", 524 a connection that works but an application that is "
            "slow.",
            "A rate limit or overload passes; a firewall rule stays until it is changed.",
            "Check that every address range of the edge may reach the port."},
    CodeRow{523, "Origin is unreachable",
            "A router, or the edge's own kernel, says that the origin's address cannot be reached: "
            "no route, no such machine on the network, or administratively prohibited.",
            "The network itself answers, not the origin. A wrong or old DNS record is the usual "
            "reason; 522 is the same without the message.",
            "After an outage of the machine or a route it ends by itself; with a wrong record it "
            "stays.",
            "Compare the A and AAAA records with the origin's real public address."},
    CodeRow{524, "A timeout occurred",
            "The edge connected, the origin acknowledged the request, and no answer came in time "
            "(125 s by default).",
            "The network works; the application does not answer. 522 is when the network does not "
            "answer; 504 is when the origin's own web server gave up first.",
            "It lasts as long as the request is slow.",
            "Find what the request waits for: a long query, a lock, another service."},
    CodeRow{525, "SSL handshake failed",
            "The edge connected, and the TLS handshake did not finish: plain HTTP on the port, no "
            "shared version or cipher, an unknown host name, a reset or silence.",
            "With 526 the handshake finishes and the certificate is refused.",
            "It stays until the TLS set-up is changed, unless the server is overloaded.",
            "Try: openssl s_client -connect ADDRESS:443 -servername HOST"},
    CodeRow{526, "Invalid SSL certificate",
            "The TLS handshake finished, and the certificate is not acceptable in strict mode: "
            "expired, for another name, self-signed, unknown issuer, or an intermediate is "
            "missing.",
            "525 is a handshake that does not finish. In full mode the certificate would be "
            "accepted as it is.",
            "It stays until the certificate is replaced.",
            "Renew the certificate, serve the full chain, reload the web server."},
    CodeRow{527, "Railgun error",
            "A retired product's code: the link between the edge and a listener on the origin "
            "failed. Treat it as an old name for a 52x.",
            "No current edge sends it; 521, 522 or 523 say the same today.", "Not seen any more.",
            "Diagnose the origin as for 522."},
    CodeRow{530, "Origin name or tunnel error",
            "The edge cannot find the origin; the page carries a second code that says why: 1016 "
            "when the origin's name does not resolve, 1033 for a tunnel without a connector.",
            "No packet was sent to the origin: with 523 there is an address, with 530 there is "
            "none.",
            "A missing record stays missing; a name server outage passes.",
            "Ask the zone's own name servers for the origin's name."},
    CodeRow{1000, "DNS points to prohibited IP",
            "The record points back at the edge, or the request has gone through the edge before: "
            "a loop.",
            "The name resolves, unlike 1016; the address is one that the edge must not connect to.",
            "It stays until the record is changed.",
            "Set the record to the origin's own address, not to an address of the edge."},
    CodeRow{1001, "DNS resolution error",
            "The edge does not know the host name, or the name it points to does not resolve.",
            "1016 is about the origin's name, 1001 about the visitor's.",
            "It stays until the record is changed.",
            "Check the CNAME that leads to the edge and the target behind it."},
    CodeRow{1002, "DNS points to restricted address",
            "The record holds a private, loopback or otherwise reserved address, which no edge may "
            "connect to.",
            "1000 is an address of the edge itself; 1002 one that nobody can reach from outside.",
            "It stays until the record is changed.",
            "Set the record to the origin's public address."},
    CodeRow{1016, "Origin DNS error",
            "The origin's name has no address: the record is missing, the alias dangles, or its "
            "name servers fail. Shown inside a 530.",
            "523 has an address that cannot be reached; 1016 has no address.",
            "A missing record stays missing; a name server outage passes.",
            "Ask the zone's own name servers for the A, AAAA and CNAME records."},
    CodeRow{1033, "Tunnel error",
            "The host name belongs to a tunnel and no connector of the tunnel is running. Shown "
            "inside a 530.",
            "With a running connector and a dead service behind it, the code is 502.",
            "It ends when the connector runs again.",
            "Start the tunnel's connector on the origin and look at its log."},
};

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr std::array kReasons{
    // RFC 9110 section 15, and what servers commonly send
    Reason{200, "OK"},
    Reason{204, "No content"},
    Reason{206, "Partial content"},
    Reason{301, "Moved permanently"},
    Reason{302, "Found"},
    Reason{303, "See other"},
    Reason{304, "Not modified"},
    Reason{307, "Temporary redirect"},
    Reason{308, "Permanent redirect"},
    Reason{400, "Bad request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not found"},
    Reason{405, "Method not allowed"},
    Reason{408, "Request timeout"},
    Reason{410, "Gone"},
    Reason{411, "Length required"},
    Reason{412, "Precondition failed"},
    Reason{413, "Content too large"},
    Reason{414, "URI too long"},
    Reason{415, "Unsupported media type"},
    Reason{416, "Range not satisfiable"},
    Reason{417, "Expectation failed"},
    Reason{421, "Misdirected request"},
    Reason{426, "Upgrade required"},
    Reason{429, "Too many requests"},
    Reason{431, "Request header fields too large"},
    Reason{500, "Internal server error"},
    Reason{501, "Not implemented"},
    Reason{505, "HTTP version not supported"},
    Reason{508, "Loop detected"},
};

}  // namespace

std::span<const CodeRow> code_rows() { return kCodes; }

const CodeRow* code_row(int code) {
  const auto at = std::ranges::find(kCodes, code, &CodeRow::code);
  return at == kCodes.end() ? nullptr : &*at;
}

std::string_view code_title(int code) {
  if (const CodeRow* row = code_row(code)) return row->title;
  const auto at = std::ranges::find(kReasons, code, &Reason::status);
  return at == kReasons.end() ? std::string_view{} : at->phrase;
}

}  // namespace causeway::model
