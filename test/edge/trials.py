#!/usr/bin/env python3
"""The program `causeway edge` as its operator and its visitors meet it, on loopback: reload, upgrade, several workers, the
access log, origins that die under load or want certificates. What visitors and origins do in bad faith: hostile.py.

  trials.py CAUSEWAY [NAME...]     names of trials; all when none is given
"""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

from scene import (Edge, Load, PAGE, RawOrigin, WAIT, certificate, free_port, good, grpc_origin, read_all, origin_process,
                   read_head, run, until)

# --- trials ---


def reload_under_load():
    """SIGHUP again and again: no request fails."""
    with origin_process() as origin, Edge([origin.port]) as edge:
        load = Load(edge)
        for round_ in range(20):
            pathlib.Path(edge.config).write_text(edge.text + f"[edge.headers]\nserver = \"edge-{round_}\"\n")
            edge.process.send_signal(signal.SIGHUP)
            load.more(50)
        return f"{load.end()} requests over 20 reloads"


def bad_reload_changes_nothing():
    """A file with a mistake leaves the running configuration alone."""
    origin = RawOrigin(good)
    with Edge([origin.port]) as edge:
        pathlib.Path(edge.config).write_text(edge.text.replace("[edge.log]", "[edge.lgo]"))
        edge.process.send_signal(signal.SIGHUP)
        for _ in range(20):
            assert edge.ask()[0] == 200
        assert edge.process.poll() is None


def upgraded_under_load(edge):
    """Hands over to a new process while visitors ask, and ends that as well. Returns how many requests there were."""
    load = Load(edge)
    load.more(100)
    edge.process.send_signal(signal.SIGUSR2)
    until(lambda: edge.process.poll() is not None)
    load.more(200)
    count = load.end()
    heirs = subprocess.run(["pgrep", "-f", edge.config], capture_output=True, text=True).stdout.split()
    assert heirs, "nobody took over"
    for heir in heirs:
        os.kill(int(heir), signal.SIGTERM)
    until(lambda: not any(os.path.exists(f"/proc/{heir}") for heir in heirs))
    return count


def upgrade_under_load():
    """SIGUSR2: another process takes over, no request fails."""
    with origin_process() as origin, Edge([origin.port], "[edge.timeouts]\ndrain = \"5s\"\n") as edge:
        return f"{upgraded_under_load(edge)} requests"


def heirs_of(edge):
    return [int(heir) for heir in subprocess.run(["pgrep", "-f", edge.config], capture_output=True, text=True).stdout.split()]


def an_upgrade_to_fewer_workers():
    """The heir takes the connections of every socket it inherits, and closes those of an address that it has no more."""
    origin, gone = RawOrigin(good), free_port()
    with Edge([origin.port], f'[[edge.listen]]\naddress = "127.0.0.1:{gone}"\n', top="workers = 4") as edge:
        pathlib.Path(edge.config).write_text(edge.text.replace("workers = 4", "workers = 1").replace(str(gone), str(edge.tls_port)))
        edge.process.send_signal(signal.SIGUSR2)
        until(lambda: edge.process.poll() is not None)
        try:
            for _ in range(40):
                with edge.connect() as visitor:
                    visitor.settimeout(5)
                    assert edge.ask(visitor=visitor)[0] == 200
            assert not edge.listens(gone) and edge.listens(edge.tls_port)
        finally:
            for heir in heirs_of(edge):
                os.kill(heir, signal.SIGTERM)
        until(lambda: not heirs_of(edge))


