"""YOLOv5's loss with CIoU boxes, IoU as the objectness target, and a rank-and-suit friendly class term."""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from classes import CLASS_COUNT
from net import ANCHOR_COUNT, ANCHORS, BOX_FIELDS, FIELDS, STRIDES


@dataclass
class LossWeights:
    box: float = 0.4                    # 1 - CIoU; 0.15 leaves the boxes loose
    binary: float = 0.5                 # binary cross-entropy over the classes
    softmax: float = 0.15               # cross-entropy over the classes: sharpens look-alike ranks
    objectness: tuple = (4.0, 1.0, 0.4) # by head: the fine one has most cells and fewest cards
    anchor_ratio: float = 3.0           # an anchor serves a card within this factor in width and height


def ciou(a, b):
    """Complete IoU (Zheng et al. 2020) of boxes a, b: [n][cx, cy, w, h] in the same unit -> [n]."""
    a_min, a_max = a[:, :2] - a[:, 2:] / 2, a[:, :2] + a[:, 2:] / 2
    b_min, b_max = b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2
    overlap = (torch.min(a_max, b_max) - torch.max(a_min, b_min)).clamp(0).prod(1)
    iou = overlap / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - overlap + 1e-7)
    hull = torch.max(a_max, b_max) - torch.min(a_min, b_min)
    distance = (a[:, :2] - b[:, :2]).pow(2).sum(1) / (hull.pow(2).sum(1) + 1e-7)
    shape = 4 / math.pi ** 2 * (torch.atan(b[:, 2] / b[:, 3]) - torch.atan(a[:, 2] / (a[:, 3] + 1e-7))) ** 2
    with torch.no_grad():
        weight = shape / (shape - iou + 1 + 1e-7)
    return iou - distance - weight * shape


def match(cards, anchors, stride, rows, columns, ratio_limit):
    """Which cells and anchors answer for which cards, as YOLOv5 has it: the card's own cell and the two
    neighbours nearest to its centre.

    cards [n][picture, class, cx, cy, w, h] in pixels -> (cards [m][6], anchor [m], column [m], row [m])
    """
    ratio = cards[:, None, 4:6] / anchors[None]
    fits = torch.max(ratio, 1 / ratio).amax(2) < ratio_limit
    card, anchor = fits.nonzero(as_tuple=True)
    cards = cards[card]
    grid = cards[:, 2:4] / stride
    mirrored = torch.tensor([columns, rows]) - grid
    near_start = (grid % 1 < 0.5) & (grid > 1)
    near_end = (mirrored % 1 < 0.5) & (mirrored > 1)
    chosen = torch.stack([torch.ones(len(cards), dtype=torch.bool),
                          near_start[:, 0], near_start[:, 1], near_end[:, 0], near_end[:, 1]])
    offsets = torch.tensor([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]]) * 0.5
    which, index = chosen.nonzero(as_tuple=True)
    cell = (grid[index] - offsets[which]).long()
    return cards[index], anchor[index], cell[:, 0].clamp(0, columns - 1), cell[:, 1].clamp(0, rows - 1)


def detection_loss(heads, cards, weights):
    """heads: CardNet's output; cards [n][picture, class, cx, cy, w, h] in pixels.

    Returns (loss, {name: float} for the log: box, object, binary, softmax, accuracy).
    """
    box = objectness = binary = softmax = torch.zeros(())
    matched = correct = 0
    for head, anchors, stride, balance in zip(heads, ANCHORS, STRIDES, weights.objectness):
        pictures, _, rows, columns = head.shape
        logits = head.view(pictures, ANCHOR_COUNT, FIELDS, rows, columns)
        target = torch.zeros(pictures, ANCHOR_COUNT, rows, columns)
        anchors = torch.tensor(anchors, dtype=torch.float32)
        hit, anchor, column, row = match(cards, anchors, stride, rows, columns, weights.anchor_ratio)
        if len(hit):
            picture, cls = hit[:, 0].long(), hit[:, 1].long()
            found = logits[picture, anchor, :, row, column]
            centre = found[:, :2].sigmoid() * 2 - 0.5
            size = (found[:, 2:4].sigmoid() * 2) ** 2 * anchors[anchor] / stride
            true_centre = hit[:, 2:4] / stride - torch.stack([column, row], 1)
            iou = ciou(torch.cat([centre, size], 1), torch.cat([true_centre, hit[:, 4:6] / stride], 1))
            box = box + (1 - iou).mean()
            target[picture, anchor, row, column] = iou.detach().clamp(0)
            scores = found[:, BOX_FIELDS:]
            binary = binary + F.binary_cross_entropy_with_logits(scores, F.one_hot(cls, CLASS_COUNT).float())
            softmax = softmax + F.cross_entropy(scores, cls)
            matched += len(cls)
            correct += int((scores.argmax(1) == cls).sum())
        objectness = objectness + F.binary_cross_entropy_with_logits(logits[:, :, 4], target) * balance
    loss = weights.box * box + objectness + weights.binary * binary + weights.softmax * softmax
    return loss, {"box": float(box), "object": float(objectness), "binary": float(binary),
                  "softmax": float(softmax), "accuracy": correct / max(matched, 1)}
