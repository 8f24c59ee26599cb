#!/bin/sh
# second_client.sh FOLDER: the provider's own client library against our local server of its API. The
# library is installed in FOLDER, once for each lock file. Exit 77: it cannot be had here (no npm, no
# registry), and a line says so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
skip() {
  echo "skipped: $1"
  exit 77
}
command -v npm >/dev/null || skip "npm is not installed (tools/setup.sh installs it)"
mkdir -p "$folder"
stamp=$folder/node_modules/.stamp
now=$(sha256sum <"$here/package-lock.json")
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$now" ]; then
  cp "$here/package.json" "$here/package-lock.json" "$folder"
  # Reachable at all? Then a failing installation is a failure, and no reason to skip.
  timeout 20 npm ping --loglevel=silent >/dev/null 2>&1 || skip "the npm registry does not answer, and the library is not installed yet"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
  echo "$now" >"$stamp"
fi
# An import is looked for beside the file that makes it.
cp "$here/second_client.mjs" "$folder"
PROVIDER_API=$here/../../lab/servers/provider_api.py exec node "$folder/second_client.mjs"
