"""`causeway watch` as its operator meets it: real servers fail and come back, real receivers are told, people act through the
console's API. Needs aiosmtpd; with prometheus and prometheus-alertmanager installed they are met too. Loopback only."""
import datetime
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

import console_client
import small_servers
from console_client import Console, Program, Refused, wait
from small_servers import Dns, Receiver, Registry, Web

QUICK = 'interval = "1s"\ntimeout = "2s"\nretry = "500ms"\nconfirm = {open_failures = 2, open_of = 2, close_successes = 2, close_of = 2}\n'


class Mailbox:
    """A real SMTP server with STARTTLS and a login."""

    def __init__(self, made, key):
        self.mails = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made, key)
        self.port = small_servers.free_port()

        def login(_server, _session, _envelope, _mechanism, data):
            return AuthResult(success=(data.login, data.password) == (b"alerts", b"a mail password"))

        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, tls_context=context, require_starttls=True,
                                     authenticator=login, auth_required=True)
        self.controller.start()

    async def handle_DATA(self, _server, session, envelope):
        assert session.ssl, "a mail came unencrypted"
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"

    def about(self, *words):
        return [text for _, _, text in list(self.mails) if all(word in text for word in words)]


class House:
    """Everything that stands around the watch."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.environment = {**console_client.clean_environment(), "SMTP_PASSWORD": "a mail password"}
        now = datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)
        stamp = "%Y%m%d%H%M%SZ"
        self.good = small_servers.certificate(folder, "good")
        self.old = small_servers.certificate(folder, "old", (now - 80 * day).strftime(stamp), (now + 10 * day).strftime(stamp))
        self.receiver = Receiver()
        self.mailbox = Mailbox(*self.good)
        self.dns = Dns(["192.0.2.7"], zones=["eu.example.net"])
        self.registry = Registry("example.net", "1999-08-13T04:00:00Z", (now + 20 * day).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.webs = {name: Web(f"127.{number}.0.1") for number, name in
                     enumerate(("shop", "db", "blog", "app", "front", "origin", "d1", "d2", "d3", "d4", "d5"), start=10)}
        self.secure = Web("127.0.0.1", small_servers.server_tls(*self.old))
        self.listen = small_servers.free_port()
        self.alertmanager = small_servers.free_port()

    def path(self, name):
        return os.path.join(self.folder, name)

    def target(self, name, url=None, more=""):
        return f'[[watch.target]]\nid = "{name}"\nurl = "{url or self.webs[name].url()}"\n{QUICK}{more}'

    def channel(self, name, kind, url, more=""):
        return f'[[watch.channel]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\n{more}'

    def configuration(self):
        told = self.receiver.url
        parts = [
            f'[watch]\nlisten = "127.0.0.1:{self.listen}"\ngather = "1s"\nconsole = "https://watch.example.net"\n'
            f'anchors = ["127.0.0.1:{self.receiver.port}"]\nrdap = "{self.registry.url}"\n',
            self.target("shop", more='team = "web"\nexpect = {status = 200, text = "Basket"}\n'),
            self.target("db", f"tcp://127.11.0.1:{self.webs['db'].port}", 'team = "data"\n'),
            self.target("blog", more='team = "blog"\n'),
            self.target("app", more='team = "app"\n[[watch.target.remedy]]\nname = "restart app"\n'
                        f'command = ["touch", "{self.path("restart-app")}"]\ndry_run = false\nverify = ["db"]\n'),
            self.target("front", more=f'team = "edge"\norigins = ["127.15.0.1:{self.webs["origin"].port}"]\n'),
            *[self.target(f"d{number}", more='team = "digest"\n') for number in range(1, 6)],
            self.target("secure", self.secure.url("tls").rstrip("/"), f'team = "tls"\nca_file = "{self.old[0]}"\n'),
            self.target("ping", "ping://127.0.0.1"),
            self.target("value", "dns://value.test", f'resolver = "127.0.0.1:{self.dns.port}"\nexpect = {{values = ["192.0.2.7"]}}\n'),
            self.target("named", "dns://www.eu.example.net", f'resolver = "127.0.0.1:{self.dns.port}"\n'
                        'expect = {values = ["192.0.2.7"]}\n'),
            '[[watch.target]]\nid = "backup"\nkind = "heartbeat"\ninterval = "2s"\ntimeout = "1s"\nteam = "jobs"\n'
            "confirm = {open_failures = 1, open_of = 1, close_successes = 1, close_of = 1}\n",
            self.channel("hook", "webhook", told("/hook"), 'secret = {env = "SMTP_PASSWORD"}\nleast = "notice"\n'),
            self.channel("again", "webhook", told("/again"), 'remind = "2s"\nteams = ["web"]\n'),
            self.channel("v4", "webhook-v4", told("/v4"), 'teams = ["web"]\n'),
            self.channel("chat", "slack", told("/chat"), 'teams = ["digest"]\n'),
            self.channel("mail", "mail", f"smtp://127.0.0.1:{self.mailbox.port}",
                         f'from = "alerts@example.net"\nto = ["ops@example.net"]\nuser = "alerts"\nca_file = "{self.good[0]}"\n'
                         'secret = {env = "SMTP_PASSWORD"}\nteams = ["web", "jobs"]\n'),
            self.channel("boss", "mail", f"smtp://127.0.0.1:{self.mailbox.port}",
                         f'from = "alerts@example.net"\nto = ["boss@example.net"]\nuser = "alerts"\nca_file = "{self.good[0]}"\n'
                         'secret = {env = "SMTP_PASSWORD"}\nescalate = "3s"\nteams = ["web", "data"]\n'),
            self.channel("held", "webhook", told("/held"), 'teams = ["nobody"]\n'),
            self.channel("am", "alertmanager", f"http://127.0.0.1:{self.alertmanager}", 'teams = ["web", "data"]\n'),
        ]
        path = self.path("watch.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(parts))
        return path

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=60, env=self.environment,
                              check=False)

    def start(self):
        return Program(self.program, "watch", "-c", self.configuration(), "--store", self.path("watch.db"), "--plain",
                       env=self.environment)


def outcome(console, target):
    return console.get(f"/api/v1/targets/{target}").get("outcome")


def opened(console, target, seconds=30):
    return wait(lambda: console.incident_of(target), seconds, f"no incident of {target}")


def closed(console, target, seconds=30):
    wait(lambda: console.incident_of(target) is None, seconds, f"the incident of {target} stays open")


def all_well(house, console):
    """Every kind of check says ok of what is well."""
    names = [*house.webs, "secure", "ping", "value", "named"]
    names.remove("origin")
    for name in names:
        wait(lambda name=name: outcome(console, name) == "ok", 30, lambda name=name: f"{name}: {console.get(f'/api/v1/targets/{name}')}")


def heartbeats(house, console):
    """A job that calls; with a token that may do nothing else; and stops calling."""
    token = console.post("/api/v1/tokens", {"name": "backup-job", "scope": "reporter"})["token"]
    fields = {"Authorization": f"Bearer {token}"}
    console.post("/api/v1/targets/backup/beats", {"ok": True}, fields=fields)
    wait(lambda: outcome(console, "backup") == "ok", 10, "the heartbeat is not ok")
    for path in ("/api/v1/targets", "/api/v1/accounts"):
        try:
            console.get(path, fields=fields)
            raise AssertionError(f"a reporter reads {path}")
        except Refused as refused:
            assert refused.status == 403, refused
    viewer = console.post("/api/v1/tokens", {"name": "wall", "scope": "viewer"})["token"]
    try:
        console.post("/api/v1/targets/backup/beats", {"ok": True}, fields={"Authorization": f"Bearer {viewer}"})
        raise AssertionError("a viewer reports")
    except Refused as refused:
        assert refused.status == 403, refused
    incident = opened(console, "backup")
    assert incident["severity"] == "down", incident
    wait(lambda: house.mailbox.about("backup", "No heartbeat"), 40, lambda: f"no mail about the heartbeat: {house.mailbox.mails}")
    console.post("/api/v1/targets/backup/beats", {"ok": True}, fields=fields)
    closed(console, "backup", 10)
    console.post("/api/v1/targets/backup/beats", {"ok": False, "note": "disk full"}, fields=fields)
    wait(lambda: console.incident_of("backup"), 10, "a job that reports a failure is no incident")
    later = time.monotonic() + 2.5  # the next look of the watch: it still holds
    wait(lambda: time.monotonic() > later, 10, "")
    assert "disk full" in console.get("/api/v1/targets/backup")["detail"] and console.incident_of("backup")
    return fields


def certificate_notice(house, console):
    """11 % of its lifetime is left: a notice, and nobody's site is down."""
    incident = opened(console, "secure")
    assert incident["severity"] == "notice" and "% of its lifetime is left" in incident["title"] + incident["sentence"], incident
    wait(lambda: [one for one in house.receiver.at("/hook", severity="notice") if "certificate" in json.dumps(one)], 40,
         "nobody was told about the certificate")


