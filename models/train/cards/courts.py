"""Court figures of our own: two-headed jacks, queens and kings made of simple shapes.

A figure is drawn upright into a half panel and mirrored by half a turn, as on a printed card. Patterns,
colours and emblems are drawn by chance, so that only the silhouette of the headgear tells the rank.
"""
import cv2
import numpy as np
from PIL import Image, ImageDraw

from canvas import stamp, turn_half

JACK, QUEEN, KING = 0, 1, 2
SUPERSAMPLE = 2

# Sets of BGR colours: two cloths, metal, outline.
PALETTES = (
    ((40, 30, 200), (150, 60, 20), (40, 200, 245), (20, 20, 20)),     # the classic red, blue and gold
    ((30, 30, 190), (30, 30, 30), (60, 190, 230), (20, 20, 20)),
    ((160, 70, 30), (70, 150, 60), (90, 190, 220), (60, 30, 10)),
    ((90, 60, 160), (170, 140, 60), (120, 200, 230), (50, 20, 40)),
    ((70, 110, 40), (40, 60, 170), (50, 170, 220), (25, 40, 20)),
    ((120, 120, 120), (60, 60, 60), (200, 200, 200), (20, 20, 20)),
    ((50, 120, 220), (110, 50, 90), (170, 220, 240), (40, 20, 40)),
)
HAIR = ((30, 60, 110), (40, 170, 220), (25, 25, 30), (190, 190, 195), (40, 80, 170))


def _rgb(colour):
    return tuple(int(v) for v in colour[::-1])


