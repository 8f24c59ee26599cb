#include "edge/body_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace causeway::edge {
namespace {

TEST(BodyQueue, GivesOutWhatCameInItsOrder) {
  BodyQueue queue;
  std::string all;
  std::string out;
  for (int i = 0; i < 3000; ++i) {
    const std::string part = std::to_string(i) + std::string(300, 'x');
    all += part;
    queue.append(part);
    const auto go = queue.left().substr(0, 290);
    out += go;
    queue.take(go.size());
  }
  out += queue.left();
  EXPECT_EQ(out, all);
  queue.take(queue.size());
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0U);
}

TEST(BodyQueue, NeedsNoMoreMemoryForALongerBody) {
  BodyQueue queue;
  const std::string part(64 * 1024, 'x');
  queue.append("one byte or more is always left");
  for (int i = 0; i < 1000; ++i) {
    queue.append(part);
    queue.take(part.size());
  }
  EXPECT_LT(queue.capacity(), 1024U * 1024);
}

}  // namespace
}  // namespace causeway::edge
