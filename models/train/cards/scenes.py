"""Endless scenes of playing cards, rendered with their ground truth.

scene() lays cards out on a table (scattered, overlapping, in rows, in fans held by a hand), projects them,
lights them and passes the whole through a camera. A card's box is that of its visible part, and it gets a
label when a person could name it: an index shows, or nearly all of it does.
"""
import argparse
import json
import os
from dataclasses import dataclass

import cv2
import numpy as np

import decks
import surfaces
from classes import NAMES

MIN_VISIBLE = 0.28                 # of the card's area, when an index is in view
MIN_VISIBLE_BLIND = 0.75           # without an index in view
MIN_PIXELS = 60
INDEX_POINTS = (((0.09, 0.08), (0.09, 0.16)), ((0.91, 0.92), (0.91, 0.84)))   # rank and suit, both corners; 0..1


@dataclass
class Placed:
    """A card on its way into the scene: lengths and positions in pixels, angle in radians."""
    x: float
    y: float
    height: float
    angle: float


# ---- laying out -----------------------------------------------------------------------------------------

def _loose_angle(rng):
    if rng.random() < 0.6:
        return rng.uniform(0, 2 * np.pi)
    return rng.integers(4) * np.pi / 2 + rng.normal(0, 0.15)


def _scatter(rng, width, height, count, card_height, jitter):
    """Thrown down: far enough apart that most can be named, near enough to overlap."""
    placed = []
    for _ in range(count):
        own = card_height * rng.uniform(1 - jitter, 1 + jitter)
        best, best_distance = None, -1.0
        for _ in range(12):
            x, y = rng.uniform(0.08, 0.92) * width, rng.uniform(0.08, 0.92) * height
            distance = min((np.hypot(x - p.x, y - p.y) for p in placed), default=np.inf)
            if distance > best_distance:
                best, best_distance = (x, y), distance
            if distance > own * rng.uniform(0.35, 1.1):
                break
        placed.append(Placed(best[0], best[1], own, _loose_angle(rng)))
    return placed


def _row(rng, width, height, count, card_height, _jitter):
    """Laid side by side or half over each other, as on a patience table."""
    direction, tilt = rng.uniform(0, 2 * np.pi), rng.choice([0, np.pi / 2, np.pi]) + rng.normal(0, 0.1)
    step = card_height * rng.uniform(0.28, 0.85)
    x0, y0 = rng.uniform(0.35, 0.65) * width, rng.uniform(0.35, 0.65) * height
    return [Placed(x0 + np.cos(direction) * step * (i - (count - 1) / 2),
                   y0 + np.sin(direction) * step * (i - (count - 1) / 2),
                   card_height * rng.uniform(0.97, 1.03), tilt + rng.normal(0, 0.04)) for i in range(count)]


def _fan(rng, width, height, count, card_height, _jitter):
    """Held in a hand: cards turn about a pivot under their lower edge, the left index showing."""
    middle = rng.normal(0, 0.5) if rng.random() < 0.7 else rng.uniform(0, 2 * np.pi)
    step = np.radians(rng.uniform(9, 24))
    reach = card_height * rng.uniform(0.55, 0.95)
    pivot_x = rng.uniform(0.3, 0.7) * width - np.sin(middle) * reach * 0.5
    pivot_y = rng.uniform(0.35, 0.65) * height + np.cos(middle) * reach * 0.5
    placed = []
    for i in range(count):
        angle = middle + step * (i - (count - 1) / 2)
        placed.append(Placed(pivot_x + np.sin(angle) * reach, pivot_y - np.cos(angle) * reach, card_height, angle))
    return placed


# Kind of scene: (weight, counts, card height as a share of the shorter side, layouts).
KINDS = (
    (0.56, (5, 12), (0.21, 0.42), (_scatter,)),                        # dense: most labels a picture
    (0.20, (1, 6), (0.17, 0.50), (_scatter, _row, _fan)),
    (0.16, (1, 4), (0.36, 0.72), (_scatter, _scatter, _fan, _row)),     # large cards, near the camera
    (0.08, (3, 7), (0.28, 0.50), (_fan, _row)),
)


def _quad(tilt_direction, centre, width, height, angle, tilt, distance):
    """Corners [4][2] of a width x height card turned by `angle`, on a table tilted away by `tilt` radians
    towards `tilt_direction`, seen from `distance` pixels."""
    points = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    points = points @ np.array([[cos, sin], [-sin, cos]])
    axis = np.array([np.cos(tilt_direction), np.sin(tilt_direction)])
    depth = points @ axis
    flat = points - depth[:, None] * axis
    points = (flat + depth[:, None] * np.cos(tilt) * axis) * (distance / (distance + depth * np.sin(tilt)))[:, None]
    return (points + centre).astype(np.float32)


