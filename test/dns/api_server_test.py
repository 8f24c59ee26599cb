#!/usr/bin/env python3
"""causeway dns against the local API server, end to end, on loopback: snapshot, history, diff, export, set, undo, pause,
resume, and everything the provider may do wrong. Documents are checked against docs/schema.

  api_server_test.py CAUSEWAY
"""
import datetime
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1]
RECORDS = [
    {"type": "A", "name": "example.net", "content": "203.0.113.10", "proxied": True, "comment": "the site", "tags": ["team:web"]},
    {"type": "A", "name": "www.example.net", "content": "203.0.113.9", "proxied": True},
    {"type": "AAAA", "name": "www.example.net", "content": "2001:db8::9", "proxied": True},
    {"type": "A", "name": "direct.example.net", "content": "203.0.113.10", "ttl": 600},
    {"type": "CNAME", "name": "shop.example.net", "content": "shop.hosted.example"},
    {"type": "MX", "name": "example.net", "content": "mail.example.net", "priority": 10},
    {"type": "TXT", "name": "example.net", "content": "\"v=spf1 ip4:203.0.113.10 -all\""},
    {"type": "TXT", "name": "k1._domainkey.example.net", "content": "v=DKIM1; k=rsa; p=" + "A" * 390},
    {"type": "SRV", "name": "_sip._tcp.example.net",
     "data": {"priority": 5, "weight": 7, "port": 5060, "target": "sip.example.net"}},
    {"type": "CAA", "name": "example.net", "data": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}},
]


