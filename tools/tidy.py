#!/usr/bin/env python3
"""clang-tidy over our sources; all findings are errors. Usage: tools/tidy.py [--analyze] [--within SECONDS] [FILE...]

With --within no check begins after so many seconds; what changed last is checked first, and how many are left for the next
run is said. On a machine that has checked the rest before, a change is checked whole in seconds.

With --analyze the static analyzer's path-sensitive checks run as well, and the one check that takes half the time where
CLI11 is included; the whole then takes three times as long.

What a file's findings depend on is its own text, that of our headers it includes (as the dev build has recorded them) and
the configuration: a file for which all of these are as when it last passed is not checked again, in whichever checkout that
was. The marks are in $XDG_CACHE_HOME/causeway/tidy (~/.cache)."""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/dev"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "causeway/tidy"
TOOL = "clang-tidy-19"
ANALYZER = "--checks=clang-analyzer-core.*,clang-analyzer-cplusplus.*"
WITHOUT_SLOWEST = "--checks=-performance-unnecessary-value-param"
MARKS_KEPT_DAYS = 30


def sources():
    out = subprocess.run(["git", "ls-files", "src/*.cpp", "lab/*.cpp"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [f for f in out.stdout.split() if not f.endswith("_test.cpp") and (ROOT / f).is_file()]


def recorded_dependencies():
    """source -> our own files it was compiled from, the source first."""
    out = subprocess.run(["ninja", "-C", str(BUILD), "-t", "deps"], capture_output=True, text=True, check=True)
    table, current = {}, []
    for line in out.stdout.splitlines() + [""]:
        if line.startswith("    "):
            path = (BUILD / line.strip()).resolve()
            if ROOT in path.parents:
                current.append(str(path.relative_to(ROOT)))
        elif not line.strip():
            if current:
                table[current[0]] = current
            current = []
    return table


def key_of(files, seed):
    digest = hashlib.sha256(seed)
    for name in files:
        path = ROOT / name
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.exists() else b"gone since the last build"))
    return digest.hexdigest()[:40]


def check(name, checks):
    done = subprocess.run([TOOL, "-p", str(BUILD), "--quiet", *checks, name], cwd=ROOT, capture_output=True, text=True)
    return name, done.returncode, done.stdout


def by_last_change(names):
    """The files of the latest commits first, those changed and not committed before all."""
    ask = lambda *words: subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    order = ask("diff", "--name-only", "HEAD") + ask("log", "--name-only", "--format=", "-n", "300")
    rank = {}
    for place, name in enumerate(order):
        rank.setdefault(name, place)
    return sorted(names, key=lambda name: rank.get(name, len(order)))


def arguments():
    parser = argparse.ArgumentParser(description="clang-tidy over our sources; all findings are errors")
    parser.add_argument("--analyze", action="store_true", help="the static analyzer's checks and the slowest one as well")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="begin no check after this time")
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: all sources but tests")
    return parser.parse_args()


def unchecked(names, checks):
    """file -> the mark it gets when it passes, of those that have none yet."""
    version = subprocess.run([TOOL, "--version"], capture_output=True, check=True).stdout
    seed = hashlib.sha256(version + (ROOT / ".clang-tidy").read_bytes() + "".join(checks).encode()).digest()
    depends = recorded_dependencies()
    wanted = {}
    for name in names:
        key = key_of(depends.get(name, [name]), seed)
        if name not in depends or not (CACHE / key).exists():
            wanted[name] = key
        else:
            (CACHE / key).touch()
    return wanted


def main():
    asked = arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    for mark in CACHE.iterdir():
        if time.time() - mark.stat().st_mtime > MARKS_KEPT_DAYS * 86400:
            mark.unlink()
    checks = [ANALYZER if asked.analyze else WITHOUT_SLOWEST]
    names = asked.files or sources()
    wanted = unchecked(by_last_change(names), checks)
    if not wanted:
        return 0
    print(f"clang-tidy: {len(wanted)} files", file=sys.stderr)
    until = time.monotonic() + asked.within if asked.within else float("inf")
    failed = left = 0

    def one(name):
        return check(name, checks) if time.monotonic() < until else (name, None, "")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, code, text in pool.map(one, wanted):
            if code == 0:
                (CACHE / wanted[name]).touch()
            elif code is None:
                left += 1
            else:
                failed += 1
                print(text or f"{name}: {TOOL} ended with {code}", flush=True)
    if left:
        print(f"clang-tidy: {left} files that changed longest ago are left for the next run, or `make tidy`", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
