// What logs tell, counted by kind; and what follows from lines of the last minutes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <tuple>

#include "inspect/analyzers.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/server_config.hpp"
#include "inspect/services.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

// A line older than this may tell of another trouble than the one of now.
constexpr auto kFresh = std::chrono::minutes{10};

struct Told {
  std::string_view what;  // of the log
  std::string_view fact;
  std::string_view value;
};
constexpr std::array kTold{
    Told{"files", "files", "exhausted"},        Told{"memory", "memory", "oom-kill"},
    Told{"worker-limit", "load", "high"},       Told{"crash", "process", "crashed"},
    Told{"backend-timeout", "backend", "hung"}, Told{"backend-refused", "backend", "down"},
    Told{"backend-closed", "backend", "cuts"},  Told{"rate-limited", "requests", "limited"},
    Told{"table-full", "conntrack", "full"},    Told{"disk", "disk", "full"},
};

struct Group {
  int count = 0;
  const LogLine* first = nullptr;
  const LogLine* last = nullptr;
};

// As a word: "nginx[812]:", "(php-fpm8.2)", not the end of "mynginx".
bool names_program(std::string_view text, std::string_view program) {
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (auto at = text.find(program); at != text.npos; at = text.find(program, at + 1)) {
    const auto after = at + program.size();
    const bool begins = at == 0 || (!letter(text[at - 1]) && text[at - 1] != '-');
    const bool ends =
        after >= text.size() || !std::isalpha(static_cast<unsigned char>(text[after]));
    if (begins && ends) return true;
  }
  return false;
}

bool names_server(std::string_view text, bool web_alone) {
  return std::ranges::any_of(service_rows(), [&](const ServiceRow& row) {
    if (row.role == "container" || (web_alone && row.role != "web")) return false;
    return std::ranges::any_of(row.programs, [&](std::string_view program) {
      return !program.empty() && names_program(text, program);
    });
  });
}

// As nginx, lighttpd and Apache write of the application they hand requests to.
bool of_an_application(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords{"upstream", "gw_backend", "AH0"};
  return std::ranges::any_of(kWords, [&](auto word) { return text.contains(word); });
}

// Logs that every program of the machine writes to.
bool is_shared(std::string_view source) {
  constexpr std::array<std::string_view, 5> kShared{"journal", "syslog", "messages", "kern.log",
                                                    "daemon.log"};
  return std::ranges::any_of(kShared, [&](auto name) { return source.ends_with(name); });
}

// Many programs crash, are refused or run out of something; here only servers matter.
bool concerns_a_server(const LogLine& line) {
  const bool of_backend = line.what.starts_with("backend-");
  if (of_backend && !of_an_application(line.text)) return false;
  if (line.what == "table-full") return true;
  if (!is_shared(line.source) && line.what != "memory") return true;
  return names_server(line.text, of_backend || line.what == "rate-limited");
}

// Whose log it is: the service that writes there; nothing where it is everybody's.
class Writers {
 public:
  explicit Writers(const View& view) : view_(view) {
    for (const auto& [file, dump] : view.snapshot.dumps) {
      if (!file.starts_with("config-")) continue;
      auto server = std::string_view{file}.substr(7);
      server = server.substr(0, server.find_first_of("-."));
      for (const auto& one : read_directives(dump.text)) {
        const bool log =
            one.name == "error_log" || one.name == "errorlog" || one.name == "server.errorlog";
        if (log && !one.values.empty()) named_.emplace(one.values[0], server);
      }
    }
  }

  std::string_view of(std::string_view source) const {
    struct Usual {
      std::string_view part;
      std::string_view service;
    };
    constexpr std::array kUsual{Usual{"/nginx", "nginx"},         Usual{"/apache", "apache"},
                                Usual{"/httpd", "apache"},        Usual{"/lighttpd", "lighttpd"},
                                Usual{"/haproxy", "haproxy"},     Usual{"/lsws", "litespeed"},
                                Usual{"/caddy", "caddy"},         Usual{"/php", "php-fpm"},
                                Usual{"/mysql", "mysql"},         Usual{"/mariadb", "mysql"},
                                Usual{"/postgres", "postgresql"}, Usual{"/redis", "redis"}};
    if (const auto at = named_.find(source); at != named_.end()) return at->second;
    for (const auto& one : kUsual) {
      if (source.contains(one.part)) return one.service;
    }
    return {};
  }

