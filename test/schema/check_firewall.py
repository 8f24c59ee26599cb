#!/usr/bin/env python3
"""`causeway guard prove` on every folder of test/rulesets against docs/schema/firewall.schema.json, and what a
schema cannot say: every range and port has rows whose shares add up to 1, the exit code fits the state.

  check_firewall.py CAUSEWAY
"""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/firewall.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXIT = {"open": 0, "stopped": 1, "unknown": 3}


def problems(document):
    for wrong in VALIDATOR.iter_errors(document):
        path = "/".join(str(step) for step in wrong.absolute_path)
        yield f"{path or 'document'}: {wrong.message[:300]}"
    if not VALIDATOR.is_valid(document):
        return
    shares = {}
    for row in document["ranges"]:
        key = row["prefix"], row["port"]
        shares[key] = shares.get(key, 0) + row["share"]
    for key, share in shares.items():
        if abs(share - 1) > 1e-9:
            yield f"{key}: shares add up to {share}"
    prefixes = {row["prefix"] for row in document["ranges"]}
    if len(shares) != len(prefixes) * len(document["ports"]):
        yield "a range has no row for some port"
    stopped = [row for row in document["ranges"] if all(c["verdict"] != "accept" for c in row["causes"])]
    if bool(stopped) != (document["state"] == "stopped"):
        yield f"state {document['state']} with {len(stopped)} stopped rows"


def check_schema_catches(good):
    mistakes = {
        "unknown key": lambda d: d.update(mood="bad"),
        "missing key": lambda d: d.pop("lists"),
        "verdict outside its list": lambda d: d["samples"][0].update(verdict="refused"),
        "row without a cause": lambda d: d["ranges"][0].update(causes=[]),
        "port as text": lambda d: d["ranges"][0].update(port="443"),
        "share above 1": lambda d: d["ranges"][0].update(share=1.5),
        "half a range": lambda d: d["ranges"][0].update(share=0.5),
        "wrong state": lambda d: d.update(state="open" if d["state"] == "stopped" else "stopped"),
    }
    right = True
    for name, spoil in mistakes.items():
        bad = copy.deepcopy(good)
        spoil(bad)
        if not list(problems(bad)):
            print(f"schema: does not notice: {name}")
            right = False
    return right


def main(program):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    good, last = True, None
    for folder in sorted(ROOT.glob("test/rulesets/*/dump")):
        truth = json.loads((folder.parent / "truth.json").read_text())["samples"][:20]
        query = "".join(f"{one['src']} {one['port']}\n" for one in truth)
        done = subprocess.run([program, "guard", "prove", "--from", str(folder), "--query", "/dev/stdin", "--format",
                               "json"], input=query, capture_output=True, text=True, timeout=60)
        if done.returncode not in EXIT.values():
            print(f"{folder}: exit {done.returncode}: {done.stderr}")
            return 1
        last = json.loads(done.stdout)
        found = list(problems(last))
        if EXIT[last["state"]] != done.returncode:
            found.append(f"state {last['state']} and exit code {done.returncode}")
        if len(last["samples"]) != len(truth):
            found.append(f"{len(truth)} questions, {len(last['samples'])} answers")
        for text in found:
            print(f"{folder.parent.name}: {text}")
        good &= not found
    good &= check_schema_catches(last)
    print("all documents fit" if good else "some documents do not fit")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
