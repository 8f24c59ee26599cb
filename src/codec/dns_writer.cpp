#include "codec/dns_writer.hpp"

#include "codec/dns_name.hpp"

namespace causeway::codec {
namespace {

constexpr std::size_t kFlagsAt = 2;
constexpr std::size_t kAnswersAt = 6;
constexpr std::size_t kAuthoritiesAt = 8;
constexpr std::size_t kAdditionalsAt = 10;

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((value >> (8 * i)) & 0xff);
  return out;
}

}  // namespace

DnsWriter::DnsWriter(const DnsMessage& query) {
  bytes_ = number(query.id, 2) + number(query.recursion_desired ? 0x8180 : 0x8000, 2) +
           number(query.question ? 1 : 0, 2) + number(0, 6);
  if (!query.question) return;
  bytes_ += dns_wire_name(query.question->name).value();
  bytes_ += number(static_cast<std::uint16_t>(query.question->type), 2) + number(1, 2);
}

void DnsWriter::flag(unsigned bits) {
  bytes_[kFlagsAt] = static_cast<char>(static_cast<unsigned char>(bytes_[kFlagsAt]) | (bits >> 8));
  bytes_[kFlagsAt + 1] =
      static_cast<char>(static_cast<unsigned char>(bytes_[kFlagsAt + 1]) | (bits & 0xff));
}

void DnsWriter::count(std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return static_cast<unsigned char>(bytes_[i]);
  };
  const unsigned value = ((byte(at) << 8) | byte(at + 1)) + 1;
  bytes_[at] = static_cast<char>((value >> 8) & 0xff);
  bytes_[at + 1] = static_cast<char>(value & 0xff);
}

DnsWriter& DnsWriter::rcode(int code) {
  flag(static_cast<unsigned>(code) & 0xf);
  return *this;
}

DnsWriter& DnsWriter::authoritative() {
  flag(0x0400);
  return *this;
}

DnsWriter& DnsWriter::truncated() {
  flag(0x0200);
  return *this;
}

DnsWriter& DnsWriter::into(Section section) {
  section_ = section;
  return *this;
}

DnsWriter& DnsWriter::record(std::string_view owner, DnsType type, std::string_view data,
                             std::uint32_t ttl) {
  bytes_ += dns_wire_name(owner).value() + number(static_cast<std::uint16_t>(type), 2) +
            number(1, 2) + number(ttl, 4) + number(data.size(), 2);
  bytes_ += data;
  count(section_ == Section::answer      ? kAnswersAt
        : section_ == Section::authority ? kAuthoritiesAt
                                         : kAdditionalsAt);
  return *this;
}

DnsWriter& DnsWriter::address(std::string_view owner, std::string_view text, std::uint32_t ttl) {
  const IpAddress address = IpAddress::parse(text).value();
  const auto& all = address.bytes();
  const std::size_t skip = address.is_v4() ? 12 : 0;
  return record(owner, address.is_v4() ? DnsType::a : DnsType::aaaa,
                std::string(all.begin() + static_cast<std::ptrdiff_t>(skip), all.end()), ttl);
}

DnsWriter& DnsWriter::alias(std::string_view owner, std::string_view target, std::uint32_t ttl) {
  return record(owner, DnsType::cname, dns_wire_name(target).value(), ttl);
}

DnsWriter& DnsWriter::server(std::string_view zone, std::string_view target, std::uint32_t ttl) {
  return record(zone, DnsType::ns, dns_wire_name(target).value(), ttl);
}

DnsWriter& DnsWriter::soa(std::string_view zone, std::uint32_t serial, std::uint32_t ttl) {
  std::string data = dns_wire_name("ns." + std::string{zone}).value() +
                     dns_wire_name("hostmaster." + std::string{zone}).value();
  data += number(serial, 4) + number(3600, 4) + number(600, 4) + number(86'400, 4) + number(300, 4);
  return record(zone, DnsType::soa, data, ttl);
}

DnsWriter& DnsWriter::extended_error(int code, std::string_view text) {
  const std::string option = number(static_cast<unsigned>(code), 2) + std::string{text};
  bytes_ += number(0, 1) + number(static_cast<std::uint16_t>(DnsType::opt), 2) + number(1232, 2) +
            number(0, 4) + number(option.size() + 4, 2) + number(15, 2) + number(option.size(), 2) +
            option;
  count(kAdditionalsAt);
  return *this;
}

}  // namespace causeway::codec
