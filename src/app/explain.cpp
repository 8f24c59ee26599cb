#include "app/explain.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/command.hpp"
#include "app/explain_line.hpp"
#include "app/explain_logs.hpp"
#include "app/phrases.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "explain/userinfo.hpp"
#include "judge/words.hpp"
#include "model/cause.hpp"
#include "model/code.hpp"
#include "model/failure.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kCandidatesShown = 12;

void add(Explanation& to, std::string_view label, std::string_view text) {
  if (!text.empty()) to.passages.push_back({std::string{label}, {std::string{text}}, false});
}

bool shows_code(const model::CauseRow& row, int code) {
  const std::string number = fmt::format("{}", code);
  return std::ranges::any_of(split(row.codes, ' '),
                             [&](std::string_view each) { return each == number; });
}

Passage causes_of(int code, std::string label) {
  Passage out{std::move(label), {}, false};
  for (const auto& row : model::cause_rows()) {
    if (shows_code(row, code)) out.paragraphs.push_back(fmt::format("{}: {}", row.id, row.title));
  }
  return out;
}

Explanation of_code(const model::CodeRow& row) {
  Explanation out{"code", fmt::format("{}", row.code), std::string{row.title}, {}};
  add(out, "What happens", row.meaning);
  add(out, "How it differs", row.differs);
  add(out, "Is it temporary?", row.temporary);
  add(out, "First step", row.first_step);
  Passage failures{"Failures that show it", {}, false};
  for (const auto& failure : model::failure_rows()) {
    if (failure.code != row.code && failure.subcode != row.code) continue;
    failures.paragraphs.push_back(fmt::format("{}: {}", failure.id, failure.sentence));
  }
  if (!failures.paragraphs.empty()) out.passages.push_back(std::move(failures));
  auto causes = causes_of(row.code, "Causes that can show it");
  if (!causes.paragraphs.empty()) out.passages.push_back(std::move(causes));
  return out;
}

std::string_view retry_phrase(model::Retry retry) {
  switch (retry) {
    case model::Retry::never: return "An edge does not try again: it would fail the same way.";
    case model::Retry::other_address: return "An edge tries the origin's other addresses.";
    case model::Retry::if_safe:
      return "An edge may try again when nothing was sent or the request is idempotent.";
    case model::Retry::if_reused:
      return "An edge tries once more when the connection had been used before.";
  }
  std::unreachable();
}

Explanation of_failure(const model::FailureRow& row) {
  Explanation out{"failure", std::string{row.id}, std::string{row.sentence}, {}};
  add(out, "What is seen", judge::failure_explanation(row.failure));
  add(out, "Stage", row.stage == model::Stage::any ? "any" : name(row.stage));
  const int code = row.subcode != 0 ? row.subcode : row.code;
  if (row.code == 0) {
    add(out, "What a visitor sees", "The origin's own status, as it is.");
  } else {
    std::string shown = fmt::format("{} {}", row.code, model::code_title(row.code));
    if (row.subcode != 0)
      shown += fmt::format(", with {} {}", row.subcode, model::code_title(row.subcode));
    add(out, "What a visitor sees", shown);
  }
  add(out, "Proxy-Status (RFC 9209)", row.proxy_status);
  add(out, "Another try", retry_phrase(row.retry));
  if (code != 0) {
    auto causes = causes_of(code, fmt::format("Causes that can show {}", code));
    if (!causes.paragraphs.empty()) out.passages.push_back(std::move(causes));
  }
  return out;
}

void add_command(Explanation& to, std::string_view label, std::string_view command) {
  if (command.empty()) return;
  to.passages.push_back({std::string{label}, {without_case(command)}, true});
}

void add_steps(Explanation& to, const judge::CauseWords& words) {
  for (const auto& step : words.settles) {
    add(to, "To be sure", without_case(step.text));
    add_command(to, "", step.command);
  }
  for (const auto& each : words.fixes) {
    add(to, "Fix", without_case(each.fix.text));
    add_command(to, "run", each.fix.command);
    add_command(to, "undo", each.fix.undo);
    add_command(to, "verify", each.fix.verify);
  }
}

