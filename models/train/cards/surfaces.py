"""What cards lie on and among: table textures, clutter, card backs, fingers.

Scenes are float32 [height][width][3] BGR, 0..255, while they are being painted.
"""
import glob
import os

import cv2
import numpy as np

WORDS = "the card game king of news TEN SALE 1975 rate cuts local pizza Great American JACK 10 queen".split()
PICTURE_TYPES = (".jpg", ".png", ".bmp")


def load_photographs(folders):
    """Every picture under some folders, BGR: backgrounds and clutter."""
    paths = [path for folder in folders for path in sorted(glob.glob(os.path.join(folder, "*")))
             if path.lower().endswith(PICTURE_TYPES)]
    return [picture for picture in map(cv2.imread, paths) if picture is not None]


def value_noise(rng, cells, height, width):
    """Smooth noise in about 0..1 with `cells` cells on a side, [height][width]."""
    cells = max(2, int(cells))
    grid = rng.random((cells, cells), dtype=np.float32)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def random_crop(rng, picture, smallest, largest):
    """A square crop whose side is smallest..largest of the shorter side."""
    height, width = picture.shape[:2]
    side = max(8, int(min(height, width) * rng.uniform(smallest, largest)))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    return picture[top:top + side, left:left + side]


def _rough(rng, height, width):
    """Carpet, felt or stone: several octaves of noise."""
    size = min(height, width)
    octaves = ((4, rng.uniform(0, 1)), (16, rng.uniform(0, 1)), (60, rng.uniform(0.2, 1)),
               (size // 3, rng.uniform(0.2, 1.5)))
    return sum(value_noise(rng, cells, height, width) * gain for cells, gain in octaves)


def _wood(rng, height, width):
    """Growth rings bent by noise, with a fine grain along them."""
    size = min(height, width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / size
    angle = rng.uniform(0, 2 * np.pi)
    across = x * np.cos(angle) + y * np.sin(angle)
    along = -x * np.sin(angle) + y * np.cos(angle)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (across * rng.uniform(3, 15)
                                            + value_noise(rng, 4, height, width) * rng.uniform(0.5, 3)))
    fine = value_noise(rng, size // 3, height, width)
    grain = cv2.remap(fine, (across * size * 0.9 % width).astype(np.float32),
                      (along * size * 0.06 % height).astype(np.float32), cv2.INTER_LINEAR)
    return rings + grain * rng.uniform(0, 1.2)


def _cloth(rng, height, width):
    """A woven or checked table cloth."""
    size = min(height, width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / size
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(0.03, 0.2)
    u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    checks = ((u / pitch % 1 < 0.5).astype(np.float32) + (v / pitch % 1 < 0.5)) * 0.5
    return checks + value_noise(rng, size // 2, height, width) * rng.uniform(0.1, 0.5)


def _plain(rng, height, width):
    size = min(height, width)
    return value_noise(rng, rng.uniform(2, 5), height, width) \
        + value_noise(rng, size // 2, height, width) * rng.uniform(0, 0.3)


# Light BGR tones of tables one would sit at: felt, oak, walnut, linen, slate, navy cloth.
TABLE_TONES = ((70, 120, 40), (110, 165, 205), (60, 90, 130), (205, 218, 226), (125, 120, 115), (110, 70, 45))


def table(rng, height, width):
    """A believable table, for pictures that people look at."""
    texture = (_rough, _wood, _wood, _cloth)[rng.integers(4)](rng, height, width)
    light = np.float32(TABLE_TONES[rng.integers(len(TABLE_TONES))]) * rng.uniform(0.9, 1.1)
    texture = (texture - texture.min()) / (np.ptp(texture) + 1e-6)
    return np.clip(light * (rng.uniform(0.72, 0.85) + 0.25 * texture[..., None]), 0, 255)


def background(rng, height, width, photographs):
    kind = rng.random()
    if kind < 0.35 and photographs:
        crop = random_crop(rng, photographs[rng.integers(len(photographs))], 0.5, 1.0)
        picture = cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        return picture * rng.uniform(0.4, 1) if rng.random() < 0.3 else picture
    paint = _rough if kind < 0.55 else _wood if kind < 0.77 else _cloth if kind < 0.85 else _plain
    texture = paint(rng, height, width)
    light = rng.random(3) * rng.uniform(60, 255)
    dark = np.clip(light + rng.standard_normal(3) * rng.uniform(10, 60), 0, 255)
    if rng.random() < 0.5:                                   # greyish or brownish, as most tables are
        light[:] = light.mean() + rng.standard_normal(3) * 12 - np.array([15, 0, -15]) * rng.uniform(0, 2)
        dark = light * rng.uniform(0.3, 0.9)
    low, high = texture.min(), texture.max()
    texture = ((texture - low) / (high - low + 1e-6))[..., None]
    return np.clip(np.float32(light) * texture + np.float32(dark) * (1 - texture), 0, 255)


def _printed_page(rng):
    """Lines of text on pale paper, [256][256] BGRA."""
    page = np.full((256, 256, 4), 255, np.uint8)
    page[..., :3] = rng.integers(190, 256)
    y = int(rng.integers(0, 30))
    while y < 256:
        scale = rng.uniform(0.3, 1.2)
        y += int(26 * scale)
        line = " ".join(WORDS[i] for i in rng.integers(0, len(WORDS), 12))
        grey = int(rng.integers(0, 90))
        cv2.putText(page, line, (int(rng.integers(0, 20)), y), int(rng.choice([0, 3, 4])), scale,
                    (grey, grey, grey, 255), int(rng.integers(1, 3)), cv2.LINE_AA)
    return page


def card_back(rng):
    """[140][100] BGRA: a lattice or rings in one ink inside a white border."""
    back = np.full((140, 100, 4), 255, np.uint8)
    ink = rng.integers(0, 200, 3).tolist() + [255]
    cv2.rectangle(back, (7, 7), (92, 132), ink, -1)
    inside = back[8:132, 8:92]
    pitch = int(rng.integers(6, 17))
    if rng.random() < 0.7:
        for shift in range(-140, 140, pitch):
            cv2.line(inside, (0, shift), (140, shift + 140), (255, 255, 255, 255), 1, cv2.LINE_AA)
            cv2.line(inside, (84, shift), (-56, shift + 140), (255, 255, 255, 255), 1, cv2.LINE_AA)
    else:
        for radius in range(pitch, 90, pitch):
            cv2.circle(inside, (42, 62), radius, (255, 255, 255, 255), 1, cv2.LINE_AA)
    return back


def clutter_picture(rng, photographs):
    """Something flat that is no card, BGRA, with its shape: (picture, aspect = width / height or None)."""
    kind = rng.random()
    if kind < 0.3:
        return _printed_page(rng), None
    if kind < 0.7 and photographs:
        crop = random_crop(rng, photographs[rng.integers(len(photographs))], 0.3, 0.9)
        return np.dstack([cv2.resize(crop, (192, 192)), np.full((192, 192), 255, np.uint8)]), None
    if kind < 0.82:
        return card_back(rng), 1 / 1.4
    sheet = np.full((96, 96, 4), 255, np.uint8)
    sheet[..., :3] = rng.integers(0, 256, 3)
    return sheet, None


def finger(rng, scene, owners, tip, direction, length, thickness, skin):
    """Paints a finger from `tip` outwards along `direction` (radians); cards lose the pixels under it.

    owners [height][width]: whose pixel it is, 0 for no card.
    """
    height, width = scene.shape[:2]
    end = (int(tip[0] + np.cos(direction) * length), int(tip[1] + np.sin(direction) * length))
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, end, (int(length * 1.2), max(2, int(thickness))), np.degrees(direction), 0, 360, 255, -1,
                cv2.LINE_AA)
    left, top, box_width, box_height = cv2.boundingRect(mask)
    if box_width < 2 or box_height < 2:
        return
    area = np.s_[top:top + box_height, left:left + box_width]
    alpha = cv2.blur(mask[area], (3, 3)).astype(np.float32)[..., None] / 255
    distance = cv2.distanceTransform(mask[area], cv2.DIST_L2, 3)
    rounding = 0.72 + 0.38 * np.sqrt(np.clip(distance / max(2.0, thickness), 0, 1))
    scene[area] = scene[area] * (1 - alpha) + np.float32(skin) * rounding[..., None] * alpha
    owners[area][mask[area] > 128] = 0


def skin_tone(rng):
    return np.array([rng.uniform(90, 170), rng.uniform(120, 190), rng.uniform(170, 240)]) * rng.uniform(0.4, 1)