def a_reload_without_descriptors():
    """SIGHUP when no more sockets can be copied: refused with the reason, and all goes on as before."""
    def told():
        return next(line for line in edge.process.stderr if "reload" in line)

    origin = RawOrigin(good)
    more = "".join(f'[[edge.listen]]\naddress = "127.0.0.1:{free_port()}"\n' for _ in range(8))
    with Edge([origin.port], more, top="workers = 2") as edge:
        fresh = resource.prlimit(edge.process.pid, resource.RLIMIT_NOFILE)
        sockets = 9 * 2
        for spare in (sockets // 2, sockets + sockets // 2):  # the server's copies, the workers'
            resource.prlimit(edge.process.pid, resource.RLIMIT_NOFILE, (edge.descriptors() + spare, fresh[1]))
            edge.process.send_signal(signal.SIGHUP)
            line = told()
            assert "reload refused" in line and "Too many open files" in line, line
            assert edge.ask()[0] == 200
        resource.prlimit(edge.process.pid, resource.RLIMIT_NOFILE, fresh)
        edge.process.send_signal(signal.SIGHUP)
        assert "reloaded" in told()
        assert edge.ask()[0] == 200


def an_origin_dies_under_load():
    """kill -9 of one of two origins: no visitor of a safe request notices."""
    with origin_process() as first, origin_process() as second, Edge([first.port, second.port]) as edge:
        load = Load(edge)
        load.more(200)
        first.kill()
        first.wait()
        load.more(400)
        with origin_process(first.port):  # and back again
            load.more(400)
            return f"{load.end()} requests"


def several_workers():
    """Four workers serve, and the metrics are the sum over them."""
    origin = RawOrigin(good)
    with Edge([origin.port], top="workers = 4") as edge:
        for _ in range(200):
            assert edge.ask()[0] == 200
        until(lambda: "causeway_edge_requests_total{code=\"200\"} 200\n" in edge.metrics())
        threads = len(os.listdir(f"/proc/{edge.process.pid}/task"))
        assert threads >= 4, threads


def access_log():
    """One line a request, with the story of its attempts."""
    origin = RawOrigin(good)
    dead = free_port()
    with Edge([dead, origin.port], pool_keys='policy = "failover"') as edge:
        assert edge.ask("/a%22b?c=d", "X-Quote: \"\\\r\n")[0] == 200
        line = edge.lines(1)[0]
        assert line["status"] == 200 and line["path"] == "/a%22b?c=d" and line["host"] == "www.test", line
        assert [a.get("failure") for a in line["attempts"]] == ["connect.refused", None], line
        assert line["attempts"][1]["address"] == f"127.0.0.1:{origin.port}" and line["client"] == "127.0.0.1", line
        assert line["bytes_out"] == 5 and line["duration_ms"] >= 0 and len(line["ray"]) == 16, line
    with Edge([dead]) as edge:
        assert edge.ask()[0] == 521
        line = edge.lines(1)[0]
        assert line["status"] == 521 and line["failure"] == "connect.refused", line


def an_access_log_that_nobody_reads():
    """A full pipe behind stdout holds up neither a visitor nor the end; what was taken comes when somebody reads."""
    origin = RawOrigin(good)
    taken, given = os.pipe()
    with open(taken, encoding="utf-8") as reader, open(given, "w", encoding="utf-8") as writer:
        size = fcntl.fcntl(given, fcntl.F_SETPIPE_SZ, 4096)

        def filled():
            return struct.unpack("i", fcntl.ioctl(taken, termios.FIONREAD, bytes(4)))[0] == size

        def visit():
            for _ in range(60):
                with edge.connect() as visitor:
                    visitor.settimeout(5)
                    assert edge.ask(visitor=visitor)[0] == 200

        with Edge([origin.port], top="workers = 2", stdout=writer) as edge:
            visit()
            until(filled)
            visit()
            for _ in range(60):
                assert json.loads(reader.readline())["status"] == 200
            visit()
            until(filled)
            edge.process.terminate()
            assert edge.process.wait(10) == 0


def cached_page(stream, _number):
    """Stale as soon as it is stored: an origin that is up is asked each time."""
    while head := read_head(stream):
        path = head.split()[1]
        stream.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nAge: 100\r\nETag: \"" + path + b"\"\r\nContent-Length: %d\r\n\r\n"
                       % (4000 + len(path)) + path + b"x" * 4000)


def disk_edge(port, folder, top=""):
    return Edge([port], f'[edge.cache]\non = true\ndisk = "{folder}"\n', top=top)


def on_disk(edge):
    return int(re.search(r"causeway_edge_cache_disk_entries (\d+)", edge.metrics())[1])