Explanation of_cause(const model::CauseRow& row) {
  Explanation out{"cause", std::string{row.id}, std::string{row.title}, {}};
  const auto& words = judge::cause_words(row.cause);
  add(out, "What happens", without_case(words.explanation));
  add(out, "Who must act", owner_phrase(row.owner));
  std::string codes;
  for (const auto each : split(row.codes, ' ')) {
    int code = 0;
    std::from_chars(each.data(), each.data() + each.size(), code);
    const auto title = model::code_title(code);
    if (!each.empty()) codes += fmt::format("{}{} {}", codes.empty() ? "" : "; ", each, title);
  }
  add(out, "Codes it can show as", codes);
  add_steps(out, words);
  return out;
}

std::vector<std::string> all_words() {
  std::vector<std::string> out;
  for (const auto& row : model::code_rows()) out.push_back(fmt::format("{}", row.code));
  for (const auto& row : model::failure_rows()) out.emplace_back(row.id);
  for (const auto& row : model::cause_rows()) out.emplace_back(row.id);
  return out;
}

// Hyphen, underscore and dot are easily mixed up.
std::string alike(std::string_view word) {
  std::string out = lower(word);
  std::ranges::replace_if(out, [](char c) { return c == '_' || c == '.'; }, '-');
  return out;
}

std::unexpected<Error> unknown(std::string_view word) {
  if (word.contains('/') && !word.contains(' '))
    return error(
        fmt::format("there is no file '{}'", printable(explain::without_userinfo(word), 120)));
  if (word.contains(' ')) {
    return error(fmt::format(
        "'{}' is no line of a log that is known, or says nothing about the way to an origin; "
        "expected nginx, Apache, HAProxy, Envoy, Caddy, Traefik, Cloudflare or causeway edge",
        printable(explain::without_userinfo(word), 60)));
  }
  const auto words = all_words();
  std::vector<std::string> near;
  for (const auto& each : words) {
    if (near.size() == kCandidatesShown) break;
    if (word.size() >= 3 && contains_ignoring_case(alike(each), alike(word))) near.push_back(each);
  }
  const std::string nearest_word = nearest(lower(word), words);
  if (near.empty() && !nearest_word.empty()) near.push_back(nearest_word);
  return error(fmt::format(
      "'{}' is not known; {}", printable(word, 60),
      near.empty() ? "expected a code (523), a failure (connect.refused) or a cause (firewall.drop)"
                   : fmt::format("did you mean {}?", join(near, ", "))));
}

std::string commands_text(const Passage& passage, const Screen& screen) {
  std::string out;
  std::string_view label = passage.label;
  for (const auto line : split(passage.paragraphs.front(), '\n')) {
    out += fmt::format("    {}{}\n",
                       screen.paint(Tone::dim, padded(label, passage.label.empty() ? 0 : 8)),
                       screen.paint(Tone::accent, line));
    label = "";
  }
  return out;
}

bool is_file(const std::string& word) { return word == "-" || ::access(word.c_str(), F_OK) == 0; }

int run(const LogFlags& flags) {
  const bool logs = flags.follow || std::ranges::any_of(flags.files, is_file);
  if (!logs && flags.files.size() == 1) {
    for (const auto& [flag, given] :
         {std::pair{"--since", &flags.since}, std::pair{"--until", &flags.until},
          std::pair{"--zone", &flags.zone}}) {
      if (given->empty()) continue;
      return wrong_use(
          "explain",
          fmt::format("{} is about a whole log, and '{}' is no file; leave it out, or "
                      "name a log",
                      flag, printable(explain::without_userinfo(flags.files.front()), 80)));
    }
    const auto found = explain(flags.files.front());
    if (!found) return wrong_use("explain", found.error().text);
    print(flags.format == "json" ? explanation_json(*found)
                                 : explanation_text(*found, screen_of_stdout(flags.no_color)));
    return kFine;
  }
  return explain_logs(flags);
}

}  // namespace

std::string without_case(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto close = text.find('}');
    const bool place =
        text.front() == '{' && close != std::string_view::npos && close > 1 &&
        std::ranges::all_of(text.substr(1, close - 1), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!place) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    for (const char c : text.substr(1, close - 1)) out += static_cast<char>(c - 'a' + 'A');
    text.remove_prefix(close + 1);
  }
  return out;
}

