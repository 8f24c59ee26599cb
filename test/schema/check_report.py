#!/usr/bin/env python3
"""What `causeway report` writes, from the golden documents: JSON against its schema, the bundle against its
manifest, the mail as a mail program reads it, the same bytes twice.

  check_report.py CAUSEWAY
"""
import email
import email.policy
import hashlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/report.schema.json").read_text()))
DIAGNOSIS = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/diagnosis.schema.json").read_text()))
MANIFEST = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/manifest.schema.json").read_text()))
CANARIES = ["canaryone1", "canarytwo2", "canarythree3"]
wrong = []


def expect(name, right):
    if not right:
        wrong.append(name)


def report(program, *words, binary=False):
    done = subprocess.run([program, "report", *words, "--zone", "+01:00"], capture_output=True, timeout=60)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{words}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout if binary else done.stdout.decode()


def check_json(program, path):
    text = report(program, str(path), "--format", "json")
    document = json.loads(text)
    wrong.extend(f"{path.name}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in SCHEMA.iter_errors(document))
    wrong.extend(f"{path.name}: diagnosis: {e.message[:200]}" for e in DIAGNOSIS.iter_errors(document["diagnosis"]))
    # The verdict is judged anew, and the golden documents hold one made by hand: only this one is the judge's.
    if path.name == "unreachable.json":
        expect("another verdict", (document["claim"]["code"], document["causes"][0]["id"]) == (523, "origin.host-down"))
    ids = {seen["id"] for seen in document["diagnosis"]["observations"]}
    for part in ("packets", "path_to", "why", "ruled_out"):
        for line in document[part]:
            expect(f"{path.name}: {part} cites what is not there", set(line["observations"]) <= ids)
    expect(f"{path.name}: not the same bytes twice", text == report(program, str(path), "--format", "json"))


def check_bundle(program, path, folder):
    log = folder / "access.log"
    log.write_text(f'203.0.113.7 - - "GET /?api_key={CANARIES[0]} HTTP/1.1" 502\nCookie: session={CANARIES[1]}\npassword: {CANARIES[2]}\n')
    words = [str(path), "--attach", str(log), "--format", "bundle"]
    bundle = report(program, *words, binary=True)
    expect("bundle: not the same bytes twice", bundle == report(program, *words, binary=True))
    out = folder / "out"
    out.mkdir()
    (folder / "b.tar.zst").write_bytes(bundle)
    subprocess.run(["tar", "--zstd", "-xf", folder / "b.tar.zst", "-C", out], check=True)
    (inner,) = out.iterdir()
    manifest = json.loads((inner / "manifest.json").read_text())
    MANIFEST.validate(manifest)
    there = {str(p.relative_to(inner)) for p in inner.rglob("*") if p.is_file()} - {"manifest.json"}
    expect("manifest: other files", {f["name"] for f in manifest["files"]} == there)
    for entry in manifest["files"]:
        data = (inner / entry["name"]).read_bytes()
        expect(f"manifest: {entry['name']}", hashlib.sha256(data).hexdigest() == entry["sha256"] and len(data) == entry["bytes"])
        for canary in CANARIES:
            expect(f"{entry['name']} tells {canary}", canary.encode() not in data)
    expect("the attachment is in", "[token " in (inner / "attachments/access.log").read_text())


def check_mail(program, path):
    text = report(program, str(path), "--format", "eml", "--to", "support@host.example", binary=True)
    mail = email.message_from_bytes(text, policy=email.policy.default)
    expect("mail: defects", not mail.defects and not any(part.defects for part in mail.walk()))
    expect("mail: to", mail["To"] == "support@host.example" and mail["X-Unsent"] == "1" and mail["Date"])
    body = mail.get_body(("plain",)).get_content()
    expect("mail: body", "WHAT WE ASK YOU" in body)
    expect("mail: attachments", [a.get_filename() for a in mail.iter_attachments()] == ["report.html", "report.json"])


def check_path_back(program, path, folder):
    trace = folder / "mtr.txt"
    trace.write_text("HOST: web1      Loss%   Snt\n  1.|-- 203.0.113.1   0.0%    50\n  2.|-- 10.9.9.9   4.0%    50\x1b[31m\n")
    text = report(program, str(path), "--path-back", str(trace))
    expect("the path back is a table", "    1.|-- 203.0.113.1   0.0%    50\n" in text)
    expect("a private address in it is hidden", "10.9.9.9" not in text and "\x1b" not in text)
    wrong.extend(e.message[:200] for e in SCHEMA.iter_errors(json.loads(report(program, str(path), "--path-back", str(trace), "--format", "json"))))


def check_incident(program, folder):
    """From the store of a watch that is running."""
    store = folder / "watch.db"
    with socket.socket() as closed:  # bound and not listening: a connection to it is refused
        closed.bind(("127.0.0.1", 0))
        target = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        watch = subprocess.Popen([program, "watch", "--target", target, "--interval", "1s", "--store", str(store)],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            last = time.monotonic() + 60
            while True:
                done = subprocess.run([program, "report", "--store", str(store), "latest", "--format", "json"], capture_output=True)
                if done.returncode == 1 or time.monotonic() > last:
                    break
                time.sleep(0.2)
            document = json.loads(done.stdout or "{}")
            expect(f"an incident's report: {done.stderr.decode()[:300]}", document.get("claim", {}).get("code") == 521)
            wrong.extend(f"incident: {e.message[:200]}" for e in SCHEMA.iter_errors(document))
            told = {fact["label"]: fact["value"] for fact in document.get("incident", [])}
            expect("an incident goes on", told.get("until") == "it goes on" and "UTC" in told.get("failing since", ""))
            expect("its timeline", [a["name"] for a in document.get("attachments", [])][:1] == ["timeline.txt"])
            same = report(program, "--store", str(store), told.get("incident", "x")[:6])
            expect("found by the beginning of its id", "521" in same and "failing since" in same)
            none = subprocess.run([program, "report", "--store", str(store), "zzz"], capture_output=True, text=True)
            expect("an unknown incident", none.returncode == 2 and told.get("incident", "?") in none.stderr)
        finally:
            watch.terminate()
            watch.wait(20)


def main(program):
    for path in sorted((ROOT / "test/golden").glob("*.json")):
        check_json(program, path)
    unreachable = ROOT / "test/golden/unreachable.json"
    with tempfile.TemporaryDirectory() as folder:
        check_bundle(program, unreachable, pathlib.Path(folder))
        check_path_back(program, unreachable, pathlib.Path(folder))
        check_incident(program, pathlib.Path(folder))
    check_mail(program, unreachable)
    text = report(program, str(unreachable))
    expect("text: a line is too long to paste", all(len(line) <= 100 for line in text.splitlines()))
    for words in (["/nowhere.json"], [str(unreachable), "--redact", "nmae"], [str(unreachable), "--attach", "/nowhere"]):
        expect(f"wrong use {words}", subprocess.run([program, "report", *words], capture_output=True).returncode == 2)
    print("\n".join(wrong) if wrong else "reports are as promised")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
