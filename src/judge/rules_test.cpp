// The rules built in: complete, and true to the closed lists they ask for.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/text.hpp"
#include "judge/comparisons.hpp"
#include "judge/examine.hpp"
#include "judge/rulebook.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

std::string wrong(std::string_view text) {
  const EmbeddedFile file{"rules/test.rules", text};
  const auto read = read_rules(std::span{&file, 1});
  return read ? std::string{} : read.error().text;
}

TEST(Rules, EveryFailureHasAChapter) {
  for (const auto& row : model::failure_rows()) {
    const Chapter* chapter = rulebook().chapter(row.id);
    ASSERT_NE(chapter, nullptr) << row.id;
    if (row.failure == model::FailureId::cancelled) continue;
    EXPECT_FALSE(chapter->candidates.empty()) << row.id;
  }
}

TEST(Rules, EveryConcernHasAChapter) {
  for (const auto& concern : rulebook().concerns) {
    ASSERT_NE(rulebook().chapter(concern.name), nullptr) << concern.name;
    EXPECT_FALSE(rulebook().chapter(concern.name)->candidates.empty()) << concern.name;
  }
}

TEST(Rules, EveryChapterEndsWithASentenceForAllCases) {
  for (const auto& [name, chapter] : rulebook().chapters) {
    ASSERT_FALSE(chapter.sayings.empty()) << name;
    const auto plain = std::ranges::find_if(
        chapter.sayings, [](const Saying& saying) { return !saying.sign.has_value(); });
    EXPECT_NE(plain, chapter.sayings.end()) << name;
  }
}

TEST(Rules, EveryCauseIsACandidateOfSomething) {
  std::set<model::CauseId> named;
  for (const auto& [name, chapter] : rulebook().chapters) {
    for (const auto& candidate : chapter.candidates) named.insert(candidate.cause);
  }
  for (const auto& row : model::cause_rows()) {
    if (row.cause == model::CauseId::unknown) continue;
    EXPECT_TRUE(named.contains(row.cause)) << row.id;
  }
}

// A cause that can never show as a failure's code has no place in its chapter.
TEST(Rules, FactorsPointTheWayTheySay) {
  for (const auto& [name, chapter] : rulebook().chapters) {
    for (const auto& candidate : chapter.candidates) {
      EXPECT_GT(candidate.prior, 0) << candidate.where;
      for (const auto& weight : candidate.weights) {
        if (weight.effect == Effect::more || weight.effect == Effect::proof) {
          EXPECT_GT(weight.if_yes, 1) << candidate.where;
        }
        if (weight.effect == Effect::less) {
          EXPECT_LT(weight.if_yes, 1) << candidate.where;
        }
      }
    }
  }
}

void for_each_term(const std::function<void(const Sign&, const Term&)>& look) {
  for (const auto& sign : rulebook().signs) {
    for (const auto& units : sign.alternatives) {
      for (const auto& unit : units) {
        if (const auto* term = std::get_if<Term>(&unit.what)) look(sign, *term);
      }
    }
  }
}

// The values that a meaning such as "open | refused | silent (with a remark)" lists.
std::set<std::string> listed(std::string_view meaning) {
  std::set<std::string> out;
  if (!meaning.contains(" | ")) return out;
  for (auto part : split(meaning, '|')) {
    part = trim(part.substr(0, part.find_first_of(",(")));
    out.insert(std::string{part.substr(0, part.find(' '))});
  }
  return out;
}

TEST(Rules, OnlyListedValuesAreAskedFor) {
  for_each_term([](const Sign& sign, const Term& term) {
    for (const auto* conditions : {&term.chosen, &term.holds}) {
      for (const auto& condition : *conditions) {
        const bool exact =
            condition.compare == Compare::equal || condition.compare == Compare::unequal;
        const auto* field = model::row(term.kind).field(condition.field);
        const auto values = listed(field->meaning);
        if (!exact || values.empty() || field->type != model::ValueType::text) continue;
        for (const auto& value : condition.values) {
          EXPECT_TRUE(values.contains(value)) << sign.where << ": " << model::name(term.kind) << "."
                                              << condition.field << "=" << value;
        }
      }
    }
  });
}

