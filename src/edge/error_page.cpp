#include "edge/error_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "edge/error_page_style.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

constexpr std::string_view kVisitorIcon =
    R"(<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M3 9h18M6 6.5h.01M8.5 6.5h.01"/>)";
// A road on two arches: what stands between visitor and origin.
constexpr std::string_view kEdgeIcon =
    R"(<path d="M2 7h20M3 7v11M12 7v11M21 7v11M3 14.5a4.5 4 0 0 1 9 0M12 14.5a4.5 4 0 0 1 9 0"/>)";
constexpr std::string_view kOriginIcon =
    R"(<rect x="4" y="3" width="16" height="7" rx="1.5"/><rect x="4" y="14" width="16" height="7" rx="1.5"/><path d="M8 6.5h.01M8 17.5h.01M12 10v4"/>)";

enum class Mood : std::uint8_t { good, bad, quiet };

struct Node {
  std::string_view icon;
  std::string_view title;
  std::string place;  // already escaped
  Mood mood;
  std::string_view state;
};

std::string_view mood_class(Mood mood) {
  if (mood == Mood::good) return "good";
  return mood == Mood::bad ? "bad" : "quiet";
}

void add_node(std::string& out, const Node& node, std::string_view way) {
  std::string_view mark;
  if (node.mood == Mood::good) mark = R"(<path d="M4 13l5 5L20 6"/>)";
  if (node.mood == Mood::bad) mark = R"(<path d="M5 5l14 14M19 5L5 19"/>)";
  out += fmt::format(
      R"(<li class="{}{}"><span class="dot" aria-hidden="true"><svg viewBox="0 0 24 24">{}</svg>)",
      mood_class(node.mood), way, node.icon);
  if (!mark.empty()) {
    out += fmt::format(R"(<span class="mark"><svg viewBox="0 0 24 24">{}</svg></span>)", mark);
  }
  out += fmt::format(
      R"(</span><div><b>{}</b><small>{}</small><small class="state">{}</small></div></li>)",
      node.title, node.place, node.state);
  out += '\n';
}

std::string box(const Problem& problem, const AnswerFacts& facts) {
  const auto mood = [&](Guilty node) {
    if (problem.guilty == node) return Mood::bad;
    return problem.guilty < node ? Mood::quiet : Mood::good;
  };
  const auto state = [&](Guilty node) -> std::string_view {
    if (problem.guilty != node) return problem.guilty < node ? "Not asked" : "Working";
    if (node == Guilty::visitor) return "Request refused";
    return problem.id == "edge.maintenance" ? "Maintenance" : "Error";
  };
  const auto way = [&](Guilty node) -> std::string_view {
    if (problem.guilty == Guilty::origin && node == Guilty::origin) return " cut";
    if (problem.guilty == Guilty::visitor && node == Guilty::edge) return " cut";
    return problem.guilty < node ? " quiet" : "";
  };
  std::string out = "<ul class=\"path\" aria-label=\"Where it broke\">\n";
  add_node(out, {kVisitorIcon, "You", "Browser", mood(Guilty::visitor), state(Guilty::visitor)},
           "");
  const auto place = facts.edge_place.empty() ? "This edge" : escaped(facts.edge_place);
  // A refused request proves that the edge works.
  const bool refused = problem.guilty == Guilty::visitor;
  add_node(out,
           {kEdgeIcon, "Edge", place, refused ? Mood::good : mood(Guilty::edge),
            refused ? "Working" : state(Guilty::edge)},
           way(Guilty::edge));
  add_node(
      out,
      {kOriginIcon, "Server", escaped(facts.host), mood(Guilty::origin), state(Guilty::origin)},
      way(Guilty::origin));
  return out + "</ul>\n";
}

