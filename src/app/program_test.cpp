// The command tree: what every command must have, and what is made of it.
#include "app/program.hpp"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

#include "app/command_shape.hpp"
#include "app/completion.hpp"
#include "app/man_page.hpp"
#include "app/screen.hpp"

namespace causeway::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CommandShape program() {
  const CommandTree tree;
  return shape_of(*tree.root);
}

int run(std::vector<std::string> words) {
  words.insert(words.begin(), "causeway");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  return run_program(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Program, EveryCommandHasExamplesAndMeanings) {
  const auto shape = program();
  for (const auto* command : all_commands(shape)) {
    EXPECT_FALSE(command->summary.empty()) << command->name;
    EXPECT_THAT(command->footer, HasSubstr("Examples:\n  ")) << command->name;
    for (const auto& flag : command->flags) {
      EXPECT_FALSE(flag.meaning.empty()) << command->name << " " << flag.names.front();
    }
  }
}

TEST(Program, ExitCodes) {
  EXPECT_EQ(run({"version"}), kFine);
  EXPECT_EQ(run({"--version"}), kFine);
  EXPECT_EQ(run({"diagnose", "--help"}), kFine);
  EXPECT_EQ(run({"explain", "523"}), kFine);
  EXPECT_EQ(run({}), kWrongUse);
  EXPECT_EQ(run({"diagnos"}), kWrongUse);
  EXPECT_EQ(run({"diagnose"}), kWrongUse);
  EXPECT_EQ(run({"diagnose", "--quik", "example.net"}), kWrongUse);
  EXPECT_EQ(run({"diagnose", "ftp://example.net"}), kWrongUse);
  EXPECT_EQ(run({"diagnose", "a.example", "b.example"}), kWrongUse);
  EXPECT_EQ(run({"explain", "firewall.dorp"}), kWrongUse);
  EXPECT_EQ(run({"completion", "tcsh"}), kWrongUse);
  EXPECT_EQ(run({"lab", "run"}), kWrongUse);
  EXPECT_EQ(run({"man", "diagnos"}), kWrongUse);
  EXPECT_EQ(run({"console", "--store", "/nowhere/watch.db"}), kWrongUse);
}

TEST(Program, HelpShowsTheWholeCommand) {
  ::testing::internal::CaptureStdout();
  run({"lab", "run", "--help"});
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("Usage: causeway lab run "));
}

TEST(Program, AMistypedWordIsAnsweredWithTheNearest) {
  ::testing::internal::CaptureStderr();
  run({"diagnos"});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("did you mean 'diagnose'?"));
  ::testing::internal::CaptureStderr();
  run({"diagnose", "--orign", "203.0.113.10"});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("did you mean '--origin'?"));
}

TEST(Program, CompletionKnowsEveryFlag) {
  const auto shape = program();
  for (const auto& script :
       {bash_completion(shape), zsh_completion(shape), fish_completion(shape)}) {
    EXPECT_THAT(script, HasSubstr("via-edge"));
    EXPECT_THAT(script, HasSubstr("strict full flexible"));
    EXPECT_THAT(script, Not(HasSubstr("%COMMAND%")));
    EXPECT_THAT(script, Not(HasSubstr("docs"))) << "hidden";
  }
}

TEST(Program, ManualPagesEscapeWhatTroffReads) {
  const auto shape = program();
  for (const auto* command : all_commands(shape)) {
    const auto page = man_page(*command, shape);
    EXPECT_THAT(page, HasSubstr(".SH SYNOPSIS"));
    EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS"));
    EXPECT_THAT(page, Not(HasSubstr("--"))) << "hyphens are escaped";
  }
}

TEST(Screen, MeasuresColumns) {
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("✓ é"), 3U);
  EXPECT_EQ(columns("日本"), 4U);
  EXPECT_EQ(columns("\x1b[31mred\x1b[0m"), 3U);
  EXPECT_EQ(padded("é", 3), "é  ");
}

TEST(Screen, WrapsAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("incomprehensible", 7), (std::vector<std::string>{"incomprehensible"}));
  EXPECT_EQ(wrapped("", 7), (std::vector<std::string>{""}));
  EXPECT_EQ(hanging("- ", "one two three four five six", 22), "- one two three four\n  five six\n");
}

}  // namespace
}  // namespace causeway::app