def stored_answers_outlive_kill_9():
    """An edge killed under load, and its origin with it: the next edge serves what the first has stored."""
    with tempfile.TemporaryDirectory() as folder:
        origin = RawOrigin(cached_page)
        with disk_edge(origin.port, folder, "workers = 2") as edge:
            for page in range(200):
                assert edge.ask(f"/{page}")[0] == 200
            until(lambda: on_disk(edge) > 150)
            edge.process.kill()
            edge.process.wait()
        with disk_edge(free_port(), folder, "workers = 2") as edge:
            served = 0
            for page in range(200):
                status, head, body = edge.ask(f"/{page}")
                assert status == 521 or (status == 200 and body == f"/{page}".encode() + b"x" * 4000), (page, status)
                assert status == 521 or "detail=stale-if-error" in head, head
                served += status == 200
            assert served > 150, served
            purge = "POST /.causeway/purge?all HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            with edge.connect(edge.admin) as admin:
                admin.sendall(purge.encode())
                assert f'"purged": {served}' in read_all(admin).decode()
            assert edge.ask("/7")[0] == 521 and on_disk(edge) == 0
        return f"{served} of 200"


def an_upgrade_shares_the_disk():
    """Two processes on one folder under load: no request fails, and what was stored serves afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        origin = RawOrigin(cached_page)
        with disk_edge(origin.port, folder) as edge:
            count = upgraded_under_load(edge)
        with disk_edge(free_port(), folder) as edge:
            status, head, _ = edge.ask()
            assert status == 200 and "detail=stale-if-error" in head, (status, head)
        return f"{count} requests"


def large_heads():
    """Long URLs are 414, many or large fields 431, and the next visitor is served."""
    origin = RawOrigin(good)
    with Edge([origin.port]) as edge:
        assert edge.ask("/" + "a" * 20_000)[0] == 414
        assert edge.ask(headers="A: " + "b" * 200_000 + "\r\n")[0] == 431
        assert edge.ask(headers="A: b\r\n" * 500)[0] == 431
        assert edge.ask(headers="Cookie: " + "c" * 60_000 + "\r\n")[0] == 200


def proxy_out():
    """PROXY v1 and v2 in front of what the origin gets."""
    for version, begin in (("v1", b"PROXY TCP4 127.0.0.1 127.0.0.1 "), ("v2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1")):
        got = []

        def noting(stream, _number):
            got.append(read_head(stream))
            while b"GET / HTTP/1.1" not in got[-1]:
                got[-1] += stream.recv(65536)
            stream.sendall(PAGE)

        origin = RawOrigin(noting)
        with Edge([origin.port], origin_keys=f'proxy_protocol = "{version}"') as edge:
            assert edge.ask()[0] == 200
            assert got[0].startswith(begin), got[0][:60]


def client_certificates():
    """Authenticated origin pulls: with the certificate 200. Without it TLS 1.3 says so only after the handshake: 520."""
    with certificate() as made:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.cert, made.key)
        context.load_verify_locations(made.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        origin = RawOrigin(good, context)
        keys = f'scheme = "https"\nca = "{made.ca}"\nsni = "www.test"\n'
        own = f'client_certificate = "{made.cert}"\nclient_key = "{made.key}"\n'
        with Edge([origin.port], origin_keys=keys + own) as edge:
            assert edge.ask()[0] == 200
        with Edge([origin.port], origin_keys=keys) as edge:
            status, head, _ = edge.ask()
            assert status == 520, head
            assert "certificate_required" in edge.lines(1)[0]["attempts"][0]["because"]


def grpc_through_the_edge():
    """A gRPC client and server of Google's: one call, one that fails, streams either way and both ways, with and without TLS to the origin."""
    import grpc  # slow to load
    with certificate() as made, contextlib.ExitStack() as stack:
        plain = stack.enter_context(grpc_origin())
        secure = stack.enter_context(grpc_origin(made.cert, made.key))
        tls = f'scheme = "https"\nca = "{made.ca}"\nsni = "www.test"\n'
        for port, keys in ((plain, 'http = "2"'), (secure, tls + 'http = "2"'), (secure, tls + 'http = "agreed"')):
            with Edge([port], origin_keys=keys, tls=made) as edge:
                trust = grpc.ssl_channel_credentials(pathlib.Path(made.ca).read_bytes())
                with grpc.secure_channel(f"127.0.0.1:{edge.tls_port}", trust, (("grpc.ssl_target_name_override", "www.test"),)) as channel:
                    unary, call = channel.unary_unary("/test/unary").with_call(b"abc", timeout=WAIT)
                    assert unary == b"cba" and ("x-trailer", "end") in call.trailing_metadata(), (unary, call.trailing_metadata())
                    try:
                        channel.unary_unary("/test/fails")(b"", timeout=WAIT)
                        raise AssertionError("no failure")
                    except grpc.RpcError as failure:
                        assert failure.code() == grpc.StatusCode.NOT_FOUND and failure.details() == "no such thing", failure
                    parts = list(channel.unary_stream("/test/streams")(b"300", timeout=WAIT))
                    assert parts == [b"%d" % i * 1000 for i in range(300)]
                    assert channel.stream_unary("/test/counts")(iter([b"x" * 10000] * 100), timeout=WAIT) == b"1000000"
                    said, heard = threading.Semaphore(1), []

                    def talk():
                        for i in range(20):
                            assert said.acquire(timeout=WAIT)  # each waits for the answer to the one before
                            yield b"turn %d" % i

                    for answer in channel.stream_stream("/test/chats")(talk(), timeout=WAIT):
                        heard.append(answer)
                        said.release()
                    assert heard == [b"TURN %d" % i for i in range(20)], heard
                    calls = [channel.unary_unary("/test/unary").future(b"%d" % i, timeout=WAIT) for i in range(200)]
                    assert [each.result() for each in calls] == [(b"%d" % i)[::-1] for i in range(200)]
                lines = edge.lines(205)
                assert {line["attempts"][0].get("protocol") for line in lines} == {"HTTP/2"}, lines[0]
                assert all(line["status"] == 200 for line in lines)


