#!/usr/bin/env python3
"""A local server of the DNS provider's API (Cloudflare API v4), true to its documented shapes: authorisation errors with
their chains, pagination, validation, conflicts, batch transactions, settings, rate limits. State is in memory; every change
may be written out as a zone file, and a command run after it (a name server's reload).

  provider_api.py --zone example.net [--port 0] [--records FILE.json] [--zone-file OUT --reload 'CMD'] [--soa 'MNAME RNAME']

Prints "listening PORT" first. POST /test/<knob> with JSON sets a fault: {"kind": "status", "status": 503, "times": 2},
{"kind": "limit", "times": 1, "retry_after": 1}, {"kind": "cut", "times": 1}, {"kind": "cut-after", "times": 1}, {"kind": "echo", "times": 1} (refuses
with the token in its words); {"kind": "none"} takes all back. GET /test/calls
lists what was asked. Tokens: "edit-token" may do everything, "read-token" may read, "other-token" sees no zone.
"""
import argparse
import ipaddress
import json
import re
import secrets
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STAMP = "2026-11-25T10:00:00.000000Z"
PROXIABLE = {"A", "AAAA", "CNAME"}
DATA = {"SRV", "CAA"}  # kept as data, never as text
ALONE = {"A", "AAAA", "CNAME"}  # what a CNAME excludes, and is excluded by (81053)
EDGE = ["104.16.0.10", "2606:4700::10"]


class Refused(Exception):
    def __init__(self, status, code, message, chain=(), headers=()):
        super().__init__(message)
        self.status, self.headers = status, dict(headers)
        self.error = {"code": code, "message": message}
        if chain:
            self.error["error_chain"] = [{"code": c, "message": m} for c, m in chain]


def invalid(code, message):
    return Refused(400, 1004, "DNS Validation Error", [(code, message)])


