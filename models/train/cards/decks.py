"""Decks of cards: drawn by us, and those Debian packages as SVG.

A deck is {class: picture}, each picture [CARD_HEIGHT][CARD_WIDTH] BGRA. Debian's decks (gnome-cards-data,
kdegames-card-data-kf5) are rendered once into a cache folder; they are training material only and are never
shipped. Indices of ours are also put over their court art: nets learn the letter, not one artist's faces.
"""
import argparse
import os
import subprocess

import cv2
import numpy as np

import courts
from canvas import (CARD_HEIGHT, CARD_WIDTH, index_fonts, pip_mask, rounded_card_mask,
                    scale_mask, stamp, text_mask, turn_half)
from classes import (CLASS_COUNT, FIRST_COURT, INDEX_TEXT, RANK_COUNT, RED_SUITS, SUIT_COUNT, class_of,
                     rank_of, suit_of)

SHEET_FOLDER = "/usr/share/aisleriot/cards"            # sheets of 13 x 5 cards: rows clubs, diamonds, hearts, spades
SINGLE_FOLDER = "/usr/share/carddecks"                 # one SVG object per card: "jack_club", "7_heart"

# Decks whose indices read A, J, Q, K. Those of the English pattern come first: it is what most tables see.
ENGLISH_SHEETS = ("anglo", "anglo_bitmap", "anglo_modern", "gnomangelo", "gnomangelo_bitmap", "paris", "bellot")
OTHER_SHEETS = ("anglo_modern_4_color", "dondorf", "guyenne-classic", "neoclassical", "neoclassical_4_color",
                "orell", "ornamental", "plastic", "simplistic", "tango", "tigullio")
ENGLISH_SINGLES = ("svg-standard/standard",)
OTHER_SINGLES = ("svg-nicu-white/white", "svg-tigullio-international/tigullio-international")
HELD_OUT_SHEET = "anglo_poker"                         # never trained on: validation scenes use it alone

SINGLE_RANKS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "jack", "queen", "king")
SINGLE_SUITS = ("club", "diamond", "heart", "spade")
ASPECT_RANGE = (0.6, 0.8)                              # width / height; what is outside was rendered wrong

LEFT, MIDDLE, RIGHT = 0.0, 0.5, 1.0
_FOUR = [(LEFT, 0), (RIGHT, 0), (LEFT, 1), (RIGHT, 1)]
_SIX = _FOUR + [(LEFT, 0.5), (RIGHT, 0.5)]
_EIGHT = [(x, y) for x in (LEFT, RIGHT) for y in (0, 1 / 3, 2 / 3, 1)]
PIP_LAYOUTS = {                                        # rank number -> pip places in the pip field, 0..1
    2: [(MIDDLE, 0), (MIDDLE, 1)],
    3: [(MIDDLE, 0), (MIDDLE, 0.5), (MIDDLE, 1)],
    4: _FOUR,
    5: _FOUR + [(MIDDLE, 0.5)],
    6: _SIX,
    7: _SIX + [(MIDDLE, 0.25)],
    8: _SIX + [(MIDDLE, 0.25), (MIDDLE, 0.75)],
    9: _EIGHT + [(MIDDLE, 0.5)],
    10: _EIGHT + [(MIDDLE, 1 / 6), (MIDDLE, 5 / 6)],
}


# ---- Debian's decks -------------------------------------------------------------------------------------

def _as_card(picture):
    """Crops a rendered card to its opaque part and brings it to the card size; None when it is no card."""
    if picture is None or picture.ndim < 3:
        return None
    if picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    rows, columns = np.where(picture[..., 3] > 100)
    if len(rows) == 0:
        return None
    picture = picture[rows.min():rows.max() + 1, columns.min():columns.max() + 1]
    if not ASPECT_RANGE[0] < picture.shape[1] / picture.shape[0] < ASPECT_RANGE[1]:
        return None
    return cv2.resize(picture, (CARD_WIDTH, CARD_HEIGHT), interpolation=cv2.INTER_AREA)


def _rsvg(svg, png, *options):
    if not os.path.exists(png):
        subprocess.run(["rsvg-convert", *options, svg, "-o", png], check=False, stderr=subprocess.DEVNULL)
    return cv2.imread(png, cv2.IMREAD_UNCHANGED) if os.path.exists(png) else None


