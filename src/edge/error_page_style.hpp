// The style sheet of the edge's error page.
#pragma once

#include <string_view>

namespace causeway::edge {

inline constexpr std::string_view kErrorPageStyle = R"css(
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --card: #fff; --ink: #1c2126; --soft: #56616b; --line: #cfd5da;
  --good: #1e7f4c; --bad: #b3362b; --badground: #fbeeec; --accent: #25608f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --card: #1b2025; --ink: #e4e8eb; --soft: #9aa5ae; --line: #3a444c;
    --good: #5cc48d; --bad: #f0857a; --badground: #2b1f1f; --accent: #7db7e4;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: 3rem 1.25rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
main { max-width: 46rem; margin: 0 auto; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.0625rem; margin: 0 0 .35rem; }
p { margin: 0 0 .75rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875rem; overflow-wrap: anywhere; }
.code { color: var(--soft); margin: .35rem 0 0; }
.path { display: flex; list-style: none; margin: 2.25rem 0; padding: 1.5rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.path li { flex: 1 1 0; min-width: 0; position: relative; text-align: center; padding: 0 .5rem; }
.path li + li::before { content: ""; position: absolute; top: 1.75rem; left: calc(-50% + 2.4rem); right: calc(50% + 2.4rem); border-top: 2px solid var(--good); }
.path li.cut::before { border-top: 2px dashed var(--bad) !important; }
.path li.quiet::before { border-top: 2px dotted var(--line) !important; }
.dot { position: relative; display: block; width: 3.5rem; height: 3.5rem; margin: 0 auto .6rem; border-radius: 50%; border: 2px solid currentColor; }
.dot svg { width: 1.7rem; height: 1.7rem; margin: .78rem; display: block; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.mark { position: absolute; right: -.45rem; bottom: -.25rem; width: 1.4rem; height: 1.4rem; border-radius: 50%; background: currentColor; }
.mark svg { width: .8rem; height: .8rem; margin: .3rem; stroke: var(--card); stroke-width: 3; }
.path b { display: block; color: var(--ink); overflow-wrap: anywhere; }
.path small { display: block; font-size: .875rem; color: var(--soft); overflow-wrap: anywhere; }
.path .state { font-weight: 600; color: inherit; }
.good { color: var(--good); } .bad { color: var(--bad); } .quiet { color: var(--soft); }
.bad .dot { background: var(--badground); }
.said { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem 2.5rem; }
.said section { min-width: 0; }
.said p:last-child { margin-bottom: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 2.25rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .875rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--accent); }
details[open] summary { display: none; }
@media (max-width: 36rem) {
  body { padding: 1.75rem 1rem; }
  h1 { font-size: 1.4rem; }
  .path { flex-direction: column; gap: 1.4rem; margin: 1.5rem 0; padding: 1.1rem; }
  .path li { display: grid; grid-template-columns: 2.75rem 1fr; gap: 0 .9rem; text-align: left; padding: 0; align-items: center; }
  .path li + li::before { top: -1.3rem; left: 1.3rem; right: auto; height: 1.2rem; border-top: 0 !important; border-left: 2px solid var(--good); }
  .path li.cut::before { border-left: 2px dashed var(--bad) !important; }
  .path li.quiet::before { border-left: 2px dotted var(--line) !important; }
  .dot { width: 2.75rem; height: 2.75rem; margin: 0; grid-row: 1 / span 2; }
  .dot > svg { width: 1.3rem; height: 1.3rem; margin: .6rem; }
  .path div { min-width: 0; }
  .said { grid-template-columns: 1fr; }
}
@media print { body { background: #fff; padding: 0; } }
)css";

}  // namespace causeway::edge
