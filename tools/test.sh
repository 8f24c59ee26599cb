#!/bin/sh
# make test: everything that must hold before a change lands. Prints what it does and how long it took.
# clang-tidy looks at what changed since it last passed on this machine, for $tidy_seconds at most: over all it takes longer than all of this.
# `make tidy` looks at everything.
set -eu
jobs=$(nproc)
tidy_seconds=420
begin=$(date +%s)
step() { printf '== %s (at %ss)\n' "$1" "$(($(date +%s) - begin))"; }

sh tools/setup.sh
step 'build, debug with warnings as errors'
make --no-print-directory build/dev/build.ninja
ninja -C build/dev -j"$jobs" --quiet
step 'unit tests, scenarios and the rules of the house'
ctest --test-dir build/dev --output-on-failure
step 'clang-tidy over what changed'
python3 tools/tidy.py --within "$tidy_seconds"
if [ "$(id -u)" -eq 0 ] && unshare --net --mount --pid --fork true 2>/dev/null; then
  step 'lab: a subset of real faults in namespaces'
  build/dev/causeway lab run --all --filter @ci
  step 'lab: the same faults as a visitor of causeway edge meets them'
  build/dev/causeway lab run --all --filter @ci --through-edge
  step 'lab: zones that drifted, mended through the provider, and brought back'
  build/dev/causeway lab run --check --filter 'zone/*'
  step 'lab: a report of each fault, its evidence, and no planted secret in it'
  /usr/bin/python3 test/lab/report_canaries.py --causeway build/dev/causeway --filter @ci
  step 'lab: a migration rehearsed, and a cut-over without a lost request'
  build/dev/causeway lab run --check --filter 'plan/*'
else
  step 'lab left out: it needs root and namespaces (sudo make lab)'
fi
step 'done'
