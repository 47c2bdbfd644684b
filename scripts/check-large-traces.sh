#!/usr/bin/env bash
# No reader, figure or sort takes memory with the length of a trace.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/check-large-traces.sh [MEGABYTES]

Writes a made-up trace of so many MB (default 2000) in each of four formats, which stand for the ways
there are to read a file, one of them gzipped as well, and an unsorted one, into a folder of TMPDIR;
runs headroom trace stats and convert of build/release on them, and headroom run on a hundredth of
it, under a limit of 256 MB of address space. Each has to count the rows that were written.

  --help  this text"

case ${1-} in
  --help) say "$usage"; exit 0 ;;
  *[!0-9]*) die_usage "'$1' is no number of megabytes" ;;
esac
megabytes=${1:-2000}
[[ -x $root/build/release/headroom ]] || die "no command at build/release/headroom: build it first"
limit_kib=$((256 * 1024))
folder=$(mktemp -d "${TMPDIR:-/tmp}/headroom-large-XXXXXX")
trap 'rm -rf -- "$folder"' EXIT

# rows FORMAT BYTES: whole lines of at most so many bytes, numbered by awk.
rows() {
  awk -v format="$1" -v most="$2" 'BEGIN {
    if (format == "itp" || format == "unsorted" || format == "run")
      print "job_id,submission_time,duration,num_gpu"
    for (i = 0; ; ++i) {
      at = format == "unsorted" ? (i * 7919) % 5000000 : int(i / 3)
      if (format == "swf")
        line = sprintf("%d %d -1 %d %d -1 -1 8 60 -1 1 %d -1 -1 -1 -1 -1 -1", i, at, i % 5000, i % 64 + 1, i % 999999)
      else if (format == "native")
        line = sprintf("{\"id\":\"job-%d\",\"arrival\":%d,\"lifetime\":%d,\"gpus\":%d}", i, at, i % 5000, i % 64)
      else if (format == "mooncake")
        line = sprintf("{\"timestamp\": %d, \"input_length\": %d, \"output_length\": %d, \"hash_ids\": [%d]}", at, i % 99991, i % 2003, i)
      else if (format == "run")
        line = sprintf("job-%d,%d,%d.25,1", i, at, i % 9)
      else
        line = sprintf("job-%d,%d,%d.25,%d", i, at, i % 50000, i % 9999)
      most -= length(line) + 1
      if (most < 0) exit
      print line
    }
  }'
}

# write FORMAT MEGABYTES: the trace, and how many rows it has in `written`.
write() {
  rows "$1" "${2}000000" > "$folder/trace"
  written=$(grep -vc '^job_id,' "$folder/trace")
  say "$1: $(du -m "$folder/trace" | cut -f 1) MiB, $written rows"
}

# limited COMMAND...: headroom under the limit.
limited() (
  ulimit -v "$limit_kib"
  exec "$root/build/release/headroom" "$@"
)

# counted WHAT: the number on the standard input is the one written.
counted() {
  local found
  found=$(cat)
  [[ $found == "$written" ]] || die "$1 counts ${found:-nothing} where $written rows were written"
}

# stats FILE: its rows by headroom trace stats.
stats() {
  limited trace stats --json "$1" | sed -nE 's/^  "(tasks|requests)": ([0-9]+),$/\2/p' |
    counted "trace stats"
}

for format in itp swf native mooncake; do
  write "$format" "$megabytes"
  stats "$folder/trace"
  if [[ $format == itp ]]; then
    gzip -1 "$folder/trace"
    say "$format, gzipped"
    stats "$folder/trace.gz"
  fi
  rm -f "$folder/trace" "$folder/trace.gz"
done

write unsorted "$megabytes"
TMPDIR=$folder limited trace convert --memory 64MiB --to csv --out "$folder/sorted.csv" \
  "$folder/trace" | sed -nE 's/^.*: ([0-9,]+) rows.*$/\1/p' | tr -d , | counted "trace convert"
rm -f "$folder/trace"
stats "$folder/sorted.csv"
rm -f "$folder/sorted.csv"

write run "$((megabytes / 100 + 1))"
cat > "$folder/scenario.toml" << 'EOF'
policies = ["naive"]
[[cluster.nodes]]
count = 4
gpu = "A10"
gpus = 8
[workload]
trace = "trace"
format = "itp"
EOF
limited run "$folder/scenario.toml" --out "$folder/out" | sed -nE 's/^  requests +([0-9,]+)$/\1/p' |
  tr -d , | counted "run"
