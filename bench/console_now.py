#!/usr/bin/env python3
"""What the Now page costs: console_now.py CAUSEWAY [TARGETS]. A store with so many targets (a tenth of them down), a console on it,
and /api/v1/now asked 40 times each way, in turns: whole, whole and compressed, and as the page asks first. Bytes on the wire, median time from
request to last byte, and the console's CPU time for one answer. Uses loopback and a folder that it removes."""
import gzip
import json
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
WAYS = [("whole", "/api/v1/now", None), ("whole, gzip", "/api/v1/now", "gzip"), ("200 targets, gzip", "/api/v1/now?targets=200", "gzip")]
ROUNDS = 40


def start(store, command="console"):
    child = subprocess.Popen([program, command, "--store", store, "--listen", "5234"], stdout=subprocess.PIPE, text=True)
    token = ""
    for line in child.stdout:
        found = re.search(r"token=(\S+)", line)
        token = found.group(1) if found else token
        if "serves once" in line:
            break
    return child, token


def call(method, path, body=None, cookie="", accept=None):
    request = urllib.request.Request("http://127.0.0.1:5234" + path, method=method, data=json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if cookie:
        request.add_header("Cookie", cookie)
    if accept:
        request.add_header("Accept-Encoding", accept)
    with urllib.request.urlopen(request) as answer:
        return answer.headers, answer.read()


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


with tempfile.TemporaryDirectory() as folder:
    store = folder + "/store.db"
    child, token = start(store, "watch")  # makes the tables
    child.terminate()
    child.wait()
    subprocess.run([sys.executable, str(pathlib.Path(__file__).resolve().parents[1] / "web/e2e/fill.py"), store, str(count)], check=True)
    with sqlite3.connect(store) as db:
        present = db.execute("SELECT count(*) FROM target").fetchone()[0]
    child, token = start(store)
    try:
        headers, _ = call("POST", "/api/v1/setup", {"token": token, "name": "anna", "password": "correct horse battery"})
        cookie = headers["Set-Cookie"].split(";")[0]
        took = {name: [] for name, _, _ in WAYS}
        size, used = {}, {name: 0.0 for name, _, _ in WAYS}
        for _ in range(ROUNDS):
            for name, path, accept in WAYS:
                before, began = cpu(child.pid), time.perf_counter()
                headers, body = call("GET", path, cookie=cookie, accept=accept)
                took[name].append(time.perf_counter() - began)
                used[name] += cpu(child.pid) - before
                size[name] = len(body)
                text = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
                assert json.loads(text)["counts"]["all"] == present
        print(f"{present} targets")
        for name, _, _ in WAYS:
            print(f"{name:20} {size[name]:9} bytes  {statistics.median(took[name]) * 1e3:7.1f} ms  CPU {used[name] / ROUNDS * 1e3:5.1f} ms")
    finally:
        child.terminate()
        child.wait()
