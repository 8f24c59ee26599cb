#!/usr/bin/env python3
"""causeway explain on large logs: unpacked MB a second of one core. One line in a hundred failed.

  explain_bench.py --causeway build/release/causeway [--megabytes 256] [--folder /tmp]
"""
import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import tempfile
import time

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


def combined(n, bad, clock):
    return (f'203.0.113.{n % 250} - - [{clock.strftime("%d/%b/%Y:%H:%M:%S +0000")}] "GET /shop/item/{n}?ref=mail HTTP/1.1" '
            f'{502 if bad else 200} {n % 90000} "https://www.example.net/" "{AGENT}"')


def timed(n, bad, clock):
    tail = 'rt=0.004 uct="-" uht="-" urt="0.000" uaddr="10.0.0.5:8080" us="502"' if bad else \
        'rt=0.031 uct="0.001" uht="0.030" urt="0.031" uaddr="10.0.0.5:8080" us="200"'
    return combined(n, bad, clock) + " " + tail


def haproxy(n, bad, clock):
    when = clock.strftime("%d/%b/%Y:%H:%M:%S") + f".{n % 1000:03}"
    state = "0/0/-1/-1/0 503 217 - - SC--" if bad else f"0/0/1/{n % 90}/{n % 90 + 2} 200 {n % 90000} - - ----"
    return f'203.0.113.{n % 250}:{n % 60000} [{when}] web app/app1 {state} 12/12/3/1/0 0/0 "GET /shop/item/{n}?ref=mail HTTP/1.1"'


def caddy(n, bad, clock):
    line = {"level": "error" if bad else "info", "ts": clock.timestamp(), "logger": "http.log.access.log0", "msg": "handled request",
            "request": {"remote_ip": f"203.0.113.{n % 250}", "remote_port": "42530", "proto": "HTTP/2.0", "method": "GET",
                        "host": "www.example.net", "uri": f"/shop/item/{n}", "headers": {"User-Agent": [AGENT], "Accept": ["*/*"],
                        "Accept-Encoding": ["gzip, deflate, br"]}, "tls": {"resumed": False, "version": 772, "cipher_suite": 4865,
                        "proto": "h2", "server_name": "www.example.net"}},
            "bytes_read": 0, "user_id": "", "duration": 0.0123, "size": n % 90000, "status": 502 if bad else 200,
            "resp_headers": {"Server": ["Caddy"], "Content-Type": ["text/html; charset=utf-8"]}}
    return json.dumps(line, separators=(",", ":"))


