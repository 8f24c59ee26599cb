#!/usr/bin/env python3
"""`causeway inspect` on every folder of test/rulesets and of test/inspect against docs/schema/facts.schema.json,
and what a schema cannot say: ids are in order, every id that is cited exists, findings have evidence.

  check_facts.py CAUSEWAY
"""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/facts.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def problems(document):
    for wrong in VALIDATOR.iter_errors(document):
        path = "/".join(str(step) for step in wrong.absolute_path)
        yield f"{path or 'document'}: {wrong.message[:300]}"
    if not VALIDATOR.is_valid(document):
        return
    ids = [seen["id"] for seen in document["observations"]]
    if ids != [f"o{n}" for n in range(1, len(ids) + 1)]:
        yield "observations: ids are not o1, o2, o3 ..."
    cited = {name for seen in document["observations"] for name in seen["data"].get("from", [])}
    for finding in document["findings"]:
        if not finding["for"]:
            yield f"finding {finding['id']} has no evidence"
        cited |= set(finding["for"])
    for name in sorted(cited - set(ids)):
        yield f"cites {name}, which is not among the observations"


def main(program):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    good, last = True, None
    folders = sorted((ROOT / "test/rulesets").glob("*/dump")) + sorted((ROOT / "test/inspect").glob("*"))
    for folder in folders:
        done = subprocess.run([program, "inspect", "--from", str(folder), "--format", "json"],
                              capture_output=True, text=True, timeout=100)
        if done.returncode not in (0, 1, 3):
            print(f"{folder}: exit {done.returncode}\n{done.stderr}")
            return 1
        last = json.loads(done.stdout)
        for text in problems(last):
            print(f"{folder.relative_to(ROOT)}: {text}")
            good = False
        if (done.returncode == 1) != any(one["probability"] >= 0.9 for one in last["findings"]):
            print(f"{folder.relative_to(ROOT)}: exit {done.returncode} does not fit the findings")
            good = False
    # The schema is worth something: each of these mistakes is found.
    for name, spoil in {
        "unknown key": lambda d: d.update(mood="bad"),
        "field of another kind": lambda d: d["observations"][0]["data"].update(ttl=3),
        "id that is not there": lambda d: d["observations"].append(
            {**d["observations"][0], "id": f"o{len(d['observations']) + 1}", "kind": "fact", "data": {"from": ["o0"]}}),
    }.items():
        bad = copy.deepcopy(last)
        spoil(bad)
        if not list(problems(bad)):
            print(f"schema: does not notice: {name}")
            good = False
    print(f"{len(folders)} inspections fit" if good else "some inspections do not fit")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
