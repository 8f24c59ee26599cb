#!/usr/bin/env python3
"""Peers in bad faith, before and behind `causeway edge`: slow ones, floods, those who vanish or stop at every byte. Each time the
edge goes on serving others, says the right code, and has its memory and descriptors back when they are gone.

  hostile.py CAUSEWAY [NAME...]     names of trials; all when none is given
  CAUSEWAY_IDLE_TLS=10000           so many idle connections with TLS; 1000 unless given
"""
import contextlib
import os
import re
import resource
import select
import socket
import struct
import sys
import threading
import time

import h2
from h2 import CALM, GET, MAGIC, PREFACE, flood, frame, h2_edge, literal, number, request, setting, u32
from scene import (Edge, RawOrigin, SANITIZED, certificate, good, read_answer, read_head, run, until)

# Nobody is refused because the machine is busy; kept connections to origins go soon.
LOOSE = "[edge.limits]\nshed_delay = \"0s\"\n[edge.timeouts]\nidle = \"1s\"\n"
SHORT = LOOSE + "visitor_head = \"1s\"\nvisitor_body = \"1s\"\nvisitor_write = \"1s\"\nvisitor_idle = \"2s\"\n"
LATE = 8.0 if not SANITIZED else 30.0  # what is due after a second or two must have come


@contextlib.contextmanager
def nothing_left(edge, more_kib=24 * 1024):
    """Descriptors return to what they were, memory to about that."""
    edge.ask()
    before, kib = edge.descriptors(), edge.resident()
    yield
    assert edge.ask()[0] == 200
    until(lambda: edge.descriptors() <= before + 2)
    assert SANITIZED or edge.resident() < kib + more_kib, (kib, edge.resident())


def end_of(visitor, begun, seconds=LATE):
    """Reads until the edge ends the connection; how long after `begun`."""
    visitor.settimeout(seconds)
    try:
        while visitor.recv(65536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begun


# --- slow visitors ---


def slow_heads():
    """Hundreds of half heads, and one that grows by a byte now and then: nobody else waits, and each has its 408 in time."""
    origin = RawOrigin(good)
    with Edge([origin.port], SHORT) as edge, nothing_left(edge):
        slow = [edge.connect() for _ in range(300)]
        for visitor in slow:
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: www.test\r\nX-A: ")
        for _ in range(20):
            assert edge.ask()[0] == 200
        for visitor in slow:
            assert read_answer(visitor)[0] in (408, 0)
            visitor.close()
        with edge.connect() as visitor:
            begun, sent = time.monotonic(), 0
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: www.test\r\nX-A: ")
            while not select.select([visitor], [], [], 0.05)[0]:
                assert time.monotonic() < begun + LATE, "a byte now and then holds the connection"
                visitor.sendall(b"a")
                sent += 1
            assert read_answer(visitor)[0] == 408
        return f"300 at once; {sent} bytes, then 408"


def slow_bodies():
    """A body that stops is a 408; one that comes byte by byte, without a longer pause, reaches the origin whole."""
    bodies = []

    def serve(stream, _number):
        data = read_head(stream)
        while not data.endswith(b"0\r\n\r\n") and (got := stream.recv(65536)):
            data += got
        bodies.append(re.sub(rb"1\r\n(.)\r\n", rb"\1", data.split(b"\r\n\r\n", 1)[1]))
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    origin = RawOrigin(serve)
    with Edge([origin.port], SHORT) as edge:
        post = b"POST / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        with edge.connect() as visitor:
            begun = time.monotonic()
            visitor.sendall(post + b"1\r\na\r\n")
            assert read_answer(visitor)[0] == 408 and time.monotonic() < begun + LATE
        with edge.connect() as visitor:
            visitor.sendall(post)
            for _ in range(60):
                assert not select.select([visitor], [], [], 0.03)[0], "answered before the body's end"
                visitor.sendall(b"1\r\nb\r\n")
            visitor.sendall(b"0\r\n\r\n")
            assert read_answer(visitor)[0] == 200
        until(lambda: any(body.startswith(b"b" * 60) for body in bodies))


def large(stream, _number):
    while head := read_head(stream):
        size = int(head.split()[1].strip(b"/") or b"0")
        stream.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 100_000):
            stream.sendall(b"x" * 100_000)
        stream.sendall(b"x" * (size % 100_000))


