#!/usr/bin/env bash
# Installs mmdicom as a service, or takes it away again.
#
#   bash etc/install.sh [--prefix DIR] [--model FILE] [--start]
#   bash etc/install.sh --uninstall [--purge] [--prefix DIR]
#
# --prefix DIR   where program and model go; default /usr/local
# --model FILE   the model to install, with the MODEL-CARD.md beside it; default the one that was chosen so before, or
#                samples/multimix.safetensors
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

if $start && ! { [ -z "$dest" ] && [ -d /run/systemd/system ]; }; then
  fail "--start needs a running systemd (and no DESTDIR); without it: mmdicom serve --config /etc/mmdicom/mmdicom.yaml"
fi
if [ -z "$dest" ] && [ "$(id -u)" -ne 0 ]; then
  fail "needs root (sudo bash etc/install.sh), or DESTDIR for a dry place"
fi
# A running systemd, as opposed to a container or a DESTDIR.
has_systemd() { [ -z "$dest" ] && [ -d /run/systemd/system ]; }

if $uninstall; then
  if has_systemd; then systemctl disable --now mmdicom.service mmdicom-http.socket 2>/dev/null || true; fi
  rm -f "$program" "$share/multimix.safetensors" "$share/MODEL-CARD.md" "$share/chosen-model" "$unit" "$socket" "$sysusers" "$tmpfiles"
  rm -rf "$library" "$library.new" "$library.old"
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
# A model that somebody chose stays through upgrades, until they choose another (the sample's, too).
chosen=$share/chosen-model
if [ -n "$model" ]; then
  [ "$(realpath -m "$model")" = "$PWD/samples/multimix.safetensors" ] && is_chosen=false || is_chosen=true
elif [ -e "$chosen" ] && [ -f "$share/multimix.safetensors" ]; then
  model=$share/multimix.safetensors is_chosen=true
  echo "keeps the model that was chosen with --model; --model samples/multimix.safetensors takes the sample's"
else
  model=samples/multimix.safetensors is_chosen=false
fi
[ -f "$model" ] || { echo "install.sh: $model: no such model; name one with --model" >&2; exit 66; }
"$built" model verify "$model"

# Swift's runtime comes along, found by its place beside the program: the service can't read a toolchain in
# somebody's home, and the machine need not have one. Everything is laid beside what is there and takes its place when it
# is whole; a daemon that runs starts its workers from what it was started from, which stays until the next installation.
rm -rf "$library.new"
install -D -m 0755 "$built" "$library.new/mmdicom"
ldd "$built" | awk '$3 ~ "/swift/linux/" { print $3 }' | while read -r runtime; do
  install -m 0644 "$runtime" "$library.new/"
done
"$library.new/mmdicom" --version >/dev/null
rm -rf "$library.old"
if [ -e "$library" ]; then mv -T "$library" "$library.old"; fi
mv -T "$library.new" "$library"
mkdir -p "$dest$prefix/bin"
ln -sfn ../lib/mmdicom/mmdicom "$program"
mkdir -p "$share"
if $is_chosen; then touch "$chosen"; else rm -f "$chosen"; fi
# The card is the model's: "model verify" above has refused another model's.
card=$(dirname "$model")/MODEL-CARD.md
if [ "$model" != "$share/multimix.safetensors" ]; then
  # Beside it first: a daemon that is told to reload reads a whole file.
  install -m 0644 "$model" "$share/multimix.safetensors.new"
  mv "$share/multimix.safetensors.new" "$share/multimix.safetensors"
  if [ -f "$card" ]; then install -m 0644 "$card" "$share/MODEL-CARD.md"; else rm -f "$share/MODEL-CARD.md"; fi
fi

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
  if $start; then
    systemctl enable mmdicom.service
    systemctl restart mmdicom.service
    rm -rf "$library.old"
  elif systemctl is-active --quiet mmdicom.service; then
    echo "the service goes on with the program that it was started with; the new one takes over with: systemctl restart mmdicom"
  fi
fi
echo "installed $program, $share/multimix.safetensors, $configuration and mmdicom.service"
if ! $start; then echo "start it with: systemctl enable --now mmdicom"; fi
