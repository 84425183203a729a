#!/bin/sh
# From nothing to the first result: installs what is missing, builds besra, and finds and enlarges the sample pictures.
set -eu
cd "$(dirname "$0")/.."

sh scripts/packages.sh build
[ -e build/release/build.ninja ] || cmake --preset release >build-release.log 2>&1 || { cat build-release.log; exit 1; }
rm -f build-release.log
cmake --build build/release

besra=build/release/app/besra
echo
echo "== playing cards: besra detect assets/cards"
$besra detect -y -o besra-out/cards assets/cards
echo
echo "== enlarging: besra upscale -s 3 assets/photos/chelsea.jpg"
$besra upscale -y --compare -s 3 -o besra-out/enlarged assets/photos/chelsea.jpg
echo
echo "The pictures are in $(pwd)/besra-out. Your own: $besra detect my-picture.jpg"