# ---- painting -------------------------------------------------------------------------------------------

@dataclass
class Shadow:
    dx: int
    dy: int
    blur: int
    depth: float                    # 0..1: how much light it takes


def _cast_shadow(scene, quad, shadow):
    height, width = scene.shape[:2]
    x0, y0 = np.floor(quad.min(0)).astype(int) + [shadow.dx - shadow.blur, shadow.dy - shadow.blur]
    x1, y1 = np.ceil(quad.max(0)).astype(int) + [shadow.dx + shadow.blur, shadow.dy + shadow.blur]
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.float32)
    cv2.fillConvexPoly(mask, np.round(quad + [shadow.dx - x0, shadow.dy - y0]).astype(np.int32), 1.0)
    scene[y0:y1, x0:x1] *= (1 - shadow.depth * cv2.blur(mask, (shadow.blur, shadow.blur)))[..., None]


def _paste(scene, owners, picture, quad, owner, gain):
    """Warps `picture` (BGRA) onto `quad`; its pixels then belong to `owner` (0: to no card)."""
    height, width = scene.shape[:2]
    x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(quad.max(0)).astype(int) + 2, [width, height])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    own_height, own_width = picture.shape[:2]
    corners = np.float32([[0, 0], [own_width, 0], [own_width, own_height], [0, own_height]])
    homography = cv2.getPerspectiveTransform(corners, quad - np.float32([x0, y0]))
    warped = cv2.warpPerspective(picture, homography, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    alpha = warped[..., 3:].astype(np.float32) / 255
    region = scene[y0:y1, x0:x1]
    region[:] = region * (1 - alpha) + warped[..., :3] * (alpha * np.float32(gain))
    owners[y0:y1, x0:x1][alpha[..., 0] > 0.5] = owner


def _strew_clutter(rng, scene, owners, photographs):
    height, width = scene.shape[:2]
    size = min(height, width)
    picture, aspect = surfaces.clutter_picture(rng, photographs)
    own_width, own_height = size * rng.uniform(0.1, 0.7), size * rng.uniform(0.1, 0.7)
    if aspect is not None:
        own_height = min(own_height, 0.5 * size)
        own_width = own_height * aspect
    quad = _quad(rng.uniform(0, 2 * np.pi), (rng.uniform(0, width), rng.uniform(0, height)), own_width, own_height,
                 rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.6), 1.6 * size)
    _cast_shadow(scene, quad, Shadow(int(rng.integers(-4, 5)), int(rng.integers(-4, 5)), int(rng.integers(3, 16)),
                                     rng.uniform(0, 0.5)))
    _paste(scene, owners, picture, quad, 0, rng.uniform(0.6, 1.1))


def _hold(rng, scene, owners, quads, size):
    """Fingers over one edge of the cards."""
    skin = surfaces.skin_tone(rng)
    quad = quads[rng.integers(len(quads))]
    centre = quad.mean(0)
    corner = quad[rng.integers(4)] * 0.8 + centre * 0.2
    outwards = np.arctan2(*(corner - centre)[::-1])
    thickness = size * rng.uniform(0.02, 0.05)
    for i in range(int(rng.integers(1, 4))):
        beside = i * thickness * 1.9 * np.array([-np.sin(outwards), np.cos(outwards)])
        tip = corner + rng.normal(0, 0.01, 2) * size + beside
        surfaces.finger(rng, scene, owners, tip, outwards + rng.normal(0, 0.25), size * rng.uniform(0.06, 0.2),
                        thickness, skin)


# ---- ground truth ---------------------------------------------------------------------------------------

def _index_in_view(owners, owner, quad):
    height, width = owners.shape
    homography = cv2.getPerspectiveTransform(np.float32([[0, 0], [1, 0], [1, 1], [0, 1]]), quad)
    for corner in INDEX_POINTS:
        points = cv2.perspectiveTransform(np.float32([corner]), homography)[0]
        if all(0 <= x < width and 0 <= y < height and owners[int(y), int(x)] == owner for x, y in points):
            return True
    return False


