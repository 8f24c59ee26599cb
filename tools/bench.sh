#!/bin/sh
# make bench: ratios, not promises. Figures that matter are kept in docs/benchmarks.md.
set -eu
echo '== one diagnosis beside curl'
python3 bench/diagnose_bench.py --causeway build/release/causeway
for program in build/release/bench/*_bench; do
  [ -x "$program" ] || continue
  echo "== $(basename "$program")"
  "$program"
done
