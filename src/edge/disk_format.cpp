#include "edge/disk_format.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "codec/http1_head.hpp"
#include "edge/limits.hpp"
#include "net/digest.hpp"

namespace causeway::edge {
namespace {

constexpr std::string_view kMagic = "CWANSWER";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSealed = 24;  // what the head's digest covers of the prefix

using std::chrono::milliseconds;

std::string digest(std::string_view first, std::string_view second, std::size_t digits) {
  net::Sha256 sum;
  sum.update(first);
  sum.update(second);
  return sum.hex(digits);
}

template <class I>
void put(std::string& out, I value) {
  for (std::size_t i = 0; i < sizeof(I); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
}

void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

void put(std::string& out, const std::vector<std::string>& texts) {
  put(out, static_cast<std::uint32_t>(texts.size()));
  for (const auto& text : texts) put(out, std::string_view{text});
}

std::int64_t in_ms(Duration span) { return std::chrono::duration_cast<milliseconds>(span).count(); }

// Reads what `put` wrote; once something does not fit, everything after it is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class I>
  I number() {
    const auto bytes = take(sizeof(I));
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return static_cast<I>(out);
  }

  std::string text() { return std::string{take(number<std::uint32_t>())}; }

  std::vector<std::string> texts(std::size_t most) {
    std::vector<std::string> out;
    const auto count = number<std::uint32_t>();
    if (count > most) good_ = false;
    for (std::uint32_t i = 0; good_ && i < count; ++i) out.push_back(text());
    return out;
  }

  // 0 to about 68 years: what this cache writes. Anything else is not believed.
  Duration span() {
    const auto ms = number<std::int64_t>();
    if (ms < 0 || ms > milliseconds{limits::kAgeMost}.count()) good_ = false;
    return good_ ? Duration{milliseconds{ms}} : Duration{};
  }

  bool flag() {
    const auto value = number<std::uint8_t>();
    if (value > 1) good_ = false;
    return value == 1;
  }

  bool ended() const { return good_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    if (!good_ || size > rest_.size()) {
      good_ = false;
      return {};
    }
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }

  std::string_view rest_;
  bool good_ = true;
};

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return codec::is_token_byte(c) && (c < 'A' || c > 'Z');
  });
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_key(std::string_view key) {
  return (key.starts_with("https://") || key.starts_with("http://")) && is_value(key);
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::size_t blocks_of(std::uint64_t bytes) {
  return static_cast<std::size_t>(bytes / limits::kDiskBlock +
                                  (bytes % limits::kDiskBlock == 0 ? 0 : 1));
}

// Whether this cache could have stored it.
bool believable(const DiskHead& head) {
  const StoredAnswer& answer = head.answer;
  const auto& vary = answer.vary;
  return is_key(head.key) && may_be_stored(answer.status) && is_value(answer.etag) &&
         is_value(answer.last_modified) && std::ranges::all_of(vary, is_name) &&
         std::ranges::is_sorted(vary) && std::ranges::find(vary, "*") == vary.end() &&
         std::ranges::all_of(answer.tags, is_value) &&
         std::ranges::all_of(answer.fields,
                             [](const auto& field) {
                               return is_name(field.first) && is_value(field.second) &&
                                      field_may_be_stored(field.first);
                             }) &&
         head.body.digests.size() == blocks_of(head.body.bytes) &&
         std::ranges::all_of(head.body.digests, [](const std::string& each) {
           return each.size() == kDigestDigits && is_hex(each);
         });
}

}  // namespace

std::string block_digest(std::string_view block) { return digest(block, {}, kDigestDigits); }

BodyProof proof_of(std::string_view body) {
  BodyProof out{.bytes = body.size(), .digests = {}};
  for (std::size_t at = 0; at < body.size(); at += limits::kDiskBlock) {
    out.digests.push_back(block_digest(body.substr(at, limits::kDiskBlock)));
  }
  return out;
}