TEST(Rules, OnlyMadeComparisonsAreAskedFor) {
  for_each_term([](const Sign& sign, const Term& term) {
    if (term.kind != Kind::compare) return;
    const auto what = std::ranges::find(term.chosen, "what", &Condition::field);
    ASSERT_NE(what, term.chosen.end()) << sign.where << ": compare without what";
    const auto row =
        std::ranges::find(comparison_rows(), what->values.front(), &ComparisonRow::what);
    ASSERT_NE(row, comparison_rows().end()) << sign.where << ": " << what->values.front();
    std::set<std::string> results;
    for (const auto result : split(row->results, ' ')) results.insert(std::string{result});
    for (const auto& condition : term.holds) {
      if (condition.field != "result") continue;
      for (const auto& value : condition.values) {
        EXPECT_TRUE(results.contains(value)) << sign.where << ": " << row->what << " " << value;
      }
    }
  });
}

TEST(Rules, EveryComparisonIsUsed) {
  std::set<std::string> used;
  for_each_term([&](const Sign&, const Term& term) {
    if (term.kind != Kind::compare) return;
    used.insert(term.chosen.front().values.front());
  });
  for (const auto& row : comparison_rows()) {
    EXPECT_TRUE(used.contains(std::string{row.what})) << row.what;
  }
}

TEST(Rules, EverySignIsUsed) {
  std::set<SignIndex> used{rulebook().notes.begin(), rulebook().notes.end()};
  for (const auto& concern : rulebook().concerns) used.insert(concern.sign);
  for (const auto& excuse : rulebook().excuses) used.insert(excuse.sign);
  for (const auto& own : rulebook().own) used.insert(own.sign);
  for (const auto& finding : rulebook().findings) used.insert(finding.sign);
  for (const auto& sign : rulebook().signs) {
    for (const auto& units : sign.alternatives) {
      for (const auto& unit : units) {
        if (const auto* other = std::get_if<SignIndex>(&unit.what)) used.insert(*other);
      }
    }
  }
  for (const auto& [name, chapter] : rulebook().chapters) {
    for (const auto& saying : chapter.sayings) {
      if (saying.sign) used.insert(*saying.sign);
    }
    for (const auto& doubt : chapter.doubts) used.insert(doubt.sign);
    for (const auto& candidate : chapter.candidates) {
      for (const auto& weight : candidate.weights) used.insert(weight.sign);
      for (const auto& attribute : candidate.attributes) {
        if (attribute.sign) used.insert(*attribute.sign);
      }
    }
  }
  for (SignIndex i = 0; i < rulebook().signs.size(); ++i) {
    EXPECT_TRUE(used.contains(i)) << rulebook().signs[i].where << ": " << rulebook().signs[i].name;
  }
}

// Fields of the observations a sign looks at, through the signs it is made of.
std::set<std::string> fields_of(SignIndex index) {
  std::set<std::string> out;
  for (const auto& units : rulebook().signs.at(index).alternatives) {
    for (const auto& unit : units) {
      if (const auto* other = std::get_if<SignIndex>(&unit.what)) {
        out.merge(fields_of(*other));
      } else {
        for (const auto& field : model::row(std::get<Term>(unit.what).kind).fields) {
          out.insert(std::string{field.name});
        }
      }
    }
  }
  return out;
}

void expect_fillable(std::string_view text, const std::set<std::string>& fields,
                     const std::string& where) {
  while (true) {
    const auto open = text.find('{');
    if (open == std::string_view::npos) return;
    const auto close = text.find('}', open);
    ASSERT_NE(close, std::string_view::npos) << where;
    const std::string name{text.substr(open + 1, close - open - 1)};
    EXPECT_TRUE(is_focus_field(name) || fields.contains(name)) << where << ": {" << name << "}";
    text.remove_prefix(close + 1);
  }
}

TEST(Rules, SentencesCanBeFilledIn) {
  for (SignIndex i = 0; i < rulebook().signs.size(); ++i) {
    const Sign& sign = rulebook().signs[i];
    expect_fillable(sign.sentence, fields_of(i), sign.where);
    expect_fillable(sign.else_sentence, fields_of(i), sign.where);
  }
  for (const auto& [name, chapter] : rulebook().chapters) {
    for (const auto& saying : chapter.sayings) {
      const auto fields = saying.sign ? fields_of(*saying.sign) : std::set<std::string>{};
      expect_fillable(saying.text, fields, name + ": " + saying.text);
    }
  }
}

