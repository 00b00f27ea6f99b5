#!/usr/bin/env bash
# bash Tests/Fuzz/fuzz.sh CORPUS [FOLDER OF FILES TO BEGIN WITH | ARGUMENT OF libFuzzer]...
# for example, behind mutated.py, which draws radiographs in every transfer syntax:
#   bash Tests/Fuzz/fuzz.sh corpus mutated/seeds -max_total_time=3600
# Builds CDCMTK's target with libFuzzer and the address and undefined-behaviour sanitizers (Swift's clang has them) and
# runs it. What breaks it is left beside the corpus. Debian's DCMTK and OpenJPEG aren't instrumented: the search is guided
# by the shim's own paths.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$here/../../Sources/CDCMTK
corpus=${1:?a folder for the corpus}
shift
mkdir -p "$corpus"
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang++
"$clang" -std=c++17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
  -I "$sources/include" -I "$sources" -Wno-deprecated -o "$corpus.fuzzer" "$here/shim.cpp" "$sources"/*.cpp \
  -ldcmdata -ldcmimgle -ldcmimage -ldcmjpeg -ldcmjpls -lofstd -loflog -lopenjp2 -lz
# A file may ask for memory, but not for more than the worker gets. DCMTK asks for what a nested length promises before it
# looks whether that much is there, and never touches it: what counts is what is in use.
export ASAN_OPTIONS=allocator_may_return_null=1
exec "$corpus.fuzzer" -rss_limit_mb=1024 -malloc_limit_mb=8192 -timeout=10 -artifact_prefix="$corpus." "$corpus" "$@"
