#!/usr/bin/env python3
"""Ten thousand targets for an hour, outages injected from a seeded schedule: is each found in time, is nothing invented?

  python3 bench/watch_hour.py PROGRAM [--minutes 60] [--targets 10000] [--seed 1] [--interval 30] [--keep FOLDER]

Needs root (namespaces of its own, nothing of the machine is touched), nginx, nft and python3-cryptography. Prints what was
injected and found, memory and CPU by minute, and a verdict; exit 1 when something is not held."""
import argparse
import collections
import http.server
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "test", "watch")]

import console_client  # noqa: E402
import watch_hour_world as world_of  # noqa: E402
from console_client import Console, Program  # noqa: E402

TIMEOUT, RETRY, FAILURES = 5, 5, 3
LOOK, OWN_LOOK = 2, 15  # seconds: a look at the own network; between two of them
GATHER = 20  # seconds: what is over by then is told to nobody
SILENT = {"drop", "hang"}
OWN = {"own-link", "own-silence"}
FAULTS = {"tcp": ["refuse", "drop"], "http": ["refuse", "drop", "hang", "5xx", "text"],
          "https": ["refuse", "drop", "hang", "expired", "wrong-name"], "tls": ["refuse", "drop", "expired", "wrong-name"],
          "ping": ["drop"], "dns": ["value"], "heartbeat": ["no-beat"]}
CERTIFICATE = {"expired", "wrong-name"}  # each is one certificate, whoever shows it
SHARES = {"host": {"address"}, "prefix": {"prefix"}, "certificate": {"certificate"}}


class Outage:
    def __init__(self, what, fault, targets, start, seconds, where=None):
        self.what, self.fault, self.targets, self.where = what, fault, targets, where
        self.start, self.seconds, self.end = start, seconds, start + seconds  # planned; then as it was, wall time

    def bound(self, interval):
        """Seconds until it must be confirmed: a check comes within an interval, three fail, each after its time-out."""
        out = interval + (FAILURES - 1) * RETRY + LOOK + 1
        out += FAILURES * TIMEOUT if self.fault in SILENT else 0
        return out + (interval + TIMEOUT if self.fault == "no-beat" else 0)


def make_schedule(targets, seconds, interval, seed):
    """Every outage lasts longer than its bound; blips are shorter than any row of failures that would confirm them."""
    draw = random.Random(seed)
    by_kind = collections.defaultdict(list)
    for target in targets:
        by_kind[target.kind].append(target)
    warm, last = 2.2 * interval + 20, seconds - 2 * interval - 40
    out, used = [], set()

    def of(targets, block):
        return [t for t in targets if t.block == block]

    def group(what, fault, members, at, length, where):
        used.update(t.id for t in members)
        out.append(Outage(what, fault, members, at, length, where))

    long = 3.5 * interval + 45
    span = max(0, last - long - warm)
    blocks = sorted({t.block for t in by_kind["tcp"]} | {t.block for t in by_kind["http"]})
    draw.shuffle(blocks)
    share = lambda part: warm + span * part  # noqa: E731
    group("host", "drop", by_kind["site"], share(0.08), long, world_of.HOST)
    if span > 600:
        group("host", "refuse", by_kind["site"], share(0.75), long, world_of.HOST)
    for number, part in enumerate((0.2, 0.5, 0.9) if span > 600 else (0.6,)):
        block = blocks.pop()
        group("prefix", "refuse" if number == 1 else "drop", of(by_kind["tcp"] + by_kind["http"], block), share(part), long, block)
    for fault, part in (("expired", 0.35), ("wrong-name", 0.62)) if span > 600 else (("expired", 0.3),):
        block = sorted({t.block for t in by_kind["https"]})[0 if fault == "expired" else -1]
        members = of(by_kind["https"], block)[:24]
        group("certificate", fault, members, share(part), long, ", ".join(t.address for t in members))
    # The first comes before memory is measured: what a silence takes, when each check waits for its time-out, is taken once.
    owns = ((0, "own-silence", 110), (0.28, "own-link", 100), (0.43, "own-silence", 130), (0.68, "own-silence", 25),
            (0.83, "own-link", 20))
    for part, kind, length in owns if span > 600 else ((0.5, "own-silence", 60),):
        out.append(Outage("own", kind, [], share(part), length))
    singles = [t for t in targets if t.kind in FAULTS and t.id not in used and t.block not in {o.where for o in out}]
    few = [t for t in singles if t.kind not in ("tcp", "http")]

    def shown(fault, at, length):
        """Somebody else shows the same certificate then: they would be one outage."""
        return fault in CERTIFICATE and any(o.fault == fault and o.start - 60 < at + length and at < o.end + 60 for o in out)

    for number in range(max(12, int(span / 15))):
        target = draw.choice(few if number % 3 == 0 else singles)
        if target.id in used:
            continue
        used.add(target.id)
        fault = draw.choice(FAULTS[target.kind])
        length = 3 * interval + (60 if fault == "no-beat" else 30) + draw.uniform(0, 60)
        at = warm + draw.uniform(0, max(1, last - length - warm))
        fault = "refuse" if shown(fault, at, length) else fault
        out.append(Outage("single", fault, [target], at, length, target.address))
    for target in draw.sample(by_kind["http"] + by_kind["tcp"], max(6, int(span / 30))):
        if target.id not in used and target.block not in {o.where for o in out}:
            used.add(target.id)
            fault = draw.choice(["refuse", "5xx"] if target.kind == "http" else ["refuse", "drop"])
            out.append(Outage("blip", fault, [target], warm + draw.uniform(0, last - warm), 4, target.address))
    return sorted(out, key=lambda one: one.start)


