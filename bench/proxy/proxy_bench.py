#!/usr/bin/env python3
"""Side-by-side reverse-proxy benchmark: CPU-us per request of the proxy process, rps, latency, memory.

Every peer (and every candidate) is measured in alternating rounds A B C A B C ... on one machine in
one run; the medians and the ratio to a baseline are printed. Everything runs inside its own network
namespace. The proxy is pinned to one CPU, the load generator and the origin to the other.

  proxy_bench.sh [--cases c1,c2] [--peers nginx,haproxy] [--rounds 5] [--secs 3] [--baseline haproxy]
                 [--candidate 'NAME|plain=PORT,tls=PORT,tout=PORT|COMMAND ...'] [--json FILE]
Cases: ka new k16 ka1 tls tlsnew tout h2 m1 m1tls p99 mem memtls start
p99: every proxy gets the same fixed rate, half of what the slowest of them can do in this run, by
tools/paced.c; the latencies are those of requests that were due at their times, not sent when the
one before was answered.
"""
import argparse, json, os, re, shlex, signal, socket, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
NS, W = os.environ.get("NS", "causeway-bench"), os.environ.get("W", "/tmp/causeway-bench")
TCK = os.sysconf("SC_CLK_TCK")
GEN_CPU, PROXY_CPU = os.environ.get("GEN_CPU", "0"), os.environ.get("PROXY_CPU", "1")

PEERS = {
    "nginx":   dict(plain=8101, tls=8102, tout=8103, cmd=f"nginx -c {W}/peers/nginx.conf -p {W}"),
    "haproxy": dict(plain=8201, tls=8202, tout=8203, cmd=f"haproxy -f {W}/peers/haproxy.cfg"),
    "h2o":     dict(plain=8301, tls=8302, cmd=f"h2o -c {W}/peers/h2o.yaml"),
}

def ns(cmd, cpu):  # argv that runs cmd pinned inside the namespace
    return ["ip", "netns", "exec", NS, "taskset", "-c", cpu] + (shlex.split(cmd) if isinstance(cmd, str) else cmd)

def tree(pid):
    kids = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                s = open(f"/proc/{p}/stat").read(); pp = int(s[s.rindex(")") + 2:].split()[1]); kids.setdefault(pp, []).append(int(p))
            except OSError: pass
    out, todo = [], [pid]
    while todo:
        x = todo.pop(); out.append(x); todo += kids.get(x, [])
    return out

def cpu(pid):  # seconds, user and system
    u = s = 0.0
    for p in tree(pid):
        try:
            t = open(f"/proc/{p}/stat").read(); f = t[t.rindex(")") + 2:].split(); u += int(f[11]) / TCK; s += int(f[12]) / TCK
        except OSError: pass
    return u, s

def pss(pid):  # KiB
    n = 0
    for p in tree(pid):
        try: n += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{p}/smaps_rollup").read(), re.M).group(1))
        except (OSError, AttributeError): pass
    return n

def code(port, tls=False, host="example.test"):
    a = ["curl", "-sk", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", "--resolve", f"{host}:{port}:127.0.0.1", f"{'https' if tls else 'http'}://{host}:{port}/s", "-H", f"Host: {host}"]
    return subprocess.run(ns(a, GEN_CPU), capture_output=True, text=True).stdout

class Proxy:
    def __init__(self, name, spec): self.name, self.spec, self.p = name, spec, None
    def start(self):
        t = time.monotonic()
        self.p = subprocess.Popen(ns(self.spec["cmd"], PROXY_CPU), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=W, start_new_session=True)
        while time.monotonic() - t < 20:
            if self.p.poll() is not None: raise RuntimeError(f"{self.name} exited {self.p.returncode}")
            if code(self.spec.get("plain") or self.spec["tls"], "plain" not in self.spec) == "200": return (time.monotonic() - t) * 1e3
            time.sleep(0.01)
        raise RuntimeError(f"{self.name} did not answer")
    def plain(self): return "plain" in self.spec and (self.name in PEERS or "tout" not in self.spec)  # to the plain origin
    def stop(self):
        if not self.p: return
        pids = tree(self.p.pid)
        for sig in (signal.SIGTERM, signal.SIGKILL):
            for x in pids:
                try: os.kill(x, sig)
                except ProcessLookupError: pass
            try: self.p.wait(1.5); break
            except subprocess.TimeoutExpired: pass
        self.p = None

def unit(s, table): 
    m = re.match(r"([\d.]+)([a-zA-Z]*)", s); return float(m.group(1)) * table[m.group(2)]
TU = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}

