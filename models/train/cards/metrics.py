"""From a decoded net to scores: letterbox, non-maximum suppression, average precision at IoU 0.5."""
import cv2
import numpy as np
import torch

from classes import RANK_COUNT, SUIT_COUNT
from net import BOX_FIELDS, decode

PAD = 114                          # grey of YOLOv5's letterbox
CANDIDATES = 600                   # best boxes kept before suppression
CLASS_OFFSET = 4096.0              # pixels; moves classes apart, so that one pass suppresses within each


def letterbox(picture, size):
    """Fits a picture into a grey size x size square -> (square, gain, left, top)."""
    height, width = picture.shape[:2]
    gain = size / max(height, width)
    fit_height, fit_width = round(height * gain), round(width * gain)
    top, left = (size - fit_height) // 2, (size - fit_width) // 2
    square = np.full((size, size, 3), PAD, np.uint8)
    square[top:top + fit_height, left:left + fit_width] = cv2.resize(
        picture, (fit_width, fit_height), interpolation=cv2.INTER_AREA if gain < 1 else cv2.INTER_LINEAR)
    return square, gain, left, top


def infer(net, picture):
    """BGR uint8 picture with sides of multiples of 32 -> decoded boxes [n][57]."""
    tensor = torch.from_numpy(np.ascontiguousarray(picture[..., ::-1])).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        return decode(net(tensor.contiguous(memory_format=torch.channels_last)))[0]


def detections(boxes, by_rank=False, confidence=0.01, iou=0.5, limit=60):
    """Decoded boxes [n][57] -> [k][x1, y1, x2, y2, score, class], best first, suppressed within each class.

    by_rank: a rank's probability is the sum over its four suits; the class is then the rank, 0..12.
    """
    boxes = boxes[boxes[:, 4] > confidence]
    probabilities = boxes[:, BOX_FIELDS:]
    if by_rank:
        probabilities = probabilities.view(-1, RANK_COUNT, SUIT_COUNT).sum(2).clamp(max=1)
    scores, classes = (probabilities * boxes[:, 4:5]).max(1)
    order = scores.argsort(descending=True)[:CANDIDATES]
    order = order[scores[order] > confidence]
    scores, classes = scores[order].numpy(), classes[order].numpy()
    centre, size = boxes[order, :2].numpy(), boxes[order, 2:4].numpy()
    corners = np.concatenate([centre - size / 2, centre + size / 2], 1)
    apart = corners + classes[:, None] * CLASS_OFFSET
    keep, dead = [], np.zeros(len(corners), bool)
    for i in range(len(corners)):
        if dead[i]:
            continue
        keep.append(i)
        if len(keep) == limit:
            break
        dead |= box_iou(apart[i:i + 1], apart)[0] > iou
    return np.concatenate([corners[keep], scores[keep, None], classes[keep, None]], 1).reshape(-1, 6)


def box_iou(a, b):
    """IoU of corners a [n][4] and b [m][4] -> [n][m]."""
    overlap = (np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])).clip(0).prod(2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(1), (b[:, 2:] - b[:, :2]).prod(1)
    return overlap / (area_a[:, None] + area_b[None] - overlap + 1e-9)


def average_precision(found, truth, iou=0.5):
    """AP of each class at an IoU: area under the precision envelope, every recall step counted.

    found: per picture [k][x1, y1, x2, y2, score, class]; truth: per picture [m][class, x1, y1, x2, y2].
    A box is matched, best score first, to the card it overlaps most, once. -> {class: AP}
    """
    scores = {}
    for cls in sorted({int(c) for cards in truth for c in cards[:, 0]}):
        hits, total = [], 0
        for boxes, cards in zip(found, truth):
            cards, boxes = cards[cards[:, 0] == cls, 1:], boxes[boxes[:, 5] == cls]
            total += len(cards)
            taken = set()
            for box in boxes[boxes[:, 4].argsort()[::-1]]:
                hit = 0
                if len(cards):
                    overlaps = box_iou(box[None, :4], cards)[0]
                    best = int(overlaps.argmax())
                    if overlaps[best] >= iou and best not in taken:
                        taken.add(best)
                        hit = 1
                hits.append((box[4], hit))
        if not hits:
            scores[cls] = 0.0
            continue
        hits.sort(reverse=True)
        true = np.cumsum([hit for _, hit in hits])
        precision, recall = true / np.arange(1, len(true) + 1), true / total
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        scores[cls] = float(np.sum(np.diff(np.concatenate([[0], recall])) * envelope))
    return scores


def as_one_class(found, truth):
    """Forgets the classes: is there a card at all?"""
    found = [np.concatenate([boxes[:, :5], np.zeros((len(boxes), 1))], 1) for boxes in found]
    truth = [np.concatenate([np.zeros((len(cards), 1)), cards[:, 1:]], 1) for cards in truth]
    return found, truth