class Receiver(http.server.ThreadingHTTPServer):
    """Whom the watch tells."""
    daemon_threads = True

    def __init__(self):
        self.alerts = []
        super().__init__(("127.0.0.1", 9900), self.Taker)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.alerts.append((time.time(), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass


def configuration(folder, targets, interval):
    parts = ['[watch]\nlisten = "127.0.0.1:5230"\nrdap = ""\nanchors = [' +
             ", ".join(f'"{one}:7000"' for one in world_of.ANCHORS) + "]\n"
             '[[watch.channel]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1:9900/"\n']
    for t in targets:
        # A wildcard of another name is found before its time is up; the notice about the rest would be one more incident.
        parts.append(f'[[watch.target]]\nid = "{t.id}"\ninterval = "{interval}s"\ntimeout = "{TIMEOUT}s"\nretry = "{RETRY}s"\n'
                     + (f'url = "{t.url}"\n' if t.url else f'kind = "{t.kind}"\n') + t.more)
    path = f"{folder}/watch.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    return path


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["RssAnon"].split()[0])


def run_delay(pid):
    """Seconds in which a thread of it could run and had no core."""
    out = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
            out += int(file.read().split()[1])
    return out / 1e9


class Run:
    """Carries the schedule out and writes down what the watch costs."""

    def __init__(self, arguments, folder, targets):
        self.arguments, self.folder, self.targets = arguments, folder, targets
        self.schedule = make_schedule(targets, arguments.minutes * 60, arguments.interval, arguments.seed)
        self.world = world_of.World(folder, targets)
        self.receiver = Receiver()
        self.samples, self.worst_late, self.worst_answer, self.behind = [], 0.0, 0.0, 0.0
        self.no_beat = set()

    def beats(self, console, fields):
        while not self.over.wait(self.arguments.interval / 3):
            for target in self.targets:
                if target.kind == "heartbeat" and target.id not in self.no_beat:
                    console.post(f"/api/v1/targets/{target.id}/beats", {"ok": True}, fields=fields)

    def apply(self, outage, broken):
        if outage.what == "own":
            self.world.own(outage.fault, broken)
        elif outage.fault == "value":
            name = outage.targets[0].url.split("://")[1]
            self.world.order("break" if broken else "mend", name)
        elif outage.fault == "no-beat":
            (self.no_beat.add if broken else self.no_beat.discard)(outage.targets[0].id)
        else:
            self.world.change(outage.fault, outage.where, broken)
        setattr(outage, "start" if broken else "end", time.time())

    def figures(self, console, fields):
        out = {}
        for line in console.get("/metrics", fields=fields).splitlines():
            if line and line[0] != "#":
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def sample(self, pid, seen):
        rss, anonymous = memory(pid)
        self.samples.append({"minute": (time.time() - self.began) / 60, "rss": rss, "anonymous": anonymous,
                             "cpu": world_of.ticks(pid) / 100, "delay": run_delay(pid),
                             "checks": seen["causeway_checks_total"], "late": seen["causeway_checks_late_total"],
                             "unknown": seen["causeway_checks_unknown_total"], "worst": self.worst_late,
                             "asked": self.worst_answer})
        self.worst_late = self.worst_answer = 0.0

    def read_figures(self, pid, console, fields):
        """Beside the injections: they must not wait for the console's answers."""
        next_sample = 0
        while True:
            asked = time.time()
            seen = self.figures(console, fields)
            self.worst_answer = max(self.worst_answer, time.time() - asked)
            self.worst_late = max(self.worst_late, seen["causeway_check_lateness_worst_seconds"])
            if self.over.is_set() or asked - self.began >= next_sample:
                next_sample += 60
                self.sample(pid, seen)
            if self.over.is_set():
                return
            self.over.wait(5)

    def go(self):
        self.over = threading.Event()
        path = configuration(self.folder, self.targets, self.arguments.interval)
        store = f"{self.folder}/watch.db"
        with Program(self.arguments.program, "watch", "-c", path, "--store", store, "--plain",
                     env=console_client.clean_environment()) as program:
            console = Console(program)
            token = lambda role: {"Authorization": "Bearer " + console.post(  # noqa: E731
                "/api/v1/tokens", {"name": role, "scope": role})["token"]}
            reporter, viewer = token("reporter"), token("viewer")
            beats = threading.Thread(target=self.beats, args=(console, reporter), daemon=True)
            beats.start()
            self.began = time.time()
            reader = threading.Thread(target=self.read_figures, args=(program.process.pid, console, viewer), daemon=True)
            reader.start()
            self.steps()
            self.over.set()
            beats.join(20)
            reader.join(20)
            self.api = {t.id: console.get(f"/api/v1/targets/{t.id}") for t in self.targets[::max(1, len(self.targets) // 40)]}
            status = program.end(seconds=60)
            self.summary = program.lines[-1]
            assert status == 0, program.text()[-2000:]
        return store

    def steps(self):
        events = sorted([(o.start, True, i) for i, o in enumerate(self.schedule)] +
                        [(o.end, False, i) for i, o in enumerate(self.schedule)])
        while (now := time.time() - self.began) < self.arguments.minutes * 60:
            while events and events[0][0] <= now:
                at, broken, number = events.pop(0)
                self.behind = max(self.behind, now - at)
                self.apply(self.schedule[number], broken)
            time.sleep(0.05)
        self.ended = time.time()


class Verdict:
    """What the store says, against what was done."""

    def __init__(self, run, store):
        self.run, self.interval = run, run.arguments.interval
        self.problems, self.rows = [], []
        database = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        ask = lambda text: [dict(row) for row in database.execute(text)]  # noqa: E731
        self.incidents = {row["id"]: row for row in ask("SELECT * FROM incident")}
        self.members = ask("SELECT * FROM incident_member")
        self.blind = ask("SELECT * FROM blind ORDER BY since")
        self.sums = ask("SELECT target, sum(ok) ok, sum(down) down, sum(unknown) unknown FROM rollup GROUP BY target")
        self.owns = [o for o in run.schedule if o.what == "own"]
        self.alerts, self.told_at = collections.Counter(), {}
        for row in ask("SELECT incident, kind, state, sent FROM alert ORDER BY created"):
            if row["kind"] == "opened" and row["sent"]:
                self.alerts[row["incident"]] += 1
                self.told_at.setdefault(row["incident"], row["sent"] / 1000)

    def problem(self, text):
        self.problems.append(text)

    def limit(self, outage):
        """When it must be confirmed: later when the watch could not see meanwhile; None when it was over before that."""
        bound = outage.bound(self.interval)
        at = outage.start + bound
        for own in self.owns:
            if own.start < at and own.end + OWN_LOOK + LOOK > outage.start:
                at = max(at, own.end + OWN_LOOK + LOOK + bound)
        return at if at < outage.end else None

    def judge(self):
        of_target = collections.defaultdict(list)
        for row in self.members:
            of_target[row["target"]].append(row)
        explained = set()
        for outage in self.run.schedule:
            if outage.what not in ("own", "blip"):
                self.judge_outage(outage, of_target, explained)
        for row in self.members:
            incident = self.incidents[row["incident"]]
            if incident["severity"] == "notice" or (row["incident"], row["target"]) in explained:
                continue
            self.problem(f"false: {incident['title']} ({row['target']}, {row['failure']}) at minute "
                         f"{(row['since'] / 1000 - self.run.began) / 60:.1f}")
        self.judge_own()
        self.judge_memory()

    def judge_outage(self, outage, of_target, explained):
        limit = self.limit(outage)
        found, members = {}, set()
        for target in outage.targets:
            for row in of_target[target.id]:
                if outage.start - 1 <= row["since"] / 1000 <= outage.end + 1:
                    explained.add((row["incident"], row["target"]))
                    incident = self.incidents[row["incident"]]
                    found[incident["id"]] = incident
                    members.add(target.id)
        name = f"{outage.what} {outage.fault} {outage.where or outage.targets[0].id}"[:60]
        if not found:
            if limit is not None:
                self.problem(f"not found: {name} at minute {(outage.start - self.run.began) / 60:.1f}")
            return
        opened = min(one["opened"] for one in found.values()) / 1000
        kept = [one for one in found.values() if not one["merged_into"]]
        told = sum(self.alerts[one] for one in found)
        first_told = min((self.told_at[one] for one in found if one in self.told_at), default=None)
        self.rows.append({"outage": outage, "took": opened - outage.start, "bound": outage.bound(self.interval),
                          "incidents": len(kept), "merged": len(found) - len(kept), "members": len(members), "told": told,
                          "telling": first_told - outage.start if first_told else None})
        if limit is not None and opened > limit:
            self.problem(f"late by {opened - limit:.1f} s: {name}")
        brief = all(one["closed"] and one["closed"] - one["opened"] < GATHER * 1000 for one in kept)
        if told != 1 and not (told == 0 and brief):
            self.problem(f"told {told} times: {name}")
        if len(kept) != 1:
            self.problem(f"{len(kept)} incidents for one outage: {name}: " + "; ".join(one["title"] for one in kept)[:300])
        if limit is not None and len(members) != len(outage.targets):
            self.problem(f"{len(members)} of {len(outage.targets)} are members: {name}")
        if outage.what in SHARES and kept and kept[0]["shared_kind"] not in SHARES[outage.what]:
            self.problem(f"grouped by '{kept[0]['shared_kind']}': {name}")
        if any(one["closed"] is None for one in kept):
            self.problem(f"still open at the end: {name}")

    def judge_own(self):
        for own in self.owns:
            seen = [(max(row["since"] / 1000, own.start), min((row["until"] or 1e15) / 1000, own.end + OWN_LOOK + LOOK + 1))
                    for row in self.blind if row["since"] / 1000 < own.end and (row["until"] or 1e15) / 1000 > own.start]
            covered = sum(max(0, until - since) for since, until in seen)
            own.covered = covered
            if own.seconds > OWN_LOOK + LOOK + self.interval / 10 and covered < own.seconds - OWN_LOOK - LOOK - 1:
                self.problem(f"{own.fault} of {own.seconds:.0f} s: only {covered:.0f} s count as unknown")
        hurt = {t.id for o in self.run.schedule for t in o.targets}
        self.down_checks = sum(row["down"] for row in self.sums if row["target"] not in hurt)
        self.unknown_checks = sum(row["unknown"] for row in self.sums if row["target"] not in hurt)
        if self.down_checks:
            self.problem(f"{self.down_checks} checks of targets that were never broken count as down")

    def judge_memory(self):
        late = [s for s in self.run.samples if s["minute"] >= min(10, self.run.arguments.minutes / 3)]
        mean = lambda values: sum(values) / max(1, len(values))  # noqa: E731
        x, y = [s["minute"] for s in late], [s["anonymous"] for s in late]
        above = sum((a - mean(x)) * (b - mean(y)) for a, b in zip(x, y))
        self.slope = above / max(1e-9, sum((a - mean(x)) ** 2 for a in x))  # KiB a minute
        self.share = self.slope * 60 / max(1, mean(y))
        if self.run.arguments.minutes >= 30 and self.share > 0.05:
            self.problem(f"memory grows by {self.slope:.0f} KiB a minute, {self.share:.0%} an hour")

    def show(self):
        print("minute  RSS MiB  anonymous  CPU s  us/check  waited s  late  worst s  unknown  console s")
        before = None
        for s in self.run.samples:
            cost = (s["cpu"] - before["cpu"]) / max(1, s["checks"] - before["checks"]) * 1e6 if before else 0
            print(f"{s['minute']:6.1f} {s['rss'] / 1024:8.1f} {s['anonymous'] / 1024:10.1f} {s['cpu']:6.1f} {cost:9.0f} "
                  f"{s['delay']:9.1f} {s['late']:5.0f} {s['worst']:8.2f} {s['unknown']:8.0f} {s['asked']:10.2f}")
            before = s
        print(f"\n{'outage':34} {'count':>5} {'found after s (median, most)':>30} {'bound':>6} {'told after s':>13} {'most merged':>12}")
        kinds = collections.defaultdict(list)
        for row in self.rows:
            o = row["outage"]
            kinds[f"{o.what} {o.fault}" + (f" ({len(o.targets)} targets)" if len(o.targets) > 1 else "")].append(row)
        for kind, rows in sorted(kinds.items()):
            took = sorted(row["took"] for row in rows)
            told = sorted(row["telling"] or 0 for row in rows)
            print(f"{kind:34} {len(rows):5} {took[len(took) // 2]:21.1f} {took[-1]:8.1f} {rows[0]['bound']:6.0f} "
                  f"{told[len(told) // 2]:13.1f} {max(row['merged'] for row in rows):12}")
        blips = sum(o.what == "blip" for o in self.run.schedule)
        longest = max(o.end - o.start for o in self.run.schedule if o.what == "blip")
        print(f"{'blip of 4 s, not to be found':34} {blips:5}   (longest {longest:.1f} s; injections at most {self.run.behind:.1f} s behind)")
        for own in self.owns:
            print(f"{own.what} {own.fault} of {own.seconds:.0f} s: {own.covered:.0f} s count as unknown")
        print(f"\nof targets that were never broken: {self.down_checks} checks down, {self.unknown_checks} unknown")
        print(f"memory after the first ten minutes: {self.slope:+.1f} KiB a minute ({self.share:+.1%} an hour)")
        print(self.run.summary)
        shown = [*self.problems[:60], *([f"... and {len(self.problems) - 60} more"] if len(self.problems) > 60 else [])]
        print("\n".join(["not held:", *shown]) if shown else "all held")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--targets", type=int, default=10000)
    parser.add_argument("--interval", type=int, default=30, help="seconds between two checks of a target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nice", type=int, default=-5, help="priority of the watch and its world")
    parser.add_argument("--keep", help="folder for the store and the alerts; default: nothing is kept")
    arguments = parser.parse_args()
    arguments.program = os.path.realpath(arguments.program)
    if not os.environ.pop("INSIDE", ""):
        os.environ["INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])
    os.nice(arguments.nice)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = arguments.keep or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    run = Run(arguments, folder, world_of.make_targets(arguments.targets, folder))
    try:
        store = run.go()
        if arguments.keep:
            with open(f"{folder}/alerts.json", "w", encoding="utf-8") as file:
                json.dump(run.receiver.alerts, file)
            with open(f"{folder}/run.json", "w", encoding="utf-8") as file:
                json.dump({"began": run.began, "ended": run.ended, "samples": run.samples, "summary": run.summary,
                           "api": run.api, "schedule": [{**vars(o), "targets": [t.id for t in o.targets]} for o in run.schedule]},
                          file)
        verdict = Verdict(run, store)
        verdict.judge()
        verdict.show()
    finally:
        run.world.end()
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if verdict.problems else 0


if __name__ == "__main__":
    sys.exit(main())
