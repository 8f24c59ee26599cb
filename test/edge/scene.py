"""What the trials are made of: origins, an edge, certificates, visitors who come again and again. All on loopback."""
import contextlib
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
WAIT = 20.0  # for what must come
SANITIZED = os.environ.get("CAUSEWAY_SANITIZED") == "1"  # memory is then the sanitizer's


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, seconds=WAIT):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if got := what():
            return got
        time.sleep(0.01)  # the poll of a state that another process reaches
    raise AssertionError("did not come in time")


class RawOrigin:
    """Answers each connection with `serve(socket, number)`, on threads."""

    def __init__(self, serve, context=None):
        self.serve, self.context, self.number = serve, context, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            number, self.number = self.number, self.number + 1
            threading.Thread(target=self._one, args=(peer, number), daemon=True).start()

    def _one(self, peer, number):
        with contextlib.suppress(OSError), peer:
            stream = self.context.wrap_socket(peer, server_side=True) if self.context else peer
            self.serve(stream, number)

    def close(self):
        self.listener.close()


def read_head(stream):
    data = b""
    while b"\r\n\r\n" not in data:
        got = stream.recv(65536)
        if not got:
            break
        data += got
    return data


PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def good(stream, _number):
    while read_head(stream):
        stream.sendall(PAGE)


ORIGIN_PROGRAM = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "5"); self.end_headers(); self.wfile.write(b"hello")
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
server = Server(("127.0.0.1", int(sys.argv[1])), Page); print("up", flush=True); server.serve_forever()
"""


@contextlib.contextmanager
def origin_process(port=None):
    port = port or free_port()
    process = subprocess.Popen([sys.executable, "-c", ORIGIN_PROGRAM, str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    process.port = port
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Edge:
    """A running edge with the given [edge] text; `origins` are ports."""

    def __init__(self, origins, extra="", origin_keys="", pool_keys="", tls=None, listen_keys="", top="", stdout=None):
        """`stdout`: where the access log goes, instead of a file."""
        self.folder = tempfile.TemporaryDirectory()
        self.port, self.tls_port, self.admin = free_port(), free_port(), free_port()
        self.log = os.path.join(self.folder.name, "access.log")
        self.config = os.path.join(self.folder.name, "edge.toml")
        listen = f'[[edge.listen]]\naddress = "127.0.0.1:{self.port}"\n{listen_keys}\n'
        if tls:
            listen += f'[[edge.listen]]\naddress = "127.0.0.1:{self.tls_port}"\ntls = true\n'
            listen += f'[[edge.certificate]]\ncertificate = "{tls.cert}"\nkey = "{tls.key}"\n{tls.extra}\n'
        pool = f'[[edge.pool]]\nname = "www"\n{pool_keys}\n'
        for origin in origins:
            host, port = origin if isinstance(origin, tuple) else ("127.0.0.1", origin)
            pool += f'[[edge.pool.origin]]\nhost = "{host}"\nport = {port}\n{origin_keys}\n'
        file = "" if stdout else f'file = "{self.log}"'
        self.text = (f"[edge]\n{top}\n{listen}\n{pool}\n[[edge.route]]\npool = \"www\"\n[edge.log]\n{file}\n"
                     f"[edge.admin]\naddress = \"127.0.0.1:{self.admin}\"\n{extra}\n")
        pathlib.Path(self.config).write_text(self.text)
        self.process = subprocess.Popen([PROGRAM, "edge", "-c", self.config], stdout=stdout or subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        wanted = [self.port, self.admin] + ([self.tls_port] if tls else [])
        until(lambda: all(map(self.listens, wanted)) or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.stderr.read()

    @staticmethod
    def listens(port):
        """Asked of the kernel: a connection would be a visitor."""
        return f":{port:04X} 00000000:0000 0A" in pathlib.Path("/proc/net/tcp").read_text()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.folder.cleanup()

    def connect(self, port=None):
        return socket.create_connection(("127.0.0.1", port or self.port), WAIT)

    def ask(self, path="/", headers="", visitor=None):
        """(status, head, body) of one request."""
        with contextlib.ExitStack() as stack:
            visitor = visitor or stack.enter_context(self.connect())
            visitor.sendall(f"GET {path} HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n{headers}\r\n".encode())
            return read_answer(visitor)

    def resident(self):
        """Memory of its own, in KiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", text)[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def metrics(self):
        with self.connect(self.admin) as admin:
            admin.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return read_all(admin).decode()

    def lines(self, count):
        def there():
            with contextlib.suppress(OSError):
                lines = pathlib.Path(self.log).read_text().splitlines()
                return lines if len(lines) >= count else None
        return [json.loads(line) for line in until(there)]


def read_all(stream):
    data = b""
    with contextlib.suppress(OSError):
        while got := stream.recv(65536):
            data += got
    return data


