#!/usr/bin/env python3
"""`causeway guard prove --replay` on recorded rulesets: each is loaded into a namespace, and the kernel has to agree
with the proof on every part of every range. Root only.

    test/guard/replay.py CAUSEWAY [FOLDER...]     (default: every folder of test/rulesets)
"""
import json
import pathlib
import subprocess
import sys

RULESETS = pathlib.Path(__file__).resolve().parents[1] / "rulesets"


def main(words):
    folders = [pathlib.Path(word) for word in words[1:]] or sorted(path.parent for path in RULESETS.glob("*/truth.json"))
    asked = bad = 0
    for folder in folders:
        done = subprocess.run([words[0], "guard", "prove", "--replay", "--from", str(folder / "dump"), "--format", "json"],
                              capture_output=True, text=True)
        try:
            replay = json.loads(done.stdout)["replay"]
        except (ValueError, KeyError):
            print(f"{folder.name}: exit {done.returncode}: {done.stderr.strip()[:300]}")
            bad += 1
            continue
        asked += replay["asked"]
        bad += len(replay["disagree"])
        for one in replay["disagree"][:3]:
            print(f"{folder.name}: {one['src']} port {one['port']}: proved {one['proved']}, the kernel says {one['kernel']}"
                  f" ({len(replay['disagree'])} of {replay['asked']}; left out: {replay['left_out'][:2]})", flush=True)
    print(f"{len(folders)} rulesets replayed, {asked} connections, {bad} not as proved")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
