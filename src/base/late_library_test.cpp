#include "base/late_library.hpp"

#include <gtest/gtest.h>

namespace causeway {
namespace {

struct Mathematics : LateLibrary {
  explicit Mathematics(const char* name = "libm.so.6", const char* symbol = "floor")
      : LateLibrary(name, "libc6") {
    find(symbol, floor);
  }
  double (*floor)(double) = nullptr;
};

TEST(LateLibrary, FindsFunctions) {
  const Mathematics library;
  ASSERT_TRUE(library) << library.why();
  EXPECT_EQ(library.floor(2.5), 2.0);
}

TEST(LateLibrary, SaysWhatToInstall) {
  const Mathematics library{"libnothing-of-this-name.so.1"};
  EXPECT_FALSE(library);
  EXPECT_TRUE(library.why().starts_with("libnothing-of-this-name.so.1 cannot be loaded ("));
  EXPECT_TRUE(library.why().ends_with("install the package libc6"));
}

TEST(LateLibrary, AMissingFunctionIsAMissingLibrary) {
  const Mathematics library{"libm.so.6", "no_function_of_this_name"};
  EXPECT_FALSE(library);
  EXPECT_EQ(library.floor, nullptr);
  EXPECT_TRUE(library.why().starts_with("no_function_of_this_name is not in the library"));
}

}  // namespace
}  // namespace causeway
