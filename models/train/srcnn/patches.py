"""Training patches: pairs of a blurred and a sharp luma, cut out of pictures."""
import numpy as np
import torch

from net import REACH
from pictures import crop_to_multiple, enlarge, make_small, read_picture, to_luma

FACTORS = (2, 3, 4)
PATCH = 52                # side of a patch of the sharp picture
SEEN = PATCH + 2 * REACH  # side of what the net sees for it
BATCH = 16


def make_pairs(paths, shrinks):
    """Returns [(input, target)] for every picture, shrink and factor: float16 luma [H][W] both.
    float16 halves the memory; its error, at most 2^-12, is a sixteenth of an 8-bit level."""
    pairs = []
    for path in paths:
        original = read_picture(path)
        for shrink in shrinks:
            picture = original if shrink == 1 else make_small(original, 1 / shrink)
            for factor in FACTORS:
                large = crop_to_multiple(picture, factor)
                if min(large.shape[:2]) < PATCH:
                    continue
                blurred = enlarge(to_luma(make_small(large, factor)), factor)
                pairs.append((blurred.astype(np.float16), to_luma(large).astype(np.float16)))
    return pairs


def pick_start(size, rng):
    """A patch's start along an axis. Drawn from a little beyond the picture and pushed back in, so
    that the edges, where the net meets its zero padding, come up often enough to be learnt."""
    return min(max(rng.randint(-REACH, size - PATCH + REACH), 0), size - PATCH)


def pick_patch(pair, rng):
    """Returns [3][SEEN][SEEN]: what the net sees of the picture (zeros beyond its ends), the sharp
    picture (its middle PATCH x PATCH counts) and 1 where there is picture, 0 beyond its ends."""
    height, width = pair[1].shape
    top, left = pick_start(height, rng), pick_start(width, rng)
    patch = np.zeros((3, SEEN, SEEN), np.float16)
    from_y, to_y = max(top - REACH, 0), min(top + PATCH + REACH, height)
    from_x, to_x = max(left - REACH, 0), min(left + PATCH + REACH, width)
    there = np.s_[from_y - top + REACH:to_y - top + REACH, from_x - left + REACH:to_x - left + REACH]
    for plane, source in zip(patch, (*pair, None)):
        plane[there] = 1 if source is None else source[from_y:to_y, from_x:to_x]
    patch = np.rot90(patch, rng.randrange(4), (1, 2))
    return patch[:, :, ::-1] if rng.random() < 0.5 else patch


def pick_batch(pairs, areas, rng):
    """Returns three float tensors [BATCH][1][SEEN][SEEN]; pictures are drawn by their area."""
    chosen = rng.choices(pairs, cum_weights=areas, k=BATCH)
    batch = np.stack([pick_patch(pair, rng) for pair in chosen]).astype(np.float32)
    return [torch.from_numpy(batch[:, i:i + 1]).contiguous(memory_format=torch.channels_last)
            for i in range(3)]
