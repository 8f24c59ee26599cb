#!/usr/bin/env python3
"""clang-tidy over our sources; all findings are errors. Usage: tools/tidy.py [--analyze] [FILE...]

With --analyze the static analyzer's path-sensitive checks run as well, and the one check that takes half the time where
CLI11 is included; the whole then takes three times as long.

What a file's findings depend on is its own text, that of our headers it includes (as the dev build has recorded them) and
the configuration: a file for which all of these are as when it last passed is not checked again, in whichever checkout that
was. The marks are in $XDG_CACHE_HOME/causeway/tidy (~/.cache)."""
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
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()[:40]


def check(name, checks):
    done = subprocess.run([TOOL, "-p", str(BUILD), "--quiet", *checks, name], cwd=ROOT, capture_output=True, text=True)
    return name, done.returncode, done.stdout


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    for mark in CACHE.iterdir():
        if time.time() - mark.stat().st_mtime > MARKS_KEPT_DAYS * 86400:
            mark.unlink()
    version = subprocess.run([TOOL, "--version"], capture_output=True, check=True).stdout
    words = sys.argv[1:]
    checks = [ANALYZER if "--analyze" in words else WITHOUT_SLOWEST]
    seed = hashlib.sha256(version + (ROOT / ".clang-tidy").read_bytes() + "".join(checks).encode()).digest()
    depends = recorded_dependencies()
    wanted = {}
    for name in [w for w in words if w != "--analyze"] or sources():
        key = key_of(depends.get(name, [name]), seed)
        if name not in depends or not (CACHE / key).exists():
            wanted[name] = key
        else:
            (CACHE / key).touch()
    if not wanted:
        return 0
    print(f"clang-tidy: {len(wanted)} files", file=sys.stderr)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, code, text in pool.map(lambda name: check(name, checks), wanted):
            if code == 0:
                (CACHE / wanted[name]).touch()
            else:
                failed += 1
                print(text or f"{name}: {TOOL} ended with {code}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