TEST(Rules, MistakesAreRefusedWithTheirLine) {
  EXPECT_EQ(wrong("sign a \"x\"\n  ping outcome=reply\n"), "");
  EXPECT_THAT(wrong("nonsense\n"), testing::StartsWith("rules/test.rules:1: expected sign"));
  EXPECT_THAT(wrong("sign ping \"x\"\n"), testing::HasSubstr("is a kind of observation"));
  EXPECT_THAT(wrong("sign a \"x\n"), testing::HasSubstr("not closed"));
  EXPECT_THAT(wrong("sign\n"), testing::HasSubstr("expected: sign NAME"));
  EXPECT_THAT(wrong("sign a\n  ping outcom=reply\n"), testing::HasSubstr("nearest is 'outcome'"));
  EXPECT_THAT(wrong("sign a\n  pong outcome=reply\n"), testing::HasSubstr("'pong' is no kind"));
  EXPECT_THAT(wrong("sign a\n  ping outcome\n"), testing::HasSubstr("expected field=value"));
  EXPECT_THAT(wrong("sign a\n  ping sent!3\n"), testing::HasSubstr("expected '=' after '!'"));
  EXPECT_THAT(wrong("sign a\n  not\n"), testing::HasSubstr("expected an observation's kind"));
  EXPECT_THAT(wrong("sign a\n  else\n"), testing::HasSubstr("expected: else"));
  EXPECT_THAT(wrong("sign a\n  b\n"), testing::HasSubstr("unknown sign 'b'; nearest is 'a'"));
  EXPECT_THAT(wrong("sign a\n"), testing::HasSubstr("says nothing"));
  EXPECT_THAT(wrong("sign a\n  ping\nsign a\n"), testing::HasSubstr("already at"));
  EXPECT_THAT(wrong("sign a\n  b\nsign b\n  a\n"), testing::HasSubstr("depends on itself"));
  EXPECT_THAT(wrong("  ping\n"), testing::HasSubstr("belongs to nothing"));
  EXPECT_THAT(wrong("group g =\n"), testing::HasSubstr("expected: group"));
  EXPECT_THAT(wrong("for\n"), testing::HasSubstr("expected: for"));
  EXPECT_THAT(wrong("for no.such\n"), testing::HasSubstr("neither failure nor concern"));
  EXPECT_THAT(wrong("excuse a\n"), testing::HasSubstr("expected: excuse"));
  EXPECT_THAT(wrong("excuse a if b\n"), testing::HasSubstr("'a' is no failure"));
  EXPECT_THAT(wrong("concern\n"), testing::HasSubstr("expected: concern NAME"));
  EXPECT_THAT(wrong("concern a\nconcern a\n"), testing::HasSubstr("there twice"));
  EXPECT_THAT(wrong("concern a\n  shows b\n"), testing::HasSubstr("'b' is no failure"));
  EXPECT_THAT(wrong("concern a\n  state ok\n"), testing::HasSubstr("expected: state"));
}

TEST(Rules, MistakesInsideAChapterAreRefused) {
  const auto chapter = [](std::string_view line) {
    return wrong(fmt::format("sign s\n  ping\nfor internal\n  cause none 1\n  {}\n", line));
  };
  EXPECT_EQ(chapter("more s x2 else x0.5"), "");
  EXPECT_THAT(chapter("perhaps"), testing::HasSubstr("expected cause, more, less"));
  EXPECT_THAT(chapter("more"), testing::HasSubstr("a sign's name is missing"));
  EXPECT_THAT(chapter("more s"), testing::HasSubstr("expected: SIGN x3"));
  EXPECT_THAT(chapter("more s y"), testing::HasSubstr("expected a factor"));
  EXPECT_THAT(chapter("more s x2 else y"), testing::HasSubstr("expected a factor"));
  EXPECT_THAT(chapter("out s x2"), testing::HasSubstr("expected only a sign's name"));
  EXPECT_THAT(chapter("attribute colour=red"), testing::HasSubstr("scope, agent or where"));
  EXPECT_THAT(chapter("attribute scope"), testing::HasSubstr("expected: attribute"));
  EXPECT_THAT(chapter("say a b"), testing::HasSubstr("expected: say"));
  EXPECT_THAT(chapter("other x"), testing::HasSubstr("expected a factor"));
  EXPECT_THAT(chapter("doubt s x"), testing::HasSubstr("expected a factor"));
  EXPECT_THAT(chapter("cause no.such 1"), testing::HasSubstr("is no cause"));
  EXPECT_THAT(chapter("cause none"), testing::HasSubstr("expected: cause"));
  EXPECT_THAT(chapter("cause unknown x"), testing::HasSubstr("expected a factor"));
  EXPECT_THAT(chapter("cause none 2"), testing::HasSubstr("already a candidate"));
}

}  // namespace
}  // namespace causeway::judge
