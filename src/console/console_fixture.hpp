// A console without its server: requests in, answers out, on a store of its own. For tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/scratch_folder.hpp"
#include "console/console.hpp"
#include "console/live_runs.hpp"
#include "console/setup_token.hpp"
#include "net/loop.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {

class DeskTest : public ::testing::Test {
 protected:
  DeskTest() {
    auto opened = store::Store::open(folder_ + "/store");
    EXPECT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
    desk_ = std::make_unique<Desk>(*store_, DeskSettings{}, Controls{}, runs_);
  }
  ~DeskTest() override { store_.reset(); }

  struct Answer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields;
    nlohmann::json body;
    std::string text;
    net::HttpReply reply;  // a streamed one goes on

    std::string field(std::string_view name) const {
      for (const auto& [key, value] : fields) {
        if (key == name) return value;
      }
      return {};
    }
  };

  Answer ask(std::string_view method, std::string_view target,
             const nlohmann::json& body = nullptr) {
    const auto mark = target.find('?');
    net::HttpRequest request;
    request.method = method;
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    std::vector<codec::HeaderField> fields;
    if (!cookie_.empty()) fields.push_back({"cookie", cookie_});
    if (!proof_.empty()) fields.push_back({"x-causeway-proof", proof_});
    if (!token_.empty()) fields.push_back({"authorization", token_});
    if (!known_.empty()) fields.push_back({"if-none-match", known_});
    if (!wanted_.empty()) fields.push_back({"if-match", wanted_});
    if (!encodings_.empty()) fields.push_back({"accept-encoding", encodings_});
    if (!body.is_null()) {
      request.body = body.dump();
      fields.push_back({"content-type", type_});
    }
    request.peer = {peer_, 4711};
    if (!forwarded_for_.empty()) fields.push_back({"x-forwarded-for", forwarded_for_});
    if (!forwarded_proto_.empty()) fields.push_back({"x-forwarded-proto", forwarded_proto_});
    request.fields = fields;
    auto reply = answer(*desk_, request);
    Answer out{reply.status, reply.fields, nullptr, reply.body, {}};
    if (out.text.empty()) out.text = reply.fixed;
    out.body = nlohmann::json::parse(out.text, nullptr, false);
    out.reply = std::move(reply);
    return out;
  }

  void keep_session(const Answer& answer) {
    const auto cookie = answer.field("Set-Cookie");
    cookie_ = cookie.substr(0, cookie.find(';'));
    proof_ = answer.body.at("proof");
  }

  void set_up() {
    const auto token = make_setup_token(*store_);
    ASSERT_TRUE(token);
    const auto made = ask("POST", "/api/v1/setup",
                          {{"token", *token}, {"name", "anna"}, {"password", "correct horse"}});
    ASSERT_EQ(made.status, 201) << made.text;
    keep_session(made);
  }

  void watch(const std::string& id, const std::string& outcome, const std::string& address) {
    const WallTime now = wall_now();
    const store::Target target{.id = id,
                               .name = "The " + id,
                               .kind = "http",
                               .subject = "https://" + id + ".example.net/",
                               .team = "shops",
                               .spec = "{}",
                               .created = now - std::chrono::hours{48},
                               .updated = now};
    const store::TargetState state{.target = id,
                                   .outcome = outcome,
                                   .since = now - std::chrono::minutes{10},
                                   .checked = now,
                                   .failure = outcome == "down" ? "connect.refused" : "",
                                   .address = address,
                                   .detail = "<b>hostile</b>",
                                   .elapsed_us = 12'300};
    ASSERT_TRUE(store_->write_now([&](store::Database& database) -> Parsed<bool> {
      auto put = store::put_target(database, target);
      return put ? store::put_state(database, state) : put;
    }));
  }

  void fail(const std::string& id, const std::vector<std::string>& targets) {
    const WallTime now = wall_now();
    const store::Incident incident{.id = id,
                                   .severity = "down",
                                   .title = "shop is down: <script>the port refuses",
                                   .cause = "port.not-listening",
                                   .owner = "you",
                                   .failure = "connect.refused",
                                   .code = 521,
                                   .first_failed = now - std::chrono::minutes{10},
                                   .opened = now - std::chrono::minutes{9},
                                   .updated = now};
    ASSERT_TRUE(store_->write_now([&](store::Database& database) -> Parsed<bool> {
      for (const auto& target : targets) {
        auto put = store::put_member(
            database, {id, target, now - std::chrono::minutes{10}, {}, "connect.refused"});
        if (!put) return put;
      }
      return store::put_incident(database, incident);
    }));
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.make().value();
  std::unique_ptr<store::Store> store_;
  LiveRuns runs_;
  std::unique_ptr<Desk> desk_;
  IpAddress peer_ = IpAddress::v4(0x7f000001);
  std::string forwarded_for_;
  std::string forwarded_proto_;
  std::string cookie_;
  std::string proof_;
  std::string token_;
  std::string known_;
  std::string wanted_;
  std::string encodings_;
  std::string_view type_ = "application/json";
};

// What a streamed answer says until it ends.
inline std::string told_by(const net::HttpReply& reply, std::function<void()> at_first = {}) {
  class Listener : public net::ReplyStream {
   public:
    net::Task<bool> write(std::string_view bytes) override {
      heard += bytes;
      if (auto first = std::exchange(then, {})) first();
      co_return true;
    }
    bool stopping() const override { return false; }
    std::string heard;
    std::function<void()> then;
  } listener;
  listener.then = std::move(at_first);
  net::Loop loop;
  loop.run(reply.stream(listener));
  return listener.heard;
}

}  // namespace causeway::console
