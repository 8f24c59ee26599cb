#!/usr/bin/env python3
"""Diagnoses against docs/schema/diagnosis.schema.json, and what a schema cannot say: every id that is
cited exists, ids are unique and in order, probabilities add up to at most 1, the codes fit the failure.

  check_documents.py FILE...               documents as they are
  check_documents.py --program CAUSEWAY    real output: of the demonstration's origins, and of a refused port
"""
import copy
import json
import pathlib
import socket
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/diagnosis.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def cited(verdict):
    for cause in verdict["causes"]:
        yield from cause["for"] + cause["against"]
        for reason in cause["reasons"] + cause["counter_reasons"]:
            yield from reason["observations"]
    for entry in verdict["ruled_out"]:
        yield from entry["because"]
    for note in verdict["notes"]:
        yield from note["observations"]


def problems(document):
    for wrong in VALIDATOR.iter_errors(document):
        path = "/".join(str(step) for step in wrong.absolute_path)
        yield f"{path or 'document'}: {wrong.message[:300]}"
    if not VALIDATOR.is_valid(document):
        return
    verdict = document["verdict"]
    ids = [seen["id"] for seen in document["observations"]]
    if ids != [f"o{n}" for n in range(1, len(ids) + 1)]:
        yield "observations: ids are not o1, o2, o3 ..."
    for name in sorted(set(cited(verdict)) - set(ids)):
        yield f"verdict: cites {name}, which is not among the observations"
    chances = [cause["probability"] for cause in verdict["causes"]]
    if sum(chances) > 1 + 1e-9:
        yield f"verdict.causes: probabilities add up to {sum(chances)}"
    if chances != sorted(chances, reverse=True):
        yield "verdict.causes: not in order of probability"
    names = [cause["id"] for cause in verdict["causes"]]
    both = set(names) & {entry["id"] for entry in verdict["ruled_out"]}
    if both or len(set(names)) != len(names):
        yield f"verdict: causes named twice, or also ruled out: {names} {sorted(both)}"


def check(name, document):
    found = list(problems(document))
    for text in found:
        print(f"{name}: {text}")
    return not found


def check_schema_catches():
    """The schema is worth something: each of these mistakes is found."""
    good = json.loads((ROOT / "test/golden/unreachable.json").read_text())
    mistakes = {
        "unknown cause": lambda d: d["verdict"]["causes"][0].update(id="origin.gremlins"),
        "unknown key": lambda d: d["verdict"].update(mood="bad"),
        "missing key": lambda d: d["verdict"].pop("sentence"),
        "code as text": lambda d: d["verdict"].update(code="523"),
        "failing without a code": lambda d: d["verdict"].update(code=None),
        "works with a failure": lambda d: d["verdict"].update(state="ok"),
        "time without zone": lambda d: d.update(started="2026-11-22 10:17:22"),
        "value outside its list": lambda d: d["observations"][2]["data"].update(outcome="odd"),
        "field of another kind": lambda d: d["observations"][2]["data"].update(ttl=3),
        "number as text": lambda d: d["observations"][2]["data"].update(port="443"),
        "failed without a failure": lambda d: d["attempts"][0]["stages"][1].update(failure=None),
        "id that is not there": lambda d: d["verdict"]["causes"][0]["for"].append("o99"),
        "probabilities above 1": lambda d: d["verdict"]["causes"][0].update(probability=0.95),
    }
    right = check("test/golden/unreachable.json", good)
    for name, spoil in mistakes.items():
        bad = copy.deepcopy(good)
        spoil(bad)
        if not list(problems(bad)):
            print(f"schema: does not notice: {name}")
            right = False
    return right


def run(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=100)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{program} {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def check_program(program):
    good = True
    for origin in run(program, "demo", "--format", "json")["origins"]:
        good &= check("demo " + origin["name"], origin["diagnosis"])
    with socket.socket() as taken:  # bound, not listening: refuses
        taken.bind(("127.0.0.1", 0))
        refused = run(program, "diagnose", f"http://127.0.0.1:{taken.getsockname()[1]}/", "--format", "json")
    good &= check("refused port", refused)
    if (refused["verdict"]["code"], refused["verdict"]["failure"]) != (521, "connect.refused"):
        print("refused port: expected 521 connect.refused, found", refused["verdict"])
        good = False
    return good


def main(words):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    if words[:1] == ["--program"]:
        return 0 if check_program(words[1]) else 1
    good = check_schema_catches()
    for name in words:
        good &= check(name, json.loads(pathlib.Path(name).read_text()))
    print("all documents fit" if good else "some documents do not fit")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
