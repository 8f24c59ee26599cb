"""`make run` without a URL is `causeway up`: small origins, some broken, an edge, a watch and the console. Two start at once
(the second finds the ports taken): one is asked through its API until the Now page names each cause, and ended with Ctrl-C;
the other runs as a build server runs it, with --once. Nothing leaves loopback."""
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import console_client
from console_client import Console, Program, wait

# Origins and what is true of each: the causes that leave exactly this evidence.
CAUSES = {
    "refusing": {"origin.process-stopped", "port.not-listening"},
    "mute": {"origin.process-hung", "tls.handshake-stall"},
    "http-on-https": {"port.http-on-https"},
    "expired": {"tls.expired"},
    "other-name": {"tls.wrong-host"},
    "self-signed": {"tls.self-signed"},
    "empty-reply": {"http.empty-reply"},
    "not-http": {"http.malformed"},
    "cut-short": {"http.body-truncated"},
    "too-slow": {"http.slow-first-byte"},
    "broken-app": {"http.app-5xx"},
    "circle": {"http.redirect-loop"},
}
CODES = {"healthy": 200, "refusing": 521, "http-on-https": 525, "expired": 526, "other-name": 526, "empty-reply": 520,
         "not-http": 520, "broken-app": 500}


def named(console):
    """Cause by origin, as the Now page shows them: a title begins with the name of what is down."""
    return {incident["title"].split()[0]: incident["cause"] for incident in console.get("/api/v1/now")["incidents"]}


def all_right(console):
    seen = named(console)
    return seen if all(seen.get(origin) in causes for origin, causes in CAUSES.items()) else None


def code_of(url):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "text/html"}), timeout=20) as reply:
            return reply.status
    except urllib.error.HTTPError as refused:
        return refused.code


def probe(console, **parameters):
    return console.get("/probe?" + urllib.parse.urlencode(parameters))


def probes(console, edge):
    """As Prometheus asks blackbox_exporter, with each of its modules that are spoken."""
    subjects = {one["id"]: one["subject"] for one in console.get("/api/v1/targets?limit=200")["targets"]}
    address = lambda origin: urllib.parse.urlsplit(subjects[origin]).netloc  # noqa: E731
    good = probe(console, target=f"{edge}/healthy", module="http_2xx")
    assert "\nprobe_success 1\n" in good and "\nprobe_http_status_code 200\n" in good, good
    named = probe(console, target=f"{edge}/healthy", hostname="shop.test", debug="true")
    assert "http://shop.test:" in named, named  # the origin's certificate is for another name: the edge says so
    assert "\nprobe_success 0\n" in named and "\nprobe_http_status_code 526\n" in named, named
    refused = probe(console, target=subjects["refusing"])
    assert "\nprobe_success 0\n" in refused and 'causeway_failure{failure="connect.refused"} 1' in refused, refused
    assert "\nprobe_success 1\n" in probe(console, target=address("healthy"), module="tcp_connect")
    refused = probe(console, target=address("refusing"), module="tcp_connect", debug="true")
    assert "\nprobe_success 0\n" in refused and "connect   failed" in refused, refused
    pinged = probe(console, target="127.0.0.1", module="icmp")
    assert "\nprobe_success 1\n" in pinged or 'failure="internal"' in pinged, pinged  # not everybody may


def main():
    program = sys.argv[1]
    began = time.monotonic()
    environment = console_client.clean_environment()
    with Program(program, "up", env=environment) as first, Program(program, "up", "--once", env=environment) as second:
        console = Console(first)
        assert console.address != second.wait_for(r"Console +(http://\S+)").group(1), "two consoles at one place"
        seen = wait(lambda: all_right(console), 60, lambda: f"each cause named; {named(console)}")
        print(f"every cause named after {time.monotonic() - began:.1f} s")
        wrong = set(seen) - set(CAUSES)
        assert not wrong, f"incidents of healthy sites: {wrong}"

        edge = first.wait_for(r"Edge +(http://[\d.:]+)").group(1)
        probes(console, edge)
        for origin, code in CODES.items():
            got = code_of(f"{edge}/{origin}")
            assert got == code, f"the edge shows {got} for {origin}, expected {code}"

        first.wait_for(r"The watch has named the cause of 12 of 12", 60)
        for origin in CAUSES:  # the terminal has a line for each, with the cause
            first.wait_for(rf"✗ {origin} +\d+ [a-z]+\.[a-z0-9-]+", 1)
        pressed = time.monotonic()
        status = first.end(signal.SIGINT)
        assert status == 0, f"exit {status} after Ctrl-C:\n{first.text()}"
        assert time.monotonic() - pressed < 5, "Ctrl-C took longer than 5 s"

        status = second.ended(70)
        assert status == 0, f"--once: exit {status}:\n{second.text()}"
        second.wait_for(r"The watch has named the cause of 12 of 12", 1)
    print(f"all of it in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
