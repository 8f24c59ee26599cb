#include "codec/dns_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

std::string absolute(const std::string& name) { return name == "." ? name : name + "."; }

std::string hex(std::string_view bytes, std::size_t most = limits::kTextKept) {
  std::string out;
  for (const char c : bytes.substr(0, most / 2)) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

IpAddress v4_of(std::string_view bytes) {
  std::array<std::uint8_t, 4> out{};
  std::ranges::transform(bytes, out.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return IpAddress::v4(out);
}

IpAddress v6_of(std::string_view bytes) {
  std::array<std::uint8_t, 16> out{};
  std::ranges::transform(bytes, out.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return IpAddress::v6(out);
}

void read_address(DnsReader& data, DnsRecord& record) {
  const std::size_t length = record.type == DnsType::a ? 4 : 16;
  const std::string_view bytes = data.bytes(length);
  if (data.failed()) return;
  record.address = length == 4 ? v4_of(bytes) : v6_of(bytes);
  record.data = record.address->text();
}

void read_target(DnsReader& data, DnsRecord& record) {
  record.target = data.name();
  record.data = absolute(record.target);
}

void read_mail(DnsReader& data, DnsRecord& record) {
  const int preference = data.u16();
  record.target = data.name();
  record.data = fmt::format("{} {}", preference, absolute(record.target));
}

void read_soa(DnsReader& data, DnsRecord& record) {
  const std::string primary = data.name();
  const std::string contact = data.name();
  record.serial = data.u32();
  const std::uint32_t refresh = data.u32();
  const std::uint32_t retry = data.u32();
  const std::uint32_t expire = data.u32();
  const std::uint32_t minimum = data.u32();
  record.data = fmt::format("{} {} {} {} {} {} {}", absolute(primary), absolute(contact),
                            *record.serial, refresh, retry, expire, minimum);
}

// Quotes and backslashes escaped (RFC 1035 section 5.1).
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text, text.size() * 4 + 1)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + "\"";
}

void read_text(DnsReader& data, DnsRecord& record, std::size_t most) {
  if (data.left() == 0) data.fail("a TXT record holds no string");
  while (data.left() > 0) {
    const std::string_view piece = data.bytes(data.u8());
    if (record.data.size() > most) continue;  // checked to the end, kept no further
    if (!record.data.empty()) record.data += ' ';
    record.data += quoted(piece);
  }
}

void read_signer(DnsReader& data, DnsRecord& record) {
  const int tag = data.u16();
  const int algorithm = data.u8();
  const int digest_type = data.u8();
  record.data = fmt::format("{} {} {} {}", tag, algorithm, digest_type, hex(data.rest()));
}

void read_place(DnsReader& data, DnsRecord& record) {  // SRV, RFC 2782
  const int priority = data.u16();
  const int weight = data.u16();
  const int port = data.u16();
  record.target = data.name();
  record.data = fmt::format("{} {} {} {}", priority, weight, port, absolute(record.target));
}

void read_authorization(DnsReader& data, DnsRecord& record) {  // CAA, RFC 8659 section 4.1
  const int flags = data.u8();
  const std::string_view tag = data.bytes(data.u8());
  record.data =
      fmt::format("{} {} {}", flags, printable(tag, limits::kTextKept), quoted(data.rest()));
}

void read_association(DnsReader& data, DnsRecord& record) {  // TLSA, RFC 6698 section 2.1
  const int usage = data.u8();
  const int selector = data.u8();
  const int matching = data.u8();
  record.data = fmt::format("{} {} {} {}", usage, selector, matching, hex(data.rest()));
}

void read_signature(DnsReader& data, DnsRecord& record, std::size_t most) {
  const std::size_t length = data.left();
  DnsReader fields = data;
  fields.bytes(8);  // type, algorithm, labels, original TTL (RFC 4034 section 3.1)
  record.signature_ends = fields.u32();
  if (fields.failed()) data.fail("a signature is cut");
  record.data = fmt::format("\\# {} {}", length, hex(data.rest(), most));
}

// --- HTTPS and SVCB (RFC 9460) ---

constexpr std::array<std::string_view, 7> kParameterNames{
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"};

std::string parameter_name(int key) {
  const auto index = static_cast<std::size_t>(key);
  return index < kParameterNames.size() ? std::string{kParameterNames.at(index)}
                                        : fmt::format("key{}", key);
}

std::string hints(DnsReader& value, std::size_t length) {
  std::vector<std::string> out;
  if (value.left() == 0 || value.left() % length != 0) value.fail("an address hint is cut");
  while (value.left() > 0) {
    const std::string_view bytes = value.bytes(length);
    out.push_back(length == 4 ? v4_of(bytes).text() : v6_of(bytes).text());
  }
  return join(out, ",");
}

std::string protocols(DnsReader& value) {
  std::vector<std::string> out;
  if (value.left() == 0) value.fail("a list of protocols is empty");
  while (value.left() > 0) {
    const std::string_view id = value.bytes(value.u8());
    if (id.empty()) value.fail("a protocol has no name");
    out.push_back(printable(id, limits::kTextKept));
  }
  return join(out, ",");
}

std::string mandatory_keys(DnsReader& value) {
  std::vector<std::string> out;
  while (value.left() > 0) out.push_back(parameter_name(value.u16()));
  return join(out, ",");
}

std::string parameter_value(int key, DnsReader& value) {
  switch (key) {
    case 0: return mandatory_keys(value);
    case 1: return protocols(value);
    case 2: return {};
    case 3: return fmt::format("{}", value.u16());
    case 4: return hints(value, 4);
    case 6: return hints(value, 16);
    default: return hex(value.rest());
  }
}

void read_service(DnsReader& data, DnsRecord& record) {
  const int priority = data.u16();
  record.target = data.name(DnsReader::Pointers::refused);
  std::string text = fmt::format("{} {}", priority, absolute(record.target));
  int last_key = -1;
  while (data.left() > 0) {
    const int key = data.u16();
    DnsReader value = data.part(data.u16());
    if (key <= last_key) data.fail("service parameters are not in ascending order");
    last_key = key;
    const std::string shown = parameter_value(key, value);
    if (!value.failed() && value.left() > 0) value.fail("a service parameter is too long");
    if (value.failed()) data.fail(value.why());
    if (text.size() < limits::kTextKept) {
      text += fmt::format(" {}{}{}", parameter_name(key), shown.empty() ? "" : "=", shown);
    }
  }
  record.data = text;
}

}  // namespace

void read_dns_data(DnsReader& data, DnsRecord& record, std::size_t most_data) {
  const std::size_t length = data.left();
  switch (record.type) {
    case DnsType::a:
    case DnsType::aaaa: read_address(data, record); break;
    case DnsType::ns:
    case DnsType::cname:
    case DnsType::dname:
    case DnsType::ptr: read_target(data, record); break;
    case DnsType::mx: read_mail(data, record); break;
    case DnsType::soa: read_soa(data, record); break;
    case DnsType::txt: read_text(data, record, most_data); break;
    case DnsType::srv: read_place(data, record); break;
    case DnsType::caa: read_authorization(data, record); break;
    case DnsType::tlsa: read_association(data, record); break;
    case DnsType::rrsig: read_signature(data, record, most_data); break;
    case DnsType::ds: read_signer(data, record); break;
    case DnsType::svcb:
    case DnsType::https: read_service(data, record); break;
    default: record.data = fmt::format("\\# {} {}", length, hex(data.rest(), most_data)); break;
  }
  if (!data.failed() && data.left() > 0) data.fail("a record is longer than its type allows");
  record.data = printable(record.data, most_data);
}

}  // namespace causeway::codec