def a_changed_trust_store():
    """The `ca` file is read again with a reload; one that cannot be read changes nothing."""
    with certificate() as made, certificate() as other:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.cert, made.key)
        origin = RawOrigin(good, context)
        trusted = os.path.join(made.folder, "trusted.pem")
        pathlib.Path(trusted).write_bytes(pathlib.Path(other.ca).read_bytes())

        def reload(edge, word):
            edge.process.send_signal(signal.SIGHUP)
            line = until(lambda: next((text for text in iter(edge.process.stderr.readline, "") if "reload" in text), None))
            assert word in line, line

        with Edge([origin.port], origin_keys=f'scheme = "https"\nca = "{trusted}"\nsni = "www.test"\n') as edge:
            status, head, _ = edge.ask()
            assert status == 526, head
            pathlib.Path(trusted).write_bytes(pathlib.Path(made.ca).read_bytes())
            reload(edge, "reloaded")
            assert edge.ask()[0] == 200
            pathlib.Path(trusted).write_text("no certificate")
            reload(edge, "refused")
            assert edge.ask()[0] == 200


def resumption_and_stapling():
    """A second TLS connection resumes, also after a reload; the OCSP answer that was given is stapled."""
    origin = RawOrigin(good)
    with certificate() as made:
        made.run("x509 -in site.pem -noout -serial")
        serial = subprocess.run(["openssl", "x509", "-in", made.cert, "-noout", "-serial"], capture_output=True, text=True,
                                check=True).stdout.strip().split("=")[1]
        pathlib.Path(made.folder, "index.txt").write_text(f"V\t400101000000Z\t\t{serial}\tunknown\t/CN=www.test\n")
        made.run("ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem -cert site.pem -ndays 5 -respout ocsp.der")
        made.extra = f'ocsp = "{made.folder}/ocsp.der"'
        with Edge([origin.port], tls=made) as edge:
            said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{edge.tls_port}", "-servername", "www.test", "-status",
                                   "-CAfile", made.ca], input="", capture_output=True, text=True).stdout
            assert "OCSP Response Status: successful" in said and "Cert Status: good" in said, said[:600]
            client, session = made.client(), None
            for turn in range(3):
                with client.wrap_socket(edge.connect(edge.tls_port), server_hostname="www.test", session=session) as visitor:
                    assert visitor.session_reused == (turn > 0), turn
                    assert edge.ask(visitor=visitor)[0] == 200
                    session = visitor.session
                if turn == 1:
                    edge.process.send_signal(signal.SIGHUP)
                    until(lambda: edge.ask()[0] == 200)


