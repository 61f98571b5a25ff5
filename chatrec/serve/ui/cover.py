"""A picture for every item, drawn from nothing but its id, medium, genres and moods: same item, same picture.

Videos are posters with film perforations, audio items are records or sound waves, games are pixel scenes. Everything in the
drawing is a number or a colour computed here; no text of the catalog enters it.
"""

from __future__ import annotations

import base64
import hashlib
import math
import random
from collections.abc import Iterator

from chatrec.serve.ui.palette import Palette, palette
from chatrec.serve.ui.posters import Draw, poster
from chatrec.types import Item

WIDTH, HEIGHT = 120, 160


def cover_svg(item: Item) -> str:
    """The picture as an SVG document of 120 × 160 units."""
    rng = random.Random(hashlib.blake2b(item.id.encode("utf-8", "replace"), digest_size=8).digest())
    colours = palette(item, rng)
    scene = _scene(item)
    gradient = (
        '<linearGradient id="s" x1="0" y1="0" x2="0.25" y2="1">'
        f'<stop offset="0" stop-color="{colours.sky}"/><stop offset="0.85" stop-color="{colours.horizon}"/></linearGradient>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><defs>{gradient}</defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#s)"/>{scene(colours, rng)}</svg>'
    )


def cover_uri(item: Item) -> str:
    """The picture as a `data:` address for an `<img>`: there it can neither run scripts nor clash with the page's styles."""
    return "data:image/svg+xml;base64," + base64.b64encode(cover_svg(item).encode()).decode()


def _scene(item: Item) -> Draw:
    if item.kind == "audio":
        return _broadcast if item.form in ("podcast", "audiobook") else _record
    if item.kind == "game":
        return _pixels
    return poster(item.genres)


def _record(colours: Palette, rng: random.Random) -> str:
    x, y = rng.choice(((60, 80), (82, 96), (60, 118), (96, 80), (28, 96)))
    r = rng.randint(44, 56)
    label = rng.randint(13, 18)
    grooves = "".join(f'<circle cx="{x}" cy="{y}" r="{g}"/>' for g in range(label + 6, r - 1, 4))
    shine = f'<path d="{_wedge(x, y, r - 2, -0.9, -0.45)}{_wedge(x, y, r - 2, 2.24, 2.69)}" fill="#fff" opacity=".13"/>'
    grooves = f'<g fill="none" stroke="#fff" stroke-width=".7" opacity=".17">{grooves}</g>'
    disc = f'<circle cx="{x}" cy="{y}" r="{r}" fill="#141318"/>{grooves}'
    centre = (
        f'<circle cx="{x}" cy="{y}" r="{label}" fill="{colours.light}"/><circle cx="{x}" cy="{y}" r="2.4" fill="{colours.near}"/>'
    )
    return rng.choice((_stripes, _rings, _blocks))(colours, rng) + disc + shine + centre


def _wedge(x: float, y: float, r: float, start: float, end: float) -> str:
    (x1, y1), (x2, y2) = ((x + r * math.cos(a), y + r * math.sin(a)) for a in (start, end))
    return f"M{x} {y}L{x1:.1f} {y1:.1f}A{r} {r} 0 0 1 {x2:.1f} {y2:.1f}Z"


def _stripes(colours: Palette, rng: random.Random) -> str:
    turn, step = rng.choice((-35, 0, 35, 90)), rng.randint(13, 19)
    bars = "".join(f'<rect x="-60" y="{y}" width="240" height="{step * 0.5:.1f}"/>' for y in range(-60, 230, step))
    return f'<g fill="{colours.far}" opacity=".6" transform="rotate({turn} 60 80)">{bars}</g>'


def _rings(colours: Palette, rng: random.Random) -> str:
    x, y = rng.choice(((0, 0), (120, 0), (120, 160), (0, 160)))
    rings = "".join(f'<circle cx="{x}" cy="{y}" r="{r}"/>' for r in range(18, 210, rng.randint(14, 20)))
    return f'<g fill="none" stroke="{colours.far}" stroke-width="6" opacity=".65">{rings}</g>'


