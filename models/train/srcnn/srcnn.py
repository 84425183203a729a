#!/usr/bin/env python3
"""Train, measure and export SRCNN 9-1-5, the small net that sharpens what bicubic enlarged.

    srcnn.py train  --data DIR --out runs/srcnn --minutes 38      (--resume goes on)
    srcnn.py eval   --data DIR --checkpoint runs/srcnn/best.pt    (or --onnx FILE)
    srcnn.py export --data DIR --checkpoint runs/srcnn/best.pt --onnx srcnn.onnx --card srcnn.cfg

DIR holds the folders T91 (training), Set5 and Set14 (measuring), each of plain pictures.

The net is that of Dong, Loy, He, Tang: "Learning a Deep Convolutional Network for Image
Super-Resolution" (ECCV 2014) and "Image Super-Resolution Using Deep Convolutional Networks"
(TPAMI 2016), with filters 9-1-5 and widths 64 and 32. It sees the luma of a picture that bicubic
has already enlarged, and gives the same luma, sharper:

    y     [1][1][H][W]   luma 0.299 R + 0.587 G + 0.114 B over 255 (BT.601, full range), about 0..1
    y_sr  [1][1][H][W]   the same, sharper

One net serves factors 2, 3 and 4.
"""
import argparse
import logging
import math

import cv2
import torch

from exporting import export
from measure import measure_all
from net import load_checkpoint, run_opencv, run_torch
from training import train


def evaluate(args):
    run = run_opencv(args.onnx) if args.onnx else run_torch(load_checkpoint(args.checkpoint)[0])
    for name, by_factor in measure_all(args.data, run).items():
        for factor, scores in by_factor.items():
            print(f"{name} x{factor}  " + "  ".join(f"{k} {v:.3f}" for k, v in scores.items()))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("train", train), ("eval", evaluate), ("export", export)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("--data", required=True, help="folder that holds T91, Set5, Set14")
        command.add_argument("--threads", type=int, default=1)
        if name == "train":
            command.add_argument("--out", required=True, help="folder for last.pt, best.pt and train.log")
            command.add_argument("--minutes", type=float, default=math.inf)
            command.add_argument("--steps", type=int, default=100000)
            command.add_argument("--seed", type=int, default=1)
            command.add_argument("--resume", action="store_true", help="go on from last.pt")
        if name == "eval":
            which = command.add_mutually_exclusive_group(required=True)
            which.add_argument("--checkpoint")
            which.add_argument("--onnx")
        if name == "export":
            command.add_argument("--checkpoint", required=True)
            command.add_argument("--onnx", required=True, help="file to write")
            command.add_argument("--card", help="model card to write, with scores")
    return parser.parse_args()


def main():
    args = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    args.function(args)


if __name__ == "__main__":
    main()