class Place:
    """A server and a store of their own, gone at the end."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.folder.name + "/store"
        path = self.folder.name + "/records.json"
        pathlib.Path(path).write_text(json.dumps(RECORDS))
        self.server = subprocess.Popen([sys.executable, ROOT / "lab/servers/provider_api.py", "--zone", "example.net",
                                        "--records", path, *options], stdout=subprocess.PIPE, text=True)
        port = self.server.stdout.readline().split()[1]
        self.base = f"http://127.0.0.1:{port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait()
        self.folder.cleanup()

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base + path, data=data)) as answer:
            return json.load(answer)

    def fault(self, **fault):
        self.ask("/test/fault", fault)

    def records(self):
        return sorted(({k: v for k, v in r.items() if k not in ("modified_on", "id", "created_on")}
                       for r in self.ask("/test/records")), key=json.dumps)

    def dns(self, *words, code=0, token="edit-token", provider=True):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "CLOUDFLARE_API_TOKEN": token}
        flags = ["--store", self.store]
        if provider and words[0] not in ("history", "diff", "export"):
            flags += ["--api", self.base + "/client/v4", "--no-servers"]
        done = subprocess.run([PROGRAM, "dns", *words, *flags], capture_output=True, text=True, timeout=60, env=environment)
        text = done.stdout + done.stderr
        assert done.returncode == code, f"dns {' '.join(words)}: exit {done.returncode}, expected {code}\n{text}"
        assert "-token" not in text.replace("--token", ""), f"the token was printed:\n{text}"
        return text


def fits(document, schema):
    jsonschema.Draft202012Validator(json.loads((ROOT / f"docs/schema/{schema}.schema.json").read_text())).validate(document)


def documents():
    with Place("--most-per-page", "3") as place:
        snapshot = json.loads(place.dns("snapshot", "example.net", "--format", "json"))
        fits(snapshot, "zone")
        assert len(snapshot["records"]) == len(RECORDS), "pages of 3 are all read"
        assert snapshot["provider"]["settings"]["ssl"] == "strict" and snapshot["complete"]
        pages = [c["path"] for c in place.ask("/test/calls") if "dns_records" in c["path"]]
        assert len(pages) == 4, pages
        place.dns("set", "www.example.net", "A", "203.0.113.10", "--yes")
        place.dns("snapshot", "example.net")
        diff = json.loads(place.dns("diff", "example.net", "--format", "json", code=1))
        fits(diff, "zone-diff")
        assert [c["fields"] for c in diff["records"]] == [["content"]], diff
        assert "203.0.113.9 -> 203.0.113.10" in place.dns("diff", "example.net", code=1)
        place.dns("diff", "example.net", "latest", "latest")
        history = json.loads(place.dns("history", "example.net", "--format", "json"))
        fits(history, "zone-history")
        assert len(history["snapshots"]) == 2 and history["snapshots"][1]["changed"] == 1, history
        assert history["changes"][0]["state"] == "done"
        change = next(pathlib.Path(place.store).rglob("*.change.json"))
        fits(json.loads(change.read_text()), "zone-change")
        assert change.stat().st_mode & 0o077 == 0
        bind = place.dns("export", "example.net", "--format", "bind")
        assert '_sip._tcp.example.net. 300 IN SRV 5 7 5060 sip.example.net.' in bind, bind
        assert re.search(r'k1\._domainkey\.example\.net\. 300 IN TXT "v=DKIM1.{248}" "A+"', bind), bind
        zone_file = place.folder.name + "/zone"
        pathlib.Path(zone_file).write_text(bind.replace("$TTL 300", "$TTL 300\n@ IN SOA a. b. 1 2 3 4 5\n@ IN NS a."))
        checked = subprocess.run(["named-checkzone", "-i", "none", "example.net", zone_file], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout
        octodns = place.dns("export", "example.net", "--format", "octodns")
        assert "'www':" in octodns and "proxied: true" in octodns and "preference: 10" in octodns, octodns


def changes():
    with Place() as place:
        before = place.records()
        dry = place.dns("set", "www.example.net", "A", "203.0.113.10")
        assert "PUT /zones/" in dry and '"content":"203.0.113.10"' in dry and place.records() == before, dry
        # What restores: comment, tags and structured data stay byte-equal through every kind of change.
        for words in (("www.example.net", "A", "203.0.113.10", "203.0.113.11"), ("www.example.net", "AAAA", "--delete"),
                      ("example.net", "A", "203.0.113.77", "--proxied", "no", "--ttl", "120"),
                      ("www.example.net", "CNAME", "edge.example.org", "--replace"),
                      ("new.example.net", "TXT", "hello; \"you\""), ("_sip._tcp.example.net", "SRV", "--delete")):
            place.dns("set", *words, "--yes")
            assert place.records() != before, words
            assert "byte for byte" in place.dns("undo", "example.net", "--yes"), words
            assert place.records() == before, words
        assert "stands alone" in place.dns("set", "www.example.net", "CNAME", "edge.example.org", code=2)
        assert "IPv6 address" in place.dns("set", "www.example.net", "A", "2001:db8::1", code=2)
        assert "did you mean AAAA" in place.dns("set", "www.example.net", "AAA", "1", code=2)
        # What the provider must refuse is refused before it is asked, with the form that is expected.
        calls = len(place.ask("/test/calls"))
        for words, said in ((("example.net", "MX", "mail.example.net"), "needs a priority"),
                            (("example.net", "MX", "203.0.113.10", "--priority", "10"), "holds a host name"),
                            (("_sip._tcp.example.net", "SRV", "sip.example.net", "--priority", "5"), "WEIGHT PORT TARGET"),
                            (("www.example.net", "SRV", "5 5060 sip.example.net", "--priority", "5"), "_service._protocol"),
                            (("example.net", "CAA", "letsencrypt.org"), "FLAGS TAG VALUE"),
                            (("www.example.net", "TXT", "x", "--proxied", "yes"), "does not go through the edge"),
                            (("www.example.net", "A", "203.0.113.10", "203.0.113.10"), "given twice"),
                            (("www.example.net", "A", "203.0.113.10", "--priority", "5"), "has none")):
            assert said in place.dns("set", *words, code=2), words
        assert len(place.ask("/test/calls")) == calls
        # Types that the provider keeps as data are sent as data.
        for words, sent in ((("_sip._tcp.example.net", "SRV", "9 5061 sip2.example.net", "--priority", "6"),
                             {"priority": 6, "weight": 9, "port": 5061, "target": "sip2.example.net"}),
                            (("example.net", "CAA", "0 issue ca.example"), {"flags": 0, "tag": "issue", "value": "ca.example"})):
            place.dns("set", *words, "--yes")
            assert sent in [r.get("data") for r in place.records()], words
            place.dns("undo", "example.net", "--yes")
            assert place.records() == before, words
        place.dns("set", "example.net", "MX", "10 mail.example.net", "20 mail2.example.net", "--yes")
        assert sorted((r["priority"], r["content"]) for r in place.records() if r["type"] == "MX") == [
            (10, "mail.example.net"), (20, "mail2.example.net")]
        place.dns("undo", "example.net", "--yes")
        assert place.records() == before
        # Without a token a change is wrong use, whichever it is.
        for words in (("set", "www.example.net", "A", "203.0.113.10"), ("fix", "example.net"), ("undo", "example.net"),
                      ("pause", "www.example.net"), ("resume", "www.example.net")):
            assert "a change needs the provider" in place.dns(*words, token="", code=2), words
        # Changed by somebody else since: not undone in silence.
        place.dns("set", "www.example.net", "A", "203.0.113.10", "--yes")
        first = json.loads(place.dns("history", "example.net", "--format", "json"))["changes"][-1]["id"]
        place.dns("set", "www.example.net", "A", "203.0.113.12", "--yes")
        assert "no longer as this change left it" in place.dns("undo", "example.net", first, "--yes", code=3)
        place.dns("undo", "example.net", first, "--yes", "--force")
        assert place.records() == before
        purges = [c["body"] for c in place.ask("/test/calls") if c["path"].endswith("purge_cache")]
        assert purges and json.loads(purges[0])["hosts"] == ["www.example.net"], purges


def pauses():
    with Place() as place:
        before = place.records()
        text = place.dns("pause", "www.example.net", "--for", "1s", "--yes")
        assert "the pause has ended" in text and place.records() == before, text
        seen = [c["body"] for c in place.ask("/test/calls") if c["method"] == "POST" and "batch" in c["path"]]
        assert all(not put["proxied"] for put in json.loads(seen[0])["puts"]), seen
        # The provider has trouble when the pause ends: it is tried again, and the way out is said.
        environment = {"PATH": os.environ["PATH"], "HOME": place.folder.name, "CLOUDFLARE_API_TOKEN": "edit-token"}
        words = [PROGRAM, "dns", "pause", "www.example.net", "--for", "1s", "--yes", "--no-servers", "--store", place.store, "--api",
                 place.base + "/client/v4"]
        for interrupt in (False, True):
            paused = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
            for line in paused.stdout:
                if line.startswith("Should this program be killed: causeway dns resume www.example.net --yes --store "):
                    break
            place.fault(kind="status", status=503, times=1000 if interrupt else 4)
            if interrupt:
                for line in paused.stderr:
                    if "tries again in" in line:
                        break
                paused.send_signal(signal.SIGINT)
            text = "".join(paused.communicate(timeout=60))
            place.fault(kind="none")
            assert paused.returncode == (3 if interrupt else 0), (paused.returncode, interrupt, text)
            if interrupt:
                assert "has not ended: interrupted" in text and place.records() != before, text
                command = re.search(r"^  (causeway dns resume .*)$", text, re.M)[1].split()
                subprocess.run([PROGRAM, *command[1:]], check=True, env=environment, capture_output=True)
            else:
                assert "tries again in 5 s" in text and "the pause has ended" in text, text
            assert place.records() == before
        # A pause whose program was killed is ended by resume.
        for flags in ((), ("--whole-zone",)):
            paused = subprocess.Popen([PROGRAM, "dns", "pause", "www.example.net", "--for", "1h", "--yes", "--no-servers",
                                       "--store", place.store, "--api", place.base + "/client/v4", *flags],
                                      stdout=subprocess.PIPE, text=True, env=environment)
            for line in paused.stdout:
                if line.startswith("DNS only until"):
                    break
            paused.kill()
            paused.wait()
            place.dns("resume", "www.example.net", "--yes")
            assert place.records() == before
        calls = [c["body"] for c in place.ask("/test/calls") if c["method"] == "PATCH"]
        assert calls == ['{"paused":true}', '{"paused":false}'], calls
        assert "nothing is paused" in place.dns("resume", "www.example.net")


def trouble():
    with Place() as place:
        assert "9109 Invalid access token" in place.dns("snapshot", "example.net", token="bad-token", code=3)
        assert "6111 Invalid format" in place.dns("snapshot", "example.net", token="bad token", code=3)
        assert "sees no zone" in place.dns("snapshot", "example.net", token="other-token", code=3)
        assert "10000 Authentication error" in place.dns("set", "www.example.net", "A", "203.0.113.10", "--yes",
                                                         token="read-token", code=3)
        place.dns("snapshot", "example.net", token="read-token")
        place.fault(kind="echo", times=1)
        assert "[the token]" in place.dns("snapshot", "example.net", code=3)
        place.fault(kind="limit", times=1, retry_after=1)
        begin = time.monotonic()
        assert "waits 1 s" in place.dns("snapshot", "example.net")
        assert time.monotonic() - begin >= 1
        place.fault(kind="status", status=503, times=1)
        place.dns("snapshot", "example.net")
        place.fault(kind="cut", times=1)
        place.dns("snapshot", "example.net")
        before = place.records()
        # A POST that was cut may have been carried out: it is not sent twice, and the doubt is said.
        place.fault(kind="cut-after", times=1, method="POST")
        text = place.dns("set", "new.example.net", "A", "203.0.113.50", "--yes", code=3)
        assert "is not known" in text, text
        assert len([r for r in place.records() if r["name"] == "new.example.net"]) == 1
        place.dns("set", "new.example.net", "A", "--delete", "--yes")
        assert place.records() == before
        # A batch that cannot be carried out as a whole leaves everything as it was.
        text = place.dns("set", "www.example.net", "A", "203.0.113.10", "203.0.113.11", "--ttl", "40", "--proxied", "no",
                         "--yes", code=3)
        assert "9021 Invalid TTL" in text and "nothing was changed" in text and place.records() == before, text


def views():
    """Drift without probes, and a plan between two machines that both refuse: the documents fit their schemas."""
    with Place() as place:
        drift = json.loads(place.dns("drift", "example.net", "--no-probes", "--no-registry", "--format", "json", code=1))
        fits(drift, "drift")
        leaks = sorted(f["name"] for f in drift["findings"] if f["id"] == "zone.leak")
        assert leaks == ["direct.example.net", "example.net"], leaks
        assert "causeway dns set direct.example.net A 203.0.113.10 --proxied yes" in \
            re.sub(r"\s+", " ", place.dns("drift", "example.net", "--no-probes", "--no-registry", code=1))
        place.dns("snapshot", "example.net")
        words = [PROGRAM, "plan", "127.0.0.1", "127.0.0.2", "--name", "www.example.net", "--zone", "example.net",
                 "--store", place.store, "--format"]
        for form, mark in (("json", None), ("text", "NO-GO"), ("markdown", "# Migration"), ("html", "<!doctype html>")):
            done = subprocess.run([*words, form], capture_output=True, text=True, timeout=60)
            assert done.returncode == 1, done
            if mark:
                assert mark in done.stdout, done.stdout
                continue
            plan = json.loads(done.stdout)
            fits(plan, "plan")
            assert not plan["go"] and any(c["id"] == "reach.port" and c["state"] == "stop" for c in plan["checks"]), plan
        wrong = subprocess.run([PROGRAM, "plan", "127.0.0.1", "127.0.0.2"], capture_output=True, text=True)
        assert wrong.returncode == 2 and "--name: no host name is given" in wrong.stderr, wrong


class Registry(http.server.BaseHTTPRequestHandler):
    """A registry's RDAP server (RFC 9082, 9083) behind a bootstrap server that redirects to it."""
    answer = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.startswith("/domain/"):
            self.send_response(302)
            self.send_header("Location", "/registry" + self.path)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        text = json.dumps(self.answer).encode()
        self.send_response(200 if self.path == "/registry/domain/example.net" else 404)
        self.send_header("Content-Type", "application/rdap+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def registration():
    """When the registration ends, and what the registry holds against it."""
    registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=registry.serve_forever, daemon=True).start()
    flags = ["drift", "example.net", "--no-probes", "--rdap", f"http://127.0.0.1:{registry.server_address[1]}", "--format", "json"]
    with Place() as place:
        def found(days, *status):
            ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
            Registry.answer = {"objectClassName": "domain", "ldhName": "example.net", "status": list(status),
                               "events": [{"eventAction": "registration", "eventDate": "2001-01-01T00:00:00Z"},
                                          {"eventAction": "expiration", "eventDate": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}]}
            drift = json.loads(place.dns(*flags, code=1))
            fits(drift, "drift")
            return [f["severity"] for f in drift["findings"] if f["id"] == "dns.expired-domain"], drift["notes"]
        assert found(300, "active")[0] == [], found(300)
        assert found(20)[0] == ["warning"], found(20)
        assert found(3)[0] == ["bad"], found(3)
        assert found(300, "client hold")[0] == ["bad"], found(300, "client hold")
        Registry.answer = ["nonsense"]
        drift = json.loads(place.dns(*flags, code=1))
        assert any("when the registration ends is not known" in note for note in drift["notes"]), drift["notes"]
    registry.shutdown()


