#!/usr/bin/env bash
# Checks that profiles/ has what its command makes of the published tables, where those are.
# usage: shipped_profiles.sh SOURCE_DIR HEADROOM
set -euo pipefail
source_dir=$1 headroom=$2
tables=${HEADROOM_SHARED:-$source_dir/../shared}/silicon
if [[ ! -d $tables ]]; then
  echo "skipped: there is no $tables"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TABLES=$tables OUT=$work "$source_dir/scripts/update-profiles" "$headroom" > "$work/log"
for file in "$source_dir"/profiles/*.json; do
  cmp "$file" "$work/$(basename "$file")"
done
echo "$(wc -l < <(ls "$source_dir"/profiles/*.json)) profiles are what scripts/update-profiles makes"
