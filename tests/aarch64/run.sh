#!/bin/sh
# Compiles the rooms that need nothing but libc for ARM64, looks for NEON's multiply-adds in what came out, and runs the
# rooms' tests in qemu's user mode: run.sh BUILD
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1

if [ "$(uname -m)" = aarch64 ]; then
    echo "SKIPPED: this machine is ARM64, its own suite is the test"
    exit 77
fi
for tool in aarch64-linux-gnu-gcc aarch64-linux-gnu-objdump qemu-aarch64; do
    if ! command -v $tool >/dev/null; then
        echo "SKIPPED: ARM64 is not tested without $tool (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user)"
        exit 77
    fi
done

quietly() {
    "$@" >"$build/log" 2>&1 || { cat "$build/log"; echo "FAILED: $*"; exit 1; }
}
mkdir -p "$build"
quietly cmake -S "$here/rooms" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/toolchain.cmake" -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$build" --parallel 2

echo "== multiply-adds of four floats at once"
for object in engine/kernels/CMakeFiles/besra_kernels.dir/scalar.c.o \
    engine/kernels/CMakeFiles/besra_kernels.dir/lines_scalar.c.o engine/srcnn/CMakeFiles/besra_srcnn.dir/kernels_scalar.c.o; do
    count=$(aarch64-linux-gnu-objdump -d "$build/$object" | grep -c -E 'fmla[[:space:]]+v[0-9]+\.4s' || true)
    echo "$count in $(basename "$object")"
    [ "$count" -ge 50 ] || { echo "FAILED: that is no code of NEON's"; exit 1; }
done

# Levels of x86-64 mean nothing here: once is enough.
echo "== the rooms' tests"
ctest --test-dir "$build" --output-on-failure -E '_(scalar|avx2)$'
