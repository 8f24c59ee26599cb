#!/usr/bin/env python3
"""What a target costs that does not answer: very many connection attempts under way at once, none of them answered.

  python3 bench/watch_dead.py build/release/causeway build/release/bench/dead_bench [--targets 100000] [--processes 6]

Several watches share the targets, because a process may have only so many descriptors (ulimit -Hn). One in twenty answers; all
others are addresses whose packets nft drops. Prints what dead_bench counts (bytes allocated for each attempt under way), the growth
of each watch (RssAnon: results, states and the store's cache included), and how every target was classified. Needs root and nft;
exit 1 when one is misclassified or an attempt costs more than 256 bytes."""
import argparse
import collections
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "test", "watch")]

import console_client  # noqa: E402
from console_client import Program  # noqa: E402

WAIT = 240  # seconds until an attempt is given up: longer than all of them take to begin
MOST = 256  # bytes
RULES = """
table inet dead { chain input { type filter hook input priority filter;
    ip daddr 10.1.0.0/16 drop
  }
}
"""


def answer():
    listener = socket.create_server(("0.0.0.0", 7000), backlog=4096)
    while True:
        listener.accept()[0].close()


def configuration(folder, number, count):
    """Their own addresses for each process: one in twenty is in 10.2.0.0/16, where they answer."""
    parts = [f'[watch]\nlisten = "127.0.0.1:{5230 + number}"\nrdap = ""\ndiagnose = false\nanchors = ["10.255.0.1:7000"]\n']
    for i in range(count):
        network = 2 if i % 20 == 0 else 1
        at = number * count + i
        address = f"10.{network}.{at // 250 % 256}.{at % 250 + 1}:{7000 if network == 2 else 8000 + at // 64000}"
        parts.append(f'[[watch.target]]\nid = "t{i}"\nurl = "tcp://{address}"\ninterval = "250s"\ntimeout = "{WAIT}s"\n')
    path = f"{folder}/{number}.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(parts))
    return path


def anonymous(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def classified(store):
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    rows = database.execute("SELECT target, outcome, failure FROM transition ORDER BY id").fetchall()
    newest = {target: (outcome, failure) for target, outcome, failure in rows}
    return newest


def measure(arguments, folder):
    each = arguments.targets // arguments.processes
    watches = []
    for number in range(arguments.processes):
        path = configuration(folder, number, each)
        program = Program(arguments.program, "watch", "-c", path, "--store", f"{folder}/{number}.db", "--plain",
                          env=console_client.clean_environment())
        program.wait_for(r"Ctrl-C ends it", 60)
        watches.append((program, anonymous(program.process.pid), descriptors(program.process.pid)))
    # Their first checks are spread, 10 ms a target: the last begins before the first gives up.
    dead = each - (each + 19) // 20
    peak = [(0, 0)] * len(watches)
    until = time.monotonic() + 520
    while time.monotonic() < until:
        time.sleep(2)
        for i, (program, _, before) in enumerate(watches):
            open_now = descriptors(program.process.pid) - before
            if open_now > peak[i][1]:
                peak[i] = (anonymous(program.process.pid), open_now)
        done = all(len(classified(f"{folder}/{i}.db")) >= each for i in range(len(watches)))
        if done:
            break
    wrong = 0
    print("watch  before KiB  under way   then KiB  bytes each")
    for i, (program, before, _) in enumerate(watches):
        program.end(seconds=120)
        cost = (peak[i][0] - before) * 1024 / max(1, peak[i][1])
        print(f"{i:5} {before:11} {peak[i][1]:10} {peak[i][0]:10} {cost:11.0f}")
        newest = classified(f"{folder}/{i}.db")
        for target in range(each):
            expected = ("ok", "") if target % 20 == 0 else ("down", "connect.silent")
            wrong += newest.get(f"t{target}") != expected
        print("      ", dict(collections.Counter(newest.values())))
    under_way = sum(one[1] for one in peak)
    print(f"{under_way} under way at once of {dead * len(watches)} dead ones; {wrong} of {each * len(watches)} misclassified")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("bench")
    parser.add_argument("--targets", type=int, default=100000)
    parser.add_argument("--processes", type=int, default=6)
    arguments = parser.parse_args()
    arguments.program, arguments.bench = os.path.realpath(arguments.program), os.path.realpath(arguments.bench)
    if not os.environ.pop("INSIDE", ""):
        os.environ["INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    for words in (["ip", "link", "set", "lo", "up"], ["ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo"],
                  ["ip", "link", "add", "out0", "type", "veth", "peer", "name", "out1"], ["ip", "link", "set", "out0", "up"],
                  ["ip", "link", "set", "out1", "up"],
                  # The kernel gives up after 127 s with the usual 6.
                  ["sysctl", "-qw", "net.ipv4.tcp_syn_retries=9"]):
        subprocess.run(words, check=True)
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    threading.Thread(target=answer, daemon=True).start()
    folder = tempfile.mkdtemp()
    try:
        said = subprocess.run([arguments.bench], capture_output=True, text=True, check=True).stdout
        print(said, end="")
        small = float(re.search(r"(\d+) bytes each", said).group(1)) <= MOST
        return 0 if measure(arguments, folder) and small else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
