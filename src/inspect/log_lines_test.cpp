#include "inspect/log_lines.hpp"

#include <gmock/gmock.h>

namespace causeway::inspect {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Known {
  const char* line;
  const char* what;
  const char* at;
};

// Lines of real programs: nginx 1.22, Apache 2.4.62, PHP-FPM 8.2, MariaDB 10.11, the kernel.
constexpr Known kLines[]{
    {"2026/11/25 18:00:01 [crit] 31#31: accept4() failed (24: Too many open files)", "files",
     "2026-11-25T18:00:01.000Z"},
    {"2026/11/25 18:00:02 [error] 9#9: *1 connect() failed (111: Connection refused) while "
     "connecting to upstream, client: 198.51.100.10, server: _, request: \"GET /?key=1 HTTP/1.1\", "
     "upstream: \"http://127.0.0.1:9000/\"",
     "backend-refused", "2026-11-25T18:00:02.000Z"},
    {"2026/11/25 18:00:03 [error] 9#9: *3 upstream timed out (110: Connection timed out) while "
     "reading response header from upstream",
     "backend-timeout", "2026-11-25T18:00:03.000Z"},
    {"2026/11/25 18:00:04 [alert] 8#8: worker process 12 exited on signal 9", "crash",
     "2026-11-25T18:00:04.000Z"},
    {"2026/11/25 18:00:05 [alert] 9#9: 20 worker_connections are not enough", "worker-limit",
     "2026-11-25T18:00:05.000Z"},
    {"[Wed Nov 25 18:00:06.123456 2026] [mpm_prefork:error] [pid 7] AH00161: server reached "
     "MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting",
     "worker-limit", "2026-11-25T18:00:06.000Z"},
    {"[25-Nov-2026 18:00:07] WARNING: [pool www] server reached pm.max_children setting (5)",
     "worker-limit", "2026-11-25T18:00:07.000Z"},
    {"2026-11-25T20:00:08.5+02:00 host kernel: Out of memory: Killed process 12 (mysqld)", "memory",
     "2026-11-25T18:00:08.000Z"},
    {"2026-11-25 18:00:09 0 [ERROR] mariadbd: Disk full (/tmp/#sql); No space left on device",
     "disk", "2026-11-25T18:00:09.000Z"},
    {"2026/11/25 18:00:10 [notice] 8#8: worker process 12 exited with code 0", "", nullptr},
};

TEST(LogLines, KindAndTime) {
  for (const auto& known : kLines) {
    EXPECT_EQ(trouble_in(known.line), known.what) << known.line;
    const auto at = time_in(known.line, 0);
    if (known.at != nullptr) {
      ASSERT_TRUE(at) << known.line;
      EXPECT_EQ(rfc3339(*at), known.at);
    }
  }
}

TEST(LogLines, AZoneThatIsNotWrittenIsTheMachines) {
  EXPECT_EQ(rfc3339(*time_in("2026/11/25 18:00:01 [crit] x", 3600)), "2026-11-25T17:00:01.000Z");
  EXPECT_FALSE(time_in("2026/13/45 99:00:01 [crit] x", 0));
  EXPECT_FALSE(time_in("", 0));
}

TEST(LogLines, NothingOfVisitorsOrSecretsIsKept) {
  const auto text = safe_text(kLines[1].line);
  EXPECT_EQ(text.find("198.51.100.10"), std::string::npos) << text;
  EXPECT_EQ(text.find("key=1"), std::string::npos) << text;
  EXPECT_EQ(safe_text("[client 203.0.113.9:4711] AH01630: client denied"),
            "[client (address)] AH01630: client denied");
  for (const char* line :
       {"login with password: HUNTER2", "Authorization: Bearer HUNTER2.abc",
        "mysql://root:HUNTER2@db/x", "connect to \"https://user:HUNTER2@db.example.net/\" failed",
        "access_key=HUNTER2 refused", "PGPASSWORD=HUNTER2 psql"}) {
    EXPECT_THAT(safe_text(line), Not(HasSubstr("HUNTER2"))) << line;
  }
  for (const char* line : {"9.8.7.6:1234; too many open files", "from=9.8.7.6, refused",
                           "peer \"9.8.7.6\" <9.8.7.6> ([2001:db8::9]:443)"}) {
    EXPECT_THAT(safe_text(line), Not(HasSubstr("9.8.7.6"))) << line;
    EXPECT_THAT(safe_text(line), Not(HasSubstr("2001:db8"))) << line;
  }
  EXPECT_THAT(safe_text("connect() to 127.0.0.1:9000 failed"), HasSubstr("127.0.0.1:9000"));
  EXPECT_EQ(safe_text("login password=hunter2 failed for 203.0.113.9"),
            "login (left out) failed for (address)");
}

TEST(LogLines, WrittenAndReadAgain) {
  const LogLine one{"/var/log/nginx/error.log", "files",
                    parse_rfc3339("2026-11-25T18:00:01Z").value(), "accept4() failed"};
  EXPECT_THAT(read_log_lines(write_log_line(one)), ::testing::ElementsAre(one));
}

}  // namespace
}  // namespace causeway::inspect
