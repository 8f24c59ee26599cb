#!/bin/bash
# causeway edge beside nginx, HAProxy, h2o and a raw TCP forwarder: CPU time of the proxy's process per
# request, in alternating rounds of one run. Root: everything happens in a network namespace of its own.
#   proxy_bench.sh CAUSEWAY [OPTIONS of proxy_bench.py]
# From Debian: nginx haproxy h2o wrk nghttp2-client gcc libssl-dev iproute2. Env: GEN_CPU, PROXY_CPU.
set -euo pipefail
causeway=$(realpath "$1"); shift
here=$(cd "$(dirname "$0")" && pwd)
export W=${W:-/tmp/causeway-bench} NS=${NS:-causeway-bench} GEN_CPU=${GEN_CPU:-0} PROXY_CPU=${PROXY_CPU:-1}
mkdir -p "$W/peers" "$W/tls"
ulimit -n 20000 2>/dev/null || true
ip netns list | grep -qw "$NS" || { ip netns add "$NS"; ip -n "$NS" link set lo up; }
ip netns exec "$NS" sysctl -qw net.ipv4.ip_local_port_range="1024 65535" net.core.somaxconn=65535 \
  net.ipv4.tcp_max_syn_backlog=65535 net.ipv4.tcp_tw_reuse=1 net.ipv4.ip_local_reserved_ports=8000-9999 || true
# No pacing on loopback: reno for every peer alike.
ip netns exec "$NS" sysctl -qw net.ipv4.tcp_congestion_control=reno || true
for t in origin idle raw_forwarder paced; do
  [ "$W/$t" -nt "$here/tools/$t.c" ] || gcc -O2 -o "$W/$t" "$here/tools/$t.c" -lssl -lcrypto
done
if [ ! -f "$W/tls/ec.pem" ]; then ( cd "$W/tls"
  openssl ecparam -genkey -name prime256v1 -noout -out ca.key
  openssl req -x509 -new -key ca.key -subj "/CN=bench CA" -days 3650 -out ca.pem
  openssl ecparam -genkey -name prime256v1 -noout -out ec.key
  openssl req -new -key ec.key -subj /CN=example.test -out ec.csr
  printf 'subjectAltName=DNS:example.test,IP:127.0.0.1\n' > ext
  openssl x509 -req -in ec.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 800 -extfile ext -out ec.crt
  cat ec.crt ca.pem > ec.chain; cat ec.crt ca.pem ec.key > ec.pem ) 2>/dev/null
fi
for f in nginx.conf origin-tls.conf haproxy.cfg h2o.yaml; do sed "s#@W@#$W#g" "$here/peers/$f" > "$W/peers/$f"; done
ip netns exec "$NS" taskset -c "$GEN_CPU" "$W/origin" 9000 </dev/null >/dev/null 2>&1 & o1=$!
ip netns exec "$NS" taskset -c "$GEN_CPU" nginx -c "$W/peers/origin-tls.conf" -p "$W" </dev/null >/dev/null 2>&1 & o2=$!
trap 'set +e; kill $o1 $o2 2>/dev/null' EXIT
trap 'exit 143' TERM INT
until ip netns exec "$NS" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9000' 2>/dev/null; do :; done
edge="$causeway edge --workers 1 --access-log $W/access.log"
python3 "$here/proxy_bench.py" --peers nginx,haproxy,h2o --baseline nginx \
  --candidate "causeway|plain=8901,tls=8902|$edge --listen 127.0.0.1:8901 --tls-listen 127.0.0.1:8902 --cert $W/tls/ec.chain --key $W/tls/ec.key --origin http://127.0.0.1:9000" \
  --candidate "causeway-tout|plain=8903,tout=8903|$edge --listen 127.0.0.1:8903 --origin https://127.0.0.1:9443 --ca $W/tls/ca.pem" \
  --candidate "raw|plain=8911|$W/raw_forwarder 8911 9000" "$@"
