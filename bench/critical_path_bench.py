#!/usr/bin/env python3
"""How long a diagnosis takes beside what it cannot avoid waiting for, over a line with a real delay. Needs root.

An edge and an origin in two network namespaces, joined by a line that holds every packet for half the round trip (a pair of
TUN devices, tun(4)). A healthy site: `--quick` against the critical path of one visit, four round trips (name, TCP, TLS 1.3,
HTTP). A failing one: the whole diagnosis against the longest single wait in its own document, or the round trips that wait for
each other. Start and end of the process are shown beside (`causeway version` in diagnose_bench.py is the start alone).
Ends with 1 when a bound does not hold: 1.1 x the critical path + 10 ms, 1.15 x the longest wait."""
import argparse
import fcntl
import heapq
import json
import os
import pathlib
import selectors
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

EDGE, ORIGIN, SILENT, RESOLVER = "198.18.0.1", "198.18.0.2", "198.18.0.3", "198.18.0.4"
NAME = "bench.test"


def tun_in(namespace, address):
    """A TUN device made inside a named network namespace; the descriptor stays usable from here."""
    with open(f"/run/netns/{namespace}") as there, open("/proc/self/ns/net") as here:
        libc_setns(there.fileno())
        try:
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"line", 0x0001 | 0x1000))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
        finally:
            libc_setns(here.fileno())
    for words in (["addr", "add", f"{address}/24", "dev", "line"], ["link", "set", "line", "up"], ["link", "set", "lo", "up"]):
        subprocess.run(["ip", "-n", namespace, *words], check=True)
    return fd


def libc_setns(fd):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Line(threading.Thread):
    """Carries packets between two TUN descriptors, each held for `delay` seconds."""

    def __init__(self, left, right):
        super().__init__(daemon=True)
        self.ends, self.delay, self.order = {left: right, right: left}, 0.0, 0

    def run(self):
        wait, held = selectors.DefaultSelector(), []
        for fd in self.ends:
            wait.register(fd, selectors.EVENT_READ)
        while True:
            due = held[0][0] - time.monotonic() if held else 1.0
            for key, _ in wait.select(max(0.0, due)):
                try:
                    while True:
                        packet = os.read(key.fd, 65536)
                        self.order += 1
                        heapq.heappush(held, (time.monotonic() + self.delay, self.order, self.ends[key.fd], packet))
                except BlockingIOError:
                    pass
            while held and held[0][0] <= time.monotonic():
                _, _, fd, packet = heapq.heappop(held)
                os.write(fd, packet)


def answer_names(sock):
    """A name server for one name: A is ORIGIN, anything else of that name is empty, other names do not exist."""
    while True:
        query, peer = sock.recvfrom(4096)
        end, labels = 12, []
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode("latin-1").lower())
            end += 1 + query[end]
        question, kind = query[12:end + 5], struct.unpack("!H", query[end + 1:end + 3])[0]
        known = ".".join(labels) == NAME
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + socket.inet_aton(ORIGIN) if known and kind == 1 else b""
        flags = 0x8180 if known else 0x8183
        sock.sendto(query[:2] + struct.pack("!HHHHH", flags, 1, 1 if record else 0, 0, 0) + question + record, peer)


def serve_stalls(listener):
    """Accepts and never says a word."""
    kept = []
    while True:
        kept.append(listener.accept()[0])


