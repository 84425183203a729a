"""Trains the card detector on pools of rendered scenes, within a given time.

The learning rate follows one cosine over all stages. Run again with the same --out, a cut-off training goes
on from its last checkpoint; --resume starts a new one from the weights of a checkpoint or of an exported ONNX.
With --workers N, N processes of one thread each take a batch and average their gradients: on a few cores that
is faster than one process of N threads, whose small layers do not divide well.
"""
import argparse
import copy
import math
import os
import random
import tempfile
import time

import cv2
import numpy as np
import torch
import torch.distributed
import torch.multiprocessing

import checkpoint
from loss import LossWeights, detection_loss
from net import CardNet
from pool import Pool

EMA_DECAY = 0.998
EMA_RAMP = 50                     # steps until the average is worth something
GRADIENT_LIMIT = 5.0
WEIGHT_DECAY = 0.02
LOG_EVERY = 50                    # steps
SAVE_EVERY = 120                  # seconds
CALIBRATION_PICTURES = 48         # to resume from ONNX


class Stage:
    """POOL:SIZE:MINUTES: scenes of a pool, scaled to SIZE pixels, for so many minutes."""

    def __init__(self, text):
        folder, size, minutes = text.rsplit(":", 2)
        self.pool, self.size, self.seconds = Pool(folder), int(size), float(minutes) * 60
        if self.size % 32:
            raise SystemExit(f"{text}: the size must be a multiple of 32")


def quarter_turns(labels, turns, size):
    """Boxes of a picture turned counter-clockwise by `turns` quarters. Cards are chiral: never mirror."""
    for _ in range(turns):
        cls, x1, y1, x2, y2 = labels.T
        labels = np.stack([cls, y1, size - x2, y2, size - x1], 1)
    return labels


def colour_table():
    """A random tone curve per channel, [256][1][3] uint8, for cv2.LUT."""
    levels = (np.arange(256)[:, None] / 255.0) ** random.uniform(0.8, 1.25)
    gains = np.random.uniform(0.85, 1.15, 3) * random.uniform(0.8, 1.2)
    return (levels * gains * 255).clip(0, 255).astype(np.uint8)[:, None]


def draw_batch(stage, count):
    """-> pictures [count][3][size][size] RGB 0..1, channels last in memory; cards [n][picture, class, cx, cy, w, h]."""
    pool, size = stage.pool, stage.size
    buffer = np.empty((count, size, size, 3), np.float32)
    cards = []
    for index in range(count):
        drawn = None
        while drawn is None:
            drawn = pool.read(random.randrange(len(pool)))
        picture, labels = drawn
        if pool.size != size:
            picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
            labels[:, 1:] *= size / pool.size
        turns = random.randrange(4)
        picture = np.ascontiguousarray(np.rot90(picture, turns))
        labels = quarter_turns(labels, turns, size)
        if random.random() < 0.5:
            picture = cv2.LUT(picture, colour_table())
        np.multiply(picture[..., ::-1], np.float32(1 / 255), out=buffer[index])
        cls, x1, y1, x2, y2 = labels.T
        cards.append(np.stack([np.full(len(cls), index), cls, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], 1))
    return (torch.from_numpy(buffer).permute(0, 3, 1, 2),
            torch.from_numpy(np.concatenate(cards).astype(np.float32)))


def update_average(ema, net, step):
    decay = min(EMA_DECAY, step / (step + EMA_RAMP))
    with torch.no_grad():
        for average, value in zip(ema.state_dict().values(), net.state_dict().values()):
            if average.dtype.is_floating_point:
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)


def make_optimizer(net, rate):
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": WEIGHT_DECAY},
                              {"params": plain, "weight_decay": 0.0}], lr=rate, betas=(0.9, 0.98), foreach=True)


def share_gradients(net, elapsed, workers):
    """Averages the gradients of all workers; -> the first one's `elapsed`, so that all agree on the time."""
    if workers == 1:
        return elapsed
    gradients = [p.grad for p in net.parameters()]
    clock = torch.tensor([elapsed if torch.distributed.get_rank() == 0 else 0.0])
    flat = torch.cat([g.flatten() for g in gradients] + [clock])
    torch.distributed.all_reduce(flat)
    offset = 0
    for gradient in gradients:
        gradient.copy_(flat[offset:offset + gradient.numel()].view_as(gradient) / workers)
        offset += gradient.numel()
    return float(flat[-1])