def slow_readers():
    """Visitors who ask for a lot and read nothing: others are served, little of it is in memory, and in a while it ends."""
    origin = RawOrigin(large)
    cache = "[edge.cache]\non = true\nmemory = \"256 MiB\"\n"
    with Edge([origin.port], SHORT + cache, top="workers = 1") as edge:
        until(lambda: len(edge.ask("/8000000")[2]) == 8_000_000)  # stored from here on
        with nothing_left(edge):
            kib, begun, slow = edge.resident(), time.monotonic(), []
            for each in range(60):
                visitor = socket.socket()
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                visitor.connect(("127.0.0.1", edge.port))
                visitor.sendall(b"GET /%d HTTP/1.1\r\nHost: www.test\r\n\r\n" % (8_000_000 if each % 2 else 20_000_000))
                slow.append(visitor)
            until(lambda: "causeway_edge_connections_open 60" in edge.metrics() or time.monotonic() > begun + 2)
            most = max(edge.resident() for _ in range(10) if edge.ask()[0] == 200)
            assert SANITIZED or most < kib + 60 * 1024, (kib, most)
            until(lambda: "causeway_edge_connections_open 0" in edge.metrics(), LATE)
            assert time.monotonic() < begun + LATE
            for visitor in slow:
                visitor.close()
            return f"{(most - kib) / 60:.0f} KiB each"


def h2_zero_windows():
    """Streams whose answers nobody takes: bounded in memory, ended after `visitor_write`, and the connection serves on."""
    cache = "[edge.cache]\non = true\nmemory = \"256 MiB\"\n"
    with h2_edge(SHORT + cache, large, top="workers = 1") as edge:
        until(lambda: len(edge.ask("/8000000")[2]) == 8_000_000)
        with nothing_left(edge, 64 * 1024):
            kib, most = edge.resident(), 0
            no_window, after = MAGIC + frame(h2.SETTINGS, 0, 0, setting(4, 0)), []
            for path in (b"/100000", b"/8000000", b"/30000000") * 2:
                with edge.h2(no_window) as visitor:
                    begun = time.monotonic()
                    visitor.send(b"".join(frame(h2.HEADERS, 5, n, request(path=path)) for n in range(1, 200, 2)))
                    visitor.until(lambda kind, flags, on, _: kind == h2.HEADERS and on == 199)
                    most = max(most, edge.resident() - kib)
                    while sum(kind == h2.RST_STREAM for kind, *_ in visitor.seen) < 100 and not visitor.ended:
                        # What else comes does not put it off.
                        visitor.send(frame(h2.PING, 0, 0, b"still on"))
                        visitor.more()
                    assert time.monotonic() < begun + LATE, path
                    if not visitor.ended:
                        visitor.send(frame(h2.SETTINGS, 0, 0, setting(4, 65535)) + frame(h2.HEADERS, 5, 201, request(path=b"/5")))
                        assert visitor.outcome(201) == ("status", 200)
                after.append(edge.resident())
            assert SANITIZED or most < 64 * 1024, most
            # The second time needs no more. What the allocator keeps in pieces settles after some of them, within about 10 MiB;
            # a part of each of these 300 answers that was left would be more.
            assert SANITIZED or after[-1] < after[2] + 16384, after
            return f"at most {most / 1024:.1f} MiB for 100 answers"


def h2_fast_origin():
    """An origin that is faster than its visitor, who never stops reading: a long answer needs no more memory than a short one."""
    with h2_edge(LOOSE, large, top="workers = 1") as edge, edge.h2() as visitor:
        kib, most, got, size = edge.resident(), 0, 0, 150_000_000
        visitor.send(frame(h2.HEADERS, 5, 1, request(path=b"/%d" % size)))
        while got < size:
            part = visitor.stream.recv(32768)
            assert part, got
            got += len(part)
            visitor.send(b"".join(frame(h2.WINDOW_UPDATE, 0, on, u32(len(part))) for on in (0, 1)))
            if got // 10_000_000 != (got - len(part)) // 10_000_000:
                most = max(most, edge.resident() - kib)
        assert SANITIZED or most < 24 * 1024, most
        return f"at most {most / 1024:.1f} MiB"