def wrk(url, conns, secs, headers=()):
    a = ["wrk", "-t1", f"-c{conns}", f"-d{secs}s", "--latency"]
    for h in headers: a += ["-H", h]
    o = subprocess.run(ns(a + [url], GEN_CPU), capture_output=True, text=True).stdout
    n = int(re.search(r"(\d+) requests in", o).group(1))
    e = re.search(r"Socket errors: (.*)", o); nx = re.search(r"Non-2xx or 3xx responses: (\d+)", o)
    lat = {k: unit(v, TU) for k, v in re.findall(r"^\s+(50|99)%\s+(\S+)", o, re.M)}
    rps = float(re.search(r"Requests/sec:\s+([\d.]+)", o).group(1))
    return dict(n=n, rps=rps, p50=lat.get("50"), p99=lat.get("99"), err=(e.group(1) if e else "") + (f" non2xx {nx.group(1)}" if nx else ""))

def h2load(url, secs, clients=8, streams=32):
    o = subprocess.run(ns(["h2load", "-t1", f"-c{clients}", f"-m{streams}", f"-D{secs}", url], GEN_CPU), capture_output=True, text=True).stdout
    m = re.search(r"requests: (\d+) total.*?(\d+) done, (\d+) succeeded, (\d+) failed", o, re.S)
    r = float(re.search(r"finished in [\d.]+s, ([\d.]+) req/s", o).group(1))
    mean = re.search(r"time for request:\s+(\S+)\s+(\S+)\s+(\S+)", o)
    return dict(n=int(m.group(3)), rps=r, p50=unit(mean.group(3), TU), p99=unit(mean.group(2), TU), err="" if int(m.group(4)) == 0 else f"failed {m.group(4)}")

def paced(port, rate, secs, conns=64):
    o = subprocess.run(ns([f"{W}/paced", str(port), str(rate), str(secs), str(conns)], GEN_CPU), capture_output=True, text=True).stdout.split()
    n, errors = int(o[0]), int(o[1])
    return dict(n=n, rps=n / secs, p50=float(o[2]), p99=float(o[3]), p999=float(o[4]), err=f"failed {errors}" if errors else "")

def half_of_slowest(proxies):  # requests a second
    return int(min(wrk(f"http://127.0.0.1:{p.spec['plain']}/s", 64, 2, ["Host: example.test"])["rps"] for p in proxies) / 2)

def traffic(c, sp, secs, rate=0):
    P, T, O = (f"http://127.0.0.1:{sp.get('plain')}", f"https://127.0.0.1:{sp.get('tls')}", f"http://127.0.0.1:{sp.get('tout')}")
    h = ["Host: example.test"]
    if c == "ka":     return wrk(P + "/s", 64, secs, h)
    if c == "ka1":    return wrk(P + "/s", 1, secs, h)
    if c == "k16":    return wrk(P + "/16k", 64, secs, h)
    if c == "new":    return wrk(P + "/s", 64, secs, h + ["Connection: close"])
    if c == "tls":    return wrk(T + "/s", 64, secs, h)
    if c == "tlsnew": return wrk(T + "/s", 32, secs, h + ["Connection: close"])
    if c == "tout":   return wrk(O + "/s", 64, secs, ["Host: " + sp.get("touthost", "example.test")])
    if c == "h2":     return h2load(T + "/s", secs)
    if c == "m1":     return wrk(P + "/1m", 8, secs, h)
    if c == "m1tls":  return wrk(T + "/1m", 8, secs, h)
    if c == "p99":    return paced(sp["plain"], rate, secs)
    raise KeyError(c)

def mem(px, n, tls):
    sp = px.spec; base = pss(px.p.pid)
    q = subprocess.Popen(ns([f"{W}/idle", "127.0.0.1", str(sp["tls" if tls else "plain"]), str(n)] + (["tls"] if tls else []), GEN_CPU), stdout=subprocess.PIPE, text=True)
    line = q.stdout.readline().split(); time.sleep(0.3); now = pss(px.p.pid)
    q.terminate(); q.wait(); time.sleep(0.5)
    return dict(base_kib=base, kib=now, per_conn_b=(now - base) * 1024 / n, ok=line)

