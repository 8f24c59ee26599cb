// The index of the disk store: its sums hold whatever is done to it.
#include "edge/disk_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "edge/disk_folder.hpp"

namespace causeway::edge {
namespace {

StoredPtr answer(std::size_t bytes) {
  auto out = std::make_shared<StoredAnswer>();
  out->body.assign(bytes, 'x');
  return out;
}

// As a plain map would say.
struct Model {
  struct Row {
    StoredPtr pending;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Row> rows;

  void check(const DiskIndex& index) const {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
    std::size_t pending = 0;
    std::size_t pending_bytes = 0;
    for (const auto& [name, row] : rows) {
      bytes += disk_use(row.bytes);
      files += row.bytes == 0 ? 0 : 1;
      pending += row.pending ? 1 : 0;
      pending_bytes += row.pending ? row.pending->bytes() : 0;
    }
    ASSERT_EQ(index.bytes(), bytes);
    ASSERT_EQ(index.files(), files);
    ASSERT_EQ(index.pending(), pending);
    ASSERT_EQ(index.pending_bytes(), pending_bytes);
    ASSERT_GE(index.memory(), 300 * rows.size());
    ASSERT_LE(index.memory(), 500 * rows.size());
    if (files == 0) ASSERT_EQ(index.longest_unused(), std::nullopt);
  }
};

TEST(DiskIndex, SumsHoldWhateverIsDone) {
  std::mt19937_64 chance{4};
  DiskIndex index;
  Model model;
  for (int i = 0; i < 20'000; ++i) {
    const auto key = "https://www.test/" + std::to_string(chance() % 60);
    const auto name = file_name({.key = key});
    auto& rows = model.rows;
    const auto known = rows.find(name);
    switch (chance() % 8) {
      case 0: {
        const auto made = answer(chance() % 9000);
        EXPECT_TRUE(index.keep(name, key, made).empty());
        rows[name].pending = made;
        break;
      }
      case 1: {
        const auto bytes = 1 + chance() % 9000;
        const bool fresh = known == rows.end();
        EXPECT_EQ(index.adopt(name, {.key = key}, bytes, static_cast<std::int64_t>(i)), fresh);
        if (fresh || known->second.bytes == 0) rows[name].bytes = bytes;
        break;
      }
      case 2: {
        const auto bytes = 1 + chance() % 9000;
        const auto right = known == rows.end() ? nullptr : known->second.pending;
        const auto which = chance() % 4 == 0 ? answer(1) : right;
        const bool good = index.written(name, which, bytes, {}, i);
        EXPECT_EQ(good, right && which == right);
        if (known != rows.end()) known->second.bytes = good ? bytes : 0;
        if (good) known->second.pending = nullptr;
        if (!good && !right) rows.erase(name);
        break;
      }
      case 3: index.use(name, i); break;
      case 4:
        index.drop(name);
        rows.erase(name);
        break;
      case 5:
        index.give_up(name);
        if (known != rows.end()) known->second.pending = nullptr;
        if (known != rows.end() && known->second.bytes == 0) rows.erase(known);
        break;
      case 6: EXPECT_EQ(index.take_key(key).size(), rows.erase(name)); break;
      default:
        if (const auto oldest = index.longest_unused()) EXPECT_TRUE(rows.contains(*oldest));
    }
    model.check(index);
  }
  EXPECT_EQ(index.take([](const DiskLabel&) { return true; }).size(), model.rows.size());
  EXPECT_EQ(index.bytes() + index.files() + index.pending() + index.pending_bytes(), 0U);
  EXPECT_EQ(index.memory(), 0U);
}

TEST(DiskIndex, TheLongestUnusedGoesFirst) {
  DiskIndex index;
  for (int i = 0; i < 5; ++i) {
    index.adopt(file_name({.key = std::to_string(i)}), {.key = std::to_string(i)}, 1, 10 + i);
  }
  index.use(file_name({.key = "0"}), 100);
  EXPECT_EQ(index.longest_unused(), file_name({.key = "1"}));
}

TEST(DiskIndex, OfOneMillisecondTheOneUsedFirstGoesFirst) {
  DiskIndex index;
  const auto name = [](int i) { return file_name({.key = std::to_string(i)}); };
  for (int i = 0; i < 8; ++i) index.adopt(name(i), {.key = std::to_string(i)}, 1, 10);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(index.longest_unused(), name(i));
    index.use(name(i), 10);
  }
  EXPECT_EQ(index.longest_unused(), name(0));
}

TEST(DiskIndex, ALookFindsWhatIsGone) {
  DiskIndex index;
  const auto name = [](int i) { return file_name({.key = std::to_string(i)}); };
  for (int i = 0; i < 3; ++i) index.adopt(name(i), {.key = std::to_string(i)}, 1, i);
  index.keep(name(3), "3", answer(1));  // not written yet: no file is missing
  const auto kept = name(1);
  index.reconcile("", {kept}, Instant{});
  EXPECT_EQ(index.at(name(0)), nullptr);
  EXPECT_NE(index.at(kept), nullptr);
  EXPECT_NE(index.at(name(3)), nullptr);
}

}  // namespace
}  // namespace causeway::edge
