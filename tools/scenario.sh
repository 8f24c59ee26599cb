#!/bin/sh
# Runs the scenario files under test/scenario whose path matches the glob.
set -eu
found=no
for program in build/dev/*_test; do
  tests=$("$program" --gtest_list_tests --gtest_filter="*Scenario*$1*" | grep -c '^  ' || true)
  if [ "$tests" -gt 0 ]; then
    found=yes
    "$program" --gtest_filter="*Scenario*$1*" --gtest_brief=1
  fi
done
if [ "$found" = no ]; then
  echo "no scenario matches '$1'; they are:" >&2
  find test/scenario -name '*.scn' >&2
  exit 2
fi
