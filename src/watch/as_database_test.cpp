// Databases written here, byte by byte as the MaxMind DB format has it (version 2.0: a tree of
// records of 24 bits, 16 zero bytes, the values, the marker, the metadata).
#include "watch/as_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <variant>
#include <vector>

#include "base/scratch_folder.hpp"

namespace causeway::watch {
namespace {

using ::testing::HasSubstr;
using Value = std::variant<std::string, std::uint32_t>;
using Fields = std::map<std::string, Value>;

enum Type : std::uint8_t { kText = 2, kUint16 = 5, kUint32 = 6, kMap = 7 };

void put_head(std::string& out, Type type, std::size_t size) {
  out += static_cast<char>(std::size_t{type} << 5U | std::min<std::size_t>(size, 29));
  if (size >= 29) out += static_cast<char>(size - 29);
}

void put_text(std::string& out, const std::string& text) {
  put_head(out, kText, text.size());
  out += text;
}

void put_number(std::string& out, Type type, std::uint32_t number) {
  const std::size_t bytes = type == kUint16 ? 2 : 4;
  put_head(out, type, bytes);
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>(number >> (8 * i));
}

std::string map_of(const Fields& fields) {
  std::string out;
  put_head(out, kMap, fields.size());
  for (const auto& [key, value] : fields) {
    put_text(out, key);
    if (const auto* text = std::get_if<std::string>(&value)) {
      put_text(out, *text);
    } else {
      put_number(out, kUint32, std::get<std::uint32_t>(value));
    }
  }
  return out;
}

class Database {
 public:
  // "2001:db8::/32"; an IPv4 network stands below ::/96.
  void add(const IpAddress& network, unsigned length, const Fields& fields) {
    std::array<std::uint8_t, 16> bytes = network.bytes();
    if (network.is_v4()) {
      bytes[10] = bytes[11] = 0;
      length += 96;
    }
    const std::uint32_t at = static_cast<std::uint32_t>(values_.size());
    values_ += map_of(fields);
    std::size_t node = 0;
    for (unsigned bit = 0; bit < length; ++bit) {
      const std::size_t side = bytes[bit / 8] >> (7 - bit % 8) & 1U;
      if (bit + 1 == length) {
        tree_[node][side] = {.kind = Record::Kind::value, .number = at};
      } else {
        if (tree_[node][side].kind != Record::Kind::node) {
          const auto next = static_cast<std::uint32_t>(tree_.size());
          tree_[node][side] = {.kind = Record::Kind::node, .number = next};
          tree_.emplace_back();
        }
        node = tree_[node][side].number;
      }
    }
  }

  std::string bytes() const {
    const auto count = static_cast<std::uint32_t>(tree_.size());
    std::string out;
    for (const auto& node : tree_) {
      for (const Record& record : node) {
        std::uint32_t number = record.number;
        if (record.kind == Record::Kind::nothing) number = count;
        if (record.kind == Record::Kind::value) number += count + 16;
        for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(number >> shift);
      }
    }
    out += std::string(16, '\0') + values_ + "\xab\xcd\xefMaxMind.com";
    put_head(out, kMap, 9);
    put_text(out, "node_count");
    put_number(out, kUint32, count);
    for (const auto& [key, value] :
         std::map<std::string, std::uint32_t>{{"record_size", 24},
                                              {"ip_version", 6},
                                              {"binary_format_major_version", 2},
                                              {"binary_format_minor_version", 0}}) {
      put_text(out, key);
      put_number(out, kUint16, value);
    }
    put_text(out, "database_type");
    put_text(out, "Scripted-ASN");
    put_text(out, "description");
    put_head(out, kMap, 0);
    // Types above 7 stand in a second byte, as what they are more than that.
    put_text(out, "languages");
    out += std::string{"\0\4", 2};  // an array of nothing
    put_text(out, "build_epoch");
    out += std::string{"\4\2", 2};  // a number of 64 bits, of which four bytes are kept
    out += std::string(4, '\1');
    return out;
  }

 private:
  struct Record {
    enum class Kind : std::uint8_t { nothing, node, value } kind = Kind::nothing;
    std::uint32_t number = 0;
  };

  std::vector<std::array<Record, 2>> tree_{1};
  std::string values_;
};

class AsDatabaseTest : public ::testing::Test {
 protected:
  std::string write(const std::string& bytes) const {
    std::ofstream{file_, std::ios::binary} << bytes;
    return file_;
  }
  static IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