def traefik(n, bad, clock):
    stamp = clock.strftime("%Y-%m-%dT%H:%M:%S.") + f"{n % 1000:03}000000Z"
    line = {"ClientAddr": f"203.0.113.{n % 250}:42530", "ClientHost": f"203.0.113.{n % 250}", "ClientPort": "42530", "ClientUsername": "-",
            "DownstreamContentSize": n % 90000, "DownstreamStatus": 502 if bad else 200, "Duration": 12300000, "OriginContentSize": n % 90000,
            "OriginDuration": 11900000, "OriginStatus": 502 if bad else 200, "Overhead": 400000, "RequestAddr": "www.example.net",
            "RequestContentSize": 0, "RequestCount": n, "RequestHost": "www.example.net", "RequestMethod": "GET",
            "RequestPath": f"/shop/item/{n}", "RequestPort": "-", "RequestProtocol": "HTTP/2.0", "RequestScheme": "https", "RetryAttempts": 0,
            "RouterName": "shop@docker", "ServiceAddr": "10.0.0.5:8080", "ServiceName": "shop@docker", "ServiceURL": "http://10.0.0.5:8080",
            "StartLocal": stamp, "StartUTC": stamp, "TLSCipher": "TLS_AES_128_GCM_SHA256", "TLSVersion": "1.3", "entryPointName": "websecure",
            "level": "info", "msg": "", "request_User-Agent": AGENT, "time": clock.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return json.dumps(line, separators=(",", ":"))


def traefik_common(n, bad, clock):
    return (combined(n, bad, clock).replace(f'"{AGENT}"', '"-"').replace('"https://www.example.net/"', '"-"') +
            f' {n} "shop@docker" "http://10.0.0.5:8080" 12ms')


def nginx_json(n, bad, clock):
    line = {"time_iso8601": clock.strftime("%Y-%m-%dT%H:%M:%S+00:00"), "remote_addr": f"203.0.113.{n % 250}", "host": "www.example.net",
            "request": f"GET /shop/item/{n} HTTP/1.1", "status": "502" if bad else "200", "body_bytes_sent": str(n % 90000),
            "request_time": "0.031", "upstream_addr": "10.0.0.5:8080", "upstream_status": "502" if bad else "200",
            "upstream_connect_time": "-" if bad else "0.001", "upstream_header_time": "-" if bad else "0.030", "http_user_agent": AGENT}
    return json.dumps(line, separators=(",", ":"))


def envoy_json(n, bad, clock):
    line = {"authority": "www.example.net", "bytes_received": 0, "bytes_sent": n % 90000, "connection_termination_details": None,
            "downstream_local_address": "10.0.1.1:8443", "downstream_remote_address": f"203.0.113.{n % 250}:42530", "duration": 12,
            "method": "GET", "path": f"/shop/item/{n}", "protocol": "HTTP/2", "request_id": "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
            "requested_server_name": "www.example.net", "response_code": 503 if bad else 200,
            "response_code_details": "upstream_reset_before_response_started{connection_failure}" if bad else "via_upstream",
            "response_flags": "UF" if bad else "-", "route_name": "default", "start_time": clock.strftime("%Y-%m-%dT%H:%M:%S.") + f"{n % 1000:03}Z",
            "upstream_cluster": "outbound|80||shop", "upstream_host": "10.0.2.1:80", "upstream_local_address": "10.0.1.1:51222",
            "upstream_service_time": None if bad else "11", "upstream_transport_failure_reason": None, "user_agent": AGENT,
            "x_forwarded_for": f"203.0.113.{n % 250}"}
    return json.dumps(line, separators=(",", ":"))


def edge(n, bad, clock):
    line = {"time": clock.strftime("%Y-%m-%dT%H:%M:%S.") + f"{n % 1000:03}Z", "ray": f"{n:016x}", "client": f"203.0.113.{n % 250}",
            "method": "GET", "scheme": "https", "host": "www.example.net", "path": f"/shop/item/{n}", "protocol": "HTTP/2",
            "status": 521 if bad else 200, "bytes_in": 0, "bytes_out": n % 90000, "duration_ms": 12.3,
            **({"failure": "connect.refused"} if bad else {}),
            "attempts": [{"origin": "http://10.0.0.5:8080", "address": "10.0.0.5:8080", "connect_ms": 0.061,
                          **({"failure": "connect.refused", "because": "The connection is refused with a reset. (ECONNREFUSED)"} if bad else
                             {"status": 200})}]}
    return json.dumps(line, separators=(",", ":"))


def wrapped(line_of):
    def docker(n, bad, clock):
        return json.dumps({"log": line_of(n, bad, clock) + "\n", "stream": "stdout",
                           "time": clock.strftime("%Y-%m-%dT%H:%M:%S.") + f"{n % 1000:03}000000Z"}, separators=(",", ":"))
    docker.__name__ = "docker: " + line_of.__name__
    return docker


def kubernetes(n, bad, clock):
    return clock.strftime("%Y-%m-%dT%H:%M:%S.") + f"{n % 1000:03}000000Z stdout F " + combined(n, bad, clock)


def cloudflare(n, bad, clock):
    line = {"ClientIP": f"203.0.113.{n % 250}", "ClientRequestHost": "www.example.net", "ClientRequestMethod": "GET",
            "ClientRequestURI": f"/shop/item/{n}", "EdgeEndTimestamp": clock.strftime("%Y-%m-%dT%H:%M:%SZ"), "EdgeResponseBytes": n % 90000,
            "EdgeResponseStatus": 521 if bad else 200, "EdgeStartTimestamp": clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RayID": f"{n:016x}", "CacheCacheStatus": "dynamic", "OriginIP": "203.0.113.10", "OriginResponseStatus": 0 if bad else 200,
            "ClientRequestUserAgent": AGENT}
    return json.dumps(line, separators=(",", ":"))


def envoy(n, bad, clock):
    state = "503 UF" if bad else "200 -"
    return (f'[{clock.strftime("%Y-%m-%dT%H:%M:%S")}.{n % 1000:03}Z] "GET /shop/item/{n} HTTP/2" {state} 0 {n % 90000} 12 {"-" if bad else 11} '
            f'"203.0.113.{n % 250}" "{AGENT}" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "www.example.net" "10.0.2.1:80"')


def nginx_error(n, bad, clock):
    return (f'{clock.strftime("%Y/%m/%d %H:%M:%S")} [error] 31#31: *{n} connect() failed (111: Connection refused) while connecting to '
            f'upstream, client: 203.0.113.{n % 250}, server: www.example.net, request: "GET /shop/item/{n} HTTP/1.1", '
            f'upstream: "http://10.0.0.5:8080/shop/item/{n}", host: "www.example.net"')


def write(path, line_of, megabytes):
    """A block of distinct lines, written again and again with later minutes in it would be another log: the
    block spans an hour, and the file repeats it."""
    import datetime
    random.seed(7)
    start = datetime.datetime(2026, 11, 25, tzinfo=datetime.timezone.utc)
    block = "".join(line_of(n, random.random() < 0.01, start + datetime.timedelta(seconds=n * 3600 // 40000)) + "\n" for n in range(40000)).encode()
    with open(path, "wb") as out:
        while out.tell() < megabytes << 20:
            out.write(block)


def measure(program, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run([program, "explain", path, "--format", "json"], capture_output=True, text=True)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    assert told["unknown"]["lines"] == 0, told["unknown"]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return told, wall, cpu, after.ru_maxrss


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--causeway", required=True)
    words.add_argument("--megabytes", type=int, default=256)
    words.add_argument("--only", help="formats whose name contains one of these words")
    words.add_argument("--folder", default=tempfile.gettempdir())
    given = words.parse_args()
    everything = (combined, timed, haproxy, envoy, traefik_common, caddy, cloudflare, traefik, nginx_json, envoy_json, edge, kubernetes,
                  wrapped(combined), wrapped(caddy), nginx_error)
    for line_of in everything:
        if given.only and not any(word in line_of.__name__ for word in given.only.split(",")):
            continue
        path = pathlib.Path(given.folder) / f"explain-bench-{os.getpid()}.log"
        try:
            write(path, line_of, given.megabytes)
            measure(given.causeway, str(path))  # the file into the page cache
            told, wall, cpu, rss = min((measure(given.causeway, str(path)) for _ in range(3)), key=lambda m: m[2])
            size = told["bytes"] / 1e6
            print(f"{line_of.__name__:12} {told['lines']:9} lines, {size:6.0f} MB: {size / cpu:6.0f} MB/s of one core "
                  f"({size / wall:.0f} MB/s by the clock), {told['lines'] / cpu / 1e6:.1f} M lines/s, at most {rss / 1024:.0f} MB of memory")
        finally:
            path.unlink(missing_ok=True)


main()
