#!/bin/sh
# Builds besra with its tests and runs them all: the checks of style and of the compiler's analyzers, the whole suite
# under AddressSanitizer and UBSan, then the whole suite as it ships. What passed and didn't change since is skipped;
# `sh scripts/test.sh --again` runs everything.
set -eu
cd "$(dirname "$0")/.."

sh scripts/packages.sh tests
[ "${1:-}" != --again ] || rm -f build/*/passed

# All that a result depends on: the files that git knows or would add, and the folder of reference material.
state=$({ git ls-files -co --exclude-standard | LC_ALL=C sort | xargs -d '\n' sha256sum 2>/dev/null || find . -path ./build -prune \
    -o -type f -print0 | xargs -0 sha256sum; ls -d ../shared 2>/dev/null || true; } | sha256sum)

unchanged() {
    [ -e "build/$1/passed" ] && [ "$(cat "build/$1/passed")" = "$state" ] &&
        echo "== $1: passed before, nothing changed since"
}
passed() {
    echo "$state" >"build/$1/passed"
}
suite() {
    [ -e "build/$1/build.ninja" ] || cmake --preset "$1" >/dev/null
    cmake --build "build/$1"
    ctest --test-dir "build/$1" --output-on-failure -j 2
}

if ! unchanged sanitize; then
    echo "== style and analyzers, then the suite under AddressSanitizer and UBSan"
    cmake --preset sanitize >/dev/null
    cmake --build build/sanitize --target lint
    suite sanitize
    passed sanitize
fi
if ! unchanged tests; then
    echo "== the suite as it ships"
    suite tests
    passed tests
fi
