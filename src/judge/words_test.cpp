#include "judge/words.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/text.hpp"
#include "judge/examine.hpp"

namespace causeway::judge {
namespace {

using model::CauseId;

// Placeholders in `text` that nobody fills in.
std::vector<std::string> unknown_placeholders(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const auto open = text.find('{');
    if (open == std::string_view::npos) return out;
    const bool of_curl = open > 0 && text[open - 1] == '%';  // curl -w '%{size_download}'
    text.remove_prefix(open + 1);
    if (of_curl) continue;
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (end == std::string_view::npos || end == 0 || text[end] != '}') continue;
    const auto name = text.substr(0, end);
    if (!is_focus_field(name)) out.emplace_back(name);
  }
}

TEST(Words, EveryCauseIsExplained) {
  for (const auto& row : model::cause_rows()) {
    const CauseWords& words = cause_words(row.cause);
    EXPECT_FALSE(words.title.empty()) << row.id;
    EXPECT_GE(words.explanation.size(), 80U) << row.id;
    EXPECT_LE(words.explanation.size(), 700U) << row.id;
    EXPECT_FALSE(words.settles.empty()) << row.id;
    const bool is_cause = row.cause != CauseId::none && row.cause != CauseId::unknown;
    EXPECT_EQ(is_cause, !words.fixes.empty()) << row.id;
  }
}

TEST(Words, EveryFailureIsExplained) {
  for (const auto& row : model::failure_rows()) {
    EXPECT_FALSE(failure_explanation(row.failure).empty()) << row.id;
  }
}

TEST(Words, PlaceholdersAreKnown) {
  for (const auto& [cause, words] : words().causes) {
    std::string all = words.title + words.explanation;
    for (const auto& step : words.settles) all += step.text + step.command;
    for (const auto& [system, fix] : words.fixes) {
      all += fix.text + fix.command + fix.undo + fix.verify;
    }
    EXPECT_EQ(unknown_placeholders(all), std::vector<std::string>{}) << model::name(cause);
  }
}

// Whoever changes something must be told how to take it back.
TEST(Words, WhatChangesCanBeUndone) {
  const std::set<std::string_view> changing{"ufw allow",  "iptables -I", "iptables -A",
                                            "nft insert", "nft add",     "sysctl -w",
                                            "a2ensite",   "a2enmod",     "ip route replace"};
  for (const auto& [cause, words] : words().causes) {
    for (const auto& [system, fix] : words.fixes) {
      for (const auto& change : changing) {
        if (!fix.command.contains(change)) continue;
        EXPECT_FALSE(fix.undo.empty()) << model::name(cause) << ": " << fix.command;
      }
    }
  }
}

// The edge's lists end without a new line: two in one go join the last range to the first.
TEST(Words, TheEdgesListsAreNotJoined) {
  for (const auto& [cause, words] : words().causes) {
    for (const auto& [system, fix] : words.fixes) {
      for (const auto* command : {&fix.command, &fix.undo}) {
        EXPECT_FALSE(command->contains("ips-v4 https:")) << model::name(cause) << ": " << *command;
      }
      // Who asks is one of the edge's addresses at best: an exception for it alone lets nobody in.
      EXPECT_FALSE(fix.text.contains("ranges") && fix.command.contains("saddr '{ {source}"))
          << model::name(cause) << ": " << fix.command;
    }
  }
}

TEST(Words, SystemsAreNamedWhereAFixIsForOne) {
  const auto& drop = cause_words(CauseId::firewall_drop);
  std::set<std::string> systems;
  for (const auto& [system, fix] : drop.fixes) systems.insert(system);
  for (const auto* name : {"ufw", "firewalld", "nft", "iptables", "csf", "docker"}) {
    EXPECT_TRUE(systems.contains(name)) << name;
  }
}

TEST(Words, MistakesAreRefusedWithTheirLine) {
  const auto wrong = [](std::string_view text) {
    const EmbeddedFile file{"words/test.words", text};
    const auto read = read_words(std::span{&file, 1});
    return read ? std::string{} : read.error().text;
  };
  EXPECT_EQ(wrong("cause none\n  title Fine\n"), "");
  EXPECT_EQ(wrong("cause no.such\n"), "words/test.words:1: 'no.such' is no cause");
  EXPECT_EQ(wrong("failure no.such\n"), "words/test.words:1: 'no.such' is no failure");
  EXPECT_EQ(wrong("cause none\ncause none\n"), "words/test.words:2: 'none' is there twice");
  EXPECT_EQ(wrong("thing none\n"), "words/test.words:1: expected cause or failure, not 'thing'");
  EXPECT_EQ(wrong("cause\n"), "words/test.words:1: expected: cause ID or failure ID");
  EXPECT_EQ(wrong("cause none\n  run x\n"),
            "words/test.words:2: 'run' belongs to nothing above it");
  EXPECT_EQ(wrong("cause none\n  title\n"), "words/test.words:2: nothing follows 'title'");
  EXPECT_EQ(wrong("failure internal\n  title x\n"),
            "words/test.words:2: 'title' belongs to nothing above it");
}

TEST(Words, AFixKnowsItsSystemAndItsCommands) {
  const EmbeddedFile file{"words/test.words",
                          "# comment\n"
                          "cause none\n"
                          "  settle Look\n"
                          "    run look # with care\n"
                          "  fix nginx: do it\n"
                          "    run do it\n"
                          "    undo take back\n"
                          "    verify see\n"
                          "  fix Do it by hand: slowly\n"};
  const auto read = read_words(std::span{&file, 1});
  ASSERT_TRUE(read) << read.error().text;
  const auto& words = read->causes.at(CauseId::none);
  ASSERT_EQ(words.fixes.size(), 2U);
  EXPECT_EQ(words.settles.at(0).command, "look # with care");
  EXPECT_EQ(words.fixes[0].system, "nginx");
  EXPECT_EQ(words.fixes[0].fix.undo, "take back");
  EXPECT_EQ(words.fixes[0].fix.verify, "see");
  EXPECT_EQ(words.fixes[1].system, "");
}

}  // namespace
}  // namespace causeway::judge
