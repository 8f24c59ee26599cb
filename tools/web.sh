#!/bin/sh
# web.sh build OUT.cpp: builds the console's pages and writes them as C++.
# web.sh check: types of the pages. web.sh e2e ...: clicks through them in Chromium.
# Needs the network only when web/package-lock.json has changed since the last time.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top/web"

# Vite needs Node 20.19 or 22.12 and up; Debian 12 has 18.
usable() {
  [ -x "$1" ] && "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
}
installed() {  # FOLDER: npm ci there, once for each lock file
  stamp=$1/node_modules/.stamp
  now=$(sha256sum <"$1/package-lock.json")
  [ "$(cat "$stamp" 2>/dev/null || true)" = "$now" ] && return
  echo "web: installing what $1/package-lock.json names" >&2
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || {
    echo "web: npm ci failed; the pages need the npm registry once" >&2
    exit 1
  }
  echo "$now" >"$stamp"
}
fetched_node() { ls "$top"/web/toolchain/node_modules/node-linux-*/bin/node 2>/dev/null | head -1; }

node=$(command -v node || true)
if ! usable "$node"; then
  installed toolchain
  node=$(fetched_node)
  usable "$node" || {
    # It is optional there, one for each kind of machine: npm says nothing when it cannot fetch it.
    rm -f toolchain/node_modules/.stamp
    echo "web: the pages need Node 20.19, 22.12 or newer, and npm brought none for $(uname -m); it says of its registry:" >&2
    npm ping --loglevel=error >&2 || true
    exit 1
  }
fi
# npm leaves out what its own Node is too old for, and says nothing where it is optional: the bundler's native part is.
PATH=$(dirname "$node"):$PATH
installed .

case $1 in
  build)
    "$node" node_modules/vite/bin/vite.js build --logLevel warn >&2
    "$node" embed.mjs dist "$2"
    ;;
  check) "$node" node_modules/typescript/bin/tsc --noEmit ;;
  e2e) shift; "$node" e2e/run.mjs "$@" ;;
  *) echo "web.sh: build OUT.cpp, check or e2e" >&2; exit 2 ;;
esac