def domain_notice(house, console):
    """A domain whose registration ends in 20 days, seen from a zone below it: a notice, once."""
    def notices():
        return [one for one in house.receiver.at("/hook", severity="notice", kind="opened") if "registration" in json.dumps(one)]

    told = wait(notices, 150, lambda: f"nobody was told about the domain; asked for {house.registry.asked}")
    assert len(told) == 1 and "The registration of example.net ends " in told[0]["sentence"], told
    assert house.registry.asked == ["eu.example.net", "example.net"], house.registry.asked
    facts = console.get("/api/v1/targets/named")["facts"]
    assert facts["domain"] == "example.net" and facts["domain_until"], facts


def people(house, console):
    """Down, told to everybody once with the cause; acknowledged, noted; reminders stop; recovered."""
    receiver = house.receiver
    receiver.refuse = 1  # the first delivery to somebody fails: it is tried again
    house.webs["shop"].stop()
    incident = opened(console, "shop")
    wait(lambda: receiver.at("/again", kind="reminder"), 40, "no reminder came")
    told = receiver.at("/hook", kind="opened", incident=incident["id"])
    if not told:
        told = wait(lambda: receiver.at("/hook", kind="opened", incident=incident["id"]), 40, "the refused delivery was not repeated")
    assert len(told) == 1 and told[0]["schema"] == "causeway.alert/1" and told[0]["cause"] == "origin.process-stopped", told
    assert told[0]["link"].startswith("https://watch.example.net/") and told[0]["evidence"] and told[0]["fixes"], told
    hook = next(one for one in receiver.got if one["path"] == "/hook")
    assert hook["fields"]["Authorization"] == "Bearer a mail password" and hook["fields"]["Idempotency-Key"], hook
    v4 = wait(lambda: receiver.at("/v4", status="firing"), 20, "no webhook of version 4")[0]
    assert v4["version"] == "4" and v4["alerts"][0]["labels"]["alertname"] == "origin.process-stopped", v4
    wait(lambda: house.mailbox.about("Subject: [DOWN] shop", "origin.process-stopped", "To: ops@example.net"), 20,
         lambda: f"no mail: {house.mailbox.mails}")
    wait(lambda: house.mailbox.about("[NOBODY ANSWERED] shop", "To: boss@example.net"), 20, "nobody acknowledged, and the boss was not told")

    console.post(f"/api/v1/incidents/{incident['id']}/acknowledge")
    console.post(f"/api/v1/incidents/{incident['id']}/notes", {"text": "the disk was replaced"})
    page = wait(lambda: (found := console.get(f"/api/v1/incidents/{incident['id']}"))["acknowledged_by"] == "anna" and found, 10,
                "it is not acknowledged")
    wait(lambda: any(event["text"] == "the disk was replaced" and event["author"] == "anna"
                     for event in console.get(f"/api/v1/incidents/{incident['id']}")["events"]), 10, f"no note: {page['events']}")
    time.sleep(0.5)  # one that was on its way
    before = len(receiver.at("/again", kind="reminder"))
    settled = time.monotonic() + 5
    wait(lambda: time.monotonic() > settled, 10, "")
    assert len(receiver.at("/again", kind="reminder")) == before, "reminded although somebody acknowledged"

    house.webs["shop"].start()
    closed(console, "shop")
    wait(lambda: receiver.at("/hook", kind="recovered", incident=incident["id"]), 20, "the recovery was not told")
    wait(lambda: receiver.at("/v4", status="resolved"), 20, "no resolved webhook of version 4")
    wait(lambda: house.mailbox.about("RECOVERED", "shop"), 20, "no mail about the recovery")
    assert console.get("/api/v1/channels")["channels"][0]["deliveries"], "no log of deliveries"
    assert console.post("/api/v1/channels/mail/test")["answer"], "the mail server says nothing to a test"
    wait(lambda: house.mailbox.about("This is a test of Causeway"), 10, "the test mail did not come")


