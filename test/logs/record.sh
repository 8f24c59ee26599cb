#!/bin/sh
# record.sh MISBEHAVE: writes test/logs/real/ anew: nginx, HAProxy, Apache and Caddy of this system, each
# in front of servers that are wrong in exactly one way. Needs root: it all happens in a network of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "usage: record.sh build/dev/lab/servers/misbehave" >&2; exit 2; }
misbehave=$(realpath "$1")
exec unshare --net --mount --pid --fork --kill-child python3 "$here/record.py" "$misbehave" "$here/real"
