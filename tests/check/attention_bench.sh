#!/usr/bin/env bash
# From the bench to the tables, on this machine's CPU.
# usage: attention_bench.sh BENCH HEADROOM
set -euo pipefail
bench=$1 headroom=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { printf 'attention_bench: %s\n' "$*" >&2; exit 1; }
# expect CODE TEXT COMMAND...: the exit code, and a text in what it prints.
expect() {
  local wanted=$1 text=$2 code=0
  shift 2
  "$@" > output 2>&1 < /dev/null || code=$?
  [[ $code == "$wanted" ]] || { cat output >&2; fail "exit code $code, not $wanted: $*"; }
  grep -qF -- "$text" output || { cat output >&2; fail "no '$text' from: $*"; }
}

expect 0 'cpu_scalar' "$bench" --list
expect 0 'kind: cpu: not a GPU' "$bench" --quick --out quick.json --samples samples.tsv
expect 0 'points     9 of attention' "$headroom" profile show quick.json
expect 0 '(cpu: not a GPU)' "$headroom" profile show quick.json
if grep -q INCOMPLETE output; then fail "a whole sweep is not complete"; fi
(($(wc -l < samples.tsv) > 9 * 5)) || fail "too few samples"

"$headroom" profile shapes --model gemma-3-27b-it --tp 1,2,3,4 > shapes.json
expect 0 'decode/q8kv4d128' "$bench" --shapes shapes.json --out shards.json --implementation cpu_scalar \
  --type fp16 --benchmark_filter='s256' --threads 1
expect 0 'TP 4' "$headroom" profile show shards.json --model gemma-3-27b-it
expect 0 'only in A: 9' "$headroom" profile compare quick.json shards.json

# Interrupted: what was measured until then can be read.
set -m  # a background job of its own takes SIGINT
"$bench" --out interrupted.json > output 2>&1 < /dev/null &
pid=$!
for _ in {1..100}; do
  [[ ! -s interrupted.json ]] || ! grep -q '"op"' interrupted.json || break
  sleep 0.1
done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 130 ]] || fail "exit code $code when interrupted"
expect 0 'INCOMPLETE' "$headroom" profile show interrupted.json

expect 2 'no-such-file' "$bench" --shapes no-such-file
expect 2 'headroom.shapes' "$bench" --shapes quick.json
expect 2 "no implementation 'fast'" "$bench" --implementation fast
expect 2 '--bogus' "$bench" --bogus
expect 2 '--benchmark_bogus' "$bench" --benchmark_bogus
expect 2 'not in range' "$bench" --budget-s 0