def load_sheet(name, cache):
    """A gnome deck: {class: picture}; {} where the deck isn't installed."""
    svg = os.path.join(SHEET_FOLDER, name + ".svgz")
    if not os.path.exists(svg):
        return {}
    sheet = _rsvg(svg, os.path.join(cache, f"sheet-{name}.png"),
                  "-w", str(13 * CARD_WIDTH), "-h", str(5 * CARD_HEIGHT))
    if sheet is None:
        return {}
    if sheet.shape[2] == 3:
        sheet = np.dstack([sheet, np.full(sheet.shape[:2], 255, np.uint8)])
    deck = {}
    for rank in range(RANK_COUNT):
        for suit in range(SUIT_COUNT):
            cell = sheet[suit * CARD_HEIGHT:(suit + 1) * CARD_HEIGHT, rank * CARD_WIDTH:(rank + 1) * CARD_WIDTH]
            card = _as_card(cell)
            if card is not None:
                if card[:8, :8, 3].min() == 255:             # square corners: the sheet had no transparency
                    card[..., 3] = rounded_card_mask(14)
                deck[class_of(rank, suit)] = card
    return deck


def load_singles(name, cache):
    """A KDE deck: {class: picture}; cards that rsvg renders at a wrong shape are left out."""
    svg = os.path.join(SINGLE_FOLDER, name + ".svgz")
    if not os.path.exists(svg):
        return {}
    folder = os.path.join(cache, "single-" + os.path.basename(name))
    os.makedirs(folder, exist_ok=True)
    deck = {}
    for rank, rank_name in enumerate(SINGLE_RANKS):
        for suit, suit_name in enumerate(SINGLE_SUITS):
            object_id = f"{rank_name}_{suit_name}"
            card = _as_card(_rsvg(svg, os.path.join(folder, object_id + ".png"),
                                  "-i", object_id, "-h", str(CARD_HEIGHT)))
            if card is not None:
                deck[class_of(rank, suit)] = card
    return deck


# ---- decks of our own -----------------------------------------------------------------------------------

class DeckStyle:
    """What all 52 cards of one printed deck share: index font and size, pips, inks, paper, frames."""

    def __init__(self, rng):
        fonts = index_fonts()
        height, width = CARD_HEIGHT, CARD_WIDTH
        self.font = fonts[rng.integers(len(fonts))]
        self.index_height = height * (rng.uniform(0.085, 0.135) if rng.random() < 0.75 else rng.uniform(0.135, 0.19))
        self.index_widen = rng.uniform(0.6, 1.05)
        self.index_limit = width * rng.uniform(0.14, 0.18)
        self.index_x = width * rng.uniform(0.075, 0.11)
        self.index_y = height * rng.uniform(0.03, 0.05)
        self.suit_height = self.index_height * rng.uniform(0.6, 1.0)
        self.four_corners = rng.random() < 0.12
        self.pip_height = height * rng.uniform(0.12, 0.175)
        self.field_x = width * rng.uniform(0.27, 0.32)
        self.field_y = height * rng.uniform(0.13, 0.2)
        self.ace_height = height * rng.uniform(0.15, 0.5)
        red = (int(rng.integers(10, 60)), int(rng.integers(0, 40)), int(rng.integers(170, 236)))
        black = (int(rng.integers(0, 50)),) * 3
        self.inks = [red if suit in RED_SUITS else black for suit in range(SUIT_COUNT)]
        if rng.random() < 0.1:                              # a four-colour deck
            self.inks[0], self.inks[1] = (40, 110, 20), (190, 90, 20)
        white = int(rng.integers(225, 256))
        self.paper = tuple(int(np.clip(v, 0, 255)) for v in
                           (white - rng.integers(0, 26), white - rng.integers(0, 9), white))
        self.outline = rounded_card_mask(int(rng.integers(8, 25)))
        self.pips = [pip_mask(suit, rng) for suit in range(SUIT_COUNT)]
        # The court's panel, as margins; the English pattern keeps the index beside it.
        self.panel_x = round(width * rng.uniform(0.14, 0.2))
        self.panel_y = round(height * rng.uniform(0.055, 0.1))
        frames = (None, (30, 30, 30), (180, 80, 40), self.inks[2])
        self.frame = frames[rng.integers(len(frames))]
        self.clear_index = rng.random() < 0.5               # art may run under the index otherwise


