#include "codec/field_writer.hpp"

#include <gtest/gtest.h>

namespace causeway::codec {
namespace {

// From a text that has room to spare, from one that has none, and with empty pieces.
TEST(FieldWriter, AppendsExactlyOneLine) {
  for (const std::size_t room : {0UL, 4096UL}) {
    std::string out = "GET / HTTP/1.1\r\n";
    out.reserve(room);
    append_field(out, "Host", "www.test");
    append_field(out, "X", std::string_view{});  // its data() is null
    out += "Content-Length: ";
    append_number(out, 18'446'744'073'709'551'615ULL);
    out += "\r\n";
    append_number(out, 255, 16);
    EXPECT_EQ(out,
              "GET / HTTP/1.1\r\nHost: www.test\r\nX: \r\nContent-Length: "
              "18446744073709551615\r\nff");
  }
}

}  // namespace
}  // namespace causeway::codec
