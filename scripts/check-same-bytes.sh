#!/usr/bin/env bash
# The same scenario gives the same bytes, whichever compiler built the command.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/check-same-bytes.sh [BINARY BINARY]

Runs examples/busy-cluster.toml with both commands (default: build/release/headroom and
build/clang/headroom) and compares the results byte for byte. Files named wall_clock*, at the top
of the result's folder, hold measured times and are left out.

  --help  this text"

case ${1-} in
  --help) say "$usage"; exit 0 ;;
  -*) die_usage "unknown option '$1'" ;;
esac
(($# == 0 || $# == 2)) || die_usage "give two commands, or none"

scenario=$root/examples/busy-cluster.toml
binaries=("${1:-$root/build/release/headroom}" "${2:-$root/build/clang/headroom}")
for binary in "${binaries[@]}"; do
  [[ -x $binary ]] || die "no command at $binary: build it first"
done

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
for i in 0 1; do
  mkdir "$work/$i"
  binary=$(realpath -- "${binaries[i]}")
  # In a folder of its own and with the same relative name, so that no path differs.
  (cd "$work/$i" && "$binary" run "$scenario" --out out > /dev/null) || die "$binary failed"
  [[ -s $work/$i/out/result.json ]] || die "$binary wrote no result.json"
  rm -rf -- "$work/$i"/out/wall_clock*
done
diff --recursive --brief "$work/0/out" "$work/1/out" || die "${binaries[*]}: the results differ"
say "same bytes: $(cd "$work/0/out" && find . -type f | wc -l) files"
