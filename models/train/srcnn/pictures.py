"""Pictures, their luma, and the two bicubics.

  down  as MATLAB's imresize (a = -0.5, antialiased), which is how the field makes its small pictures
  up    as torch's interpolate (a = -0.75, half-pixel centres), which is what runs before the net
"""
import math
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

LUMA_BGR = np.array([0.114, 0.587, 0.299])  # BT.601
STUDIO_BLACK, STUDIO_SPAN = 16.0, 219.0     # BT.601 studio swing: Y = 16 + 219 * luma


def read_picture(path):
    """Returns uint8 [H][W][3], BGR."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path}: not a picture that can be read")
    return picture


def list_pictures(folder):
    paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in (".png", ".bmp", ".jpg"))
    if not paths:
        raise SystemExit(f"{folder}: holds no pictures")
    return paths


def to_luma(bgr):
    """[H][W][3] BGR in 0..255 -> [H][W] full-range luma in 0..1."""
    return bgr.astype(np.float64) @ LUMA_BGR / 255.0


def to_studio(luma):
    """Full-range luma in 0..1 -> BT.601 studio swing as 8-bit levels, rounded half up.
    The scale of MATLAB's rgb2ycbcr, in which the field gives its PSNR."""
    return np.clip(np.floor(STUDIO_BLACK + STUDIO_SPAN * luma + 0.5), 0, 255)


def crop_to_multiple(picture, factor):
    height, width = picture.shape[:2]
    return picture[:height - height % factor, :width - width % factor]


def keys_cubic(x, a):
    """The cubic convolution kernel (Keys 1981), zero beyond 2."""
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def imresize_matrix(size, scale):
    """Weights [ceil(size * scale)][size] of one axis of MATLAB's imresize(..., 'bicubic'):
    a = -0.5, half-pixel centres, stretched by 1/scale when shrinking, mirrored at the edges."""
    out_size = math.ceil(size * scale - 1e-9)
    stretch = min(scale, 1.0)
    centre = (np.arange(out_size) + 0.5) / scale - 0.5
    first = np.floor(centre - 2 / stretch).astype(int)
    taps = first[:, None] + np.arange(math.ceil(4 / stretch) + 2)
    weights = keys_cubic((centre[:, None] - taps) * stretch, a=-0.5)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.mod(taps, 2 * size)
    mirrored = np.where(mirrored < size, mirrored, 2 * size - 1 - mirrored)
    matrix = np.zeros((out_size, size))
    np.add.at(matrix, (np.arange(out_size)[:, None], mirrored), weights)
    return matrix


def imresize(picture, scale):
    """MATLAB's imresize on float [H][W] or [H][W][C]; not rounded, not clipped."""
    rows = imresize_matrix(picture.shape[0], scale)
    columns = imresize_matrix(picture.shape[1], scale)
    return np.moveaxis(np.tensordot(columns, np.tensordot(rows, picture, (1, 0)), (1, 1)), 0, 1)


def enlarge(luma, factor):
    """Float [H][W] -> [H * factor][W * factor]; the bicubic that runs before the net (a = -0.75).
    Luma is linear in B, G, R: enlarging it is enlarging the picture and then taking its luma."""
    tensor = torch.from_numpy(np.ascontiguousarray(luma))[None, None]
    return F.interpolate(tensor, scale_factor=factor, mode="bicubic", align_corners=False)[0, 0].numpy()


def make_small(bgr, factor):
    """uint8 [H][W][3] -> the small picture as a file would hold it: uint8, 1/factor on each side."""
    return np.clip(np.floor(imresize(bgr.astype(np.float64), 1 / factor) + 0.5), 0, 255)
