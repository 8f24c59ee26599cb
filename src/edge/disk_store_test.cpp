// The disk store on a real file system: what is kept, what is never believed, what is made room of.
#include "edge/disk_store.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <random>

#include "edge/cache_store.hpp"
#include "edge/disk_body.hpp"
#include "edge/disk_fixture.hpp"

namespace causeway::edge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using std::literals::chrono_literals::operator""s;

std::string url(int i) { return "https://www.test/" + std::to_string(i); }

std::string only_file(const TestFolder& folder) {
  const auto files = folder.files();
  EXPECT_THAT(files, SizeIs(1));
  return files.empty() ? "" : files.front();
}

TEST(DiskStore, KeepsAnswersOverARestart) {
  const TestFolder folder;
  {
    const TestStore store{folder.path()};
    EXPECT_TRUE(store->put(url(1), test_answer("one")));
    EXPECT_EQ(store.body(url(1)), "one");  // written or not
  }
  struct stat facts{};
  ASSERT_EQ(::stat(folder.answers().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
  const TestStore store{folder.path()};
  const auto found = store.find(url(1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->body, "one");
  EXPECT_EQ(found->fields.at(0).second, "text/plain");
  EXPECT_EQ(use_of(*found, Clock::now()), Use::fresh);
  EXPECT_EQ(store.find(url(2)), nullptr);
  EXPECT_EQ(store->counts().files, 1U);
  EXPECT_EQ(store->counts().hits, 1U);
  EXPECT_EQ(store->counts().bytes, limits::kDiskUnit);
}

TEST(DiskStore, VariantsAreKeptApartOverARestart) {
  const TestFolder folder;
  const auto variant = [](const char* language) {
    auto out = std::make_shared<StoredAnswer>(*test_answer(language));
    out->vary = {"accept-language"};
    const std::vector<codec::HeaderField> fields{{"Accept-Language", language}};
    out->vary_key = vary_key(out->vary, {.method = "GET", .fields = fields});
    return out;
  };
  {
    const TestStore store{folder.path()};
    store->put(url(1), variant("de"));
    store->put(url(1), variant("fr"));
  }
  const TestStore store{folder.path()};
  const auto ask = [&](const char* language) {
    const std::vector<codec::HeaderField> fields{{"Accept-Language", language}};
    return store.find(url(1), {.method = "GET", .fields = fields});
  };
  EXPECT_EQ(ask("de").answer->body, "de");
  EXPECT_EQ(ask("fr").answer->body, "fr");
  EXPECT_TRUE(ask("en").vary_missed);
}

// A request that comes before the first look is over is answered all the same.
TEST(DiskStore, FindsWhatHasNotBeenLookedAtYet) {
  const TestFolder folder;
  {
    const TestStore store{folder.path()};
    for (int i = 0; i < 300; ++i) store->put(url(i), test_answer(std::to_string(i)));
  }
  const auto store = std::make_shared<DiskStore>(
      DiskRules{.folder = folder.path(), .most_bytes = 1 << 30, .most_files = 1000},
      [](const std::string&) {});
  store->begin();
  TestStore::until([&] { return store->counts().working; });
  net::Loop loop;
  for (int i = 299; i >= 0; --i) {
    const auto found = loop.run(store->find(url(i), {.method = "GET"})).answer;
    ASSERT_TRUE(found) << i;
    EXPECT_EQ(found->body, std::to_string(i));
  }
}

TEST(DiskStore, DamageAtEveryByteIsNeverServed) {
  const TestFolder folder;
  {
    TestStore { folder.path() } -> put(url(1), test_answer("the body of the answer"));
  }
  const auto path = only_file(folder);
  const auto name = std::filesystem::path{path}.filename().string();
  const auto whole = read_file(path);
  const auto opened = DiskFolder::open(folder.path());
  ASSERT_TRUE(opened);
  const auto served = [&](std::string_view bytes) {
    write_file(path, bytes);
    auto file = opened->read(name);
    std::string body;
    return file.found == DiskFolder::Found::whole && DiskFolder::read_body(file, body);
  };
  ASSERT_TRUE(served(whole));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    EXPECT_FALSE(served(damaged)) << at;
    EXPECT_FALSE(served(std::string_view{whole}.substr(0, at))) << at;
  }
  EXPECT_FALSE(served(whole + "x"));
  EXPECT_TRUE(served(whole));
}

TEST(DiskStore, ADamagedFileIsAMissAndRemoved) {
  const TestFolder folder;
  {
    TestStore { folder.path() } -> put(url(1), test_answer("hello"));
  }
  const auto path = only_file(folder);
  auto bytes = read_file(path);
  bytes.back() = '!';  // of the body: the first look reads heads alone
  write_file(path, bytes);
  const TestStore store{folder.path()};
  EXPECT_EQ(store.find(url(1)), nullptr);
  TestStore::until([&] { return folder.files().empty(); });
  EXPECT_EQ(store->counts().damaged, 1U);
  EXPECT_EQ(store->counts().files, 0U);
}

// Under another name even a whole file is nobody's.
TEST(DiskStore, ForeignFilesAreRemovedAndTheirTargetsStay) {
  const TestFolder folder;
  {
    TestStore { folder.path() } -> put(url(1), test_answer("hello"));
  }
  const auto good = only_file(folder);
  const auto secret = folder.path() + "/secret";
  write_file(secret, "secret");
  const auto at = [&](char digit) {
    return folder.answers() + "/00/" + std::string(kNameDigits - 1, '0') + digit;
  };
  std::filesystem::create_directories(folder.answers() + "/00/folder");
  std::filesystem::copy_file(good, at('1'));
  std::filesystem::create_symlink(secret, at('2'));
  std::filesystem::create_symlink(good, at('3'));
  ASSERT_EQ(::mkfifo(at('4').c_str(), 0600), 0);
  write_file(at('5'), "");
  write_file(folder.answers() + "/00/notes.txt", "mine");
  write_file(at('6') + ".part-0123456789abcdef", "half");
  write_file(folder.path() + "/00/keep", "outside");
  const TestStore store{folder.path()};
  TestStore::until([&] { return folder.files().size() == 1; });
  EXPECT_EQ(only_file(folder), good);
  EXPECT_EQ(read_file(secret), "secret");
  EXPECT_EQ(read_file(folder.path() + "/00/keep"), "outside");
  EXPECT_EQ(store.body(url(1)), "hello");
}

TEST(DiskStore, AFolderThatLeadsElsewhereIsNotUsed) {
  const TestFolder folder;
  const TestFolder elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), folder.answers());
  const TestStore store{folder.path()};
  EXPECT_THAT(store.told(), ElementsAre(HasSubstr("answers-1")));
  EXPECT_FALSE(store->put(url(1), test_answer("x")));
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
}