def h2_slow_heads():
    """A head whose end does not come, in one piece or a byte at a time, and a connection kept by PINGs alone: ended in time."""
    with h2_edge(SHORT) as edge, nothing_left(edge):
        with edge.h2() as visitor:
            begun = time.monotonic()
            visitor.send(frame(h2.HEADERS, 1, 1, GET))
            visitor.until(lambda *_: False)
            assert time.monotonic() < begun + LATE
        with edge.h2() as visitor:
            begun = time.monotonic()
            visitor.send(frame(h2.HEADERS, 1, 1, GET))
            while time.monotonic() < begun + LATE and not visitor.ended:
                visitor.send(frame(h2.CONTINUATION, 0, 1, b""))
                if select.select([visitor.stream], [], [], 0.05)[0]:
                    visitor.more()
            assert visitor.ended
        with edge.h2() as visitor:
            begun = time.monotonic()
            while time.monotonic() < begun + LATE and not visitor.ended:
                visitor.send(frame(h2.PING, 0, 0, b"still on"))
                if select.select([visitor.stream], [], [], 0.2)[0]:
                    visitor.more()
            assert visitor.ended
        with edge.h2() as visitor:  # heads that are no requests are forgotten
            for n in range(1, 300, 2):
                visitor.send(frame(h2.HEADERS, 5, n, request((b"Upper", b"case"))))
            assert visitor.outcome(299) in (("reset", h2.PROTOCOL), ("reset", h2.REFUSED))
            visitor.send(frame(h2.HEADERS, 5, 301, GET))
            assert visitor.outcome(301) == ("status", 200)


# --- floods ---


def rapid_reset():
    """CVE-2023-44487, streams opened only to be reset; CVE-2025-8671, or to make the edge reset them."""
    with h2_edge(LOOSE) as edge, nothing_left(edge):
        posts = request((b"content-length", b"1"), method=b"POST")
        for parts in ((frame(1, 5, n, GET) + frame(3, 0, n, u32(8)) for n in range(1, 20_001, 2)),
                      (frame(1, 5, n, GET) + frame(8, 0, n, u32(0)) for n in range(1, 20_001, 2)),
                      (frame(1, 4, n, posts) + frame(0, 1, n, b"22") for n in range(1, 20_001, 2)),
                      (frame(1, 5, n, request((b"Upper", b"case"))) for n in range(1, 20_001, 2))):
            assert flood(edge, parts) in (CALM, h2.PROTOCOL, None)
            assert edge.ask()[0] == 200


def frame_floods():
    """Frames that ask for nothing, and a header block without end."""
    with h2_edge(LOOSE) as edge, nothing_left(edge):
        for part in (frame(h2.PING, 0, 0, b"12345678"), frame(h2.SETTINGS, 0, 0), frame(h2.DATA, 0, 0),
                     frame(h2.PRIORITY, 0, 1, u32(3) + b"\0"), frame(h2.WINDOW_UPDATE, 0, 0, u32(1)),
                     frame(h2.SETTINGS, 0, 0, setting(1, 0) + setting(1, 4096)), frame(0x7f, 0, 0, b"unknown")):
            assert flood(edge, [part * 100] * 300) in (CALM, h2.PROTOCOL, None), part
            assert edge.ask()[0] == 200
        piece = h2.block([(b"x-a", b"b" * 100)]) * 100
        assert flood(edge, [frame(h2.HEADERS, 1, 1, GET)] + [frame(h2.CONTINUATION, 0, 1, piece)] * 2000) in (CALM, h2.PROTOCOL, None)
        assert flood(edge, [frame(h2.HEADERS, 1, 1, GET)] + [frame(h2.CONTINUATION, 0, 1) * 100] * 2000) in (CALM, h2.PROTOCOL, None)
        assert edge.ask()[0] == 200


