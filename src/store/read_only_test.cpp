// A store on a disk, or in a folder, that cannot be written: it can still be checked and copied.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scratch_folder.hpp"
#include "store/backup.hpp"
#include "store/store.hpp"

namespace causeway::store {
namespace {

constexpr uid_t kNobody = 65534;

// Modes do not hold back root: as nobody, and as it was at the end.
class AsNobody {
 public:
  AsNobody() : was_(::geteuid()) {
    if (was_ == 0) good_ = ::seteuid(kNobody) == 0;
  }
  ~AsNobody() {
    if (::seteuid(was_) != 0) ADD_FAILURE() << "cannot be root again";
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  bool good() const { return good_; }

 private:
  uid_t was_;
  bool good_ = true;
};

TEST(ReadOnlyStore, IsCheckedAndCopied) {
  ScratchFolder scratch;
  ScratchFolder other;
  const std::string folder = *scratch.make();
  const std::string out = *other.make();
  const std::string path = folder + "/what %41?.db";
  {
    auto store = Store::open(path);
    ASSERT_TRUE(store) << store.error().text;
  }
  ::chmod(path.c_str(), 0444);
  ::chmod(folder.c_str(), 0555);
  ::chmod(out.c_str(), 0777);
  {
    const AsNobody nobody;
    if (nobody.good()) {
      const auto checked = check(path);
      EXPECT_TRUE(checked) << checked.error().text;
      if (checked) EXPECT_EQ(checked->damage, "");
      const auto copied = backup(path, out + "/copy.db");
      EXPECT_TRUE(copied) << copied.error().text;
    }
  }
  ::chmod(folder.c_str(), 0755);
}

}  // namespace
}  // namespace causeway::store
