#!/bin/sh
# Makes the pictures of the docs with besra itself, on the sample pictures and with the shipped models:
# docs/pictures/detect.jpg (cards found), enlarge.png (a card cut out, and enlarged), and heat.png (where two nets part).
# BESRA names the program to use (the Release build's by default).
set -eu
cd "$(dirname "$0")/.."
besra=${BESRA:-build/release/app/besra}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p docs/pictures

$besra detect -qy --no-config -m cards --quality 88 -o docs/pictures/detect.jpg assets/cards/cards-2.jpg

# A court card has fine lines, and shows what the net adds to bicubic.
$besra detect -q --no-config -m cards --classes 'jack of diamonds' --conf 0.2 --max-det 1 --save-crop --no-image \
    -o "$scratch" assets/cards/cards-1.jpg
cp "$scratch/crops/jack of diamonds/cards-1-1.jpg" "$scratch/jack.jpg" ||
    { echo "make_pictures.sh: the model finds no jack of diamonds in cards-1.jpg" >&2; exit 1; }
$besra upscale -q --no-config -m srcnn -s 2 --compare -o "$scratch/enlarged" "$scratch/jack.jpg"
cp "$scratch/enlarged/jack-compare.png" docs/pictures/enlarge.png

# As docs/models.md has it: compare ends with 1, since they differ.
$besra model build -q docs/nets/residual.cfg "$scratch/good.onnx"
$besra model edit -q --set-op y=LeakyRelu "$scratch/good.onnx" "$scratch/bad.onnx"
$besra model compare -qy --heat docs/pictures/heat.png "$scratch/good.onnx" "$scratch/bad.onnx" >"$scratch/table" || [ $? = 1 ]

for picture in docs/pictures/detect.jpg docs/pictures/enlarge.png docs/pictures/heat.png; do
    size=$(wc -c <"$picture")
    echo "$picture: $size bytes"
    [ "$size" -lt 400000 ] || { echo "make_pictures.sh: $picture: over 400 KB, too much for a README" >&2; exit 1; }
done
