"""fill.py STORE [MORE]: rows for the click-through: sites in every state, an incident with its diagnosis,
a shared outage, a past incident, figures of three hours. The store was made by causeway itself."""
import json
import pathlib
import sqlite3
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
now = int(time.time() * 1000)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
db = sqlite3.connect(sys.argv[1], timeout=10)


def insert(table, **values):
    names = ", ".join(values)
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))


SITES = [  # id, name, kind, subject, group, outcome, failure, address, detail, minutes since
    ("shop", "Shop", "http", "https://shop.example.net/", "Shops", "down", "route.neighbour_silent", "203.0.113.10:443", "", 12),
    ("outlet", "Outlet", "http", "https://outlet.example.net/", "Shops", "down", "connect.silent", "198.51.100.20:443", "", 41),
    ("books", "Books", "http", "https://books.example.net/", "Shops", "down", "connect.silent", "198.51.100.20:443", "", 41),
    ("blog", "Blog", "http", "https://blog.example.net/", "Pages", "degraded", "", "203.0.113.9:443", "answers, but slowly: 2.4 s", 95),
    ("api", "API", "http", "https://api.example.net/health", "Platform", "ok", "", "203.0.113.40:443", "200 OK", 4000),
    ("mail", "Mail", "tcp", "mail.example.net:587", "Platform", "ok", "", "203.0.113.41:587", "", 90000),
    ("docs", "Documentation with a rather long name", "http", "https://docs.example.net/en/latest/", "Pages", "unknown", "", "", "our own network was down", 3),
    ("old", "Old site", "http", "https://old.example.net/", "Pages", "ok", "", "203.0.113.9:443", "200 OK", 70000),
]
for id, name, kind, subject, team, outcome, failure, address, detail, minutes in SITES:
    insert("target", id=id, name=name, kind=kind, subject=subject, team=team, tags='["production"]', owner="anna",
           source="file", spec="{}", paused=0, created=now - 60 * DAY, updated=now - 60 * DAY, removed=None)
    insert("target_state", target=id, outcome=outcome, since=now - minutes * MINUTE, checked=now - 9000, failure=failure,
           status=200 if outcome == "ok" else 0, address=address, detail=detail, elapsed=38_400,
           certificate_until=None if kind == "tcp" or not address else now + (hash(id) % 60 + 5) * DAY,
           facts=json.dumps({"shares": [{"kind": "provider", "value": "Example Hosting"}, {"kind": "nameserver", "value": "ns1.example.net"}],
                             "addresses": [address.split(":")[0]] if address else [], "name_servers": ["ns1.example.net", "ns2.example.net"],
                             "certificate": f"{id}.example.net"}))
MORE = int(sys.argv[2]) if len(sys.argv) > 2 else 0
for n in range(MORE):  # many more, one in ten of them down
    down = n % 10 == 0
    insert("target", id=f"site-{n}", name=f"Site {n}", kind="http", subject=f"https://site-{n}.example.org/", team=f"Group {n % 7}",
           tags='["production"]', owner="ben", source="file", spec="{}", paused=0, created=now - 60 * DAY, updated=now - 60 * DAY, removed=None)
    insert("target_state", target=f"site-{n}", outcome="down" if down else "ok", since=now - (n % 50 + 1) * HOUR, checked=now - 9000,
           failure="connect.silent" if down else "", status=0 if down else 200, address=f"203.0.113.{n % 250}:443", detail="" if down else "200 OK",
           elapsed=20_000 + 997 * (n % 91), certificate_until=now + (n % 60 + 70) * DAY, facts="{}")
