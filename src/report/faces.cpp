// The report as text to paste, as JSON, as a mail draft.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "model/json.hpp"
#include "report/report.hpp"

namespace causeway::report {
namespace {

constexpr std::size_t kColumns = 76;
constexpr std::size_t kMailLine = 76;

// Broken at blanks; the first line after `first`, the others indented to match.
std::string wrapped(std::string_view first, std::string_view text) {
  std::string out{first};
  std::size_t column = first.size();
  bool empty = true;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!empty && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(first.size(), ' ');
      column = first.size();
    } else if (!empty) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    empty = false;
  }
  return out + "\n";
}

std::string cited(const std::vector<std::string>& observations) {
  return observations.empty() ? std::string{} : fmt::format(" [{}]", join(observations, " "));
}

std::string hidden_words(const Report& report) {
  if (report.hidden.empty()) return {};
  std::vector<std::string> parts;
  parts.reserve(report.hidden.size());
  for (const auto& each : report.hidden)
    parts.push_back(fmt::format("{} {}{}", each.values, each.kind, each.values == 1 ? "" : "s"));
  return fmt::format("Hidden before sending: {}. The same label stands for the same value.",
                     join(parts, ", "));
}

void section(std::string& out, std::string_view title) { out += fmt::format("\n{}\n", title); }

using Json = nlohmann::ordered_json;

Json lines_json(const std::vector<Line>& lines) {
  Json out = Json::array();
  for (const auto& line : lines) {
    Json one{{"text", line.text}, {"observations", line.observations}};
    if (!line.at.empty()) one["at"] = line.at;
    out.push_back(std::move(one));
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const auto have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      group = (group << 8U) | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= have ? kDigits[(group >> (18U - 6U * static_cast<unsigned>(j))) & 63U] : '=';
    column += 4;
    if (column >= kMailLine) {
      out += "\r\n";
      column = 0;
    }
  }
  return out + "\r\n";
}

// RFC 5322 section 3.3.
std::string mail_date(WallTime at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const auto weekday = std::chrono::weekday{day}.c_encoding();
  return fmt::format("{}, {} {} {} {} +0000", kDays.at(weekday), static_cast<unsigned>(date.day()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), rfc3339(at).substr(11, 8));
}

// One line, ASCII, so that no header can be smuggled in.
std::string header_text(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out.substr(0, 200);
}

std::string mail_part(std::string_view boundary, std::string_view type, std::string_view name,
                      std::string_view bytes) {
  std::string out = fmt::format("--{}\r\nContent-Type: {}\r\n", boundary, type);
  if (!name.empty())
    out += fmt::format("Content-Disposition: attachment; filename=\"{}\"\r\n", name);
  return out + "Content-Transfer-Encoding: base64\r\n\r\n" + base64(bytes);
}

}  // namespace

std::string as_text(const Report& report) {
  std::string out =
      report.title + "\n" + std::string(std::min(report.title.size(), kColumns), '=') + "\n\n";
  out += wrapped("", report.summary);
  out += "\n";
  for (const auto& fact : report.facts)
    out += wrapped(fmt::format("  {:<15} ", fact.label), fact.value);
  if (!report.questions.empty()) section(out, "WHAT WE ASK YOU");
  int number = 0;
  for (const auto& question : report.questions)
    out += wrapped(fmt::format("  {}. ", ++number), question);
  section(out, "WHAT WAS MEASURED (times in UTC)");
  for (const auto& line : report.packets)
    out += wrapped(fmt::format("  {}  ", line.at), line.text + cited(line.observations));
  if (!report.path_to.empty()) section(out, "PATH TO THE SERVER");
  for (const auto& line : report.path_to)
    out += line.observations.empty() ? "  " + line.text + "\n"
                                     : wrapped("  ", line.text + cited(line.observations));
  section(out, "PATH BACK");
  for (const auto& text : report.path_back) {
    // A table stays a table.
    const bool table = text.contains('\n');
    for (const auto line : split(text, '\n'))
      out += table ? fmt::format("  {}\n", line) : wrapped("  ", line);
  }
  if (!report.why.empty()) section(out, "WHAT FOLLOWS FROM IT");
  for (const auto& line : report.why) {
    const bool reason = line.text.starts_with("for: ") || line.text.starts_with("against: ");
    out += wrapped(reason ? "    " : "  ", line.text + cited(line.observations));
  }
  if (!report.ruled_out.empty()) section(out, "RULED OUT");
  for (const auto& line : report.ruled_out)
    out += wrapped("  - ", line.text + cited(line.observations));
  out += "\n";
  if (const auto hidden = hidden_words(report); !hidden.empty()) out += wrapped("", hidden);
  out += wrapped("", fmt::format("Report {} by causeway; the numbers in brackets are observations "
                                 "of the attached diagnosis.",
                                 report.id));
  return out;
}

