#!/bin/sh
# Fuzz every target for SECONDS, all at once: scripts/fuzz.sh SECONDS [TARGET...]
#
# Builds on the stable toolchain with the flags of cargo-fuzz, less the address sanitizer, which only nightly
# has (there is no unsafe code to find). Needs a C++ compiler for libFuzzer.
# A crash ends with an error and leaves its input in fuzz/artifacts/TARGET; fuzz/target/HOST/release/TARGET FILE
# runs it again. What has been learnt stays in fuzz/corpus/TARGET for the next time.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET...]}
shift
targets=${*:-demux directives engine m3u validate xmltv}
host=$(rustc -vV | sed -n 's/^host: //p')

coverage='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4'
coverage="$coverage -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"

# With --target the flags stay away from build scripts, which have no libFuzzer to link to.
for target in $targets; do
    RUSTFLAGS="$coverage -Ccodegen-units=1 --cfg fuzzing" \
        cargo build --quiet --locked --release --manifest-path fuzz/Cargo.toml --target "$host" --bin "$target"
done

# Files to begin with. The demo's clips are too long, their first packets are not.
seeds=$(mktemp -d)
trap 'kill $jobs 2>/dev/null || true; rm -rf "$seeds"' EXIT
jobs=
trap 'exit 130' INT TERM
mkdir -p "$seeds/demux" "$seeds/directives" "$seeds/engine" "$seeds/m3u" "$seeds/validate" "$seeds/xmltv"
cp fuzz/seeds/engine/* "$seeds/engine"
cp fuzz/seeds/validate/* "$seeds/validate"
cp fuzz/seeds/xmltv/* "$seeds/xmltv"
printf 'profile=fast&_HLS_msn=1763802000&_HLS_part=3&_HLS_skip=YES' >"$seeds/directives/all"
cp fuzz/seeds/m3u/* demo/demo.m3u "$seeds/m3u"
for clip in clean slow; do
    head -c 18800 "demo/$clip.ts" >"$seeds/demux/$clip.ts"
    tail -c 18801 "demo/$clip.ts" >"$seeds/demux/$clip-middle.ts"
done
if [ -d ../shared/corpus ]; then
    find ../shared/corpus -name '*.ts' -size -64k -exec cp {} "$seeds/demux" \;
else
    echo "fuzz: no ../shared/corpus here, fuzzing without its files"
fi

# Long lists teach nothing that short ones do not (that work grows with their length alone, unit tests say); media must be long enough for several segments.
longest() { case $1 in directives) echo 256 ;; engine) echo 4096 ;; m3u | xmltv) echo 2048 ;; validate) echo 8192 ;; *) echo 65536 ;; esac }

for target in $targets; do
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    dictionary=fuzz/$target.dict
    "fuzz/target/$host/release/$target" ${dictionary:+$([ ! -f "$dictionary" ] || echo "-dict=$dictionary")} \
        -max_total_time="$seconds" -max_len="$(longest "$target")" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 \
        -artifact_prefix="fuzz/artifacts/$target/" -print_final_stats=1 -verbosity=0 \
        "fuzz/corpus/$target" "$seeds/$target" >"$seeds/$target.log" 2>&1 &
    jobs="$jobs $!"
done

failed=0
set -- $jobs
for target in $targets; do
    if wait "$1"; then
        echo "fuzz: $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$seeds/$target.log") inputs in $seconds s, no crash"
    else
        failed=1
        cat "$seeds/$target.log"
        echo "fuzz: $target CRASHED, see above and fuzz/artifacts/$target"
    fi
    shift
done
exit $failed
