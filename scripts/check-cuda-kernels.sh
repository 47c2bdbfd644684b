#!/usr/bin/env bash
# The GPU kernels compile for each architecture without spilling registers.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/check-cuda-kernels.sh [FILE...]

Compiles the .cu files of kernels/ (or those named) for compute capability 8.0 and 9.0a, and prints
the registers and the static shared memory of each kernel. Fails where a kernel spills registers or
has a stack frame, where ptxas ignores setmaxnreg, serializes wgmma or adds fences that the source
lacks, and where a kernel named after wgmma has none of it on 9.0a. Needs no GPU.

  NVCC    environment: the compiler; default: nvcc in PATH, or /usr/local/cuda/bin/nvcc
  --help  this text"

case ${1-} in
  --help) say "$usage"; exit 0 ;;
  -*) die_usage "unknown option '$1'" ;;
esac

nvcc=${NVCC:-$(command -v nvcc || true)}
nvcc=${nvcc:-/usr/local/cuda/bin/nvcc}
if [[ ! -x $nvcc ]]; then
  say "nvcc is not there: skipped"
  exit 0
fi

sources=("$@")
if ((${#sources[@]} == 0)); then
  while IFS= read -r file; do sources+=("$file"); done < <(find "$root/kernels" -name '*.cu' | sort)
fi
((${#sources[@]} > 0)) || die "no .cu file below kernels/"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
export root nvcc work

# compile ARCHITECTURE FILE: what ptxas says, to a file of its own.
compile() {
  local log=$work/$1-$(basename -- "$2").log
  "$nvcc" -std=c++17 -O3 -I "$root" -gencode "arch=compute_$1,code=sm_$1" -cubin \
    -Xptxas -v,-warn-spills -o "${log%.log}.cubin" "$2" > "$log" 2>&1 ||
    printf 'FAILED: %s for sm_%s\n' "$2" "$1" >> "$log"
}
export -f compile
for arch in 80 90a; do
  for source in "${sources[@]}"; do printf '%s\0%s\0' "$arch" "$source"; done
done | xargs -0 -n 2 -P "$(jobs)" bash -c 'compile "$1" "$2"' _

# One line a kernel: architecture, registers, shared, stack, spills, name.
table() {
  local log arch
  for log in "$work"/*.log; do
    arch=$(basename -- "$log")
    awk -v arch="sm_${arch%%-*}" '
      /Compiling entry function/ { split($0, part, "\047"); name = part[2] }
      /bytes stack frame/ { stack = $1; spills = $5 + $9 }
      /Used [0-9]+ registers/ {
        registers = $0; sub(/.*Used /, "", registers); sub(/ registers.*/, "", registers)
        shared = 0
        if (match($0, /[0-9]+ bytes smem/)) shared = substr($0, RSTART, RLENGTH - 11)
        print arch, registers, shared, stack, spills, name
      }' "$log"
  done
}

readable() {
  { c++filt "$1" 2> /dev/null || say "$1"; } |
    sed -E -e 's/headroom::kernels:://g' -e 's/^void //' -e 's/\(ElementType\)0/bf16/' \
      -e 's/\(ElementType\)1/fp16/' -e 's/\(int\)//g' -e 's/\([^()]*\)$//'
}

# Kernels of a file named after wgmma whose PTX for 9.0a has no wgmma, one a line.
without_wgmma() {
  "$nvcc" -std=c++17 -O3 -I "$root" -gencode arch=compute_90a,code=compute_90a -ptx -o - "$1" |
    awk '
      function tell() { if (name != "" && !found) print name }
      /\.entry/ { tell(); found = 0; name = $0; sub(/.*\.entry /, "", name); sub(/\(.*/, "", name) }
      /wgmma\.mma_async/ { found = 1 }
      END { tell() }'
}

bad=0
printf '%-7s %9s %7s %6s %6s  %s\n' arch registers shared stack spills kernel
while read -r arch registers shared stack spills name; do
  printf '%-7s %9s %7s %6s %6s  %s\n' "$arch" "$registers" "$shared" "$stack" "$spills" \
    "$(readable "$name")"
  if ((stack > 0 || spills > 0)); then bad=1; fi
done < <(table)
kernels=$(table | wc -l)
((kernels > 0)) || { cat "$work"/*.log; die "ptxas named no kernel"; }
if grep -hE "instructions are serialized|'setmaxnreg' ignored|warpgroup.arrive is injected|^FAILED|: error" \
  "$work"/*.log; then bad=1; fi
for source in "${sources[@]}"; do
  [[ $source == *wgmma* ]] || continue
  while read -r name; do
    say "no wgmma: $(readable "$name")"
    bad=1
  done < <(without_wgmma "$source")
done
((bad == 0)) || die "spills, stack frames, no wgmma, or messages of ptxas: see above"
say "$kernels kernels, no spills, no stack frames"
