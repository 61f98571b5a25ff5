"""Colours of a cover: the first two genres give the hues, the moods the light."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from chatrec.types import Item

HUES: dict[str, int] = {
    "action": 12, "adventure": 32, "animation": 198, "arts": 320, "audio drama": 280, "biography": 28, "blues": 222,
    "business": 205, "classical": 40, "comedy": 46, "country": 34, "crime": 218, "documentary": 160, "drama": 262,
    "electronic": 188, "ambient": 196, "family": 92, "fantasy": 282, "fighting": 4, "folk": 92, "funk": 300, "hip hop": 18,
    "history": 30, "horror": 350, "interview": 178, "jazz": 232, "latin": 8, "literary fiction": 212, "martial arts": 2,
    "memoir": 24, "metal": 0, "music": 310, "musical": 318, "mystery": 246, "party": 330, "platformer": 200, "politics": 216,
    "pop": 326, "punk": 340, "puzzle": 172, "racing": 14, "reggae": 130, "rhythm": 305, "rock": 8, "roguelike": 270,
    "role-playing": 276, "romance": 344, "sandbox": 106, "science": 184, "science fiction": 228, "shooter": 16,
    "simulation": 120, "society": 190, "soul": 20, "soundtrack": 250, "sport": 112, "stealth": 226, "strategy": 148,
    "superhero": 210, "survival": 84, "technology": 202, "thriller": 240, "true crime": 352, "visual novel": 336, "war": 66,
    "western": 26,
}  # fmt: skip
DARK = {"dark", "bleak", "scary", "eerie", "gritty", "tense", "mysterious", "aggressive", "melancholic", "intense"}
LIGHT = {"cheerful", "playful", "funny", "cosy", "whimsical", "uplifting", "heartwarming", "hopeful", "tender", "calm", "quirky"}
DIM = {"bleak", "melancholic", "gritty", "calm", "dreamy", "nostalgic", "bittersweet", "thoughtful"}


@dataclass(frozen=True, slots=True)
class Palette:
    """CSS colours, from the farthest thing in the picture to the nearest."""

    sky: str
    horizon: str
    light: str
    """What shines: a disc, a lamp, a needle."""
    far: str
    middle: str
    near: str
    night: bool


def palette(item: Item, rng: random.Random) -> Palette:
    """Colours for an item: same item, same colours; same genre, kindred ones."""
    base = _hue(item.genres[:1], rng) + rng.randint(-14, 14)
    second = _hue(item.genres[1:], rng, base + rng.choice((-48, -32, 34, 52, 160, 190))) + rng.randint(-14, 14)
    saturation = 46 if DIM & set(item.moods) else 66
    night = _night(item.moods, rng)
    if night:
        return Palette(
            sky=hsl(base, saturation, 13),
            horizon=hsl(second, saturation, 40),
            light=hsl(second + 12, 88, 74),
            far=hsl(base, saturation - 12, 27),
            middle=hsl(base, saturation - 8, 18),
            near=hsl(base, saturation - 4, 9),
            night=True,
        )
    return Palette(
        sky=hsl(base, saturation, 62),
        horizon=hsl(second, saturation + 14, 84),
        light=hsl(second + 20, 96, 93),
        far=hsl(base, saturation - 14, 60),
        middle=hsl(base, saturation - 8, 42),
        near=hsl(base - 6, saturation, 24),
        night=False,
    )


def hsl(hue: float, saturation: float, lightness: float) -> str:
    """A CSS colour; hue in degrees, the others in per cent."""
    return f"hsl({hue % 360:.0f} {saturation:.0f}% {lightness:.0f}%)"


def _hue(genres: Iterable[str], rng: random.Random, otherwise: int | None = None) -> int:
    spare = rng.randrange(360)
    return next((HUES[genre] for genre in genres if genre in HUES), spare if otherwise is None else otherwise)


def _night(moods: Iterable[str], rng: random.Random) -> bool:
    """Dark moods make a night, light ones a day; the earlier moods weigh more, and chance settles a draw."""
    weight = sum((mood in DARK) / place - (mood in LIGHT) / place for place, mood in enumerate(moods, 1))
    draw = rng.random() < 0.5
    return weight > 0 or (weight == 0 and draw)
