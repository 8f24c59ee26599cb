#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "app/command.hpp"
#include "app/read_file.hpp"
#include "app/reference_pages.hpp"
#include "base/limits.hpp"

namespace causeway::app {
namespace {

struct Flags {
  std::string folder;
  bool check = false;
};

bool write_file(const std::string& path, std::string_view text) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

int run(const Flags& flags) {
  int stale = 0;
  for (const auto& page : reference_pages()) {
    const std::string path = flags.folder + "/" + page.path;
    const auto there = read_file(path, limits::kDocumentBytes);
    if (there && *there == page.text) continue;
    ++stale;
    if (flags.check) {
      fmt::print(stderr, "causeway docs: {} is not up to date; run 'make docs'\n", path);
    } else if (!write_file(path, page.text)) {
      return wrong_use("docs", fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
    } else {
      print(fmt::format("wrote {}\n", path));
    }
  }
  return flags.check && stale > 0 ? kProblem : kFine;
}

}  // namespace

// Hidden: for whoever works on the lists, not for whoever uses the program.
Command add_docs(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("docs", "Write the reference pages into a folder");
  app->group("");
  app->footer("Examples:\n  causeway docs docs\n  causeway docs --check docs");
  app->add_option("folder", flags->folder, "where the pages belong")
      ->option_text("DIR")
      ->required();
  app->add_flag("--check", flags->check, "write nothing; exit 1 when a page is not up to date");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace causeway::app