def formats():
    """What other programs are given to load."""
    with Place() as place:
        place.dns("snapshot", "example.net")
        script = place.dns("export", "example.net", "--format", "dnscontrol")
        assert 'D("example.net", REG_NONE, DnsProvider(DSP_CLOUDFLARE),' in script and "CF_PROXY_ON" in script, script
        # The functions of its language, as nothing: it is JavaScript, and every line says a record.
        if node := shutil.which("node"):
            head = "".join(f"const {name} = (...all) => ({{kind: '{name}', all}});" for name in
                           ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "CAA", "PTR", "TTL", "NewRegistrar", "NewDnsProvider", "DnsProvider"))
            head += "const END = null, CF_PROXY_ON = 'on', CF_PROXY_OFF = 'off', CAA_CRITICAL = 1; let seen; const D = (...all) => { seen = all; };"
            told = json.loads(subprocess.run([node, "-e", head + script + ";console.log(JSON.stringify(seen))"], capture_output=True, text=True,
                                             check=True).stdout)
            kept = [r for r in told if isinstance(r, dict) and r["kind"] not in ("NewRegistrar", "DnsProvider")]
            assert len(kept) == len([r for r in RECORDS if r["type"] not in ("HTTPS", "SVCB", "TLSA")]), (len(kept), len(RECORDS), script)
        calendar = subprocess.run([PROGRAM, "plan", "127.0.0.1", "127.0.0.2", "--name", "www.example.net", "--pages", "0", "--format",
                                   "calendar", "--at", "2026-12-01T22:00:00Z"], capture_output=True, timeout=60).stdout
        lines = calendar.split(b"\r\n")
        assert lines[0] == b"BEGIN:VCALENDAR" and lines[-2:] == [b"END:VCALENDAR", b""], calendar
        assert all(len(line) <= 75 for line in lines) and calendar.count(b"BEGIN:VALARM") == calendar.count(b"BEGIN:VEVENT") >= 7, calendar
        assert b"DTSTART:20261208T220000Z" in calendar, calendar


def main():
    parts = (documents, changes, pauses, trouble, views, registration, formats)
    for part in [part for part in parts if not sys.argv[2:] or part.__name__ in sys.argv[2:]]:
        begin = time.monotonic()
        part()
        print(f"{part.__name__}: {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main()