def held_up(house, console):
    """A receiver that does not answer a test holds up nobody else."""
    told = []
    waiting = threading.Thread(target=lambda: told.append(console.post("/api/v1/channels/held/test")), daemon=True)
    waiting.start()
    wait(lambda: house.receiver.at("/held"), 10, "the test did not come")
    for _ in range(20):
        asked = time.monotonic()
        console.get("/api/v1/now")
        took = time.monotonic() - asked
        assert took < 3, f"the console answered after {took:.1f} s"
    assert not told, told
    house.receiver.release.set()
    waiting.join(20)
    assert told and told[0]["answer"], told


def escalation_stops(house, console):
    """Acknowledged at once: the boss sleeps on."""
    house.webs["db"].stop()
    incident = opened(console, "db")
    console.post(f"/api/v1/incidents/{incident['id']}/acknowledge")
    alert = wait(lambda: next((one for one in console.get(f"/api/v1/alerts?incident={incident['id']}")["alerts"]
                               if one["kind"] == "escalated" and one["state"] == "cancelled"), None), 20,
                 lambda: console.get(f"/api/v1/alerts?incident={incident['id']}"))
    assert "anna" in alert["reason"], alert
    assert not house.mailbox.about("[NOBODY ANSWERED] db"), "the boss was told although somebody acknowledged"
    house.webs["db"].start()
    closed(console, "db")


