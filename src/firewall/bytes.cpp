#include "firewall/bytes.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "firewall/constants.hpp"

namespace causeway::firewall {
namespace {

struct Byte {
  std::uint8_t value = 0;
  std::uint8_t known = 0;  // mask
};

// One way the packet may look: header lengths are fixed, contents as far as known.
struct Image {
  std::vector<Byte> bytes;
  bool longer = false;  // data of unknown length follows

  void put(std::size_t at, std::uint32_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes[at + i] = {static_cast<std::uint8_t>(value >> (8 * (count - 1 - i))), 0xff};
    }
  }
};

void put_address(Image& image, std::size_t at, const Party& party, std::size_t length) {
  if (party.client) return;
  for (std::size_t i = 0; i < length; ++i) {
    image.bytes[at + i] = {static_cast<std::uint8_t>((party.key >> (8 * (length - 1 - i))) & 0xffU),
                           0xff};
  }
}

std::uint8_t flags_of(Shape shape) {
  switch (shape) {
    case Shape::syn: return kSyn;
    case Shape::syn_ack: return kSyn | kAck;
    case Shape::data: return kPsh | kAck;
    case Shape::reset: return kRst | kAck;
    default: return kAck;
  }
}

// `words`: the TCP header in 32-bit words.
Image image_of(const Packet& packet, unsigned words) {
  Image out;
  const bool v4 = packet.family == Family::ipv4;
  const std::size_t head = v4 ? 20 : 40;
  out.bytes.resize(head + std::size_t{words} * 4);
  out.longer = packet.shape == Shape::data;
  if (v4) {
    out.put(0, 0x4500, 2);
    if (!out.longer) out.put(2, static_cast<std::uint32_t>(out.bytes.size()), 2);
    out.bytes[6] = {0, 0xbf};  // all but "don't fragment"
    out.put(7, 0, 1);
    out.put(9, kTcp, 1);
    put_address(out, 12, packet.source, 4);
    put_address(out, 16, packet.target, 4);
  } else {
    out.bytes[0] = {0x60, 0xf0};
    if (!out.longer) out.put(4, words * 4, 2);
    out.put(6, kTcp, 1);
    put_address(out, 8, packet.source, 16);
    put_address(out, 24, packet.target, 16);
  }
  if (!packet.source_port.client) out.put(head, packet.source_port.number, 2);
  if (!packet.target_port.client) out.put(head + 2, packet.target_port.number, 2);
  if (packet.shape == Shape::syn) out.put(head + 8, 0, 4);
  out.put(head + 12, words << 4U, 1);
  out.put(head + 13, flags_of(packet.shape), 1);
  out.put(head + 18, 0, 2);
  return out;
}

struct Word {
  std::uint32_t value = 0;
  std::uint32_t known = 0;
};

// Nothing: outside the packet for sure. `unsure` is set when it may be outside.
std::optional<Word> word_at(const Image& image, std::uint64_t at, bool& unsure) {
  Word out;
  for (std::uint64_t i = at; i < at + 4; ++i) {
    Byte byte;
    if (i < image.bytes.size()) {
      byte = image.bytes[i];
    } else if (image.longer) {
      unsure = true;
    } else {
      return std::nullopt;
    }
    out.value = out.value << 8U | byte.value;
    out.known = out.known << 8U | byte.known;
  }
  return out;
}

Tri in_ranges(const std::vector<Interval>& ranges, const Word& word) {
  if (word.known == 0xffffffff) {
    const bool in = std::ranges::any_of(ranges, [&](const Interval& one) {
      return one.first <= word.value && word.value <= one.last;
    });
    return in ? Tri::yes : Tri::no;
  }
  // Any number between the lowest and the highest the unknown bits allow.
  const Key low = word.value & word.known;
  const Key high = low | static_cast<std::uint32_t>(~word.known);
  const bool near = std::ranges::any_of(
      ranges, [&](const Interval& one) { return one.first <= high && low <= one.last; });
  const bool all = std::ranges::any_of(
      ranges, [&](const Interval& one) { return one.first <= low && high <= one.last; });
  return all ? Tri::yes : near ? Tri::unknown : Tri::no;
}

// xt_u32.c, u32_match_it()
Tri ask_test(const U32Match::Test& test, const Image& image) {
  bool unsure = false;
  std::uint64_t base = 0;
  auto word = word_at(image, test.start, unsure);
  for (const auto& step : test.steps) {
    if (!word) return Tri::no;
    switch (step.op) {
      case U32Match::Op::mask:
        word->value &= step.number;
        word->known |= ~step.number;
        break;
      case U32Match::Op::left:
        word->value = step.number < 32 ? word->value << step.number : 0;
        word->known =
            step.number < 32 ? word->known << step.number | ((1U << step.number) - 1) : 0xffffffff;
        break;
      case U32Match::Op::right:
        word->value = step.number < 32 ? word->value >> step.number : 0;
        word->known = step.number < 32 ? ~(~word->known >> step.number) : 0xffffffff;
        break;
      case U32Match::Op::at:
        if (word->known != 0xffffffff) return Tri::unknown;
        base += word->value;
        word = word_at(image, base + step.number, unsure);
        break;
    }
  }
  if (!word) return Tri::no;
  word->value &= word->known;
  const Tri in = in_ranges(test.ranges, *word);
  return unsure && in != Tri::no ? Tri::unknown : in;
}

Tri ask_image(const U32Match& step, const Image& image) {
  Tri out = Tri::yes;
  for (const auto& test : step.tests) {
    const Tri one = ask_test(test, image);
    if (one == Tri::no) return Tri::no;
    if (one == Tri::unknown) out = Tri::unknown;
  }
  return out;
}

bool read_number(std::string_view& text, std::uint32_t& out) {
  const auto end = std::min(text.find_first_not_of("0123456789abcdefABCDEFxX"), text.size());
  const auto number = number_word(text.substr(0, end));
  if (!number || *number > 0xffffffff) return false;
  out = static_cast<std::uint32_t>(*number);
  text.remove_prefix(end);
  return true;
}

bool read_test(std::string_view text, U32Match::Test& out) {
  constexpr std::size_t kMost = 32;
  if (!read_number(text, out.start)) return false;
  while (!text.empty() && text.front() != '=') {
    U32Match::Step step;
    if (text.starts_with("<<") || text.starts_with(">>")) {
      step.op = text.front() == '<' ? U32Match::Op::left : U32Match::Op::right;
      text.remove_prefix(2);
    } else if (text.front() == '&' || text.front() == '@') {
      step.op = text.front() == '&' ? U32Match::Op::mask : U32Match::Op::at;
      text.remove_prefix(1);
    } else {
      return false;
    }
    if (!read_number(text, step.number) || out.steps.size() >= kMost) return false;
    out.steps.push_back(step);
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  for (const auto part : split(text, ',')) {
    const auto colon = part.find(':');
    const auto first = number_word(part.substr(0, colon));
    const auto last = colon == std::string_view::npos ? first : number_word(part.substr(colon + 1));
    if (!first || !last || out.ranges.size() >= kMost) return false;
    out.ranges.push_back({*first, *last});
  }
  return true;
}

}  // namespace

bool parse_u32(std::string_view text, U32Match& out) {
  constexpr std::size_t kMost = 32;
  while (!text.empty()) {
    const auto end = text.find("&&");
    U32Match::Test test;
    if (!read_test(trim(text.substr(0, end)), test) || out.tests.size() >= kMost) return false;
    out.tests.push_back(std::move(test));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
  }
  return !out.tests.empty();
}

Tri ask(const U32Match& step, const Packet& packet) {
  if (packet.shape == Shape::icmp) return Tri::unknown;
  const bool opening = packet.shape == Shape::syn || packet.shape == Shape::syn_ack;
  std::optional<Tri> all;
  for (unsigned words = opening ? 6 : 5; words <= 10; ++words) {
    const Tri one = ask_image(step, image_of(packet, words));
    if (all && *all != one) return Tri::unknown;
    all = one;
    if (packet.shape == Shape::reset) break;
  }
  if (all == Tri::unknown || !step.negated) return *all;
  return *all == Tri::yes ? Tri::no : Tri::yes;
}

}  // namespace causeway::firewall
