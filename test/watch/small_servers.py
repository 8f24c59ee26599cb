"""Small real servers on loopback for a watch to meet: web, DNS, mail, and a receiver of alerts."""
import http.server
import json
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import threading


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # what real servers have; 5 looks like a limit of connections
    allow_reuse_address = True


class Web:
    """A web server that can be switched off (its port refuses) and on again, at the same place."""

    def __init__(self, address="127.0.0.1", tls=None):
        self.address = address
        self.tls = tls
        self.status = 200
        self.body = b"<html>Basket</html>"
        self.server = None
        self.port = 0
        self.start()

    def start(self):
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(web.status)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(web.body)))
                self.end_headers()
                self.wfile.write(web.body)

            def log_message(self, *_):
                pass

        self.server = _Server((self.address, self.port), Handler)
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def url(self, scheme="http"):
        return f"{scheme}://{self.address}:{self.port}/"


class Receiver:
    """Takes every POST and keeps it; `refuse` answers that often with 503 first. Who posts to /held waits for `release`."""

    def __init__(self):
        self.got = []
        self.release = threading.Event()
        self.refuse = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                refused = receiver.refuse > 0
                receiver.refuse -= 1 if refused else 0
                try:
                    document = json.loads(body)
                except ValueError:
                    document = body.decode(errors="replace")
                receiver.got.append({"path": self.path, "fields": dict(self.headers), "body": document, "refused": refused})
                if self.path == "/held":
                    receiver.release.wait(30)
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def at(self, path, **wanted):
        """Bodies taken at this path whose members are as wanted."""
        return [one["body"] for one in list(self.got) if one["path"] == path and not one["refused"]
                and all(isinstance(one["body"], dict) and one["body"].get(key) == value for key, value in wanted.items())]

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def _wire_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


class Registry:
    """RDAP: says when the one domain it has ends; 404 for all others."""

    def __init__(self, domain, registered, ends):
        self.asked = []
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/domain/")
                registry.asked.append(name)
                body = json.dumps({"objectClassName": "domain", "ldhName": name, "status": ["active"], "events": [
                    {"eventAction": "registration", "eventDate": registered},
                    {"eventAction": "expiration", "eventDate": ends}]}).encode()
                self.send_response(200 if name == domain else 404)
                self.send_header("Content-Type", "application/rdap+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class Dns:
    """Answers A questions over UDP with `values`, and NS questions for `zones`."""

    def __init__(self, values, zones=()):
        self.values = values
        wire_zones = {_wire_name(zone) for zone in zones}
        dns = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                question, link = self.request
                end = question.index(b"\0", 12) + 5
                kind = struct.unpack(">H", question[end - 4:end - 2])[0]
                values = [socket.inet_aton(value) for value in dns.values] if kind == 1 else []
                if kind == 2 and question[12:end - 4].lower() in wire_zones:
                    values = [_wire_name("ns1.example.org")]
                answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 30, len(value)) + value for value in values)
                link.sendto(question[:2] + b"\x85\x80" + question[4:6] + struct.pack(">HHH", len(values), 0, 0)
                            + question[12:end] + answers, self.client_address)

        self.server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def certificate(folder, name, begins=None, ends=None):
    """A certificate for 127.0.0.1 signed by itself; times as YYYYMMDDHHMMSSZ. (file, key)"""
    key, request, made = (os.path.join(folder, f"{name}.{end}") for end in ("key", "csr", "pem"))
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    f"/CN={name}", "-keyout", key, "-out", request], **quiet)
    place = os.path.join(folder, name)
    os.mkdir(place)
    open(os.path.join(place, "index"), "w", encoding="ascii").close()
    settings = os.path.join(place, "ca.conf")
    with open(settings, "w", encoding="ascii") as file:
        file.write(f"[ca]\ndefault_ca=own\n[own]\ndatabase={place}/index\nnew_certs_dir={place}\nrand_serial=yes\n"
                   "default_md=sha256\npolicy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n"
                   "[ext]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:true\n")
    times = ["-startdate", begins, "-enddate", ends] if begins else ["-days", "90"]
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-notext", "-config", settings, "-keyfile", key, "-in", request,
                    "-out", made, *times], **quiet)
    return made, key


def server_tls(made, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