std::string write_head(std::string_view key, const StoredAnswer& answer, WallTime stored,
                       const BodyProof& body) {
  std::string inner;
  put(inner, key);
  put(inner, static_cast<std::uint16_t>(answer.status));
  put(inner, stored.time_since_epoch().count());
  for (const auto span : {answer.lifetime.initial_age, answer.lifetime.fresh,
                          answer.lifetime.while_revalidate, answer.lifetime.if_error}) {
    put(inner, in_ms(std::clamp<Duration>(span, Duration{}, limits::kAgeMost)));
  }
  put(inner, static_cast<std::uint8_t>(answer.lifetime.must_revalidate ? 1 : 0));
  put(inner, std::string_view{answer.etag});
  put(inner, std::string_view{answer.last_modified});
  put(inner, answer.vary);
  put(inner, std::string_view{answer.vary_key});
  put(inner, answer.tags);
  put(inner, static_cast<std::uint32_t>(answer.fields.size()));
  for (const auto& [name, value] : answer.fields) {
    put(inner, std::string_view{name});
    put(inner, std::string_view{value});
  }
  put(inner, body.digests);
  if (inner.size() > limits::kDiskHead || answer.fields.size() > limits::kDiskFields) return {};
  std::string out{kMagic};
  put(out, kVersion);
  put(out, static_cast<std::uint32_t>(inner.size()));
  put(out, body.bytes);
  out += digest(out, inner, kDigestDigits);
  return out + inner;
}

std::optional<DiskSizes> read_sizes(std::string_view prefix) {
  if (prefix.size() < kDiskPrefix || !prefix.starts_with(kMagic)) return std::nullopt;
  Reader in{prefix.substr(kMagic.size())};
  const auto version = in.number<std::uint32_t>();
  const auto head = in.number<std::uint32_t>();
  const auto body = in.number<std::uint64_t>();
  if (version != kVersion || head > limits::kDiskHead) return std::nullopt;
  // As many digests as this needs would have no room in the head.
  if (blocks_of(body) > limits::kDiskHead / kDigestDigits) return std::nullopt;
  return DiskSizes{.head = kDiskPrefix + head, .body = body};
}

std::optional<DiskHead> read_head(std::string_view bytes) {
  const auto sizes = read_sizes(bytes.substr(0, kDiskPrefix));
  if (!sizes || bytes.size() != sizes->head) return std::nullopt;
  const auto inner = bytes.substr(kDiskPrefix);
  if (digest(bytes.substr(0, kSealed), inner, kDigestDigits) !=
      bytes.substr(kSealed, kDigestDigits)) {
    return std::nullopt;
  }
  DiskHead out;
  out.body.bytes = sizes->body;
  Reader in{inner};
  out.key = in.text();
  auto& answer = out.answer;
  answer.status = in.number<std::uint16_t>();
  out.stored = WallTime{milliseconds{in.number<std::int64_t>()}};
  answer.lifetime.initial_age = in.span();
  answer.lifetime.fresh = in.span();
  answer.lifetime.while_revalidate = in.span();
  answer.lifetime.if_error = in.span();
  answer.lifetime.must_revalidate = in.flag();
  answer.etag = in.text();
  answer.last_modified = in.text();
  answer.vary = in.texts(limits::kDiskFields);
  answer.vary_key = in.text();
  answer.tags = in.texts(limits::kCacheTags);
  const auto fields = in.number<std::uint32_t>();
  if (fields > limits::kDiskFields) return std::nullopt;
  for (std::uint32_t i = 0; i < fields; ++i) {
    auto name = in.text();
    answer.fields.emplace_back(std::move(name), in.text());
  }
  out.body.digests = in.texts(blocks_of(out.body.bytes));
  if (!in.ended() || !believable(out)) return std::nullopt;
  return out;
}

DiskLabel label_of(std::string_view key, const StoredAnswer& answer) {
  return {.key = std::string{key},
          .vary = answer.vary,
          .vary_key = answer.vary_key,
          .tags = answer.tags};
}

std::string key_digits(std::string_view key) { return digest(key, {}, kKeyDigits); }

std::string file_name(const DiskLabel& label) {
  return key_digits(label.key) +
         digest(join(label.vary, ","), "\n" + label.vary_key, kNameDigits - kKeyDigits);
}

bool is_file_name(std::string_view name) { return name.size() == kNameDigits && is_hex(name); }

void go_on_ageing(StoredAnswer& answer, WallTime stored, WallTime wall, Instant now) {
  constexpr milliseconds kMost{limits::kAgeMost};
  if (stored > wall) {
    answer.stored_at = now;
    answer.lifetime.initial_age = std::max(answer.lifetime.initial_age, answer.lifetime.fresh);
    return;
  }
  // Before subtracting: a time near the ends of the range would overflow.
  const bool ancient = stored < wall - kMost;
  answer.stored_at = now - (ancient ? Duration{kMost} : Duration{wall - stored});
}

WallTime stored_on_the_wall(const StoredAnswer& answer, WallTime wall, Instant now) {
  return wall - std::chrono::duration_cast<milliseconds>(now - answer.stored_at);
}

}  // namespace causeway::edge
