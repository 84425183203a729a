"""A pool of rendered scenes on disk, which renderers refill while the trainer draws from it.

A pool is a folder: pictures.npy [count][size][size][3] uint8 BGR, labels.npy [count][MAX_CARDS][5] float32
(class, x1, y1, x2, y2 in pixels) and counts.npy [count] int16, the cards of each scene; -1 while a slot is
being written, so that a reader passes it by.
"""
import argparse
import os
import time

import cv2
import numpy as np

import decks
import scenes
import surfaces

MAX_CARDS = 16
EMPTY = -1
OWN_DECKS = 20                       # how many decks of our own are in play at a time
SCENES_PER_DECK = 60                 # then one of them gives way to a new one


class Pool:
    def __init__(self, folder, mode="r"):
        """mode "r" to read, "r+" to fill."""
        self.folder = folder
        self.pictures, self.labels, self.counts = (
            np.load(os.path.join(folder, f"{part}.npy"), mmap_mode=mode) for part in ("pictures", "labels", "counts"))
        self.size = self.pictures.shape[1]

    @classmethod
    def create(cls, folder, count, size):
        os.makedirs(folder, exist_ok=True)
        shapes = {"pictures": (np.uint8, (count, size, size, 3)),
                  "labels": (np.float32, (count, MAX_CARDS, 5)), "counts": (np.int16, (count,))}
        for part, (dtype, shape) in shapes.items():
            array = np.lib.format.open_memmap(os.path.join(folder, f"{part}.npy"), "w+", dtype, shape)
            if part == "counts":
                array[:] = EMPTY
            array.flush()
        return cls(folder, "r+")

    def __len__(self):
        return len(self.counts)

    def write(self, slot, picture, labels):
        labels = labels[:MAX_CARDS]
        self.counts[slot] = EMPTY
        self.pictures[slot] = picture
        self.labels[slot, :len(labels)] = labels
        self.counts[slot] = len(labels)

    def read(self, slot):
        """(picture, labels [k][5]), or None when the slot is empty or being written."""
        count = int(self.counts[slot])
        if count == EMPTY:
            return None
        return self.pictures[slot], np.array(self.labels[slot, :count])

    def filled(self):
        """Slots that can be read now."""
        return np.flatnonzero(np.asarray(self.counts) != EMPTY)


def fill(pool, bank, rng, photographs, slots, refresh=None):
    """Renders one scene into each slot. `refresh()` is called every SCENES_PER_DECK scenes."""
    for done, slot in enumerate(slots):
        if refresh is not None and done % SCENES_PER_DECK == SCENES_PER_DECK - 1:
            refresh()
        pool.write(slot, *scenes.scene(rng, bank, pool.size, pool.size, photographs))


def replace_oldest_deck(bank, rng, turn):
    """One of the bank's own decks, which are its last OWN_DECKS, gives way to a newly drawn one."""
    foreign = len(bank.decks) - OWN_DECKS
    art = [{cls: levels[0] for cls, levels in deck.items()} for deck in bank.decks[:foreign]]
    deck = decks.draw_deck(rng, art)
    bank.decks[foreign + turn % OWN_DECKS] = {cls: decks.pyramid(card) for cls, card in deck.items()}


def main():
    parser = argparse.ArgumentParser(description="Renders scenes into a pool; without end with --forever.")
    parser.add_argument("folder")
    parser.add_argument("--cache", required=True, help="cache folder for Debian's decks")
    parser.add_argument("--photographs", nargs="*", default=[], help="folders of pictures for backgrounds and clutter")
    parser.add_argument("--count", type=int, default=4000, help="scenes of a new pool")
    parser.add_argument("--size", type=int, default=416, help="side of a new pool's scenes, pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", default="0/1", help="i/n: fill only slots i, i + n, ...; for n renderers at once")
    parser.add_argument("--held-out", action="store_true", help="validation: scenes of the held-out deck alone")
    parser.add_argument("--forever", action="store_true", help="go on replacing the oldest scenes")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to rest after each scene of --forever")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng([options.seed, int(options.part.split("/")[0])])
    if os.path.exists(os.path.join(options.folder, "counts.npy")):
        pool = Pool(options.folder, "r+")
    else:
        pool = Pool.create(options.folder, options.count, options.size)
    photographs = surfaces.load_photographs(options.photographs)
    bank = decks.held_out_bank(options.cache) if options.held_out else \
        decks.training_bank(rng, options.cache, OWN_DECKS)
    turn = 0

    def refresh():
        nonlocal turn
        if not options.held_out:
            replace_oldest_deck(bank, rng, turn)
        turn += 1
        time.sleep(options.pause)

    first, step = map(int, options.part.split("/"))
    slots = range(first, len(pool), step)
    started = time.time()
    fill(pool, bank, rng, photographs, [s for s in slots if pool.counts[s] == EMPTY], refresh)
    print(f"{options.folder}: filled in {time.time() - started:.0f} s, "
          f"{np.maximum(pool.counts[first::step], 0).mean():.2f} cards a scene", flush=True)
    while options.forever:
        fill(pool, bank, rng, photographs, slots, refresh)
        print(f"{options.folder}: all scenes replaced after {(time.time() - started) / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()
