"""The 52 classes: rank-major, so that class = 4 * rank + suit and a rank's four suits are neighbours."""

RANKS = ("ace", "two", "three", "four", "five", "six", "seven",
         "eight", "nine", "ten", "jack", "queen", "king")
SUITS = ("clubs", "diamonds", "hearts", "spades")
NAMES = tuple(f"{rank} of {suit}" for rank in RANKS for suit in SUITS)

RANK_COUNT, SUIT_COUNT, CLASS_COUNT = len(RANKS), len(SUITS), len(NAMES)
INDEX_TEXT = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K")
FIRST_COURT = RANKS.index("jack")
RED_SUITS = (SUITS.index("diamonds"), SUITS.index("hearts"))


def class_of(rank, suit):
    """Class of a card; rank 0 (ace) .. 12 (king), suit 0 (clubs) .. 3 (spades)."""
    return rank * SUIT_COUNT + suit


def rank_of(cls):
    return cls // SUIT_COUNT


def suit_of(cls):
    return cls % SUIT_COUNT
