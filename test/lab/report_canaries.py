#!/usr/bin/env python3
"""A report of every fault of the lab, as the hosting provider would get it: does it name the code, does it hold the evidence
of the true cause, and does no secret that was planted in logs, configuration, headers and the URL get into any file of it?

  report_canaries.py --causeway build/dev/causeway [--filter GLOB] [--jobs N] [--keep DIR]

Needs root, as the lab does. Prints what is wrong and a summary; exit code 1 when anything is.
"""
import argparse
import io
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ("report.tar.zst", "report.txt", "report.html", "report.json", "report.eml")


def header(fault):
    out = {}
    for line in (ROOT / "lab/faults" / (fault + ".fault")).read_text().splitlines():
        found = re.match(r"(\w+): *(.*)", line)
        if not found:
            break
        out[found[1]] = found[2]
    return out


def files_of(folder):
    """Each file of the report, and each file inside the bundle: (name, bytes)."""
    for name in FORMATS:
        yield name, (folder / name).read_bytes()
    bundle = subprocess.run(["zstd", "-dcq", str(folder / "report.tar.zst")], capture_output=True, check=True).stdout
    for member in (archive := tarfile.open(fileobj=io.BytesIO(bundle))):
        if member.isfile():
            yield "report.tar.zst/" + member.name, archive.extractfile(member).read()


def decoded(name, content):
    """Also what stands in base64 lines of a mail."""
    yield content
    if name.endswith(".eml"):
        import email
        for part in email.message_from_bytes(content).walk():
            if not part.is_multipart():
                yield part.get_payload(decode=True) or b""


def problems(fault, folder, canary):
    truth = header(fault)
    missing = [name for name in FORMATS if not (folder / "report" / name).exists()]
    if missing:
        return [f"no {missing[0]}"]
    out = []
    seen = dict(files_of(folder / "report"))
    for name, content in seen.items():
        for text in decoded(name, content):
            leaked = re.findall(canary.encode() + rb"\w*", text, re.I)
            if leaked:
                out.append(f"{name} holds {leaked[0].decode()}")
    told = json.loads(seen["report.json"])
    claim = seen["report.txt"].decode().split("WHAT WE ASK YOU")[0].split("WHAT WAS MEASURED")[0]
    codes = [code.split("/")[0] for code in truth["code"].split("|")]
    if not any(code in claim for code in codes) and truth.get("state") != "ok":
        out.append(f"the claim does not name {truth['code']}")
    if not told["attachments"]:
        out.append("nothing is attached")
    right = set((truth["cause"] + " " + truth.get("twins", "")).split())
    if right == {"none"} or truth.get("state") == "ok":
        return out
    named, reasons = None, []  # in the chapter that says what follows: a cause, and its reasons with what they cite
    for line in told["why"]:
        if line["text"].startswith(("for: ", "against: ")):
            if named in right and line["text"].startswith("for: "):
                reasons.append(line)
        else:
            named = line["text"].split(" ")[0]
    there = {seen["id"] for seen in told["diagnosis"]["observations"]}
    text = re.sub(r"\s+", " ", seen["report.txt"].decode())
    if not reasons:
        out.append(f"no reason for {' or '.join(sorted(right))} is given")
    elif not any(reason["observations"] and set(reason["observations"]) <= there for reason in reasons):
        out.append(f"the evidence of {' or '.join(sorted(right))} is not in it")
    elif not any(re.sub(r"\s+", " ", reason["text"]) in text for reason in reasons):
        out.append("the text does not hold the reasons")
    if "WHAT WE ASK YOU" not in text:
        out.append("the host is asked nothing")
    return out


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--causeway", required=True)
    words.add_argument("--filter", default="*")
    words.add_argument("--jobs")
    words.add_argument("--keep")
    given = words.parse_args()
    canary = "Cnry" + secrets.token_hex(4)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(given.keep or scratch)
        command = [given.causeway, "lab", "run", "--all", "--filter", given.filter, "--keep", str(folder), "--format", "json"]
        if given.jobs:
            command += ["--jobs", given.jobs]
        ran = subprocess.run(command, env={**os.environ, "LAB_REPORT": canary}, capture_output=True, text=True)
        if ran.returncode == 2 or not list(folder.glob("*/*/facts")):
            sys.exit(f"the lab did not run: {ran.stderr[-2000:] or ran.stdout[-2000:]}")
        faults = [str(path.parent.relative_to(folder)) for path in sorted(folder.glob("*/*/facts"))]
        wrong, good = [], 0
        for fault in faults:
            found = problems(fault, folder / fault, canary)
            wrong += [f"{fault}: {each}" for each in found]
            good += not found
        print("\n".join(wrong), end="\n" if wrong else "")
        print(f"reports of {len(faults)} faults: {good} name the code, hold the true cause's evidence and none of the planted secrets")
        return 0 if faults and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