for minute in range(180, 0, -1):
    start = (now // MINUTE - minute) * MINUTE
    for id, base in (("api", 30_000), ("shop", 42_000)):
        down = 2 if id == "shop" and minute <= 12 else 0
        ok = 2 - down
        wave = int(base * (1 + 0.2 * ((minute * 7) % 11) / 11))
        insert("rollup", target=id, vantage="here", span=60, start=start, ok=ok, degraded=0, down=down, unknown=0,
               total_sum=ok * wave, total_min=wave if ok else 0, total_max=wave if ok else 0, resolve_sum=ok * 2_000,
               connect_sum=ok * 9_000, secure_sum=ok * 12_000, wait_sum=ok * (wave - 23_000))
diagnosis = (ROOT / "test/golden/unreachable.json").read_text()
insert("document", id="d1", incident="i1", target="shop", kind="diagnosis", at=now - 11 * MINUTE, body=diagnosis)
insert("document", id="d2", incident="i1", target="shop", kind="excerpt", at=now - 11 * MINUTE, body="<h1>no answer</h1>")


def incident(id, title, cause, owner, failure, code, sentence, first, closed, members, shared=("", "", 0, 0, 0.0), diagnosis="", severity="down"):
    insert("incident", id=id, severity=severity, title=title, cause=cause, owner=owner, failure=failure, code=code,
           sentence=sentence, shared_kind=shared[0], shared_value=shared[1], shared_all=shared[2], shared_failing=shared[3],
           expected_share=shared[4], first_failed=first, opened=first + MINUTE, closed=closed, acknowledged=None,
           acknowledged_by="", merged_into="", diagnosis=diagnosis, updated=closed or first + 2 * MINUTE)
    for member in members:
        insert("incident_member", incident=id, target=member, since=first, until=closed, failure=failure)
    events = [(first, "first-failed", "the first check failed"), (first + MINUTE, "confirmed", "3 of 3 checks failed: the incident is open")]
    if diagnosis:
        events.append((first + 2 * MINUTE, "diagnosed", sentence))
    if closed:
        events.append((closed, "closed", "2 of 2 checks are fine again"))
    for at, kind, text in events:
        insert("incident_event", incident=id, at=at, kind=kind, author="causeway", text=text, data="{}")


incident("i1", "Shop is down: the origin machine 203.0.113.10 is down or off the network", "origin.host-down", "you",
         "route.neighbour_silent", 523, "The origin machine 203.0.113.10 is down or off the network.", now - 12 * MINUTE, None, ["shop"], diagnosis="d1")
incident("i2", "2 sites at 198.51.100.20 are down together", "host.shared-address-outage", "host", "connect.silent", 522,
         "Every watched site at 198.51.100.20 fails, and the others do not: the trouble is the machine or its network.",
         now - 41 * MINUTE, None, ["outlet", "books"], ("address", "198.51.100.20", 2, 2, 0.17))
incident("i3", "Old site is down: the certificate has ended", "tls.expired", "you", "cert.expired", 526, "The certificate ended.",
         now - 9 * DAY, now - 9 * DAY + 3 * HOUR, ["old"])
for n in range(0, MORE, 10):
    incident(f"many-{n}", f"Site {n} is down: no answer to the connection", "unknown", "", "connect.silent", 522, "", now - (n % 50 + 1) * HOUR,
             None, [f"site-{n}"])
insert("alert", id="a1", token="i1 opened mail", incident="i1", channel="mail", kind="opened", state="sent", created=now - 11 * MINUTE,
       due=now - 11 * MINUTE, expires=now + DAY, attempts=1, sent=now - 11 * MINUTE, reason="", body="{}")
for at, before, outcome, failure in ((now - 12 * MINUTE, "ok", "down", "route.neighbour_silent"), (now - 20 * DAY, "unknown", "ok", "")):
    insert("transition", target="shop", vantage="here", at=at, before=before, outcome=outcome, failure=failure, status=0,
           address="203.0.113.10:443", elapsed=3_071_000, detail="")
for name, outcome in (("fra1", "down"), ("ny2", "down")):
    insert("vantage", name=name, seen=now - 3000, addresses="[]", state="ok", detail="")
    insert("transition", target="blog", vantage=name, at=now - 95 * MINUTE, before="ok", outcome=outcome, failure="connect.silent",
           status=0, address="203.0.113.9:443", elapsed=10_000_000, detail="")
    insert("transition", target="api", vantage=name, at=now - 40 * DAY, before="unknown", outcome="ok", failure="", status=200,
           address="203.0.113.40:443", elapsed=41_000, detail="")
for id in ("blog", "api", "mail"):
    insert("transition", target=id, vantage="here", at=now - 41 * DAY, before="unknown", outcome="ok", failure="", status=200,
           address="", elapsed=41_000, detail="")
insert("vantage", name="here", seen=now - 4000, addresses='["198.51.100.9"]', state="ok", detail="")
insert("maintenance", id="m1", title="Database upgrade", zone="Europe/Berlin", starts="2026-12-01T02:00", minutes=90, repeats="",
       until="", targets='["api"]', teams="[]", tags="[]", note="", source="file", author="anna", created=now, removed=None)
db.commit()
