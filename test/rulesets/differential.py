#!/usr/bin/env python3
"""Random rulesets against the kernel: each is loaded into a network namespace, real SYNs are sent from many
sources, and the kernel's verdicts are compared with those of `causeway guard prove`. Root only.

    make differential COUNT=200 SEED=1
    python3 test/rulesets/differential.py --count 200 --seed 1 --causeway build/release/causeway [--keep DIR]

A seed and a number make the same ruleset again: `--seed 1 --first 77 --count 1 --show`.

A ruleset with a wrong verdict is written to --keep in the layout of the folders beside this file, and the exit code
is 1. "unknown" is counted, not an error."""
import argparse
import collections
import ctypes
import errno
import json
import os
import pathlib
import random
import resource
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import generate  # noqa: E402
import generate_forward as more  # noqa: E402

LIBC = ctypes.CDLL("libc.so.6", use_errno=True)
HOST4, GATEWAY4 = "198.51.100.10", "198.51.100.1"
HOST6, GATEWAY6 = "2001:db8:10::10", "2001:db8:10::1"
HOST_MAC, PEER_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:01"
PORTS = (80, 443, 8443)
CLOSED = 8080
CONTAINER_MAC = "02:00:00:00:00:0c"
ALONE_MOST = 120  # questions of one ruleset that are asked again, each on fresh rules
# Seconds without an answer: everything happens on one machine, which may be busy with other things.
QUIET = 0.02
PATIENCE = (0.5, 2.0, 6.0)


def run(*command, text=None, check=True):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done


