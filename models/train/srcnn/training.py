"""The training loop: Adam on the mean squared error, an average of the weights, checkpoints."""
import logging
import math
import random
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from net import REACH, make_net, run_on_patches, run_torch
from patches import make_pairs, pick_batch
from pictures import list_pictures

SHRINKS = (1.0, 0.9, 0.8, 0.7, 0.6)  # training pictures are also used smaller (FSRCNN, Dong et al. 2016)
HOLD_OUT_EVERY = 12                  # every 12th training picture is kept aside to choose the weights by
LR_FIRST, LR_LAST = 1e-3, 1e-5       # cosine from one to the other
WARM_UP_STEPS = 200
EMA_DECAY = 0.999
CHECK_EVERY = 1000                   # steps between two measurements (and checkpoints)

log = logging.getLogger("srcnn")


def measure_held_out(pairs, net):
    """Mean PSNR of luma in 0..1 over held-out pairs, whole pictures with their edges."""
    run = run_torch(net)
    return float(np.mean([-10 * math.log10(np.mean((run(x) - y.astype(np.float32)) ** 2)) for x, y in pairs]))


def learning_rate(step, done):
    """`done` is the part of the training that is over, 0..1."""
    cosine = LR_LAST + (LR_FIRST - LR_LAST) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
    return cosine * min(1.0, (step + 1) / WARM_UP_STEPS)


def update_average(average, net):
    with torch.no_grad():
        for mean, weight in zip(average.parameters(), net.parameters()):
            mean.lerp_(weight, 1 - EMA_DECAY)


class Run:
    """All that a training goes on from: weights, their average, optimiser, random state, progress."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        self.rng = random.Random(seed)
        self.net, self.average = make_net(), make_net()
        self.average.load_state_dict(self.net.state_dict())
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=LR_FIRST)
        self.progress = {"step": 0, "seconds": 0.0, "best": -math.inf}

    def save(self, path):
        torch.save({"net": self.net.state_dict(), "average": self.average.state_dict(),
                    "optimiser": self.optimiser.state_dict(), "rng": self.rng.getstate(),
                    "progress": self.progress}, path)

    def load(self, path):
        saved = torch.load(path)
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.rng.setstate(saved["rng"])
        self.progress = saved["progress"]

    def save_average(self, path):
        """The weights to use, and how they came about."""
        torch.save({"net": self.average.state_dict(), "step": self.progress["step"],
                    "command": "srcnn.py " + shlex.join(sys.argv[1:])}, path)

    def learn(self, batch, rate):
        """One step of Adam on the mean squared error; returns the error."""
        seen, sharp, inside = batch
        self.optimiser.param_groups[0]["lr"] = rate
        loss = F.mse_loss(run_on_patches(self.net, seen, inside), sharp[:, :, REACH:-REACH, REACH:-REACH])
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        update_average(self.average, self.net)
        return loss.item()


def load_pairs(folder):
    """Returns the pairs to learn from and those held out."""
    paths = list_pictures(folder)
    kept = [path for i, path in enumerate(paths) if i % HOLD_OUT_EVERY]
    return make_pairs(kept, SHRINKS), make_pairs(paths[::HOLD_OUT_EVERY], shrinks=(1.0,))


def train(args):
    """Ends after --steps or --minutes, whichever is first; the learning rate falls towards that end.
    With --steps alone a run can be repeated exactly; --minutes makes it fit the machine."""
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    log.addHandler(logging.FileHandler(out / "train.log"))
    run = Run(args.seed)
    if args.resume:
        run.load(out / "last.pt")
    progress = run.progress

    pairs, held_out = load_pairs(Path(args.data) / "T91")
    areas = np.cumsum([sharp.size for _, sharp in pairs]).tolist()
    log.info("%d pairs, %.1f Mpixel; %d pairs held out, bicubic %.3f dB on them", len(pairs),
             areas[-1] / 1e6, len(held_out), measure_held_out(held_out, nn.Identity()))

    def part_done():
        return max(progress["step"] / args.steps, progress["seconds"] / (60 * args.minutes))

    start, losses = time.monotonic() - progress["seconds"], []
    while part_done() < 1:
        rate = learning_rate(progress["step"], part_done())
        losses.append(run.learn(pick_batch(pairs, areas, run.rng), rate))
        progress["step"] += 1
        progress["seconds"] = time.monotonic() - start
        if progress["step"] % CHECK_EVERY and part_done() < 1:
            continue
        score = measure_held_out(held_out, run.average)
        log.info("step %6d  %5.1f min  lr %.2e  loss %.3e  held out %.3f dB", progress["step"],
                 progress["seconds"] / 60, rate, np.mean(losses), score)
        if score > progress["best"]:
            progress["best"] = score
            run.save_average(out / "best.pt")
        run.save(out / "last.pt")
        losses.clear()
    best = torch.load(out / "best.pt")
    torch.save({**best, "whole_run": progress}, out / "best.pt")
