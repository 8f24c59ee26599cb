// What the readers of other monitors' files share: inside of watch/import.hpp.
#pragma once

#include <fmt/format.h>

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "config/node.hpp"
#include "watch/import.hpp"

namespace causeway::watch {

class ImportReader {
 public:
  ImportReader(Imported& into, std::string file) : into_(into), file_(std::move(file)) {}

  void note(const config::Node& at, const std::string& about, std::string_view text) {
    into_.notes.push_back(fmt::format("{}:{}:{}: {}: {}", file_, at.place.line, at.place.column,
                                      about.empty() ? "a target" : about, text));
  }
  // With an id of its own, which is returned; a target that cannot be used becomes a note, and has
  // none.
  std::string add(const config::Node& at, Target target);
  // A heartbeat's: whoever called the other monitor must call here.
  void note_beats(const config::Node& at, const std::string& about, const std::string& id,
                  std::string_view was);
  // Of each member of `table` that is set and is none of `read`.
  void note_others(const config::Node& at, const config::Node& table, const std::string& about,
                   std::span<const std::string_view> read);

 private:
  Imported& into_;
  std::string file_;
};

// Members of a table that somebody else wrote; what is of another type counts as absent.
std::string text_in(const config::Node& table, std::string_view key);  // numbers as text, too
std::int64_t whole_in(const config::Node& table, std::string_view key, std::int64_t otherwise);
bool truth_in(const config::Node& table, std::string_view key, bool otherwise);  // 0 and 1, too
const config::Node* table_in(const config::Node& table, std::string_view key);
const std::vector<config::Node>& list_in(const config::Node& table, std::string_view key);
// "1m30s", "5m", "500ms": Go's durations; or plain seconds. Zero: there is none.
Duration span_in(const config::Node& table, std::string_view key);

void read_kuma(const config::Node& root, ImportReader& out);
void read_gatus(const config::Node& root, ImportReader& out);
// `modules`: of blackbox_exporter's own file; null when it was not given.
void read_prometheus(const config::Node& root, const config::Node* modules, ImportReader& out);

}  // namespace causeway::watch
