#!/usr/bin/env python3
"""Writes golden_metrics.h: pictures with their PSNR and SSIM (scikit-image), boxes with their average precision
(numpy, after the text of cocoapi's cocoeval.py, for area "all").

    python3 tests/postprocess/make_golden_metrics.py     (Debian: python3-skimage, clang-format)
"""
import pathlib
import subprocess

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

WIDTH, HEIGHT = 26, 21
CLASSES, PICTURES = 4, 5
random = np.random.default_rng(8)


def luma(bgr):
    b, g, r = (bgr[..., i].astype(float) for i in range(3))
    return 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255


def quality(a, b, border):
    ya, yb = (luma(p)[border:HEIGHT - border, border:WIDTH - border] for p in (a, b))
    ssim = structural_similarity(ya, yb, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                 data_range=255)
    return peak_signal_noise_ratio(ya, yb, data_range=255), ssim


def iou(found, truth):
    w = min(found[2], truth[2]) - max(found[0], truth[0])
    h = min(found[3], truth[3]) - max(found[1], truth[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = (found[2] - found[0]) * (found[3] - found[1])
    return w * h / (area if truth[4] else area + (truth[2] - truth[0]) * (truth[3] - truth[1]) - w * h)


def match(found, truths, threshold):
    """found: [x1 y1 x2 y2 score] best first; truths: [x1 y1 x2 y2 crowd], crowds last -> correct, ignored"""
    taken, correct, ignored = [0] * len(truths), [], []
    for f in found:
        best, m = min(threshold, 1 - 1e-10), -1
        for g, t in enumerate(truths):
            if taken[g] and not t[4]:
                continue
            if m > -1 and not truths[m][4] and t[4]:
                break
            if iou(f, t) < best:
                continue
            best, m = iou(f, t), g
        correct.append(m > -1 and not truths[m][4])
        ignored.append(m > -1 and truths[m][4])
        if m > -1:
            taken[m] = 1
    return correct, ignored


def class_scores(truths, found):
    """lists of (picture, box...) -> truths, AP, AP50, exact AP50"""
    count = sum(not t[5] for t in truths)
    if not count:
        return 0, np.nan, np.nan, np.nan
    averages, exact = [], []
    for threshold in np.linspace(0.5, 0.95, 10):
        scores, correct, ignored = [], [], []
        for p in range(PICTURES):
            f = sorted((x[1:] for x in found if x[0] == p), key=lambda x: -x[4])[:100]
            t = sorted((x[1:] for x in truths if x[0] == p), key=lambda x: x[4])
            c, i = match(f, t, threshold)
            scores += [x[4] for x in f]
            correct += c
            ignored += i
        order = np.argsort(-np.array(scores), kind="mergesort")
        tp = np.array(correct, bool)[order]
        fp = ~tp & ~np.array(ignored, bool)[order]
        tp, fp = np.cumsum(tp).astype(float), np.cumsum(fp).astype(float)
        recall, precision = tp / count, tp / (tp + fp + np.spacing(1))
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
        averages.append(np.mean([precision[a] if a < len(precision) else 0 for a in at]))
        exact.append(np.sum(np.diff(np.concatenate(([0], recall))) * precision))
    return count, np.mean(averages), averages[0], exact[0]


def make_boxes():
    truths, found = [], []
    for _ in range(60):
        picture, k = random.integers(PICTURES), random.integers(CLASSES - 1)
        x, y, w, h = random.uniform(0, 80), random.uniform(0, 80), random.uniform(5, 40), random.uniform(5, 40)
        truths.append((picture, k, x, y, x + w, y + h, int(random.random() < 0.1)))
        for _ in range(random.integers(0, 4)):
            j = random.normal(0, 0.08, 4) * (w, h, w, h)
            if random.random() < 0.1:
                k = random.integers(CLASSES)  # the last class has detections but no truth
            found.append((picture, k, x + j[0], y + j[1], x + w + j[2], y + h + j[3], round(random.random(), 1)))
    truths.append((0, 0, 10, 10, 30, 30, 0))  # equal overlaps with two truths
    truths.append((0, 0, 10, 10, 30, 30, 0))
    found.append((0, 0, 10, 10, 30, 30, 0.9))
    return truths, found


def number(v):
    return "NAN" if np.isnan(v) else repr(float(v))


def main():
    out = ["/* Made by make_golden_metrics.py with scikit-image and numpy; not to be edited. */", "#pragma once",
           '#include "postprocess/metrics.h"', "#include <math.h>", f"enum {{ GOLDEN_WIDTH = {WIDTH}, GOLDEN_HEIGHT = "
           f"{HEIGHT}, GOLDEN_CLASSES = {CLASSES} }};"]
    ramp = np.add.outer(np.arange(HEIGHT) * 5, np.arange(WIDTH) * 4)[..., None] + np.array([0, 20, 40])
    a = np.clip(ramp + random.normal(0, 12, ramp.shape), 0, 255).astype(np.uint8)
    b = np.clip(a + random.normal(0, 9, a.shape), 0, 255).astype(np.uint8)
    for name, picture in (("a", a), ("b", b)):
        out.append(f"static const uint8_t golden_{name}[{picture.size}] = {{{', '.join(map(str, picture.ravel()))}}};")
    cases = []
    for border in (0, 3, 5):
        colour, grey = quality(a, b, border), quality(a[..., :1].repeat(3, 2), b[..., :1].repeat(3, 2), border)
        cases.append(f"{{{border}, {', '.join(map(number, colour + grey))}}}")
    out.append("static const struct { int border; double psnr, ssim, blue_psnr, blue_ssim; } "
               f"golden_quality[{len(cases)}] = {{{', '.join(cases)}}};")

    truths, found = make_boxes()
    items = ", ".join(f"{{{t[0]}, {t[1]}, {', '.join(map(number, t[2:6]))}, {'true' if t[6] else 'false'}, false, 0}}" for t in truths)
    out.append(f"static const struct ap_truth golden_truths[{len(truths)}] = {{{items}}};")
    items = ", ".join(f"{{{f[0]}, {f[1]}, {', '.join(map(number, f[2:]))}}}" for f in found)
    out.append(f"static const struct ap_found golden_found[{len(found)}] = {{{items}}};")
    scores = [class_scores([(t[0], *t[2:]) for t in truths if t[1] == k],
                           [(f[0], *f[2:]) for f in found if f[1] == k]) for k in range(CLASSES)]
    mean = (sum(s[0] for s in scores), *np.nanmean([s[1:] for s in scores], 0))
    items = ", ".join(f"{{.truths = {s[0]}, .ap = {number(s[1])}, .ap50 = {number(s[2])}, .ap50_exact = {number(s[3])}}}"
                      for s in (*scores, mean))
    out.append(f"/* the classes, then their mean */ static const struct ap_score golden_ap[{CLASSES + 1}] = {{{items}}};")
    path = pathlib.Path(__file__).with_name("golden_metrics.h")
    path.write_text("\n".join(out) + "\n")
    subprocess.run(["clang-format", "-i", str(path)], check=True)


if __name__ == "__main__":
    main()
