#!/bin/sh
# run.sh NODE SOURCES TEST.js SCRATCH: runs a test by node in an empty folder; exit code 77 where it can't be.
node=$1 sources=$2 test=$3 scratch=$4
if [ ! -x "$node" ]; then
    echo "SKIPPED: node is not installed (apt install nodejs)"
    exit 77
fi
# Packages installed with npm install -g count too; NODE_PATH comes first.
roots=$(npm root -g 2>/dev/null)
NODE_PATH=${NODE_PATH:+$NODE_PATH:}$roots
export NODE_PATH
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
exec "$node" "$sources/$test"