def maintenance(house, console):
    """Measured and recorded, told to nobody; what still fails afterwards is told then."""
    starts = datetime.datetime.utcnow() - datetime.timedelta(minutes=1)
    window = console.post("/api/v1/maintenance", {"title": "move", "zone": "UTC", "starts": starts.strftime("%Y-%m-%dT%H:%M"),
                                                  "minutes": 30, "targets": ["blog"]})
    time.sleep(1.5)  # the watch looks at windows twice a second
    house.webs["blog"].stop()
    incident = opened(console, "blog")
    quiet = time.monotonic() + 5
    wait(lambda: time.monotonic() > quiet, 10, "")
    assert not house.receiver.at("/hook", incident=incident["id"]), "somebody was told during maintenance"
    console.delete(f"/api/v1/maintenance/{window['id']}")
    wait(lambda: house.receiver.at("/hook", kind="opened", incident=incident["id"]), 40, "not told after maintenance")
    house.webs["blog"].start()
    closed(console, "blog")


def digest(house, console):
    """Five at once on one channel of people are one message."""
    names = [f"d{number}" for number in range(1, 6)]
    for name in names:
        house.webs[name].stop()
    for name in names:
        opened(console, name)
    wait(lambda: house.receiver.at("/chat"), 60, "the chat was not told")
    settled = time.monotonic() + 3
    wait(lambda: time.monotonic() > settled, 10, "")
    texts = [json.dumps(one) for one in house.receiver.at("/chat")]
    assert len(texts) == 1 and all(f"{name} is down" in texts[0] for name in names), texts
    for name in names:
        house.webs[name].start()
    for name in names:
        closed(console, name)
    wait(lambda: len(house.receiver.at("/chat")) > 1, 20, "the chat was not told of the end")
    assert "incidents are over" in json.dumps(house.receiver.at("/chat")[1:]), house.receiver.at("/chat")[1:]


def via_edge(house, console):
    """The edge fails and the origin does not, and the other way round."""
    house.webs["front"].stop()
    incident = opened(console, "front")
    assert incident["severity"] == "down", incident
    detail = console.get("/api/v1/targets/front")["detail"]
    assert "origin itself answers" in detail, detail
    house.webs["front"].start()
    closed(console, "front")
    house.webs["origin"].stop()
    incident = opened(console, "front")
    wait(lambda: console.incident_of("front")["severity"] == "degraded", 10, lambda: f"{console.incident_of('front')}")
    assert "Visitors are still served" in console.get("/api/v1/targets/front")["detail"]
    house.webs["origin"].start()
    closed(console, "front")


def dns_value(house, console):
    house.dns.values = ["192.0.2.99"]
    opened(console, "value")
    assert "192.0.2.99, expected 192.0.2.7" in console.get("/api/v1/targets/value")["detail"]
    house.dns.values = ["192.0.2.7"]
    closed(console, "value")


def remedies(house, console):
    """The command runs once, and counts because the site and what stands behind it answer again."""
    flag = house.path("restart-app")
    house.webs["app"].stop()
    incident = opened(console, "app")
    wait(lambda: os.path.exists(flag), 20, "the remedy did not run")
    house.webs["app"].start()
    closed(console, "app")
    run = wait(lambda: console.get("/api/v1/targets/app")["remedies"], 30, "the remedy's run is not kept")[0]
    assert run["outcome"] == "verified" and run["name"] == "restart app" and run["incident"] == incident["id"], run
    os.unlink(flag)


