#!/usr/bin/env bash
# Makes a container image of the Debian package, and has it read a study, shut in as its recipe says.
#
#   sudo bash etc/debian/image.sh PACKAGE.deb [BASE]
#
# BASE: what the image begins with: the name of an image; or a folder with a Debian root (debootstrap --variant=minbase
# bookworm FOLDER), for where no registry can be reached. By default the recipe's. What podman has to be told of this
# machine, such as another runtime, stands where CONTAINERS_CONF says. Needs buildah and podman, and root.
set -euo pipefail
if [ $# -lt 1 ]; then sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 64; fi
package=$(realpath "$1") base=${2:-}
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

say() { printf '\n== %s\n' "$*"; }
check() {
  local what=$1
  shift
  if "$@"; then echo "ok      $what"; else echo "FAILED  $what"; failures=$((failures + 1)); fi
}

arguments=()
if [ -d "$base" ]; then
  say "a base image of $base"
  tar -C "$base" --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* -c . | podman import - localhost/mmdicom-base:latest >/dev/null
  base=localhost/mmdicom-base:latest
fi
if [ -n "$base" ]; then arguments+=(--build-arg "BASE=$base"); fi

say "the image"
cp "$package" "$work/mmdicom.deb"
# In a changed root, on this machine's network: what a build does needs no more.
buildah bud --isolation chroot --format oci -f "$here/Containerfile" --build-arg PACKAGE=mmdicom.deb "${arguments[@]}" -t localhost/mmdicom:latest "$work"
podman images --format '{{.Repository}} {{.Size}}' localhost/mmdicom

# inside [ARGUMENT OF podman run...] -- ARGUMENT OF mmdicom...
data=$work/data
inside() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  podman run --rm --read-only --tmpfs /tmp --network=none -v "$data:/var/lib/mmdicom" "${options[@]}" localhost/mmdicom:latest "$@"
}
mkdir -p "$data"
owner=$(inside --entrypoint /usr/bin/id -- -u):$(inside --entrypoint /usr/bin/id -- -g)

say "a study"
check "runs as somebody who isn't root ($owner)" test "$owner" != 0:0
# The other folders are made by the daemon.
mkdir -p "$data/inbox"
chown -R "$owner" "$data"
check "says its version" inside -- --version
check "draws phantoms" inside -- archive phantom --output /var/lib/mmdicom/phantoms --count 2 --size 512
number=0
while read -r file; do
  number=$((number + 1))
  cp "$file" "$data/inbox/$number.dcm"
done < <(find "$data/phantoms" -name '*.dcm' ! -name '*.seg.dcm')
chown -R "$owner" "$data/inbox"
check "reads what lies there" inside -- serve --config /etc/mmdicom/mmdicom.yaml --once
check "results are there" test -n "$(find "$data/outbox" -name '*.overlay.dcm')"
check "and a report" test "$(tail -n +2 "$data/outbox/report.csv" | grep -cE "(^|,)analysed,")" -ge 2

say "$failures failed"
[ "$failures" -eq 0 ]
