#!/bin/sh
# make bench: ratios, not promises. Figures that matter are kept in docs/benchmarks.md.
set -eu
echo '== one diagnosis beside curl'
python3 bench/diagnose_bench.py --causeway build/release/causeway
if [ "$(id -u)" = 0 ] && [ -e /dev/net/tun ]; then
  echo '== one diagnosis beside its critical path'
  python3 bench/critical_path_bench.py --causeway build/release/causeway
else
  echo '== one diagnosis beside its critical path: needs root and /dev/net/tun'
fi
echo '== causeway explain on large logs'
python3 bench/explain_bench.py --causeway build/release/causeway
for program in build/release/bench/*_bench; do
  [ -x "$program" ] || continue
  echo "== $(basename "$program")"
  "$program"
done
if [ "$(id -u)" = 0 ] && command -v nginx haproxy wrk h2load >/dev/null; then
  echo '== causeway edge beside nginx, HAProxy, h2o and a raw forwarder'
  bench/proxy/proxy_bench.sh build/release/causeway --cases "${CASES:-ka,k16,new,m1,tls,tlsnew,tout,h2,m1tls,mem,memtls}" --rounds "${ROUNDS:-3}" --secs 2
else
  echo '== causeway edge beside its peers: needs root, and nginx haproxy h2o wrk nghttp2-client'
fi