std::string utc(WallTime at) {
  std::string text = rfc3339(at).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

std::chrono::seconds retry_after(const Problem& problem, const AnswerFacts& facts) {
  return facts.retry_after.count() >= 0 ? facts.retry_after : problem.retry_after;
}

struct Token {
  std::string_view name;
  std::string (*value)(const Problem&, const AnswerFacts&);  // safe to put into HTML
};

constexpr std::array kTokens{
    Token{"code", [](const Problem& p, const AnswerFacts&) { return fmt::format("{}", p.code); }},
    Token{"status",
          [](const Problem& p, const AnswerFacts&) { return fmt::format("{}", p.status); }},
    Token{"title", [](const Problem& p, const AnswerFacts&) { return escaped(p.title); }},
    Token{"happened", [](const Problem& p, const AnswerFacts&) { return escaped(p.happened); }},
    Token{"visitor_advice",
          [](const Problem& p, const AnswerFacts&) { return escaped(p.visitor_advice); }},
    Token{"owner_advice",
          [](const Problem& p, const AnswerFacts&) { return escaped(p.owner_advice); }},
    Token{"failure", [](const Problem& p, const AnswerFacts&) { return escaped(p.id); }},
    Token{"stage", [](const Problem& p, const AnswerFacts&) { return escaped(p.stage); }},
    Token{"guilty",
          [](const Problem& p, const AnswerFacts&) { return std::string{name(p.guilty)}; }},
    Token{"ray_id", [](const Problem&, const AnswerFacts& f) { return escaped(f.ray_id); }},
    Token{"time", [](const Problem&, const AnswerFacts& f) { return utc(f.at); }},
    Token{"host", [](const Problem&, const AnswerFacts& f) { return escaped(f.host); }},
    Token{"client_address",
          [](const Problem&, const AnswerFacts& f) { return escaped(f.client_address); }},
    Token{"contact", [](const Problem&, const AnswerFacts& f) { return escaped(f.contact); }},
    Token{"retry_after",
          [](const Problem& p, const AnswerFacts& f) {
            return fmt::format("{}", retry_after(p, f).count());
          }},
    Token{"box", box},
    Token{"style", [](const Problem&, const AnswerFacts&) { return std::string{kErrorPageStyle}; }},
};

struct ForeignToken {
  std::string_view text;
  std::string_view name;
};

constexpr std::array kForeignTokens{
    ForeignToken{"::RAY_ID::", "ray_id"},
    ForeignToken{"::CLIENT_IP::", "client_address"},
    ForeignToken{"::CLOUDFLARE_ERROR_500S_BOX::", "box"},
    ForeignToken{"::CLOUDFLARE_ERROR_1000S_BOX::", "box"},
};

std::optional<std::size_t> token_named(std::string_view name) {
  const auto at = std::ranges::find(kTokens, name, &Token::name);
  if (at == kTokens.end()) return std::nullopt;
  return static_cast<std::size_t>(at - kTokens.begin());
}

std::string place(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto start = before.rfind('\n');
  return fmt::format("{}:{}", line, at - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

struct Found {
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
  std::string_view name;
};

Found next_token(std::string_view text, std::size_t from) {
  Found out;
  const auto open = text.find("{{", from);
  if (open != std::string_view::npos) {
    const auto close = text.find("}}", open);
    const auto end = close == std::string_view::npos ? text.size() : close + 2;
    const auto inner = close == std::string_view::npos ? open + 2 : close;  // never closed: no name
    out = {open, end - open, trim(text.substr(open + 2, inner - open - 2))};
  }
  for (const auto& foreign : kForeignTokens) {
    const auto at = text.find(foreign.text, from);
    if (at < out.at) out = {at, foreign.text.size(), foreign.name};
  }
  return out;
}

void add_row(std::string& out, std::string_view term, const std::string& value) {
  if (!value.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, value);
}

std::string owner_paragraph(const Problem& problem, const AnswerFacts& facts) {
  std::string out =
      fmt::format("<p><b>As the owner of the site:</b> {}</p>\n", escaped(problem.owner_advice));
  if (problem.guilty == Guilty::origin) {
    out += fmt::format("<p>The cause, with its proof: <code>causeway diagnose {}</code></p>\n",
                       escaped(facts.host));
  }
  return out;
}

std::string known_facts(const Problem& problem, const AnswerFacts& facts) {
  std::string out = "<dl>\n";
  add_row(out, "Ray id", fmt::format("<code>{}</code>", escaped(facts.ray_id)));
  add_row(out, "Time", utc(facts.at));
  add_row(out, "Failure",
          fmt::format(
              "<code>{}</code> {}", escaped(problem.id),
              escaped(problem.detail == problem.happened ? std::string_view{} : problem.detail)));
  if (!facts.client_address.empty()) {
    add_row(
        out, "Your address",
        fmt::format("<details><summary>Show</summary>{}</details>", escaped(facts.client_address)));
  }
  add_row(out, "Contact", escaped(facts.contact));
  return out + "</dl>\n";
}

}  // namespace

std::string error_page(const Problem& problem, const AnswerFacts& facts) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"robots\" content=\"noindex, nofollow\">\n<title>{host} | {code}: "
      "{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
      "<h1>{title}</h1>\n<p class=\"code\">Error code {code} &middot; {host} &middot; {time}</p>\n"
      "{box}<div class=\"said\">\n<section>\n<h2>What happened?</h2>\n<p>{happened}</p>\n"
      "</section>\n<section>\n<h2>What can I do?</h2>\n<p><b>As a visitor:</b> {visitor}</p>\n"
      "{owner}</section>\n</div>\n{facts}"
      "</main>\n</body>\n</html>\n",
      fmt::arg("host", escaped(facts.host)), fmt::arg("code", problem.code),
      fmt::arg("title", escaped(problem.title)), fmt::arg("style", kErrorPageStyle),
      fmt::arg("time", utc(facts.at)), fmt::arg("box", box(problem, facts)),
      fmt::arg("happened", escaped(problem.happened)),
      fmt::arg("visitor", escaped(problem.visitor_advice)),
      fmt::arg("owner", owner_paragraph(problem, facts)),
      fmt::arg("facts", known_facts(problem, facts)));
}

Parsed<PageTemplate> PageTemplate::parse(std::string_view text) {
  if (text.size() > limits::kPageTemplateBytes) {
    return error(fmt::format("the page has {} bytes; at most {} are allowed", text.size(),
                             limits::kPageTemplateBytes));
  }
  PageTemplate out;
  std::size_t from = 0;
  for (;;) {
    const Found found = next_token(text, from);
    if (found.at == std::string_view::npos) break;
    const auto token = token_named(found.name);
    if (!token) {
      std::vector<std::string> names;
      names.reserve(kTokens.size());
      for (const auto& each : kTokens) names.emplace_back(each.name);
      const auto near = nearest(found.name, names);
      return error(fmt::format(
          "{}: unknown token {{{{{}}}}}; {}", place(text, found.at), printable(found.name, 40),
          near.empty() ? "known are " + join(names, " ") : fmt::format("did you mean {}?", near)));
    }
    out.pieces_.emplace_back(text.substr(from, found.at - from));
    out.tokens_.push_back(*token);
    from = found.at + found.length;
  }
  out.pieces_.emplace_back(text.substr(from));
  return out;
}

std::string PageTemplate::render(const Problem& problem, const AnswerFacts& facts) const {
  std::string out;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    out += pieces_[i];
    out += kTokens.at(tokens_[i]).value(problem, facts);
  }
  if (!pieces_.empty()) out += pieces_.back();
  return out;
}

}  // namespace causeway::edge
