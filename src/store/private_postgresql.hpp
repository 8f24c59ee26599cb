// Tests only: a PostgreSQL server of one's own in a temporary folder, reached by a socket in it.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "store/database.hpp"

namespace causeway::store {

class PrivatePostgresql {
 public:
  PrivatePostgresql() : owner_(::getpid()) {
    char name[] = "/tmp/causeway-postgresql-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    const std::string initialised = run(fmt::format(
        "{}/initdb -D {}/data -U causeway -A trust -N --no-locale -E UTF8", programs(), folder_));
    const std::string started =
        run(fmt::format("{}/pg_ctl -D {}/data -w -t 60 -l {}/log -o \"-c listen_addresses='' -c "
                        "unix_socket_directories={} -c fsync=off\" start",
                        programs(), folder_, folder_, folder_));
    if (!initialised.empty()) problem_ = "initdb: " + initialised;
    if (problem_.empty() && !started.empty()) problem_ = "pg_ctl: " + started;
  }
  ~PrivatePostgresql() {
    if (::getpid() != owner_) return;
    run(fmt::format("{}/pg_ctl -D {}/data -m immediate -w stop", programs(), folder_));
    std::filesystem::remove_all(folder_);
  }
  PrivatePostgresql(const PrivatePostgresql&) = delete;
  PrivatePostgresql& operator=(const PrivatePostgresql&) = delete;

  const std::string& problem() const { return problem_; }

  // A new, empty database.
  std::string fresh() {
    const std::string database = fmt::format("d{}_{}", ::getpid(), ++made_);
    auto admin = open_postgresql(address("postgres"), Access::write);
    if (admin) {
      if (const auto made = (*admin)->script("CREATE DATABASE " + database); !made) {
        problem_ = made.error().text;
      }
    }
    return address(database);
  }

  void restart() {
    run(fmt::format("{}/pg_ctl -D {}/data -w -m immediate restart", programs(), folder_));
  }

 private:
  std::string address(const std::string& database) const {
    return fmt::format("postgresql:///{}?host={}&user=causeway", database, folder_);
  }

  static std::string programs() {
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
      if (std::filesystem::exists(version.path() / "bin/initdb")) {
        return (version.path() / "bin").string();
      }
    }
    return "/usr/lib/postgresql/none/bin";
  }

  // Empty when it went well. PostgreSQL does not run as root.
  std::string run(const std::string& command) const {
    const std::string out = folder_ + "/out";
    const std::string as =
        ::geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
    const int status =
        std::system(fmt::format("cd /tmp && {}{} >{} 2>&1 </dev/null", as, command, out).c_str());
    if (status == 0) return {};
    std::ifstream file{out};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    return fmt::format("status {}: {}", status, text);
  }

  int owner_;
  std::string folder_;
  std::string problem_;
  int made_ = 0;
};

// One for the whole test program.
inline PrivatePostgresql& private_postgresql() {
  static PrivatePostgresql server;
  return server;
}

}  // namespace causeway::store
