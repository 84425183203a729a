"""Scores a checkpoint or an exported ONNX, by a protocol that was fixed before the first look at a photograph.

Rendered scenes: mAP50 over the 52 classes, on scenes of a deck that training never sees (decks.HELD_OUT_SHEET),
rendered from a fixed seed at the net's size.
Photographs: rank-AP50 on a folder of images/ and labels.csv (file, rank, x1, y1, x2, y2: whole cards). Each is
letterboxed into one square of --size pixels; class scores are summed over the suits, suppression is per rank,
and the AP is averaged over the ranks that occur. Photographs are a test set: nothing is chosen by them.
"""
import argparse
import collections
import csv
import json
import os

import cv2
import numpy as np
import torch

import checkpoint
import decks
import metrics
import scenes
import surfaces
from classes import RANKS, rank_of
from net import decode

VALIDATION_SEED = 20240
SIZE = 416                          # pixels


def held_out_scenes(cache, photographs, count, size):
    rng = np.random.default_rng(VALIDATION_SEED)
    bank = decks.held_out_bank(cache)
    backgrounds = surfaces.load_photographs(photographs)
    return [scenes.scene(rng, bank, size, size, backgrounds) for _ in range(count)]


def mean(scores):
    return float(np.mean(list(scores.values())))


def rank_scores(found, truth):
    """found and truth by rank, as metrics.average_precision() takes them."""
    ranks = metrics.average_precision(found, truth)
    return {"rank_AP50": mean(ranks),
            "any_card_AP50": mean(metrics.average_precision(*metrics.as_one_class(found, truth))),
            "ranks": {RANKS[rank]: score for rank, score in ranks.items()}}


def score_scenes(run, pictures):
    """run: picture -> decoded boxes [n][57]; pictures: [(picture, labels)]."""
    by_class, by_rank, truth, rank_truth = [], [], [], []
    for picture, labels in pictures:
        boxes = run(picture)
        by_class.append(metrics.detections(boxes))
        by_rank.append(metrics.detections(boxes, by_rank=True))
        truth.append(labels)
        rank_truth.append(np.column_stack([rank_of(labels[:, 0].astype(int)), labels[:, 1:]]))
    return {"scenes": len(pictures), "cards": sum(map(len, truth)),
            "mAP50": mean(metrics.average_precision(by_class, truth)), **rank_scores(by_rank, rank_truth)}


def load_labelled_photographs(folder):
    """[(picture, [m][rank, x1, y1, x2, y2])]"""
    cards = collections.defaultdict(list)
    with open(os.path.join(folder, "labels.csv"), newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            cards[row["file"]].append([RANKS.index(row["rank"])] + [float(row[k]) for k in ("x1", "y1", "x2", "y2")])
    return [(cv2.imread(os.path.join(folder, "images", name)), np.array(rows)) for name, rows in sorted(cards.items())]


def score_photographs(run, folder, size):
    found, truth = [], []
    for picture, cards in load_labelled_photographs(folder):
        square, gain, left, top = metrics.letterbox(picture, size)
        boxes = metrics.detections(run(square), by_rank=True)
        boxes[:, :4] = (boxes[:, :4] - [left, top, left, top]) / gain
        found.append(boxes)
        truth.append(cards)
    return {"photographs": len(truth), "cards": sum(map(len, truth)), **rank_scores(found, truth)}


def load_runner(path):
    """picture -> decoded boxes, by torch for a checkpoint and by OpenCV for an export of heads."""
    if path.endswith(".onnx"):
        graph = cv2.dnn.readNetFromONNX(path)
        names = graph.getUnconnectedOutLayersNames()

        def run(picture):
            graph.setInput(cv2.dnn.blobFromImage(picture, 1 / 255, swapRB=True))
            heads = sorted(graph.forward(names), key=lambda head: -head.shape[2])
            return decode([torch.from_numpy(head) for head in heads])[0]
        return run
    net = checkpoint.load_for_use(path)
    return lambda picture: metrics.infer(net, picture)


def rounded(scores):
    return {key: rounded(value) if isinstance(value, dict) else round(value, 3) for key, value in scores.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="checkpoint (.pt) or exported heads (.onnx)")
    parser.add_argument("--cache", help="cache folder for Debian's decks: score rendered scenes")
    parser.add_argument("--backgrounds", nargs="*", default=[], help="folders of pictures behind the rendered cards")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--photographs", help="folder with images/ and labels.csv: score photographs")
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--json", help="file to write the scores to as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    run = load_runner(options.weights)
    scores = {}
    if options.cache:
        pictures = held_out_scenes(options.cache, options.backgrounds, options.scenes, options.size)
        scores["scenes"] = rounded(score_scenes(run, pictures))
    if options.photographs:
        scores["photographs"] = rounded(score_photographs(run, options.photographs, options.size))
    for part, values in scores.items():
        print(part, json.dumps(values))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(scores, out, indent=1)


if __name__ == "__main__":
    main()