TEST(DiskStore, WhatAnotherProcessWritesNowIsLeftAlone) {
  const TestFolder folder;
  const auto opened = DiskFolder::open(folder.path());
  ASSERT_TRUE(opened);
  const auto name = file_name({.key = url(1)});
  auto part = opened->begin(name);
  ASSERT_TRUE(part);
  {
    const TestStore store{folder.path()};
    EXPECT_THAT(folder.files(), SizeIs(1));
  }
  EXPECT_EQ(part->write("x"), 0);
  EXPECT_EQ(part->commit(name), 0);
}

TEST(DiskStore, LargeBodiesComeInProvedBlocks) {
  const TestFolder folder;
  std::string body(limits::kDiskWhole + limits::kDiskBlock / 2, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i % 26);
  {
    TestStore { folder.path() } -> put(url(1), test_answer(body));
  }
  const auto path = only_file(folder);
  const TestStore store{folder.path()};
  const auto read = [&](std::size_t index) {
    net::Loop loop;
    const auto found = loop.run(store->find(url(1), {.method = "GET"})).answer;
    if (!found || !found->file) return std::optional<std::string>{};
    EXPECT_EQ(found->body_bytes(), body.size());
    return loop.run(found->file->block(index, loop.now() + 10s));
  };
  EXPECT_EQ(read(0), body.substr(0, limits::kDiskBlock));
  EXPECT_EQ(read(4), body.substr(4 * limits::kDiskBlock));
  EXPECT_EQ(read(5), std::nullopt);
}