Parsed<Explanation> explain(std::string_view word) {
  const std::string_view trimmed = trim(word);
  int code = 0;
  const auto [end, failed] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), code);
  if (failed == std::errc{} && end == trimmed.data() + trimmed.size()) {
    if (const model::CodeRow* row = model::code_row(code)) return of_code(*row);
  }
  if (const auto failure = model::failure_named(trimmed)) return of_failure(model::row(*failure));
  if (const auto cause = model::cause_named(trimmed)) return of_cause(model::row(*cause));
  if (auto line = explain_line(trimmed)) return std::move(*line);
  return unknown(trimmed);
}

std::string explanation_text(const Explanation& explanation, const Screen& screen) {
  std::string out = screen.paint(Tone::accent, explanation.id) + "  " +
                    screen.paint(Tone::strong, explanation.title) + "\n";
  std::string_view before;
  for (const auto& passage : explanation.passages) {
    if (passage.command) {
      out += commands_text(passage, screen);
      continue;
    }
    if (passage.label != before) {
      out += "\n" + screen.paint(Tone::strong, passage.label) + "\n";
    }
    before = passage.label;
    const bool list = passage.paragraphs.size() > 1 || passage.label == "Fix";
    for (const auto& paragraph : passage.paragraphs) {
      out += hanging(list ? fmt::format("  {} ", screen.glyph("•", "*")) : "  ", paragraph,
                     screen.width);
    }
  }
  return out;
}

std::string explanation_json(const Explanation& explanation) {
  nlohmann::ordered_json passages = nlohmann::ordered_json::array();
  for (const auto& passage : explanation.passages) {
    passages.push_back({{"label", passage.label},
                        {"paragraphs", passage.paragraphs},
                        {"command", passage.command}});
  }
  const nlohmann::ordered_json out{{"schema", "causeway.explanation/1"},
                                   {"kind", explanation.kind},
                                   {"id", explanation.id},
                                   {"title", explanation.title},
                                   {"passages", std::move(passages)}};
  return out.dump(2) + "\n";
}

Command add_explain(CLI::App& root) {
  auto flags = std::make_shared<LogFlags>();
  CLI::App* app = root.add_subcommand(
      "explain", "Explain a code, a failure, a cause, a log line or a whole log");
  app->footer(
      "Examples:\n"
      "  causeway explain 523\n"
      "  causeway explain firewall.drop --format json\n"
      "  causeway explain 'sC--'              HAProxy's termination state; also UF,URX of Envoy\n"
      "  causeway explain /var/log/nginx/error.log /var/log/nginx/access.log.2.gz\n"
      "  causeway explain haproxy.log --since 2h\n"
      "  journalctl -u caddy -o cat | causeway explain -\n"
      "  causeway explain --follow /var/log/nginx/error.log\n\n"
      "Logs: nginx, Apache, HAProxy, Envoy, Caddy, Traefik, Cloudflare (Logpush, GraphQL),\n"
      "causeway edge; plain, gzip or zstd. Exit codes for a log: 0 nothing failed,\n"
      "1 something did, 2 wrong use, 3 no line was understood, or nothing failed but the log\n"
      "could not be read to its end (cut off, damaged, interrupted).");
  app->add_option("word", flags->files,
                  "a code (520-530, 1000 ...), a failure id, a cause id, a log line in quotation "
                  "marks, or files of logs (- is standard input)")
      ->option_text("CODE|FAILURE|CAUSE|LINE|FILE...|-")
      ->required();
  app->add_option("--since", flags->since, "leave out what is older: a time, or how long ago")
      ->option_text("TIME|2h");
  app->add_option("--until", flags->until, "leave out what is newer")->option_text("TIME|2h");
  app->add_option("--zone", flags->zone, "zone of times that name none (default UTC)")
      ->option_text("+02:00");
  app->add_flag("--follow", flags->follow,
                "go on reading as the file grows; Ctrl-C prints the summary, here as without");
  app->add_option("--format", flags->format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app->add_flag("--no-color", flags->no_color, "no colours (NO_COLOR does the same)");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace causeway::app
