#include "reach/redirects.hpp"

#include <gtest/gtest.h>

namespace causeway::reach {
namespace {

TEST(ResolveUrl, follows_rfc_3986) {
  const auto of = [](std::string_view reference) {
    return resolve_url("http://a.example/b/c/d?q", reference);
  };
  EXPECT_EQ(of("https://b.example/x"), "https://b.example/x");
  EXPECT_EQ(of("//b.example/x"), "http://b.example/x");
  EXPECT_EQ(of("/x?y#z"), "http://a.example/x?y");
  EXPECT_EQ(of("g"), "http://a.example/b/c/g");
  EXPECT_EQ(of("./g"), "http://a.example/b/c/g");
  EXPECT_EQ(of("g/"), "http://a.example/b/c/g/");
  EXPECT_EQ(of("../g"), "http://a.example/b/g");
  EXPECT_EQ(of("../../../g"), "http://a.example/g");
  EXPECT_EQ(of(".."), "http://a.example/b/");
  EXPECT_EQ(of("."), "http://a.example/b/c/");
  EXPECT_EQ(of("?y"), "http://a.example/b/c/d?y");
  EXPECT_EQ(of(""), "http://a.example/b/c/d?q");
  EXPECT_EQ(of("#z"), "http://a.example/b/c/d?q");
  EXPECT_EQ(of("/x?u=http://c.example/"), "http://a.example/x?u=http://c.example/");
  EXPECT_EQ(of("g:h"), "g:h");
  EXPECT_EQ(of("mailto:a@b.example"), "mailto:a@b.example");
}

TEST(ResolveUrl, makes_equal_what_is_the_same) {
  const auto same = [](std::string_view url) { return resolve_url("http://x/", url); };
  EXPECT_EQ(same("HTTPS://A.Example:443"), "https://a.example/");
  EXPECT_EQ(same("http://a.example:80/%41"), "http://a.example/%41");
  EXPECT_EQ(same("http://a.example.:8080/"), "http://a.example:8080/");
  EXPECT_EQ(same("http://user:word@a.example/"), "http://a.example/");
  EXPECT_EQ(same("http://[2001:DB8::1]:81/x"), "http://[2001:db8::1]:81/x");
  EXPECT_EQ(same("http://a.example/a/./b/../c"), "http://a.example/a/c");
}

TEST(ResolveUrl, survives_nonsense) {
  for (const auto* text :
       {"http://", "://", ":", "http:", "http:///x", "http://a:b:c/", "http://[::1/", "\\\\x",
        "http://a:99999/", "/../../..", "////", "?", "http://?x"}) {
    EXPECT_FALSE(resolve_url("http://a.example/", text).empty()) << text;
    (void)resolve_url(text, text);
  }
}

}  // namespace
}  // namespace causeway::reach
