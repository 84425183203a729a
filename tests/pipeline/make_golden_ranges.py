#!/usr/bin/env python3
"""Writes golden_ranges.h: numbers as SiLU and ReLU leave them, how they are spread, and what ranges of them cost,
in numpy.

    python3 tests/pipeline/make_golden_ranges.py     (Debian: python3-numpy, clang-format)
"""
import pathlib
import subprocess

import numpy as np

BINS, HALF = 8192, 4096
random = np.random.default_rng(8)
logits = random.normal(0, 2.5, 600)
sets = {
    "silu": logits / (1 + np.exp(-logits)),
    "relu": np.maximum(np.append(random.normal(0, 1, 500), [9.0, 11.5]), 0),
    "both": np.append(random.standard_t(3, 700), [-20.0, 31.0]),
}


def spread(numbers):
    exponent = int(np.frexp(np.abs(numbers).max() / HALF)[1])
    edges = (np.arange(BINS + 1) - HALF) * 2.0**exponent
    return exponent, edges, np.histogram(numbers, edges)[0]


def quantile(edges, counts, part):
    """np.interp over the sum of counts: numbers lie evenly in their bin."""
    total = np.append(0, np.cumsum(counts))
    full = counts > 0
    keep = np.append(full, False) | np.append(False, full)
    return np.interp(part * counts.sum(), total[keep], edges[keep])


def rounding(least, most):
    scale = (most - least) / 255
    return scale, np.clip(np.rint(-least / scale), 0, 255)


def mse(edges, counts, least, most):
    scale, zero = rounding(least, most)
    middle = (edges[:-1] + edges[1:]) / 2
    rounded = (np.clip(np.rint(middle / scale) + zero, 0, 255) - zero) * scale
    return (counts * (rounded - middle) ** 2).sum() / counts.sum()


def divergence(edges, counts, least, most):
    """Szymon Migacz, 8-bit inference with TensorRT (GTC 2017), for a range that need not be even."""
    scale, zero = rounding(least, most)
    inside = np.flatnonzero((edges[1:] > least) & (edges[:-1] < most))
    first, last = inside[0], inside[-1]
    here = counts[first : last + 1].astype(float)
    middle = ((edges[:-1] + edges[1:]) / 2)[first : last + 1]
    step = np.clip(np.rint(middle / scale) + zero, 0, 255).astype(int)
    mass, filled = np.bincount(step, here, 256), np.bincount(step, here > 0, 256)
    q = np.where(here > 0, mass[step] / np.maximum(filled[step], 1), 0)
    q = np.where(here > 0, q / here.sum(), 1e-10)
    p = here.copy()
    p[0] += counts[:first].sum()
    p[-1] += counts[last + 1 :].sum()
    p /= counts.sum()
    return (p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum()


def best(cost, edges, counts, low, high):
    """Over a grid of both ends."""
    return min(cost(edges, counts, a, b) for a in (low * np.arange(1, 33) / 32 if low < 0 else [0.0])
               for b in high * np.arange(1, 65) / 64)


def table(name, numbers):
    numbers = numbers.astype(np.float32)
    exponent, edges, counts = spread(numbers.astype(float))
    low, high = min(float(numbers.min()), 0), max(float(numbers.max()), 0)
    part = (low * 0.5, high * 0.4)
    row = [exponent, int((counts * np.arange(BINS)).sum()), quantile(edges, counts, 0.0123),
           quantile(edges, counts, 0.9877), *part, mse(edges, counts, *part), divergence(edges, counts, *part),
           best(mse, edges, counts, low, high), best(divergence, edges, counts, low, high)]
    listed = ", ".join(f"{float(x)!r}F" for x in numbers)
    return f"static const float {name}_numbers[] = {{{listed}}};\n", \
        f"{{{name}_numbers, {len(numbers)}, {', '.join(repr(x) if isinstance(x, int) else repr(float(x)) for x in row)}}},"


made = [table(name, numbers) for name, numbers in sets.items()]
text = "/* Made by make_golden_ranges.py with numpy; not to be edited. */\n#pragma once\n#include <stddef.h>\n"
text += "".join(numbers for numbers, _ in made)
text += """
/* Numbers, how many; the bins' exponent, the sum of their places; the quantiles 0.0123 and 0.9877; a range, and what it
 * costs; the least that a range of a grid costs. */
static const struct golden_range {
    const float *numbers;
    size_t count;
    int exponent;
    long long places;
    double low, high, least, most, mse, divergence, best_mse, best_divergence;
} golden_ranges[] = {
""" + "\n".join(row for _, row in made) + "\n};\n"
path = pathlib.Path(__file__).with_name("golden_ranges.h")
path.write_text(text)
subprocess.run(["clang-format", "-i", path], check=True)