def header_bombs():
    """HPACK: a field of 4 KB that is indexed once and meant ten thousand times; tables that shrink and grow; numbers without end."""
    with h2_edge(LOOSE) as edge, nothing_left(edge):
        bomb = GET + b"\x40" + number(5, 7) + b"x-big" + number(4000, 7) + b"b" * 4000 + b"\xbe" * 12_000
        with edge.h2() as visitor:
            visitor.send(frame(h2.HEADERS, 5, 1, bomb))
            assert visitor.outcome() in (("status", 431), ("away", CALM), ("end", None)), visitor.seen[-1]
        for wrong in (b"\x3f" + b"\xff" * 12, b"\xff" * 12, b"\x20" * 10 + GET, b"\x7f" + b"\xff" * 10, b"\x00\xff\xff\xff\xff\xff\xff"):
            with edge.h2() as visitor:
                visitor.send(frame(h2.HEADERS, 5, 1, wrong))
                kind, code = visitor.outcome()
                assert kind in ("away", "end") or (kind, code) == ("status", 200), (wrong, kind, code)
        with edge.h2() as visitor:  # the table's size changes with every request
            for n in range(1, 201, 2):
                visitor.send(frame(h2.HEADERS, 5, n, b"\x20" + number(4096, 5, 0x20) + GET + literal(b"x-n", b"%d" % n)))
            assert visitor.outcome(199)[0] == "status"
    origin = RawOrigin(good)
    with Edge([origin.port]) as edge, nothing_left(edge):
        assert edge.ask("/" + "a" * 20_000)[0] == 414
        assert edge.ask(headers="A: " + "b" * 200_000 + "\r\n")[0] == 431
        assert edge.ask(headers="A: b\r\n" * 500)[0] == 431
        assert edge.ask(headers="Cookie: " + "c" * 60_000 + "\r\n")[0] == 200


# --- very many ---


def hold(edge, count, context=None):
    """`count` idle visitors who have been served once."""
    out = []
    for _ in range(count):
        visitor = edge.connect(edge.tls_port if context else None)
        if context:
            visitor = context.wrap_socket(visitor, server_hostname="www.test")
        assert edge.ask(visitor=visitor)[0] == 200
        out.append(visitor)
    return out


def opened(edge):
    return int(re.search(r"causeway_edge_connections_open (\d+)", edge.metrics())[1])


def idle_connections():
    """Ten thousand idle visitors, and a thousand with TLS: little memory each, nobody waits for them; they are closed in time."""
    secure = int(os.environ.get("CAUSEWAY_IDLE_TLS", 1000))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    origin, said = RawOrigin(good), []
    with certificate() as made, Edge([origin.port], LOOSE + "visitor_idle = \"400s\"\n", top="workers = 1", tls=made) as edge:
        with nothing_left(edge, 40 * 1024):
            for count, context in ((10_000 if not SANITIZED else 1000, None), (secure, made.client())):
                edge.ask()
                before, visitors = edge.resident(), hold(edge, count, context)
                here = opened(edge)
                assert here >= 0.9 * count, here
                each = (edge.resident() - before) * 1024 / here
                begun = time.monotonic()
                for _ in range(20):
                    assert edge.ask()[0] == 200
                assert time.monotonic() < begun + LATE
                assert SANITIZED or each < (2048 if not context else 24 * 1024), each
                said.append(f"{here} {'TLS' if context else 'plain'}: {each:.0f} bytes each")
                for visitor in visitors:
                    visitor.close()
                until(lambda: opened(edge) == 0)
    with Edge([origin.port], SHORT, top="workers = 1") as edge:
        visitors = hold(edge, 200)
        until(lambda: opened(edge) == 0)  # by the edge
        for visitor in visitors:
            visitor.close()
    return "; ".join(said)


