"""The world of bench/watch_hour.py: two network namespaces with a wire between them. In one the watch and whoever reads its
figures; in the other 10,000 things to watch, on as many addresses, and the rules of nft that break them one by one."""
import ctypes
import datetime
import ipaddress
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RESOLVER = "10.6.0.1"
ANCHORS = ("10.255.0.1", "10.255.0.2")
HOST = "10.9.0.1"  # the host with many sites
# port that a broken one is led to -> what is there
HANG, STATUS, TEXT, EXPIRED, STRANGER = 9001, 9503, 9200, 9444, 9445
LED = {"hang": HANG, "5xx": STATUS, "text": TEXT, "expired": EXPIRED, "wrong-name": STRANGER}
CERTIFICATES = 20
PR_SET_PDEATHSIG = 1


class Target:
    """One thing to watch: where it is, and what can be done to it."""

    def __init__(self, ident, kind, url, address, more=""):
        self.id, self.kind, self.url, self.address, self.more = ident, kind, url, address, more

    @property
    def block(self):
        return str(ipaddress.ip_network(f"{self.address}/24", strict=False)) if self.address else ""


def spread(network, per_block, number):
    return f"10.{network}.{number // per_block}.{number % per_block + 1}"


def make_targets(count, folder):
    """Mostly TCP and plain HTTP; one host with a twentieth of all, as many verified HTTPS, some of every other kind."""
    sites = max(20, count // 20)
    few = max(5, count * 6 // 1000)
    beats = max(3, count // 500)
    https = max(CERTIFICATES, count // 20)
    rest = count - sites - https - 3 * few - beats
    tcp = rest * 5 // 8
    ca = f'ca_file = "{folder}/ca.pem"\n'
    out = []
    for i in range(tcp):
        address = spread(1, 100, i)
        out.append(Target(f"tcp{i}", "tcp", f"tcp://{address}:7000", address))
    for i in range(rest - tcp):
        address = spread(2, 50, i)
        out.append(Target(f"http{i}", "http", f"http://{address}/", address, 'expect = {text = "hello"}\n'))
    for i in range(sites):
        out.append(Target(f"site{i}", "site", f"http://s{i}.host.test/", HOST))
    for i in range(https):
        out.append(Target(f"https{i}", "https", f"https://w{i}.c{i % CERTIFICATES}.web.test/", spread(3, 100, i), ca))
    for i in range(few):
        out.append(Target(f"tls{i}", "tls", f"tls://t{i}.c{i % CERTIFICATES}.tls.test:443", spread(4, 100, i), ca))
        out.append(Target(f"ping{i}", "ping", f"ping://{spread(5, 100, i)}", spread(5, 100, i)))
        out.append(Target(f"dns{i}", "dns", f"dns://d{i}.value.test", "", f'resolver = "{RESOLVER}:53"\n'
                          f'expect = {{values = ["192.0.2.{i % 250 + 1}"]}}\n'))
    for i in range(beats):
        out.append(Target(f"beat{i}", "heartbeat", "", ""))
    return out


# --- certificates ---

def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(folder, name, names, issuer=None, days=(-1, 89)):
    """Writes NAME.pem and NAME.key; the pair, to issue others with."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(_name(names[0])).public_key(key.public_key())
            .issuer_name(issuer[0].subject if issuer else _name(names[0])).serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0])).not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True))
    if issuer:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    made = made.sign(issuer[1] if issuer else key, hashes.SHA256())
    with open(f"{folder}/{name}.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(f"{folder}/{name}.key", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return made, key


def make_certificates(folder):
    authority = _certificate(folder, "ca", ["bench authority"])
    everyone = []
    for i in range(CERTIFICATES):
        names = [f"*.c{i}.web.test", f"*.c{i}.tls.test"]
        everyone += names
        _certificate(folder, f"c{i}", names, authority)
    _certificate(folder, "expired", everyone, authority, (-90, -1))
    _certificate(folder, "stranger", ["*.stranger.test"], authority)


# --- the side of the servers ---

def nginx_file(folder):
    def tls(name, port, names):
        return (f'server {{ listen 0.0.0.0:{port} ssl; server_name {names}; ssl_certificate {folder}/{name}.pem; '
                f'ssl_certificate_key {folder}/{name}.key; return 200 "hello\\n"; }}\n')
    servers = "".join(tls(f"c{i}", 443, f"*.c{i}.web.test *.c{i}.tls.test") for i in range(CERTIFICATES))
    return f"""worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon on;
events {{ worker_connections 8000; }}
http {{ access_log off; keepalive_timeout 5s; ssl_session_cache shared:s:10m;
server {{ listen 0.0.0.0:80 backlog=4096; listen 0.0.0.0:7000 backlog=4096; return 200 "hello\\n"; }}
server {{ listen 0.0.0.0:{STATUS}; return 503 "no backend\\n"; }}
server {{ listen 0.0.0.0:{TEXT}; return 200 "the shop is closed\\n"; }}
{servers}{tls("expired", EXPIRED, "_")}{tls("stranger", STRANGER, "_")}}}
"""


def set_of(fault):
    return "is_" + fault.replace("-", "_")


RULES = f"""
table inet faults {{
  set is_refuse {{ type ipv4_addr; flags interval; }}
  set is_drop {{ type ipv4_addr; flags interval; }}
  {"".join(f"set {set_of(fault)} {{ type ipv4_addr; }}; " for fault in LED)}
  chain own {{ type filter hook prerouting priority raw; }}
  chain input {{ type filter hook input priority filter;
    ip daddr @is_drop drop
    ip daddr @is_refuse meta l4proto tcp reject with tcp reset
  }}
  chain lead {{ type nat hook prerouting priority dstnat;
    {"".join(f"ip daddr @{set_of(fault)} meta l4proto tcp redirect to :{port}; " for fault, port in LED.items())}
  }}
}}
"""


class Names(socketserver.BaseRequestHandler):
    """Answers A for what the world has; a name in `server.broken` gets another address."""

    def handle(self):
        data, sock = self.request
        if len(data) < 17:
            return
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1").lower())
            at += 1 + data[at]
        kind = int.from_bytes(data[at + 1:at + 3], "big")
        question = data[12:at + 5]
        address = self.server.address_of(labels)
        answer = b""
        if address and kind == 1:
            answer = b"\xc0\x0c\x00\x01\x00\x01" + (600).to_bytes(4, "big") + b"\x00\x04" + socket.inet_aton(address)
        rcode = 0 if address or len(labels) <= 2 else 3
        head = data[:2] + (0x8580 | rcode).to_bytes(2, "big") + b"\x00\x01" + len([answer] * bool(answer)).to_bytes(2, "big")
        sock.sendto(head + b"\x00\x00\x00\x00" + question + answer, self.client_address)


class NameServer(socketserver.ThreadingUDPServer):
    daemon_threads = True

    def __init__(self, addresses):
        self.addresses, self.broken = addresses, set()
        super().__init__((RESOLVER, 53), Names)

    def address_of(self, labels):
        name = ".".join(labels)
        if name.endswith(".value.test"):
            number = int(labels[0][1:])
            return "198.51.100.1" if name in self.broken else f"192.0.2.{number % 250 + 1}"
        return self.addresses.get(name)


def hold_connections():
    """Takes connections and never says a word."""
    listener = socket.create_server(("0.0.0.0", HANG), backlog=4096)
    held = []
    while True:
        held.append((time.monotonic(), listener.accept()[0]))
        while held and time.monotonic() - held[0][0] > 60:
            held.pop(0)[1].close()


def serve(folder):
    """Runs inside the servers' namespace; orders come on standard input, one JSON array a line."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    with open(f"{folder}/names.json", encoding="utf-8") as file:
        names = NameServer(json.load(file))
    threading.Thread(target=names.serve_forever, daemon=True).start()
    threading.Thread(target=hold_connections, daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        what, value = json.loads(line)
        if what == "nft":
            done = subprocess.run(["nft", "-f", "-"], input=value, text=True, capture_output=True, check=False)
            print(json.dumps(done.stderr), flush=True)
        else:
            (names.broken.add if what == "break" else names.broken.discard)(value)
            print('""', flush=True)


# --- both ---

def run(*words, **options):
    subprocess.run(words, check=True, **options)


class World:
    """Made and gone with this process: namespaces without a name end with whom they hold."""

    def __init__(self, folder, targets):
        self.folder = folder
        make_certificates(folder)
        hosts = {t.url.split("://")[1].rstrip("/").split(":")[0]: t.address
                 for t in targets if t.kind in ("site", "https", "tls")}
        with open(f"{folder}/names.json", "w", encoding="utf-8") as file:
            json.dump(hosts, file)
        with open(f"{folder}/resolv.conf", "w", encoding="utf-8") as file:
            file.write(f"nameserver {RESOLVER}\n")
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(nginx_file(folder))
        run("ip", "link", "set", "lo", "up")
        run("mount", "--bind", f"{folder}/resolv.conf", os.path.realpath("/etc/resolv.conf"))
        here = os.path.abspath(__file__)
        self.servers = subprocess.Popen(["unshare", "--net", sys.executable, here, folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env={**os.environ, "WAIT": "1"})
        self.servers.stdout.readline()  # it stands in its own namespace now
        self._wire()
        self._tell("go")
        assert self.servers.stdout.readline() == "ready\n"
        try:
            self.order("nft", RULES)
        except AssertionError:
            self.end()
            raise

    def _wire(self):
        other = str(self.servers.pid)
        run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1", "netns", other)
        self.wire_up(first=True)
        inside = ["nsenter", "-t", other, "-n"]
        run(*inside, "ip", "link", "set", "lo", "up")
        run(*inside, "ip", "addr", "add", "172.31.0.2/30", "dev", "up1")
        run(*inside, "ip", "link", "set", "up1", "up")
        run(*inside, "ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo")
        for key, value in (("net.netfilter.nf_conntrack_tcp_timeout_time_wait", 2), ("net.core.somaxconn", 4096),
                           ("net.ipv4.icmp_ratelimit", 0)):
            run(*inside, "sysctl", "-qw", f"{key}={value}", stderr=subprocess.DEVNULL)
        run(*inside, "nginx", "-c", f"{self.folder}/nginx.conf")

    def wire_up(self, first=False):
        if first:
            run("ip", "addr", "add", "172.31.0.1/30", "dev", "up0")
        run("ip", "link", "set", "up0", "up")
        run("ip", "route", "add", "10.0.0.0/8", "via", "172.31.0.2")

    def _tell(self, line):
        self.servers.stdin.write(line + "\n")
        self.servers.stdin.flush()

    def order(self, what, value):
        self._tell(json.dumps([what, value]))
        problem = json.loads(self.servers.stdout.readline())
        assert not problem, f"{value}: {problem}"

    def change(self, fault, where, broken):
        """`where`: an address or a network."""
        verb = "add" if broken else "delete"
        self.order("nft", f"{verb} element inet faults {set_of(fault)} {{ {where} }}\n")

    def own(self, kind, broken):
        """The watch's own way out: its link, or everything behind it in silence."""
        if kind == "own-link":
            if broken:
                run("ip", "link", "set", "up0", "down")
            else:
                self.wire_up()
        elif broken:
            self.order("nft", 'add rule inet faults own iifname "up1" drop\n')
        else:
            self.order("nft", "flush chain inet faults own\n")

    def nginx_ticks(self):
        with open(f"{self.folder}/nginx.pid", encoding="utf-8") as file:
            master = file.read().strip()
        children = subprocess.run(["pgrep", "-P", master], capture_output=True, text=True, check=False).stdout.split()
        return sum(ticks(one) for one in children)

    def end(self):
        subprocess.run(["nginx", "-c", f"{self.folder}/nginx.conf", "-s", "stop"], check=False, capture_output=True)
        self.servers.stdin.close()
        self.servers.wait(10)


def ticks(pid):
    """CPU of a process so far, in hundredths of a second."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    if os.environ.pop("WAIT", ""):
        print("here", flush=True)
        sys.stdin.readline()
    serve(sys.argv[1])
