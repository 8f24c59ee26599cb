#!/usr/bin/env python3
"""Everything at once for a while: visitors over HTTP/1.1, HTTP/2 and TLS, kept and new connections, WebSocket, uploads, a cache in
memory and on a disk, origins that die and come back, a reload each second, pools that stand in, drills, purges, and an operator
who reads metrics and verdict all the time. Every answer carries its request's mark, none is anybody else's; memory stays flat.
Made for the sanitizers: what they find ends the program, or is on its standard error.

  soak.py [--seconds N] CAUSEWAY
"""
import collections
import contextlib
import hashlib
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

SECONDS = 10.0
if sys.argv[1:2] == ["--seconds"]:
    SECONDS = float(sys.argv[2])
    del sys.argv[1:3]

import h2
from h2 import PREFACE, frame, request
from scene import SANITIZED, Edge, certificate, free_port, read_all, read_answer, until

ORIGIN = '''
import hashlib, re, socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=256, reuse_port=False)
print("up", flush=True)
def serve(stream):
    stream.settimeout(60)
    data = b""
    while True:
        while b"\\r\\n\\r\\n" not in data:
            got = stream.recv(65536)
            if not got: return
            data += got
        head, data = data.split(b"\\r\\n\\r\\n", 1)
        path = head.split()[1]
        if b"upgrade: websocket" in head.lower():
            stream.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n" + data)
            while got := stream.recv(65536): stream.sendall(got)
            return
        body = b""
        if length := re.search(rb"(?i)\\r\\ncontent-length: (\\d+)", head):
            while len(data) < int(length[1]): data += stream.recv(65536)
            body, data = data[:int(length[1])], data[int(length[1]):]
        elif b"transfer-encoding: chunked" in head.lower():
            while not data.endswith(b"0\\r\\n\\r\\n"):
                got = stream.recv(65536)
                if not got: return
                data += got
            while size := int(data.split(b"\\r\\n", 1)[0], 16):
                data = data.split(b"\\r\\n", 1)[1]
                body, data = body + data[:size], data[size + 2:]
            data = b""
        said = path + b" " + hashlib.sha1(body).hexdigest().encode() + b" "
        said = (said * (1 + 300000 // len(said)))[:int(path.split(b"/")[2])] if path.startswith(b"/size/") else said
        fields = b"Cache-Control: max-age=2, stale-while-revalidate=5\\r\\nCache-Tag: all\\r\\nETag: \\"%s\\"\\r\\n" % path.replace(b"/", b"-") if path.startswith((b"/kept", b"/size")) else b""
        if path.startswith(b"/chunk"):
            stream.sendall(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n" + fields + b"\\r\\n")
            for i in range(0, len(said), 7): stream.sendall(b"%x\\r\\n%s\\r\\n" % (len(said[i:i + 7]), said[i:i + 7]))
            stream.sendall(b"0\\r\\n\\r\\n")
        else:
            stream.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n" % len(said) + fields + b"\\r\\n" + said)
def one(stream):
    try: serve(stream)
    except OSError: pass
    finally: stream.close()
while True:
    stream, _ = listener.accept()
    threading.Thread(target=one, args=(stream,), daemon=True).start()
'''