TEST(DiskStore, ADamagedBlockIsNotGivenAndTheFileGoes) {
  const TestFolder folder;
  {
    TestStore { folder.path() } -> put(url(1), test_answer(std::string(3 << 20, 'x')));
  }
  const auto path = only_file(folder);
  auto bytes = read_file(path);
  bytes[bytes.size() - 10] = 'y';
  write_file(path, bytes);
  const TestStore store{folder.path()};
  net::Loop loop;
  const auto found = loop.run(store->find(url(1), {.method = "GET"})).answer;
  ASSERT_TRUE(found && found->file);
  EXPECT_TRUE(loop.run(found->file->block(0, loop.now() + 10s)));
  EXPECT_FALSE(loop.run(found->file->block(11, loop.now() + 10s)));
  TestStore::until([&] { return folder.files().empty(); });
  EXPECT_EQ(store.find(url(1)), nullptr);
}

TEST(DiskStore, MakesRoomForNewFilesByDroppingTheLongestUnused) {
  const TestFolder folder;
  constexpr std::uint64_t kMost = 20 * limits::kDiskUnit;
  {
    const TestStore store{folder.path(), kMost * 2};
    for (int i = 0; i < 30; ++i) store->put(url(i), test_answer("x"));
    store.settle();
    EXPECT_EQ(store->counts().files, 30U);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(store.body(url(i)), "x");  // in use
    store->use({.folder = folder.path(), .most_bytes = kMost, .most_files = 1000});
    store->put(url(30), test_answer("x"));
    store.settle();
    TestStore::until([&] { return store->counts().evicted == 11; });
    EXPECT_EQ(store->counts().bytes, kMost);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(store.body(url(i)), "x") << i;
  }
  EXPECT_THAT(folder.files(), SizeIs(20));
  const TestStore store{folder.path(), kMost, 7};
  TestStore::until([&] { return store->counts().files == 7; });
  TestStore::until([&] { return folder.files().size() == 7; });
}

TEST(DiskStore, WhatServesFromMemoryIsNotUnused) {
  const TestFolder folder;
  const TestStore disk{folder.path(), 1 << 30, 3};
  CacheStore memory{1 << 20, disk.pointer()};
  memory.put(url(0), test_answer("wanted"));
  disk.settle();
  for (int i = 1; i < 10; ++i) {
    disk->put(url(i), test_answer("x"));
    disk.settle();
  }
  TestStore::until([&] { return disk->counts().files == 3; });
  EXPECT_TRUE(disk->has(file_name({.key = url(0)})));
}

