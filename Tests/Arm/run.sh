#!/bin/sh
# Builds the kernels for 64-bit Arm, runs them beside plain loops under QEMU, and counts what the products' inner loop is
# made of. Needs clang (Swift's will do), and of Debian libc6-dev-arm64-cross, gcc-aarch64-linux-gnu and qemu-user.
#
#     Tests/Arm/run.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../Sources/CKernels
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# clang-format's order of includes isn't ours, nor does every kernel file have functions here.
clang --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -O2 -Wall -Werror -Wno-unused-function \
  -I "$here" -I "$kernels/include" -I "$kernels" "$here/kernels.c" "$kernels"/*.c \
  -B/usr/bin/aarch64-linux-gnu- -static -o "$folder/kernels" -lpthread -lm
for name in neon portable; do qemu-aarch64 "$folder/kernels" "$name"; done
echo "inner loop of the products, 8 rows of 2 vectors:"
aarch64-linux-gnu-objdump -d --no-show-raw-insn "$folder/kernels" |
  awk '/<product_8x2_f32_neon>:/ { inside = 1 } inside && /^$/ { exit } inside { print $2, $0 }' |
  awk '$1 == "prfm" { inside = 1 } inside { count[$1]++; all++ } inside && $1 ~ /^b\./ { exit }
       END { for (name in count) printf "  %-6s %d\n", name, count[name]; print "  all    " all }'