def enter(name):
    with open(f"/run/netns/{name}") as handle:
        if LIBC.setns(handle.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


class Sandbox:
    """Two namespaces joined by a veth pair: the host under test, and the network it is reached from."""

    def __init__(self):
        self.host, self.peer = f"cwd{os.getpid()}h", f"cwd{os.getpid()}p"
        for name in (self.host, self.peer):
            run("ip", "netns", "add", name)
        run("ip", "-n", self.host, "link", "add", "eth0", "address", HOST_MAC, "type", "veth", "peer", "name", "wire",
            "address", PEER_MAC, "netns", self.peer)
        settings = ["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                    "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                    "net.ipv4.conf.eth0.rp_filter=0", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
                    "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=100000",
                    "net.ipv4.tcp_max_syn_backlog=65535", "net.core.somaxconn=65535", "net.ipv4.tcp_synack_retries=1"]
        # Rulesets come and go, and what they tracked stays: a client's port that comes round again must not meet it.
        settings += [f"net.netfilter.nf_conntrack_tcp_timeout_{state}=10" for state in (
            "established", "syn_sent", "syn_recv", "fin_wait", "close_wait", "last_ack", "time_wait", "max_retrans", "unacknowledged")]
        for setting in settings:
            run("ip", "netns", "exec", self.host, "sysctl", "-qw", setting, check=False)
        for line in (f"addr add {HOST4}/24 dev eth0", f"addr add {HOST6}/64 dev eth0 nodad", "link set lo up",
                     "link set eth0 up", f"neigh add {GATEWAY4} lladdr {PEER_MAC} dev eth0 nud permanent",
                     f"neigh add {GATEWAY6} lladdr {PEER_MAC} dev eth0 nud permanent",
                     f"route add default via {GATEWAY4}", f"-6 route add default via {GATEWAY6}"):
            run("ip", "-n", self.host, *line.split())
        run("ip", "-n", self.peer, "link", "set", "wire", "up")
        self._container()
        self.servers = [self._serve(self.host, PORTS), self._serve(self.container, more.INSIDE)]

    def _container(self):
        """Behind docker0, and an interface that leads nowhere."""
        self.container = f"cwd{os.getpid()}c"
        run("ip", "netns", "add", self.container)
        run("ip", "-n", self.host, "link", "add", "docker0", "type", "veth", "peer", "name", "eth0", "address",
            CONTAINER_MAC, "netns", self.container)
        run("ip", "-n", self.host, "link", "add", "wg0", "type", "veth", "peer", "name", "nowhere", "netns", self.peer)
        gateway = json.loads(run("ip", "-n", self.host, "-j", "link", "show", "docker0").stdout)[0]["address"]
        for line in ("addr add 172.17.0.1/16 dev docker0", "addr add fd00:17::1/64 dev docker0 nodad",
                     "link set docker0 up", f"neigh add 172.17.0.2 lladdr {CONTAINER_MAC} dev docker0 nud permanent",
                     f"neigh add fd00:17::2 lladdr {CONTAINER_MAC} dev docker0 nud permanent",
                     "addr add 10.66.0.1/24 dev wg0", "link set wg0 arp off up"):
            run("ip", "-n", self.host, *line.split())
        for line in ("addr add 172.17.0.2/16 dev eth0", "addr add fd00:17::2/64 dev eth0 nodad", "link set lo up",
                     "link set eth0 up", f"neigh add 172.17.0.1 lladdr {gateway} dev eth0 nud permanent",
                     f"neigh add fd00:17::1 lladdr {gateway} dev eth0 nud permanent",
                     "route add default via 172.17.0.1", "-6 route add default via fd00:17::1"):
            run("ip", "-n", self.container, *line.split())
        run("ip", "-n", self.peer, "link", "set", "nowhere", "up")

    def _serve(self, where, ports):
        ready, tell = os.pipe()
        pid = os.fork()
        if pid:
            os.close(tell)
            os.read(ready, 1)
            return pid
        enter(where)
        poll, listeners = select.epoll(), {}
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in ports:
                one = socket.socket(family, socket.SOCK_STREAM)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind((any_address, port))
                one.listen(65535)
                one.setblocking(False)
                listeners[one.fileno()] = one
                poll.register(one, select.EPOLLIN)
        os.write(tell, b"x")
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        held = collections.deque()  # closed only when its data has surely come: a reset would overtake the answer
        while True:
            for number, _ in poll.poll(1):
                try:
                    while True:
                        taken, _ = listeners[number].accept()
                        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        held.append((time.monotonic() + 3, taken))
                except OSError:
                    pass
            while held and (held[0][0] < time.monotonic() or len(held) > 5000):
                held.popleft()[1].close()

    def close(self):
        for server in self.servers:
            os.kill(server, 9)
            os.waitpid(server, 0)
        for name in (self.host, self.peer, self.container):
            run("ip", "netns", "del", name, check=False)

    def go_inside(self):
        """From here on this process and what it runs are on the host under test: a dozen tools for each ruleset, which
        `ip netns exec` would make twice as dear."""
        enter(self.host)

    def tool(self, *command, text=None, check=True):
        return run(*command, text=text, check=check)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Prober:
    """Sends TCP segments as frames, so that any source address will do, and reads the answers."""

    def __init__(self, sandbox):
        back = os.open("/proc/self/ns/net", os.O_RDONLY)
        enter(sandbox.peer)
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self.wire.bind(("wire", 0))
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        LIBC.setns(back, 0x40000000)
        os.close(back)
        self.port = 20000

    def frame(self, source, port, client, flags, sequence, acknowledged, options=b"", data=b""):
        v6 = ":" in source
        family = socket.AF_INET6 if v6 else socket.AF_INET
        from_, to = socket.inet_pton(family, source), socket.inet_pton(family, HOST6 if v6 else HOST4)
        head = struct.pack("!HHIIBBHHH", client, port, sequence, acknowledged, (20 + len(options)) // 4 << 4, flags,
                           64240, 0, 0) + options
        segment = head + data
        pseudo = from_ + to + (struct.pack("!IHBB", len(segment), 0, 0, 6) if v6 else struct.pack("!BBH", 0, 6, len(segment)))
        segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
        if v6:
            ip = struct.pack("!IHBB", 6 << 28, len(segment), 6, 60) + from_ + to
        else:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), random.randrange(65536), 0x4000, 60, 6, 0) + from_ + to
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        ethernet = bytes.fromhex((HOST_MAC + PEER_MAC).replace(":", "")) + struct.pack("!H", 0x86DD if v6 else 0x0800)
        return ethernet + ip + segment

    def answers(self, quiet):
        last = time.monotonic()
        while True:
            left = last + quiet - time.monotonic()
            if left <= 0 or not select.select([self.wire], [], [], left)[0]:
                return
            frame, address = self.wire.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            parsed = parse(frame)
            if parsed:
                last = time.monotonic()
                yield parsed

    def send(self, frame):
        """On a loaded machine the device's queue may be full for a moment."""
        for _ in range(1000):
            try:
                return self.wire.send(frame)
            except OSError as full:
                if full.errno != errno.ENOBUFS:
                    raise
                time.sleep(0.001)
        raise OSError(errno.ENOBUFS, "the device's queue stays full")

    def ask(self, questions, quiet):
        """questions: [(source, port)] -> [verdict]"""
        waiting, verdicts, opened = {}, {}, {}
        mss = bytes.fromhex("020405b40402080a") + struct.pack("!II", 1, 0) + bytes.fromhex("01030307")
        for index, (source, port) in enumerate(questions):
            self.port = 20000 + (self.port - 19999) % 40000
            waiting[(source_key(source), self.port)] = index
            verdicts[index] = "drop"
            self.send(self.frame(source, port, self.port, 2, 1000, 0, mss))
        for kind, address, client, sequence, acknowledged, detail, server in self.answers(quiet):
            index = waiting.get((address, client))
            if index is None:
                continue
            source, port = questions[index]
            # From where it was sent to, or the client takes it for another connection's.
            if server != (source_key(HOST6 if ":" in source else HOST4), port):
                continue
            if kind == "icmp":
                if verdicts[index] == "drop":
                    verdicts[index] = detail
            elif kind == "rst":
                if verdicts[index] == "drop":
                    verdicts[index] = "reset"
                elif opened.get(index) == sequence:
                    opened[index] = None  # a client gives up, whatever comes after
            elif kind == "synack" and verdicts[index] == "drop":
                verdicts[index], opened[index] = "half", sequence + 1 & 0xFFFFFFFF
                self.send(self.frame(source, port, client, 16, 1001, sequence + 1 & 0xFFFFFFFF))
                self.send(self.frame(source, port, client, 24, 1001, sequence + 1 & 0xFFFFFFFF, data=b"ping"))
            elif kind in ("ack", "rstdata") and verdicts[index] == "half" and opened[index] is not None and acknowledged >= 1005:
                verdicts[index] = "accept"
        return [verdicts[i] for i in range(len(questions))]


