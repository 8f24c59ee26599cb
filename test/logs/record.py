#!/usr/bin/env python3
"""Runs inside the namespaces that record.sh made. Each fault is a server of its own behind every proxy,
under a path that names the truth: /connect.refused/. truth.txt maps the servers' ports to it as well, for
logs that do not show the path."""
import concurrent.futures
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MISBEHAVE, OUT = sys.argv[1], pathlib.Path(sys.argv[2])
WORK = pathlib.Path(tempfile.mkdtemp(prefix="logs-"))
SITE = "shop.example.net"

# truth, how the server behaves, TLS. "drop" and "reject" are the firewall's doing.
PLAIN = {
    "connect.refused": None,
    "connect.silent": "drop",
    "route.host_unreachable": "reject",
    "connect.port_unreachable": "reject-port",
    "http.closed": "empty-reply",
    "http.reset": "reset-after-request",
    "http.silent": "slow-first-byte --delay 30",
    "http.malformed": "garbage",
    "http.malformed~status-line": "bad-status-line",
    "http.malformed~header": "bad-header",
    "http.headers_too_large": "big-headers",
    "http.headers_truncated": "headers-fin",
    "http.headers_truncated~reset": "headers-reset",
    "http.silent~headers": "headers-stall",
    "http.body_truncated": "body-fin",
    "http.body_truncated~reset": "body-reset",
    "http.stalled_body": "body-stall",
    "http.bad_chunking": "bad-chunk",
    "http.length_mismatch": "two-lengths",
    "http.status": "answer --status 500 --reason Broken",
    "http.status~502": "answer --status 502 --reason Gateway",
    "http.status~503": "answer --status 503 --reason Busy",
    "http.status~504": "answer --status 504 --reason Late",
}
TLS = {
    "tls.not_spoken": "http-on-tls",
    "tls.silent": "tls-silence",
    "tls.closed": "tls-fin",
    "tls.reset": "tls-reset",
    "tls.alert": "tls-alert --number 80",
    "tls.no_shared_cipher": "tls-alert --number 40",
    "tls.no_shared_version": "tls-alert --number 70",
    "tls.name_unrecognized": "tls-alert --number 112",
    "cert.expired": "answer --tls --cert {w}/expired.pem --key {w}/expired.key",
    "cert.not_yet_valid": "answer --tls --cert {w}/future.pem --key {w}/future.key",
    "cert.wrong_name": "answer --tls --cert {w}/other.pem --key {w}/other.key",
    "cert.self_signed": "answer --tls --cert {w}/self.pem --key {w}/self.key",
    "cert.unknown_issuer": "answer --tls --cert {w}/stranger.pem --key {w}/stranger.key",
}
FINE = {"fine": "answer", "fine~tls": "answer --tls --cert {w}/good.pem --key {w}/good.key"}
FAULTS = {**PLAIN, **TLS, **FINE}
PORT = {name: 18100 + i for i, name in enumerate(FAULTS)}
SECURE = set(TLS) | {"fine~tls"}
running = []


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more)


def start(words, **more):
    running.append(subprocess.Popen(words, **more))
    return running[-1]


def certificates():
    def authority(name):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={name}", "-days", "3650", "-keyout", f"{WORK}/{name}.key", "-out", f"{WORK}/{name}.crt")

    def leaf(name, host, signer, start="20200101000000Z", end="20491231235959Z"):
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-keyout", f"{WORK}/{name}.key", "-out", f"{WORK}/{name}.csr")
        store = WORK / f"{name}.ca"
        store.mkdir()
        (store / "index").touch()
        (store / "conf").write_text("\n".join([
            "[ca]", "default_ca=d", "[d]", f"database={store}/index", "rand_serial=yes", f"new_certs_dir={store}",
            "policy=p", "copy_extensions=copyall", "unique_subject=no", "[p]", "commonName=supplied"]))
        by = ["-selfsign", "-keyfile", f"{WORK}/{name}.key"] if signer is None else [
            "-cert", f"{WORK}/{signer}.crt", "-keyfile", f"{WORK}/{signer}.key"]
        run("openssl", "ca", "-batch", "-config", f"{store}/conf", "-notext", "-md", "sha256", *by, "-startdate",
            start, "-enddate", end, "-in", f"{WORK}/{name}.csr", "-out", f"{WORK}/{name}.pem")

    authority("root")
    authority("other-root")
    leaf("good", SITE, "root")
    leaf("expired", SITE, "root", end="20210101000000Z")
    leaf("future", SITE, "root", start="20480101000000Z")
    leaf("other", "elsewhere.example.org", "root")
    leaf("self", SITE, None)
    leaf("stranger", SITE, "other-root")


