#!/bin/sh
# fuzz.sh TARGET SECONDS: runs one libFuzzer target on its kept corpus plus a scratch one.
set -eu
target=$1
seconds=$2
mkdir -p build/fuzz/corpus/"$target"
exec build/fuzz/"${target}_fuzz" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
  build/fuzz/corpus/"$target" fuzz/corpus/"$target"