def source_key(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def parse(frame):
    """-> (kind, client's address and port, sequence, acknowledgement, detail, (server's address, port)) or None"""
    kind = struct.unpack("!H", frame[12:14])[0]
    packet = frame[14:]
    if kind == 0x0800:
        head, protocol, from_, to = (packet[0] & 15) * 4, packet[9], packet[12:16], packet[16:20]
        payload = packet[head:]
        if protocol == 1 and payload[0] == 3:
            inner = payload[8:]
            client, server = struct.unpack("!HH", inner[(inner[0] & 15) * 4:][:4])
            return ("icmp", inner[12:16], client, 0, 0, f"icmp:3/{payload[1]}", (inner[16:20], server))
    elif kind == 0x86DD:
        protocol, from_, to, payload = packet[6], packet[8:24], packet[24:40], packet[40:]
        if protocol == 58 and payload[0] == 1:
            inner = payload[8:]
            client, server = struct.unpack("!HH", inner[40:44])
            return ("icmp", inner[8:24], client, 0, 0, f"icmp:1/{payload[1]}", (inner[24:40], server))
    else:
        return None
    if protocol != 6:
        return None
    server, client, sequence, acknowledged = struct.unpack("!HHII", payload[:12])
    flags = payload[13]
    name = "synack" if flags & 18 == 18 else "rst" if flags & 4 else "ack"
    return (name, to, client, sequence, acknowledged, "", (from_, server))


# The lists of `recent`, after the clock of their stamps, as the collector has them.
RECENT = """ls /proc/net/xt_recent/* >/dev/null 2>&1 || exit 0
grep -m1 '^now at ' /proc/timer_list; grep -m1 '^jiffies: ' /proc/timer_list
for file in /proc/net/xt_recent/*; do echo "list: ${file##*/}"; cat "$file"; done"""
COLLECT = (("nft.json", ("nft", "-j", "list", "ruleset")),
           ("nft-bytecode.txt", ("nft", "--terse", "--debug=netlink", "list", "ruleset")),
           ("iptables-legacy-save.txt", ("iptables-legacy-save", "-c")),
           ("ip6tables-legacy-save.txt", ("ip6tables-legacy-save", "-c")),
           ("iptables-nft-save.txt", ("iptables-nft-save", "-c")),
           ("ip6tables-nft-save.txt", ("ip6tables-nft-save", "-c")),
           ("ipset-save.txt", ("ipset", "save")), ("recent.txt", ("sh", "-c", RECENT)))
STATE = (("addr.json", ("ip", "-j", "addr")), ("route4.json", ("ip", "-j", "route", "show", "table", "all")),
         ("route6.json", ("ip", "-j", "-6", "route", "show", "table", "all")), ("rule4.json", ("ip", "-j", "rule")),
         ("rule6.json", ("ip", "-j", "-6", "rule")), ("sockets.txt", ("ss", "-ltnH")), ("xfrm.txt", ("ip", "xfrm", "policy")),
         ("sysctl.txt", ("sysctl", "-a", "-r", r"rp_filter|forward|nf_conntrack_(max|count|tcp)|route_localnet|mark")))


def has_nft_rules(folder):
    """As the collector has it: only then the bytecode is needed."""
    listing = folder / "nft.json"
    return listing.exists() and '"rule"' in listing.read_text()


def collect(sandbox, folder, which):
    for name, command in which:
        text = sandbox.tool(*command, check=False).stdout
        text = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
        if name == "nft-bytecode.txt" and not has_nft_rules(folder):
            text = ""
        if text.strip():
            (folder / name).write_text(text)
        else:
            (folder / name).unlink(missing_ok=True)


def clear(sandbox, ruleset):
    sandbox.tool("nft", "flush", "ruleset")
    for tool in ("iptables", "ip6tables"):
        tables = pathlib.Path("/proc/net")
        if ruleset.legacy(tool):
            sandbox.tool(f"{tool}-legacy-restore", text=generate.EMPTY)
    if ruleset.ipsets:
        sandbox.tool("ipset", "flush")  # a list holds its members
        for _ in range(50):  # rules let go of their sets a moment later
            if not sandbox.tool("ipset", "destroy", check=False).returncode:
                break
            time.sleep(0.02)
        else:
            raise RuntimeError("sets stay in use")
    for line in ruleset.undo_routes():
        sandbox.tool("ip", *line.split(), check=False)
    for name, value in ruleset.sysctls:
        sandbox.tool("sysctl", "-qw", f"{name}=0")


def load(sandbox, ruleset):
    """False when the kernel refuses the ruleset: then it says nothing."""
    try:
        if ruleset.ipsets:
            sandbox.tool("ipset", "restore", text="\n".join(ruleset.ipsets) + "\n")
        for tool, text in ruleset.restores:
            sandbox.tool(tool, text=text)
        if ruleset.nft:
            sandbox.tool("nft", "-f", "-", text=ruleset.nft)
        for line in ruleset.routes:
            sandbox.tool("ip", *line.split())
        for name, value in ruleset.sysctls:
            sandbox.tool("sysctl", "-qw", f"{name}={value}")
        return True
    except RuntimeError as failed:
        return str(failed)


def analyse(causeway, dump, questions):
    with tempfile.NamedTemporaryFile("w", suffix=".query") as query:
        query.write("".join(f"{source} {port}\n" for source, port in questions))
        query.flush()
        done = run(causeway, "guard", "prove", "--from", str(dump), "--query", query.name, "--format", "json", check=False)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"causeway: exit {done.returncode}: {done.stderr.strip()}")
    return [sample["verdict"] for sample in json.loads(done.stdout)["samples"]]