def out_of_descriptors():
    """More visitors than descriptors: those who are in are served, the edge does not spin, and goes on when some leave."""
    if SANITIZED:  # it looks at memory through a pipe of its own, and takes its absence for a broken object
        return "skipped: the sanitizer needs descriptors itself"
    origin = RawOrigin(good)
    with Edge([origin.port], top="workers = 1") as edge:
        assert edge.ask()[0] == 200
        limit = edge.descriptors() + 40
        resource.prlimit(edge.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        visitors = []
        for _ in range(200):
            visitor = edge.connect()
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n\r\n")
            visitors.append(visitor)
        served = []
        until(lambda: served.extend(select.select([v for v in visitors if v not in served], [], [], 0.1)[0]) or len(served) >= 12)
        for visitor in served:
            status, head, _ = read_answer(visitor)
            assert status in (200, 503) or "connect.out_of_files" in head, (status, head)
        ticks = lambda: sum(map(int, open(f"/proc/{edge.process.pid}/stat").read().split()[13:15]))
        before, begun = ticks(), time.monotonic()
        select.select([], [], [], 1.0)  # the time over which its work is looked at
        busy = (ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun)
        assert SANITIZED or busy < 0.5, busy
        for visitor in visitors:
            visitor.close()
        assert until(lambda: edge.ask()[0] == 200)
        return f"{len(served)} of 200 served at once, {busy:.0%} of a core meanwhile"


# --- at every byte ---

ANSWERS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX: y\r\n\r\n%s",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n%x\r\n%s\r\n0\r\nX-T: u\r\n\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s",
}


def end_with(stream, way):
    if way == "stall":
        with contextlib.suppress(OSError):
            stream.recv(1)  # until the edge has had enough
    elif way == "reset":
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def side_by_side(what, count):
    """`what(i)` for each i, at most 40 at once; their results."""
    out, left, lock = [None] * count, iter(range(count)), threading.Lock()

    def work():
        while True:
            with lock:
                i = next(left, None)
            if i is None:
                return
            out[i] = what(i)

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out


def origin_ends_at_every_byte():
    """An origin that stalls, closes or resets after each byte of its answer: a 52x, or a cut after the status went out; nobody
    gets what was another's."""
    def serve(stream, _number):
        path = read_head(stream).split()[1]
        way, kind, at = path.decode().strip("/").split("/")
        form = ANSWERS[kind]
        whole = form % (len(path), path)
        stream.sendall(whole if int(at) >= len(whole) else whole[:int(at)])
        if int(at) < len(whole):
            end_with(stream, way)

    origin = RawOrigin(serve)
    times = LOOSE + "first_byte = \"1500ms\"\nbetween_bytes = \"1500ms\"\nrequest_ack = \"1500ms\"\n"
    tried = 0
    with Edge([origin.port], times, pool_keys="retry = { attempts = 1 }") as edge, nothing_left_of(edge):
        for way in ("stall", "close", "reset"):
            for kind, form in ANSWERS.items():
                length = len(form % (20, b"/stall/interim/00000"))

                def one(at):
                    path = f"/{way}/{kind}/{at:05}"
                    status, head, body = edge.ask(path, "Connection: close\r\nTE: trailers\r\n")
                    return path, status, head, body

                for path, status, head, body in side_by_side(one, length + 8):
                    tried += 1
                    wanted = (200, 524, 520)
                    assert status in wanted, (path, status, head)
                    if status == 200:
                        # Whole, or begun before the cut: of this request alone.
                        said = body.split(b"\r\n")[1] if b"chunked" in head.encode().lower() and b"\r\n" in body else body
                        assert path.encode().startswith(said[:len(path)]) or not body, (path, body)
                    else:
                        assert f'"error_code": {status}'.encode() in body and "proxy-status" in head.lower(), (path, body)
                        assert way == "stall" or status == 520, (path, status)
    return f"{tried} ends"


@contextlib.contextmanager
def nothing_left_of(edge):
    """As nothing_left, where the origin answers no plain request."""
    before = edge.descriptors()
    yield
    until(lambda: edge.descriptors() <= before + 4)
    assert edge.process.poll() is None


