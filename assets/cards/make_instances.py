#!/usr/bin/env python3
"""Writes instances.json: truth.json as COCO has it, so that `besra eval detect` has something to be tried on."""
import json
import pathlib

here = pathlib.Path(__file__).parent
truth = json.loads((here / "truth.json").read_text())
names = [f"{rank} of {suit}" for rank in "ace two three four five six seven eight nine ten jack queen king".split()
         for suit in "clubs diamonds hearts spades".split()]
images, annotations = [], []
for number, (file, picture) in enumerate(sorted(truth.items()), 1):
    images.append({"id": number, "file_name": file, "width": picture["width"], "height": picture["height"]})
    for card in picture["cards"]:
        x1, y1, x2, y2 = card["box"]
        annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": names.index(card["name"]) + 1,
                            "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "iscrowd": 0})
categories = [{"id": i, "name": name} for i, name in enumerate(names, 1)]
lines = [f' "{key}": [\n  ' + ",\n  ".join(json.dumps(row) for row in rows) + "\n ]" for key, rows in
         (("images", images), ("annotations", annotations), ("categories", categories))]
(here / "instances.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
