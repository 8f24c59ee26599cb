#!/usr/bin/env python3
"""What `causeway explain FILE --format json` prints, against docs/schema/logs.schema.json and itself: plain,
gzip, zstd, in pieces through a pipe; --since and --until; exit codes. Whether it agrees with the truth is
src/explain/corpus_test.cpp.

  check_logs.py CAUSEWAY
"""
import array
import fcntl
import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import termios

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCHEMA = json.loads((ROOT / "docs/schema/logs.schema.json").read_text())
EXPLANATION = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/explanation.schema.json").read_text()))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FAILURES = set(re.findall(r'^FAILURE\(\w+, "([^"]+)"', (ROOT / "src/model/failures.def").read_text(), re.M))
CAUSES = set(re.findall(r'^CAUSE\(\w+, "([^"]+)"', (ROOT / "src/model/causes.def").read_text(), re.M))
wrong = []


def expect(name, found, right):
    if found != right:
        wrong.append(f"{name}: found {found!r}, expected {right!r}")


def explain(program, *words, stdin=None, code=1):
    done = subprocess.run([program, "explain", *words, "--format", "json"], capture_output=True, timeout=60, input=stdin)
    expect(f"exit code of {words}", done.returncode, code)
    return json.loads(done.stdout)


def check(name, document):
    for problem in VALIDATOR.iter_errors(document):
        wrong.append(f"{name}: {'/'.join(map(str, problem.absolute_path))}: {problem.message[:200]}")
    for group in document["groups"]:
        names = {group["failure"], *group["possible"]} - {None}
        wrong.extend(f"{name}: {each} is not in failures.def" for each in names - FAILURES)
        wrong.extend(f"{name}: {c['id']} is not in causes.def" for c in group["causes"] if c["id"] not in CAUSES)
        expect(f"{name}: episodes", sum(e["count"] for e in group["episodes"]), group["count"] if group["from"] else 0)
    requests = document["requests"]
    failed = sum(g["count"] for g in document["groups"] if g["part"] == "failed")
    if failed < requests["failed"]:
        wrong.append(f"{name}: groups hold {failed} failures of {requests['failed']}")
    return document


def docker(text, stamp, size=16 * 1024):
    """As Docker's json-file driver writes it: pieces of 16 KB, only the last with a line end; Go escapes <, > and &."""
    for at in range(0, max(len(text), 1), size):
        piece = text[at:at + size] + ("\n" if at + size >= len(text) else "")
        log = json.dumps(piece).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        yield f'{{"log":{log},"stream":"stdout","time":"{stamp}"}}'


def kubernetes(text, stamp, size=16 * 1024):
    for at in range(0, max(len(text), 1), size):
        yield f"{stamp} stdout {'F' if at + size >= len(text) else 'P'} {text[at:at + size]}"


WRAPPINGS = {
    "docker": docker,
    "docker in pieces": lambda text, stamp: docker(text, stamp, 40),
    "kubernetes": kubernetes,
    "kubernetes in pieces": lambda text, stamp: kubernetes(text, stamp, 50),
    "docker compose": lambda text, stamp: [f"shop-web-1  | {text}"],
    "kubectl": lambda text, stamp: [f"[pod/web-7d9c/nginx] {stamp} {text}"],
}


def check_wrapped(program, path):
    """A log driver's wrapping changes nothing of what a log says."""
    def told(document):
        # Where a line has no time of its own, the driver's is taken: more than the bare line says.
        skipped = {"example", "from", "to", "episodes"}
        groups = [{k: v for k, v in group.items() if k not in skipped} for group in document["groups"]]
        return groups, document["requests"], document["unknown"]["lines"]
    bare = told(explain(program, str(path)))
    lines = path.read_text(errors="replace").splitlines()
    for name, wrap in WRAPPINGS.items():
        text = "".join(piece + "\n" for line in lines for piece in wrap(line, "2026-11-25T14:02:11.123456789Z"))
        for part, (found, right) in enumerate(zip(told(explain(program, "-", stdin=text.encode())), bare)):
            expect(f"{path.name} as {name}, part {part}", found, right)


def interrupted(program, text):
    """Ctrl-C on a pipe whose writer says nothing more: what was read is told."""
    reader = subprocess.Popen([program, "explain", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reader.stdin.write(text)
    reader.stdin.flush()
    # The pipe is empty once the program has taken everything.
    while (left := array.array("i", [0])) and not fcntl.ioctl(reader.stdin, termios.FIONREAD, left) and left[0] > 0:
        os.sched_yield()
    reader.send_signal(signal.SIGINT)
    said = reader.communicate(timeout=60)[0].decode()
    expect("interrupted", (reader.returncode, "What failed" in said, "interrupted while reading standard input" in said), (1, True, True))


def check_schema_catches(good):
    mistakes = {
        "no id": lambda d: d["groups"][0].update(failure="Connect gremlins"),
        "unknown key": lambda d: d.update(mood="bad"),
        "missing key": lambda d: d.pop("lines"),
        "time without zone": lambda d: d.update({"from": "2026-11-22 10:17:22"}),
        "count as text": lambda d: d["groups"][0].update(count="3"),
    }
    for name, spoil in mistakes.items():
        bad = json.loads(json.dumps(good))
        spoil(bad)
        if VALIDATOR.is_valid(bad):
            wrong.append(f"schema: does not notice: {name}")


def main(program):
    for path in sorted((HERE / "real").glob("*.log")):
        check(path.name, explain(program, str(path)))
        check_wrapped(program, path)
    plain = explain(program, str(HERE / "real/nginx-error.log"))
    check_schema_catches(plain)
    text = (HERE / "real/nginx-error.log").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        packed = pathlib.Path(folder) / "a.gz"
        half = len(text) // 2
        packed.write_bytes(gzip.compress(text[:half]) + gzip.compress(text[half:]))  # two members, as rotation leaves
        expect("gzip", explain(program, str(packed))["groups"][0]["count"], plain["groups"][0]["count"])
        expect("gzip lines", explain(program, str(packed))["lines"], plain["lines"])
        zstd = pathlib.Path(folder) / "a.zst"
        subprocess.run(["zstd", "-q", "-o", str(zstd)], input=text, check=True)
        expect("zstd lines", explain(program, str(zstd))["lines"], plain["lines"])
        cut = pathlib.Path(folder) / "cut.gz"
        cut.write_bytes(gzip.compress(text)[:-200])
        done = subprocess.run([program, "explain", str(cut)], capture_output=True, text=True)
        expect("a cut file is told", "ends in the middle" in done.stderr, True)
        expect("and what was read is told", "What failed" in done.stdout, True)
        expect("a proved failure stays one", done.returncode, 1)
        # Nothing failed in the part that could be read: that is not "nothing failed".
        calm = b'203.0.113.7 - - [25/Nov/2026:14:02:11 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n' * 5000
        for name, whole in (("gz", gzip.compress(calm)), ("zst", subprocess.run(["zstd", "-qc"], input=calm, capture_output=True, check=True).stdout)):
            broken = pathlib.Path(folder) / f"calm.{name}"
            broken.write_bytes(whole)
            expect(f"whole {name}", explain(program, str(broken), code=0)["not_read"], [])
            broken.write_bytes(whole[:-9])
            expect(f"cut {name} is told in the document", "ends in the middle" in explain(program, str(broken), code=3)["not_read"][0], True)
    interrupted(program, text)
    for words in (("523", "--since", "2h"), ("firewall.drop", "--zone", "+02:00"), ("sC--", "--until", "1h")):
        done = subprocess.run([program, "explain", *words], capture_output=True, text=True)
        expect(f"useless flag {words}", (done.returncode, words[1] + " is about a whole log" in done.stderr), (2, True))
    secret = b'2026/11/25 14:02:11 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, ' \
        b'server: x, request: "GET / HTTP/1.1", upstream: "http://bob:s3cret@203.0.113.9:80/", host: "x"\nat https://bob:s3cret@x.test/\n'
    for form in ("text", "json"):
        done = subprocess.run([program, "explain", "-", "--format", form], input=secret, capture_output=True)
        expect(f"no password of a URL in {form}", (b"s3cret" in done.stdout, b"203.0.113.9" in done.stdout), (False, True))
    for word in ("https://bob:s3cret@x.test/log", "at https://bob:s3cret@x.test/ all is well", secret.split(b"\n")[0].decode()):
        done = subprocess.run([program, "explain", word], capture_output=True, text=True)
        expect(f"no password of {word[:20]}", "s3cret" in done.stdout + done.stderr, False)
    for word in ("523", "connect.refused", "firewall.drop", "sC--"):
        done = subprocess.run([program, "explain", word, "--format", "json"], capture_output=True, check=True)
        wrong.extend(f"explanation of {word}: {problem.message}" for problem in EXPLANATION.iter_errors(json.loads(done.stdout)))
    expect("pipe", explain(program, "-", stdin=text)["lines"], plain["lines"])
    expect("without its last line end", explain(program, "-", stdin=text.rstrip(b"\n"))["lines"], plain["lines"])
    access = (HERE / "real/nginx-access.log").read_bytes()
    long_line = b"x" * 300_000 + b"\n"
    odd = explain(program, "-", stdin=b"\x00\xff\x00 nonsense\n\n" + long_line + access)
    expect("unknown lines", odd["unknown"]["lines"], 2)
    expect("the rest is read all the same", odd["requests"], explain(program, "-", stdin=access)["requests"])
    expect("nothing understood", explain(program, "-", stdin=b"hello\n", code=3)["unknown"]["lines"], 1)
    expect("empty", explain(program, "-", stdin=b"", code=3)["lines"], 0)
    line = b'203.0.113.7 - - [25/Nov/2026:14:02:%02d +0000] "GET / HTTP/1.1" %d 1 "-" "-"\n'
    log = b"".join(line % (n, 521 if n % 2 else 200) for n in range(60))
    part = explain(program, "-", "--since", "2026-11-25T14:02:10Z", "--until", "2026-11-25T14:02:20Z", stdin=log)
    expect("since and until", (part["requests"]["failed"], part["requests"]["fine"], part["outside"]), (5, 5, 50))
    expect("zone", explain(program, "-", "--zone", "+02:00",
                           stdin=b"2026/11/25 14:02:11 [error] 1#1: *1 no live upstreams while connecting to upstream\n")["from"],
           "2026-11-25T12:02:11.000Z")
    rows = json.dumps({"data": {"viewer": {"zones": [{"httpRequestsAdaptiveGroups": [
        {"count": 7, "dimensions": {"datetimeMinute": "2026-11-25T14:02:00Z", "edgeResponseStatus": 523, "originResponseStatus": 0}}]}]}}}, indent=2)
    expect("a whole GraphQL answer", explain(program, "-", stdin=rows.encode())["requests"]["failed"], 7)
    timeless = b'{"log":"\\n","stream":"stderr","time":"2026-11-25T14:02:12Z"}\n{"log":"hello","stream":"stderr","time":"x"}\n'
    expect("wrapped lines of no known form", explain(program, "-", stdin=timeless + b"2026-11-25T14:02:11.5Z stdout F hello\n", code=3)
           ["requests"]["failed"], 0)
    for words in (["--zone", "noon", "-"], ["--since", "yesterday", "-"], ["/nowhere/x.log", "/nowhere/y.log"]):
        done = subprocess.run([program, "explain", *words], capture_output=True, text=True, input="")
        expect(f"wrong use: {words}", done.returncode, 2)
    print("\n".join(wrong) if wrong else "logs are explained as promised")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
