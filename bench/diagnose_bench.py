#!/usr/bin/env python3
"""Own CPU time and wall time of one diagnosis, beside curl fetching the same page, alternating.

Starts one healthy HTTPS origin (openssl s_server) on loopback, then runs ours and curl in turn and
prints medians and the ratio. CPU time is user+system of the process alone, from wait4(2).
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def run(argv, want):
    begin = time.perf_counter()
    pid = os.posix_spawn(shutil.which(argv[0]) or argv[0], argv, os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                                       (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code not in want:
        sys.exit(f"{' '.join(argv)} ended with {code}, expected one of {want}")
    return 1e3 * (usage.ru_utime + usage.ru_stime), 1e3 * wall


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    import socket
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
    sys.exit("the bench origin did not start")


def row(name, cpu, wall, base):
    print(f"{name:34} {statistics.median(cpu):8.2f} ms CPU  {statistics.median(wall):8.2f} ms wall  "
          f"x{statistics.median(c / b for c, b in zip(cpu, base)):.2f} curl's CPU")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--causeway", default="build/release/causeway")
    options.add_argument("--rounds", type=int, default=40)
    args = options.parse_args()
    if shutil.which("curl") is None:
        sys.exit("curl is missing: run `make setup`")
    work = pathlib.Path(tempfile.mkdtemp(prefix="causeway-bench-"))
    key, cert = work / "key.pem", work / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "30", "-subj", "/CN=bench.test",
                    "-addext", "subjectAltName=DNS:bench.test", "-addext", "basicConstraints=critical,CA:TRUE"],
                   check=True, capture_output=True)
    port = free_port()
    origin = subprocess.Popen(["openssl", "s_server", "-quiet", "-www", "-accept", f"127.0.0.1:{port}",
                               "-cert", cert, "-key", key], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        url = f"https://bench.test:{port}/"
        ours = [args.causeway, "diagnose", url, "--origin", f"127.0.0.1:{port}", "--ca", str(cert), "--format", "json"]
        cases = {
            "curl": (["curl", "-so", "/dev/null", "--cacert", str(cert), "--resolve", f"bench.test:{port}:127.0.0.1", url], [0]),
            "causeway version (start-up)": ([args.causeway, "version"], [0]),
            "causeway diagnose --quick": (ours + ["--quick"], [0]),
            "causeway diagnose": (ours, [0]),
        }
        seen = {name: ([], []) for name in cases}
        for _ in range(args.rounds):
            for name, (argv, want) in cases.items():
                if name == "causeway diagnose" and len(seen[name][0]) >= 8:
                    continue  # it waits on purpose (a pause before a connection is used again)
                cpu, wall = run(argv, want)
                seen[name][0].append(cpu)
                seen[name][1].append(wall)
        for name, (cpu, wall) in seen.items():
            row(name, cpu, wall, seen["curl"][0])
    finally:
        origin.kill()
        origin.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
