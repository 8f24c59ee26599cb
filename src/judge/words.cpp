#include "judge/words.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "judge/lines.hpp"

namespace causeway::judge {
namespace {

using Done = Parsed<bool>;

void append(std::string& text, std::string_view more) {
  if (!text.empty()) text += ' ';
  text += more;
}

class Reader {
 public:
  Parsed<Words> read(std::span<const EmbeddedFile> files);

 private:
  Done open(const Line& line);
  Done inside(const Line& line);
  Done inside_cause(const Line& line, std::string_view key, std::string_view rest);
  Done read_command(const Line& line, std::string_view key, std::string_view rest);

  Words words_;
  CauseWords* cause_ = nullptr;
  std::string* failure_ = nullptr;
  model::Step* step_ = nullptr;  // the settles or fix that `run` belongs to
  model::Fix* fix_ = nullptr;
};

std::string_view after_first_word(const Line& line) {
  const auto at = line.text.find_first_of(" \t");
  return at == std::string_view::npos ? std::string_view{} : trim(line.text.substr(at));
}

Done Reader::open(const Line& line) {
  cause_ = nullptr;
  failure_ = nullptr;
  step_ = nullptr;
  fix_ = nullptr;
  if (line.words.size() != 2) return error_at(line, "expected: cause ID or failure ID");
  const auto& word = line.words[0];
  const auto& name = line.words[1];
  bool added = true;
  if (word == "cause") {
    const auto cause = model::cause_named(name);
    if (!cause) return error_at(line, fmt::format("'{}' is no cause", name));
    added = !words_.causes.contains(*cause);
    cause_ = &words_.causes[*cause];
  } else if (word == "failure") {
    const auto failure = model::failure_named(name);
    if (!failure) return error_at(line, fmt::format("'{}' is no failure", name));
    added = !words_.failures.contains(*failure);
    failure_ = &words_.failures[*failure];
  } else {
    return error_at(line, fmt::format("expected cause or failure, not '{}'", word));
  }
  if (!added) return error_at(line, fmt::format("'{}' is there twice", name));
  return true;
}

Done Reader::read_command(const Line& line, std::string_view key, std::string_view rest) {
  if (key == "run") {
    if (step_ != nullptr) {
      step_->command = rest;
      return true;
    }
    if (fix_ != nullptr) {
      fix_->command = rest;
      return true;
    }
  }
  if (fix_ != nullptr && key == "undo") {
    fix_->undo = rest;
    return true;
  }
  if (fix_ != nullptr && key == "verify") {
    fix_->verify = rest;
    return true;
  }
  return error_at(line, fmt::format("'{}' belongs to nothing above it", key));
}

Done Reader::inside_cause(const Line& line, std::string_view key, std::string_view rest) {
  if (key == "title") {
    cause_->title = rest;
  } else if (key == "explain") {
    append(cause_->explanation, rest);
  } else if (key == "settle") {
    cause_->settles.push_back({.text = std::string{rest}, .command = {}});
    step_ = &cause_->settles.back();
    fix_ = nullptr;
  } else if (key == "fix") {
    // "fix nginx: text" is for nginx; "fix text" for everybody.
    const auto colon = rest.find(": ");
    const auto head = rest.substr(0, colon);
    const bool system = colon != std::string_view::npos && head.find(' ') == std::string_view::npos;
    SystemFix out{.system = system ? lower(head) : "", .fix = {}};
    out.fix.text = rest;
    cause_->fixes.push_back(std::move(out));
    fix_ = &cause_->fixes.back().fix;
    step_ = nullptr;
  } else {
    return read_command(line, key, rest);
  }
  return true;
}

Done Reader::inside(const Line& line) {
  const std::string_view key = line.text.substr(0, line.text.find_first_of(" \t"));
  const auto rest = after_first_word(line);
  if (rest.empty()) return error_at(line, fmt::format("nothing follows '{}'", key));
  if (cause_ != nullptr) return inside_cause(line, key, rest);
  if (failure_ != nullptr && key == "explain") {
    append(*failure_, rest);
    return true;
  }
  return error_at(line, fmt::format("'{}' belongs to nothing above it", key));
}

Parsed<Words> Reader::read(std::span<const EmbeddedFile> files) {
  for (const auto& file : files) {
    if (!file.name.ends_with(".words")) continue;
    for (const auto& line : read_plain_lines(file.text, file.name)) {
      const auto done = line.indented ? inside(line) : open(line);
      if (!done) return std::unexpected(done.error());
    }
  }
  return std::move(words_);
}

}  // namespace

Parsed<Words> read_words(std::span<const EmbeddedFile> files) { return Reader{}.read(files); }

const Words& words() {
  static const Words all = [] {
    auto read = read_words(embedded_files());
    if (!read) {
      fmt::print(stderr, "causeway: internal error: {}\n", read.error().text);
      std::abort();
    }
    return std::move(*read);
  }();
  return all;
}

const CauseWords& cause_words(model::CauseId cause) {
  static const CauseWords nothing;
  const auto at = words().causes.find(cause);
  return at == words().causes.end() ? nothing : at->second;
}

std::string_view failure_explanation(model::FailureId failure) {
  const auto at = words().failures.find(failure);
  return at == words().failures.end() ? std::string_view{} : std::string_view{at->second};
}

}  // namespace causeway::judge
