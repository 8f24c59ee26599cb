// The faces of the status page: HTML, Statuspage-shaped JSON, Atom, badges.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "console/status_page.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

struct Words {
  std::string_view outcome;
  std::string_view text;
  std::string_view mark;
  std::string_view statuspage;  // component status of its API
};
constexpr std::array kWords{
    Words{"ok", "up", "\u2713", "operational"},
    Words{"degraded", "degraded", "!", "degraded_performance"},
    Words{"down", "down", "\u2717", "major_outage"},
    Words{"unknown", "unknown", "?", "operational"},
    Words{"paused", "paused", "\u2016", "under_maintenance"},
    Words{"pending", "not checked yet", "\u2026", "operational"},
};
const Words& words_of(std::string_view outcome) {
  for (const auto& row : kWords) {
    if (row.outcome == outcome) return row;
  }
  return kWords[3];
}

std::string_view class_of(DayState state) {
  switch (state) {
    case DayState::fine: return "ok";
    case DayState::degraded: return "degraded";
    case DayState::down: return "down";
    case DayState::unknown: return "none";
  }
  return "none";
}

std::string duration_words(Duration span) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(span).count();
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} days", minutes / 1440);
}

std::string date_of(WallTime at) { return rfc3339(at).substr(0, 10); }
std::string moment(WallTime at) {
  const std::string text = rfc3339(at);
  return fmt::format("<time datetime=\"{}\">{} {} UTC</time>", text, text.substr(0, 10),
                     text.substr(11, 5));
}

std::string share_words(double share) {
  if (share < 0) return "no data";
  // Never round up to what was not reached.
  const double percent = std::floor(share * 100'000) / 1000;
  return fmt::format("{:.3f} %", percent);
}

std::string bars(const StatusSite& site) {
  int bad = 0;
  std::string cells;
  for (const auto& day : site.days) {
    if (day.state == DayState::down || day.state == DayState::degraded) ++bad;
    const std::string what = day.state == DayState::down ? "down for " + duration_words(day.down)
                             : day.state == DayState::degraded ? "degraded"
                             : day.state == DayState::fine     ? "no incident"
                                                               : "not watched";
    cells += fmt::format("<i class=\"{}\" title=\"{}: {}\"></i>", class_of(day.state),
                         date_of(day.start), what);
  }
  return fmt::format(
      "<div class=\"bars\" role=\"img\" aria-label=\"the last {} days: {} with an incident\">{}"
      "</div>\n",
      site.days.size(), bad == 0 ? "none" : fmt::format("{}", bad), cells);
}

std::string incident_html(const StatusIncident& shown) {
  const auto& incident = shown.incident;
  const bool open = incident.closed == WallTime{};
  const std::string until =
      open ? std::string{"still open"}
           : fmt::format("until {} ({})", moment(incident.closed),
                         duration_words(incident.closed - incident.first_failed));
  return fmt::format("<li class=\"{}\"><h3>{}</h3><p>{}</p><p class=\"when\">{}, {}</p></li>\n",
                     open ? "open" : "past", escaped(shown.title()),
                     escaped(join(shown.members, ", ")), moment(incident.first_failed), until);
}

Json component(const StatusSite& site, int position, WallTime at) {
  return {{"id", site.key},
          {"name", site.name},
          {"status", words_of(site.outcome).statuspage},
          {"position", position},
          {"group", false},
          {"group_id", nullptr},
          {"showcase", true},
          {"only_show_if_degraded", false},
          {"updated_at", rfc3339(at)}};
}

Json incident_json(const StatusIncident& shown) {
  const auto& incident = shown.incident;
  return {{"id", incident.id},
          {"name", shown.title()},
          {"status", incident.acknowledged == WallTime{} ? "investigating" : "identified"},
          {"impact", incident.severity == "down" ? "major" : "minor"},
          {"created_at", rfc3339(incident.opened)},
          {"started_at", rfc3339(incident.first_failed)},
          {"updated_at", rfc3339(incident.updated)},
          {"resolved_at", nullptr},
          {"incident_updates", Json::array()}};
}

}  // namespace

