#!/usr/bin/env python3
"""What `causeway edge` makes of every form of a request, against an origin that keeps the bytes it gets: HTTP/1 that two readers
could read differently (RFC 9112), HTTP/2 that could become such (RFC 9113 10.3), the rules of HTTP/2 and HPACK, and of a
shared cache (RFC 9111).

  conformance.py CAUSEWAY [NAME...]     names of trials; all when none is given
"""
import contextlib
import re
import sys

import h2
from h2 import GET, MAGIC, PREFACE, block, frame, h2_edge, literal, request, setting, u32
from scene import Edge, RawOrigin, read_all, read_head, run


class Recorder:
    """An origin that reads each request as the strictest reader would, keeps it, and answers with its path."""

    def __init__(self):
        self.requests, self.wrong = [], []
        self.origin = RawOrigin(self.serve)
        self.port = self.origin.port

    def take(self):
        """What has come since the last time: (head, body) of each request."""
        assert not self.wrong, self.wrong
        out, self.requests = self.requests, []
        return out

    @staticmethod
    def head_is_plain(head):
        lines = head.split(b"\r\n")
        names = [line.split(b":")[0].lower() for line in lines[1:]]
        return (re.fullmatch(rb"[A-Z]+ (/[!-~]*|\*) HTTP/1\.1", lines[0]) and not re.search(rb"[\0-\x08\x0a-\x1f\x7f]", b"".join(lines)) and
                all(re.fullmatch(rb"[A-Za-z0-9-]+: ?[^\r\n]*", line) for line in lines[1:]) and names.count(b"host") == 1 and
                names.count(b"content-length") + names.count(b"transfer-encoding") <= 1 and
                not {b"keep-alive", b"proxy-connection", b"http2-settings"} & set(names) and
                all(re.fullmatch(rb"(?i)content-length: \d+|transfer-encoding: chunked", line) for line in lines[1:]
                    if line.lower().startswith((b"content-length", b"transfer-encoding"))))

    def serve(self, stream, _number):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                got = stream.recv(65536)
                if not got:
                    return self.wrong.append(data) if data else None
                data += got
            head, data = data.split(b"\r\n\r\n", 1)
            if not self.head_is_plain(head):
                self.wrong.append(head)
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            chunked = re.search(rb"(?i)\r\ntransfer-encoding: chunked", head)
            body = b""
            if length:
                while len(data) < int(length[1]):
                    got = stream.recv(65536)
                    if not got:
                        return None  # cut: the visitor's doing
                    data += got
                body, data = data[:int(length[1])], data[int(length[1]):]
            while chunked:
                while not (size := re.match(rb"([0-9a-f]+)\r\n", data)) or len(data) < size.end() + int(size[1], 16) + 2:
                    if data and not re.match(rb"[0-9a-f]+(\r(\n|$)|$)", data):
                        self.wrong.append(data[:40])
                        return None
                    if size and size[1] == b"0":
                        break
                    got = stream.recv(65536)
                    if not got:
                        return None
                    data += got
                if int(size[1], 16) == 0:
                    while not re.match(rb"0\r\n([^\r\n]+\r\n)*\r\n", data):
                        got = stream.recv(65536)
                        if not got:
                            return None
                        data += got
                    data = data[re.match(rb"0\r\n([^\r\n]+\r\n)*\r\n", data).end():]
                    break
                body, data = body + data[size.end():size.end() + int(size[1], 16)], data[size.end() + int(size[1], 16) + 2:]
            self.requests.append((head, body))
            path = head.split()[1]
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(path) + path)


def statuses(edge, raw):
    """Every answer of one connection, until the edge ends it or nothing more is due: it is told to by a last request."""
    with edge.connect() as visitor:
        visitor.sendall(raw)
        with contextlib.suppress(OSError):
            visitor.shutdown(1)  # SHUT_WR: no more will come
        said = read_all(visitor)
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)], said


HOST = b"Host: www.test\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: www.test\r\n\r\n"


def post(fields, body, line=b"POST / HTTP/1.1"):
    return line + b"\r\n" + HOST + fields + b"\r\n" + body


