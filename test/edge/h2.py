"""HTTP/2 by hand (RFC 9113): frames that no library would send, and as much of HPACK as reading a status needs."""
import contextlib
import itertools
import select
import ssl
import struct
import time

from scene import Edge, RawOrigin, WAIT, certificate, good

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITISED = 1, 1, 4, 8, 32
NO_ERROR, PROTOCOL, INTERNAL, FLOW_CONTROL, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE, REFUSED, CANCEL, COMPRESSION = range(10)
CALM = 11  # ENHANCE_YOUR_CALM


def frame(kind, flags, stream, payload=b""):
    """RFC 9113 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, prefix, first=0):
    """An integer of HPACK (RFC 7541 5.1)."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def literal(name, value):
    """Without Huffman, never indexed by the reader (RFC 7541 6.2.2)."""
    return b"\x00" + number(len(name), 7) + name + number(len(value), 7) + value


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def request(*fields, method=b"GET", path=b"/", authority=b"www.test", scheme=b"https"):
    return block([(b":method", method), (b":scheme", scheme), (b":path", path), (b":authority", authority), *fields])


def u32(value):
    return struct.pack(">I", value)


def setting(name, value):
    return struct.pack(">HI", name, value)


GET = request()
MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PREFACE = MAGIC + frame(SETTINGS, 0, 0)


def frames_of(data):
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        if len(data) < 9 + length:
            return
        yield data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:9 + length]
        data = data[9 + length:]


STATIC_STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}  # RFC 7541 appendix A
DIGITS = {format(i, "05b"): i for i in range(3)} | {format(0x19 + i, "06b"): 3 + i for i in range(7)}  # appendix B


def status_of(head):
    """The status of a head that is the first with this status on its connection: it leads the block (RFC 7541 6)."""
    while head and head[0] & 0xe0 == 0x20:  # a new size of the table
        head = head[2:] if head[0] == 0x3f else head[1:]
    if head[0] & 0x80:
        return STATIC_STATUS.get(head[0] & 0x7f, 0)
    value = head[2:2 + (head[1] & 0x7f)]
    if not head[1] & 0x80:
        return int(value)
    bits, out, at = "".join(format(byte, "08b") for byte in value), "", 0
    while len(out) < 3:
        size = next(size for size in (5, 6) if bits[at:at + size] in DIGITS)
        out, at = out + str(DIGITS[bits[at:at + size]]), at + size
    return int(out)


class Visitor:
    """One connection. `seen` are the frames that came so far."""

    def __init__(self, edge, made, preface=PREFACE):
        raw = edge.connect(edge.tls_port)
        self.stream = made.client(["h2"]).wrap_socket(raw, server_hostname="www.test")
        assert self.stream.selected_alpn_protocol() == "h2"
        self.stream.settimeout(WAIT)
        self.pending, self.seen, self.ended = b"", [], False
        self.send(preface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def send(self, data):
        with contextlib.suppress(OSError):  # the edge may have ended: what it said is still to be read
            self.stream.sendall(data)

    def more(self):
        try:
            got = self.stream.recv(65536)
        except TimeoutError:
            raise AssertionError(f"nothing came in time after {self.seen[-3:]}") from None
        except OSError:
            got = b""
        if not got:
            self.ended = True
            return
        self.pending += got
        for each in frames_of(self.pending):
            self.seen.append(each)
            self.pending = self.pending[9 + len(each[3]):]

    def until(self, wanted):
        """The first frame for which `wanted(kind, flags, stream, payload)` holds; None when the connection ended first."""
        at = 0
        while True:
            for each in self.seen[at:]:
                if wanted(*each):
                    return each
            at = len(self.seen)
            if self.ended:
                return None
            self.more()

    def away(self):
        """The code of the GOAWAY with which the connection ends; None: it has just ended."""
        said = self.until(lambda kind, *_: kind == GOAWAY)
        return said and int.from_bytes(said[3][4:8], "big")

    def outcome(self, stream=1):
        """What became of a request: ("status", N), ("reset", code), ("away", code) or ("end", None)."""
        got = self.until(lambda kind, flags, on, payload: (on == stream and kind in (HEADERS, RST_STREAM)) or
                         (kind == GOAWAY and payload[4:8] != b"\0\0\0\0"))
        if got is None:
            return "end", None
        kind, _, _, payload = got
        if kind == HEADERS:
            return "status", status_of(payload)
        return ("reset", int.from_bytes(payload, "big")) if kind == RST_STREAM else ("away", int.from_bytes(payload[4:8], "big"))

    def body(self, stream=1):
        self.until(lambda kind, flags, on, _: on == stream and kind in (DATA, HEADERS) and flags & END_STREAM)
        return b"".join(payload for kind, _, on, payload in self.seen if kind == DATA and on == stream)


@contextlib.contextmanager
def h2_edge(extra="", serve=good, **more):
    origin = RawOrigin(serve)
    with certificate() as made, Edge([origin.port], extra, tls=made, **more) as edge:
        edge.made = made
        edge.h2 = lambda preface=PREFACE: Visitor(edge, made, preface)
        yield edge


def flood(edge, parts):
    """What the edge answers to a flood: the error code of its GOAWAY, or None when it just closed."""
    said, pending, queue = b"", b"", itertools.chain([PREFACE], parts)
    raw = edge.connect(edge.tls_port)
    with edge.made.client(["h2"]).wrap_socket(raw, server_hostname="www.test") as visitor:
        assert visitor.selected_alpn_protocol() == "h2"
        # One thread: a TLS connection is not for two at a time.
        visitor.settimeout(0)
        end, writing = time.monotonic() + WAIT, True
        while time.monotonic() < end:
            moved = False
            try:
                got = visitor.recv(65536)
                if not got:
                    break
                said, moved = said + got, True
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                break
            if writing:
                pending = pending or next(queue, b"")
                writing = bool(pending)
                try:
                    pending, moved = pending[visitor.send(pending):], writing
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except OSError:
                    writing = False
            if not moved:
                select.select([visitor], [visitor] if writing else [], [], 1)
    ends = [payload for kind, _, _, payload in frames_of(said) if kind == GOAWAY]
    return int.from_bytes(ends[-1][4:8], "big") if ends else None