def read_answer(stream):
    """Of the final answer: those before it (1xx) are passed over."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            got = stream.recv(65536)
            if not got:
                return 0, data.decode(errors="replace"), b""
            data += got
        head, body = data.split(b"\r\n\r\n", 1)
        if head[9:10] != b"1" or head[9:12] == b"101":
            break
        data = body
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        got = stream.recv(65536)
        if not got:
            break
        body += got
    return int(head.split()[1]), head.decode(), body


class Certificate:
    """Self-made authority and a leaf for www.test."""

    def __init__(self, folder):
        self.folder, self.extra = folder, ""
        self.ca, self.cert, self.key = (os.path.join(folder, n) for n in ("ca.pem", "site.pem", "site.key"))
        self.ca_key = os.path.join(folder, "ca.key")
        self.run("ecparam -genkey -name prime256v1 -noout -out ca.key")
        self.run("req -x509 -new -key ca.key -subj /CN=authority -days 30 -out ca.pem -addext keyUsage=critical,keyCertSign,digitalSignature")
        self.run("ecparam -genkey -name prime256v1 -noout -out site.key")
        self.run("req -new -key site.key -subj /CN=www.test -out site.csr")
        pathlib.Path(folder, "ext").write_text("subjectAltName=DNS:www.test\nextendedKeyUsage=serverAuth,clientAuth\n")
        self.run("x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile ext -out site.pem")

    def run(self, words):
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)

    def client(self, protocols=()):
        context = ssl.create_default_context(cafile=self.ca)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context


@contextlib.contextmanager
def certificate():
    with tempfile.TemporaryDirectory() as folder:
        yield Certificate(folder)


class Load:
    """Visitors who ask without a pause, half of them on new connections; every answer that is not 200 is kept."""

    def __init__(self, edge, visitors=8):
        self.edge, self.wrong, self.count, self.stop = edge, [], 0, False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._visit, args=(i % 2 == 0,)) for i in range(visitors)]
        for thread in self.threads:
            thread.start()

    def _visit(self, keeps):
        visitor = None
        while not self.stop:
            try:
                fresh = visitor is None
                visitor = visitor or self.edge.connect()
                visitor.sendall(b"GET / HTTP/1.1\r\nHost: www.test\r\n\r\n" if keeps else
                                b"GET / HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n")
                status, head, _ = read_answer(visitor)
                # A kept connection may end between two requests (RFC 9112 9.5): a visitor asks again on a new one.
                if status == 0 and not fresh and head == "":
                    visitor.close()
                    visitor = None
                    continue
                with self.lock:
                    self.count += 1
                    if status != 200:
                        self.wrong.append((status, head[:200]))
                if not keeps or "connection: close" in head.lower():
                    visitor.close()
                    visitor = None
            except OSError as problem:
                if visitor is not None and not fresh and isinstance(problem, (ConnectionResetError, BrokenPipeError)):
                    visitor = None
                    continue
                with self.lock:
                    self.wrong.append((0, repr(problem)))
                visitor = None

    def more(self, requests):
        before = self.count
        until(lambda: self.count >= before + requests, 60)

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()
        assert not self.wrong, f"{len(self.wrong)} of {self.count} went wrong: {self.wrong[:3]}"
        return self.count


GRPC_ORIGIN = """
import sys, grpc
from concurrent import futures
def unary(request, context):
    context.set_trailing_metadata((("x-trailer", "end"),))
    return request[::-1]
def fails(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
def streams(request, context):
    for i in range(int(request)): yield b"%d" % i * 1000
def counts(requests, context):
    return b"%d" % sum(len(each) for each in requests)
def chats(requests, context):
    for each in requests: yield each.upper()
methods = {"unary": grpc.unary_unary_rpc_method_handler(unary), "fails": grpc.unary_unary_rpc_method_handler(fails),
           "streams": grpc.unary_stream_rpc_method_handler(streams), "counts": grpc.stream_unary_rpc_method_handler(counts),
           "chats": grpc.stream_stream_rpc_method_handler(chats)}
server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", methods),))
if len(sys.argv) > 1:
    read = lambda name: open(name, "rb").read()
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(read(sys.argv[2]), read(sys.argv[1]))]))
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start(); print(port, flush=True); server.wait_for_termination()
"""


@contextlib.contextmanager
def grpc_origin(*files):
    process = subprocess.Popen([sys.executable, "-c", GRPC_ORIGIN, *files], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def where(problem):
    """The lines that led to it."""
    return " > ".join(str(each.lineno) for each in traceback.extract_tb(problem.__traceback__)[1:])


def run(trials):
    """Those named on the command line, or all; 1 when one failed."""
    wanted, failed = sys.argv[2:], 0
    for trial in trials:
        if wanted and trial.__name__ not in wanted:
            continue
        begin = time.monotonic()
        try:
            said, word = trial() or "", "ok"
        except Exception as problem:  # a trial that breaks is a trial that fails; the others still run
            said, word = f"{type(problem).__name__} in line {where(problem)}: {str(problem)[:600]}", "FAILED"
            failed += 1
        print(f"{word:7}{trial.__name__:32}{time.monotonic() - begin:6.1f} s  {said}", flush=True)
    return 1 if failed else 0
