#include "edge/admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "edge/disk_fixture.hpp"
#include "edge/edge_fixture.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

using testing::HasSubstr;

class AdminUnderTest {
 public:
  explicit AdminUnderTest(Admin admin, Operated operated = {}) : operated_(std::move(operated)) {
    Story story;
    story.status = 521;
    story.failure = model::FailureId::connect_refused;
    story.attempts.push_back({.origin = "o", .address = {}, .failure = {}, .because = {}});
    metrics_.add(story, story.arrived + std::chrono::milliseconds{3});
    admin.address = Endpoint{IpAddress::v4(0x7f000001), 0};
    auto opened = open_admin(
        admin, [this] { return std::vector<const Metrics*>{&metrics_}; },
        [this] { return operated_; });
    if (!opened) throw std::runtime_error(opened.error().text);
    service_ = std::move(*opened);
    std::promise<net::Loop*> ready;
    thread_ = std::thread{[this, &ready] {
      net::Loop loop;
      ready.set_value(&loop);
      loop.run(service_->serve());
      over_.get_future().wait();  // until nobody touches the loop any more
    }};
    loop_ = ready.get_future().get();
  }
  AdminUnderTest(const AdminUnderTest&) = delete;
  AdminUnderTest& operator=(const AdminUnderTest&) = delete;
  ~AdminUnderTest() {
    loop_->interrupt();
    over_.set_value();
    thread_.join();
  }

  Endpoint endpoint() const { return service_->endpoint(); }

  std::string ask(std::string_view path, std::string_view more = {}) const {
    TestVisitor visitor{service_->endpoint()};
    visitor.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" +
                 std::string{more} + "\r\n");
    return visitor.read_all();
  }

 private:
  Metrics metrics_;
  Operated operated_;
  std::unique_ptr<net::HttpService> service_;
  std::promise<void> over_;
  std::thread thread_;
  net::Loop* loop_ = nullptr;
};

TEST(Admin, ServesWhatWasCounted) {
  const AdminUnderTest admin{Admin{}};
  const std::string answer = admin.ask("/metrics");
  EXPECT_THAT(answer, HasSubstr("causeway_edge_requests_total{code=\"521\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("causeway_edge_failures_total{failure=\"connect.refused\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("causeway_edge_request_seconds_bucket{le=\"0.005\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("causeway_edge_request_seconds_count 1\n"));
  EXPECT_EQ(status_of(admin.ask("/healthz")), 200);
  EXPECT_EQ(status_of(admin.ask("/other")), 404);
}

// Another process holds the folder: a purge waits for it, and nobody else does.
TEST(Admin, APurgeThatWaitsForTheDiskHoldsNobodyUp) {
  const TestFolder folder;
  const TestStore disk{folder.path()};
  Operated operated{.cache = std::make_shared<CacheStore>(1 << 20, disk.pointer())};
  operated.cache->put("https://www.test/", test_answer("hello"));
  disk.settle();
  const AdminUnderTest admin{Admin{}, operated};
  const auto other = DiskFolder::open(folder.path());
  ASSERT_TRUE(other);
  TestVisitor operator_who_purges{admin.endpoint()};
  {
    const DiskFolder::Lock held{*other, true};
    operator_who_purges.send("POST /.causeway/purge?all HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(status_of(admin.ask("/healthz")), 200);
    EXPECT_THAT(admin.ask("/metrics"), HasSubstr("causeway_edge_cache_disk_entries 1\n"));
  }
  EXPECT_THAT(operator_who_purges.read_answer(), HasSubstr("{\"purged\": 1}"));
}

TEST(Admin, ATokenMustBeRight) {
  const std::string file = testing::TempDir() + "causeway-token-" + std::to_string(::getpid());
  std::ofstream{file} << "secret\n";
  {
    const AdminUnderTest admin{Admin{.address = {}, .token_file = file}};
    EXPECT_EQ(status_of(admin.ask("/healthz")), 403);
    EXPECT_EQ(status_of(admin.ask("/healthz", "Authorization: Bearer secre\r\n")), 403);
    EXPECT_EQ(status_of(admin.ask("/healthz", "Authorization: Bearer secret\r\n")), 200);
  }
  std::ofstream{file} << "";
  EXPECT_FALSE(open_admin({.address = Endpoint{}, .token_file = file}, {}));
  ::unlink(file.c_str());
}

}  // namespace
}  // namespace causeway::edge
