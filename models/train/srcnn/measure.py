"""PSNR as the super-resolution papers give it."""
import logging
import math
from pathlib import Path

import numpy as np

from net import REACH
from patches import FACTORS
from pictures import (STUDIO_BLACK, STUDIO_SPAN, crop_to_multiple, enlarge, imresize, list_pictures,
                      make_small, read_picture, to_luma, to_studio)

log = logging.getLogger("srcnn")


def psnr(levels, truth, border):
    """Decibels between 8-bit levels, peak 255, `border` pixels left out on each side."""
    inner = np.s_[border:-border, border:-border]
    error = np.mean((levels[inner] - truth[inner]) ** 2)
    return 10 * math.log10(255.0**2 / error)


def edge_psnr(levels, truth, width):
    """PSNR of the outermost `width` pixels alone, which psnr() mostly leaves out."""
    edge = np.ones(truth.shape, bool)
    edge[width:-width, width:-width] = False
    return 10 * math.log10(255.0**2 / np.mean((levels[edge] - truth[edge]) ** 2))


def measure_picture(bgr, factor, run):
    """Returns the scores of one picture. The field's protocol: the small picture is made from the
    studio-swing luma and not rounded; PSNR is of 8-bit luma, `factor` pixels off each side.
    The `_8bit` scores start from a small BGR picture rounded to 8 bits, as files are."""
    large = crop_to_multiple(bgr, factor)
    truth = to_studio(to_luma(large))
    small = imresize(truth, 1 / factor)
    blurred = enlarge((small - STUDIO_BLACK) / STUDIO_SPAN, factor)
    blurred_8bit = enlarge(to_luma(make_small(large, factor)), factor)
    matlab = np.clip(np.floor(imresize(small, factor) + 0.5), 0, 255)
    net, net_8bit, bicubic_8bit = (to_studio(y) for y in (run(blurred), run(blurred_8bit), blurred_8bit))
    return {
        "srcnn": psnr(net, truth, factor),
        "bicubic": psnr(to_studio(blurred), truth, factor),
        "bicubic_matlab": psnr(matlab, truth, factor),
        "srcnn_8bit": psnr(net_8bit, truth, factor),
        "bicubic_8bit": psnr(bicubic_8bit, truth, factor),
        "srcnn_8bit_edge": edge_psnr(net_8bit, truth, REACH),
        "bicubic_8bit_edge": edge_psnr(bicubic_8bit, truth, REACH),
    }


def measure_set(folder, run, factors=FACTORS):
    """Returns {factor: {score: mean over the folder's pictures}}."""
    result = {}
    for factor in factors:
        scores = {p.stem: measure_picture(read_picture(p), factor, run) for p in list_pictures(folder)}
        for name, score in scores.items():
            log.info("%-12s x%d  %s", name, factor, "  ".join(f"{k} {v:.2f}" for k, v in score.items()))
        names = next(iter(scores.values()))
        result[factor] = {k: float(np.mean([s[k] for s in scores.values()])) for k in names}
    return result


def measure_all(data, run):
    """Returns {"set5": {factor: scores}, "set14": …}, of the sets that are there."""
    sets = [name for name in ("Set5", "Set14") if (Path(data) / name).is_dir()]
    return {name.lower(): measure_set(Path(data) / name, run) for name in sets}
