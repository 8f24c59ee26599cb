#include "net/blocking_threads.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include "net/loop.hpp"

namespace causeway::net {
namespace {

// Threads asked for meanwhile get a stack that no address space has room for: as with the limit of
// processes reached, none can be made.
class NoMoreThreads {
 public:
  NoMoreThreads() {
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 48U);
    EXPECT_EQ(::pthread_setattr_default_np(&huge), 0);
    ::pthread_attr_destroy(&huge);
  }
  NoMoreThreads(const NoMoreThreads&) = delete;
  NoMoreThreads& operator=(const NoMoreThreads&) = delete;
  ~NoMoreThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_{};
};

bool works(Loop& loop, BlockingThreads& threads) {
  return loop.run(threads.run([] {}, Clock::now() + std::chrono::seconds{5}));
}

TEST(BlockingThreads, WithoutAThreadNothingIsPromised) {
  Loop loop;
  BlockingThreads threads{2, 4};
  {
    const NoMoreThreads now;
    EXPECT_FALSE(works(loop, threads));
  }
  EXPECT_TRUE(works(loop, threads));
}

TEST(BlockingThreads, TheOnesThereAreDoWhatNoOtherCan) {
  Loop loop;
  BlockingThreads threads{2, 4};
  EXPECT_TRUE(works(loop, threads));
  const NoMoreThreads now;
  EXPECT_TRUE(works(loop, threads));
}

}  // namespace
}  // namespace causeway::net
