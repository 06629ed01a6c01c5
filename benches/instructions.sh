#!/bin/sh
# Instructions of a decision, counted by callgrind: the same on every run, whatever else the machine does.
#
#   benches/instructions.sh            print them
#   benches/instructions.sh --check    fail when a workload takes over 3 % more than instructions.tsv says
#   benches/instructions.sh --update   print them and write instructions.tsv
#   benches/instructions.sh --heavy    print those that take minutes and gigabytes; they are not stored
#
# Without valgrind it skips, and fails where CI=true.
set -eu
cd "$(dirname "$0")/.."
stored=benches/instructions.tsv
mode=${1:-}
case $mode in
'' | --check | --update) weight=light ;;
--heavy) weight=heavy ;;
*) echo "usage: $0 [--check | --update | --heavy]" >&2; exit 2 ;;
esac

if ! command -v valgrind >/dev/null 2>&1; then
    echo "valgrind is not installed: no instructions are counted" >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi

cargo build --quiet --release -p camshaft-benches --bin count
count=${CARGO_TARGET_DIR:-target}/release/count
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$count" write "$weight" "$folder"

figures=$folder/figures.tsv
printf '# Instructions of one decision; %s. Written by benches/instructions.sh --update.\n' "$(rustc --version)" >"$figures"
for name in $("$count" list "$weight"); do
    if ! requests=$(valgrind --tool=callgrind --callgrind-out-file="$folder/$name.out" \
        --toggle-collect='*decide_counted*' "$count" decide "$folder" "$name" 2>"$folder/$name.log"); then
        cat "$folder/$name.log" >&2
        exit 1
    fi
    awk -v name="$name" -v requests="$requests" '$1 == "summary:" || $1 == "totals:" {
        if ($2 == 0) exit 1
        printf "%s\t%.0f\n", name, $2 / requests
        found = 1
        exit
    } END { exit !found }' "$folder/$name.out" >>"$figures" || { echo "$name: nothing was collected" >&2; exit 1; }
done

if [ "$mode" = --update ]; then
    cp "$figures" "$stored"
fi
if [ "$mode" != --check ]; then
    cat "$figures"
    exit 0
fi
awk -F '\t' '
    /^#/ { next }
    NR == FNR { stored[$1] = $2; next }
    !($1 in stored) { printf "%-20s %6d  not stored: run --update\n", $1, $2; bad = 1; next }
    {
        change = 100 * ($2 / stored[$1] - 1)
        verdict = change > 3 ? "  REGRESSED" : change < -3 ? "  better: run --update" : ""
        printf "%-20s %6d  stored %6d  %+5.1f %%%s\n", $1, $2, stored[$1], change, verdict
        if (change > 3) bad = 1
        seen[$1] = 1
    }
    END {
        for (name in stored) if (!(name in seen)) { printf "%-20s is stored and was not counted\n", name; bad = 1 }
        exit bad
    }' "$stored" "$figures"