std::string status_html(const StatusReport& report) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>{0}: {1}</title>"
      "<link rel=\"stylesheet\" href=\"status.css\">"
      "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"{0}\" href=\"feed.atom\">"
      "</head><body><main>\n<h1>{0}</h1>\n<p class=\"banner {2}\">{1}</p>\n",
      escaped(report.title), escaped(report.sentence()), report.indicator());
  if (!report.open.empty()) {
    out += "<section aria-labelledby=\"open\"><h2 id=\"open\">Open incidents</h2>\n<ul>\n";
    for (const auto& each : report.open) out += incident_html(each);
    out += "</ul></section>\n";
  }
  if (!report.maintenance.empty()) {
    out += "<section aria-labelledby=\"plan\"><h2 id=\"plan\">Maintenance</h2>\n<ul>\n";
    for (const auto& window : report.maintenance) {
      out += fmt::format("<li class=\"past\"><h3>{}</h3><p class=\"when\">{} ({}), {}{}</p></li>\n",
                         escaped(window.title), escaped(window.starts), escaped(window.zone),
                         duration_words(std::chrono::minutes{window.minutes}),
                         window.repeats.empty() ? "" : ", repeats " + escaped(window.repeats));
    }
    out += "</ul></section>\n";
  }
  out += "<section aria-labelledby=\"services\"><h2 id=\"services\">Services</h2>\n";
  std::string group = "\n";
  for (const auto& site : report.sites) {
    if (site.group != group) {
      group = site.group;
      if (!group.empty()) out += fmt::format("<h3 class=\"group\">{}</h3>\n", escaped(group));
    }
    const auto& words = words_of(site.outcome);
    out += fmt::format(
        "<article class=\"site\"><h3>{}</h3><p class=\"state {}\"><span aria-hidden=\"true\">{}"
        "</span> {}</p>{}<p class=\"share\">{} days <span>{}</span></p></article>\n",
        escaped(site.name), site.outcome, words.mark, words.text, bars(site), site.days.size(),
        share_words(site.share));
  }
  out += "</section>\n";
  out += "<section aria-labelledby=\"past\"><h2 id=\"past\">Past incidents</h2>\n";
  if (report.past.empty()) out += "<p>None.</p>\n";
  if (!report.past.empty()) out += "<ul>\n";
  for (const auto& each : report.past) out += incident_html(each);
  if (!report.past.empty()) out += "</ul>\n";
  out += fmt::format(
      "</section>\n</main><footer><p>As of {}. <a href=\"feed.atom\">Atom feed</a> "
      "<a href=\"summary.json\">JSON</a></p></footer></body></html>\n",
      moment(report.at));
  return out;
}