def _ground_truth(rng, scene, owners, cards, smear):
    """cards: [(class, quad)], owner i + 1 each -> [k][class, x1, y1, x2, y2] in pixels.

    smear: paint over half of the rests that are too small to be named, so that they can't be taken for cards."""
    labels = []
    for owner, (cls, quad) in enumerate(cards, 1):
        x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int) - 1, 0)
        x1, y1 = np.maximum(np.ceil(quad.max(0)).astype(int) + 2, 0)
        mine = owners[y0:y1, x0:x1] == owner
        visible, area = np.count_nonzero(mine), cv2.contourArea(quad)
        if visible < MIN_PIXELS:
            continue
        nameable = visible >= MIN_VISIBLE * area and _index_in_view(owners, owner, quad)
        if not nameable and visible < MIN_VISIBLE_BLIND * area:
            if smear and visible > 0.12 * area and rng.random() < 0.5:
                region = scene[y0:y1, x0:x1]
                region[mine] = region[mine].mean() * rng.uniform(0.3, 1)
            continue
        rows, columns = np.where(mine.any(1))[0], np.where(mine.any(0))[0]
        labels.append((cls, x0 + columns[0], y0 + rows[0], x0 + columns[-1] + 1, y0 + rows[-1] + 1))
    return np.array(labels, np.float32).reshape(-1, 5)


# ---- light and camera -----------------------------------------------------------------------------------

def _light(rng, scene):
    height, width = scene.shape[:2]
    slope = surfaces.value_noise(rng, 2, height, width) * rng.uniform(0, 0.6)
    scene *= (1 - slope + slope.mean())[..., None]
    if rng.random() < 0.25:                                          # somebody's shadow
        points = (rng.random((rng.integers(3, 5), 2)) * 1.4 - 0.2) * [width, height]
        mask = np.zeros((height, width), np.float32)
        cv2.fillPoly(mask, [points.astype(np.int32)], 1.0)
        blur = int(min(height, width) * rng.uniform(0.02, 0.15)) | 1
        scene *= (1 - cv2.blur(mask, (blur, blur)) * rng.uniform(0.2, 0.55))[..., None]
    if rng.random() < 0.12:                                          # a lamp mirrored by varnish
        mask = np.zeros((height, width), np.float32)
        size = min(height, width)
        cv2.ellipse(mask, (int(rng.uniform(0, width)), int(rng.uniform(0, height))),
                    (int(size * rng.uniform(0.05, 0.25)), int(size * rng.uniform(0.03, 0.12))),
                    rng.uniform(0, 180), 0, 360, 1.0, -1)
        blur = int(size * rng.uniform(0.05, 0.2)) | 1
        scene += (cv2.blur(cv2.blur(mask, (blur, blur)), (blur, blur)) * rng.uniform(20, 110))[..., None]
    tint = np.array([rng.uniform(0.8, 1.1), rng.uniform(0.92, 1.05), rng.uniform(0.88, 1.15)])
    scene *= np.float32(tint * rng.uniform(0.65, 1.3))
    return scene


def _camera(rng, scene, tidy):
    """Tone curve, focus, motion, sharpening, noise, JPEG -> uint8."""
    size = min(scene.shape[:2])
    scene = np.clip(scene, 0, 255)
    if rng.random() < 0.5:
        scene = 255 * (scene / 255) ** np.float32(rng.uniform(0.65, 1.35))
    if rng.random() < 0.4:
        mean = scene.mean()
        scene = (scene - mean) * np.float32(rng.uniform(0.7, 1.2)) + mean
    kind = 1.0 if tidy else rng.random()
    if kind < 0.35:
        scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.4, 1.3) * size / 416)
    elif kind < 0.45:
        length = int(rng.choice([3, 5, 7]))
        angle = rng.uniform(0, np.pi)
        kernel = np.zeros((length, length), np.float32)
        reach = np.array([np.cos(angle), np.sin(angle)]) * length
        start, end = (length // 2 - reach).astype(int), (length // 2 + reach).astype(int)
        cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
        scene = cv2.filter2D(scene, -1, kernel / max(kernel.sum(), 1))
    elif kind < 0.6:
        scene = scene + (scene - cv2.GaussianBlur(scene, (0, 0), 1.2)) * np.float32(rng.uniform(0.2, 1))
    if not tidy and rng.random() < 0.5:
        channels = 1 if rng.random() < 0.5 else 3
        noise = rng.standard_normal((*scene.shape[:2], channels), dtype=np.float32)
        scene = scene + noise * np.float32(rng.uniform(1, 10))
    scene = np.clip(scene, 0, 255).astype(np.uint8)
    if not tidy and rng.random() < 0.5:
        scene = cv2.imdecode(cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 96))])[1], 1)
    return scene


# ---- a scene --------------------------------------------------------------------------------------------

def _level_for(height):
    """Which level of a card's pyramid to warp for a card of `height` pixels."""
    return 0 if height > 240 else 1 if height > 115 else 2