def wanted(path, body=b""):
    said = path + b" " + hashlib.sha1(body).hexdigest().encode() + b" "
    return (said * (1 + 300000 // len(said)))[:int(path.split(b"/")[2])] if path.startswith(b"/size/") else said


class Origin:
    def __init__(self):
        self.port = free_port()
        self.begin()

    def begin(self):
        self.process = subprocess.Popen([sys.executable, "-c", ORIGIN, str(self.port)], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def end(self):
        self.process.kill()
        self.process.wait()


class Soak:
    def __init__(self, edge, made, origins):
        self.edge, self.made, self.origins = edge, made, origins
        self.counts, self.wrong, self.lock = collections.Counter(), [], threading.Lock()
        self.stop = threading.Event()

    def took(self, kind, path, status, body, sent=b""):
        """An origin may be down: a code of the edge's own is well then. Anything else has to be right."""
        well = (status == 200 and body == wanted(path, sent)) or 500 <= status < 531
        with self.lock:
            self.counts[kind + (" 5xx" if status >= 500 else "")] += 1
            if not well:
                self.wrong.append((kind, path, status, body[:200]))

    def lost(self, kind):
        with self.lock:
            self.counts[kind + " cut"] += 1

    def path(self):
        which = random.randrange(5)
        number = random.randrange(200)
        return (b"/kept/%d" % number, b"/plain/%d" % number, b"/chunk/%d" % number, b"/size/%d" % random.choice((1000, 70_000, 300_000)),
                b"/drill/%d" % number)[which]

    def each(self, work):
        while not self.stop.is_set():
            kind = work.__name__
            try:
                work()
            except (OSError, EOFError):
                self.lost(kind)  # an origin that dies in the middle of an answer cuts it
            except Exception as problem:
                with self.lock:
                    self.wrong.append((kind, repr(problem)))

    def visitor(self, secure):
        stream = self.edge.connect(self.edge.tls_port if secure else None)
        return self.made.client().wrap_socket(stream, server_hostname="www.test") if secure else stream

    def one(self, kind, stream, path, method=b"GET", body=None):
        chunked = body is not None and random.random() < 0.5
        framing = b"" if body is None else b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: %d\r\n" % len(body)
        sent = body or b""
        if chunked:
            sent = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 9000]), body[i:i + 9000]) for i in range(0, len(body), 9000)) + b"0\r\n\r\n"
        stream.sendall(method + b" " + path + b" HTTP/1.1\r\nHost: www.test\r\nAccept: text/plain\r\n" + framing + b"\r\n" + sent)
        head = b""
        while b"\r\n\r\n" not in head:
            got = stream.recv(65536)
            if not got:
                raise EOFError
            head += got
        head, said = head.split(b"\r\n\r\n", 1)
        if length := re.search(rb"(?i)\r\ncontent-length: (\d+)", head):
            while len(said) < int(length[1]):
                got = stream.recv(65536)
                if not got:
                    raise EOFError
                said += got
        elif b"chunked" in head.lower():
            while not said.endswith(b"0\r\n\r\n"):
                got = stream.recv(65536)
                if not got:
                    raise EOFError
                said += got
            text, said = said, b""
            while size := int(text.split(b"\r\n", 1)[0], 16):
                text = text.split(b"\r\n", 1)[1]
                said, text = said + text[:size], text[size + 2:]
        self.took(kind, path, int(head.split()[1]), said, body or b"")
        if b"connection: close" in head.lower():
            raise EOFError

    def kept(self):
        with self.visitor(False) as stream:
            for _ in range(50):
                self.one("kept", stream, self.path())

    def fresh(self):
        with self.visitor(False) as stream:
            self.one("fresh", stream, self.path())

    def secure(self):
        with self.visitor(True) as stream:
            for _ in range(10):
                self.one("secure", stream, self.path())

    def upload(self):
        with self.visitor(random.random() < 0.5) as stream:
            for _ in range(5):
                self.one("upload", stream, b"/plain/up", b"POST", os.urandom(random.choice((0, 10, 5000, 200_000))))

    def http2(self):
        with h2.Visitor(self.edge, self.made, PREFACE + frame(h2.WINDOW_UPDATE, 0, 0, h2.u32(1 << 30))) as visitor:
            visitor.send(frame(h2.SETTINGS, 0, 0, h2.setting(4, 1 << 20)))
            for turn in range(5):
                asked = {1 + 2 * (turn * 10 + i): self.path() for i in range(10)}
                visitor.send(b"".join(frame(h2.HEADERS, 5, on, request(path=path)) for on, path in asked.items()))
                for on, path in asked.items():
                    kind, code = visitor.outcome(on)
                    if kind != "status":
                        raise EOFError
                    ended = visitor.until(lambda kind, flags, s, _, on=on: s == on and (kind == h2.RST_STREAM or flags & 1 and kind in (0, 1)))
                    body = b"".join(payload for kind, _, s, payload in visitor.seen if kind == h2.DATA and s == on)
                    if ended is None or ended[0] == h2.RST_STREAM:
                        self.lost("http2")
                    elif body == wanted(path):
                        self.took("http2", path, 200, body)
                    else:
                        # Only the first status of its kind on a connection is read here: its own pages say what they are.
                        self.took("http2", path, 500 if b"causeway" in body.lower() or b"Ray" in body else code, body)

    def websocket(self):
        with self.visitor(random.random() < 0.5) as stream:
            stream.sendall(b"GET /ws HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            status, head, early = read_answer(stream)
            if status != 101:
                return self.took("websocket", b"/ws", status, early)
            for _ in range(20):
                said, heard = os.urandom(random.choice((3, 3000))), b""
                stream.sendall(said)
                while len(heard) < len(said):
                    got = stream.recv(65536)
                    if not got:
                        raise EOFError
                    heard += got
                with self.lock:
                    self.counts["websocket"] += 1
                    if heard != said:
                        self.wrong.append(("websocket", len(said)))

    def admin(self, method, path):
        with self.edge.connect(self.edge.admin) as stream:
            stream.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            said = read_all(stream)
        with self.lock:
            self.counts["admin"] += 1
            if not said.startswith(b"HTTP/1.1 200 "):
                self.wrong.append(("admin", path, said[:200]))

    def reads(self):
        self.admin("GET", random.choice(("/metrics", "/.causeway/verdict", "/.causeway/drill", "/.causeway/switch", "/healthz")))
        self.stop.wait(0.01)

    def operates(self):
        self.admin("POST", random.choice(("/.causeway/purge?all", "/.causeway/purge?tag=all", "/.causeway/purge?prefix=www.test/kept",
                                          "/.causeway/purge?url=http://www.test/kept/1", "/.causeway/drill?failure=connect.refused&path=/drill&for=1s",
                                          "/.causeway/switch?from=www&to=standby&for=1s")))
        self.stop.wait(0.3)

    def reloads(self):
        number = random.randrange(1000)
        pathlib.Path(self.edge.config).write_text(self.edge.text + f"[edge.headers]\nserver = \"edge-{number}\"\n")
        self.edge.process.send_signal(signal.SIGHUP)
        with self.lock:
            self.counts["reloads"] += 1
        self.stop.wait(1)

    def kills(self):
        origin = random.choice(self.origins)
        self.stop.wait(1.5)
        origin.end()
        self.stop.wait(0.5)
        origin.begin()
        with self.lock:
            self.counts["deaths"] += 1


def main():
    with contextlib.ExitStack() as stack:
        made, folder = stack.enter_context(certificate()), stack.enter_context(tempfile.TemporaryDirectory())
        origins = [Origin() for _ in range(3)]
        for origin in origins:
            stack.callback(origin.end)
        standby = f'[[edge.pool]]\nname = "standby"\n[[edge.pool.origin]]\nhost = "127.0.0.1"\nport = {origins[2].port}\n'
        cache = f'[edge.cache]\non = true\nmemory = "4 MiB"\nentry = "2 MiB"\ndisk = "{folder}"\ndisk_size = "8 MiB"\n'
        check = 'policy = "peak-ewma"\ncheck = { kind = "http", path = "/plain/check", interval = "1s", timeout = "1s" }\n'
        edge = stack.enter_context(Edge([o.port for o in origins[:2]], standby + cache, pool_keys=check, tls=made, top="workers = 2"))
        said = []
        threading.Thread(target=lambda: said.extend(edge.process.stderr), daemon=True).start()
        soak = Soak(edge, made, origins)
        works = [soak.kept] * 2 + [soak.fresh, soak.secure, soak.upload, soak.http2, soak.http2, soak.websocket, soak.reads, soak.operates,
                                   soak.reloads, soak.kills]
        threads = [threading.Thread(target=soak.each, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        begun, early = time.monotonic(), 0
        while time.monotonic() < begun + SECONDS and edge.process.poll() is None:
            soak.stop.wait(min(1.0, SECONDS / 10))
            if early == 0 and time.monotonic() > begun + SECONDS / 3:
                early = edge.resident()
        late = edge.resident() if edge.process.poll() is None else 0
        soak.stop.set()
        for thread in threads:
            thread.join()
        alive = edge.process.poll() is None
        if alive:
            until(lambda: edge.descriptors() < 200)
            edge.process.terminate()
            edge.process.wait(60)
        text = "".join(said)
        print(", ".join(f"{kind} {count}" for kind, count in sorted(soak.counts.items())))
        print(f"memory {early} KiB after a third, {late} KiB at the end; exit {edge.process.returncode}")
        bad = [line for line in said if re.search(r"Sanitizer|runtime error|internal error|terminate", line)]
        if soak.wrong or bad or not alive or edge.process.returncode != 0 or not soak.counts["kept"]:
            print("FAILED", soak.wrong[:5], text[-6000:])
            return 1
        if not SANITIZED and late > early * 1.5 + 8192:
            print("FAILED: memory grows")
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
