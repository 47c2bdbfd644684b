#!/usr/bin/env bash
# Tries the README's two commands from nothing, in a fresh Debian made by debootstrap.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/try-fresh.sh SUITE [--keep] [--mirror URL] [--no-install]

Makes a chroot of the Debian release SUITE (bookworm, trixie) with git and nothing else, clones
this repository's HEAD into it, and runs scripts/demo, scripts/test, and scripts/demo once more
there as root. Needs root. The bare system is kept in \${XDG_CACHE_HOME:-~/.cache}/headroom;
remove it there to have it made anew. Uncommitted changes are not tried.

  --keep        leave the chroot in place, and say where
  --mirror URL  the Debian mirror (default: this system's, else http://deb.debian.org/debian)
  --no-install  do not install debootstrap here: say that it is missing and stop
  --help        this text"

# The first Debian mirror that this system's apt uses.
system_mirror() {
  local mirror
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2> /dev/null |
    grep -v '^[[:space:]]*#' | grep -oE 'https?://[^][:space:]]+/debian/?([[:space:]]|$)' |
    head -n 1 | tr -d '[:space:]') || true
  printf '%s\n' "${mirror:-http://deb.debian.org/debian}"
}

# The command line of a shell whose mounts and processes end with it, so that nothing of the host is
# ever mounted in the folder when that is removed.
apart=(unshare --mount --pid --fork --kill-child --propagation private --)

child=''
# run_apart COMMAND...: waits in a way that lets a signal through at once.
run_apart() {
  local status=0
  "${apart[@]}" "$@" < /dev/null &
  child=$!
  wait "$child" || status=$?
  child=''
  return "$status"
}

# remove_tree DIR: never through a mount.
remove_tree() {
  if grep -qF " $1/" /proc/self/mountinfo; then
    complain "something is mounted below $1: left in place"
    return 1
  fi
  rm -rf --one-file-system -- "$1"
}

# make_base SUITE TARBALL
make_base() {
  local made=$work/base
  heading "a bare $1 from $mirror"
  mkdir -p "$made" "$(dirname "$2")"
  run_apart debootstrap --variant=minbase --include=git,ca-certificates \
    "$1" "$made" "$mirror" > "$work/debootstrap.log" 2>&1 || {
    tail -n 20 "$work/debootstrap.log" "$made/debootstrap/debootstrap.log" >&2 || true
    die "debootstrap failed"
  }
  # As a fresh machine has it: no package index, nothing downloaded. /dev is filled for each run.
  tar -C "$made" --one-file-system --exclude='./var/lib/apt/lists/*' \
    --exclude='./var/cache/apt/*' --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    -czf "$2.part" .
  mv "$2.part" "$2"
  remove_tree "$made"
}

# Runs apart from the host's mounts: enters the chroot $1 and runs the rest there.
# shellcheck disable=SC2016  # expanded by that shell
enter='
set -euo pipefail
chroot=$1
shift
mount -t proc proc "$chroot/proc"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$chroot/dev"
for device in null zero full random urandom tty; do
  : > "$chroot/dev/$device"
  mount --bind "/dev/$device" "$chroot/dev/$device"
done
mkdir -m 1777 "$chroot/dev/shm"
ln -s /proc/self/fd "$chroot/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do
  ln -s "/proc/self/fd/${stream%%:*}" "$chroot/dev/${stream##*:}"
done
exec chroot "$chroot" "$@"
'

in_chroot() {
  local name settings=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
                       LANG=C.UTF-8)
  for name in http_proxy https_proxy no_proxy CMAKE_BUILD_PARALLEL_LEVEL; do
    if [[ -v $name ]]; then settings+=("$name=${!name}"); fi
  done
  run_apart bash -c "$enter" enter "$chroot" env -i "${settings[@]}" "$@"
}

suite='' keep=0 mirror='' mode=install
while (($# > 0)); do
  case $1 in
    --help) say "$usage"; exit 0 ;;
    --keep) keep=1 ;;
    --no-install) mode=no-install ;;
    --mirror) (($# > 1)) || die_usage "--mirror needs a URL"; mirror=$2; shift ;;
    -*) die_usage "unknown option '$1'" ;;
    *) [[ -z $suite ]] || die_usage "one SUITE at a time, found '$suite' and '$1'"; suite=$1 ;;
  esac
  shift
done
[[ -n $suite ]] || die_usage "no SUITE given: bookworm or trixie"
[[ $suite =~ ^[a-z]+$ ]] || die_usage "'$suite' is no Debian release name: bookworm or trixie"
((EUID == 0)) || die "needs root, to make and enter a chroot"
repo_git rev-parse --quiet --verify 'HEAD^{commit}' > /dev/null || die "the repository has no commit to try"
need_packages "$mode" debootstrap git
mirror=${mirror:-$(system_mirror)}

work=$(mktemp -d "${TMPDIR:-/var/tmp}/headroom-fresh-$suite.XXXXXX")
chroot=$work/root
clean_up() {
  local status=$?
  trap - EXIT
  if [[ -n $child ]]; then
    kill -KILL "$child" 2> /dev/null || true
    wait "$child" 2> /dev/null || true
    sleep 1
  fi
  if ((keep)) && [[ -d $chroot ]]; then
    say "The chroot is kept in $chroot"
  else
    remove_tree "$work" || status=1
  fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tarball=${XDG_CACHE_HOME:-$HOME/.cache}/headroom/debian-$suite.tar.gz
[[ -f $tarball ]] || make_base "$suite" "$tarball"

heading "a fresh $suite in $chroot"
mkdir "$chroot"
tar -C "$chroot" -xzf "$tarball"
cp -L /etc/resolv.conf /etc/hosts "$chroot/etc/"
printf 'deb %s %s main\n' "$mirror" "$suite" > "$chroot/etc/apt/sources.list"
printf '#!/bin/sh\nexit 101\n' > "$chroot/usr/sbin/policy-rc.d"  # start no services
chmod +x "$chroot/usr/sbin/policy-rc.d"
repo_git bundle create --quiet "$chroot/root/headroom.bundle" HEAD
in_chroot git -c init.defaultBranch=main -c advice.detachedHead=false clone --quiet /root/headroom.bundle /root/headroom

for command in scripts/demo scripts/test scripts/demo; do
  heading "$suite: $command"
  SECONDS=0
  in_chroot bash -c "cd /root/headroom && $command" || die "$suite: $command failed"
  say "$suite: $command took $SECONDS s"
done
say "$suite: both commands work from nothing"
