#!/bin/sh
# ONNX's own node tests, all of them: test_node_tests.sh RUNNER SCRATCH PAGE
# Fails on a wrong result, a crash, and when PAGE (docs/operators.md) says something else than was found.
set -eu
runner=$1 scratch=$2 page=$3
archive=${BESRA_SHARED:-}/onnx-backend/node.tar.xz

if [ ! -r "$archive" ]; then
    echo "SKIPPED: ONNX's node tests: $archive is not there (BESRA_SHARED)"
    exit 77
fi
# A mark made last says that the folder is whole; the archive's time, that it is this one.
if [ ! -e "$scratch/whole" ] || [ "$archive" -nt "$scratch/whole" ]; then
    rm -rf "$scratch"
    mkdir -p "$scratch"
    tar -xJf "$archive" -C "$scratch"
    touch "$scratch/whole"
fi
exec "$runner" --check "$page" "$scratch/node"
