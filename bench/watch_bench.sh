#!/bin/sh
# CPU per check: causeway watch beside blackbox_exporter, same machine, same targets, one after the
# other in turns. Needs root (a network namespace of its own), nginx and prometheus-blackbox-exporter.
#   sh bench/watch_bench.sh PROGRAM [TARGETS] [SECONDS]
# https: sessions are resumed, as they are by default (all but the first check of 20 s); https-full: each check is a full
# handshake, as each of blackbox_exporter's is. tcp: beside them the least that any program needs for a connection, where
# the build has bench/connect_floor. KINDS="https https-full" measures these alone.
set -eu
program=$(readlink -f "${1:-build/release/causeway}")
targets=${2:-2000}
seconds=${3:-20}
if [ "${INSIDE:-}" = "" ]; then
  INSIDE=1 exec unshare --net --mount --fork sh "$0" "$program" "$targets" "$seconds"
fi
ip link set lo up
work=$(mktemp -d)
trap 'kill $(cat "$work"/*.pid 2>/dev/null) 2>/dev/null || true; rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=bench.test \
  -addext 'subjectAltName=DNS:*.bench.test' -keyout "$work/key" -out "$work/cert" 2>/dev/null
cat >"$work/nginx.conf" <<N
worker_processes 1; pid $work/nginx.pid; error_log $work/error.log; daemon on;
events { worker_connections 8192; }
http { access_log off;
  server { listen 0.0.0.0:8080; return 200 "hello\n"; }
  server { listen 0.0.0.0:8443 ssl; ssl_certificate $work/cert; ssl_certificate_key $work/key; return 200 "hello\n"; } }
N
nginx -c "$work/nginx.conf"
cat >"$work/blackbox.yml" <<B
modules:
  tcp: {prober: tcp, timeout: 5s}
  http: {prober: http, timeout: 5s}
  https: {prober: http, timeout: 5s, http: {tls_config: {ca_file: $work/cert}}}
B
GOMAXPROCS=1 prometheus-blackbox-exporter --config.file="$work/blackbox.yml" --web.listen-address=127.0.0.1:9115 \
  --log.level=error 2>/dev/null & echo $! >"$work/blackbox.pid"
sleep 1
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
address() { echo "127.$(($1 / 65025 + 1)).$(($1 / 255 % 255)).$(($1 % 255 + 1))"; }

# Names for https: a certificate is for a name. Full handshakes cost so much that fewer will do.
hosts=300
i=0
while [ $i -lt $hosts ]; do echo "$(address $i) h$i.bench.test"; i=$((i + 1)); done >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts

for kind in ${KINDS:-tcp http https-full https}; do
  case $kind in https*) targets=$hosts ;; esac
  # blackbox_exporter: as many probes as it has targets, 50 at once
  case $kind in tcp) port=8080 scheme= ;; http) port=8080 scheme=http:// ;; https*) port=8443 scheme=https:// ;; esac
  i=0
  while [ $i -lt "$targets" ]; do
    host=$(address $i)
    case $kind in https*) host=h$i.bench.test ;; esac
    printf 'url = "http://127.0.0.1:9115/probe?module=%s&target=%s%s:%s"\noutput = /dev/null\n' ${kind%-full} "$scheme" "$host" $port
    i=$((i + 1))
  done >"$work/urls"
  before=$(ticks "$(cat "$work/blackbox.pid")")
  curl -s --parallel --parallel-max 50 -K "$work/urls" >/dev/null 2>&1 || true
  after=$(ticks "$(cat "$work/blackbox.pid")")
  theirs=$(( (after - before) * 10000 / targets ))

  { echo "[watch]"; echo "diagnose = false"; echo "anchors = [\"127.0.0.1:8080\"]"
    i=0
    while [ $i -lt "$targets" ]; do
      case $kind in
        tcp) url=tcp://$(address $i):$port ;;
        http) url=$scheme$(address $i):$port/ ;;
        https*) url=${scheme}h$i.bench.test:$port/ ;;
      esac
      printf '[[watch.target]]\nid = "t%s"\nurl = "%s"\ninterval = "%ss"\n' $i "$url" 2
      case $kind in https*) printf 'ca_file = "%s"\n' "$work/cert" ;; esac
      [ $kind != https-full ] || echo 'resume = 0'
      i=$((i + 1))
    done; } >"$work/watch.toml"
  # Reading the file and writing each target once is no check: a short run is taken from a long one.
  for length in 6 $((6 + seconds)); do
    timeout -s TERM $length "$program" watch -c "$work/watch.toml" --store "$work/$kind-$length.db" >/dev/null 2>"$work/told" || true
    sed -n 's/.*: \([0-9]*\) checks,.* \([0-9]*\) us a check.*/\1 \2/p' "$work/told"
  done >"$work/figures"
  ours=$(awk '{checks[NR] = $1; cpu[NR] = $1 * $2} END {printf "%.0f", (cpu[2] - cpu[1]) / (checks[2] - checks[1])}' "$work/figures")
  grep -o '[0-9]* checks.*' "$work/told" | sed "s/^/$kind: /"
  echo "$kind: causeway ${ours:-?} us a check, blackbox_exporter $theirs us a probe, ratio $(awk "BEGIN{printf \"%.1f\", $theirs/${ours:-1}}")"
  floor=$(dirname "$program")/bench/connect_floor
  [ $kind != tcp ] || [ ! -x "$floor" ] || echo "$kind: a bare connection $("$floor" $port)"
done
