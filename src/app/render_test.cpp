// Every face of every sample against test/golden. After a wanted change:
// CAUSEWAY_GOLDEN=write build/dev/src/app/app_test --gtest_filter='Faces.*', then read the diff.
#include "app/render.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/phrases.hpp"
#include "app/report.hpp"
#include "app/samples.hpp"
#include "base/text.hpp"
#include "model/json.hpp"

namespace causeway::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = "test/golden/" + name;
  const char* mode = std::getenv("CAUSEWAY_GOLDEN");
  if (mode != nullptr && std::string_view{mode} == "write") {
    std::ofstream{path, std::ios::binary} << text;
    return;
  }
  std::ifstream file{path, std::ios::binary};
  ASSERT_TRUE(file) << path << " is missing";
  std::ostringstream want;
  want << file.rdbuf();
  EXPECT_EQ(text, want.str()) << path;
}

Screen plain_screen() { return {80, false, true}; }

TEST(Faces, Text) {
  for (const auto& sample : samples()) {
    expect_golden(sample.name + ".txt", render_text(sample.diagnosis, plain_screen()));
  }
}

TEST(Faces, TextWithoutSymbols) {
  const Screen ascii{80, false, false};
  for (const auto& sample : samples()) {
    const auto text = render_text(sample.diagnosis, ascii);
    for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << sample.name;
  }
}

TEST(Faces, Plain) {
  for (const auto& sample : samples()) {
    expect_golden(sample.name + ".plain", render_plain(sample.diagnosis));
  }
}

TEST(Faces, Json) {
  for (const auto& sample : samples()) {
    expect_golden(sample.name + ".json", model::to_json(sample.diagnosis));
  }
}

TEST(Faces, Html) {
  for (const auto& sample : samples()) {
    expect_golden(sample.name + ".html", render_html(sample.diagnosis));
  }
}

TEST(Faces, Junit) {
  for (const auto& sample : samples()) {
    expect_golden(sample.name + ".xml", render_junit(sample.diagnosis));
  }
}

TEST(Faces, Nagios) {
  for (const auto& sample : samples()) {
    expect_golden(sample.name + ".nagios", render_nagios(sample.diagnosis));
  }
}

TEST(Faces, TextKeepsToItsWidth) {
  for (const auto& sample : samples()) {
    const auto text = render_text(sample.diagnosis, plain_screen());
    for (const auto line : split(text, '\n')) {
      const bool copied = line.starts_with("     ") || line.find("http") != line.npos;
      if (!copied) EXPECT_LE(columns(line), 80U) << sample.name << ": " << line;
    }
  }
}

TEST(Faces, ColourChangesNothingButColour) {
  for (const auto& sample : samples()) {
    const auto coloured = render_text(sample.diagnosis, {80, true, true});
    std::string bare;
    for (std::size_t i = 0; i < coloured.size(); ++i) {
      if (coloured[i] == '\x1b') {
        i = coloured.find('m', i);
      } else {
        bare += coloured[i];
      }
    }
    EXPECT_NE(coloured, bare);
    EXPECT_EQ(bare, render_text(sample.diagnosis, plain_screen()));
  }
}

TEST(Faces, StrangersCannotBreakAFace) {
  const auto hostile = samples().back().diagnosis;
  for (const auto& text : {render_text(hostile, plain_screen()), render_plain(hostile),
                           render_html(hostile), render_junit(hostile), render_nagios(hostile)}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
    EXPECT_THAT(text, Not(HasSubstr("\xff")));
    EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
  }
  for (const auto& text : {render_html(hostile), render_junit(hostile)}) {
    EXPECT_THAT(text, Not(HasSubstr("<script")));
    EXPECT_THAT(text, Not(HasSubstr("]]>")));
  }
  const std::string nagios = render_nagios(hostile);
  EXPECT_EQ(std::ranges::count(nagios, '|'), 1);
}

TEST(Faces, ExitCodes) {
  model::Verdict verdict;
  const auto codes = [&](model::State state) {
    verdict.state = state;
    return std::pair{exit_code(verdict), nagios_exit_code(verdict)};
  };
  EXPECT_EQ(codes(model::State::ok), std::pair(0, 0));
  EXPECT_EQ(codes(model::State::degraded), std::pair(1, 1));
  EXPECT_EQ(codes(model::State::failing), std::pair(1, 2));
  EXPECT_EQ(codes(model::State::undetermined), std::pair(3, 3));
}

TEST(Faces, TheBreakIsDrawnWhereTheFailureIs) {
  const auto marks = [](model::Stage stage, model::FailureId failure) {
    model::Diagnosis diagnosis;
    model::Attempt attempt;
    attempt.address = IpAddress::v4(0xcb00710a);
    attempt.stages = {{model::Stage::resolve, model::Outcome::ok, {}, {}, ""},
                      {stage, model::Outcome::failed, failure, {}, ""}};
    if (stage == model::Stage::resolve) attempt.stages.erase(attempt.stages.begin());
    diagnosis.attempts = {attempt};
    diagnosis.verdict.failure = failure;
    constexpr std::string_view kLetters = "gbwu-";
    std::string out;
    const auto ways = strips(diagnosis);
    for (const auto& station : ways.at(0).stations) {
      out += kLetters.at(static_cast<std::size_t>(station.mark));
    }
    return out;
  };
  EXPECT_EQ(marks(model::Stage::route, model::FailureId::route_no_local_route), "b---");
  EXPECT_EQ(marks(model::Stage::resolve, model::FailureId::resolve_not_found), "gb--");
  EXPECT_EQ(marks(model::Stage::route, model::FailureId::route_net_unreachable), "ggb-");
  EXPECT_EQ(marks(model::Stage::connect, model::FailureId::connect_silent), "gguu");
  EXPECT_EQ(marks(model::Stage::connect, model::FailureId::connect_refused), "gggb");
  EXPECT_EQ(marks(model::Stage::exchange, model::FailureId::http_closed), "gggb");
}

}  // namespace
}  // namespace causeway::app
