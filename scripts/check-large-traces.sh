#!/usr/bin/env bash
# No reader, figure or sort takes memory with the length of a trace.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/check-large-traces.sh [MEGABYTES]

Writes a made-up trace of so many MB (default 2000) in each of four formats, which stand for the ways
there are to read a file, and an unsorted one, into a folder of TMPDIR; runs headroom trace stats and
convert of build/release on them under a limit of 256 MB of address space.

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

# rows FORMAT: endless rows, numbered by awk.
rows() {
  awk -v format="$1" 'BEGIN {
    if (format == "itp" || format == "unsorted") print "job_id,submission_time,duration,num_gpu"
    for (i = 0; ; ++i) {
      at = format == "unsorted" ? (i * 7919) % 5000000 : int(i / 3)
      if (format == "swf")
        printf "%d %d -1 %d %d -1 -1 8 60 -1 1 %d -1 -1 -1 -1 -1 -1\n", i, at, i % 5000, i % 64 + 1, i % 999999
      else if (format == "native")
        printf "{\"id\":\"job-%d\",\"arrival\":%d,\"lifetime\":%d,\"gpus\":%d}\n", i, at, i % 5000, i % 64
      else if (format == "mooncake")
        printf "{\"timestamp\": %d, \"input_length\": %d, \"output_length\": %d, \"hash_ids\": [%d]}\n", at, i % 99991, i % 2003, i
      else
        printf "job-%d,%d,%d.25,%d\n", i, at, i % 50000, i % 9999
    }
  }'
}

# limited COMMAND...: under the limit, its report kept out of the way.
limited() (
  ulimit -v "$limit_kib"
  exec "$@"
)

# The last line may be cut in the middle: it is passed over.
for format in itp swf native mooncake; do
  { rows "$format" || true; } | head -c "${megabytes}000000" > "$folder/trace"
  say "$format: $(du -m "$folder/trace" | cut -f 1) MiB"
  limited "$root/build/release/headroom" trace stats --on-bad-row skip "$folder/trace" |
    sed -n 2,3p
  rm -f "$folder/trace"
done

{ rows unsorted || true; } | head -c "${megabytes}000000" > "$folder/trace"
say "unsorted: $(du -m "$folder/trace" | cut -f 1) MiB"
TMPDIR=$folder limited "$root/build/release/headroom" trace convert --on-bad-row skip \
  --memory 64MiB --to csv --out "$folder/sorted.csv" "$folder/trace"
rm -f "$folder/trace"
limited "$root/build/release/headroom" trace stats "$folder/sorted.csv" | sed -n 2,3p