def scene(rng, bank, width, height, photographs=(), kind=None, tidy=False):
    """-> (picture [height][width][3] uint8 BGR, labels [k][class, x1, y1, x2, y2] in pixels).

    kind: index into KINDS, by chance when None. tidy: a plain table, no clutter, blur, noise or JPEG.
    """
    size = min(width, height)
    table = surfaces.table(rng, height, width) if tidy else surfaces.background(rng, height, width, photographs)
    picture = np.ascontiguousarray(table, dtype=np.float32)
    owners = np.zeros((height, width), np.uint8)
    for _ in range(0 if tidy else int(rng.choice([0, 0, 1, 2, 3, 5]))):
        _strew_clutter(rng, picture, owners, photographs)

    if kind is None:
        kind = rng.choice(len(KINDS), p=[k[0] for k in KINDS])
    _, counts, heights, layouts = KINDS[kind]
    count = int(rng.integers(counts[0], counts[1] + 1))
    card_height = size * np.exp(rng.uniform(*np.log(heights)))
    layout = layouts[rng.integers(len(layouts))]
    placed = layout(rng, width, height, count, card_height, 0.25 if kind == 0 else 0.1)

    deck = bank.pick_deck(rng)
    aspect = rng.uniform(0.66, 0.74)
    tilt = min(abs(rng.normal(0, 0.45)), 1.0) if rng.random() < 0.6 else 0.0
    tilt_direction = rng.uniform(0, 2 * np.pi)
    shadow = Shadow(int(rng.integers(-6, 7)), int(rng.integers(-6, 7)), int(rng.choice([3, 5, 9, 15])),
                    rng.uniform(0, 0.6))
    gain = rng.uniform(0.82, 1.04)
    cards = []
    for owner, place in enumerate(placed, 1):
        own_deck = deck if rng.random() < 0.9 else bank.pick_deck(rng)
        cls, levels = decks.pick_card(own_deck, rng)
        quad = _quad(tilt_direction + rng.normal(0, 0.05), (place.x, place.y), place.height * aspect, place.height,
                     place.angle, tilt, 1.6 * size)
        _cast_shadow(picture, quad, shadow)
        own_gain = gain * rng.uniform(0.92, 1.04) * np.array([rng.uniform(0.95, 1.02), rng.uniform(0.97, 1.02), 1])
        _paste(picture, owners, levels[_level_for(place.height)], quad, owner, own_gain)
        cards.append((cls, quad))
        if not tidy and rng.random() < 0.04:
            _hold(rng, picture, owners, [quad], size)
    if layout is _fan and not tidy and rng.random() < 0.6:
        _hold(rng, picture, owners, [quad for _, quad in cards], size)
    labels = _ground_truth(rng, picture, owners, cards, smear=not tidy)
    return _camera(rng, _light(rng, picture), tidy), labels


def draw_labels(picture, labels):
    """A copy with boxes and names, to look at."""
    picture = picture.copy()
    for cls, x1, y1, x2, y2 in labels.astype(int):
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), (255, 0, 255), 1)
        rank, _, suit = NAMES[cls].partition(" of ")
        cv2.putText(picture, f"{rank} {suit[0]}", (x1 + 2, y1 + 11), 0, 0.4, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(picture, f"{rank} {suit[0]}", (x1 + 2, y1 + 11), 0, 0.4, (0, 255, 255), 1, cv2.LINE_AA)
    return picture


# The published samples: (seed, width, height, index into KINDS).
SAMPLES = ((40, 960, 720, 0), (44, 960, 640, 0), (46, 960, 720, 2), (48, 800, 800, 0), (51, 640, 640, 3),
           (55, 720, 960, 3))


def write_samples(folder):
    """Pictures with decks of our own only, as JPEG, and their boxes in samples.json."""
    os.makedirs(folder, exist_ok=True)
    truth = {}
    for number, (seed, width, height, kind) in enumerate(SAMPLES, 1):
        rng = np.random.default_rng(seed)
        picture, labels = scene(rng, decks.own_bank(rng, 3), width, height, kind=kind, tidy=True)
        name = f"cards-{number}.jpg"
        cv2.imwrite(os.path.join(folder, name), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
        truth[name] = {"width": width, "height": height,
                       "cards": [{"name": NAMES[int(row[0])], "box": [int(v) for v in row[1:]]} for row in labels]}
    with open(os.path.join(folder, "samples.json"), "w", encoding="utf-8") as out:
        json.dump(truth, out, indent=1)
        out.write("\n")


def main():
    parser = argparse.ArgumentParser(description="Renders sample scenes with decks of our own only.")
    parser.add_argument("--samples", metavar="FOLDER", required=True, help="folder for the JPEGs and samples.json")
    write_samples(parser.parse_args().samples)


if __name__ == "__main__":
    main()
