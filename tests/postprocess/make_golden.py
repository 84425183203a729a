#!/usr/bin/env python3
"""Writes golden_yolo.h: two small heads and what YOLOv5's own arithmetic makes of them, by PyTorch in double.

    python3 tests/postprocess/make_golden.py     (Debian: python3-torch, clang-format)

Independent of the C code: whole tensors, no prefilter, the formulas of models/yolo.py (Detect) and
utils/general.py (non_max_suppression before NMS) of YOLOv5 v7.
"""
import pathlib
import subprocess

import torch

CLASSES = 2
HEADS = [  # height, width, stride, anchors: nothing that the official layout has
    (3, 4, 8, [(10, 13), (16, 30), (33, 23)]),
    (5, 2, 16, [(30, 61), (62, 45), (59, 119)]),
]
CASES = [(0.25, False), (0.25, True), (0.0, True), (0.05, False)]


def decode(raw, stride, anchors):
    """raw [anchors * (5 + classes)][height][width] -> [anchors * height * width][5 + classes], pixels and 0..1"""
    height, width = raw.shape[1:]
    y = raw.view(len(anchors), 5 + CLASSES, height, width).permute(0, 2, 3, 1).sigmoid()
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    grid = torch.stack((columns, rows), 2).to(y.dtype) - 0.5
    sizes = torch.tensor(anchors, dtype=y.dtype).view(len(anchors), 1, 1, 2)
    xy = (y[..., 0:2] * 2 + grid) * stride
    wh = (y[..., 2:4] * 2) ** 2 * sizes
    return torch.cat((xy, wh, y[..., 4:]), 3).reshape(-1, 5 + CLASSES)


def candidates(rows, threshold, multi_label):
    x = rows[rows[:, 4] > threshold].clone()
    x[:, 5:] *= x[:, 4:5]
    box = torch.cat((x[:, 0:2] - x[:, 2:4] / 2, x[:, 0:2] + x[:, 2:4] / 2), 1)
    if multi_label:
        i, j = (x[:, 5:] > threshold).nonzero(as_tuple=True)
        return [(*box[a].tolist(), x[a, 5 + c].item(), c.item()) for a, c in zip(i, j)]
    score, j = x[:, 5:].max(1)
    return [(*box[a].tolist(), score[a].item(), j[a].item()) for a in range(len(x)) if score[a] > threshold]


def floats(values):
    return ", ".join(f"{v:.9g}F" if "." in f"{v:.9g}" or "e" in f"{v:.9g}" else f"{v:.9g}" for v in values)


def main():
    torch.manual_seed(5)
    out = ["/* Made by make_golden.py with PyTorch, in double, rounded to float; not to be edited. */", "#pragma once",
           '#include "postprocess/yolo.h"', "#include <stddef.h>"]
    decoded = []
    for i, (height, width, stride, anchors) in enumerate(HEADS):
        raw = (torch.randn(len(anchors) * (5 + CLASSES), height, width) * 2).float()
        decoded.append(decode(raw.double(), stride, anchors))
        out.append(f"static const float golden_head{i}[{raw.numel()}] = {{{floats(raw.flatten().tolist())}}};")
    rows = torch.cat(decoded)
    out.append(f"static const float golden_rows[{rows.numel()}] = {{{floats(rows.flatten().tolist())}}};")
    names = []
    for k, (threshold, multi_label) in enumerate(CASES):
        found = candidates(rows, threshold, multi_label)
        products = (rows[:, 4:5] * rows[:, 5:]).flatten()
        assert (products - threshold).abs().min() > 1e-6 and (rows[:, 4] - threshold).abs().min() > 1e-6
        items = ", ".join("{" + floats(f[:5]) + f", {f[5]}}}" for f in found)
        out.append(f"static const struct candidate golden_found{k}[{len(found)}] = {{{items}}};")
        names.append(f"{{{floats([threshold])}, {int(multi_label)}, golden_found{k}, {len(found)}}}")
    out.append("static const struct { float threshold; int multi_label; const struct candidate *found; size_t count; } "
               f"golden_cases[{len(names)}] = {{{', '.join(names)}}};")
    path = pathlib.Path(__file__).with_name("golden_yolo.h")
    path.write_text("\n".join(out) + "\n")
    subprocess.run(["clang-format", "-i", str(path)], check=True)


if __name__ == "__main__":
    main()
