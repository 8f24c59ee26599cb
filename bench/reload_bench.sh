#!/bin/sh
# A million requests through `causeway edge` while it reads its configuration again every half second: how many failed?
# Arguments: program [requests]. Needs nginx and h2load. Loopback alone.
set -eu
program=$1
requests=${2:-1000000}
folder=$(mktemp -d)
cleanup() {
  [ -z "${edge:-}" ] || kill "$edge" 2>/dev/null || true
  [ -z "${origin:-}" ] || kill "$origin" 2>/dev/null || true
  wait
  rm -rf "$folder"
}
trap cleanup EXIT
cat >"$folder/nginx.conf" <<E2
daemon off; worker_processes 1; pid $folder/nginx.pid; error_log $folder/error.log;
events { worker_connections 2000; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path $folder; proxy_temp_path $folder;
  fastcgi_temp_path $folder; uwsgi_temp_path $folder; scgi_temp_path $folder;
  server { listen 127.0.0.1:18181; listen 127.0.0.1:18182; location / { default_type text/plain; return 200 "hello, world"; } } }
E2
# Each reload leads the same route to another origin.
configure() {
  cat >"$folder/edge.toml" <<E2
[edge]
workers = 1
[[edge.listen]]
address = "127.0.0.1:18180"
[[edge.pool]]
name = "www"
[[edge.pool.origin]]
host = "127.0.0.1"
port = $1
scheme = "http"
[[edge.route]]
pool = "www"
[edge.log]
file = "$folder/access.log"
E2
}
configure 18181
nginx -c "$folder/nginx.conf" -p "$folder" 2>/dev/null &
origin=$!
"$program" edge -c "$folder/edge.toml" 2>"$folder/edge.log" &
edge=$!
tries=0
until curl -sf -o "$folder/first" http://127.0.0.1:18180/; do
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || { cat "$folder/edge.log"; exit 1; }
  sleep 0.1
done
h2load --h1 -n "$requests" -c 50 -t 1 http://127.0.0.1:18180/ >"$folder/load" &
load=$!
reloads=0
while kill -0 "$load" 2>/dev/null; do
  sleep 0.5
  reloads=$((reloads + 1))
  configure $((18181 + reloads % 2))
  kill -HUP "$edge"
done
wait "$load"
grep -E '^(finished|requests:|status codes:)' "$folder/load"
told=$(grep -c 'reloaded' "$folder/edge.log" || true)
failed=$(grep -c -v '"status":200' "$folder/access.log" || true)
echo "reloads: $reloads asked for, $told done; lines of the access log that are no 200: $failed"
