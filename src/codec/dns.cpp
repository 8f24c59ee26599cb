#include "codec/dns.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_data.hpp"
#include "codec/dns_name.hpp"
#include "codec/dns_reader.hpp"

namespace causeway::codec {
namespace {

constexpr std::uint16_t kClassInternet = 1;

// Header flags, RFC 1035 section 4.1.1 and RFC 4035 section 3.
constexpr unsigned kResponse = 0x8000;
constexpr unsigned kAuthoritative = 0x0400;
constexpr unsigned kTruncated = 0x0200;
constexpr unsigned kRecursionDesired = 0x0100;
constexpr unsigned kRecursionAvailable = 0x0080;
constexpr unsigned kAuthentic = 0x0020;
constexpr unsigned kCheckingDisabled = 0x0010;
constexpr unsigned kDnssecOk = 0x8000;  // in the OPT record's TTL
constexpr int kOptionExtendedError = 15;
constexpr std::size_t kExtendedErrorsKept = 8;

struct TypeName {
  DnsType type;
  std::string_view name;
};

constexpr std::array kTypeNames{
    TypeName{DnsType::a, "A"},           TypeName{DnsType::ns, "NS"},
    TypeName{DnsType::cname, "CNAME"},   TypeName{DnsType::soa, "SOA"},
    TypeName{DnsType::ptr, "PTR"},       TypeName{DnsType::mx, "MX"},
    TypeName{DnsType::txt, "TXT"},       TypeName{DnsType::aaaa, "AAAA"},
    TypeName{DnsType::dname, "DNAME"},   TypeName{DnsType::opt, "OPT"},
    TypeName{DnsType::ds, "DS"},         TypeName{DnsType::svcb, "SVCB"},
    TypeName{DnsType::https, "HTTPS"},   TypeName{DnsType::rrsig, "RRSIG"},
    TypeName{DnsType::dnskey, "DNSKEY"}, TypeName{DnsType::srv, "SRV"},
    TypeName{DnsType::naptr, "NAPTR"},   TypeName{DnsType::sshfp, "SSHFP"},
    TypeName{DnsType::tlsa, "TLSA"},     TypeName{DnsType::caa, "CAA"},
    TypeName{DnsType::axfr, "AXFR"},
};

// RFC 8914 section 5.2; the index is the code.
constexpr std::array<std::string_view, 25> kExtendedErrorNames{
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
};

void put16(std::string& out, unsigned value) {
  out += static_cast<char>((value >> 8) & 0xff);
  out += static_cast<char>(value & 0xff);
}

struct Parser {
  DnsReader reader;
  DnsMessage message;
  DnsKeep keep;
  std::size_t kept = 0;
  bool opt_seen = false;

  void read_header(std::array<int, 4>& counts);
  void read_question();
  void read_section(std::vector<DnsRecord>& section, int count);
  void read_opt(DnsReader data, std::uint16_t record_class, std::uint32_t ttl,
                const std::string& owner);
};

void Parser::read_header(std::array<int, 4>& counts) {
  message.id = reader.u16();
  const unsigned flags = reader.u16();
  message.response = (flags & kResponse) != 0;
  message.opcode = static_cast<int>((flags >> 11) & 0xf);
  message.authoritative = (flags & kAuthoritative) != 0;
  message.truncated = (flags & kTruncated) != 0;
  message.recursion_desired = (flags & kRecursionDesired) != 0;
  message.recursion_available = (flags & kRecursionAvailable) != 0;
  message.authentic = (flags & kAuthentic) != 0;
  message.checking_disabled = (flags & kCheckingDisabled) != 0;
  message.rcode = static_cast<int>(flags & 0xf);
  for (int& count : counts) count = reader.u16();
}

void Parser::read_question() {
  DnsQuestion question;
  question.name = reader.name();
  question.type = static_cast<DnsType>(reader.u16());
  if (reader.u16() != kClassInternet) reader.fail("the question is of another class than IN");
  if (!reader.failed()) message.question = std::move(question);
}

void Parser::read_opt(DnsReader data, std::uint16_t /*payload*/, std::uint32_t ttl,
                      const std::string& owner) {
  // RFC 6891 section 6.1.1: at most one, owned by the root.
  if (opt_seen || owner != ".")
    reader.fail("there is more than one OPT record, or not at the root");
  opt_seen = message.edns = true;
  message.rcode |= static_cast<int>((ttl >> 24) << 4);
  while (data.left() > 0) {
    const int code = data.u16();
    DnsReader option = data.part(data.u16());
    if (code != kOptionExtendedError) continue;
    DnsExtendedError extended{option.u16(), {}};
    std::string_view text = option.rest();
    // RFC 8914 section 2: some senders end the text with a NUL although they need not.
    if (text.ends_with('\0')) text.remove_suffix(1);
    extended.text = printable(text, limits::kTextKept);
    if (option.failed()) data.fail("an extended error is cut");
    if (message.errors.size() < kExtendedErrorsKept) message.errors.push_back(std::move(extended));
  }
  if (data.failed()) reader.fail(data.why());
}

void Parser::read_section(std::vector<DnsRecord>& section, int count) {
  for (int i = 0; i < count && !reader.failed(); ++i) {
    DnsRecord record;
    record.owner = reader.name();
    record.type = static_cast<DnsType>(reader.u16());
    const std::uint16_t record_class = reader.u16();
    record.ttl = reader.u32();
    DnsReader data = reader.part(reader.u16());
    if (reader.failed()) return;
    if (record.type == DnsType::opt) {
      read_opt(data, record_class, record.ttl, record.owner);
      continue;
    }
    if (record_class != kClassInternet) {
      reader.fail("a record is of another class than IN");
      return;
    }
    // RFC 2181 section 8: a TTL with the highest bit set counts as zero.
    if (record.ttl > 0x7fffffff) record.ttl = 0;
    read_dns_data(data, record, keep.data);
    if (data.failed()) {
      reader.fail(data.why());
      return;
    }
    if (kept >= keep.records) {
      ++message.records_left_out;
      continue;
    }
    ++kept;
    section.push_back(std::move(record));
  }
}

}  // namespace

std::string name(DnsType type) {
  for (const auto& row : kTypeNames) {
    if (row.type == type) return std::string{row.name};
  }
  return fmt::format("TYPE{}", static_cast<int>(type));
}

std::optional<DnsType> dns_type_named(std::string_view name) {
  for (const auto& row : kTypeNames) {
    if (row.name == name) return row.type;
  }
  std::uint16_t number = 0;
  if (!name.starts_with("TYPE")) return {};
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + 4, end, number);
  if (read.ec != std::errc{} || read.ptr != end) return {};
  return static_cast<DnsType>(number);
}