def _court_inside(style, rank, suit, art, rng):
    """The court's panel: a figure of ours, or the inside of another deck's card."""
    width, height = CARD_WIDTH - 2 * style.panel_x, CARD_HEIGHT - 2 * style.panel_y
    if art is None:
        pip = scale_mask(style.pips[suit], CARD_HEIGHT * 0.09)
        return courts.draw_court(rank - FIRST_COURT, width, height, style.paper, pip, style.inks[suit], rng)
    left, top = round(CARD_WIDTH * rng.uniform(0.17, 0.21)), round(CARD_HEIGHT * rng.uniform(0.05, 0.1))
    inside = art[top:CARD_HEIGHT - top, left:CARD_WIDTH - left, :3]
    return cv2.resize(inside, (width, height), interpolation=cv2.INTER_AREA)


def _draw_index(picture, style, rank, suit):
    """The rank over its suit in the top left corner and, half a turn on, in the bottom right one."""
    ten = INDEX_TEXT[rank] == "10"
    text = scale_mask(text_mask(INDEX_TEXT[rank], style.font), style.index_height,
                      style.index_widen * (0.75 if ten else 1.0), style.index_limit)
    pip = scale_mask(style.pips[suit], style.suit_height, 1.0, style.index_limit)
    places = [style.index_x] + ([CARD_WIDTH - style.index_x] if style.four_corners else [])
    for _ in range(2):
        for x in places:
            stamp(picture, text, x, style.index_y + style.index_height / 2, style.inks[suit])
            stamp(picture, pip, x, style.index_y + style.index_height * 1.12 + style.suit_height / 2,
                  style.inks[suit])
        picture = turn_half(picture)
    return picture


def draw_card(style, rank, suit, art, rng):
    """One card, BGRA. `art`: a card of the same rank whose inside is borrowed, or None for our own court."""
    picture = np.empty((CARD_HEIGHT, CARD_WIDTH, 3), np.uint8)
    picture[:] = style.paper
    ink = style.inks[suit]
    if rank == 0:
        height = style.ace_height * (1.3 if suit == 3 else 1.0)
        stamp(picture, scale_mask(style.pips[suit], height, 1.0, CARD_WIDTH * 0.7),
              CARD_WIDTH / 2, CARD_HEIGHT / 2, ink)
    elif rank < FIRST_COURT:
        pip = scale_mask(style.pips[suit], style.pip_height)
        for x, y in PIP_LAYOUTS[rank + 1]:
            stamp(picture, pip if y <= 0.5 else pip[::-1],
                  style.field_x + x * (CARD_WIDTH - 2 * style.field_x),
                  style.field_y + y * (CARD_HEIGHT - 2 * style.field_y), ink)
    else:
        left, top = style.panel_x, style.panel_y
        picture[top:CARD_HEIGHT - top, left:CARD_WIDTH - left] = _court_inside(style, rank, suit, art, rng)
        if style.frame is not None:
            cv2.rectangle(picture, (left, top), (CARD_WIDTH - left, CARD_HEIGHT - top), style.frame, 2, cv2.LINE_AA)
        if style.clear_index:
            right = round(style.index_x + style.index_limit / 2 + 3)
            bottom = round(style.index_y + style.index_height * 1.15 + style.suit_height)
            for _ in range(2):
                cv2.rectangle(picture, (3, 3), (right, bottom), style.paper, -1)
                picture = turn_half(picture)
    return np.dstack([_draw_index(picture, style, rank, suit), style.outline])


def draw_deck(rng, art_decks=()):
    """A deck of our own. With `art_decks` most decks borrow their courts' insides from one of those (now and
    then under another rank's index, so that the letter decides); without, all courts are ours."""
    style = DeckStyle(rng)
    borrowed = art_decks[rng.integers(len(art_decks))] if len(art_decks) and rng.random() < 0.75 else None
    deck = {}
    for cls in range(CLASS_COUNT):
        rank, suit = rank_of(cls), suit_of(cls)
        art = None
        if borrowed is not None and rank >= FIRST_COURT:
            art_rank = int(rng.integers(FIRST_COURT, RANK_COUNT)) if rng.random() < 0.15 else rank
            art = borrowed.get(class_of(art_rank, suit))
        deck[cls] = draw_card(style, rank, suit, art, rng)
    return deck


