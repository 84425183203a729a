#!/usr/bin/env python3
"""Writes golden_areas.h: boxes with their average precision by size, as COCO counts it: after the text of cocoapi's
cocoeval.py (evaluateImg, accumulate), in numpy.

    python3 tests/postprocess/make_golden_areas.py     (Debian: python3-numpy, clang-format)
"""
import pathlib
import subprocess

import numpy as np

CLASSES, PICTURES = 3, 6
AREAS = [(0, 1e5**2), (0, 32**2), (32**2, 96**2), (96**2, 1e5**2)]
THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
random = np.random.default_rng(9)


def iou(d, g):
    w = min(d["box"][2], g["box"][2]) - max(d["box"][0], g["box"][0])
    h = min(d["box"][3], g["box"][3]) - max(d["box"][1], g["box"][1])
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda b: (b[2] - b[0]) * (b[3] - b[1])
    return w * h / (area(d["box"]) if g["crowd"] else area(d["box"]) + area(g["box"]) - w * h)


def evaluate_picture(found, truths, limits):
    """cocoeval.evaluateImg: scores, matched[T][D], ignored[T][D], truths that count"""
    for g in truths:
        g["_ignore"] = g["crowd"] or g["ignored"] or g["area"] < limits[0] or g["area"] > limits[1]
    truths = [truths[i] for i in np.argsort([g["_ignore"] for g in truths], kind="mergesort")]
    found = [found[i] for i in np.argsort([-d["score"] for d in found], kind="mergesort")][:100]
    matched_truth = np.zeros((10, len(truths)), int)
    matched, ignored = np.zeros((10, len(found)), bool), np.zeros((10, len(found)), bool)
    for t, threshold in enumerate(THRESHOLDS):
        for k, d in enumerate(found):
            best, m = min(threshold, 1 - 1e-10), -1
            for n, g in enumerate(truths):
                if matched_truth[t, n] and not g["crowd"]:
                    continue
                if m > -1 and not truths[m]["_ignore"] and g["_ignore"]:
                    break
                if iou(d, g) < best:
                    continue
                best, m = iou(d, g), n
            if m == -1:
                continue
            matched[t, k], ignored[t, k], matched_truth[t, m] = True, truths[m]["_ignore"], 1
    outside = np.array([(d["box"][2] - d["box"][0]) * (d["box"][3] - d["box"][1]) for d in found])
    outside = (outside < limits[0]) | (outside > limits[1])
    ignored |= ~matched & outside[None, :].astype(bool) if len(found) else ignored
    return [d["score"] for d in found], matched, ignored, sum(not g["_ignore"] for g in truths)


def class_scores(found, truths, limits):
    """cocoeval.accumulate: truths, AP, AP50, AP75, AR, and at IoU 0.5 precision and score at the points of recall"""
    pictures = [evaluate_picture([d for d in found if d["picture"] == p], [g for g in truths if g["picture"] == p], limits)
                for p in range(PICTURES)]
    count = sum(p[3] for p in pictures)
    if not count:
        return 0, [np.nan] * 4, None
    scores = np.concatenate([p[0] for p in pictures])
    order = np.argsort(-scores, kind="mergesort")
    matched = np.concatenate([p[1] for p in pictures], 1)[:, order]
    ignored = np.concatenate([p[2] for p in pictures], 1)[:, order]
    scores = scores[order]
    average, recalls, curve = [], [], None
    for t in range(10):
        keep = ~ignored[t]
        tp = np.cumsum(matched[t] & keep).astype(float)
        fp = np.cumsum(~matched[t] & keep).astype(float)
        recall, precision = tp / count, tp / (tp + fp + np.spacing(1))
        recalls.append(recall[-1] if len(recall) else 0)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, RECALLS, side="left")
        q = np.array([precision[i] if i < len(precision) else 0 for i in at])
        average.append(q.mean())
        if t == 0:
            curve = q, np.array([scores[i] if i < len(scores) else 0 for i in at])
    return count, [np.mean(average), average[0], average[5], np.mean(recalls)], curve


def make_boxes():
    truths, found = [], []
    for _ in range(90):
        picture, k, side = int(random.integers(PICTURES)), int(random.integers(CLASSES)), random.choice([12, 30, 60, 100, 140])
        x, y, w, h = random.uniform(0, 400), random.uniform(0, 400), side * random.uniform(0.7, 1.3), side * random.uniform(0.7, 1.3)
        kind = random.random()
        area = w * h * random.uniform(0.5, 1) if random.random() < 0.7 else 0  # 0: that of the box
        truths.append(dict(picture=picture, k=k, box=(x, y, x + w, y + h), crowd=bool(kind < 0.07),
                           ignored=bool(0.07 <= kind < 0.14), given=area, area=area or w * h))
        for _ in range(int(random.integers(0, 3))):
            j = random.normal(0, 0.06, 4) * (w, h, w, h)
            found.append(dict(picture=picture, k=k if random.random() > 0.1 else int(random.integers(CLASSES)),
                              box=(x + j[0], y + j[1], x + w + j[2], y + h + j[3]), score=round(random.random(), 2)))
    return truths, found


def number(v):
    return "NAN" if np.isnan(v) else repr(float(v))


def flag(v):
    return "true" if v else "false"


def main():
    truths, found = make_boxes()
    out = ["/* Made by make_golden_areas.py with numpy; not to be edited. */", "#pragma once",
           '#include "postprocess/average_precision.h"', "#include <math.h>", f"enum {{ AREA_CLASSES = {CLASSES} }};"]
    items = ", ".join(f"{{{g['picture']}, {g['k']}, {', '.join(map(number, g['box']))}, {flag(g['crowd'])}, "
                      f"{flag(g['ignored'])}, {number(g['given'])}}}" for g in truths)
    out.append(f"static const struct ap_truth area_truths[{len(truths)}] = {{{items}}};")
    items = ", ".join(f"{{{d['picture']}, {d['k']}, {', '.join(map(number, d['box']))}, {number(d['score'])}}}" for d in found)
    out.append(f"static const struct ap_found area_found[{len(found)}] = {{{items}}};")
    rows, curve = [], None
    for a, limits in enumerate(AREAS):
        scores = [class_scores([d for d in found if d["k"] == k], [g for g in truths if g["k"] == k], limits)
                  for k in range(CLASSES)]
        if a == 0:
            curve = scores[0][2]
        mean = sum(s[0] for s in scores), np.nanmean([s[1] for s in scores], 0)
        items = ", ".join(f"{{{s[0]}, {', '.join(map(number, s[1]))}}}" for s in (*scores, mean))
        rows.append(f"{{{items}}}")
    out.append("/* by area: the classes, then their mean */ static const struct { size_t truths; double ap, ap50, ap75, "
               f"recall; }} area_scores[{len(AREAS)}][{CLASSES + 1}] = {{{', '.join(rows)}}};")
    out.append("/* of class 0, all areas, IoU 0.5 */ "
               f"static const double area_precision[101] = {{{', '.join(map(number, curve[0]))}}};")
    out.append(f"static const double area_score[101] = {{{', '.join(map(number, curve[1]))}}};")
    path = pathlib.Path(__file__).with_name("golden_areas.h")
    path.write_text("\n".join(out) + "\n")
    subprocess.run(["clang-format", "-i", str(path)], check=True)


if __name__ == "__main__":
    main()
