"""A card-sized canvas: small drawing helpers shared by the decks and the court figures.

Pictures are BGR or BGRA, uint8; alpha masks are uint8. Colours are BGR triples.
"""
import functools
import glob
import os

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

CARD_WIDTH, CARD_HEIGHT = 300, 420          # pixels of a card's picture; poker cards are 63 x 88 mm

FONT_FOLDER = "/usr/share/fonts"
FONT_PATTERNS = ("truetype/dejavu/*.ttf", "truetype/liberation2/*.ttf",
                 "truetype/lato/Lato-[BHMRS]*.ttf", "opentype/urw-base35/*.otf")
UNREADABLE = ("Italic", "Oblique", "Dingbats", "Symbols", "Z003", "D050",
              "ExtraLight", "Standard", "Hairline", "Thin")


@functools.lru_cache(None)
def index_fonts():
    """Upright fonts that hold A, J, Q, K and digits, sorted by path."""
    paths = [path for pattern in FONT_PATTERNS for path in glob.glob(os.path.join(FONT_FOLDER, pattern))]
    fonts = sorted(path for path in paths if not any(word in path for word in UNREADABLE))
    if not fonts:
        raise SystemExit(f"no fonts under {FONT_FOLDER}: install fonts-dejavu, fonts-liberation2, "
                         "fonts-lato or fonts-urw-base35")
    return tuple(fonts)


def crop_to_ink(mask):
    rows, columns = np.where(mask > 20)
    return mask[rows.min():rows.max() + 1, columns.min():columns.max() + 1]


@functools.lru_cache(4096)
def text_mask(text, font):
    """Tight alpha mask of a text, large."""
    sheet = Image.new("L", (700, 300), 0)
    ImageDraw.Draw(sheet).text((40, 40), text, 255, font=ImageFont.truetype(font, 160))
    return crop_to_ink(np.array(sheet))


def scale_mask(mask, height, widen=1.0, width_limit=None):
    """A mask at a given height in pixels, its width multiplied by `widen` and held under `width_limit`."""
    height = max(3, round(height))
    width = max(2, round(mask.shape[1] * height / mask.shape[0] * widen))
    if width_limit is not None:
        width = min(width, max(2, round(width_limit)))
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)


def stamp(picture, mask, x, y, colour):
    """Paints `mask` in one colour, centred at (x, y), clipped to the picture."""
    height, width = mask.shape
    left, top = round(x - width / 2), round(y - height / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, picture.shape[1]), min(top + height, picture.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    alpha = mask[y0 - top:y1 - top, x0 - left:x1 - left, None] / np.float32(255)
    region = picture[y0:y1, x0:x1, :3]
    region[:] = region * (1 - alpha) + np.float32(colour) * alpha


def turn_half(picture):
    """Half a turn; a copy that OpenCV can draw on."""
    return np.ascontiguousarray(picture[::-1, ::-1])


def rounded_card_mask(radius):
    mask = np.zeros((CARD_HEIGHT, CARD_WIDTH), np.uint8)
    right, bottom = CARD_WIDTH - 1 - radius, CARD_HEIGHT - 1 - radius
    cv2.rectangle(mask, (radius, 0), (right, CARD_HEIGHT - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (CARD_WIDTH - 1, bottom), 255, -1)
    for x in (radius, right):
        for y in (radius, bottom):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    return mask


def pip_mask(suit, rng, size=256):
    """A suit's pip (0 clubs .. 3 spades) drawn from curves with a little freedom in its proportions."""
    mask = np.zeros((size, size), np.uint8)
    unit = size / 2

    def fill(points):
        points = np.round((np.asarray(points) * 0.9 + 1) * unit * 16).astype(np.int32)
        cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)

    def disc(x, y, radius):
        cv2.circle(mask, tuple(int((v * 0.9 + 1) * unit * 16) for v in (x, y)),
                   int(radius * 0.9 * unit * 16), 255, -1, cv2.LINE_AA, 4)

    def heart_curve():
        t = np.linspace(0, 2 * np.pi, 90)
        x = np.sin(t) ** 3 * rng.uniform(0.85, 1.0)
        y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 17
        return np.stack([x, y], 1)

    def stem(top):
        foot = rng.uniform(0.25, 0.42)
        fill([(-0.06, top), (0.06, top), (0.1, 0.7), (foot, 0.98), (-foot, 0.98), (-0.1, 0.7)])

    if suit == 0:
        radius, spread = rng.uniform(0.38, 0.43), rng.uniform(0.46, 0.52)
        disc(0, -0.52, radius)
        disc(-spread, 0.14, radius)
        disc(spread, 0.14, radius)
        disc(0, 0.0, 0.22)
        stem(0)
    elif suit == 1:
        width, bend = rng.uniform(0.66, 0.8), rng.uniform(0.0, 0.16)
        inner = width * (0.5 - bend), 0.5 - bend
        fill([(0, -1), (inner[0], -inner[1]), (width, 0), inner, (0, 1), (-inner[0], inner[1]),
              (-width, 0), (-inner[0], -inner[1])])
    elif suit == 2:
        fill(heart_curve() * [1, 0.98])
    else:
        fill(heart_curve() * [1, -0.82] + [0, -0.2])
        stem(0.1)
    return crop_to_ink(mask)
