#!/usr/bin/env python3
"""Writes golden_quantize.h: small layers as text, and what numpy makes of them on 8-bit numbers.

    python3 tests/onnx/make_golden_quantize.py     (Debian: python3-numpy, clang-format)
"""
import pathlib
import subprocess

import numpy as np

f32 = np.float32
random = np.random.default_rng(13)


def text(numbers):
    return " ".join(repr(float(f32(x))) for x in np.ravel(numbers))


def activation(least, most):
    scale = f32((most - least) / 255)
    return scale, int(np.clip(np.rint(-least / float(scale)), 0, 255))


def rounded(x, scale, zero):
    return (np.clip(np.rint(x / scale).astype(f32) + zero, 0, 255) - zero) * scale


def weights(w, axis):
    """i8 by channel, and the scales"""
    others = tuple(i for i in range(w.ndim) if i != axis)
    scale = (np.abs(w).max(others).astype(float) / 127).astype(f32)
    shape = [-1 if i == axis else 1 for i in range(w.ndim)]
    return np.clip(np.rint(w / scale.reshape(shape)), -127, 127).astype(int), scale, scale.reshape(shape)


def conv(x, w, b):
    """stride 1, padded by 1, 3x3"""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((x.shape[0], w.shape[0], *x.shape[2:]))
    for i in range(3):
        for k in range(3):
            out += np.einsum("nchw,oc->nohw", padded[:, :, i : i + x.shape[2], k : k + x.shape[3]], w[:, :, i, k])
    return out + b.reshape(1, -1, 1, 1)


rows = []


def add(name, model, x, least, most, w, axis, b, run):
    scale, zero = activation(least, most)
    steps, scales, spread = weights(w, axis)
    bias = np.rint(b.astype(float) / (scale * scales).astype(f32)).astype(int) if b is not None else []
    real_bias = bias * (scale * scales).astype(float) if b is not None else np.zeros(len(scales))
    y = run(rounded(x, scale, zero).astype(float), steps * spread.astype(float), real_bias)
    rows.append((name, model, f"f32 {' '.join(map(str, x.shape))} : {text(x)}", least, most, float(scale), zero,
                 np.ravel(steps), scales, bias, np.ravel(y)))


x = random.normal(0, 1, (1, 2, 3, 4)).astype(f32)
w, b = random.normal(0, 1, (3, 2, 3, 3)).astype(f32) * f32([[[[3]]], [[[0.2]]], [[[1]]]]), f32([0.5, -7.25, 0.001])
add("conv", f"input x f32 1 2 3 4\ninit w f32 3 2 3 3 : {text(w)}\ninit b f32 3 : {text(b)}\n"
    "y = Conv(x, w, b) pads=[1,1,1,1]\noutput y f32 1 3 3 4\n", x, -1.5, 2.25, w, 0, b, conv)
x = random.normal(0, 1, (2, 5)).astype(f32)
w, b = random.normal(0, 1, (4, 5)).astype(f32), random.normal(0, 1, 4).astype(f32)
add("gemm, turned", f"input x f32 2 5\ninit w f32 4 5 : {text(w)}\ninit b f32 4 : {text(b)}\n"
    "y = Gemm(x, w, b) transB=1\noutput y f32 2 4\n", x, 0.0, 1.75, w, 0, b, lambda x, w, b: x @ w.T + b)
w = random.normal(0, 1, (5, 4)).astype(f32)
add("gemm", f"input x f32 2 5\ninit w f32 5 4 : {text(w)}\ninit b f32 4 : {text(b)}\n"
    "y = Gemm(x, w, b)\noutput y f32 2 4\n", x, -3.0, 0.0, w, 1, b, lambda x, w, b: x @ w + b)
add("matmul", f"input x f32 2 5\ninit w f32 5 4 : {text(w)}\ny = MatMul(x, w)\noutput y f32 2 4\n",
    x, -2.0, 2.0, w, 1, None, lambda x, w, b: x @ w)

out = """/* Made by make_golden_quantize.py with numpy; not to be edited. */
#pragma once
#include <stddef.h>
#include <stdint.h>
static const struct golden_layer {
    const char *name, *model, *input;
    double least, most, scale;
    int zero_point, weight_count, channels, bias_count, output_count;
    int8_t weights[64];
    float scales[8];
    int32_t bias[8];
    double outputs[64];
} golden_layers[] = {
"""
for name, model, x, least, most, scale, zero, steps, scales, bias, y in rows:
    quoted = "\n".join('"' + line + '\\n"' for line in model.splitlines())
    out += f'{{"{name}", {quoted}, "{x}", {least}, {most}, {scale!r}, {zero}, {len(steps)}, {len(scales)}, ' \
           f"{len(bias)}, {len(y)}, {{{', '.join(map(str, steps))}}}, " \
           f"{{{', '.join(repr(float(s)) + 'F' for s in scales)}}}, {{{', '.join(map(str, bias)) or '0'}}}, " \
           f"{{{', '.join(repr(float(v)) for v in y)}}}}},\n"
out += "};\n"
path = pathlib.Path(__file__).with_name("golden_quantize.h")
path.write_text(out)
subprocess.run(["clang-format", "-i", path], check=True)