class Bench:
    def __init__(self, causeway):
        self.causeway, self.work, self.children = causeway, pathlib.Path(tempfile.mkdtemp(prefix="causeway-bench-")), []
        self.names = [f"cwbench-{os.getpid()}-{side}" for side in ("edge", "origin")]

    def __enter__(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        left, right = tun_in(self.names[0], EDGE), tun_in(self.names[1], ORIGIN)
        for address in (SILENT, RESOLVER):
            subprocess.run(["ip", "-n", self.names[1], "addr", "add", f"{address}/24", "dev", "line"], check=True)
        self.line = Line(left, right)
        self.line.start()
        self.cert = self.work / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        self.work / "key.pem", "-out", self.cert, "-days", "30", "-subj", f"/CN={NAME}", "-addext",
                        f"subjectAltName=DNS:{NAME}", "-addext", "basicConstraints=critical,CA:TRUE"], check=True, capture_output=True)
        self.start_servers()
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)
        shutil.rmtree(self.work, ignore_errors=True)

    def start_servers(self):
        inside = ["ip", "netns", "exec", self.names[1]]
        subprocess.run([*inside, "nft", f"add table inet f; add chain inet f i {{ type filter hook input priority 0; }}; "
                        f"add rule inet f i ip daddr {SILENT} drop"], check=True)
        self.children.append(subprocess.Popen(
            [*inside, "openssl", "s_server", "-quiet", "-www", "-accept", f"{ORIGIN}:443", "-cert", self.cert, "-key",
             self.work / "key.pem"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        with open(f"/run/netns/{self.names[1]}") as there, open("/proc/self/ns/net") as here:
            libc_setns(there.fileno())
            try:
                names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                names.bind((RESOLVER, 53))
                stalls = socket.create_server((ORIGIN, 8443))
                until = time.monotonic() + 10
                while socket.socket().connect_ex((ORIGIN, 443)) != 0:
                    if time.monotonic() > until:
                        sys.exit("the bench origin did not start")
            finally:
                libc_setns(here.fileno())
        for target, sock in ((answer_names, names), (serve_stalls, stalls)):
            threading.Thread(target=target, args=(sock,), daemon=True).start()

    def diagnose(self, url, *words):
        begin = time.perf_counter()
        done = subprocess.run(["nsenter", f"--net=/run/netns/{self.names[0]}", self.causeway, "diagnose", url, "--ca", self.cert, "--resolver",
                               RESOLVER, "--authority", RESOLVER, "--format", "json", *words], capture_output=True, text=True)
        wall = 1e3 * (time.perf_counter() - begin)
        try:
            return wall, json.loads(done.stdout)
        except ValueError:
            sys.exit(f"no document: {done.stderr}")


def longest_wait(document):
    return max((o["data"].get(key, 0) for o in document["observations"] for key in ("elapsed_ms", "waited_ms")
                if isinstance(o["data"].get(key, 0), (int, float))), default=0)


def healthy(bench, rtt, rounds):
    walls, own = [], []
    for _ in range(rounds):
        wall, document = bench.diagnose(f"https://{NAME}/", "--quick")
        if document["verdict"]["state"] != "ok":
            sys.exit(f"the healthy site was not found healthy: {document['verdict'].get('title')}")
        walls.append(wall)
        own.append(document["duration_ms"])
    took, bound = statistics.median(own), 1.1 * 4 * rtt + 10
    print(f"healthy, --quick, round trip {rtt:3} ms   {took:6.0f} ms, {statistics.median(walls):6.0f} ms with start and end of the process"
          f"   critical path {4 * rtt:4} ms   bound {bound:6.1f} ms   {'holds' if took <= bound else 'DOES NOT HOLD'}")
    return took <= bound


def failing(bench, title, url, words, chain):
    """`chain`: the round trips that no question can save, because each needs the answer before it, in ms."""
    wall, document = bench.diagnose(url, *words)
    if document["verdict"]["state"] != "failing":
        sys.exit(f"{title}: expected a failing verdict, got {document['verdict']['state']}")
    wait, took = max(longest_wait(document), chain), document["duration_ms"]
    print(f"{title:32} {took:6.0f} ms, {wall:6.0f} ms with start and end of the process   longest wait {wait:6.0f} ms   "
          f"x{took / wait:.2f}   {document['verdict']['failure']}   {'holds' if took <= 1.15 * wait else 'DOES NOT HOLD'}")
    return took <= 1.15 * wait


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--causeway", default="build/release/causeway")
    options.add_argument("--rounds", type=int, default=7)
    args = options.parse_args()
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        sys.exit("needs root and /dev/net/tun")
    with Bench(args.causeway) as bench:
        good = True
        for rtt in (20, 40, 100, 250):
            bench.line.delay = rtt / 2e3
            good = healthy(bench, rtt, args.rounds) and good
        rtt = 40
        bench.line.delay = rtt / 2e3
        for title, url, words, trips in (("dropped by a firewall", f"https://{NAME}/", ["--origin", SILENT], 2),
                                         ("nothing listens", f"https://{NAME}:444/", [], 2),
                                         ("accepts, and no TLS answer", f"https://{NAME}:8443/", [], 3),
                                         ("accepts, and no HTTP answer", f"http://{NAME}:8443/", [], 3),
                                         # the resolver, its authority, and what else that one serves
                                         ("the name does not exist", "https://other.test/", [], 3)):
            good = failing(bench, title, url, words, trips * rtt) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
