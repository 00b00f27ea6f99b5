#!/usr/bin/env bash
# Makes the Debian package, with Debian's own tools, and has lintian look at it.
#
#   bash etc/debian/build.sh [FOLDER]     the package goes there; default .build/debian
#
# MMDICOM_PROGRAM=FILE (environment): a program that was built with -static-stdlib already; otherwise it is built first,
# which takes as long as a release build from nothing takes. MMDICOM_REVISION: the package's revision; default 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=etc/prepare.sh
. etc/prepare.sh

output=${1:-.build/debian}
mkdir -p "$output"
output=$(cd "$output" && pwd)
require_packages "${build_packages[@]}" debhelper dpkg-dev lintian python3

program=${MMDICOM_PROGRAM:-}
if [ -z "$program" ]; then
  require_swift
  say "the program, with Swift's runtime inside"
  # A folder of its own: these settings and others would rebuild each other's.
  swift build -c release --product mmdicom -Xswiftc -static-stdlib --scratch-path .build/static
  program=$(swift build -c release --product mmdicom -Xswiftc -static-stdlib --scratch-path .build/static --show-bin-path)/mmdicom
fi
if ldd "$program" | grep -q /swift/; then
  echo "build.sh: $program needs Swift's runtime: build it with -static-stdlib" >&2
  exit 65
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
source=$tree/mmdicom
mkdir -p "$source/program/man"
cp -r etc/debian "$source/debian"
rm -f "$source"/debian/*.sh "$source"/debian/*.py "$source"/debian/Containerfile "$source"/debian/README.md
mkdir -p "$source/etc" "$source/samples"
cp -r etc/mmdicom.yaml etc/guide etc/monitoring "$source/etc/"
cp samples/multimix.safetensors samples/MODEL-CARD.md "$source/samples/"
cp -r systemd README.md "$source/"
cp "$program" "$source/program/mmdicom"
program=$source/program/mmdicom

# What the program says of itself.
version=$("$program" --version)
"$program" --experimental-dump-help | python3 etc/debian/manpages.py "$source/program/man" "$version"
"$program" --generate-completion-script bash | sed '1{/^#!/d}' >"$source/program/mmdicom.bash"
"$program" --generate-completion-script zsh >"$source/program/_mmdicom"
"$program" --generate-completion-script fish >"$source/program/mmdicom.fish"
# The date of what is packaged, so that the same sources give the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
sed -i "s/(VERSION)/($version-${MMDICOM_REVISION:-1})/; s/DATE\$/$(date -R -u -d "@$SOURCE_DATE_EPOCH")/" "$source/debian/changelog"
# A native package has no revision of its own.
sed -i "1s/-\([0-9]*\))/+\1)/" "$source/debian/changelog"

say "dpkg-buildpackage"
(cd "$source" && dpkg-buildpackage --build=binary --no-sign)
cp "$tree"/*.deb "$tree"/*.changes "$tree"/*.buildinfo "$output/"
say "lintian"
lintian --fail-on error,warning --tag-display-limit 0 --info "$tree"/*.changes
say "made"
ls -l "$output"/mmdicom_*.deb