# Each: a name, the bytes, the statuses that may come. What follows the first request is a second one only if all agree on it.
REFUSED = {
    "CL.TE": post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nG"),
    "TE.CL": post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"5c\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"),
    "CL beside TE, agreeing": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "two lengths": post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello"),
    "two equal lengths": post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "list of lengths": post(b"Content-Length: 5, 5\r\n", b"hello"),
    "length with sign": post(b"Content-Length: +5\r\n", b"hello"),
    "negative length": post(b"Content-Length: -1\r\n", b""),
    "length in hex": post(b"Content-Length: 0x5\r\n", b"hello"),
    "length with underscore": post(b"Content-Length: 1_0\r\n", b"hello12345"),
    "length with a dot": post(b"Content-Length: 5.0\r\n", b"hello"),
    "length in words": post(b"Content-Length: five\r\n", b"hello"),
    "empty length": post(b"Content-Length: \r\n", b""),
    "length with a blank inside": post(b"Content-Length: 5 5\r\n", b"hello"),
    "length beyond 64 bits": post(b"Content-Length: 18446744073709551621\r\n", b"hello"),
    "length in Arabic digits": post("Content-Length: ٥\r\n".encode(), b"hello"),
    "length in quotes": post(b'Content-Length: "5"\r\n', b"hello"),
    "name of a length cut": post(b"Content-Length\r\n", b"hello"),
    "TE xchunked": post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "TE chunked twice": post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"),
    "TE chunked in two lines": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "TE chunked and identity": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n"),
    "TE identity": post(b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n", b"hello"),
    "TE gzip, chunked": post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "TE chunked, gzip": post(b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n"),
    "TE with a parameter": post(b"Transfer-Encoding: chunked;q=1\r\n", b"0\r\n\r\n"),
    "TE in quotes": post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"),
    "TE empty": post(b"Transfer-Encoding: \r\nContent-Length: 5\r\n", b"hello"),
    "TE with a leading comma": post(b"Transfer-Encoding: , chunked\r\nContent-Length: 5\r\n", b"hello"),
    "TE with vertical tab": post(b"Transfer-Encoding:\x0bchunked\r\n", b"0\r\n\r\n"),
    "TE with form feed": post(b"Transfer-Encoding: chunked\x0c\r\n", b"0\r\n\r\n"),
    "TE with NUL": post(b"Transfer-Encoding: chunked\0\r\n", b"0\r\n\r\n"),
    "TE with a blank before the colon": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "TE with a tab before the colon": post(b"Transfer-Encoding\t: chunked\r\n", b"0\r\n\r\n"),
    "TE folded": post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
    "TE folded with a tab": post(b"Transfer-Encoding:\r\n\tchunked\r\n", b"0\r\n\r\n"),
    "TE behind a fold": post(b"X: y\r\n Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "TE behind a bare CR": post(b"X: y\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "TE behind a bare LF": post(b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "TE in HTTP/1.0": post(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"POST / HTTP/1.0"),
    "TE with a Unicode blank": post("Transfer-Encoding:\u00a0chunked\r\n".encode(), b"0\r\n\r\n"),
    "TE in Latin-1": post(b"Transfer-Encoding: chunke\xe4\r\n", b"0\r\n\r\n"),
    "bare LF everywhere": b"GET / HTTP/1.1\nHost: www.test\n\n",
    "bare LF ends the head": b"GET / HTTP/1.1\r\nHost: www.test\r\n\n" + SMUGGLED,
    "CR CR LF": b"GET / HTTP/1.1\r\nHost: www.test\r\r\n\r\n",
    "bare CR in a value": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "NUL in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X\0: a\r\n\r\n",
    "CR in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X\r: a\r\n\r\n",
    "blank in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X Y: a\r\n\r\n",
    "blank before a name": b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n",
    "no name": b"GET / HTTP/1.1\r\n" + HOST + b": a\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + HOST + b"nothing\r\n\r\n",
    "parentheses in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X(y): a\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: www.test\r\nHost: other.test\r\n\r\n",
    "two equal Hosts": b"GET / HTTP/1.1\r\nHost: www.test\r\nHost: www.test\r\n\r\n",
    "Host with a list": b"GET / HTTP/1.1\r\nHost: www.test, other.test\r\n\r\n",
    "Host with a path": b"GET / HTTP/1.1\r\nHost: www.test/admin\r\n\r\n",
    "Host with a user": b"GET / HTTP/1.1\r\nHost: user@www.test\r\n\r\n",
    "Host with a blank": b"GET / HTTP/1.1\r\nHost: www test\r\n\r\n",
    "Host with a wrong port": b"GET / HTTP/1.1\r\nHost: www.test:99999\r\n\r\n",
    "absolute form without a host": b"GET http:///x HTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute form with a user": b"GET http://a@www.test/x HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a blank": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a tab": b"GET /a\tb HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a fragment": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "target without a slash": b"GET a HTTP/1.1\r\n" + HOST + b"\r\n",
    "target in Latin-1": b"GET /\xe4 HTTP/1.1\r\n" + HOST + b"\r\n",
    "empty lines before a request": b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
    "tab for a blank": b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "blank at the line's end": b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n",
    "no version": b"GET /\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET / HTTP/0.9\r\n" + HOST + b"\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/1.1x": b"GET / HTTP/1.1x\r\n" + HOST + b"\r\n",
    "http/1.1": b"GET / http/1.1\r\n" + HOST + b"\r\n",
    "method with a colon": b"GE:T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT www.test:443 HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED,
    "TRACE": b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    "the preface of HTTP/2": PREFACE,
    "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "unknown expectation": post(b"Expect: 200-ok\r\nContent-Length: 5\r\n", b"hello"),
}
CHUNKS = {
    "size in hex with a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "negative size": b"-1\r\nhello\r\n0\r\n\r\n",
    "size beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "size of sixteen f": b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "blank before the size": b" 5\r\nhello\r\n0\r\n\r\n",
    "size that is no number": b"five\r\nhello\r\n0\r\n\r\n",
    "size ended by LF": b"5\nhello\r\n0\r\n\r\n",
    "size ended by CR": b"5\rhello\r\n0\r\n\r\n",
    "extension ended by LF": b"5;a\nhello\r\n0\r\n\r\n",
    "CR inside an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "extension of 64 KiB": b"5;" + b"a" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
    "data longer than its size": b"4\r\nhello\r\n0\r\n\r\n",
    "data ended by LF": b"5\r\nhello\n0\r\n\r\n",
    "data without an end": b"5\r\nhello0\r\n\r\n",
    "CR CR LF behind the data": b"5\r\nhello\r\r\n0\r\n\r\n",
    "trailer ended by LF": b"5\r\nhello\r\n0\r\nX: y\n\r\n",
    "trailer with a blank before the colon": b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
    "trailer folded": b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
}
# What is understood, and what the origin then has to get: path, body, fields that must and must not be there.
TAKEN = {
    "chunk extensions": (post(b"Transfer-Encoding: chunked\r\n", b"5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n"), b"/", b"hello", [], [b"a=b"]),
    "TE in capitals": (post(b"TRANSFER-ENCODING: CHUNKED\r\n", b"5\r\nhello\r\n0\r\n\r\n"), b"/", b"hello", [], []),
    "leading zeros of a size": (post(b"Transfer-Encoding: chunked\r\n", b"0005\r\nhello\r\n0\r\n\r\n"), b"/", b"hello", [], []),
    "trailer that frames": (post(b"Transfer-Encoding: chunked\r\n", b"0\r\nContent-Length: 5\r\nHost: x\r\n\r\n"), b"/", b"", [], [b"host: x"]),
    "absolute form beside Host": (b"GET http://www.test/a?b HTTP/1.1\r\nHost: other.test\r\n\r\n", b"/a?b", b"", [b"host: www.test"], [b"other"]),
    "fields that Connection names": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n", b"/", b"",
                                     [b"x-end: 2"], [b"x-hop"]),
    "Connection that names Host": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Host, Content-Length\r\n\r\n", b"/", b"", [b"host: www.test"], []),
    "Connection that names the visitor's address": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: CF-Connecting-IP, X-Forwarded-For\r\n\r\n", b"/",
                                                    b"", [b"cf-connecting-ip: 127.0.0.1", b"x-forwarded-for: 127.0.0.1"], []),
    "names that servers read differently": (b"GET / HTTP/1.1\r\n" + HOST + b"Content_Length: 5\r\nTransfer.Encoding: chunked\r\n\r\n", b"/", b"",
                                            [], [b"content_length", b"transfer.encoding"]),
    "upgrade to h2c": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                       b"/", b"", [], [b"h2c", b"http2-settings", b"upgrade:"]),
    "upgrade without Connection": (b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\n\r\n", b"/", b"", [], [b"upgrade:"]),
    "TE: gzip": (b"GET / HTTP/1.1\r\n" + HOST + b"TE: gzip\r\nConnection: TE\r\n\r\n", b"/", b"", [], [b"te: gzip"]),
    "claims about the visitor": (b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n"
                                 b"CF-Connecting-IP: 1.2.3.4\r\nX-Forwarded-Host: evil.test\r\n\r\n", b"/", b"", [], [b"1.2.3.4", b"evil"]),
    "GET with a body": (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", b"/", b"hello", [], []),
    "dots in a path stay": (b"GET /a/../b/%2e%2e/c HTTP/1.1\r\n" + HOST + b"\r\n", b"/a/../b/%2e%2e/c", b"", [], []),
    "expectation is met here": (post(b"Expect: 100-continue\r\nContent-Length: 5\r\n", b"hello"), b"/", b"hello", [], [b"expect"]),
}


def smuggling():
    """Nothing that two readers could read differently reaches the origin, and what is understood reaches it as one message."""
    recorder = Recorder()
    with Edge([recorder.port]) as edge:
        for name, raw in REFUSED.items():
            got, said = statuses(edge, raw)
            assert len(got) == 1 and 400 <= got[0] < 506 and got[0] not in (500, 502), (name, said[:200])
            assert not recorder.take(), name
        for name, chunks in CHUNKS.items():
            got, said = statuses(edge, post(b"Transfer-Encoding: chunked\r\n", chunks + SMUGGLED))
            assert got[:1] in ([400], []) and len(got) <= 1, (name, said[:200])
            assert not any(b"smuggled" in head for head, _ in recorder.take()), name
        for name, (raw, path, body, there, absent) in TAKEN.items():
            got, said = statuses(edge, raw)
            assert [each for each in got if each != 100] == [200], (name, said[:200])
            (head, whole), = recorder.take()
            assert head.split()[1] == path and whole == body, (name, head, whole)
            text = head.lower()
            assert all(each in text for each in there) and not any(each in text for each in absent), (name, head)
        pipelined = b"".join(b"GET /%d HTTP/1.1\r\n" % n + HOST + b"\r\n" for n in range(50))
        got, said = statuses(edge, pipelined)
        assert got == [200] * 50 and [head.split()[1] for head, _ in recorder.take()] == [b"/%d" % n for n in range(50)]
        assert re.findall(rb"\r\n\r\n/(\d+)", said) == [b"%d" % n for n in range(50)]
    return f"{len(REFUSED) + len(CHUNKS)} refused, {len(TAKEN)} understood"



# --- HTTP/2 on its way to HTTP/1.1 ---

# Fields of a request, and what must hold: "refused", or the lines that the origin has to get.
DOWNGRADED = {
    "CR LF in a value": ([(b"x-a", b"b\r\nTransfer-Encoding: chunked")], "refused"),
    "LF in a value": ([(b"x-a", b"b\nx-c: d")], "refused"),
    "CR in a value": ([(b"x-a", b"b\rx-c: d")], "refused"),
    "NUL in a value": ([(b"x-a", b"b\0c")], "refused"),
    "blank around a value": ([(b"x-a", b" b ")], "refused"),
    "CR LF in a name": ([(b"x-a\r\nx-b", b"c")], "refused"),
    "colon in a name": ([(b"transfer-encoding: chunked\r\nx", b"y")], "refused"),
    "blank in a name": ([(b"x a", b"b")], "refused"),
    "empty name": ([(b"", b"b")], "refused"),
    "upper case name": ([(b"X-A", b"b")], "refused"),
    "transfer-encoding": ([(b"transfer-encoding", b"chunked")], "refused"),
    "connection": ([(b"connection", b"close")], "refused"),
    "connection that names others": ([(b"connection", b"x-forwarded-for")], "refused"),
    "keep-alive": ([(b"keep-alive", b"timeout=5")], "refused"),
    "proxy-connection": ([(b"proxy-connection", b"close")], "refused"),
    "upgrade": ([(b"upgrade", b"h2c")], "refused"),
    "te: gzip": ([(b"te", b"gzip")], "refused"),
    "te: trailers": ([(b"te", b"trailers")], [b"te: trailers"]),
    "two lengths": ([(b"content-length", b"0"), (b"content-length", b"5")], "refused"),
    "length without a body": ([(b"content-length", b"5")], "refused"),
    "length that is no number": ([(b"content-length", b"0x0")], "refused"),
    "length with a sign": ([(b"content-length", b"+0")], "refused"),
    "another Host": ([(b"host", b"other.test")], [b"host: www.test"]),
    "cookie crumbs": ([(b"cookie", b"a=b"), (b"cookie", b"c=d")], [b"cookie: a=b; c=d"]),
    "names that servers read differently": ([(b"content_length", b"5")], []),
    "expect": ([(b"expect", b"100-continue")], []),
}
LINES = {
    "path with a blank": {"path": b"/a b"}, "path with a request": {"path": b"/ HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled"},
    "path with CR": {"path": b"/a\rb"}, "path with LF": {"path": b"/a\nb"}, "path with NUL": {"path": b"/a\0"},
    "path with a tab": {"path": b"/a\tb"}, "path without a slash": {"path": b"a"}, "empty path": {"path": b""},
    "path with a fragment": {"path": b"/a#b"}, "absolute path": {"path": b"http://other.test/"}, "star for GET": {"path": b"*"},
    "path in Latin-1": {"path": b"/\xe4"},
    "method with a request": {"method": b"GET /smuggled HTTP/1.1\r\nX: y"}, "method with a blank": {"method": b"GET "},
    "empty method": {"method": b""}, "CONNECT": {"method": b"CONNECT"}, "TRACE": {"method": b"TRACE"},
    "method with a tab": {"method": b"GE\tT"},
    "authority with CR LF": {"authority": b"www.test\r\nx: y"}, "authority with a path": {"authority": b"www.test/x"},
    "authority with a user": {"authority": b"u@www.test"}, "authority with a blank": {"authority": b"www test"},
    "empty authority": {"authority": b""}, "authority with a list": {"authority": b"www.test,other.test"},
    "scheme with CR LF": {"scheme": b"https\r\nx: y"},
}


def downgrade():
    """What HTTP/2 can carry and HTTP/1.1 would read as something else does not reach the origin, or reaches it as what it was."""
    recorder = Recorder()
    with h2_edge(serve=recorder.serve) as edge:
        def asked(head, body=None):
            with edge.h2() as visitor:
                visitor.send(frame(h2.HEADERS, 5 if body is None else 4, 1, head) + (b"" if body is None else frame(h2.DATA, 1, 1, body)))
                return visitor.outcome(), recorder.take()

        for name, (fields, wanted) in DOWNGRADED.items():
            (kind, code), got = asked(request(*fields))
            if wanted == "refused":
                assert not got and (kind != "status" or 400 <= code < 500), (name, kind, code, got)
            else:
                assert (kind, code) == ("status", 200), (name, kind, code)
                (head, _), = got
                assert all(line in head.lower() for line in wanted) and not re.search(rb"(?i)content_length|expect|other", head), (name, head)
        for name, parts in LINES.items():
            (kind, code), got = asked(request(**parts))
            assert not got and (kind != "status" or 400 <= code < 500), (name, kind, code, got)
        for body, length, well in ((b"hello", b"5", True), (b"hell", b"5", False), (b"hello!", b"5", False), (b"", b"0", True)):
            (kind, code), got = asked(request((b"content-length", length), method=b"POST"), body)
            assert ((kind, code) == ("status", 200)) == well, (body, length, kind, code)
            assert all(whole == body for _, whole in got) and bool(got) == well, (body, got)
        smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: www.test\r\n\r\n"
        (kind, code), got = asked(request(method=b"POST"), smuggled)  # a body is a body
        assert (kind, code) == ("status", 200) and [whole for _, whole in got] == [smuggled], got
    return f"{len(DOWNGRADED) + len(LINES) + 5} requests"


# --- the rules of HTTP/2 and HPACK ---

AWAY, RESET, FINE, NOTHING = "away", "reset", "status", "nothing"
P, F, S, Z, R, C = h2.PROTOCOL, h2.FLOW_CONTROL, h2.STREAM_CLOSED, h2.FRAME_SIZE, h2.REFUSED, h2.COMPRESSION
post_head, trailer = request(method=b"POST"), block([(b"x-t", b"u")])
OPEN = frame(1, 4, 1, post_head)  # a stream that is open
DONE = frame(1, 5, 1, post_head)  # half closed: its request is complete
# Section, what is done, the bytes behind the preface (or instead of it), how it ends, with which codes, on which stream.
# A break that ends a stream may end the connection (RFC 9113 5.4.2). NOTHING: it is passed over; nghttp2 cannot tell a stream
# that never was from one that is forgotten, whose trailer may still be under way.
RULES = [
    ("9113 3.4", "no preface", b"GET / HTTP/1.1\r\n\r\n        ", AWAY, {P}, 1),
    ("9113 3.4", "a preface without SETTINGS", MAGIC + frame(6, 0, 0, b"12345678"), AWAY, {P}, 1),
    ("9113 4.1", "a frame of an unknown type", frame(0x16, 0, 0, b"?") + frame(1, 5, 1, GET), FINE, {200}, 1),
    ("9113 4.1", "flags that mean nothing", frame(6, 0x16, 0, b"12345678") + frame(1, 5, 1, GET), FINE, {200}, 1),
    ("9113 4.1", "the reserved bit", frame(6, 0, 1 << 31, b"12345678") + frame(1, 5, 1, GET), FINE, {200}, 1),
    ("9113 4.2", "DATA beyond the size of frames", OPEN + frame(0, 1, 1, b"x" * 16385), RESET, {Z}, 1),
    ("9113 4.2", "HEADERS beyond the size of frames", frame(1, 5, 1, GET + literal(b"x", b"y" * 16384)), AWAY, {Z}, 1),
    ("9113 4.3", "a header block that is none", frame(1, 5, 1, b"\xff\xff\xff\xff\xff\xff"), AWAY, {C}, 1),
    ("9113 4.3", "PING within a header block", frame(1, 1, 1, GET) + frame(6, 0, 0, b"12345678"), AWAY, {P}, 1),
    ("9113 4.3", "another stream within a header block", frame(1, 1, 1, GET) + frame(1, 5, 3, GET), AWAY, {P}, 1),
    ("9113 4.3", "an unknown frame within a header block", frame(1, 1, 1, GET) + frame(0x16, 0, 0), AWAY, {P}, 1),
    ("9113 5.1", "DATA on an idle stream", frame(0, 1, 1, b"x"), AWAY, {P, S}, 1),
    ("9113 5.1", "RST_STREAM on an idle stream", frame(3, 0, 1, u32(8)), AWAY, {P}, 1),
    ("9113 5.1", "WINDOW_UPDATE on an idle stream", frame(8, 0, 1, u32(1)), AWAY, {P}, 1),
    ("9113 5.1", "CONTINUATION on an idle stream", frame(9, 4, 1, GET), AWAY, {P}, 1),
    ("9113 5.1", "DATA on a half closed stream", DONE + frame(0, 1, 1, b"x"), RESET, {S}, 1),
    ("9113 5.1", "HEADERS on a half closed stream", DONE + frame(1, 5, 1, trailer), RESET, {S, P}, 1),
    ("9113 5.1", "CONTINUATION on a half closed stream", DONE + frame(9, 4, 1, trailer), AWAY, {P}, 1),
    ("9113 5.1.1", "an even stream", frame(1, 5, 2, GET), AWAY, {P}, 2),
    ("9113 5.1.1", "a lower stream than before", frame(1, 5, 5, GET) + frame(1, 5, 3, GET), NOTHING, {P, S}, 3),
    ("9113 5.1.2", "more streams than allowed", b"".join(frame(1, 4, n, post_head) for n in range(1, 260, 2)), RESET, {R, P}, 257),
    ("9113 6.1", "DATA on no stream", frame(0, 0, 0, b"x"), AWAY, {P}, 1),
    ("9113 6.1", "padding of DATA beyond its frame", OPEN + frame(0, 9, 1, b"\x06hello"), AWAY, {P}, 1),
    ("9113 6.1", "padding that fits", OPEN + frame(0, 9, 1, b"\x03hello\0\0\0"), FINE, {200}, 1),
    ("9113 6.2", "HEADERS on no stream", frame(1, 5, 0, GET), AWAY, {P}, 1),
    ("9113 6.2", "padding of HEADERS beyond its frame", frame(1, 13, 1, b"\xff" + GET), AWAY, {P}, 1),
    ("9113 6.2", "HEADERS with padding and priority", frame(1, 45, 1, b"\x02" + u32(0) + b"\x10" + GET + b"\0\0"), FINE, {200}, 1),
    ("9113 6.3", "PRIORITY on no stream", frame(2, 0, 0, u32(1) + b"\0"), AWAY, {P}, 1),
    ("9113 6.3", "PRIORITY of another length", OPEN + frame(2, 0, 1, b"1234"), RESET, {Z}, 1),
    ("9113 6.4", "RST_STREAM on no stream", frame(3, 0, 0, u32(8)), AWAY, {P}, 1),
    ("9113 6.4", "RST_STREAM of another length", OPEN + frame(3, 0, 1, b"123"), AWAY, {Z}, 1),
    ("9113 6.5", "SETTINGS on a stream", frame(4, 0, 1), AWAY, {P}, 1),
    ("9113 6.5", "SETTINGS of another length", frame(4, 0, 0, b"12345"), AWAY, {Z}, 1),
    ("9113 6.5", "an acknowledgement with content", frame(4, 1, 0, setting(1, 1)), AWAY, {Z}, 1),
    ("9113 6.5.2", "ENABLE_PUSH 2", frame(4, 0, 0, setting(2, 2)), AWAY, {P}, 1),
    ("9113 6.5.2", "INITIAL_WINDOW_SIZE 2^31", frame(4, 0, 0, setting(4, 1 << 31)), AWAY, {F}, 1),
    ("9113 6.5.2", "MAX_FRAME_SIZE 16383", frame(4, 0, 0, setting(5, 16383)), AWAY, {P}, 1),
    ("9113 6.5.2", "MAX_FRAME_SIZE 2^24", frame(4, 0, 0, setting(5, 1 << 24)), AWAY, {P}, 1),
    ("9113 6.5.2", "a setting nobody knows", frame(4, 0, 0, setting(0xff, 1)) + frame(1, 5, 1, GET), FINE, {200}, 1),
    ("9113 6.6", "PUSH_PROMISE of a client", frame(1, 4, 1, post_head) + frame(5, 4, 1, u32(2) + GET), AWAY, {P}, 1),
    ("9113 6.7", "PING on a stream", frame(6, 0, 1, b"12345678"), AWAY, {P}, 1),
    ("9113 6.7", "PING of another length", frame(6, 0, 0, b"1234567"), AWAY, {Z}, 1),
    ("9113 6.8", "GOAWAY on a stream", frame(7, 0, 1, u32(0) + u32(0)), AWAY, {P}, 1),
    ("9113 6.8", "requests under way after a GOAWAY", frame(1, 5, 1, GET) + frame(7, 0, 0, u32(0) + u32(0)), FINE, {200}, 1),
    ("9113 6.9", "WINDOW_UPDATE by nothing", frame(8, 0, 0, u32(0)), AWAY, {P}, 1),
    ("9113 6.9", "WINDOW_UPDATE of a stream by nothing", OPEN + frame(8, 0, 1, u32(0)), RESET, {P}, 1),
    ("9113 6.9", "WINDOW_UPDATE of another length", frame(8, 0, 0, b"123"), AWAY, {Z}, 1),
    ("9113 6.9.1", "a window of 2^31", frame(8, 0, 0, u32((1 << 31) - 1)), AWAY, {F}, 1),
    ("9113 6.9.1", "a stream's window of 2^31", OPEN + frame(8, 0, 1, u32((1 << 31) - 1)), RESET, {F}, 1),
    ("9113 6.10", "CONTINUATION behind a complete head", OPEN + frame(9, 4, 1, trailer), AWAY, {P}, 1),
    ("9113 6.10", "CONTINUATION on no stream", frame(1, 1, 1, GET) + frame(9, 4, 0, trailer), AWAY, {P}, 1),
    ("9113 6.10", "a head in four parts", frame(1, 1, 1, GET[:5]) + frame(9, 0, 1) + frame(9, 0, 1, GET[5:9]) + frame(9, 4, 1, GET[9:]), FINE, {200}, 1),
    ("9113 8.1", "a second head without the end", OPEN + frame(1, 4, 1, trailer), RESET, {P}, 1),
    ("9113 8.1", "a trailer", OPEN + frame(0, 0, 1, b"hello") + frame(1, 5, 1, trailer), FINE, {200}, 1),
    ("9113 8.1", "a pseudo field in a trailer", OPEN + frame(1, 5, 1, block([(b":path", b"/")])), RESET, {P}, 1),
    ("9113 8.2", "upper case", frame(1, 5, 1, request((b"X", b"y"))), RESET, {P}, 1),
    ("9113 8.3", "a pseudo field nobody knows", frame(1, 5, 1, block([(b":x", b"y")]) + GET), RESET, {P}, 1),
    ("9113 8.3", "a pseudo field of answers", frame(1, 5, 1, block([(b":status", b"200")]) + GET), RESET, {P}, 1),
    ("9113 8.3", "a pseudo field behind others", frame(1, 5, 1, block([(b"x", b"y")]) + GET), RESET, {P}, 1),
    ("9113 8.3.1", "no :method", frame(1, 5, 1, block([(b":scheme", b"https"), (b":path", b"/"), (b":authority", b"a")])), RESET, {P}, 1),
    ("9113 8.3.1", "no :scheme", frame(1, 5, 1, block([(b":method", b"GET"), (b":path", b"/"), (b":authority", b"a")])), RESET, {P}, 1),
    ("9113 8.3.1", "no :path", frame(1, 5, 1, block([(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a")])), RESET, {P}, 1),
    ("9113 8.3.1", "two :method", frame(1, 5, 1, block([(b":method", b"GET")]) + GET), RESET, {P}, 1),
    ("9113 8.3.1", "two :path", frame(1, 5, 1, GET + block([(b":path", b"/")])), RESET, {P}, 1),
    ("9113 8.3.1", "two :authority", frame(1, 5, 1, GET + block([(b":authority", b"a")])), RESET, {P}, 1),
    ("9113 8.1.1", "less DATA than content-length", frame(1, 4, 1, request((b"content-length", b"5"), method=b"POST")) + frame(0, 1, 1, b"x"), RESET, {P}, 1),
    ("9113 8.1.1", "more DATA than content-length", frame(1, 4, 1, request((b"content-length", b"1"), method=b"POST")) + frame(0, 0, 1, b"x") +
     frame(0, 1, 1, b"y"), RESET, {P}, 1),
    ("7541 2.3.3", "an index beyond the tables", frame(1, 5, 1, GET + b"\xfe"), AWAY, {C}, 1),
    ("7541 4.2", "a table larger than allowed", frame(1, 5, 1, h2.number(1 << 20, 5, 0x20) + GET), AWAY, {C}, 1),
    ("7541 4.2", "a change of the table's size at the end", frame(1, 5, 1, GET + b"\x20"), AWAY, {C}, 1),
    ("7541 5.2", "padding of more than seven bits", frame(1, 5, 1, GET + b"\x00\x01x\x83\x1f\xff\xff"), AWAY, {C}, 1),
    ("7541 5.2", "padding of zeros", frame(1, 5, 1, GET + b"\x00\x01x\x81\x18"), AWAY, {C}, 1),
    ("7541 5.2", "the end of a string as a letter", frame(1, 5, 1, GET + b"\x00\x01x\x84\xff\xff\xff\xff"), AWAY, {C}, 1),
    ("7541 6.1", "the index 0", frame(1, 5, 1, GET + b"\x80"), AWAY, {C}, 1),
    ("7541 6.2.1", "a field that is kept and meant again", frame(1, 5, 1, GET + b"\x40\x01x\x01y\xbe"), FINE, {200}, 1),
]


def rules_of_http2():
    """RFC 9113 sections 3 to 8 and RFC 7541: each break is answered as they say, what they allow is served, and others go on."""
    with h2_edge() as edge:
        for section, what, raw, wanted, codes, on in RULES:
            with edge.h2(b"" if section == "9113 3.4" else PREFACE) as visitor:
                visitor.send(raw)
                if wanted == NOTHING:
                    visitor.send(frame(h2.PING, 0, 0, b"and now?"))
                    visitor.until(lambda kind, flags, s, payload: kind == h2.PING and payload == b"and now?")
                    assert not any(s == on for _, _, s, _ in visitor.seen), (section, what, visitor.seen)
                    continue
                kind, code = visitor.outcome(on)
                # A request may have been answered before its break was read.
                while kind == "status" and wanted != FINE and (more := visitor.until(
                        lambda k, _f, s, p: (k == h2.RST_STREAM and s == on) or (k == h2.GOAWAY and p[4:8] != b"\0\0\0\0"))):
                    kind, code = ("reset", int.from_bytes(more[3], "big")) if more[0] == h2.RST_STREAM else ("away", int.from_bytes(more[3][4:8], "big"))
                well = code in codes and (kind == wanted or (wanted == RESET and kind == AWAY))
                assert well or (wanted == AWAY and kind == "end"), (section, what, kind, code)
        flow_control(edge)
        assert edge.ask()[0] == 200
    return f"{len(RULES)} rows, and flow control"


def flow_control(edge):
    """RFC 9113 6.5.3, 6.7, 6.9: settings and PINGs are acknowledged, answers keep to the windows, also to one that shrinks."""
    with edge.h2(MAGIC + frame(4, 0, 0, setting(4, 1))) as visitor:
        visitor.send(frame(6, 0, 0, b"12345678") + frame(1, 5, 1, GET))
        assert visitor.until(lambda kind, flags, on, payload: kind == 6 and flags & 1 and payload == b"12345678")
        assert visitor.until(lambda kind, flags, *_: kind == 4 and flags & 1)
        assert visitor.until(lambda kind, flags, on, payload: kind == 0)[3] == b"h"
        visitor.send(frame(4, 0, 0, setting(4, 0)))  # the window is -1 now
        visitor.send(frame(8, 0, 1, u32(1)) + frame(6, 0, 0, b"nothing?"))
        assert visitor.until(lambda kind, flags, on, payload: kind == 6 and payload == b"nothing?")
        assert b"".join(payload for kind, _, on, payload in visitor.seen if kind == 0) == b"h"
        visitor.send(frame(8, 0, 1, u32(2)))
        assert visitor.until(lambda kind, flags, on, payload: kind == 0 and payload == b"el")
        visitor.send(frame(8, 0, 1, u32(100)))
        assert visitor.body() == b"hello"


# --- the rules of a shared cache ---

def ok(*fields, body=b"", status=200):
    return status, fields, body


HIT, ASKED = "hit", "asked"
CC, FRESH = "Cache-Control: ", "Cache-Control: max-age=600"
STALE = "Age: 700"  # with FRESH: over when it comes
TAG = 'ETag: "1"'
DATE, PAST, FUTURE = "Date: Thu, 01 Jan 2026 00:00:00 GMT", "Expires: Wed, 31 Dec 2025 00:00:00 GMT", "Expires: Fri, 01 Jan 2100 00:00:00 GMT"
# Section of RFC 9111, a name, and turns: request fields (with the method in front unless GET), the origin's answer if it may be
# asked, what must come (HIT or ASKED, the status, and lines of the answer, "!" before those that must not be there).
CACHING = [
    ("3", "max-age", [("", ok(FRESH), ASKED, 200, []), ("", None, HIT, 200, ["age:"])]),
    ("3", "nothing said", [("", ok(), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("3", "a status that is not stored", [("", ok(FRESH, status=503), ASKED, 503, []), ("", ok(FRESH), ASKED, 200, [])]),
    ("3", "404 that may be stored", [("", ok(FRESH, status=404), ASKED, 404, []), ("", None, HIT, 404, [])]),
    ("3", "301 that may be stored", [("", ok(FRESH, "Location: /x", status=301), ASKED, 301, []), ("", None, HIT, 301, ["location: /x"])]),
    ("3", "Set-Cookie", [("", ok(FRESH, "Set-Cookie: a=b"), ASKED, 200, []), ("", ok(FRESH), ASKED, 200, [])]),
    ("3.1", "fields of one hop are not kept", [("", ok(FRESH, "Connection: X-Hop", "X-Hop: 1", "Proxy-Authenticate: x"), ASKED, 200, []),
                                               ("", None, HIT, 200, ["!x-hop", "!proxy-authenticate"])]),
    ("3.3", "an answer that was cut", [("", (200, (FRESH,), None), ASKED, 520, []), ("", ok(FRESH), ASKED, 200, [])]),
    ("3.5", "Authorization", [("Authorization: Basic eA==", ok(FRESH), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("3.5", "Authorization and public", [("Authorization: Basic eA==", ok(CC + "public, max-age=600"), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("3.5", "Authorization and s-maxage", [("Authorization: Basic eA==", ok(CC + "s-maxage=600"), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("3.5", "Authorization and must-revalidate", [("Authorization: Basic eA==", ok(CC + "max-age=600, must-revalidate"), ASKED, 200, []),
                                                  ("", None, HIT, 200, [])]),
    ("4", "HEAD of what is stored", [("", ok(FRESH, body=b"whole"), ASKED, 200, []), ("HEAD ", None, HIT, 200, ["content-length: 5"])]),
    ("4", "POST is asked each time", [("", ok(FRESH), ASKED, 200, []), ("POST ", ok(FRESH), ASKED, 200, []), ("", ok(FRESH), ASKED, 200, [])]),
    ("4.1", "Vary, the same", [("X-A: 1", ok(FRESH, "Vary: X-A"), ASKED, 200, []), ("X-A: 1", None, HIT, 200, [])]),
    ("4.1", "Vary, another", [("X-A: 1", ok(FRESH, "Vary: X-A"), ASKED, 200, []), ("X-A: 2", ok(FRESH, "Vary: X-A"), ASKED, 200, []),
                              ("X-A: 1", None, HIT, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.1", "Vary: *", [("", ok(FRESH, "Vary: *"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2", "Expires", [("", ok(FUTURE), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("4.2", "Expires that has passed", [("", ok(PAST, DATE), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2.1", "max-age before Expires", [("", ok(FRESH, PAST), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("4.2.1", "s-maxage before max-age", [("", ok(CC + "max-age=600, s-maxage=0"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2.1", "Expires: 0", [("", ok("Expires: 0"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2.3", "Age that it came with counts", [("", ok(FRESH, "Age: 500"), ASKED, 200, []), ("", None, HIT, 200, ["age: 50"])]),
    ("4.2.3", "Age beyond its lifetime", [("", ok(FRESH, STALE), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2.3", "Age that is no number", [("", ok(FRESH, "Age: old"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2.3", "a Date long ago", [("", ok(FRESH, DATE), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("4.2.4", "stale is not served when the origin is well", [("", ok(FRESH, STALE, body=b"1"), ASKED, 200, []),
                                                             ("", ok(FRESH, body=b"2"), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("4.2.4", "stale, and the origin fails", [("", ok(FRESH, STALE, body=b"1"), ASKED, 200, []), ("", (0, (), b""), ASKED, 200, ["stale-if-error"])]),
    ("4.2.4", "must-revalidate, and the origin fails", [("", ok(CC + "max-age=600, must-revalidate", STALE), ASKED, 200, []),
                                                        ("", (0, (), b""), ASKED, 520, [])]),
    ("4.2.4", "proxy-revalidate, and the origin fails", [("", ok(CC + "max-age=600, proxy-revalidate", STALE), ASKED, 200, []),
                                                         ("", (0, (), b""), ASKED, 520, [])]),
    ("4.2.4", "s-maxage, and the origin fails", [("", ok(CC + "s-maxage=600", STALE), ASKED, 200, []), ("", (0, (), b""), ASKED, 520, [])]),
    ("4.3.1", "asked again with its validator", [("", ok(FRESH, STALE, TAG), ASKED, 200, []), ("", ok(FRESH, status=304), 'if-none-match: "1"', 200, [TAG]),
                                                 ("", None, HIT, 200, [])]),
    ("4.3.1", "asked again with its date", [("", ok(FRESH, STALE, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"), ASKED, 200, []),
                                            ("", ok(FRESH, status=304), "if-modified-since: thu, 01 jan 2026", 200, [])]),
    ("4.3.2", "If-None-Match of a visitor", [("", ok(FRESH, TAG), ASKED, 200, []), ('If-None-Match: "1"', None, HIT, 304, [TAG]),
                                             ('If-None-Match: "2"', None, HIT, 200, []), ("If-None-Match: *", None, HIT, 304, []),
                                             ('If-None-Match: W/"1"', None, HIT, 304, [])]),
    ("4.3.2", "If-Modified-Since of a visitor", [("", ok(FRESH, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"), ASKED, 200, []),
                                                 ("If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT", None, HIT, 304, []),
                                                 ("If-Modified-Since: Wed, 31 Dec 2025 00:00:00 GMT", None, HIT, 200, [])]),
    ("4.3.4", "a 304 brings new fields", [("", ok(FRESH, STALE, TAG, "X-A: old", body=b"1"), ASKED, 200, []),
                                          ("", ok(FRESH, TAG, "X-A: new", status=304), ASKED, 200, ["x-a: new", "!x-a: old"]),
                                          ("", None, HIT, 200, ["x-a: new", "!x-a: old"])]),
    ("4.3.4", "a 304 with another validator", [("", ok(FRESH, STALE, TAG, body=b"1"), ASKED, 200, []),
                                               ("", ok(FRESH, 'ETag: "2"', status=304), ASKED, 200, []), ("", ok(FRESH, 'ETag: "2"', body=b"2"), ASKED, 200, ['etag: "2"'])]),
    ("4.3.3", "a 200 replaces it", [("", ok(FRESH, STALE, TAG, body=b"1"), ASKED, 200, []), ("", ok(FRESH, 'ETag: "2"', body=b"2"), ASKED, 200, []),
                                    ("", None, HIT, 200, ['etag: "2"'])]),
    ("4.3.3", "a 5xx of the origin does not", [("", ok(FRESH, STALE, TAG, body=b"1"), ASKED, 200, []), ("", ok(status=503), ASKED, 200, ["stale-if-error"]),
                                               ("", ok(FRESH, status=304), ASKED, 200, [])]),
    ("4.4", "PUT, DELETE and POST make it untrue", [step for method in ("PUT ", "DELETE ", "POST ") for step in (
        ("", ok(FRESH), ASKED, 200, []), ("", None, HIT, 200, []), (method, ok(), ASKED, 200, []), ("", ok(CC + "no-store"), ASKED, 200, []))]),
    ("4.4", "one that failed does not", [("", ok(FRESH), ASKED, 200, []), ("POST ", ok(status=500), ASKED, 500, []), ("", None, HIT, 200, [])]),
    ("5.2.1.5", "no-store of a visitor", [("Cache-Control: no-store", ok(FRESH), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("5.2.1.7", "only-if-cached", [("Cache-Control: only-if-cached", None, "none", 504, [])]),
    ("5.2.2.4", "no-cache is asked each time", [("", ok(CC + "no-cache", TAG), ASKED, 200, []), ("", ok(CC + "no-cache", status=304), 'if-none-match: "1"', 200, []),
                                                ("", ok(CC + "no-cache", status=304), ASKED, 200, [])]),
    ("5.2.2.5", "no-store", [("", ok(CC + "no-store, max-age=600"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("5.2.2.7", "private", [("", ok(CC + "private, max-age=600"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("5.2.3", "a directive nobody knows", [("", ok(CC + "max-age=600, community=\"x\""), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("5.2", "in two lines", [("", ok(CC + "max-age=600", CC + "private"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("5.2", "in capitals", [("", ok("CACHE-CONTROL: MAX-AGE=600"), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("5.2", "a lifetime that is no number", [("", ok(CC + "max-age=ten"), ASKED, 200, []), ("", ok(), ASKED, 200, [])]),
    ("9110 14", "ranges of what is stored", [("", ok(FRESH, TAG, body=b"0123456789"), ASKED, 200, []),
                                             ("Range: bytes=2-4", None, HIT, 206, ["content-range: bytes 2-4/10", "content-length: 3"]),
                                             ("Range: bytes=-3", None, HIT, 206, ["content-range: bytes 7-9/10"]),
                                             ("Range: bytes=20-", None, HIT, 416, ["content-range: bytes */10"]),
                                             ('Range: bytes=0-1\r\nIf-Range: "2"', None, HIT, 200, ["content-length: 10"]),
                                             ('Range: bytes=0-1\r\nIf-Range: "1"', None, HIT, 206, [])]),
    ("9110 14", "a part is not stored as the whole", [("Range: bytes=0-1", ok(FRESH, "Content-Range: bytes 0-1/10", body=b"01", status=206), ASKED, 206, []),
                                                      ("", ok(body=b"0123456789"), ASKED, 200, [])]),
    ("9213", "CDN-Cache-Control before Cache-Control", [("", ok(CC + "no-store", "CDN-Cache-Control: max-age=600"), ASKED, 200, []), ("", None, HIT, 200, [])]),
    ("5861", "stale-while-revalidate", [("", ok(CC + "max-age=600, stale-while-revalidate=6000", STALE), ASKED, 200, []), ("", "later", HIT, 200, [])]),
]


def caching():
    """RFC 9111 seen from outside: what is stored, for how long, for whom, and what makes it untrue."""
    turns = {}

    def serve(stream, _number):
        while head := read_head(stream):
            row = turns[head.split()[1].decode()]
            row["asked"].append(head.decode("latin-1").lower())
            status, fields, body = row["answer"]
            if status == 0:
                return  # the connection's end is the answer
            text = "".join(f"{field}\r\n" for field in fields)
            size = 7 if body is None else len(body)
            length = "" if status == 304 else f"Content-Length: {size}\r\n"
            stream.sendall(f"HTTP/1.1 {status} X\r\n{text}{length}\r\n".encode() + (body or b"") * (b"HEAD" not in head[:4]))
            if body is None:
                return

    origin, steps = RawOrigin(serve), 0
    with Edge([origin.port], "[edge.cache]\non = true\n", pool_keys="retry = { attempts = 1 }") as edge:
        for number, (section, name, row) in enumerate(CACHING):
            path = f"/{number}"
            for at, (fields, answer, wanted, status, lines) in enumerate(row):
                turns[path] = {"asked": [], "answer": ok(FRESH) if answer == "later" else answer or ok("X-Unasked: 1")}
                method = fields.split()[0] if re.match(r"[A-Z]+ ", fields) else "GET"
                own = fields.removeprefix(method + " ")
                with edge.connect() as visitor:
                    visitor.sendall((f"{method} {path} HTTP/1.1\r\nHost: www.test\r\nAccept: text/plain\r\nConnection: close\r\n" +
                                     (own + "\r\n" if own else "") + ("Content-Length: 0\r\n" if method in ("POST", "PUT") else "") + "\r\n").encode())
                    said = read_all(visitor).decode("latin-1").lower()
                where = (section, name, at, said[:600])
                asked = turns[path]["asked"]
                assert said.startswith(f"http/1.1 {status} "), where
                if answer != "later":
                    assert bool(asked) == (wanted not in (HIT, "none")), (where, asked)
                assert ("; hit" in said) == (wanted == HIT or "stale-if-error" in lines), where
                assert wanted in (HIT, ASKED, "none") or any(wanted in each for each in asked), (where, asked)
                assert all((line[1:].lower() not in said) if line[0] == "!" else line.lower() in said for line in lines), (where, lines)
                steps += 1
    return f"{len(CACHING)} rows, {steps} requests"


TRIALS = [smuggling, downgrade, rules_of_http2, caching]

if __name__ == "__main__":
    sys.exit(run(TRIALS))