def _blocks(colours: Palette, rng: random.Random) -> str:
    x, y = rng.randint(20, 90), rng.randint(20, 90)
    return (
        f'<rect x="{x}" width="{120 - x}" height="{y}" fill="{colours.far}" opacity=".8"/>'
        f'<rect y="{y}" width="{x}" height="{160 - y}" fill="{colours.middle}" opacity=".8"/>'
        f'<circle cx="{x}" cy="{y}" r="{rng.randint(10, 24)}" fill="{colours.light}" opacity=".9"/>'
    )


def _broadcast(colours: Palette, rng: random.Random) -> str:
    arcs = "".join(f'<circle cx="60" cy="58" r="{r}" opacity="{0.75 - i * 0.15:.2f}"/>' for i, r in enumerate(range(26, 60, 11)))
    heights = [8 + 26 * abs(math.sin(i * rng.uniform(0.5, 0.9) + 1)) * rng.uniform(0.5, 1) for i in range(15)]
    bars = "".join(
        f'<rect x="{12 + i * 6.5:.1f}" y="{128 - h / 2:.1f}" width="3.6" height="{h:.1f}" rx="1.8"/>'
        for i, h in enumerate(heights)
    )
    microphone = (
        f'<rect x="50" y="36" width="20" height="36" rx="10" fill="{colours.light}"/>'
        f'<path d="M42 58a18 18 0 0 0 36 0M60 76v12M48 89h24" fill="none" stroke="{colours.light}" stroke-width="3.4"/>'
    )
    floor = f'<rect y="104" width="120" height="56" fill="{colours.near}"/>'
    waves = f'{floor}<g fill="{colours.light}">{bars}</g>'
    return f'<g fill="none" stroke="{colours.light}" stroke-width="2">{arcs}</g>{microphone}{waves}'


def _pixels(colours: Palette, rng: random.Random) -> str:
    clouds = "".join(_cloud(rng.randint(0, 8) * 10, rng.randint(0, 3) * 10 + 18) for _ in range(3))
    hero = "".join(f'<rect x="{25 + x * 10}" y="{y * 10 + 42}" width="10" height="10"/>' for x, y in _sprite(rng))
    ground = "".join(_column(x, rng.randint(0, 2), colours) for x in range(0, 120, 10))
    figure, shade = (colours.light, colours.near) if colours.night else (colours.near, colours.light)
    hearts = "".join(
        f'<path d="M{x} 8h3v2h2v-2h3v4h-2v2h-2v2h-2v-2h-1v-2h-1z"/>' for x in range(8, 8 + 12 * rng.randint(1, 3), 12)
    )
    return (
        f'<g shape-rendering="crispEdges"><g fill="{colours.light}" opacity=".3">{clouds}</g>{ground}'
        f'<g fill="{shade}" transform="translate(3 3)" opacity=".5">{hero}</g><g fill="{figure}">{hero}</g>'
        f'<g fill="{figure}" opacity=".9">{hearts}</g></g>'
    )


def _sprite(rng: random.Random) -> Iterator[tuple[int, int]]:
    """Cells of a 7 × 7 figure that is its own mirror image, with a filled middle column so that it holds together."""
    eyes = rng.randint(2, 3)
    for y in range(7):
        for x in range(4):
            hole = x == 2 and y == eyes
            if not hole and (x == 3 or rng.random() < 0.3 + 0.18 * x):
                yield from {(x, y), (6 - x, y)}


def _cloud(x: int, y: int) -> str:
    return f'<rect x="{x}" y="{y}" width="30" height="10"/><rect x="{x + 10}" y="{y - 10}" width="20" height="10"/>'


def _column(x: int, steps: int, colours: Palette) -> str:
    top = 140 - 10 * (steps // 2)
    turf = f'<rect x="{x}" y="{top}" width="10" height="10" fill="{colours.far}"/>'
    return f'{turf}<rect x="{x}" y="{top + 10}" width="10" height="40" fill="{colours.near}"/>'
