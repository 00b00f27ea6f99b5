#!/usr/bin/env bash
# Installs what the tests need (Debian 12, Swift 6.3), builds once in release and runs every test.
# bash etc/test.sh [ARGUMENT OF swift test]...   for example: bash etc/test.sh --filter MultiMixTests
# Tests that need ../shared (radiographs, the PyTorch peer) are skipped where it isn't, and named at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. etc/prepare.sh

require_swift
# dcmtk and dicom3tools check what we write; python3-venv makes the environment that reads it back. dcmtk, orthanc (with
# DICOMweb) and pynetdicom are called over the network and call; openssl makes their certificates. postgresql keeps the
# ledger of several hosts.
# Open MPI: everything is built with the trait MPI here, once, and trainings run as 2 and 4 ranks.
require_packages libopenmpi-dev openmpi-bin
require_packages "${build_packages[@]}" dcmtk dicom3tools python3 python3-venv orthanc orthanc-dicomweb curl openssl procps prometheus postgresql

# The environment is made anew when the pinned requirements change (or when making it was interrupted).
wanted=$(sha256sum etc/requirements-test.txt | cut -d ' ' -f 1)
if [ "$(cat .venv/requirements.sha256 2>/dev/null)" != "$wanted" ]; then
  say "Python environment .venv"
  rm -rf .venv
  /usr/bin/python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement etc/requirements-test.txt
  echo "$wanted" >.venv/requirements.sha256
fi
export MMDICOM_PYTHON=$PWD/.venv/bin/python
if [ -d ../shared ]; then
  MMDICOM_SHARED=$(cd ../shared && pwd)
  export MMDICOM_SHARED
else
  echo "no ../shared: tests on real radiographs will be skipped"
fi

say "build"
swift build -c release --traits MPI --build-tests

# What tests leave behind goes with them, hundreds of megabytes each time. Short: the path of a socket has room for 107
# bytes. Open to other users, whom some tests are.
TMPDIR=$(mktemp -d /tmp/mmdicom-tests-XXXXXX)
chmod 1777 "$TMPDIR"
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

if [ $# -eq 0 ] && [ -d ../shared/cases ]; then
  say "files that somebody met in public (../shared/cases)"
  .venv/bin/python ../shared/cases/check.py "$(swift build -c release --traits MPI --show-bin-path)/mmdicom"
fi

say "test"
# All at once, tests have more files open than Foundation's processes can be waited for with (1,024, as select counts
# them), and wait for each other longer than their time limits say.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-16}
# Without --skip-build, `swift test` would build everything a second time (testing enabled). The filter lets every
# line through and keeps swift-testing's closing line for the end, below the list of what was skipped.
timeout --kill-after=30 20m swift test -c release --traits MPI --skip-build --disable-xctest "$@" 2>&1 | awk '
  / Test run with [0-9]+ tests? .*(passed|failed) after / { closing = $0; next }
  / (Test|Suite) .* skipped(: ".*"|\.)$/ { skipped[++n] = $0 }
  { print; fflush() }
  END {
    if (n) { print "\nskipped:"; for (i = 1; i <= n; i++) print skipped[i] } else print "\nskipped: none"
    if (closing == "") { print "the tests did not come to their end"; exit 1 }
    print closing
  }'

if [ $# -eq 0 ]; then
  say "batch scripts of etc/slurm under a Slurm of their own"
  if [ "$(id -u)" -eq 0 ]; then
    require_packages munge slurmctld slurmd slurm-client
    status=0
    timeout --kill-after=60 8m .venv/bin/python Tests/Slurm/jobs.py "$(swift build -c release --traits MPI --show-bin-path)/mmdicom" || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || exit "$status"
  else
    echo "skipped: slurmd runs as root alone"
  fi
fi
