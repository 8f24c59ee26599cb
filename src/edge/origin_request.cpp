#include "edge/origin_request.hpp"

#include "base/text.hpp"
#include "codec/field_writer.hpp"
#include "edge/cache_control.hpp"
#include "model/edge_ranges.hpp"

namespace causeway::edge {
namespace {

using codec::append_field;

void write_visitor(const OriginRequest& request, std::string& out) {
  const Headers& headers = request.headers;
  const std::string client =
      client_address(request.head, request.visitor, headers, request.trusted).text();
  if (!headers.client_address.empty()) append_field(out, headers.client_address, client);
  if (!headers.client_address_too.empty()) append_field(out, headers.client_address_too, client);
  if (!headers.forwarded_for.empty()) {
    out += headers.forwarded_for;
    out += ": ";
    if (request.trusted) {
      const auto before = joined_field(request.head.fields, headers.forwarded_for);
      out += before;
      if (!before.empty()) out += ", ";
    }
    out += request.trusted ? request.visitor.peer.address.text() : client;
    out += "\r\n";
  }
  const auto scheme = effective_scheme(request.head, request.visitor, headers, request.trusted);
  if (!headers.forwarded_proto.empty()) append_field(out, headers.forwarded_proto, scheme);
  if (!headers.forwarded_host.empty()) {
    append_field(out, headers.forwarded_host, request.head.authority);
  }
  if (!headers.visitor.empty()) {
    out += headers.visitor;
    out += ": {\"scheme\":\"";
    out += scheme;
    out += "\"}\r\n";
  }
}

void write_loop(const OriginRequest& request, std::string& out) {
  if (request.headers.cdn.empty()) return;
  out += "CDN-Loop: ";
  for (const auto& field : request.head.fields) {
    if (!equals_ignoring_case(field.name, "cdn-loop")) continue;
    out += field.value;
    out += ", ";
  }
  out += request.headers.cdn;
  out += "\r\n";
}

void write_framing(const codec::RequestHead& head, std::string& out) {
  if (head.framing == codec::Framing::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (head.framing == codec::Framing::length) {
    out += "Content-Length: ";
    codec::append_number(out, head.length);
    out += "\r\n";
  } else if (head.method == "POST" || head.method == "PUT" || head.method == "PATCH") {
    out += "Content-Length: 0\r\n";  // RFC 9110 8.6: these expect one
  }
}

// A proxy that does not know this field passes a visitor's on as it is.
bool writes_client_address(const IpAddress& peer, const Headers& headers) {
  return headers.client_address_from.empty() ? model::cloudflare_ranges().contains(peer)
                                             : contains(headers.client_address_from, peer);
}

}  // namespace

IpAddress client_address(const codec::RequestHead& head, const Visitor& visitor,
                         const Headers& headers, bool trusted) {
  if (!trusted) return visitor.peer.address;
  if (writes_client_address(visitor.peer.address, headers)) {
    if (const auto said = codec::find_field(head.fields, headers.client_address)) {
      if (const auto address = IpAddress::parse(*said)) return *address;
    }
  }
  // From the right, the first that is not one of ours. All lines are one list (RFC 9110 5.3): some
  // proxies add theirs as a line of its own, behind whatever the visitor sent.
  const auto list = joined_field(head.fields, headers.forwarded_for);
  const auto parts = split(list, ',');
  IpAddress last = visitor.peer.address;
  for (auto at = parts.rbegin(); at != parts.rend(); ++at) {
    const auto address = IpAddress::parse(trim(*at));
    if (!address) break;
    last = *address;
    if (!contains(headers.trusted, *address)) break;
  }
  return last;
}

bool is_trusted(const Visitor& visitor, const Headers& headers) {
  return !headers.trusted.empty() && contains(headers.trusted, visitor.peer.address);
}

std::string_view effective_scheme(const codec::RequestHead& head, const Visitor& visitor,
                                  const Headers& headers, bool trusted) {
  std::string_view out = visitor.secure ? "https" : "http";
  if (!trusted || headers.forwarded_proto.empty()) return out;
  for (const auto& field : head.fields) {
    if (!equals_ignoring_case(field.name, headers.forwarded_proto)) continue;
    if (field.value == "http" || field.value == "https") out = field.value;
  }
  return out;  // of several lines the last: the peer's own stands behind a visitor's
}

int loops(const codec::RequestHead& head, std::string_view cdn) {
  int out = 0;
  for (const auto& field : head.fields) {
    if (!equals_ignoring_case(field.name, "cdn-loop")) continue;
    for (const auto part : split(field.value, ',')) {
      const auto id = trim(trim(part).substr(0, trim(part).find(';')));
      if (equals_ignoring_case(id, cdn)) ++out;
    }
  }
  return out;
}

void write_origin_head(const OriginRequest& request, std::string& out) {
  const codec::RequestHead& head = request.head;
  out += head.method;
  out += ' ';
  out += head.target;
  out += " HTTP/1.1\r\nHost: ";
  out += origin_authority(request);
  out += "\r\n";
  write_origin_fields(request, out);
  if (head.wants_upgrade) {
    if (const auto protocol = codec::find_field(head.fields, "upgrade")) {
      append_field(out, "Connection", "Upgrade");
      append_field(out, "Upgrade", *protocol);
    }
  } else if (head.takes_trailers) {
    append_field(out, "Connection", "TE");  // RFC 9110 10.1.4
  }
  write_framing(head, out);
  out += "\r\n";
}

std::string_view origin_authority(const OriginRequest& request) {
  return request.host_header.empty() ? request.head.authority : request.host_header;
}

void write_origin_fields(const OriginRequest& request, std::string& out) {
  const codec::RequestHead& head = request.head;
  // Nobody looks for a Connection field that is not there.
  const std::span named =
      head.has_connection ? std::span{head.fields} : std::span<const codec::HeaderField>{};
  for (const auto& field : head.fields) {
    if (!passes_to_origin(request.filters, request.trusted, named, field.name)) continue;
    append_field(out, field.name, field.value);
  }
  write_visitor(request, out);
  if (!request.headers.ray.empty()) append_field(out, request.headers.ray, request.ray);
  write_loop(request, out);
  for (const auto& [name, value] : request.headers.set_on_request) {
    if (!value.empty()) append_field(out, name, value);
  }
  // An upgrade is no place for trailers, and the two would share one Connection field.
  if (head.takes_trailers && !head.wants_upgrade) append_field(out, "TE", "trailers");
}

void split_lines(std::string_view lines, std::vector<codec::HeaderField>& out) {
  while (!lines.empty()) {
    const auto colon = lines.find(':');
    const auto end = lines.find("\r\n", colon);
    if (colon == std::string_view::npos || end == std::string_view::npos) return;
    out.push_back({lines.substr(0, colon), lines.substr(colon + 2, end - colon - 2)});
    lines.remove_prefix(end + 2);
  }
}

}  // namespace causeway::edge
