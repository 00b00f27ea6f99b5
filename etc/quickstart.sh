#!/usr/bin/env bash
# From a fresh Debian 12 machine with Swift to read radiographs: installs the packages, builds, drops the sample
# studies into an inbox, runs the daemon once, and prints the report and where the overlays lie.
# bash etc/quickstart.sh [FOLDER]        default: runs/quickstart
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. etc/prepare.sh

require_swift
require_packages "${build_packages[@]}"

say "build (several minutes the first time)"
swift build -c release --product mmdicom
program=$(swift build -c release --show-bin-path)/mmdicom

folder=${1:-runs/quickstart}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
say "drop the sample studies into $folder/inbox"
# Only what an earlier quickstart made is removed.
if [ -n "$(ls -A "$folder")" ] && [ ! -e "$folder/.quickstart" ]; then
  echo "$folder isn't empty and no quickstart made it; name another folder" >&2
  exit 73
fi
touch "$folder/.quickstart"
rm -rf "$folder"/{inbox,outbox,done,rejected,ledger}
mkdir -p "$folder"/inbox
# The radiographs only (the segmentations beside them are for training). Copied under a name that the daemon leaves
# alone, then renamed, as a careful sender does.
for study in samples/phantoms/*/; do
  mkdir "$folder/inbox/.arriving"
  cp "$study"/[cd]*.dcm "$folder/inbox/.arriving/"
  mv "$folder/inbox/.arriving" "$folder/inbox/$(basename "$study")"
done

say "mmdicom serve --once"
MMDICOM_INBOX=$folder/inbox MMDICOM_OUTBOX=$folder/outbox MMDICOM_DONE=$folder/done \
  MMDICOM_REJECTED=$folder/rejected MMDICOM_LEDGER=$folder/ledger MMDICOM_MODEL=samples/multimix.safetensors \
  "$program" serve --config etc/mmdicom.yaml --once

say "report: $folder/outbox/report.csv"
# The columns that a first look needs; the file has more.
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
  { print $column["patient_id"] "\t" $column["status"] "\t" $column["pneumonia_probability"] "\t" $column["finding"] "\t" $column["lung_fraction"] }' \
  "$folder/outbox/report.csv" | tr -d '\r' | column -t -s "$(printf '\t')"

say "overlays"
find "$folder/outbox" -name '*.dcm' -o -name '*.png' | sort
echo
echo "Research use only, not for diagnosis."