def learning_rate(options, fraction, step):
    """One cosine from --rate down to --rate * --end, after a linear warm-up."""
    cosine = 0.5 * (1 + math.cos(math.pi * fraction))
    return options.rate * (options.end + (1 - options.end) * cosine) * min(1.0, (step + 1) / options.warmup)


def start_weights(net, options, stage):
    if options.resume.endswith(".onnx"):
        checkpoint.load_onnx(net, options.resume, draw_batch(stage, CALIBRATION_PICTURES)[0])
    else:
        net.load_state_dict(torch.load(options.resume, map_location="cpu")["ema"])


class Log:
    """Means of what the loss reports, a line every LOG_EVERY steps."""

    def __init__(self):
        self.history, self.since = [], time.time()

    def add(self, parts, elapsed, step, size, rate, batch):
        self.history.append(parts)
        if step % LOG_EVERY:
            return
        now = time.time()
        speed = len(self.history) * batch / (now - self.since)
        means = " ".join(f"{name} {np.mean([h[name] for h in self.history]):.3f}" for name in parts)
        print(f"{elapsed / 60:6.1f} min step {step} size {size} rate {rate:.5f} {speed:.1f} pictures/s {means}",
              flush=True)
        self.history, self.since = [], now


def train(rank, options):
    """One worker; the first (rank 0) logs and saves."""
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    cv2.setNumThreads(1)
    if options.workers > 1:
        torch.distributed.init_process_group("gloo", init_method=options.meeting, rank=rank, world_size=options.workers)
    torch.manual_seed(options.seed)
    stages = [Stage(text) for text in options.stage]
    ends = np.cumsum([stage.seconds for stage in stages])
    weights = LossWeights(box=options.box, binary=options.binary, softmax=options.softmax)
    last = os.path.join(options.out, "last.pt")
    going_on = torch.load(last, map_location="cpu") if os.path.exists(last) else None

    net = CardNet()
    if options.resume and going_on is None:
        random.seed(options.seed)                       # calibration must agree between the workers
        np.random.seed(options.seed)
        start_weights(net, options, stages[0])
    net = net.to(memory_format=torch.channels_last).train()
    ema = copy.deepcopy(net).eval()
    optimizer = make_optimizer(net, options.rate)
    step, before = 0, 0.0
    if going_on is not None:
        net.load_state_dict(going_on["model"])
        ema.load_state_dict(going_on["ema"])
        optimizer.load_state_dict(going_on["optimizer"])
        step, before = going_on["step"], going_on["elapsed"]
    random.seed(options.seed + 1000 * rank + step)
    np.random.seed(random.randrange(2 ** 31))

    log = Log()
    started = saved = time.time()
    elapsed = before
    while elapsed < ends[-1]:
        stage = stages[int(np.searchsorted(ends, elapsed, side="right"))]
        rate = learning_rate(options, elapsed / ends[-1], step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        pictures, cards = draw_batch(stage, options.batch)
        loss, parts = detection_loss(net(pictures), cards, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        elapsed = share_gradients(net, before + time.time() - started, options.workers)
        torch.nn.utils.clip_grad_norm_(net.parameters(), GRADIENT_LIMIT)
        optimizer.step()
        step += 1
        if rank == 0:
            update_average(ema, net, step)
            log.add(parts, elapsed, step, stage.size, rate, options.batch * options.workers)
            if time.time() - saved > SAVE_EVERY or elapsed >= ends[-1]:
                saved = time.time()
                checkpoint.save(last, net, ema, optimizer, step, elapsed)
    if rank == 0:
        print(f"done: {step} steps in {elapsed / 60:.1f} min", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder for checkpoints: last.pt")
    parser.add_argument("--stage", action="append", required=True, metavar="POOL:SIZE:MINUTES")
    parser.add_argument("--resume", help="weights to start from: a checkpoint (.pt) or an export (.onnx)")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--end", type=float, default=0.02, help="last learning rate, as a share of the peak")
    parser.add_argument("--warmup", type=int, default=100, help="steps")
    parser.add_argument("--batch", type=int, default=16,
                        help="pictures a step, of each worker; with oneDNN 2.6 a multiple of 16, or it is far slower")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--box", type=float, default=LossWeights.box)
    parser.add_argument("--binary", type=float, default=LossWeights.binary)
    parser.add_argument("--softmax", type=float, default=LossWeights.softmax)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    if options.workers == 1:
        train(0, options)
        return
    with tempfile.TemporaryDirectory() as folder:
        options.meeting = f"file://{folder}/meeting"
        torch.multiprocessing.spawn(train, (options,), nprocs=options.workers)


if __name__ == "__main__":
    main()