std::string_view rcode_name(int rcode) {
  switch (rcode) {
    case rcode::kNoError: return "NOERROR";
    case rcode::kFormErr: return "FORMERR";
    case rcode::kServFail: return "SERVFAIL";
    case rcode::kNxDomain: return "NXDOMAIN";
    case rcode::kNotImp: return "NOTIMP";
    case rcode::kRefused: return "REFUSED";
    default: return "other";
  }
}

std::string_view extended_error_name(int code) {
  const auto index = static_cast<std::size_t>(code);
  return code >= 0 && index < kExtendedErrorNames.size() ? kExtendedErrorNames.at(index)
                                                         : std::string_view{};
}

bool is_dnssec_error(int code) { return code >= 6 && code <= 12; }

std::string presentation(const DnsRecord& record) {
  const std::string dot = record.owner == "." ? "" : ".";
  return fmt::format("{}{} {} IN {} {}", record.owner, dot, record.ttl, name(record.type),
                     record.data);
}

Parsed<std::string> write_dns_query(const DnsQuery& query) {
  const auto wire_name = dns_wire_name(query.question.name);
  if (!wire_name) return std::unexpected(wire_name.error());
  std::string out;
  put16(out, query.id);
  // AD in a question asks for AD in the answer (RFC 6840 section 5.7).
  unsigned flags = query.recursion ? kRecursionDesired | kAuthentic : 0;
  if (query.checking_disabled) flags |= kCheckingDisabled;
  put16(out, flags);
  put16(out, 1);
  put16(out, 0);
  put16(out, 0);
  put16(out, query.edns ? 1 : 0);
  out += *wire_name;
  put16(out, static_cast<unsigned>(query.question.type));
  put16(out, kClassInternet);
  if (!query.edns) return out;
  out +=
      '\0';  // OPT, RFC 6891 section 6.1.2: root, type, payload, rcode, version and flags, length
  put16(out, static_cast<unsigned>(DnsType::opt));
  put16(out, static_cast<unsigned>(limits::kDnsUdpPayload));
  put16(out, 0);
  put16(out, query.dnssec ? kDnssecOk : 0);
  put16(out, 0);
  return out;
}

Parsed<DnsMessage> parse_dns(std::span<const std::byte> bytes, const DnsKeep& keep) {
  if (bytes.size() > limits::kDnsMessageBytes)
    return error("a DNS message has at most 65535 bytes");
  Parser parser{.reader = DnsReader{bytes}, .message = {}, .keep = keep};
  std::array<int, 4> counts{};
  parser.read_header(counts);
  const auto [questions, answers, authorities, additionals] = counts;
  if (questions > 1) return error("the message holds more than one question");
  if (questions == 1) parser.read_question();
  if (parser.reader.failed()) return error(std::string{parser.reader.why()});
  parser.read_section(parser.message.answers, answers);
  parser.read_section(parser.message.authorities, authorities);
  parser.read_section(parser.message.additionals, additionals);
  const bool cut_and_says_so = parser.message.truncated && parser.reader.ran_out();
  if (parser.reader.failed() && !cut_and_says_so) return error(std::string{parser.reader.why()});
  return std::move(parser.message);
}

}  // namespace causeway::codec