def servers():
    run("ip", "link", "set", "lo", "up")
    rules = "add table inet t\nadd chain inet t in { type filter hook input priority 0; }\n"
    verdict = {"drop": "drop", "reject": "reject with icmp type host-unreachable",
               "reject-port": "reject with icmp type port-unreachable"}
    for name, mode in FAULTS.items():
        if mode in verdict:
            rules += f"add rule inet t in tcp dport {PORT[name]} {verdict[mode]}\n"
        elif mode is not None:
            start([MISBEHAVE, *mode.format(w=WORK).split(), "--port", str(PORT[name]), "--bind", "127.0.0.1"],
                  stdout=subprocess.DEVNULL)
    run("nft", "-f", "-", input=rules)
    resolv = WORK / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    run("mount", "--bind", str(resolv), "/etc/resolv.conf")
    start([MISBEHAVE, "dns", "--kind", "rcode", "--number", "3", "--recursive", "--port", "53", "--bind", "127.0.0.1"],
          stdout=subprocess.DEVNULL)


def url(name):
    return f"{'https' if name in SECURE else 'http'}://127.0.0.1:{PORT[name]}"


def nginx():
    locations = "".join(
        f"    location /{name}/ {{ proxy_pass {url(name)}; }}\n" for name in FAULTS)
    (WORK / "nginx.conf").write_text(f"""
daemon off; pid {WORK}/nginx.pid; error_log {OUT}/nginx-error.log info; user root;
events {{ worker_connections 512; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
    '"$http_user_agent" rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" '
    'urt="$upstream_response_time" uaddr="$upstream_addr" us="$upstream_status" host=$host';
  log_format json escape=json '{{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","host":"$host",'
    '"request":"$request","status":$status,"request_time":$request_time,"upstream_addr":"$upstream_addr",'
    '"upstream_status":"$upstream_status","upstream_connect_time":"$upstream_connect_time",'
    '"upstream_header_time":"$upstream_header_time","upstream_response_time":"$upstream_response_time"}}';
  access_log {OUT}/nginx-access.log timed; access_log {OUT}/nginx-json.log json;
  access_log {OUT}/nginx-combined.log combined;
  proxy_connect_timeout 1s; proxy_read_timeout 1s; proxy_send_timeout 1s; proxy_next_upstream off;
  proxy_ssl_verify on; proxy_ssl_trusted_certificate {WORK}/root.crt; proxy_ssl_name {SITE}; proxy_ssl_server_name on;
  proxy_ssl_verify_depth 3; proxy_buffering off; resolver 127.0.0.1 ipv6=off; resolver_timeout 1s;
  client_body_temp_path {WORK}/nb; proxy_temp_path {WORK}/np; fastcgi_temp_path {WORK}/nf; uwsgi_temp_path {WORK}/nu; scgi_temp_path {WORK}/ns;
  server {{ listen 127.0.0.1:8081; server_name {SITE};
{locations}    location /resolve.not_found/ {{ set $gone gone.example.invalid; proxy_pass http://$gone; }}
    location /connect.refused~socket/ {{ fastcgi_pass unix:{WORK}/php-fpm.sock; }}
  }} }}
""")
    start(["nginx", "-c", f"{WORK}/nginx.conf", "-p", str(WORK)], stderr=subprocess.DEVNULL)


def haproxy():
    text = f"""
global
  log stdout format raw local0
  ssl-server-verify required
defaults
  mode http
  log global
  option httplog
  timeout connect 2s
  timeout client 10s
  timeout server 1s
  retries 0
frontend web
  bind 127.0.0.1:8082
"""
    for name in FAULTS:
        text += f"  use_backend {name.replace('~', '-')} if {{ path_beg /{name}/ }}\n"
    text += "  use_backend choose.no_healthy_origin if { path_beg /choose.no_healthy_origin/ }\n"
    for name in FAULTS:
        tls = f" ssl verify required ca-file {WORK}/root.crt sni str({SITE}) verifyhost {SITE}" if name in SECURE else ""
        word = name.replace("~", "-")
        text += f"backend {word}\n  server {word} 127.0.0.1:{PORT[name]}{tls}\n"
    text += f"backend choose.no_healthy_origin\n  option httpchk\n  server down 127.0.0.1:{PORT['connect.refused']} check inter 100 fall 1\n"
    (WORK / "haproxy.cfg").write_text(text)
    start(["haproxy", "-db", "-f", f"{WORK}/haproxy.cfg"], stdout=open(OUT / "haproxy.log", "w"),
          stderr=open(WORK / "haproxy.err", "w"))