def _pattern(rng, width, height, first, second):
    """A cloth, [height][width] BGR: stripes, chevrons, checks, lozenges or dots."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pitch = rng.uniform(0.05, 0.13) * width
    kind = rng.integers(6)
    if kind == 0:
        on = (x / pitch) % 1 < 0.5
    elif kind == 1:
        on = ((y + abs(x - width / 2)) / pitch) % 1 < 0.5
    elif kind == 2:
        on = ((x // pitch) + (y // pitch)) % 2 < 1
    elif kind == 3:
        on = abs((x / pitch) % 1 - 0.5) + abs((y / pitch) % 1 - 0.5) < 0.33
    elif kind == 4:
        on = ((x / pitch) % 1 - 0.5) ** 2 + ((y / pitch) % 1 - 0.5) ** 2 < 0.07
    else:
        on = np.zeros((height, width), bool)
    return np.where(on[..., None], np.uint8(second), np.uint8(first))


class _Pen:
    """Draws in units of the half panel: x in -1..1 from its axis, y in 0 (top) .. 1 (the card's middle)."""

    def __init__(self, width, height, paper):
        self.width, self.height = width, height
        self.image = Image.new("RGB", (width, height), _rgb(paper))
        self.draw = ImageDraw.Draw(self.image)
        self.line = max(2, width // 110)

    def points(self, points):
        return [((x + 1) / 2 * self.width, y * self.height) for x, y in points]

    def shape(self, points, colour, outline):
        points = self.points(points)
        self.draw.polygon(points, fill=_rgb(colour))
        self.draw.line(points + points[:1], fill=_rgb(outline), width=self.line, joint="curve")

    def oval(self, x, y, rx, ry, colour, outline=None):
        """Centre x, y; half width rx in x units; half height ry in y units."""
        (x0, y0), (x1, y1) = self.points([(x - rx, y - ry), (x + rx, y + ry)])
        self.draw.ellipse([x0, y0, x1, y1], fill=_rgb(colour), outline=outline and _rgb(outline),
                          width=self.line)

    def stroke(self, points, colour, width=1.0):
        self.draw.line(self.points(points), fill=_rgb(colour), width=max(1, int(self.line * width)), joint="curve")

    def cloth(self, points, cloth, outline):
        """A shape filled with a patterned cloth."""
        mask = Image.new("L", self.image.size, 0)
        points = self.points(points)
        ImageDraw.Draw(mask).polygon(points, fill=255)
        self.image.paste(Image.fromarray(np.ascontiguousarray(cloth[..., ::-1])), (0, 0), mask)
        self.draw.line(points + points[:1], fill=_rgb(outline), width=self.line, joint="curve")


def _headgear(pen, rank, metal, cloth, ink, rng):
    if rank == KING:
        spikes, top, brim = int(rng.integers(3, 6)), 0.07, 0.225
        xs = np.linspace(-0.27, 0.27, 2 * spikes - 1)
        ridge = [(x * 1.15, top if i % 2 == 0 else 0.15) for i, x in enumerate(xs)]
        pen.shape([(-0.24, brim)] + ridge + [(0.24, brim)], metal, ink)
        for x, y in ridge[::2]:
            pen.oval(x, y - 0.015, 0.035, 0.017, cloth, ink)
        pen.stroke([(-0.24, 0.2), (0.24, 0.2)], ink)
    elif rank == QUEEN:
        t = np.linspace(0, 1, 13)
        ridge = [(-0.25 + 0.5 * k, 0.17 - 0.05 * np.sin(np.pi * k) - 0.025 * abs(np.sin(3 * np.pi * k))) for k in t]
        pen.shape([(-0.22, 0.215)] + ridge + [(0.22, 0.215)], metal, ink)
        for k in (0.2, 0.5, 0.8):
            pen.oval(-0.25 + 0.5 * k, 0.165 - 0.03 * np.sin(np.pi * k), 0.025, 0.012, cloth)
    else:
        side = rng.choice([-1, 1])
        pen.shape([(-0.3, 0.21), (-0.27, 0.14), (0.27, 0.12), (0.3, 0.21)], cloth, ink)
        pen.stroke([(-0.3, 0.21), (0.3, 0.21)], metal, 3)
        feather = [(side * (0.2 + 0.25 * k), 0.16 - 0.11 * np.sin(2.2 * k)) for k in np.linspace(0, 1, 8)]
        pen.stroke(feather, metal, 5)
        pen.stroke(feather, ink, 1)


def _emblem(pen, rank, metal, cloth, ink, rng):
    """What the figure holds: a sceptre or sword, a flower, a halberd."""
    side = rng.choice([-1, 1])
    x = side * rng.uniform(0.5, 0.62)
    pen.stroke([(x, 0.98), (x, 0.3)], ink, 5)
    pen.stroke([(x, 0.98), (x, 0.3)], metal, 3)
    if rank == KING:
        if rng.random() < 0.5:
            pen.shape([(x - 0.06, 0.72), (x - 0.06, 0.2), (x, 0.12), (x + 0.06, 0.2), (x + 0.06, 0.72)],
                      (225, 225, 225), ink)
            pen.shape([(x - 0.2, 0.75), (x - 0.2, 0.72), (x + 0.2, 0.72), (x + 0.2, 0.75)], metal, ink)
        else:
            pen.oval(x, 0.27, 0.1, 0.05, metal, ink)
    elif rank == QUEEN:
        for turn in np.arange(0, 2 * np.pi, np.pi / 3):
            pen.oval(x + 0.09 * np.cos(turn), 0.32 + 0.045 * np.sin(turn), 0.06, 0.03, cloth, ink)
        pen.oval(x, 0.32, 0.05, 0.025, metal, ink)
    else:
        pen.shape([(x, 0.12), (x + side * 0.2, 0.24), (x + side * 0.14, 0.4), (x, 0.34)], metal, ink)


def _half_figure(rank, width, height, paper, rng):
    first, second, metal, ink = PALETTES[rng.integers(len(PALETTES))]
    if rng.random() < 0.5:
        first, second = second, first
    pen = _Pen(width, height, paper)
    cloth = _pattern(rng, width, height, first, metal if rng.random() < 0.5 else second)
    trim = _pattern(rng, width, height, second, paper)
    face = np.clip(np.array((175, 205, 240)) * rng.uniform(0.55, 1.03), 0, 255) if rng.random() < 0.7 else paper
    hair = HAIR[rng.integers(len(HAIR))]

    _emblem(pen, rank, metal, second, ink, rng)
    shoulder = rng.uniform(0.44, 0.5)
    pen.cloth([(-0.95, 1.02), (-0.72, shoulder + 0.1), (-0.3, shoulder), (0.3, shoulder),
               (0.72, shoulder + 0.1), (0.95, 1.02)], cloth, ink)
    pen.cloth([(-0.28, 1.02), (-0.2, shoulder), (0.2, shoulder), (0.28, 1.02)], trim, ink)
    pen.shape([(-0.3, shoulder), (0, shoulder + 0.14), (0.3, shoulder), (0, shoulder - 0.06)], metal, ink)

    length = {JACK: 0.38, QUEEN: 0.47, KING: 0.4}[rank] + rng.uniform(-0.03, 0.03)
    pen.shape([(-0.22, 0.2), (-0.34, length), (-0.2, length + 0.02), (0.2, length + 0.02),
               (0.34, length), (0.22, 0.2)], hair, ink)
    pen.oval(0, 0.315, 0.2, 0.13, face, ink)
    if rank == KING:
        pen.shape([(-0.2, 0.34), (-0.13, 0.46), (0, 0.5), (0.13, 0.46), (0.2, 0.34), (0, 0.37)], hair, ink)
    for side in (-1, 1):
        pen.oval(side * 0.08, 0.295, 0.025, 0.012, ink)
        pen.stroke([(side * 0.04, 0.268), (side * 0.13, 0.272)], ink)
    pen.stroke([(0, 0.3), (0.025, 0.34), (-0.01, 0.345)], ink)
    pen.stroke([(-0.05, 0.385), (0.05, 0.385)], (40, 40, 200) if rank == QUEEN else ink, 2)
    _headgear(pen, rank, metal, first, ink, rng)
    return np.array(pen.image)[..., ::-1]


def draw_court(rank, width, height, paper, pip, pip_colour, rng):
    """The inside of a court card, [height][width] BGR. rank: JACK, QUEEN or KING; pip: the suit's mask,
    stamped beside both heads."""
    big_width, half = width * SUPERSAMPLE, height * SUPERSAMPLE // 2
    top = _half_figure(rank, big_width, half, paper, rng)
    if rng.random() < 0.35:                           # cut along a diagonal, as the Anglo-American courts are
        slope = rng.uniform(-0.2, 0.2) * half
        whole = np.empty((2 * half, big_width, 3), np.uint8)
        whole[:half], whole[half:] = top, turn_half(top)
        cv2.line(whole, (0, int(half - slope)), (big_width, int(half + slope)), (20, 20, 20), 3 * SUPERSAMPLE)
    else:
        whole = np.vstack([top, turn_half(top)])
    picture = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    side = rng.choice([0.14, 0.86])
    for _ in range(2):
        stamp(picture, pip, side * width, height * 0.1, pip_colour)
        picture = turn_half(picture)
    return picture
