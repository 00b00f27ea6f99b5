#!/usr/bin/env bash
# Installs mmdicom as a service, or takes it away again.
#
#   bash etc/install.sh [--prefix DIR] [--model FILE] [--start]
#   bash etc/install.sh --uninstall [--purge] [--prefix DIR]
#
# --prefix DIR   where program and model go; default /usr/local
# --model FILE   the model to install, with the MODEL-CARD.md beside it; default samples/multimix.safetensors
# --start        enable and start the service
# --uninstall    remove program, model and units; configuration, user, group and studies stay
# --purge        with --uninstall: remove the configuration, user and group too; studies always stay
# DESTDIR=DIR    (environment) put everything under DIR and touch no running system: for packages
#
# Builds first where .build/release/mmdicom is missing or older than the sources (also with sudo: build as
# yourself, then install). A configuration that exists is kept; the new one is put beside it as .new.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

prefix=/usr/local
model=
start=false
uninstall=false
purge=false
fail() { echo "install.sh: $*" >&2; exit 64; }
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -gt 1 ] || fail "--prefix needs a folder"; prefix=${2%/}; shift 2 ;;
    --prefix=*) prefix=${1#*=}; prefix=${prefix%/}; shift ;;
    --model) [ $# -gt 1 ] || fail "--model needs a file"; model=$2; shift 2 ;;
    --model=*) model=${1#*=}; shift ;;
    --start) start=true; shift ;;
    --uninstall) uninstall=true; shift ;;
    --purge) purge=true; shift ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) fail "unknown argument $1 (--help tells)" ;;
  esac
done
case $prefix in /*) ;; *) fail "--prefix must be an absolute path" ;; esac
if $purge && ! $uninstall; then fail "--purge goes with --uninstall"; fi
dest=${DESTDIR:-}
dest=${dest%/}

library=$dest$prefix/lib/mmdicom
program=$dest$prefix/bin/mmdicom
share=$dest$prefix/share/mmdicom
configuration=$dest/etc/mmdicom/mmdicom.yaml
unit=$dest/etc/systemd/system/mmdicom.service
sysusers=$dest/etc/sysusers.d/mmdicom.conf
socket=$dest/etc/systemd/system/mmdicom-http.socket
tmpfiles=$dest/etc/tmpfiles.d/mmdicom.conf

if [ -z "$dest" ] && [ "$(id -u)" -ne 0 ]; then
  fail "needs root (sudo bash etc/install.sh), or DESTDIR for a dry place"
fi
# A running systemd, as opposed to a container or a DESTDIR.
has_systemd() { [ -z "$dest" ] && [ -d /run/systemd/system ]; }

if $uninstall; then
  if has_systemd; then systemctl disable --now mmdicom.service mmdicom-http.socket 2>/dev/null || true; fi
  rm -f "$program" "$share/multimix.safetensors" "$share/MODEL-CARD.md" "$unit" "$socket" "$sysusers" "$tmpfiles"
  rm -rf "$library"
  rmdir "$share" 2>/dev/null || true
  if has_systemd; then systemctl daemon-reload; fi
  kept=("$dest/var/lib/mmdicom")
  if $purge; then
    rm -f "$configuration" "$configuration.new"
    rmdir "$(dirname "$configuration")" 2>/dev/null || true
    if [ -z "$dest" ]; then
      if getent passwd mmdicom >/dev/null; then userdel mmdicom || kept+=("the user mmdicom"); fi
      # userdel takes the group along, unless it has other members.
      if getent group mmdicom >/dev/null; then groupdel mmdicom || kept+=("the group mmdicom"); fi
    fi
  else
    for file in "$configuration" "$configuration.new"; do
      if [ -e "$file" ]; then kept+=("$file"); fi
    done
    if [ -z "$dest" ] && getent passwd mmdicom >/dev/null; then kept+=("the user and the group mmdicom"); fi
    if [ "${#kept[@]}" -gt 1 ]; then more=" (--purge removes all but the first)"; fi
  fi
  echo "removed; what is left: $(printf '%s, ' "${kept[@]}" | sed 's/, $//')${more:-}"
  exit 0
fi

built=.build/release/mmdicom
if [ ! -x "$built" ] || [ -n "$(find Sources Package.swift -newer "$built" -print -quit)" ]; then
  . etc/prepare.sh
  require_swift
  require_packages "${build_packages[@]}"
  swift build -c release --product mmdicom
fi
if [ -z "$model" ]; then model=samples/multimix.safetensors; fi
[ -f "$model" ] || { echo "install.sh: $model: no such model; name one with --model" >&2; exit 66; }
"$built" model verify "$model"

# Swift's runtime comes along, found by its place beside the program: the service can't read a toolchain in
# somebody's home, and the machine need not have one.
rm -rf "$library"
install -D -m 0755 "$built" "$library/mmdicom"
ldd "$built" | awk '$3 ~ "/swift/linux/" { print $3 }' | while read -r runtime; do
  install -m 0644 "$runtime" "$library/"
done
mkdir -p "$dest$prefix/bin"
ln -sfn ../lib/mmdicom/mmdicom "$program"
install -D -m 0644 "$model" "$share/multimix.safetensors"
# The card is the model's: "model verify" above has refused another model's.
card=$(dirname "$model")/MODEL-CARD.md
if [ -f "$card" ]; then install -m 0644 "$card" "$share/MODEL-CARD.md"; else rm -f "$share/MODEL-CARD.md"; fi

if [ -f "$configuration" ] && ! cmp -s etc/mmdicom.yaml "$configuration"; then
  install -D -m 0644 etc/mmdicom.yaml "$configuration.new"
  echo "kept $configuration; the new default is $configuration.new"
else
  install -D -m 0644 etc/mmdicom.yaml "$configuration"
  rm -f "$configuration.new"
fi

temporary=$(mktemp)
trap 'rm -f "$temporary"' EXIT
sed "s|^ExecStart=/usr/bin/mmdicom |ExecStart=$prefix/bin/mmdicom |" systemd/mmdicom.service >"$temporary"
install -D -m 0644 "$temporary" "$unit"
install -D -m 0644 systemd/mmdicom-http.socket "$socket"
install -D -m 0644 systemd/sysusers.d/mmdicom.conf "$sysusers"
install -D -m 0644 systemd/tmpfiles.d/mmdicom.conf "$tmpfiles"

if [ -z "$dest" ]; then
  if command -v systemd-sysusers >/dev/null; then systemd-sysusers "$sysusers"; fi
  if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create "$tmpfiles"; fi
fi
if has_systemd; then
  systemctl daemon-reload
  if $start; then systemctl enable mmdicom.service && systemctl restart mmdicom.service; fi
fi
echo "installed $program, $share/multimix.safetensors, $configuration and mmdicom.service"
if ! $start; then echo "start it with: systemctl enable --now mmdicom"; fi
