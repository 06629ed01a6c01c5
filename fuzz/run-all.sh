#!/bin/sh
# Runs every target one after the other: `run-all.sh SECONDS [DIR]`, seconds for each; logs go to DIR (default `logs`).
# Prints executions and findings of each. What is found stands in artifacts/TARGET.
set -u
cd "$(dirname "$0")" || exit 2
seconds=${1:?seconds for each target}
logs=${2:-logs}
mkdir -p "$logs"
export RUSTC_BOOTSTRAP=1
found=0
for target in parse normalize build_world decide differential open_bundle open_file prove; do
    mkdir -p "corpus/$target"
    options="-max_total_time=$seconds -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -dict=cam.dict"
    case $target in
    open_file) options="$options -max_len=131072" ;;
    build_world) options="$options -max_len=16384" ;;
    decide) options="$options -max_len=4096" ;;
    esac
    # shellcheck disable=SC2086
    if cargo fuzz run "$target" -- $options >"$logs/$target.log" 2>&1; then result=nothing; else result=FOUND; found=1; fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target.log" | tail -1)
    edges=$(grep -o 'cov: [0-9]*' "$logs/$target.log" | tail -1)
    echo "$target: ${runs:-?} executions in $seconds s, ${edges:-no coverage}, $result"
done
exit $found