def keep(folder, number, seed, dump, questions, verdicts, ours):
    target = folder / f"found-{seed}-{number}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(dump, target / "dump")
    samples = [{"src": s, "port": p, "verdict": v} for (s, p), v in zip(questions, verdicts)]
    (target / "truth.json").write_text(json.dumps({"ruleset": target.name, "samples": samples}, indent=0) + "\n")
    wrong = [f"{s} {p}: kernel {v}, ours {o}" for (s, p), v, o in zip(questions, verdicts, ours) if o not in (v, "unknown")]
    print(f"ruleset {number}: {len(wrong)} wrong, e.g. {wrong[0]}; kept in {target}", flush=True)


def main():
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--count", type=int, default=100)
    flags.add_argument("--first", type=int, default=0)
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--causeway", default="build/release/causeway")
    flags.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("build/differential"))
    flags.add_argument("--narrow", action="store_true", help="without containers, policy routing and rarer matches")
    flags.add_argument("--show", action="store_true", help="print each ruleset")
    options = flags.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox()
    counts = {"rulesets": 0, "refused": 0, "samples": 0, "wrong": 0, "unknown": 0, "not alone": 0, "wrong rulesets": 0}
    refusals = {}
    try:
        prober = Prober(sandbox)
        sandbox.go_inside()
        with tempfile.TemporaryDirectory() as scratch:
            dump = pathlib.Path(scratch)
            collect(sandbox, dump, STATE)
            for number in range(options.first, options.first + options.count):
                ruleset = generate.make(random.Random(f"{options.seed}/{number}"), not options.narrow)
                if options.show:
                    print(ruleset)
                loaded = load(sandbox, ruleset)
                if loaded is not True:
                    counts["refused"] += 1
                    words = loaded.split("netns exec")[-1][:300]
                    refusals[words] = refusals.get(words, 0) + 1
                    clear(sandbox, ruleset)
                    continue
                if ruleset.routes or ruleset.sysctls:
                    collect(sandbox, dump, STATE)
                collect(sandbox, dump, COLLECT)
                questions = ruleset.questions(PORTS + (CLOSED,))
                verdicts = prober.ask(questions, QUIET)
                ours = analyse(options.causeway, dump, questions)
                # A busy machine answers late. Only silence can be lateness: an answer stays one.
                for quiet in PATIENCE:
                    again = [i for i, (v, o) in enumerate(zip(verdicts, ours))
                             if o not in (v, "unknown") and v in ("drop", "half")]
                    if again:
                        for i, verdict in zip(again, prober.ask([questions[i] for i in again], quiet)):
                            verdicts[i] = verdict
                # Rules also write lists that the other questions' connections have filled by now: the proof is of a lone one.
                differ = [i for i, (v, o) in enumerate(zip(verdicts, ours)) if o not in (v, "unknown")]
                for i in differ[:ALONE_MOST]:
                    clear(sandbox, ruleset)
                    load(sandbox, ruleset)
                    alone = prober.ask([questions[i]], PATIENCE[0])[0]
                    counts["not alone"] += alone != verdicts[i]
                    verdicts[i] = alone
                wrong = sum(o not in (v, "unknown") for v, o in zip(verdicts, ours))
                counts["rulesets"] += 1
                counts["samples"] += len(questions)
                counts["wrong"] += wrong
                counts["unknown"] += ours.count("unknown")
                if wrong:
                    counts["wrong rulesets"] += 1
                    keep(options.keep, number, options.seed, dump, questions, verdicts, ours)
                clear(sandbox, ruleset)
                if ruleset.routes or ruleset.sysctls:
                    collect(sandbox, dump, STATE)
                if counts["rulesets"] % 500 == 0:
                    print(json.dumps(counts), flush=True)
    finally:
        sandbox.close()
    print(json.dumps(counts))
    for words, count in sorted(refusals.items(), key=lambda one: -one[1])[:20]:
        print(f"refused {count}: {words}", file=sys.stderr)
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
