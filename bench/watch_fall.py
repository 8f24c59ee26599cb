#!/usr/bin/env python3
"""Thousands of targets fail in one moment: for how long does the watch stand still, and what does it cost?

  python3 bench/watch_fall.py build/release/causeway [--targets 5000] [--interval 20] [--providers 0] [--spared 0]

Each target is an address of its own in a network of its own (127.x.y.z of another /24); all are served by one socket, which is
closed for all of them at once. With --providers N they share N tags `provider:`; --spared is the share of them that goes on
answering (one in two: 0.5). Asks the console every 100 ms meanwhile, for what the watch's thread knows, and prints by phase the longest
answer, how many took longer than a quarter of a second, the CPU of the watch, the open incidents, and how many messages people
got on a chat (beside it a webhook that refuses everything). Makes a network namespace of its own (root)."""
import argparse
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "test", "watch")]

import console_client  # noqa: E402
from console_client import Console, Program  # noqa: E402
from watch_hour import Receiver  # noqa: E402
from watch_hour_world import ticks  # noqa: E402

FALLS, STAYS, ANCHOR = 7000, 7001, 7002
SLOW = 0.25


def address(number):
    return f"127.{number // 250 + 1}.{number % 250}.9"


def configuration(folder, arguments):
    parts = [f'[watch]\nlisten = "127.0.0.1:5230"\nrdap = ""\nanchors = ["127.0.0.1:{ANCHOR}"]\n'
             '[[watch.channel]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1:9/"\n'
             '[[watch.channel]]\nname = "chat"\nkind = "slack"\nurl = "http://127.0.0.1:9900/"\n']
    for i in range(arguments.targets):
        port = STAYS if i % 100 < arguments.spared * 100 else FALLS
        tags = f'tags = ["provider:p{i % arguments.providers}"]\n' if arguments.providers else ""
        parts.append(f'[[watch.target]]\nid = "t{i}"\nurl = "tcp://{address(i)}:{port}"\ninterval = "{arguments.interval}s"\n'
                     f'timeout = "5s"\nretry = "5s"\n{tags}')
    path = f"{folder}/watch.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    return path


def incidents(folder):
    database = sqlite3.connect(f"file:{folder}/watch.db?mode=ro", uri=True)
    return database.execute("SELECT count(*) FROM incident WHERE closed IS NULL").fetchone()[0]


def serve(port):
    """In a process of its own: it is what falls."""
    child = os.fork()
    if child:
        return child
    listener = socket.create_server(("0.0.0.0", port), backlog=4096)
    while True:
        listener.accept()[0].close()


class Asker:
    """Whoever looks at the console: the watch's own thread gives the answer."""

    def __init__(self, console):
        self.console, self.over = console, threading.Event()
        self.longest, self.slow, self.count = 0.0, 0, 0
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        asked = None
        while not self.over.wait(0.1):
            asked = asked or time.monotonic()
            try:
                self.console.get("/api/v1/agents")
            except OSError:  # none within 20 s: it still waits
                continue
            took, asked = time.monotonic() - asked, None
            self.longest, self.slow, self.count = max(self.longest, took), self.slow + (took > SLOW), self.count + 1

    def take(self):
        out = self.longest, self.slow, self.count
        self.longest, self.slow, self.count = 0.0, 0, 0
        return out


def measure(arguments, folder):
    servers = [serve(port) for port in (FALLS, STAYS, ANCHOR)]
    people = Receiver()
    try:
        path = configuration(folder, arguments)
        with Program(arguments.program, "watch", "-c", path, "--store", f"{folder}/watch.db", "--plain",
                     env=console_client.clean_environment()) as program:
            console = Console(program)
            pid = program.process.pid
            asker = Asker(console)
            spent = ticks(pid)
            print(f"{'phase':>10} {'seconds':>8} {'CPU s':>7} {'longest s':>10} {'slow':>5} {'of':>5} {'incidents':>10} {'messages':>9}")

            def phase(name, seconds):
                nonlocal spent
                began = time.monotonic()
                time.sleep(seconds)
                longest, slow, count = asker.take()
                now = ticks(pid)
                print(f"{name:>10} {time.monotonic() - began:8.0f} {(now - spent) / 100:7.2f} {longest:10.2f} {slow:5} {count:5} "
                      f"{incidents(folder):10} {len(people.alerts):9}", flush=True)
                people.alerts.clear()
                spent = now

            every = arguments.interval
            phase("start", max(every, arguments.targets / 100) + 5)
            phase("all well", every)
            os.kill(servers[0], signal.SIGKILL)
            os.waitpid(servers[0], 0)
            phase("fall", every + 12)  # the first is told after 20 s
            phase("told", every + 30)
            phase("down", 30)
            servers[0] = serve(FALLS)
            phase("recovery", 2 * every + 10)
            asker.over.set()
            asker.thread.join(60)
            program.end(seconds=120)
    finally:
        for one in servers:
            os.kill(one, signal.SIGKILL)
            os.waitpid(one, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--targets", type=int, default=5000)
    parser.add_argument("--interval", type=int, default=20, help="seconds between two checks of a target")
    parser.add_argument("--providers", type=int, default=0)
    parser.add_argument("--spared", type=float, default=0.0)
    arguments = parser.parse_args()
    arguments.program = os.path.realpath(arguments.program)
    if not os.environ.pop("INSIDE", ""):
        os.environ["INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    folder = tempfile.mkdtemp()
    try:
        measure(arguments, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
