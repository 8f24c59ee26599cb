#!/bin/sh
# Line coverage of the unit and scenario tests, per folder; the whole report in build/cover/report.txt.
set -eu
cd build/cover
rm -f *.profraw
programs=
for program in *_test; do
  (cd ../.. && LLVM_PROFILE_FILE="build/cover/$program.profraw" "build/cover/$program" --gtest_brief=1 >/dev/null)
  programs="$programs -object $program"
done
llvm-profdata-19 merge -sparse *.profraw -o all.profdata
# shellcheck disable=SC2086
llvm-cov-19 report $programs -instr-profile all.profdata -ignore-filename-regex='_test\.cpp|/usr/|embedded' >report.txt
awk '/^[a-z]+\// { split($1, p, "/"); lines[p[1]] += $8; missed[p[1]] += $9 }
     END { for (f in lines) printf "%-8s %6.1f %% of %d lines\n", f, 100 * (lines[f] - missed[f]) / lines[f], lines[f] }' report.txt | sort
