#!/usr/bin/env bash
# Installs, uses, upgrades and removes the package in a clean Debian root, under a live systemd of its own.
#
#   sudo bash etc/debian/try.sh PACKAGE.deb [NEWER.deb]
#
# NEWER.deb: what it is upgraded to; by default the same package once more. MMDICOM_MIRROR (environment): Debian's mirror; by
# default that of this machine. MMDICOM_ROOT: where the root goes (kept); by default a temporary folder. What lies there is
# used. MMDICOM_SHARE=1: also a share by Samba. Needs debootstrap and systemd-container, and root.
set -euo pipefail
if [ $# -lt 1 ]; then sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 64; fi
package=$(realpath "$1") newer=$(realpath "${2:-$1}")
mirror=${MMDICOM_MIRROR:-$(awk '/^(URIs:|deb )/ { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' \
  /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null)}
root=${MMDICOM_ROOT:-$(mktemp -d)/root}
failures=0
here=$(dirname "$(realpath "$0")")

no() { ! "$@"; }
say() { printf '\n== %s\n' "$*"; }
check() {
  local what=$1
  shift
  if "$@"; then echo "ok      $what"; else echo "FAILED  $what"; failures=$((failures + 1)); fi
}

say "a clean root"
if [ ! -d "$root/usr" ]; then
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; exit 1; }
fi
# Names are resolved while packages come; the running system has no network but its own.
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
for file in /etc/apt/apt.conf.d/*proxy*; do if [ -e "$file" ]; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi; done
mkdir -p "$root/opt/packages"
cp "$package" "$root/opt/packages/old.deb"
cp "$newer" "$root/opt/packages/new.deb"
in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"; }
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
in_root apt-get -q update >/dev/null
# What both depend on, so that the packages themselves are installed by a live system without a network.
for file in old new; do
  in_root apt-get -q -y --no-install-recommends install "/opt/packages/$file.deb" >"$root.install.log" 2>&1 || { tail -n 30 "$root.install.log"; exit 1; }
done
if [ -n "${MMDICOM_SHARE:-}" ]; then
  in_root apt-get -q -y --no-install-recommends install samba smbclient >"$root.install.log" 2>&1 || { tail -n 30 "$root.install.log"; exit 1; }
fi
in_root dpkg --purge mmdicom >/dev/null 2>&1
rm -rf "$root/usr/sbin/policy-rc.d" "$root/var/lib/mmdicom"

say "boot"
systemd-nspawn -q --register=no --keep-unit -D "$root" --console=pipe --private-network /lib/systemd/systemd \
  systemd.show_status=no >"$root.console.log" 2>&1 </dev/null &
machine=$!
trap 'kill "$machine" 2>/dev/null || true; wait "$machine" 2>/dev/null || true' EXIT
leader=
for _ in $(seq 100); do
  leader=$(pgrep -P "$machine" | head -n 1) || true
  if [ -n "$leader" ] && [ -d "/proc/$leader/root/run/systemd/system" ]; then break; fi
  sleep 0.2
done
inside() { nsenter --target "$leader" --all --wdns=/ /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
# until SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  while ! "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then return 1; fi
    sleep 0.3
  done
}
until_true 60 inside systemctl is-system-running --wait || true
echo "systemd $(inside systemctl --version | head -n 1), $(inside systemctl is-system-running || true)"
active() { inside systemctl is-active --quiet mmdicom.service; }
property() { inside systemctl show --property="$1" --value mmdicom.service; }
rows() { { tail -n +2 "$root/var/lib/mmdicom/outbox/report.csv" 2>/dev/null || true; } | grep -c . || true; }
has_rows() { [ "$(rows)" -ge "$1" ]; }

say "apt install"
check "installs" inside apt-get -q -y install /opt/packages/old.deb
check "runs, and says that it is ready" until_true 90 active
check "its user owns its folders" [ "$(stat -c %U "$root/var/lib/mmdicom/inbox")" = "$(stat -c %U "$root/var/lib/mmdicom")" ]
check "a manual" inside test -e /usr/share/man/man1/mmdicom-serve.1.gz
check "completions" inside bash -n /usr/share/bash-completion/completions/mmdicom
check "mmdicom doctor has no complaint of its own folders" inside runuser -u mmdicom -- mmdicom doctor

say "a study"
rm -rf "$root/root/phantoms"
inside mmdicom archive phantom --output /root/phantoms --count 47 --size 512 >/dev/null 2>&1
mapfile -t images < <(find "$root/root/phantoms" -name '*.dcm' ! -name '*.seg.dcm' | sort)
# drop NUMBER...: as somebody of the group would
drop() {
  local number
  for number in "$@"; do
    install -m 0664 -g "$(stat -c %g "$root/var/lib/mmdicom/inbox")" "${images[$number]}" "$root/var/lib/mmdicom/inbox/$number.dcm"
  done
}
drop 0
check "is read" until_true 120 has_rows 1
check "results are there" test -n "$(find "$root/var/lib/mmdicom/outbox" -name '*.overlay.dcm')"
# shellcheck source=etc/debian/live.sh
. "$here/live.sh"
# shellcheck source=etc/debian/share.sh
if [ -n "${MMDICOM_SHARE:-}" ]; then . "$here/share.sh"; fi

say "upgrade"
echo "# mine" >>"$root/etc/mmdicom/mmdicom.yaml"
before=$(property MainPID)
# Nobody is there to be asked about a configuration that both sides have changed.
unasked() { inside apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; }
check "installs over itself" unasked install --reinstall /opt/packages/new.deb
check "keeps a changed configuration" grep -q '^# mine' "$root/etc/mmdicom/mmdicom.yaml"
check "was started anew" no test "$before" = "$(property MainPID)"
check "runs" until_true 90 active
count=$(rows)
check "knows its report" [ "$count" -ge 1 ]
# Root may do anything: what it is told must be what the service would find.
looks_as_service() { inside mmdicom doctor | grep >/dev/null "user: looked at as mmdicom"; }
check "doctor, asked by root, looks with the service's rights" looks_as_service
chmod 600 "$root/etc/mmdicom/mmdicom.yaml"
complains() { ! inside mmdicom doctor >/dev/null; }
check "and says so of what only root may read" complains
chmod 644 "$root/etc/mmdicom/mmdicom.yaml"

say "remove"
check "removes" inside apt-get -q -y remove mmdicom
check "doesn't run" no active
check "program and units are gone" no test -e "$root/usr/bin/mmdicom" -o -e "$root/lib/systemd/system/mmdicom.service"
check "report, results, source and ledger are there" test -s "$root/var/lib/mmdicom/outbox/report.csv" -a -n "$(find "$root/var/lib/mmdicom/outbox" -name '*.dcm')" -a -n "$(find "$root/var/lib/mmdicom/done" -name '*.dcm')" -a -s "$root/var/lib/mmdicom/ledger/ledger.sqlite"
check "the configuration is kept" test -e "$root/etc/mmdicom/mmdicom.yaml"
check "comes back" unasked install /opt/packages/new.deb
check "runs again" until_true 90 active
check "with the rows that it had" [ "$(rows)" -eq "$count" ]
check "purges" inside apt-get -q -y purge mmdicom
check "without the configuration" no test -e "$root/etc/mmdicom"
check "and with all studies" test -s "$root/var/lib/mmdicom/outbox/report.csv"

say "$failures failed"
[ "$failures" -eq 0 ]