def stores(house, console):
    """Backup while in use, check, restore, and damage that is seen."""
    backup, restored = house.path("backup.db"), house.path("restored.db")
    done = house.run("watch", "backup", "--store", house.path("watch.db"), backup)
    assert done.returncode == 0 and "rows of" in done.stdout, done
    done = house.run("watch", "check", "--store", backup)
    assert done.returncode == 0 and "no damage found" in done.stdout, done
    done = house.run("watch", "restore", "--store", restored, backup)
    assert done.returncode == 0, done
    done = house.run("watch", "restore", "--store", restored, backup)
    assert done.returncode == 2 and "--replace" in done.stderr, done
    done = house.run("watch", "restore", "--replace", "--store", restored, backup)
    assert done.returncode == 0, done
    status = house.path("status")
    done = house.run("console", "--store", restored, "--export-status", status, "--address", "https://status.example.net")
    assert done.returncode == 0 and os.path.exists(os.path.join(status, "index.html")), done
    done = house.run("console", "--store", house.path("nowhere.db"), "--export-status", status)
    assert done.returncode == 2 and "there is no" in done.stderr and not os.path.exists(house.path("nowhere.db")), done
    with open(backup, "r+b") as file:  # in the middle: a page that is none
        file.seek(os.path.getsize(backup) // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    done = house.run("watch", "check", "--store", backup)
    assert done.returncode == 1 and "no damage found" not in done.stdout, done
    assert house.run("watch", "check", "--store", house.path("nowhere.db")).returncode == 2


def alertmanager(house, console):
    """The real one gets the alerts, groups them, and sees them end."""
    if not shutil.which("prometheus-alertmanager"):
        print("prometheus-alertmanager is not installed: not met")
        return
    settings = house.path("alertmanager.yml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write("route: {receiver: all, group_by: [channel], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}\n"
                   f"receivers: [{{name: all, webhook_configs: [{{url: '{house.receiver.url('/from-am')}', send_resolved: true}}]}}]\n")
    with Program("prometheus-alertmanager", f"--config.file={settings}", f"--storage.path={house.path('am')}",
                 f"--web.listen-address=127.0.0.1:{house.alertmanager}", "--cluster.listen-address=") as manager:
        base = f"http://127.0.0.1:{house.alertmanager}"

        def ask(path):
            with urllib.request.urlopen(base + path, timeout=5) as reply:
                return json.load(reply)

        def ready():
            try:
                return ask("/api/v2/status")
            except OSError:
                return None

        wait(ready, 30, manager.text)
        house.webs["shop"].stop()
        incident = opened(console, "shop")
        alert = wait(lambda: next((one for group in ask("/api/v2/alerts/groups") if group["labels"].get("channel") == "am"
                                   for one in group["alerts"] if one["labels"]["incident"] == incident["id"]), None), 60,
                     "Alertmanager has no alert for the shop")
        assert alert["labels"]["alertname"] == "Causeway" and alert["annotations"]["severity"] == "down", alert
        assert alert["annotations"]["cause"] == "origin.process-stopped" and alert["annotations"]["team"] == "web", alert
        assert alert["annotations"]["description"], alert
        passed = wait(lambda: house.receiver.at("/from-am", status="firing"), 30, "Alertmanager passed nothing on")[0]
        assert passed["groupLabels"] == {"channel": "am"}, passed
        house.webs["shop"].start()
        closed(console, "shop")
        wait(lambda: house.receiver.at("/from-am", status="resolved"), 40, "Alertmanager does not see that it is over")
        manager.end()


def prometheus(house, console):
    """The real one scrapes; promtool finds nothing to mend."""
    if not shutil.which("prometheus"):
        print("prometheus is not installed: not met")
        return
    token = console.post("/api/v1/tokens", {"name": "prometheus", "scope": "viewer"})["token"]
    text = console.get("/metrics", fields={"Authorization": f"Bearer {token}"})
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0 and not done.stderr.strip(), done
    settings = house.path("prometheus.yml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(f"scrape_configs:\n- job_name: causeway\n  scrape_interval: 1s\n  authorization: {{credentials: {token}}}\n"
                   f"  static_configs: [{{targets: ['127.0.0.1:{house.listen}']}}]\n")
    port = small_servers.free_port()
    with Program("prometheus", f"--config.file={settings}", f"--storage.tsdb.path={house.path('tsdb')}",
                 f"--web.listen-address=127.0.0.1:{port}") as scraper:
        def value(metric):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={metric}", timeout=5) as reply:
                    found = json.load(reply)["data"]["result"]
                    return float(found[0]["value"][1]) if found else None
            except OSError:
                return None

        wait(lambda: value("causeway_checks_total"), 60, scraper.text)
        assert value("up") == 1, "Prometheus cannot scrape"
        scraper.end()


def killed_while_gathering(house):
    """kill -9 between the incident and its alert: told after the next start, once."""
    web = Web("127.40.0.1")
    path = house.path("killed.toml")
    listen = small_servers.free_port()
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'[watch]\nlisten = "127.0.0.1:{listen}"\ngather = "4s"\ndiagnose = false\nanchors = ["127.0.0.1:{house.receiver.port}"]\n'
                   + f'[[watch.target]]\nid = "killed"\nurl = "{web.url()}"\n{QUICK}'
                   + house.channel("hook", "webhook", house.receiver.url("/killed")))
    command = (house.program, "watch", "-c", path, "--store", house.path("killed.db"), "--plain")
    with Program(*command, env=house.environment) as first:
        console = Console(first)
        wait(lambda: outcome(console, "killed") == "ok", 20, "it is not ok")
        web.stop()
        incident = opened(console, "killed")
        first.end(signal.SIGKILL)
    assert not house.receiver.at("/killed"), "it was told before it was killed"
    with Program(*command, env=house.environment) as second:
        told = wait(lambda: house.receiver.at("/killed", kind="opened"), 30, second.text)
        assert told[0]["incident"] == incident["id"], told
        web.start()
        wait(lambda: house.receiver.at("/killed", kind="recovered"), 30, second.text)
        assert second.end() == 0
    assert len(house.receiver.at("/killed", kind="opened")) == 1, "told twice"