def apache():
    modules = "mpm_event authz_core proxy proxy_http ssl socache_shmcb log_config unixd env setenvif".split()
    built_in = run("apache2", "-l").stdout
    load = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in modules
                   if f"mod_{m}.c" not in built_in)
    passes = "".join(f"ProxyPass /{name}/ {url(name)}/ connectiontimeout=1 timeout=1 retry=0 disablereuse=On\n"
                     for name in FAULTS)
    (WORK / "apache.conf").write_text(f"""
{load}
ServerName {SITE}
ServerRoot {WORK}
PidFile {WORK}/apache.pid
Listen 127.0.0.1:8083
ErrorLog {OUT}/apache-error.log
LogLevel info
CustomLog {OUT}/apache-access.log "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\""
SSLProxyEngine on
SSLProxyVerify require
SSLProxyCACertificateFile {WORK}/root.crt
SSLProxyCheckPeerName on
SSLProxyCheckPeerExpire on
ProxyPreserveHost on
{passes}ProxyPass /resolve.not_found/ http://gone.example.invalid/
""")
    start(["apache2", "-d", str(WORK), "-f", f"{WORK}/apache.conf", "-DFOREGROUND"],
          stderr=open(WORK / "apache.err", "w"))


def caddy():
    handles = ""
    for name in FAULTS:
        trust = f"tls_trusted_ca_certs {WORK}/root.crt\n tls_server_name {SITE}" if name in SECURE else ""
        handles += f""" handle /{name}/* {{ reverse_proxy {url(name)} {{
   transport http {{
    dial_timeout 1s
    response_header_timeout 1s
    read_timeout 1s
    {trust}
   }}
  }} }}\n"""
    handles += " handle /resolve.not_found/* { reverse_proxy http://gone.example.invalid }\n"
    text = f"""{{
 admin off
 auto_https off
 log {{
  output file {OUT}/caddy.log
  level INFO
 }}
}}
http://:8084 {{
 log {{
  output file {OUT}/caddy-access.log
 }}
{handles}}}
"""
    (WORK / "Caddyfile").write_text("\n".join(
        line.replace("{ reverse_proxy", "{\n reverse_proxy").replace("} }", "}\n}") for line in text.splitlines())
        .replace("{\n reverse_proxy http://gone.example.invalid }", "{\n reverse_proxy http://gone.example.invalid\n}"))
    start(["caddy", "run", "--config", f"{WORK}/Caddyfile", "--adapter", "caddyfile"],
          stderr=open(WORK / "caddy.err", "w"), env={"HOME": str(WORK), "PATH": "/usr/bin:/bin"})


def ask(port, name):
    code = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "12", "-H", f"Host: {SITE}",
         f"http://127.0.0.1:{port}/{name}/?token=s3cr3t"], capture_output=True, text=True)
    return f"{port} {name}: {code.stdout}"


def until_open(port):
    for _ in range(100):
        if subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/"]).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing opens on {port}: see {WORK}")


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    certificates()
    servers()
    for proxy in (nginx, haproxy, apache, caddy):
        proxy()
    for port in (8081, 8082, 8083, 8084):
        until_open(port)
    extra = {8081: ["resolve.not_found", "connect.refused~socket"], 8082: ["choose.no_healthy_origin"],
             8083: ["resolve.not_found"], 8084: ["resolve.not_found"]}
    jobs = [(port, name) for port in extra for name in [*FAULTS, *extra[port]]]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for line in pool.map(lambda job: ask(*job), jobs):
            print(line)
    time.sleep(1.5)  # the proxies write their last lines
    for process in reversed(running):
        process.send_signal(signal.SIGTERM)
    (OUT / "truth.txt").write_text("".join(f"127.0.0.1:{port} {name}\n" for name, port in PORT.items()))
    for path in OUT.iterdir():  # the folder is nobody's business
        path.write_text(path.read_text(errors="replace").replace(str(WORK), "/run/logs"))


main()