  ScratchFolder scratch_;
  std::string file_ = scratch_.make().value() + "/as.mmdb";
};

TEST_F(AsDatabaseTest, ReadsTheKeysOfEachPublisher) {
  Database made;
  made.add(address("192.0.2.0"), 24,
           {{"autonomous_system_number", 64500U},
            {"autonomous_system_organization", "Example Hosting"}});
  made.add(address("198.51.100.0"), 25, {{"asn", "AS4200000000"}, {"as_name", "A Cloud, Inc."}});
  made.add(address("2001:db8::"), 32, {{"autonomous_system_number", 64501U}});
  const auto base = AsDatabase::open(write(made.bytes()));
  ASSERT_TRUE(base) << base.error().text;
  EXPECT_EQ(base->as_of(address("192.0.2.0")), "AS64500 Example Hosting");
  EXPECT_EQ(base->as_of(address("192.0.2.255")), "AS64500 Example Hosting");
  EXPECT_EQ(base->as_of(address("198.51.100.127")), "AS4200000000 A Cloud, Inc.");
  EXPECT_EQ(base->as_of(address("2001:db8:ffff::1")), "AS64501");
  for (const auto* nowhere : {"192.0.3.0", "198.51.100.128", "2001:db9::", "127.0.0.1"}) {
    EXPECT_EQ(base->as_of(address(nowhere)), "") << nowhere;
  }
}

TEST_F(AsDatabaseTest, SaysNothingWithoutANumberAndNothingThatMovesACursor) {
  Database made;
  made.add(address("192.0.2.0"), 24, {{"country", "NL"}, {"as_name", "Example"}});
  made.add(
      address("198.51.100.0"), 24,
      {{"autonomous_system_number", 64500U}, {"autonomous_system_organization", "Ex\x1b[2Jample"}});
  const auto base = AsDatabase::open(write(made.bytes()));
  ASSERT_TRUE(base);
  EXPECT_EQ(base->as_of(address("192.0.2.1")), "");
  EXPECT_EQ(base->as_of(address("198.51.100.1")).find('\x1b'), std::string::npos);
  EXPECT_THAT(base->as_of(address("198.51.100.1")), HasSubstr("AS64500 Ex"));
}

TEST_F(AsDatabaseTest, AFileThatIsNoneIsRefusedWithWhatWasExpected) {
  Database made;
  made.add(address("192.0.2.0"), 24, {{"autonomous_system_number", 64500U}});
  const std::string whole = made.bytes();
  for (const auto& bytes : {std::string{"address,as\n"}, whole.substr(0, whole.size() / 2)}) {
    const auto base = AsDatabase::open(write(bytes));
    ASSERT_FALSE(base);
    EXPECT_THAT(base.error().text, HasSubstr("expected a MaxMind-format (.mmdb) file"));
  }
  const auto missing = AsDatabase::open(file_ + ".missing");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().text, HasSubstr("No such file or directory"));
}

// As `cp new.mmdb old.mmdb` begins: an update that renames is not everybody's.
TEST_F(AsDatabaseTest, AFileThatIsWrittenOverAnswersOn) {
  Database made;
  made.add(address("192.0.2.0"), 24, {{"autonomous_system_number", 64500U}});
  const auto base = AsDatabase::open(write(made.bytes()));
  ASSERT_TRUE(base);
  std::filesystem::resize_file(file_, 0);
  EXPECT_EQ(base->as_of(address("192.0.2.1")), "AS64500");
}

// Whatever is broken in the middle, an answer or none comes back.
TEST_F(AsDatabaseTest, ABrokenByteIsSurvived) {
  Database made;
  made.add(address("192.0.2.0"), 24,
           {{"autonomous_system_number", 64500U},
            {"autonomous_system_organization", "Example Hosting"}});
  const std::string whole = made.bytes();
  int opened = 0;
  for (std::size_t i = 0; i < whole.size(); i += 5) {
    std::string broken = whole;
    broken[i] = static_cast<char>(broken[i] ^ 0xff);
    const auto base = AsDatabase::open(write(broken));
    opened += base ? 1 : 0;
    if (base) EXPECT_LE(base->as_of(address("192.0.2.1")).size(), 2048U);
  }
  EXPECT_GT(opened, 20);
}

}  // namespace
}  // namespace causeway::watch