std::string status_json(const StatusReport& report) {
  Json components = Json::array();
  int position = 0;
  for (const auto& site : report.sites) {
    components.push_back(component(site, ++position, report.at));
  }
  Json incidents = Json::array();
  for (const auto& each : report.open) incidents.push_back(incident_json(each));
  Json planned = Json::array();
  for (const auto& window : report.maintenance) {
    planned.push_back({{"id", window.id},
                       {"name", window.title},
                       {"status", "scheduled"},
                       {"impact", "maintenance"},
                       {"starts_local", window.starts},
                       {"time_zone", window.zone},
                       {"minutes", window.minutes}});
  }
  const Json out{
      {"page",
       {{"id", "causeway"},
        {"name", report.title},
        {"time_zone", "Etc/UTC"},
        {"updated_at", rfc3339(report.at)}}},
      {"status", {{"indicator", report.indicator()}, {"description", report.sentence()}}},
      {"components", std::move(components)},
      {"incidents", std::move(incidents)},
      {"scheduled_maintenances", std::move(planned)}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string status_atom(const StatusReport& report, const std::string& address) {
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n"
      "<id>{0}/feed.atom</id><title>{1}</title><updated>{2}</updated>"
      "<link rel=\"self\" href=\"{0}/feed.atom\"/><link href=\"{0}\"/>\n"
      "<author><name>{1}</name></author>\n",
      escaped(address), escaped(report.title), rfc3339(report.at));
  for (const auto* list : {&report.open, &report.past}) {
    for (const auto& each : *list) {
      const auto& incident = each.incident;
      const bool open = incident.closed == WallTime{};
      out += fmt::format(
          "<entry><id>{0}/incident/{1}</id><title>{2}{3}</title><updated>{4}</updated>"
          "<published>{5}</published><link href=\"{0}\"/><content type=\"text\">{6}</content>"
          "</entry>\n",
          escaped(address), escaped(incident.id), open ? "" : "Resolved: ", escaped(each.title()),
          rfc3339(open ? incident.updated : incident.closed), rfc3339(incident.opened),
          escaped(join(each.members, ", ")));
    }
  }
  return out + "</feed>\n";
}

std::string badge_svg(const StatusSite& site) {
  const auto& words = words_of(site.outcome);
  const bool good = site.outcome == "ok";
  const std::string text = fmt::format("{} {}", words.mark, words.text);
  // Widths by a mean of 6.5 px a letter at 11 px; textLength makes it exact.
  const auto wide = [](std::string_view part) { return static_cast<int>(part.size()) * 7 + 12; };
  const std::string label = printable(site.name, 40);
  const int left = wide(label);
  const int right = wide(words.text) + 14;
  const std::string_view colour = good                         ? "#1a7f4b"
                                  : site.outcome == "down"     ? "#b3261e"
                                  : site.outcome == "degraded" ? "#8a5a00"
                                                               : "#5a6270";
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"20\" role=\"img\" "
      "aria-label=\"{1}: {2}\"><title>{1}: {2}</title><rect width=\"{3}\" height=\"20\" rx=\"3\" "
      "fill=\"#394150\"/><rect x=\"{3}\" width=\"{4}\" height=\"20\" rx=\"3\" fill=\"{5}\"/>"
      "<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" "
      "text-anchor=\"middle\"><text x=\"{6}\" y=\"14\">{1}</text><text x=\"{7}\" y=\"14\">{8}"
      "</text></g></svg>\n",
      left + right, escaped(label), escaped(words.text), left, right, colour, left / 2,
      left + right / 2, escaped(text));
}

std::string status_css() {
  return R"(:root{color-scheme:light dark;--ink:#1c2530;--soft:#56616f;--page:#fff;--card:#f5f7f9;--line:#d6dce3;
--ok:#1a7f4b;--degraded:#9a6400;--down:#b3261e;--none:#b9c1cb}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3aebb;--page:#11161d;--card:#1a212b;--line:#303a47;
--ok:#4cc38a;--degraded:#e5a63b;--down:#ff7b72;--none:#4a5563}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main,footer{max-width:52rem;margin:0 auto;padding:1rem}h1{font-size:1.6rem;margin:1rem 0}h2{font-size:1.15rem;margin:2rem 0 .6rem}
h3{font-size:1rem;margin:0}.group{margin:1.4rem 0 .4rem;color:var(--soft);font-weight:600}
.banner{padding:1rem;border-radius:.6rem;border-left:.5rem solid var(--ok);background:var(--card);font-size:1.15rem;font-weight:600}
.banner.minor{border-color:var(--degraded)}.banner.major,.banner.critical{border-color:var(--down)}
ul{list-style:none;margin:0;padding:0}li{border-left:.3rem solid var(--line);padding:.2rem 0 .2rem .8rem;margin:.8rem 0}
li.open{border-color:var(--down)}li p{margin:.1rem 0}.when,.share,footer{color:var(--soft);font-size:.9rem}
.site{display:grid;grid-template-columns:1fr auto;gap:.2rem 1rem;padding:.8rem 0;border-bottom:1px solid var(--line)}
.site p{margin:0}.state{font-weight:600}.state.ok{color:var(--ok)}.state.degraded{color:var(--degraded)}.state.down{color:var(--down)}
.bars{grid-column:1/-1;display:flex;gap:2px;height:2rem}.bars i{flex:1;min-width:1px;border-radius:2px;background:var(--none)}
.bars .ok{background:var(--ok)}.bars .degraded{background:repeating-linear-gradient(45deg,var(--degraded) 0 4px,var(--card) 4px 6px)}
.bars .down{background:var(--down);clip-path:polygon(0 0,100% 0,100% 100%,50% 78%,0 100%)}
.share{grid-column:1/-1;display:flex;justify-content:space-between}a{color:inherit}
)";
}

}  // namespace causeway::console