def drills():
    """Failures on purpose at the admin address: visitors get the answer, the log says why, the origin is not asked, and it ends."""
    asked = []

    def counting(stream, number):
        asked.append(number)
        good(stream, number)

    origin = RawOrigin(counting)
    with Edge([origin.port]) as edge:
        def admin(method, query=""):
            with edge.connect(edge.admin) as stream:
                stream.sendall(f"{method} /.causeway/drill{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                return read_all(stream).decode()

        assert " 200 " in admin("POST", "?failure=tls.silent&path=/shop&for=1m")
        status, head, _ = edge.ask("/shop/1")
        assert status == 525 and "tls.silent" in head, head
        assert edge.ask("/other")[0] == 200
        # Each worker writes its own lines, in any order.
        assert any("a drill" in attempt.get("because", "") for line in edge.lines(2) for attempt in line["attempts"])
        assert "causeway_edge_drills_total 1" in edge.metrics()
        assert len(asked) == 1
        assert '"ended": 1' in admin("DELETE")
        assert edge.ask("/shop/1")[0] == 200
        assert " 400 " in admin("POST", "?failure=nothing")


def hedged_connects():
    """Two addresses, the first silent: the second serves long before the connect time-out, and comes first from then on."""
    origin = RawOrigin(good)
    silent = socket.socket()
    silent.bind(("127.0.0.2", origin.port))
    silent.listen(0)
    waiting = []
    for _ in range(8):  # a full queue of connections: the kernel drops every further SYN
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        with contextlib.suppress(BlockingIOError):
            waiting[-1].connect(("127.0.0.2", origin.port))
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                question, peer = server.recvfrom(4096)
                end = question.index(b"\0", 12) + 5
                v4 = question[end - 4:end - 2] == b"\0\1"
                records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes((127, 0, 0, n)) for n in (2, 1)) if v4 else b""
                server.sendto(question[:2] + b"\x81\x80" + question[4:6] + (b"\0\2" if v4 else b"\0\0") + b"\0\0\0\0" +
                              question[12:end] + records, peer)

    threading.Thread(target=serve, daemon=True).start()
    with Edge([("two.test", origin.port)], top=f'resolver = "127.0.0.1:{server.getsockname()[1]}"') as edge:
        begin = time.monotonic()
        status, head, _ = edge.ask(headers="Connection: close\r\n")
        took = time.monotonic() - begin
        assert status == 200 and took < 10, (status, head, took)
        attempts = edge.lines(1)[0]["attempts"]
        assert [each["address"].split(":")[0] for each in attempts] == ["127.0.0.2", "127.0.0.1"], attempts
        assert attempts[0].get("given_up") and "causeway_edge_hedges_total 1" in edge.metrics(), attempts
        return f"{took:.2f} s"


def a_name_that_does_not_resolve():
    """530 with 1016, from a name server that says NXDOMAIN."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                question, peer = server.recvfrom(4096)
                end = question.index(b"\0", 12) + 5
                server.sendto(question[:2] + b"\x81\x83" + question[4:6] + b"\0\0\0\0\0\0" + question[12:end], peer)

    threading.Thread(target=serve, daemon=True).start()
    with Edge([("nowhere.test", 80)], top=f'resolver = "127.0.0.1:{server.getsockname()[1]}"') as edge:
        status, head, body = edge.ask()
        assert status == 530 and b'"error_code": 1016' in body and "resolve.not_found" in head, (status, head)


def no_route():
    """523 where the kernel has no way: an IPv6 address without a route (skipped where there is one)."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1", 80))
            return "skipped: this machine has an IPv6 route"
        except OSError:
            pass
    with Edge([("2001:db8::1", 80)]) as edge:
        status, head, _ = edge.ask()
        assert status == 523 and "route.no_local_route" in head, (status, head)


TRIALS = [reload_under_load, bad_reload_changes_nothing, upgrade_under_load, an_upgrade_to_fewer_workers,
          a_reload_without_descriptors, an_origin_dies_under_load, several_workers, access_log,
          an_access_log_that_nobody_reads,
          stored_answers_outlive_kill_9, an_upgrade_shares_the_disk, large_heads, proxy_out, client_certificates,
          grpc_through_the_edge, a_changed_trust_store, drills, hedged_connects, resumption_and_stapling, a_name_that_does_not_resolve, no_route]


if __name__ == "__main__":
    sys.exit(run(TRIALS))