def h2_origin_ends_at_every_byte():
    """The same of an origin that speaks HTTP/2, through every byte of its frames."""
    head = h2.block([(b":status", b"200"), (b"content-length", b"5"), (b"x-a", b"b")])
    whole = (frame(h2.SETTINGS, 0, 0, setting(3, 100)) + frame(h2.SETTINGS, 1, 0) + frame(h2.HEADERS, 0, 1, head[:20]) +
             frame(h2.CONTINUATION, 4, 1, head[20:]) + frame(h2.DATA, 0, 1, b"hel") + frame(h2.DATA, 1, 1, b"lo"))

    def serve(stream, _number):
        data = b""
        while not any(kind == h2.HEADERS for kind, *_ in h2.frames_of(data[len(MAGIC):])):
            got = stream.recv(65536)
            if not got:
                return
            data += got
        at, way = where
        stream.sendall(whole[:at])
        if at < len(whole):
            end_with(stream, way)
        else:
            with contextlib.suppress(OSError):
                while stream.recv(65536):
                    pass

    origin = RawOrigin(serve)
    times = LOOSE + "first_byte = \"500ms\"\nbetween_bytes = \"500ms\"\nrequest_ack = \"500ms\"\n"
    tried = 0
    with Edge([origin.port], times, 'http = "2"', "retry = { attempts = 1 }", top="workers = 1") as edge, nothing_left_of(edge):
        for way, step in (("close", 1), ("reset", 1), ("stall", 9)):
            for at in range(0, len(whole), step):
                where = (at, way)
                status, said, body = edge.ask("/mark", "Connection: close\r\n")
                tried += 1
                assert status in (520, 524) or (status == 200 and b"hello".startswith(body)), (way, at, status, said)
                assert status != 200 or at > len(whole) - 11, (way, at, body)
        where = (len(whole), "close")
        assert edge.ask("/mark", "Connection: close\r\n")[2] == b"hello"
    return f"{tried} ends of {len(whole)} bytes"


def visitor_vanishes_at_every_byte():
    """A visitor who closes, resets or half-closes after each byte of its request, over HTTP/1.1 and HTTP/2: nothing is left, and
    nobody else's answer changes."""
    def serve(stream, _number):
        while head := read_head(stream):
            data = head.split(b"\r\n\r\n", 1)[1]
            if b"chunked" in head:
                while not data.endswith(b"0\r\n\r\n"):
                    got = stream.recv(65536)
                    if not got:
                        return
                    data += got
            path = head.split()[1]
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(path) + path)

    plain = b"POST /gone HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    frames = PREFACE + frame(1, 4, 1, request(method=b"POST", path=b"/gone")) + frame(0, 1, 1, b"hello")
    tried = 0
    with h2_edge(LOOSE, serve) as edge, nothing_left(edge):
        for text, secure, ways in ((plain, False, ("close", "reset", "half")), (frames, True, ("close", "reset"))):
            for way in ways:
                for at in range(1, len(text) + 1, 1 if not secure else 3):
                    visitor = edge.connect(edge.tls_port if secure else None)
                    if secure:
                        visitor = edge.made.client(["h2"]).wrap_socket(visitor, server_hostname="www.test")
                    visitor.sendall(text[:at])
                    if way == "half":
                        visitor.shutdown(socket.SHUT_WR)
                        status, _, body = read_answer(visitor)
                        assert (status, body) == (200, b"/gone") if at == len(text) else status in (0, 400, 408), (at, status)
                    else:
                        end_with(visitor, way)
                    visitor.close()
                    tried += 1
                    if at % 16 == 0:
                        path = f"/here/{tried}"
                        assert edge.ask(path)[2] == path.encode()
    return f"{tried} ends"


TRIALS = [slow_heads, slow_bodies, slow_readers, h2_zero_windows, h2_fast_origin, h2_slow_heads, rapid_reset, frame_floods, header_bombs,
          idle_connections, out_of_descriptors, origin_ends_at_every_byte, h2_origin_ends_at_every_byte, visitor_vanishes_at_every_byte]

if __name__ == "__main__":
    sys.exit(run(TRIALS))