def reporter(house, console, name):
    """A token of this name that may only report, as an agent's file names it."""
    path = house.path(f"token-{name}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(console.post("/api/v1/tokens", {"name": name, "scope": "reporter"})["token"] + "\n")
    return f'{{file = "{path}"}}'


def agents(house):
    """A second vantage over TLS: its results, its own allowlist, and a way to the watch that is dead for a while."""
    web, flag = Web("127.41.0.1"), house.path("agent-ran")
    listen, secure = small_servers.free_port(), small_servers.free_port()
    watched, agent = house.path("agents.toml"), house.path("agent.toml")
    with open(watched, "w", encoding="utf-8") as file:
        file.write(f'[watch]\nlisten = "127.0.0.1:{listen}"\ngather = "1s"\ndiagnose = false\nanchors = ["127.0.0.1:{house.receiver.port}"]\n'
                   + f'[[watch.target]]\nid = "far"\nurl = "{web.url()}"\n{QUICK}'
                   + "".join(f'[[watch.target.remedy]]\nname = "{name}"\nagent = "fra1"\ndry_run = false\n'
                             for name in ("restart it", "format the disk")))
    edge_command = (house.program, "edge", "--tls-listen", f"127.0.0.1:{secure}", "--cert", house.good[0], "--key", house.good[1],
                    "--origin", f"http://127.0.0.1:{listen}", "--access-log", "off")
    with Program(house.program, "watch", "-c", watched, "--store", house.path("agents.db"), "--plain", env=house.environment) as watch, \
            Program(*edge_command, env=house.environment) as edge:
        console = Console(watch)
        token = reporter(house, console, "fra1")
        with open(agent, "w", encoding="utf-8") as file:
            file.write(f'[agent]\nwatch = "https://127.0.0.1:{secure}"\ntoken = {token}\n'
                       f'ca_file = "{house.good[0]}"\nanchors = ["127.0.0.1:{house.receiver.port}"]\n'
                       f'[[agent.remedy]]\nname = "restart it"\ncommand = ["touch", "{flag}"]\n')
        checked = house.run("config", "check", agent)
        assert checked.returncode == 0, checked
        with Program(house.program, "agent", "-c", agent, env=house.environment) as far:
            far.wait_for(r"reports to https://\S+; 1 target to check", 30)

            def seen():
                return next((one for one in console.get("/api/v1/agents")["agents"] if one["name"] == "fra1"), {"results": 0})

            wait(lambda: seen()["results"] >= 2 and seen()["healthy"] and not seen()["silent"], 30, lambda: f"{seen()} {far.text()}")

            web.stop()
            incident = opened(console, "far")
            wait(lambda: os.path.exists(flag), 30, lambda: f"the agent did not run the remedy: {far.text()}")
            far.wait_for("refused: no remedy is called 'format the disk' here", 30)
            web.start()
            closed(console, "far")
            runs = wait(lambda: len(found := console.get("/api/v1/targets/far")["remedies"]) == 2 and found, 30, "not both runs are kept")
            assert {run["name"]: run["outcome"] for run in runs} == {"restart it": "verified", "format the disk": "refused"}, runs
            events = console.get(f"/api/v1/incidents/{incident['id']}")["events"]
            assert any("format the disk" in event["text"] and "refused" in event["text"] for event in events), events

            assert edge.end() == 0  # the way to the watch is dead
            far.wait_for("does not take reports: .*; it is tried again, checks go on", 30)
            before = seen()["results"]
            with Program(*edge_command, env=house.environment) as again:
                wait(lambda: seen()["results"] > before + 2, 40, lambda: f"nothing is reported again: {far.text()}")
                assert far.end(signal.SIGINT) == 0, far.text()
                assert "results reported" in far.text(), far.text()
                again.end()
        assert watch.end() == 0, watch.text()
    web.stop()


def an_agent_on_the_origin(house):
    """What an agent finds on its own machine is kept, asked for when an incident opens, and joined with the diagnosis."""
    web, listen = Web("127.45.0.1"), small_servers.free_port()
    watched, agent = house.path("origin.toml"), house.path("origin-agent.toml")
    with open(watched, "w", encoding="utf-8") as file:
        file.write(f'[watch]\nlisten = "127.0.0.1:{listen}"\nanchors = ["127.0.0.1:{house.receiver.port}"]\n'
                   f'[[watch.target]]\nid = "near"\nurl = "{web.url()}"\norigin_agent = "web-1"\n{QUICK}')
    with Program(house.program, "watch", "-c", watched, "--store", house.path("origin.db"), "--plain", env=house.environment) as watch:
        console = Console(watch)
        token = reporter(house, console, "web-1")
        with open(agent, "w", encoding="utf-8") as file:
            file.write(f'[agent]\nwatch = "http://127.0.0.1:{listen}"\ntoken = {token}\ninspect = "1h"\n'
                       f'anchors = ["127.0.0.1:{house.receiver.port}"]\n')
        with Program(house.program, "agent", "-c", agent, env=house.environment) as far:
            kept = wait(lambda: console.get("/api/v1/origins")["origins"], 60, lambda: f"no facts came: {far.text()}")
            assert kept[0]["agent"] == "web-1" and kept[0]["fresh"], kept
            whole = console.get("/api/v1/origins/web-1")
            assert json.loads(whole["document"])["schema"] == "causeway.facts/1" and whole["observations"] > 20, whole["observations"]
            web.stop()
            incident = opened(console, "near")
            found = wait(lambda: [one for one in console.get(f"/api/v1/incidents/{incident['id']}")["documents"] if one["kind"] == "diagnosis"],
                         60, lambda: f"no diagnosis: {far.text()}")
            diagnosis = console.get(f"/api/v1/incidents/{incident['id']}/documents/{found[0]['id']}")
            there = [seen for seen in diagnosis["observations"] if seen["kind"] == "fact" or seen["vantage"] == json.loads(whole["document"])["vantage"]["name"]]
            assert len(there) > 20, [seen["kind"] for seen in diagnosis["observations"]]
            wait(lambda: console.get("/api/v1/origins")["origins"][0]["at"] > kept[0]["at"], 60, "the machine was not inspected again")
            assert far.end(signal.SIGINT) == 0, far.text()
        assert watch.end() == 0, watch.text()


def page(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


def remedies_elsewhere(house):
    """Remedies that are no command beside the site: another pool of an edge serves; a record is changed, and can be changed back."""
    www, standby, moved = Web("127.42.0.1"), Web("127.43.0.1"), Web("127.44.0.1")
    standby.body = b"<html>Basket, from the standby</html>"
    door, admin, listen = (small_servers.free_port() for _ in range(3))
    records, store = house.path("records.json"), house.path("dns")
    with open(records, "w", encoding="utf-8") as file:
        json.dump([{"type": "A", "name": "www.example.net", "content": "203.0.113.9", "ttl": 600}], file)
    with open(house.path("dns-token"), "w", encoding="utf-8") as file:
        file.write("edit-token")
    with open(house.path("edge.toml"), "w", encoding="utf-8") as file:
        file.write(f'[edge]\nadmin = {{address = "127.0.0.1:{admin}"}}\n'
                   f'[[edge.listen]]\naddress = "127.0.0.1:{door}"\n'
                   + "".join(f'[[edge.pool]]\nname = "{name}"\n[[edge.pool.origin]]\nhost = "{web.address}"\nport = {web.port}\n'
                             f'scheme = "http"\n' for name, web in (("www", www), ("standby", standby)))
                   + '[[edge.route]]\npool = "www"\n')
    provider = [sys.executable, os.path.join(os.path.dirname(__file__), "../../lab/servers/provider_api.py"), "--zone", "example.net",
                "--records", records]
    with Program(*provider) as api, Program(house.program, "edge", "-c", house.path("edge.toml"), env=house.environment) as edge:
        base = f"http://127.0.0.1:{api.wait_for(r'listening ([0-9]+)').group(1)}"
        dns = ["--api", f"{base}/client/v4", "--token-file", house.path("dns-token"), "--store", store, "--no-servers"]
        command = json.dumps([house.program, "dns", "set", "www.example.net", "A", "203.0.113.11", "--yes", *dns])
        with open(house.path("elsewhere.toml"), "w", encoding="utf-8") as file:
            file.write(f'[watch]\nlisten = "127.0.0.1:{listen}"\ngather = "1s"\ndiagnose = false\n'
                       f'anchors = ["127.0.0.1:{house.receiver.port}"]\n'
                       f'[[watch.target]]\nid = "shop"\nurl = "http://127.0.0.1:{door}/"\n{QUICK}'
                       '[[watch.target.remedy]]\nname = "standby"\ndry_run = false\n'
                       f'edge = {{admin = "http://127.0.0.1:{admin}", from = "www", to = "standby", lasts = "30m"}}\n'
                       f'[[watch.target]]\nid = "moved"\nurl = "{moved.url()}"\n{QUICK}'
                       f'[[watch.target.remedy]]\nname = "move it"\ndry_run = false\nwait = "2m"\ncommand = {command}\n')
        with Program(house.program, "watch", "-c", house.path("elsewhere.toml"), "--store", house.path("elsewhere.db"), "--plain",
                     env=house.environment) as watch:
            console = Console(watch)
            for name in ("shop", "moved"):
                wait(lambda name=name: outcome(console, name) == "ok", 20, watch.text)

            def run_of(name):
                return wait(lambda: console.get(f"/api/v1/targets/{name}")["remedies"], 60, lambda: f"no run is kept: {watch.text()}")[0]

            www.stop()
            opened(console, "shop")
            closed(console, "shop", 60)
            run = run_of("shop")
            assert run["outcome"] == "verified" and "pool standby stands in for www" in run["detail"], run
            assert page(f"http://127.0.0.1:{door}/") == (200, standby.body.decode())
            www.start()
            back = urllib.request.Request(f"http://127.0.0.1:{admin}/.causeway/switch?from=www", method="DELETE")
            with urllib.request.urlopen(back, timeout=10) as reply:
                assert json.load(reply) == {"taken_back": 1}
            wait(lambda: page(f"http://127.0.0.1:{door}/") == (200, www.body.decode()), 20, "the first pool does not serve again")

            def contents():
                with urllib.request.urlopen(f"{base}/test/records", timeout=10) as reply:
                    return [record["content"] for record in json.load(reply) if record["type"] == "A"]

            moved.stop()
            opened(console, "moved")
            wait(lambda: contents() == ["203.0.113.11"], 60, lambda: f"{contents()} {watch.text()}")
            moved.start()
            closed(console, "moved", 60)
            assert run_of("moved")["outcome"] == "verified", run_of("moved")
            undone = house.run("dns", "undo", "example.net", "--yes", *dns)
            assert undone.returncode == 0 and contents() == ["203.0.113.9"], undone
            assert watch.end() == 0, watch.text()
        assert edge.end() == 0, edge.text()
        api.process.kill()
    for web in (www, standby, moved):
        web.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="causeway-watch-") as folder:
        house = House(os.path.realpath(sys.argv[1]), folder)
        wanted = sys.argv[2:]
        with house.start() as watch:
            console = Console(watch)
            try:
                for step in (all_well, certificate_notice, people, held_up, escalation_stops, maintenance, digest, via_edge, dns_value,
                             remedies, heartbeats, alertmanager, domain_notice, prometheus, stores):
                    if wanted and step.__name__ not in wanted:
                        continue
                    began = time.monotonic()
                    step(house, console)
                    print(f"{step.__name__}: {time.monotonic() - began:.1f} s", flush=True)
            except BaseException:
                print(watch.text()[-6000:])
                raise
            assert watch.end() == 0, watch.text()
        if not wanted or "killed_while_gathering" in wanted:
            killed_while_gathering(house)
            print("killed_while_gathering: told once", flush=True)
        if not wanted or "remedies_elsewhere" in wanted:
            remedies_elsewhere(house)
            print("remedies_elsewhere: another pool, another record, and back", flush=True)
        if not wanted or "agents" in wanted:
            agents(house)
            print("agents: heard, ordered, cut off and back", flush=True)
        if not wanted or "an_agent_on_the_origin" in wanted:
            an_agent_on_the_origin(house)
            print("an_agent_on_the_origin: kept, asked for and joined", flush=True)
        house.mailbox.controller.stop()


if __name__ == "__main__":
    main()
