#!/bin/sh
# tidy.sh: clang-tidy over our sources, all findings are errors. A file whose content, the headers and
# the configuration are as they were when it last passed is not checked again (.cache/tidy).
set -eu
cache=.cache/tidy
mkdir -p "$cache"
config=$(sha256sum <.clang-tidy | cut -c1-16)
headers=$(git ls-files 'src/*.hpp' 'src/*.def' 'lab/*.hpp' | sort | xargs cat | sha256sum | cut -c1-16)
list=$(mktemp)
trap 'rm -f "$list"' EXIT
git ls-files 'src/*.cpp' 'lab/*.cpp' | grep -v '_test\.cpp$' | while read -r file; do
  key=$(sha256sum "$file" | cut -c1-32)-$config-$headers
  [ -e "$cache/$key" ] || echo "$file $key"
done >"$list"
[ -s "$list" ] || exit 0
echo "clang-tidy: $(wc -l <"$list") files" >&2
xargs -a "$list" -P "$(nproc)" -L 1 sh -c '
  out=$(clang-tidy-19 -p build/dev --quiet "$0" 2>/dev/null) || { printf "%s\n" "$out"; exit 1; }
  : >'"$cache"'/"$1"'
