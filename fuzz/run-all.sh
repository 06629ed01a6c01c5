#!/bin/sh
# Builds every target, then runs them one after the other: `run-all.sh SECONDS [DIR [TARGET ...]]`, seconds for each; logs
# go to DIR (default `logs`). Prints executions and findings of each. What is found stands in artifacts/TARGET.
set -u
cd "$(dirname "$0")" || exit 2
seconds=${1:?seconds for each target}
logs=${2:-logs}
[ $# -gt 2 ] && shift 2 && targets=$*
mkdir -p "$logs"
RUSTC_BOOTSTRAP=1 cargo fuzz build >"$logs/build.log" 2>&1 || { tail "$logs/build.log"; exit 2; }
found=0
for target in ${targets:-parse normalize build_world decide differential open_bundle open_file prove}; do
    mkdir -p "corpus/$target" "artifacts/$target"
    options="-max_total_time=$seconds -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -dict=cam.dict"
    case $target in
    open_file) options="$options -max_len=131072" ;;
    build_world) options="$options -max_len=16384" ;;
    decide) options="$options -max_len=4096" ;;
    esac
    # The binary itself: what is edited meanwhile is not built in between.
    # shellcheck disable=SC2086
    if target/*/release/"$target" -artifact_prefix="artifacts/$target/" $options "corpus/$target" \
        >"$logs/$target.log" 2>&1; then result=nothing; else result=FOUND; found=1; fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target.log" | tail -1)
    edges=$(grep -o 'cov: [0-9]*' "$logs/$target.log" | tail -1)
    echo "$target: ${runs:-?} executions in $seconds s, ${edges:-no coverage}, $result"
done
exit $found
