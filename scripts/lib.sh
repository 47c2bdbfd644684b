# shellcheck shell=bash
# What the scripts share: the package list, finding and installing what is missing, configuring and
# building a preset. Sourced, never run.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

# shellcheck disable=SC2034  # used by the scripts that source this file
{
# To build, run and test headroom.
build_packages=(g++ cmake ninja-build git libboost-dev libfmt-dev libcli11-dev libtomlplusplus-dev
                nlohmann-json3-dev libexpected-dev libeigen3-dev zlib1g-dev catch2 libbenchmark-dev
                gnuplot-nox)
# In addition: for scripts/check, and for scripts/check --full.
check_packages=(clang-format clang-tidy ccache)
full_packages=(clang libclang-rt-dev debootstrap valgrind)
}

systems_help="Systems: Debian 12 and Debian 13 (both tried from nothing); Ubuntu 24.04 (untried).
Elsewhere: a C++20 compiler, CMake 3.25 or newer and the libraries that README.md names, then
  cmake --preset release && cmake --build --preset release"

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
# Exit 1: the work failed. Exit 2: the command was not written as it should be.
die() { complain "$*"; exit 1; }
die_usage() { complain "$*"; complain "see ${0##*/} --help"; exit 2; }

have() { command -v "$1" > /dev/null 2>&1; }
# The repository may belong to another user (a container, a mounted folder): git is told that this is so.
repo_git() { git -c safe.directory='*' -C "$root" "$@"; }
jobs() { printf '%s\n' "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "needs root or sudo for: $*"
  fi
}

# Sets `missing` to those of the named packages that are not installed.
find_missing() {
  local package
  missing=()
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed ||
      missing+=("$package")
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" < /dev/null
}

# need_packages install|no-install package...
# Installs what is missing, after naming it; with no-install, names it and stops.
need_packages() {
  local mode=$1
  shift
  if ! have dpkg-query || ! have apt-get; then
    complain "this system has no apt, so nothing can be installed here."
    complain "$systems_help"
    complain "On Debian the packages are: $*"
    exit 1
  fi
  find_missing "$@"
  ((${#missing[@]} > 0)) || return 0
  if [[ $mode == no-install ]]; then
    complain "missing packages: ${missing[*]}"
    complain "install them with: apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  say "Installing: ${missing[*]}"
  # The package index is fetched only if it is not there, or too old to install from.
  if ! apt-get -qq --simulate install --no-install-recommends "${missing[@]}" > /dev/null 2>&1; then
    apt_get update || die "apt-get update failed"
    apt_get install -y --no-install-recommends "${missing[@]}" || die "apt-get install failed"
  elif ! apt_get install -y --no-install-recommends "${missing[@]}"; then
    say "Trying once more with a new package index"
    apt_get update || die "apt-get update failed"
    apt_get install -y --no-install-recommends "${missing[@]}" || die "apt-get install failed"
  fi
}

# configure PRESET: ccache is chosen when a build folder is made, and stays as it was then, so that
# installing it later does not build everything anew.
configure() {
  local preset=$1 launcher=()
  if [[ ! -f $root/build/$preset/CMakeCache.txt ]]; then
    if have ccache; then launcher=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  elif ! have ccache; then
    launcher=(-U CMAKE_CXX_COMPILER_LAUNCHER)
  fi
  (cd "$root" && cmake --preset "$preset" --log-level=NOTICE "${launcher[@]}")
}

# build PRESET [TARGET...]: configures, then builds the targets (all, if none is named).
build() {
  local preset=$1
  shift
  configure "$preset" &&
    (cd "$root" && cmake --build --preset "$preset" -j "$(jobs)" ${1+--target "$@"})
}

# run_tests PRESET [ctest argument...]
run_tests() {
  local preset=$1
  shift
  (cd "$root" && ctest --preset "$preset" -j "$(jobs)" "$@")
}