  // In a network of its own as well: a container may write to the host's logs.
  bool runs(std::string_view service) const {
    if (service.empty() || !view_.snapshot.was_read("processes.txt")) return true;
    return std::ranges::any_of(
        view_.processes, [service](const Process& one) { return service_of(one.name) == service; });
  }

 private:
  const View& view_;
  std::map<std::string, std::string, std::less<>> named_;
};

bool seen_now(const Notes& notes, const auto& is) { return std::ranges::any_of(notes.all(), is); }

// What is so now is seen by itself, and an old line does not stand against it. Empty: nothing
// speaks against the line.
std::string_view against(const LogLine& line, std::string_view writer, Duration age,
                         const Notes& notes) {
  // An application that hangs takes connections all the same, for as long as its queue has room.
  constexpr auto kHangs = std::chrono::minutes{2};
  const auto fact = [&](std::string_view what, std::string_view value) {
    return seen_now(notes, [&](const model::Observation& one) {
      return one.kind == Kind::fact && one.text("what") == what && one.text("value") == value;
    });
  };
  const bool listens = seen_now(notes, [&](const model::Observation& one) {
    return one.kind == Kind::backend && one.text("outcome") == "listens" &&
           (writer.empty() || one.text("server") == writer);
  });
  if (line.what == "backend-refused" && listens) return "the application accepts connections now";
  if (line.what == "backend-timeout" && listens && age > kHangs) {
    return "the application accepts connections now";
  }
  if (line.what == "table-full" && fact("conntrack", "ok")) return "the table has room now";
  if (line.what == "files" && !fact("files", "exhausted") &&
      seen_now(notes, [&](const model::Observation& one) {
        return one.kind == Kind::service && one.text("name") == writer && one.has("files_most") &&
               one.integer("files") * 2 < one.integer("files_most");
      })) {
    return "it has descriptors to spare now";
  }
  return {};
}

void conclude(const LogLine& line, const Told& told, std::string_view against, Notes& notes,
              const std::string& id) {
  if (!against.empty()) {
    notes.fact("note", told.fact, {id})
        .set("detail",
             fmt::format("{} at {}: {}; {}", line.source, rfc3339(*line.at), line.text, against));
    return;
  }
  auto& fact = notes.fact(told.fact, told.value, {id});
  fact.set("detail", fmt::format("{}: {}", line.source, line.text));
  if (line.of_edge) fact.set("in_edge", true);
}

}  // namespace

void analyze_logs(const View& view, Notes& notes) {
  auto lines = read_log_lines(view.snapshot.text("logs.txt"));
  const auto journal = read_log_lines(view.snapshot.text("journal.txt"));
  lines.insert(lines.end(), journal.begin(), journal.end());
  const Writers writers{view};
  // What concerns the edge itself is counted by itself.
  std::map<std::tuple<std::string_view, std::string_view, bool>, Group> groups;
  for (const auto& line : lines) {
    auto& group = groups[{line.source, line.what, line.of_edge && line.what == "rate-limited"}];
    ++group.count;
    if (group.first == nullptr) group.first = &line;
    group.last = &line;
  }
  for (const auto& [key, group] : groups) {
    const auto& last = *group.last;
    const auto age = last.at ? view.snapshot.at - *last.at : Duration::max();
    auto& out = notes.saw(Kind::log_entry, last.source);
    out.set("source", last.source).set("what", last.what).set("count", group.count);
    if (group.first->at) out.set("first", rfc3339(*group.first->at));
    if (last.at) out.set("last", rfc3339(*last.at)).set("recent", age < view.question.since);
    out.set("text", last.text);
    const auto told = std::ranges::find(kTold, last.what, &Told::what);
    if (age >= kFresh || told == kTold.end() || !concerns_a_server(last)) continue;
    const auto writer = writers.of(last.source);
    if (!writers.runs(writer)) continue;
    conclude(last, *told, against(last, writer, age, notes), notes, std::string{out.id});
  }
}

}  // namespace causeway::inspect