def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that finally stops the proxies
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cases", default="ka,k16,new,tls,tlsnew,tout,h2,m1,m1tls,p99"); ap.add_argument("--peers", default="nginx,haproxy,h2o")
    ap.add_argument("--rounds", type=int, default=3); ap.add_argument("--secs", type=int, default=3); ap.add_argument("--baseline", default="haproxy")
    ap.add_argument("--candidate", action="append", default=[]); ap.add_argument("--json"); ap.add_argument("--conns", type=int, default=5000)
    a = ap.parse_args()
    specs = {k: PEERS[k] for k in a.peers.split(",") if k}
    for c in a.candidate:
        name, ports, cmd = c.split("|", 2); specs[name] = dict(cmd=cmd, **{k: int(v) for k, v in (x.split("=") for x in ports.split(","))})
    px = {k: Proxy(k, v) for k, v in specs.items()}; res, cases = {}, a.cases.split(",")
    need = {"tls": "tls", "tlsnew": "tls", "h2": "tls", "m1tls": "tls", "memtls": "tls", "tout": "tout"}
    try:
        for k, p in list(px.items()):
            try: st = p.start()
            except RuntimeError as e: print("SKIP", e, file=sys.stderr); px.pop(k); continue
            res[k] = {"start": [dict(ms=st, base_kib=pss(p.p.pid))]}
        for c in cases:
            if c == "start": continue
            rate = half_of_slowest([p for p in px.values() if p.plain()]) if c == "p99" else 0
            for r in range(1 if c.startswith("mem") else a.rounds):
                for k, p in px.items():
                    if need.get(c, "plain") not in p.spec: continue
                    if need.get(c, "plain") == "plain" and not p.plain(): continue
                    if c.startswith("mem"):
                        p.stop(); time.sleep(1.0); p.start()  # a fresh process, so that no earlier pool hides the cost
                        x = [mem(p, 100, c == "memtls"), mem(p, a.conns, c == "memtls")]
                        res[k][c] = x; print(f"{c:7} {k:10} base {x[0]['base_kib']} KiB  100: {x[0]['per_conn_b']/1024:.1f} KiB/conn  {a.conns}: {x[1]['per_conn_b']/1024:.2f} KiB/conn {x[1]['ok']}", flush=True); continue
                    u0, s0 = cpu(p.p.pid); t0 = time.monotonic(); m = traffic(c, p.spec, a.secs, rate); u1, s1 = cpu(p.p.pid); dt = time.monotonic() - t0
                    n = max(m["n"], 1); m.update(us=(u1 + s1 - u0 - s0) * 1e6 / n, user=(u1 - u0) * 1e6 / n, sys=(s1 - s0) * 1e6 / n, util=(u1 + s1 - u0 - s0) / dt)
                    if c in ("m1", "m1tls"): m["gb_cpu_s"] = n * (1 << 20) / 1e9 / max(u1 + s1 - u0 - s0, 1e-9)
                    res[k].setdefault(c, []).append(m)
            if c.startswith("mem"): continue
            med = lambda k, f: statistics.median(x[f] for x in res[k][c])
            b = med(a.baseline, "us") if a.baseline in res and c in res[a.baseline] else None
            print(f"--- {c}   (us = proxy CPU microseconds per request; ratio to {a.baseline})" + (f"   at {rate} requests a second each" if rate else ""))
            for k in px:
                if c not in res[k]: continue
                ratio = statistics.median(x["us"] / y["us"] for x, y in zip(res[k][c], res[a.baseline][c])) if b else float("nan")
                e = [x["err"] for x in res[k][c] if x["err"]]
                print(f"{c:7} {k:14} us {med(k,'us'):8.2f} (u {med(k,'user'):.2f} s {med(k,'sys'):.2f}) x{ratio:.2f}  rps {med(k,'rps'):9.0f} util {med(k,'util'):.2f} p50 {med(k,'p50'):7.0f}us p99 {med(k,'p99'):7.0f}us"
                      + (f" p99.9 {med(k,'p999'):7.0f}us" if c == "p99" else "") + (f"  GB/CPU-s {med(k,'gb_cpu_s'):.2f}" if c.startswith("m1") else "") + (f"  ERR {e[0]}" if e else ""), flush=True)
        for k in res:
            s = res[k]["start"][0]; print(f"start   {k:14} {s['ms']:.0f} ms  base PSS {s['base_kib']/1024:.1f} MiB")
    finally:
        for p in px.values(): p.stop()
        if a.json: json.dump(res, open(a.json, "w"))
main()
