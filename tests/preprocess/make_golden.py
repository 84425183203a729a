#!/usr/bin/env python3
"""Writes golden.h: what OpenCV's resize and PyTorch's interpolate make of small pictures.

    /usr/bin/python3 tests/preprocess/make_golden.py > tests/preprocess/golden.h

Needs Debian's python3-opencv and python3-torch (made with OpenCV 4.6.0 and PyTorch 1.13).
"""
import cv2
import numpy as np
import torch

# width, height of the picture and of the scaled one: down, up, both, by exactly 2, not at all, lines, points
RESIZES = [(8, 6, 5, 4), (5, 4, 8, 6), (64, 48, 32, 24), (33, 17, 33, 17), (1, 1, 7, 5), (1, 9, 16, 144),
           (9, 1, 144, 16), (2, 2, 640, 640), (640, 427, 640, 427), (810, 1080, 480, 640), (1920, 1080, 640, 360),
           (320, 240, 640, 480), (333, 500, 426, 640), (1001, 77, 640, 49), (97, 1203, 52, 640)]

# width, height of the plane; a factor, or the size asked for
ENLARGEMENTS = [(7, 5, 1.0), (7, 5, 1.37), (7, 5, 2.0), (7, 5, 2.5), (7, 5, 3.0), (7, 5, 4.0), (1, 1, 3.0),
                (2, 1, 2.5), (3, 4, (11, 9)), (40, 1, 3.0), (9, 6, (5, 4))]


def noise(count, seed):
    """The bytes of noise_fill() in fixture.h: a linear congruential generator (Numerical Recipes)."""
    state, out = seed, np.empty(count, np.uint8)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return out


def hash_of(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def print_resizes():
    print('static const struct golden_resize golden_resizes[] = {')
    for seed, (width, height, to_width, to_height) in enumerate(RESIZES):
        picture = noise(width * height * 3, seed).reshape(height, width, 3)
        scaled = cv2.resize(picture, (to_width, to_height), interpolation=cv2.INTER_LINEAR)
        print(f'    {{{width}, {height}, {to_width}, {to_height}, 0x{hash_of(scaled.tobytes()):016x}ULL}},')
    print('};\n')


def print_enlargements():
    rows = []
    for seed, (width, height, target) in enumerate(ENLARGEMENTS):
        plane = torch.tensor(noise(width * height, seed).astype(np.float32).reshape(1, 1, height, width))
        if isinstance(target, tuple):
            made = torch.nn.functional.interpolate(plane, size=target[::-1], mode='bicubic', align_corners=False)
            factor = 0
        else:
            made = torch.nn.functional.interpolate(plane, scale_factor=target, mode='bicubic', align_corners=False)
            factor = target
        values = made[0, 0].numpy()
        print(f'static const float golden_plane_{seed}[] = {{')
        texts = [f'{value:.9g}' for value in values.ravel()]
        texts = [text + ('F' if '.' in text or 'e' in text else '.F') for text in texts]
        for at in range(0, len(texts), 8):
            print('    ' + ', '.join(texts[at:at + 8]) + ',')
        print('};\n')
        rows.append(f'    {{{width}, {height}, {values.shape[1]}, {values.shape[0]}, {factor}, '
                    f'golden_plane_{seed}}},')
    print('static const struct golden_enlargement golden_enlargements[] = {')
    print('\n'.join(rows))
    print('};')


print('/* Made by make_golden.py. */')
print('/* clang-format off */')
print('#pragma once\n')
print('#include <stdint.h>\n')
print('/* The FNV-1a hash of the scaled picture\'s bytes; case n is of noise of seed n. */')
print('struct golden_resize {\n    int width, height, to_width, to_height;\n    uint64_t hash;\n};\n')
print('/* A factor of 0: a size was asked for. Case n is of noise of seed n. */')
print('struct golden_enlargement {\n    int width, height, to_width, to_height;\n    double factor;\n'
      '    const float *values;\n};\n')
print_resizes()
print_enlargements()
