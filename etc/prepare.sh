# Sourced by quickstart.sh, test.sh and install.sh: what a fresh Debian 12 machine needs before a build.

swift_needed=6.3
build_packages=(
  # OpenBLAS on POSIX threads: the build on OpenMP counts its threads for each thread that calls.
  libdcmtk-dev libopenblas-pthread-dev libpng-dev libcairo2-dev libopenjp2-7-dev zlib1g-dev libzip-dev libsqlite3-dev libpq-dev libjpeg62-turbo-dev libdeflate-dev  # linked
  g++ libc6-dev pkg-config git ca-certificates                            # compile and fetch
  fonts-dejavu-core                                                       # captions of overlays
)

say() { printf '\n== %s\n' "$*"; }

# require_swift: ends the script where Swift is missing or too old, and says how to get it.
require_swift() {
  local found=none
  if command -v swift >/dev/null 2>&1; then
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    # The older of the two is the needed one: recent enough.
    if [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$swift_needed" "$found" | sort -V | head -n 1)" = "$swift_needed" ]; then
      return 0
    fi
  fi
  cat >&2 <<MESSAGE
mmdicom needs Swift $swift_needed or newer; found: ${found:-unknown}.
Get it from https://www.swift.org/install/linux/ (Debian 12), for example with swiftly:
  curl -O "https://download.swift.org/swiftly/linux/swiftly-\$(uname -m).tar.gz"
  tar zxf "swiftly-\$(uname -m).tar.gz" && ./swiftly init && swiftly install $swift_needed
then open a new shell (or put the toolchain's usr/bin on PATH) and start this script again.
MESSAGE
  exit 69
}

# require_packages NAME...: installs the Debian packages that are missing; asks nothing.
require_packages() {
  local missing=() name as_root=()
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "These packages are missing and there is no sudo; as root: apt-get install ${missing[*]}" >&2
      exit 69
    fi
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  # A foreign source that doesn't answer isn't fatal: only what we need has to be found.
  "${as_root[@]}" apt-get -q update || echo "apt-get update had problems; going on with what is known" >&2
  "${as_root[@]}" apt-get -q -y --no-install-recommends install "${missing[@]}" </dev/null
}