# ---- a bank of decks ------------------------------------------------------------------------------------

LEVELS = 3
COURT_FACTOR = 2.5                       # courts are the hard ranks: drawn this much more often


def pyramid(picture):
    """The card at full, half and quarter size: warping from the nearest one keeps small cards free of aliasing."""
    return [cv2.resize(picture, (CARD_WIDTH >> level, CARD_HEIGHT >> level), interpolation=cv2.INTER_AREA)
            if level else picture for level in range(LEVELS)]


class Bank:
    """Decks with weights to draw from: pick_deck(), then pick_card()."""

    def __init__(self):
        self.decks, self.weights = [], []

    def add(self, deck, weight):
        if deck:
            self.decks.append({cls: pyramid(card) for cls, card in deck.items()})
            self.weights.append(weight)

    def pick_deck(self, rng):
        weights = np.asarray(self.weights) / np.sum(self.weights)
        return self.decks[rng.choice(len(self.decks), p=weights)]


def pick_card(deck, rng):
    """(class, pyramid) with courts COURT_FACTOR times as likely as the others."""
    classes = list(deck)
    weights = np.array([COURT_FACTOR if rank_of(cls) >= FIRST_COURT else 1.0 for cls in classes])
    cls = classes[rng.choice(len(classes), p=weights / weights.sum())]
    return cls, deck[cls]


def training_bank(rng, cache, own_count=20):
    """Debian's decks but the held-out one, and `own_count` of our own, half of the weight each."""
    os.makedirs(cache, exist_ok=True)
    english = [load_sheet(name, cache) for name in ENGLISH_SHEETS] \
        + [load_singles(name, cache) for name in ENGLISH_SINGLES]
    others = [load_sheet(name, cache) for name in OTHER_SHEETS] \
        + [load_singles(name, cache) for name in OTHER_SINGLES]
    english, others = [d for d in english if d], [d for d in others if d]
    if not english:
        raise SystemExit("no SVG decks found: install gnome-cards-data, kdegames-card-data-kf5, librsvg2-bin")
    bank = Bank()
    for deck in english:
        bank.add(deck, 1.0)
    for deck in others:
        bank.add(deck, 0.35)
    share = sum(bank.weights) / own_count
    for _ in range(own_count):
        bank.add(draw_deck(rng, english if rng.random() < 0.75 else others), share)
    return bank


def held_out_bank(cache):
    os.makedirs(cache, exist_ok=True)
    bank = Bank()
    bank.add(load_sheet(HELD_OUT_SHEET, cache), 1.0)
    if not bank.decks:
        raise SystemExit(f"the held-out deck {HELD_OUT_SHEET} isn't installed: gnome-cards-data")
    return bank


def own_bank(rng, own_count=6):
    """Only what we drew ourselves: for pictures that are published."""
    bank = Bank()
    for _ in range(own_count):
        bank.add(draw_deck(rng), 1.0)
    return bank


def main():
    parser = argparse.ArgumentParser(description="Draws contact sheets of decks, to look at.")
    parser.add_argument("out", help="picture to write")
    parser.add_argument("--cache", help="cache folder for Debian's decks; without it only our own are drawn")
    parser.add_argument("--decks", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    bank = training_bank(rng, options.cache, options.decks) if options.cache else own_bank(rng, options.decks)
    shown = [class_of(r, s) for r, s in ((0, 3), (3, 2), (6, 0), (9, 1), (10, 0), (10, 2), (11, 1), (11, 3),
                                         (12, 0), (12, 2))]
    blank = np.zeros((CARD_HEIGHT // 2, CARD_WIDTH // 2, 3), np.uint8)
    rows = [np.hstack([deck[c][1][..., :3] if c in deck else blank for c in shown])
            for deck in bank.decks[-2 * options.decks:]]
    cv2.imwrite(options.out, np.vstack(rows))


if __name__ == "__main__":
    main()