std::string as_json(const Report& report) {
  Json facts = Json::array();
  for (const auto& fact : report.facts)
    facts.push_back({{"label", fact.label}, {"value", fact.value}});
  Json causes = Json::array();
  for (const auto& cause : report.diagnosis.verdict.causes)
    causes.push_back(
        {{"id", name(cause.cause)}, {"probability", std::floor(cause.probability * 1e4) / 1e4}});
  Json hidden = Json::array();
  for (const auto& each : report.hidden)
    hidden.push_back({{"kind", each.kind}, {"values", each.values}});
  Json attachments = Json::array();
  for (const auto& each : report.attachments)
    attachments.push_back(
        {{"name", each.name}, {"bytes", each.bytes.size()}, {"sha256", sha256_hex(each.bytes)}});
  const auto& verdict = report.diagnosis.verdict;
  Json out{{"schema", "causeway.report/1"},
           {"id", report.id},
           {"title", report.title},
           {"claim",
            {{"domain", report.diagnosis.target.host},
             {"url", report.diagnosis.target.url},
             {"code", verdict.code == 0 ? Json(nullptr) : Json(verdict.code)},
             {"subcode", verdict.subcode == 0 ? Json(nullptr) : Json(verdict.subcode)},
             {"failure", verdict.failure ? Json(name(*verdict.failure)) : Json(nullptr)},
             {"sentence", report.summary},
             {"at", rfc3339(report.diagnosis.started)},
             {"facts", std::move(facts)}}},
           {"questions", report.questions},
           {"causes", std::move(causes)},
           {"packets", lines_json(report.packets)},
           {"path_to", lines_json(report.path_to)},
           {"path_back", report.path_back},
           {"why", lines_json(report.why)},
           {"ruled_out", lines_json(report.ruled_out)},
           {"hidden", std::move(hidden)},
           {"attachments", std::move(attachments)},
           {"diagnosis", Json::parse(model::to_json(report.diagnosis))}};
  if (!report.incident.empty()) {
    out["incident"] = Json::array();
    for (const auto& fact : report.incident)
      out["incident"].push_back({{"label", fact.label}, {"value", fact.value}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_mail(const Report& report, std::string_view to, std::string_view page) {
  const std::string boundary = fmt::format("causeway-{}", report.id);
  std::string out = "X-Unsent: 1\r\n";
  if (!to.empty()) out += fmt::format("To: {}\r\n", header_text(to));
  out += fmt::format(
      "Subject: {}\r\nDate: {}\r\nMessage-ID: <{}@causeway.invalid>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n",
      header_text(report.title), mail_date(report.diagnosis.started), report.id, boundary);
  out += mail_part(boundary, "text/plain; charset=utf-8", "", as_text(report));
  out += mail_part(boundary, "text/html; charset=utf-8", "report.html", page);
  out += mail_part(boundary, "application/json", "report.json", as_json(report));
  for (const auto& each : report.attachments)
    out += mail_part(boundary, "application/octet-stream", each.name, each.bytes);
  return out + fmt::format("--{}--\r\n", boundary);
}

}  // namespace causeway::report