// Visitors make keys as long as URLs may be; the index stays as large as was said.
TEST(DiskStore, LongKeysDoNotFillTheMemory) {
  const TestFolder folder;
  const TestStore store{folder.path(), 1 << 30, 100};  // of 512 bytes each
  for (int i = 0; i < 60; ++i) store->put(url(i) + std::string(10'000, 'k'), test_answer("x"));
  store.settle();
  TestStore::until([&] { return store->counts().files <= 5; });
  EXPECT_GE(store->counts().files, 4U);
}

TEST(DiskStore, AnswersLargerThanTheDiskAreNotWritten) {
  const TestFolder folder;
  const TestStore store{folder.path(), 1 << 20};
  EXPECT_FALSE(store->put(url(1), test_answer(std::string(1 << 20, 'x'))));
  EXPECT_EQ(store->counts().unwritten, 1U);
}

TEST(DiskStore, PurgesReachWhatNobodyHasInMemory) {
  const TestFolder folder;
  {
    const TestStore store{folder.path()};
    store->put("https://a.test/shop/1", test_answer("1", "shoes"));
    store->put("http://a.test/shop/2", test_answer("2", "hats"));
    store->put("https://a.test/", test_answer("3", "shoes"));
    store->put("https://b.test/", test_answer("4"));
  }
  {
    const TestStore disk{folder.path()};
    CacheStore memory{1 << 20, disk.pointer()};
    net::Loop loop;
    // In memory and on the disk: one answer.
    EXPECT_TRUE(loop.run(memory.find_on_disk("https://a.test/", {.method = "GET"})).answer);
    EXPECT_EQ(memory.purge_tag("shoes"), 2U);
    EXPECT_EQ(memory.find("https://a.test/", {.method = "GET"}).answer, nullptr);
    EXPECT_EQ(memory.purge_prefix("a.test/shop/"), 1U);
    EXPECT_EQ(memory.purge_url("https://a.test/"), 0U);
    EXPECT_EQ(disk.body("https://b.test/"), "4");
  }
  EXPECT_THAT(folder.files(), SizeIs(1));
  const TestStore disk{folder.path()};
  EXPECT_EQ(disk.body("https://b.test/"), "4");
  EXPECT_THAT(disk->purge_url("https://b.test/"), SizeIs(1));
  EXPECT_THAT(folder.files(), IsEmpty());
}

// The old and the new process of an upgrade.
TEST(DiskStore, APurgeReachesOtherProcesses) {
  const TestFolder folder;
  const TestStore before{folder.path()};
  CacheStore memory{1 << 20, before.pointer()};
  const TestStore after{folder.path()};
  memory.put(url(1), test_answer("old"));  // nothing that `after` has seen
  before.settle();
  EXPECT_THAT(after->purge_url(url(1)), SizeIs(1));
  EXPECT_THAT(folder.files(), IsEmpty());
  EXPECT_EQ(before.find(url(1)), nullptr);
  TestStore::until([&] { return memory.find(url(1), {.method = "GET"}).answer == nullptr; });
}

TEST(DiskStore, ProcessesSeeEachOthersFiles) {
  const TestFolder folder;
  const TestStore one{folder.path()};
  one->put(url(1), test_answer("one"));
  one.settle();
  const TestStore two{folder.path()};
  EXPECT_EQ(two.body(url(1)), "one");
  two->put(url(1), test_answer("two"));
  two.settle();
  EXPECT_EQ(one.body(url(1)), "two");
  EXPECT_THAT(folder.files(), SizeIs(1));
}

TEST(DiskStore, WhatWasInvalidatedDoesNotComeBack) {
  const TestFolder folder;
  {
    const TestStore store{folder.path()};
    for (int i = 0; i < 50; ++i) {
      store->put(url(1), test_answer("old"));
      store->invalidate(url(1));
      EXPECT_EQ(store.find(url(1)), nullptr);
    }
    store->put(url(2), test_answer("old"));
    store.settle();
    store->invalidate(url(2));
    EXPECT_EQ(store.find(url(2)), nullptr);
    store->put(url(3), test_answer("kept"));
  }
  EXPECT_THAT(folder.files(), SizeIs(1));
}

TEST(DiskStore, ANewerAnswerIsServedBeforeItIsWritten) {
  const TestFolder folder;
  const TestStore store{folder.path()};
  store->put(url(1), test_answer("old"));
  store.settle();
  store->put(url(1), test_answer("new"));
  EXPECT_EQ(store->counts().waiting, 1U);  // once a minute is enough
  EXPECT_EQ(store.body(url(1)), "new");
  store->drain();
  store.settle();
  EXPECT_EQ(store.body(url(1)), "new");
  EXPECT_EQ(store->counts().written, 2U);
  EXPECT_FALSE(store->put(url(2), test_answer("late")));
}

TEST(DiskStore, AFolderThatIsMissingIsToldOnceAndTakenWhenItComes) {
  const TestFolder folder;
  const auto path = folder.path() + "/not/there";
  const TestStore store{path, 1 << 30, 1000, 0s};
  EXPECT_FALSE(store->put(url(1), test_answer("x")));
  EXPECT_EQ(store.find(url(1)), nullptr);
  EXPECT_FALSE(store->counts().working);
  EXPECT_THAT(store.told(), ElementsAre(HasSubstr("No such file or directory")));
  EXPECT_THAT(store->purge_url(url(1)), IsEmpty());
  TestStore::until([&] { return store->counts().errors >= 3; });  // tried again and again
  EXPECT_THAT(store.told(), SizeIs(1));
  std::filesystem::create_directories(path);
  TestStore::until([&] { return store->put(url(1), test_answer("x")); });
  store.settle();
  EXPECT_EQ(store.body(url(1)), "x");
  EXPECT_THAT(store.told(), ElementsAre(HasSubstr("No such"), HasSubstr("works again")));
}

TEST(DiskStore, ADiskThatTakesNoMoreLeavesNothingHalf) {
  const TestFolder folder;
  const TestStore store{folder.path()};
  store->put(url(1), test_answer("small"));
  store.settle();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  store->put(url(2), test_answer(std::string(300'000, 'x')));
  TestStore::until([&] { return !store->counts().working; });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(store.find(url(2)), nullptr);
  EXPECT_EQ(store.body(url(1)), "small");  // what is there serves on
  EXPECT_FALSE(store->put(url(3), test_answer("x")));
  EXPECT_THAT(store.told(), ElementsAre(HasSubstr("File too large")));
  EXPECT_THAT(folder.files(), SizeIs(1));
}

// --- kill -9 ---

std::string told_body(std::uint64_t seed) {
  std::mt19937_64 chance{seed};
  std::string out = std::to_string(seed) + ":";
  out.resize(20 + chance() % (chance() % 8 == 0 ? 1'500'000 : 20'000), '.');
  for (auto& c : std::span{out}.subspan(20)) c = static_cast<char>(chance());
  return out;
}

[[noreturn]] void write_until_killed(const std::string& folder, std::uint64_t seed) {
  const TestStore store{folder, 1 << 30, 50};
  for (std::uint64_t i = seed;; ++i) {
    store->put(url(static_cast<int>(i % 97)), test_answer(told_body(i)));
    if (i % 31 == 0) store->invalidate(url(static_cast<int>(i % 89)));
    if (i % 61 == 0) store->purge_url(url(static_cast<int>(i % 83)));
  }
}

TEST(DiskStore, AKilledWriterLeavesWholeAnswersOnly) {
  const TestFolder folder;
  std::mt19937_64 chance{20261126};
  std::size_t found = 0;
  for (std::uint64_t round = 0; round < 6; ++round) {
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) write_until_killed(folder.path(), round * 1000);
    const std::size_t wait_for = 1 + chance() % 12;  // files, then at some moment
    TestStore::until([&] { return folder.files().size() >= wait_for; });
    for (auto spin = chance() % 2'000'000; spin > 0; --spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);

    const TestStore store{folder.path(), 1 << 30, 50};
    net::Loop loop;
    for (int i = 0; i < 97; ++i) {
      const auto answer = loop.run(store->find(url(i), {.method = "GET"})).answer;
      if (!answer) continue;
      ++found;
      std::string body = answer->body;
      for (std::size_t at = 0; answer->file && at < answer->file->open().blocks(); ++at) {
        body += loop.run(answer->file->block(at, loop.now() + 10s)).value_or("");
      }
      ASSERT_TRUE(body == told_body(std::stoull(body))) << i;
    }
    EXPECT_EQ(store->counts().damaged, 0U);
    for (const auto& path : folder.files()) EXPECT_FALSE(path.contains(".part-")) << path;
  }
  EXPECT_GT(found, 6U);
}

}  // namespace
}  // namespace causeway::edge
