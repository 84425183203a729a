#!/usr/bin/env python3
"""Writes golden_imresize.h: a small plane resized by MATLAB's rule, in numpy, weight by weight after MATLAB's text
(imresize.m: contributions()), apart from besra's and from that of models/train/srcnn.

    python3 tests/preprocess/make_golden_imresize.py     (Debian: python3-numpy, clang-format)
"""
import pathlib
import subprocess

import numpy as np

WIDTH, HEIGHT = 13, 9
SCALES = [1 / 2, 1 / 3, 1 / 4, 2.0, 3.0]
random = np.random.default_rng(4)


def cubic(x):
    a = np.abs(x)
    return (1.5 * a**3 - 2.5 * a**2 + 1) * (a <= 1) + (-0.5 * a**3 + 2.5 * a**2 - 4 * a + 2) * ((1 < a) & (a <= 2))


def contributions(length, scale):
    """indices (from 1) and weights as in imresize.m"""
    out = int(np.ceil(round(length * scale, 9)))
    width = 4.0 / scale if scale < 1 else 4.0
    kernel = (lambda x: scale * cubic(scale * x)) if scale < 1 else cubic
    u = np.arange(1, out + 1) / scale + 0.5 * (1 - 1 / scale)
    left = np.floor(u - width / 2)
    indices = left[:, None] + np.arange(int(np.ceil(width)) + 2)
    weights = kernel(u[:, None] - indices)
    weights /= weights.sum(1, keepdims=True)
    aux = np.concatenate([np.arange(1, length + 1), np.arange(length, 0, -1)])
    return aux[np.mod(indices.astype(int) - 1, 2 * length)], weights


def resize(plane, scale):
    for axis in (0, 1):
        index, weight = contributions(plane.shape[axis], scale)
        moved = np.moveaxis(plane, axis, 0)
        plane = np.moveaxis(np.stack([np.tensordot(w, moved[i - 1], 1) for i, w in zip(index, weight)]), 0, axis)
    return plane


def main():
    plane = random.integers(0, 256, (HEIGHT, WIDTH)).astype(float)
    out = ["/* Made by make_golden_imresize.py with numpy; not to be edited. */", "#pragma once",
           f"enum {{ IMRESIZE_WIDTH = {WIDTH}, IMRESIZE_HEIGHT = {HEIGHT}, IMRESIZE_MOST = {WIDTH * HEIGHT * 9} }};",
           f"static const float imresize_plane[{plane.size}] = {{{', '.join(str(int(v)) for v in plane.ravel())}}};"]
    cases = []
    for i, scale in enumerate(SCALES):
        small = resize(plane, scale)
        out.append(f"static const double imresize_{i}[{small.size}] = {{{', '.join(f'{v:.7g}' for v in small.ravel())}}};")
        cases.append(f"{{{scale!r}, {small.shape[1]}, {small.shape[0]}, imresize_{i}}}")
    out.append("static const struct { double scale; int width, height; const double *values; } "
               f"imresize_cases[{len(cases)}] = {{{', '.join(cases)}}};")
    path = pathlib.Path(__file__).with_name("golden_imresize.h")
    path.write_text("\n".join(out) + "\n")
    subprocess.run(["clang-format", "-i", str(path)], check=True)


if __name__ == "__main__":
    main()
