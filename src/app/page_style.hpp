// The style sheet of the HTML report. No fonts, scripts or images from elsewhere: the page is one
// file that can be mailed, printed and read on a phone.
#pragma once

#include <string_view>

namespace causeway::app {

inline constexpr std::string_view kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --card: #ffffff; --ink: #1c2126; --soft: #5b6670; --line: #dfe3e7;
  --good: #1e7f4c; --warning: #99610a; --bad: #b3362b; --accent: #25608f; --code: #f1f3f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --card: #1b2025; --ink: #e4e8eb; --soft: #9aa5ae; --line: #2e363d;
    --good: #5cc48d; --warning: #e0ab55; --bad: #f0857a; --accent: #7db7e4; --code: #232a30;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: 2rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
main { max-width: 54rem; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; color: var(--soft); font-size: .875rem; margin-bottom: .75rem; }
header b { color: var(--ink); letter-spacing: .01em; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: .4rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.1rem 1.25rem; }
.card + .card { margin-top: .75rem; }
.verdict { border-left: .35rem solid var(--tone); }
.verdict h1 { color: var(--tone); }
.verdict .sentence { font-size: 1.1rem; margin: .6rem 0 .2rem; }
.url { overflow-wrap: anywhere; color: var(--soft); }
.ok { --tone: var(--good); } .degraded, .undetermined { --tone: var(--warning); } .failing { --tone: var(--bad); }
.cause { display: grid; grid-template-columns: 3.4rem 1fr; margin-top: .6rem; }
.cause code { color: var(--accent); }
.cause div { grid-column: 2; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875rem; }
pre { background: var(--code); border-radius: .4rem; padding: .5rem .7rem; margin: .3rem 0; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.path { display: flex; align-items: flex-start; gap: .4rem; padding: .25rem 0; }
.path + .path { border-top: 1px solid var(--line); margin-top: .9rem; padding-top: 1rem; }
.path .label { flex: 0 0 4.6rem; color: var(--soft); font-size: .875rem; line-height: 1.9rem; }
.station { flex: 0 1 auto; min-width: 3.6rem; text-align: center; font-size: .875rem; overflow-wrap: anywhere; }
.station .dot { display: block; width: 1.9rem; height: 1.9rem; line-height: 1.75rem; margin: 0 auto .2rem; border-radius: 50%; border: 2px solid currentColor; font-weight: 600; }
.link { flex: 1 1 1rem; min-width: .6rem; margin-top: .95rem; border-top: 2px solid var(--line); }
.link.cut { border-top-style: dashed; }
.good { color: var(--good); } .bad { color: var(--bad); } .warning, .unknown { color: var(--warning); } .untested { color: var(--soft); }
.station .name { color: var(--ink); display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 500; color: var(--soft); }
th, td { padding: .35rem .75rem .35rem 0; vertical-align: top; }
td.cell { white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
tbody tr.note { border-top: 0; }
tbody tr.note td { padding-top: 0; color: var(--soft); }
ul { margin: .3rem 0; padding-left: 1.2rem; }
li { margin: .3rem 0; overflow-wrap: anywhere; }
li.against::marker { content: "–  "; color: var(--warning); }
.ids { font-size: .8rem; white-space: nowrap; }
.step { display: grid; grid-template-columns: 4rem 1fr; gap: 0 .5rem; align-items: start; }
.step > span { color: var(--soft); font-size: .875rem; padding-top: .7rem; }
.step > pre { min-width: 0; }
details summary { cursor: pointer; color: var(--soft); }
tr:target { background: var(--code); }
td.values { overflow-wrap: anywhere; min-width: 16rem; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  body { padding: 1rem .75rem 2rem; }
  .card { padding: .9rem .9rem; }
  .path { flex-direction: column; gap: .15rem; }
  .path .label { flex-basis: auto; line-height: 1.4; }
  .station { display: flex; align-items: center; gap: .6rem; text-align: left; }
  .station .dot { margin: 0; flex: 0 0 auto; text-align: center; }
  .link { flex: 0 0 .7rem; min-height: .7rem; margin: 0 0 0 .9rem; border-top: 0; border-left: 2px solid var(--line); }
  .link.cut { border-left-style: dashed; }
  .stages thead tr, .stages tbody tr { display: grid; grid-template-columns: repeat(5, 1fr); padding: .3rem 0; }
  .stages thead th:first-child, .stages tr.note td:first-child { display: none; }
  .stages th[scope=row], .stages tr.note td { grid-column: 1 / -1; overflow-wrap: anywhere; }
  .stages th, .stages td { font-size: .8rem; padding: .15rem .3rem .15rem 0; }
  .evidence th:nth-child(2), .evidence td:nth-child(2) { display: none; }
  td.values { min-width: 0; }
  .step { grid-template-columns: 1fr; }
  .step > span { padding-top: .2rem; }
}
@media print {
  :root { --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --code: #f4f4f4; --good: #1e7f4c; --warning: #99610a; --bad: #b3362b; --accent: #25608f; }
  body { padding: 0; font-size: 10.5pt; }
  .card { break-inside: avoid; }
  details > *:not(summary) { display: block; }
}
)css";

}  // namespace causeway::app
