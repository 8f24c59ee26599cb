#!/usr/bin/env python3
"""`causeway guard apply` for real, in network namespaces: the edge gets in, a stranger as before; without a
confirmation all is undone; killed at any moment (kill -9), the host ends in the old state or the new one. Root only.

ufw, firewalld, fail2ban, nginx and Apache are the real ones. CSF and CrowdSec are not in Debian: their part is played by
stand-ins (CSF_PROGRAM, CSCLI below) that read and write the documented files and forms, build the rules that these describe, and record
how they were called.

    test/guard/trials.py [--steps] CAUSEWAY [NAME...]

--steps (with strace): killed at every call that changes anything, too; about four seconds each.
"""
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

EDGE = "131.0.72.0/22\n2606:4700::/32\n"
EDGE4, EDGE6, STRANGER4, STRANGER6 = "131.0.72.9", "2606:4700::9", "192.0.2.9", "2001:db8:ffff::9"
HOST4, HOST6 = "198.51.100.10", "2001:db8:10::10"


def run(*words, text=None, check=True):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()} {done.stdout.strip()[-300:]}")
    return done


class Host:
    """A namespace with a web server on 80 and 443 and sshd's port, and one that holds edge and stranger."""

    def __init__(self, causeway, web=False):
        self.causeway, self.inner, self.any_order = causeway, "", False
        self.files, self.more, self.only, self.web = [], [], False, web
        self.name, self.peer = f"cwg{os.getpid()}h", f"cwg{os.getpid()}p"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-guard-"))
        (self.folder / "edge.txt").write_text(EDGE)
        self.etc = pathlib.Path("/etc/netns") / self.name
        for program in ("ufw", "firewalld", "fail2ban"):
            if pathlib.Path("/etc", program).is_dir():
                shutil.copytree(f"/etc/{program}", self.etc / program, symlinks=True)
        for name in (self.name, self.peer):
            run("ip", "netns", "add", name)
        run("ip", "-n", self.name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.peer)
        for line in (f"addr add {HOST4}/24 dev eth0", f"addr add {HOST6}/64 dev eth0 nodad", "link set lo up",
                     "link set eth0 up"):
            run("ip", "-n", self.name, *line.split())
        for line in ("addr add 198.51.100.1/24 dev eth0", "addr add 2001:db8:10::1/64 dev eth0 nodad", "link set lo up",
                     "link set eth0 up"):
            run("ip", "-n", self.peer, *line.split())
        for address in (EDGE4, STRANGER4):
            run("ip", "-n", self.peer, "addr", "add", f"{address}/32", "dev", "lo")
        for address in (EDGE6, STRANGER6):
            run("ip", "-n", self.peer, "addr", "add", f"{address}/128", "dev", "lo", "nodad")
        run("ip", "-n", self.name, "route", "add", "default", "via", "198.51.100.1")
        run("ip", "-n", self.name, "-6", "route", "add", "default", "via", "2001:db8:10::1")
        # A fresh link loses its first neighbour discovery now and then: what is no answer then is the rules' no.
        for host in (HOST4, HOST6):
            answered = (run("ip", "netns", "exec", self.peer, "ping", "-c", "1", "-W", "1", host, check=False) for _ in range(10))
            assert any(one.returncode == 0 for one in answered), f"{host} does not answer on a link without rules"
        # A mount namespace of its own, so that daemons find their sockets where they are on any host.
        for place in ("/run/dbus", "/run/fail2ban"):
            pathlib.Path(place).mkdir(exist_ok=True)
            (self.folder / place[1:]).mkdir(parents=True)
        self.made = None if CSF_FOLDER.exists() else CSF_FOLDER
        CSF_FOLDER.mkdir(exist_ok=True)
        for place in ("/etc/csf", "/usr/local/sbin"):
            (self.folder / place[1:]).mkdir(parents=True)
        binds = "; ".join(f"mount --bind {self.folder}{place} {place}"
                          for place in ("/run/dbus", "/run/fail2ban", "/etc/csf", "/usr/local/sbin"))
        holder = subprocess.Popen(["ip", "netns", "exec", self.name, "unshare", "-m", "sh", "-c",
                                   f"{binds}; echo ready; exec sleep infinity"], stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.inside = ["nsenter", "-t", str(holder.pid), "-m", "-n"]
        self.servers = [holder]
        ports = "(22,)" if web else "(22, 80, 443)"
        self.servers += [subprocess.Popen(["ip", "netns", "exec", self.name, sys.executable, "-c",
                                           SERVER.replace("(22, 80, 443)", ports)], stdout=subprocess.PIPE)]
        self.servers[1].stdout.readline()

    def close(self):
        for server in self.servers:
            server.kill()
            server.wait()
        for name in (self.name, self.peer, self.inner):
            if name:
                run("ip", "netns", "del", name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.etc, ignore_errors=True)
        if self.made:
            self.made.rmdir()

    def stand_in(self, name, code):
        """A program of that name, in this host alone."""
        path = self.folder / "usr/local/sbin" / name
        path.write_text(f"#!{sys.executable}\nFOLDER = {str(self.folder)!r}\n{code}")
        path.chmod(0o755)

    def calls(self):
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def container(self):
        """A server on 8080 behind docker0."""
        self.inner = f"{self.name}c"
        run("ip", "netns", "add", self.inner)
        run("ip", "-n", self.name, "link", "add", "docker0", "type", "veth", "peer", "name", "eth0", "netns", self.inner)
        for line in ("addr add 172.17.0.1/16 dev docker0", "addr add fd00:17::1/64 dev docker0 nodad", "link set docker0 up"):
            run("ip", "-n", self.name, *line.split())
        for line in ("addr add 172.17.0.2/16 dev eth0", "addr add fd00:17::2/64 dev eth0 nodad", "link set lo up", "link set eth0 up",
                     "route add default via 172.17.0.1", "-6 route add default via fd00:17::1"):
            run("ip", "-n", self.inner, *line.split())
        self.servers.append(subprocess.Popen(["ip", "netns", "exec", self.inner, sys.executable, "-c",
                                              SERVER.replace("(22, 80, 443)", "(8080,)")], stdout=subprocess.PIPE))
        self.servers[-1].stdout.readline()

    def tool(self, *words, text=None, check=True):
        return run(*self.inside, *words, text=text, check=check)

    def daemon(self, *words, ready):
        """Started, and there once `ready` (a command) succeeds."""
        log = (self.folder / "daemons.log").open("a")
        self.servers.append(subprocess.Popen([*self.inside, *words], stdout=log, stderr=log))
        for _ in range(300):
            if self.tool(*ready, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{words[0]} does not come up: {(self.folder / 'daemons.log').read_text()[-500:]}")

    def guard(self, *words, check=True):
        return self.tool(self.causeway, "guard", *words, "--state", str(self.folder / "state"), check=check)

    def apply_words(self, *more):
        return ["apply", "--yes", "--edge", str(self.folder / "edge.txt"), *self.more, *more]

    def reaches(self, source, port):
        v6 = ":" in source
        if self.web and port != 22:
            return self.status(source, port) == "200"
        for patience in ("0.7", "2"):  # a second look: the machine may be busy
            done = run("ip", "netns", "exec", self.peer, sys.executable, "-c", CLIENT, source, HOST6 if v6 else HOST4, str(port),
                       patience, check=False)
            if done.returncode == 0:
                return True
        return False

    def status(self, source, port, *fields):
        """What a web server answers; a reload may still be under way."""
        place = f"http://[{HOST6}]:{port}/" if ":" in source else f"http://{HOST4}:{port}/"
        return run("ip", "netns", "exec", self.peer, "curl", "-so/dev/null", "-m2", "-w%{http_code}", "--interface", source,
                   *(word for field in fields for word in ("-H", field)), place, check=False).stdout

    def picture(self):
        """Who gets in where."""
        return {(source, port): self.reaches(source, port)
                for source in (EDGE4, EDGE6, STRANGER4, STRANGER6) for port in (22, 80, 443)}

    def rules(self):
        """What the layers hold, without counters and handles."""
        parts = [self.tool("nft", "-s", "list", "ruleset").stdout]
        for tool in ("iptables-legacy-save", "ip6tables-legacy-save"):
            parts.append("".join(line.split(" [")[0] + "\n" for line in self.tool(tool).stdout.splitlines()
                                 if not line.startswith("#")))
        parts += [f"{path}\n{pathlib.Path(path).read_text()}" for path in self.files]
        # fail2ban puts a ban in front of the others: which came first says nothing.
        return "\n".join(sorted("\n".join(parts).split("\n")) if self.any_order else parts)

    def journal(self):
        return json.loads((self.folder / "state/journal.json").read_text())


CSF_FOLDER = pathlib.Path("/etc/csf")
# `csf -ra`: every chain anew from csf.allow and csf.deny, in one commit; SSH is in TCP_IN, the web is not.
CSF_PROGRAM = r"""
import ipaddress, pathlib, subprocess, sys
with open(FOLDER + "/calls", "a") as calls: print("csf", *sys.argv[1:], file=calls)
if sys.argv[1:] not in (["-r"], ["-ra"]): sys.exit(2)
def entries(name):
    for line in pathlib.Path("/etc/csf", name).read_text().splitlines():
        words = line.split("#")[0].split()
        if words: yield words[0]
def wants(text, v6): return (ipaddress.ip_network(text, strict=False).version == 6) == v6
for tool, v6 in (("iptables-legacy-restore", False), ("ip6tables-legacy-restore", True)):
    rules = []
    for one in entries("csf.allow"):
        if "|" in one:
            parts = dict(part.split("=", 1) for part in one.split("|")[2:])
            if wants(parts["s"], v6):
                rules.append(f"-A ALLOWIN -s {parts['s']} -p tcp -m multiport --dports {parts['d']} -j ACCEPT")
        elif wants(one, v6): rules.append(f"-A ALLOWIN -s {one} -j ACCEPT")
    rules += [f"-A DENYIN -s {one} -j DROP" for one in entries("csf.deny") if "|" not in one and wants(one, v6)]
    icmp = "-A INPUT -p ipv6-icmp -j ACCEPT\n" if v6 else ""
    text = ("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:LOCALINPUT - [0:0]\n:ALLOWIN - [0:0]\n"
            ":DENYIN - [0:0]\n:LOGDROPIN - [0:0]\n-A INPUT -i lo -j ACCEPT\n" + icmp + "-A INPUT -j LOCALINPUT\n"
            "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp "
            "--dport 22 -j ACCEPT\n-A INPUT -j LOGDROPIN\n-A LOCALINPUT -j ALLOWIN\n-A LOCALINPUT -j DENYIN\n"
            + "".join(rule + "\n" for rule in rules) + "-A LOGDROPIN -j DROP\nCOMMIT\n")
    subprocess.run([tool], input=text, text=True, check=True)
"""
# `cscli`, its local API and a bouncer at once: decisions become elements of the bouncer's sets.
CSCLI = r"""
import fcntl, ipaddress, json, pathlib, subprocess, sys
words = sys.argv[1:]
with open(FOLDER + "/calls", "a") as calls: print("cscli", *words, file=calls)
lock = open(FOLDER + "/cscli.lock", "w"); fcntl.flock(lock, fcntl.LOCK_EX)
path = pathlib.Path(FOLDER, "crowdsec.json")
state = json.loads(path.read_text())
flags = dict(zip(words, words[1:]))
def allowed(value):
    one = ipaddress.ip_network(value)
    return any(ipaddress.ip_network(r).version == one.version and ipaddress.ip_network(r).supernet_of(one)
               for ranges in state["lists"].values() for r in ranges)
if words[:2] == ["allowlists", "list"]: print(json.dumps([{"name": name} for name in state["lists"]]))
elif words[:2] == ["decisions", "list"]:
    print(json.dumps([{"id": 1, "decisions": state["decisions"]}] if state["decisions"] else None))
elif words[:2] == ["allowlists", "create"]:
    if words[2] in state["lists"]: sys.exit("Error: allowlist already exists")
    state["lists"][words[2]] = []
elif words[:2] == ["allowlists", "add"]:
    state["lists"][words[2]] += [word for word in words[3:] if word not in state["lists"][words[2]]]
elif words[:2] == ["allowlists", "remove"]:
    state["lists"][words[2]] = [word for word in state["lists"][words[2]] if word not in words[3:]]
elif words[:2] == ["allowlists", "delete"]:
    if words[2] not in state["lists"]: sys.exit("Error: no such allowlist")
    del state["lists"][words[2]]
elif words[:2] == ["decisions", "delete"]:
    state["decisions"] = [one for one in state["decisions"] if str(one["id"]) != flags["--id"]]
elif words[:2] == ["decisions", "add"]:
    if allowed(flags["--value"]): sys.exit("Error: in an allowlist")
    if flags["--value"] not in [one["value"] for one in state["decisions"]]:
        state["next"] += 1
        state["decisions"].append({"id": state["next"], "scope": flags["--scope"], "value": flags["--value"], "type": flags["--type"],
                                   "scenario": flags["--reason"], "duration": flags["--duration"], "origin": "cscli"})
else: sys.exit(2)
path.write_text(json.dumps(state))
if words[0] == "decisions" and words[1] != "list":
    script = "flush set ip crowdsec crowdsec-blacklists\nflush set ip6 crowdsec6 crowdsec6-blacklists\n"
    for one in state["decisions"]:
        where = "ip6 crowdsec6 crowdsec6" if ":" in one["value"] else "ip crowdsec crowdsec"
        script += f"add element {where}-blacklists {{ {one['value']} }}\n"
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)
"""

SERVER = """
import select, socket
poll, all_ = select.epoll(), {}
for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    for port in (22, 80, 443):
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port)); one.listen(64); all_[one.fileno()] = one; poll.register(one, select.EPOLLIN)
print("ready", flush=True)
open_ = []
while True:
    for number, _ in poll.poll():
        if all_.get(number):
            taken, _ = all_[number].accept(); open_.append(taken); poll.register(taken, select.EPOLLIN); all_[taken.fileno()] = None
        else:
            for one in open_:
                if one.fileno() == number:
                    data = one.recv(100)
                    if data: one.sendall(data)
                    else: poll.unregister(one); all_.pop(number); open_.remove(one); one.close()
                    break
"""
CLIENT = """
import socket, sys
source, target, port, patience = sys.argv[1:]
one = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
one.settimeout(float(patience)); one.bind((source, 0)); one.connect((target, int(port))); one.sendall(b"hello")
sys.exit(0 if one.recv(100) == b"hello" else 1)
"""

NFT = """table inet filter {
  chain input { type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport 22 accept
    ip saddr 192.0.2.0/24 tcp dport 80 accept
  }
}
table inet second { chain early { type filter hook prerouting priority -150; policy accept;
    ip saddr 131.0.72.0/24 tcp dport 443 drop
  }
}
"""


# Before any connection is known, on the way in and on the way out.
NETDEV = """table netdev early {
  chain in { type filter hook ingress device eth0 priority -500; policy accept;
    ip saddr 131.0.72.0/24 tcp dport { 80, 443 } drop
  }
  chain out { type filter hook egress device eth0 priority 0; policy accept;
    ip6 daddr 2606:4700::/32 tcp sport 443 drop
  }
}
"""


def saved(family, extra=""):
    icmp = "-A INPUT -p ipv6-icmp -j ACCEPT\n" if family == 6 else ""
    return ("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + extra +
            "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" + icmp +
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n")


CSF = (":LOCALINPUT - [0:0]\n:ALLOWIN - [0:0]\n:DENYIN - [0:0]\n:LOGDROPIN - [0:0]\n-A INPUT -j LOCALINPUT\n"
       "-A LOCALINPUT -j ALLOWIN\n-A LOCALINPUT -j DENYIN\n-A DENYIN -s 131.0.72.0/22 -j DROP\n-A LOGDROPIN -j DROP\n")


def restore(variant, extra=""):
    def make(host):
        host.tool(f"iptables-{variant}-restore", text=saved(4, extra))
        host.tool(f"ip6tables-{variant}-restore", text=saved(6))
    return make


def mixed(host):
    restore("legacy")(host)
    host.tool("nft", "-f", "-", text=NFT)


def ufw(host):
    """On a copy of /etc/ufw that ip-netns(8) binds over the real one."""
    host.tool("ufw", "default", "deny", "incoming")
    host.tool("ufw", "allow", "22/tcp")
    host.tool("ufw", "deny", "proto", "tcp", "from", "131.0.72.0/24", "to", "any", "port", "443")
    host.tool("ufw", "--force", "enable")


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
<allow user="*"/></policy></busconfig>
"""


def firewalld(host):
    """As installed: the zone public with ssh; who asks for http is refused."""
    (host.folder / "bus.conf").write_text(BUS)
    host.daemon("dbus-daemon", f"--config-file={host.folder}/bus.conf", "--nofork", "--nopidfile",
                ready=("test", "-S", "/run/dbus/system_bus_socket"))
    host.daemon("firewalld", "--nofork", "--nopid", ready=("firewall-cmd", "--state"))
    host.tool("firewall-cmd", "--zone=public", "--add-rich-rule=rule family=ipv4 source address=192.0.2.0/24 port port=80 protocol=tcp accept")


def fail2ban(host):
    """A jail that has banned an address of the edge, in front of an open web server."""
    host.any_order = True
    (host.folder / "web.log").write_text("")
    (host.etc / "fail2ban/jail.local").write_text(
        "[DEFAULT]\nbackend = polling\n[sshd]\nenabled = false\n[web]\nenabled = true\nfilter = nginx-http-auth\nport = 80,443\n"
        f"logpath = {host.folder}/web.log\nbanaction = iptables-multiport\nbantime = 1h\n")
    (host.etc / "fail2ban/fail2ban.local").write_text(
        f"[Definition]\nlogtarget = {host.folder}/f2b.log\ndbfile = None\nsocket = /run/fail2ban/fail2ban.sock\npidfile = /run/fail2ban/f2b.pid\n")
    host.daemon("fail2ban-server", "-f", "-x", "start", ready=("fail2ban-client", "ping"))
    for _ in range(100):
        if host.tool("fail2ban-client", "status", "web", check=False).returncode == 0:
            break
        time.sleep(0.1)
    for address in (EDGE4, EDGE6, STRANGER4):
        host.tool("fail2ban-client", "set", "web", "banip", address)
    time.sleep(1)


def docker(host):
    """Docker's chains around a container that publishes 80; 443 is the host's own."""
    host.tool("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    host.container()
    for tool, inside, net in (("iptables-nft", "172.17.0.2", "172.17.0.0/16"), ("ip6tables-nft", "fd00:17::2", "fd00:17::/64")):
        to = inside if tool == "iptables-nft" else f"[{inside}]"
        icmp = "-A INPUT -p ipv6-icmp -j ACCEPT\n" if tool == "ip6tables-nft" else ""
        host.tool(f"{tool}-restore", text=(
            f"*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n:DOCKER -\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
            f"-A POSTROUTING -s {net} ! -o docker0 -j MASQUERADE\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination {to}:8080\nCOMMIT\n"
            "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:DOCKER -\n:DOCKER-USER -\n"
            "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" + icmp +
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
            "-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -o docker0 -j DOCKER\n"
            f"-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A DOCKER -d {inside} ! -i docker0 -o docker0 -p tcp -m tcp --dport 8080 -j ACCEPT\n"
            + ("-A DOCKER-USER -i eth0 -s 131.0.72.0/22 -j DROP\n" if tool == "iptables-nft" else "-A DOCKER-USER -i eth0 -s 2606:4700::/32 -j DROP\n")
            + "COMMIT\n"))


def csf(host):
    host.stand_in("csf", CSF_PROGRAM)
    host.files = [host.folder / "etc/csf" / name for name in ("csf.allow", "csf.ignore", "csf.deny")]
    (host.folder / "etc/csf/csf.conf").write_text('TESTING = "0"\nTCP_IN = "22"\n')
    host.files[0].write_text("# who always gets in\n192.0.2.0/25 # office, everywhere")
    host.files[1].write_text("127.0.0.1\n")
    host.files[2].write_text("131.0.72.0/24 # lfd: (CT) IP found to have 300 connections\n2606:4700::9\n203.0.113.5 # do not delete\n")
    host.tool("csf", "-ra")


def crowdsec(host):
    host.stand_in("cscli", CSCLI)
    host.tool("nft", "-f", "-", text="".join(
        f"table {family} crowdsec{six} {{ set crowdsec{six}-blacklists {{ type {kind}; flags timeout,interval; }}\n"
        f"chain crowdsec{six}-chain {{ type filter hook input priority -10; policy accept; {family} saddr @crowdsec{six}-blacklists drop\n}}\n}}\n"
        for family, six, kind in (("ip", "", "ipv4_addr"), ("ip6", "6", "ipv6_addr"))))
    (host.folder / "crowdsec.json").write_text(json.dumps({"lists": {}, "decisions": [], "next": 0}))
    host.files = []
    for address in (EDGE4, EDGE6, STRANGER6):
        host.tool("cscli", "decisions", "add", "--scope", "Ip", "--value", address, "--type", "ban", "--duration", "4h", "--reason", "a/b")


NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log {folder}/access.log;
  include sites/*;
}}
"""
NGINX_SITE = """server { listen 80; listen [::]:80; listen 443; listen [::]:443;
  location / { root %s; index index.html;
%s  }
  location ~ /\\.ht { deny all; } }"""


def web_files(host):
    (host.folder / "sites").mkdir(exist_ok=True)
    (host.folder / "index.html").write_text("hello\n")
    host.folder.chmod(0o755)


def nginx(host, lists="    deny 131.0.72.0/24; deny 2606:4700::/32; deny 192.0.2.9;\n"):
    """Real nginx: the edge and one stranger are refused in a file that is included; an .htaccess guard stays."""
    web_files(host)
    (host.folder / "nginx.conf").write_text(NGINX.format(folder=host.folder))
    (host.folder / "sites/site").write_text(NGINX_SITE % (host.folder, lists))
    host.files = [host.folder / "nginx.conf", host.folder / "sites/site"]
    host.daemon("nginx", "-c", f"{host.folder}/nginx.conf", ready=("curl", "-so/dev/null", f"http://{HOST4}/"))


def nginx_list(host):
    """A list for the edge alone that lacks half of it; whoever is named besides keeps getting in."""
    nginx(host, "    allow 131.0.72.0/24; allow 2001:db8:ffff::/48;\n    deny all;\n")


APACHE = """ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
Listen 80
Listen 443 http
User www-data
Group www-data
DocumentRoot {folder}
IncludeOptional sites/*
<Files ".ht*">
  Require all denied
</Files>
"""


def apache(host, lists="""<Location "/">
  <RequireAll>
    Require all granted
    Require not ip 131.0.72.0/24 192.0.2.9
    Require not ip 2606:4700::/32
  </RequireAll>
</Location>"""):
    """Real Apache: the edge and one stranger are refused in a file that is included."""
    web_files(host)
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "authz_core", "authz_host", "access_compat", "dir", "remoteip", "env"))
    (host.folder / "apache.conf").write_text(modules + APACHE.format(folder=host.folder))
    (host.folder / "sites/site").write_text(lists)
    host.files = [host.folder / "apache.conf", host.folder / "sites/site"]
    host.daemon("apache2", "-f", f"{host.folder}/apache.conf", "-DFOREGROUND", ready=("curl", "-so/dev/null", f"http://{HOST4}/"))


def only_edge(host):
    """Everybody gets in: to 443 of the host, and to 80 of a container. Afterwards only the edge does."""
    docker(host)
    for tool in ("iptables-nft", "ip6tables-nft"):
        host.tool(tool, "-F", "DOCKER-USER")
        host.tool(tool, "-P", "INPUT", "ACCEPT")
    host.only, host.more = True, ["--only-edge"]


CASES = {
    "nft": lambda host: host.tool("nft", "-f", "-", text=NFT),
    "nft-device": lambda host: host.tool("nft", "-f", "-", text=NETDEV),
    "iptables-legacy": restore("legacy"),
    "iptables-nft": restore("nft"),
    "csf-like": restore("legacy", CSF),
    "three-stacks": mixed,
    "ufw": ufw,
    "firewalld": firewalld,
    "fail2ban": fail2ban,
    "docker": docker,
    "csf": csf,
    "crowdsec": crowdsec,
    "nginx": nginx,
    "nginx-list": nginx_list,
    "apache": apache,
    "only-edge": only_edge,
}
WEB = ("nginx", "nginx-list", "apache")


class Trial:
    def __init__(self, name, host):
        self.name, self.host, self.bad = name, host, []

    def expect(self, what, good):
        if not good:
            self.bad.append(what)
            print(f"  {self.name}: NOT {what}", flush=True)

    def opened(self, before, after):
        """The edge gets in, everybody else as before."""
        for source in (EDGE4, EDGE6):
            for port in (80, 443):
                self.expect(f"edge {source} gets in to {port}", after[(source, port)])
        for key, was in before.items():
            if self.host.only and key[0] in (STRANGER4, STRANGER6) and key[1] != 22:
                self.expect(f"{key} is shut out", was and not after[key])
            elif key[0] in (STRANGER4, STRANGER6):
                self.expect(f"{key} is as before", after[key] == was)
            elif key[1] == 22:  # a ban that is lifted had closed this, too
                self.expect(f"{key} loses nothing", after[key] or not was)

    def loads_again(self):
        """What an operator saves with `nft list ruleset` can be loaded at the next boot."""
        text = "flush ruleset\n" + self.host.tool("nft", "list", "ruleset").stdout
        return self.host.tool("nft", "-c", "-f", "-", text=text, check=False).returncode == 0

    def apply_and_confirm(self):
        host = self.host
        before, rules, loads = host.picture(), host.rules(), self.loads_again()
        dry = host.tool(host.causeway, "guard", "apply", "--edge", str(host.folder / "edge.txt"), "--state",
                        str(host.folder / "state"), *host.more, check=False)
        self.expect("a dry run ends with 1 and shows what it would do", dry.returncode == 1 and "layer by layer" in dry.stdout)
        self.expect("a dry run changes nothing", host.rules() == rules)
        self.expect("who loses is said, and only then", bool(re.search(r"loses\s+port", dry.stdout)) == host.only)
        host.guard(*host.apply_words())
        time.sleep(0.5 if host.web else 0)  # old workers may take the first ones
        self.opened(before, host.picture())
        host.guard("confirm")
        self.expect("a saved ruleset loads again", self.loads_again() or not loads)
        added = host.rules()
        again = host.guard(*host.apply_words())
        self.expect("a second apply has nothing to do", "Nothing to do" in again.stdout and host.rules() == added)
        host.guard("restore")
        self.expect("restore changes nothing that is there", host.rules() == added)
        (host.folder / "edge.txt").write_text(EDGE.replace("131.0.72.0/22", "131.0.72.0/23"))
        host.guard("sync", "--edge", str(host.folder / "edge.txt"))
        self.expect("a withdrawn range is gone", "131.0.72.0/22" not in json.dumps(host.journal()))
        (host.folder / "edge.txt").write_text(EDGE)
        host.guard("rollback")
        self.expect("a roll-back leaves the old rules", host.rules() == rules)
        time.sleep(0.5 if host.web else 0)
        self.expect("a roll-back leaves the old picture", host.picture() == before)

    def refreshed(self):
        """sync asks the provider: a new range comes in, a withdrawn one goes, no answer and a broken one change nothing."""
        host = self.host
        host.guard("apply", "--yes")
        host.guard("confirm")
        kept = host.journal()["kept"]["ranges"]
        answer = host.folder / "client/v4/ips"
        answer.parent.mkdir(parents=True)
        host.daemon(sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", str(host.folder), "8088",
                    ready=(sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 8088), 1)"))
        sync = ("sync", "--api", "http://127.0.0.1:8088/client/v4")
        self.expect("without an answer nothing is changed", host.guard(*sync, check=False).returncode == 3)
        answer.write_text('{"result": {"ipv4_cidrs": ["0.0.0.0/0"], "ipv6_cidrs": ["2606:4700::/32"]}}')
        self.expect("a broken answer changes nothing", host.guard(*sync, check=False).returncode == 3
                    and host.journal()["kept"]["ranges"] == kept)
        ranges = [one for one in kept if one != "131.0.72.0/22"] + ["192.0.2.0/24"]
        answer.write_text(json.dumps({"result": {"ipv4_cidrs": [r for r in ranges if ":" not in r],
                                                 "ipv6_cidrs": [r for r in ranges if ":" in r], "etag": "x"}}))
        host.guard(*sync)
        self.expect("the ranges are the provider's", sorted(host.journal()["kept"]["ranges"]) == sorted(ranges))
        self.expect("a withdrawn range is shut out", not host.reaches(EDGE4, 443))
        self.expect("a new range gets in", host.reaches(STRANGER4, 443))
        host.guard("rollback")

    def unconfirmed(self):
        host = self.host
        rules = host.rules()
        host.guard(*host.apply_words("--confirm-within", "5s"))
        self.expect("the change is there at first", host.rules() != rules)
        deadline = time.monotonic() + 60
        while host.journal()["phase"] != "settled" and time.monotonic() < deadline:
            time.sleep(0.1)
        self.expect("it is undone without a confirmation", host.rules() == rules)

    def replaced(self):
        """Somebody loads other rules during the trial: guard says that its own are not in place."""
        host = self.host
        saved = "flush ruleset\n" + host.tool("nft", "list", "ruleset").stdout
        host.guard(*host.apply_words("--confirm-within", "60s"))
        host.tool("nft", "-f", "-", text=saved)
        done = host.guard("confirm", check=False)
        self.expect("confirm says that the rules are gone", done.returncode == 3 and "not in place" in done.stderr)
        self.expect("show says so, too", "not in place" in host.guard("show", check=False).stdout)
        host.guard("restore")
        self.expect("restore puts them back", "not in place" not in host.guard("show", check=False).stdout)
        host.guard("rollback")

    def applier(self, *before):
        host = self.host
        return subprocess.Popen([*host.inside, *before, host.causeway, "guard", *host.apply_words("--confirm-within", "5s"),
                                 "--state", str(host.folder / "state")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def settle(self):
        """Waits until the guardian has undone what there is to undo."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.2)
            path = self.host.folder / "state/journal.json"
            if not path.exists() or self.host.journal()["phase"] == "settled":
                break

    def killed(self, moments):
        """At each moment of the way: old or new, and old in the end."""
        rules = self.host.rules()
        for moment in moments:
            applier = self.applier()
            time.sleep(moment)
            applier.send_signal(signal.SIGKILL)
            applier.wait()
            self.settle()
            self.expect(f"killed after {moment} s, it ends in the old rules", self.host.rules() == rules)

    def killed_at_each_step(self):
        """The same at every call of the applier that changes anything: another program, a file written down, renamed, removed."""
        rules = self.host.rules()
        calls = "clone,clone3,vfork,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,mkdir,mkdirat"
        for step in itertools.count(1):
            applier = self.applier("strace", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={step}")
            ended = applier.wait()
            self.settle()
            self.expect(f"killed at step {step}, it ends in the old rules", self.host.rules() == rules)
            if ended == 0:
                return step - 1

    def all_killed(self):
        """Applier and guardian both: the next command finds what is left and undoes it."""
        host = self.host
        rules = host.rules()
        host.guard(*host.apply_words("--confirm-within", "5s"))
        for pid in run("ip", "netns", "pids", host.name).stdout.split():
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if words and words[0] == host.causeway.encode():
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(5.5)
        self.expect("the change is still there", host.rules() != rules)
        done = host.guard("confirm", check=False)
        self.expect("too late to confirm", done.returncode != 0)
        self.expect("it is undone by the next command", host.rules() == rules)

    def real_ip(self):
        """Asked for, the server sees visitors' own addresses: theirs are refused, not the edge's."""
        host = self.host
        lists = {"nginx": "", "apache": ""}[self.name]
        site = host.folder / "sites/site"
        site.write_text(NGINX_SITE % (host.folder, lists) if self.name == "nginx" else lists)
        before = host.rules()
        host.guard("apply", "--yes", "--real-ip")
        rules = host.rules()
        self.expect("real-IP is set", "CF-Connecting-IP" in rules)
        # A list of visitors, as an owner would add it now.
        if self.name == "nginx":
            site.write_text(NGINX_SITE % (host.folder, "    deny 203.0.113.77;\n"))
            host.tool("nginx", "-c", str(host.folder / "nginx.conf"), "-s", "reload")
        else:
            site.write_text('<Location "/">\n<RequireAll>\nRequire all granted\nRequire not ip 203.0.113.77\n</RequireAll>\n</Location>\n')
            host.tool("apache2ctl", "-f", str(host.folder / "apache.conf"), "-k", "graceful")
        time.sleep(1)
        for source in (EDGE4, EDGE6):
            self.expect(f"a visitor behind {source} is seen", host.status(source, 80, "CF-Connecting-IP: 203.0.113.77") == "403")
            self.expect(f"another behind {source}, too", host.status(source, 80, "CF-Connecting-IP: 203.0.113.78") == "200")
        self.expect("a stranger's word counts for nothing",
                    host.status(STRANGER4, 80, "CF-Connecting-IP: 203.0.113.77") == "200")
        site.write_text(NGINX_SITE % (host.folder, lists) if self.name == "nginx" else lists)
        host.guard("rollback")
        self.expect("a roll-back gives the files back", host.rules() == before)

    def invalid(self):
        """A configuration that the server itself refuses: nothing is changed for good, and it goes on serving."""
        host = self.host
        extra = host.folder / "sites/zz-broken"
        extra.write_text("no_such_directive on;\n")
        before, picture = host.rules(), host.picture()
        done = host.guard(*host.apply_words(), check=False)
        self.expect("an invalid configuration is refused, with the server's words",
                    done.returncode == 3 and re.search("no_such_directive|Syntax error", done.stderr))
        self.expect("and the files are as before", host.rules() == before)
        self.expect("and it serves as before", host.picture() == picture)
        extra.unlink()

    def session_survives(self):
        host = self.host
        code = ("import socket,sys\none=socket.socket();one.settimeout(3);one.bind(('" + STRANGER4 + "',0));one.connect(('" + HOST4 +
                f"',{443 if host.only else 22}))\nfor line in sys.stdin:\n one.sendall(b'x');print(one.recv(9)==b'x',flush=True)\n")
        session = subprocess.Popen(["ip", "netns", "exec", host.peer, sys.executable, "-c", code], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)

        def alive():
            session.stdin.write("\n")
            session.stdin.flush()
            return session.stdout.readline().strip() == "True"
        self.expect("a session is open", alive())
        host.guard(*host.apply_words())
        self.expect("the session survives apply", alive())
        host.guard("rollback")
        self.expect("the session survives roll-back", alive())
        session.kill()
        session.wait()


def main(words):
    steps = "--steps" in words
    words = [word for word in words if word != "--steps"]
    causeway, names = os.path.abspath(words[0]), words[1:] or list(CASES)
    bad = 0
    for name in names:
        begin = time.monotonic()
        host = Host(causeway, name in WEB)
        try:
            CASES[name](host)
            trial = Trial(name, host)
            trial.apply_and_confirm()
            if name == "nft":
                trial.refreshed()
                trial.replaced()
            if name in WEB:
                trial.invalid()
            trial.session_survives()
            trial.unconfirmed()
            trial.killed((0.02, 0.05, 0.08, 0.12, 0.2, 0.4))
            trial.all_killed()
            if steps:
                print(f"{name}: killed at each of {trial.killed_at_each_step()} steps", flush=True)
            if name in ("nginx", "apache"):
                trial.real_ip()
            if name == "csf":
                trial.expect("csf was asked to restart both", set(host.calls()) == {"csf -ra"})
            if name == "crowdsec":
                trial.expect("the allowlist is gone in the end", json.loads((host.folder / "crowdsec.json").read_text())["lists"] == {})
            bad += len(trial.bad)
            print(f"{name}: {'good' if not trial.bad else 'BAD'} ({time.monotonic() - begin:.0f} s)", flush=True)
        finally:
            host.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
