#!/usr/bin/env python3
"""The house rules that a program can check. Prints file:line and what to do instead; exit 1 on any."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_LINES = 800
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)
BANNED = [  # (pattern, where, what to do)
    (r"^(<<<<<<<|>>>>>>>) ", r"\.(cpp|hpp|def|rules|words|sh|py|fault|md|txt|cmake|ts|tsx|css)$", "finish the merge"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", r"\.(cpp|hpp|def|rules|words|sh|py|fault)$", "finish it or leave it out"),
    (r"\bDISABLED_|GTEST_SKIP", r"\.cpp$", "a test runs or is not there"),
    (r"\bsleep_for\b|\busleep\(", r"\.(cpp|hpp)$", "wait for the event, with a deadline"),
    (r"\busing namespace\b", r"\.(cpp|hpp)$", "name what is used"),
    (r"\bstd::(format|print|println)\b", r"\.(cpp|hpp)$", "use fmt"),
    (r"<(iostream|regex)>", r"^src/.*\.(cpp|hpp)$", "use fmt, or a parser that says what is wrong"),
    (r"nlohmann/json\.hpp", r"^src/.*(?<!_fixture)\.hpp$", "keep JSON out of headers"),
    (r"\b[Dd]ownstream\b", r"^(src/.*|docs/(?!glossary).*)", "say client"),
]
ONLY_IN_NET = re.compile(r"<(openssl/|nghttp2/|sys/epoll|unbound\.h|curl/)")
BAD_NAMES = re.compile(r"(^|[_/])(util|utils|manager|helper|helpers|common|misc)([_.]|$)")


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    files = out.stdout.split() if out.returncode == 0 else [
        str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts]
    return [f for f in files if (ROOT / f).is_file()]


def allowed_includes():
    """The table of docs/architecture.md: folder -> folders it may include."""
    table = {}
    for line in (ROOT / "docs/architecture.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        match = re.fullmatch(r"`(\w+)`", cells[0])
        if match and len(cells) == 3:
            table[match.group(1)] = {c.strip() for c in cells[2].split(",")} - {"-", ""}
    return table


def check_includes(files, complain):
    table = allowed_includes()
    folders = {f.split("/")[1] for f in files if re.match(r"src/\w+/", f)}
    for folder in sorted(folders - set(table)):
        complain("docs/architecture.md", 1, f"folder src/{folder} has no row in the include table")
    order = list(table)
    for folder, may in table.items():
        for other in may:
            if other not in table or order.index(other) >= order.index(folder):
                complain("docs/architecture.md", 1, f"{folder} may include {other}, which does not stand above it")
    for name in files:
        match = re.match(r"src/(\w+)/.*\.(cpp|hpp)$", name)
        if not match:
            continue
        folder, text = match.group(1), (ROOT / name).read_text()
        for found in INCLUDE.finditer(text):
            other = found.group(1).split("/")[0]
            if other != folder and other not in table.get(folder, set()):
                complain(name, text[: found.start()].count("\n") + 1,
                         f"src/{folder} may not include \"{found.group(1)}\" (docs/architecture.md)")
        if folder != "net":
            for found in ONLY_IN_NET.finditer(text):
                complain(name, text[: found.start()].count("\n") + 1, "only src/net sees this library")


def check_cycles(files, complain):
    graph = {f[4:]: [i for i in INCLUDE.findall((ROOT / f).read_text())] for f in files
             if re.match(r"src/.*\.hpp$", f)}
    done, path = set(), []

    def visit(node):
        if node in path:
            complain("src/" + node, 1, "include cycle: " + " -> ".join(path[path.index(node):] + [node]))
            return
        if node in done or node not in graph:
            return
        path.append(node)
        for other in graph[node]:
            visit(other)
        path.pop()
        done.add(node)

    for node in graph:
        visit(node)


def check_texts(files, complain):
    for name in files:
        if not re.search(r"\.(cpp|hpp|def|rules|words|sh|py|fault|ts|md|cmake|txt)$", name) or name == "test/tidy/check.py":
            continue
        text = (ROOT / name).read_text(errors="replace")
        lines = text.count("\n")
        if lines > MOST_LINES and not name.startswith("docs/"):
            complain(name, lines, f"{lines} lines; cut the file where its ideas part (most: {MOST_LINES})")
        for pattern, where, instead in BANNED:
            if re.search(where, name):
                for found in re.finditer(pattern, text, re.M):
                    complain(name, text[: found.start()].count("\n") + 1, f"'{found.group(0)}': {instead}")
        if BAD_NAMES.search(name) and name.startswith(("src/", "lab/")):
            complain(name, 1, "name the file after what it does")


def check_scenarios(files, complain):
    """Every failure an attempt of the prober can end with has a scenario that names it."""
    ids = re.findall(r'^FAILURE\(\w+, "([^"]+)", (\w+)', (ROOT / "src/model/failures.def").read_text(), re.M)
    texts = "\n".join((ROOT / f).read_text() for f in files if f.endswith(".scn"))
    for failure, stage in ids:
        if stage not in ("choose", "any") and not re.search(re.escape(failure) + r"(?![\w.])", texts):
            complain("src/model/failures.def", 1, f"{failure} has no scenario under test/scenario")


def main():
    problems = []
    files = tracked()
    complain = lambda name, line, text: problems.append(f"{name}:{line}: {text}")
    for check in (check_includes, check_cycles, check_texts, check_scenarios):
        check(files, complain)
    print("\n".join(problems) if problems else f"{len(files)} files keep the house rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