class Zone:
    def __init__(self, name, servers, beside=()):
        self.id, self.name, self.paused, self.serial = secrets.token_hex(16), name, False, 1
        self.servers, self.beside = servers, list(beside)  # `beside`: lines the API does not know of
        self.records = {}
        self.settings = {"ssl": "strict", "ssl_automatic_mode": "auto", "always_use_https": "on", "min_tls_version": "1.2",
                         "tls_client_auth": "off", "ipv6": "on", "development_mode": "off", "proxy_read_timeout": "125"}

    def entry(self):
        return {"id": self.id, "name": self.name, "status": "active", "paused": self.paused, "type": "full",
                "development_mode": 0, "name_servers": self.servers, "original_name_servers": None,
                "original_registrar": None, "original_dnshost": None, "created_on": STAMP, "modified_on": STAMP,
                "activated_on": STAMP, "meta": {}, "owner": {"id": None, "type": "user", "email": None},
                "account": {"id": "0" * 32, "name": "test"}, "permissions": ["#dns_records:read"],
                "plan": {"id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "legacy_id": "free"}}

    def checked(self, body, known=None):
        """The whole record that `body` asks for, on top of `known`; refused as the real API refuses."""
        record = dict(known or {})
        record.update({k: v for k, v in body.items() if k in (
            "type", "name", "content", "ttl", "proxied", "priority", "comment", "tags", "settings", "data")})
        kind, name = record.get("type"), str(record.get("name", "")).lower().rstrip(".")
        if not kind:
            raise invalid(9004, "Invalid type.")
        if name in ("@", ""):
            name = self.name
        if name != self.name and not name.endswith("." + self.name):
            name += "." + self.name
        if len(name) > 253 or not re.fullmatch(r"(\*\.)?[a-z0-9_.-]+", name):
            raise invalid(9000, "DNS name is invalid.")
        record["name"] = name
        self.check_content(kind, record)
        record.setdefault("proxied", False)
        if record["proxied"] and kind not in PROXIABLE:
            raise Refused(400, 9004, "This record type cannot be proxied.")
        record["ttl"] = 1 if record["proxied"] else record.get("ttl", 1)
        if record["ttl"] != 1 and not 60 <= record["ttl"] <= 86400:
            raise invalid(9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
        record.setdefault("comment", None)
        record.setdefault("tags", [])
        record.setdefault("settings", {})
        return record

    def check_content(self, kind, record):
        content = record.get("content")
        if kind == "SRV" and "data" in record:
            data = record["data"]
            record["content"] = f"{data['weight']} {data['port']} {data['target']}"
            record["priority"] = data["priority"]
            return
        if kind == "CAA" and "data" in record:
            data = record["data"]
            record["content"] = f"{data['flags']} {data['tag']} \"{data['value']}\""
            return
        if kind in DATA and "data" not in record:
            raise invalid(9007, f"Content for {kind} record is required as data.")
        if not content or not isinstance(content, str):
            raise invalid(9007, f"Content for {kind} record is required.")
        for type_, code, of in (("A", 9005, ipaddress.IPv4Address), ("AAAA", 9006, ipaddress.IPv6Address)):
            if kind == type_:
                try:
                    record["content"] = str(of(content))
                except ValueError:
                    raise invalid(code, f"Content for {kind} record must be a valid IPv{4 if kind == 'A' else 6} address.")
        if kind == "MX" and "priority" not in record:
            raise invalid(9100, "priority is a required field for MX records.")
        if kind in ("CNAME", "NS", "MX"):
            record["content"] = content.lower().rstrip(".")

    def conflicts(self, record, records):
        for other in records.values():
            if other["name"] != record["name"] or other.get("id") == record.get("id"):
                continue
            same = other["type"] == record["type"]
            if same and other["content"] == record["content"] and other.get("priority") == record.get("priority"):
                raise Refused(400, 81058, "An identical record already exists.")
            if {record["type"], other["type"]} <= ALONE and "CNAME" in (record["type"], other["type"]):
                raise Refused(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")

    def put(self, records, body, record_id=None, whole=True):
        known = None
        if record_id is not None:
            if record_id not in records:
                raise Refused(404, 81044, "Record does not exist.")
            known = None if whole else records[record_id]
        record = self.checked(body, known)
        kept = records.get(record_id, {})
        record = {"id": record_id or secrets.token_hex(16), "name": record["name"], "type": record["type"],
                  "content": record["content"], "proxiable": record["type"] in PROXIABLE, "proxied": record["proxied"],
                  "ttl": record["ttl"], "settings": record["settings"], "meta": {}, "comment": record["comment"],
                  "tags": record["tags"], "created_on": kept.get("created_on", STAMP),
                  "modified_on": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
                  **{k: record[k] for k in ("priority", "data") if k in record}}
        self.conflicts(record, records)
        records[record["id"]] = record
        return record

    def text(self, soa, edge):
        lines = [f"$ORIGIN {self.name}.", f"@ 300 IN SOA {soa} {self.serial} 3600 600 86400 60"]
        lines += [f"@ 300 IN NS {server}." for server in self.servers] + self.beside
        for record in self.records.values():
            content, ttl = record["content"], 300 if record["ttl"] == 1 else record["ttl"]
            kind = record["type"]
            if record["proxied"]:
                lines += [f"{record['name']}. 300 IN {'AAAA' if ':' in each else 'A'} {each}" for each in edge]
                continue
            if kind in ("CNAME", "NS", "MX", "SRV"):
                content += "."
            if "priority" in record:
                content = f"{record['priority']} {content}"
            if kind == "TXT":
                plain = content[1:-1] if content.startswith('"') else content
                content = " ".join('"' + plain[i:i + 255].replace('"', '\\"') + '"' for i in range(0, len(plain), 255))
            lines.append(f"{record['name']}. {ttl} IN {kind} {content}")
        return "\n".join(dict.fromkeys(lines)) + "\n"


class Api:
    def __init__(self, options):
        self.options, self.lock = options, threading.Lock()
        self.zone = Zone(options.zone, options.ns, options.beside)
        self.calls, self.faults = [], []
        for record in json.loads(open(options.records).read()) if options.records else []:
            self.zone.put(self.zone.records, record)
        if options.zone_file:
            self.publish()

    def publish(self):
        self.zone.serial += 1
        if not self.options.zone_file:
            return
        with open(self.options.zone_file, "w") as out:
            out.write(self.zone.text(self.options.soa, self.options.edge or EDGE))
        if self.options.proxied:
            with open(self.options.proxied, "w") as out:
                out.writelines(f"{r['name']} {r['content']}\n" for r in self.zone.records.values() if r["proxied"])
        if self.options.reload:
            subprocess.run(self.options.reload, shell=True, check=False, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

    def authorise(self, header, method, path):
        if not header or not re.fullmatch(r"Bearer [A-Za-z0-9_-]+", header):
            raise Refused(400, 6003, "Invalid request headers", [(6111, "Invalid format for Authorization header")])
        token = header.removeprefix("Bearer ")
        if token not in ("edit-token", "read-token", "other-token"):
            raise Refused(403, 9109, "Invalid access token")
        if token != "edit-token" and method != "GET":
            raise Refused(403, 10000, "Authentication error")
        if token == "other-token" and "/zones/" in path:
            raise Refused(403, 10000, "Authentication error")
        return token

    def answer(self, method, path, query, body, token):
        if path == "/user/tokens/verify":
            return {"id": "1" * 32, "status": "active"}, None
        if path == "/zones":
            name = query.get("name", [None])[0]
            zones = [] if token == "other-token" or name not in (None, self.zone.name) else [self.zone.entry()]
            return self.page(zones, query, 50)
        match = re.fullmatch(r"/zones/([^/]+)(/.*)?", path)
        if not match:
            raise Refused(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?",
                          [(7000, "No route for that URI")])
        if match[1] != self.zone.id:
            raise Refused(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
        return self.zone_answer(method, match[2] or "", query, body)

    def zone_answer(self, method, rest, query, body):
        zone = self.zone
        if rest == "":
            if method == "PATCH" and isinstance(body.get("paused"), bool):
                zone.paused = body["paused"]
            return zone.entry(), None
        if rest == "/purge_cache" and method == "POST":
            hosts = body.get("hosts")
            if not body.get("purge_everything") and not (isinstance(hosts, list) and all(isinstance(h, str) for h in hosts)):
                raise Refused(400, 1012, 'Request must contain one of "purge_everything", "files", "tags", "hosts" or "prefixes"')
            if self.options.purge:
                subprocess.run([*self.options.purge.split(), *(hosts or [])], check=False, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
            return {"id": zone.id}, None
        match = re.fullmatch(r"/settings/(\w+)", rest)
        if match:
            if match[1] not in zone.settings:
                raise Refused(400, 1006, f"Unrecognized zone setting name: {match[1]}")
            if method == "PATCH":
                zone.settings[match[1]] = body["value"]
            return {"id": match[1], "value": zone.settings[match[1]], "editable": True, "modified_on": STAMP}, None
        if rest == "/dns_records" and method == "GET":
            return self.page(self.filtered(query), query, self.options.most_per_page)
        if rest == "/dns_records" and method == "POST":
            return self.changed(lambda records: zone.put(records, body)), None
        if rest == "/dns_records/batch" and method == "POST":
            return self.changed(lambda records: self.batch(records, body)), None
        match = re.fullmatch(r"/dns_records/([0-9a-f]+)", rest)
        if not match:
            raise Refused(404, 7003, f"Could not route to /zones/{zone.id}{rest}", [(7000, "No route for that URI")])
        if method == "GET":
            if match[1] not in zone.records:
                raise Refused(404, 81044, "Record does not exist.")
            return zone.records[match[1]], None
        if method == "DELETE":
            return self.changed(lambda records: self.remove(records, match[1])), None
        return self.changed(lambda records: zone.put(records, body, match[1], method == "PUT")), None

    def filtered(self, query):
        records = list(self.zone.records.values())
        for key, field in (("type", "type"), ("name.exact", "name"), ("name", "name"), ("content", "content")):
            if key in query:
                records = [r for r in records if r[field] == query[key][0]]
        order = query.get("order", ["name"])[0]
        records.sort(key=lambda r: (str(r.get(order)), r["id"]))
        return records

    def page(self, items, query, most):
        number = int(query.get("page", ["1"])[0])
        size = min(int(query.get("per_page", ["100"])[0]), most)
        part = items[(number - 1) * size:number * size]
        return part, {"page": number, "per_page": size, "count": len(part), "total_count": len(items),
                      "total_pages": max(1, -(-len(items) // size))}

    def remove(self, records, record_id):
        if record_id not in records:
            raise Refused(404, 81044, "Record does not exist.")
        del records[record_id]
        return {"id": record_id}

    def batch(self, records, body):
        """Deletes, patches, puts, posts, in this order: all or nothing."""
        done = {"deletes": [], "patches": [], "puts": [], "posts": []}
        for item in body.get("deletes") or []:
            done["deletes"].append(records[item["id"]] if item["id"] in records else None)
            self.remove(records, item["id"])
        for part, whole in (("patches", False), ("puts", True)):
            for item in body.get(part) or []:
                done[part].append(self.zone.put(records, item, item["id"], whole))
        for item in body.get("posts") or []:
            done["posts"].append(self.zone.put(records, item))
        return done

    def changed(self, change):
        records = dict(self.zone.records)
        result = change(records)
        self.zone.records = records
        self.publish()
        return result


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *_):
        pass

    def reply(self, status, document, headers=()):
        text = json.dumps(document).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def fault(self):
        for fault in self.api.faults:
            if fault["times"] > 0 and fault.get("method", self.command) == self.command:
                fault["times"] -= 1
                return fault
        return None

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        api = self.api
        with api.lock:
            if url.path.startswith("/test/"):
                return self.test(url.path, raw)
            path = url.path.removeprefix("/client/v4")
            fault = self.fault()
            api.calls.append({"method": self.command, "path": self.path, "body": raw.decode() or None})
            if fault and fault["kind"] == "status":
                return self.reply(fault["status"], {"success": False, "result": None, "messages": [],
                                                    "errors": [{"code": 1000, "message": "Internal trouble"}]})
            if fault and fault["kind"] == "echo":
                said = f"Invalid header: {self.headers.get('Authorization')}"
                return self.reply(400, {"success": False, "result": None, "messages": [],
                                        "errors": [{"code": 6003, "message": said}]})
            if fault and fault["kind"] == "limit":
                return self.reply(429, {"success": False, "errors": [{"code": 971, "message": "Please wait and consider "
                                        "throttling your request speed"}], "messages": [], "result": None},
                                  {"Retry-After": str(fault.get("retry_after", 1)), "Ratelimit": '"default";r=0;t=1'})
            if fault and fault["kind"] == "cut":
                self.close_connection = True
                return self.connection.close()
            try:
                body = json.loads(raw) if raw else {}
                token = api.authorise(self.headers.get("Authorization"), self.command, path)
                result, info = api.answer(self.command, path, urllib.parse.parse_qs(url.query), body, token)
            except Refused as refused:
                return self.reply(refused.status, {"success": False, "errors": [refused.error], "messages": [],
                                                   "result": None}, refused.headers)
            except (ValueError, KeyError, TypeError) as wrong:
                return self.reply(400, {"success": False, "errors": [{"code": 6007, "message": f"Malformed JSON in request "
                                        f"body: {wrong}"}], "messages": [], "result": None})
            if fault and fault["kind"] == "cut-after":
                self.close_connection = True
                return self.connection.close()
            document = {"success": True, "errors": [], "messages": [], "result": result}
            if info:
                document["result_info"] = info
            return self.reply(200, document, {"Ratelimit": '"default";r=1199;t=300'})

    def test(self, path, raw):
        if path == "/test/calls":
            return self.reply(200, self.api.calls)
        if path == "/test/records":
            return self.reply(200, list(self.api.zone.records.values()))
        fault = json.loads(raw)
        if fault["kind"] == "none":
            self.api.faults.clear()
        else:
            self.api.faults.append(fault)
        return self.reply(200, {})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zone", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--records")
    parser.add_argument("--zone-file")
    parser.add_argument("--reload")
    parser.add_argument("--soa", default="ns1.provider.test. hostmaster.provider.test.")
    parser.add_argument("--ns", action="append")
    parser.add_argument("--beside", action="append", default=[], help="a line of the zone file that is no record of the API")
    parser.add_argument("--edge", action="append", help="an address that proxied names have")
    parser.add_argument("--proxied", help="a file for the proxied names, 'NAME CONTENT' a line, written before --reload")
    parser.add_argument("--purge", help="run with the host names whose copies shall go")
    parser.add_argument("--most-per-page", type=int, default=5_000_000)
    options = parser.parse_args()
    options.ns = options.ns or ["ns1.provider.test", "ns2.provider.test"]
    Handler.api = Api(options)
    server = ThreadingHTTPServer((options.address, options.port), Handler)
    print("listening", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
