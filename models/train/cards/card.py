"""Writes the model card (libconfig) that stands beside the exported heads.

Scores come from evaluate.py's --json file, so that the card only holds what was measured.
"""
import argparse
import hashlib
import json
import os

from classes import NAMES
from net import ANCHORS, STRIDES

CARD = """\
# A playing-card detector: 52 cards, trained on rendered scenes alone. models/train/README.md tells how.
task = "detect";
file = "{file}";
sha256 = "{sha256}";
input = {{
    width = {size};
    height = {size};
    color = "rgb";
    scale = [0.00392156863, 0.00392156863, 0.00392156863];
    mean = [0.0, 0.0, 0.0];
    letterbox = "rect";
    pad = 114;
}};
output = {{
    kind = "yolov5";
    strides = [{strides}];
    anchors = (
{anchors}
    );
}};
names = [
{names}
];
confidence = 0.4;
iou = 0.45;
agnostic = true; # a card is one card
max_detections = 60;
about = {{
    licence = "Apache-2.0";
    trained_on = "{trained_on}";
    command = "{command}";
    minutes = {minutes};
    scores = {{
{scores}
    }};
}};
"""

TRAINED_ON = ("scenes rendered from decks drawn by scripts and from Debian's gnome-cards-data and "
              "kdegames-card-data-kf5; backgrounds from COCO val2017 and T91; no photograph of a card")


def score_lines(scores):
    """{"scenes": {...}, "photographs": {...}} as evaluate.py writes it -> libconfig lines."""
    lines = []
    for part in sorted(scores, reverse=True):
        for key, value in scores[part].items():
            if not isinstance(value, dict):
                text = f"{value:.3f}" if isinstance(value, float) else str(value)
                lines.append(f"        {part}_{key} = {text};" if key != part else f"        {part} = {text};")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", help="cards-heads.onnx")
    parser.add_argument("card", help="the .cfg to write")
    parser.add_argument("--scores", required=True, help="evaluate.py's --json")
    parser.add_argument("--size", type=int, default=416)
    parser.add_argument("--minutes", type=int, required=True, help="time trained, all runs together")
    parser.add_argument("--command", required=True, help="the command that trained it")
    options = parser.parse_args()
    with open(options.heads, "rb") as data:
        digest = hashlib.sha256(data.read()).hexdigest()
    with open(options.scores, encoding="utf-8") as text:
        scores = json.load(text)
    anchors = ",\n".join("        [" + ", ".join(str(v) for pair in head for v in pair) + "]" for head in ANCHORS)
    rows = [NAMES[i:i + 4] for i in range(0, len(NAMES), 4)]
    names = ",\n".join("    " + ", ".join(f'"{name}"' for name in row) for row in rows)
    with open(options.card, "w", encoding="utf-8") as out:
        out.write(CARD.format(file=os.path.basename(options.heads), sha256=digest, size=options.size,
                              strides=", ".join(map(str, STRIDES)), anchors=anchors, names=names,
                              trained_on=TRAINED_ON, command=options.command, minutes=options.minutes,
                              scores=score_lines(scores)))


if __name__ == "__main__":
    main()
