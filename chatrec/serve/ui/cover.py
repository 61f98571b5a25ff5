"""A picture for every item, drawn from nothing but its id, medium, genres and moods: same item, same picture.

Videos are posters with film perforations, audio items are records or sound waves, games are pixel scenes. Everything in the
drawing is a number or a colour computed here; no text of the catalog enters it.
"""

from __future__ import annotations

import base64
import hashlib
import math
import random
from collections.abc import Callable, Iterator

from chatrec.serve.ui.palette import Palette, palette
from chatrec.types import Item

WIDTH, HEIGHT = 120, 160
Draw = Callable[[Palette, random.Random], str]


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
    land = next((LANDS[genre] for genre in item.genres if genre in LANDS), _hills)
    return lambda colours, rng: _poster(colours, rng, land)


# Videos


def _poster(colours: Palette, rng: random.Random, land: Draw) -> str:
    return _disc(colours, rng) + land(colours, rng) + _perforations(colours)


def _perforations(colours: Palette) -> str:
    holes = "".join(f'<rect x="3.5" y="{y}" width="6" height="8" rx="1.6"/>' for y in range(4, HEIGHT, 16))
    return f'<rect width="13" height="{HEIGHT}" fill="{colours.near}"/><g fill="{colours.horizon}" opacity=".85">{holes}</g>'


def _disc(colours: Palette, rng: random.Random) -> str:
    x, y, r = rng.randint(38, 100), rng.randint(28, 66), rng.randint(11, 25)
    halo = f'<circle cx="{x}" cy="{y}" r="{r * 1.7:.0f}" fill="{colours.light}" opacity=".16"/>'
    if colours.night and rng.random() < 0.45:
        return f'{_stars(rng, 22)}<path d="{_crescent(x, y, r, rng.uniform(-0.9, 0.3))}" fill="{colours.light}"/>'
    stars = _stars(rng, 16) if colours.night else ""
    return f'{stars}{halo}<circle cx="{x}" cy="{y}" r="{r}" fill="{colours.light}" opacity=".95"/>'


def _crescent(x: float, y: float, r: float, towards: float) -> str:
    """A moon of radius r whose dark side faces `towards` (radians, 0 is right)."""
    (x1, y1), (x2, y2) = ((x + r * math.cos(towards + a), y + r * math.sin(towards + a)) for a in (-1.05, 1.05))
    inner = f"{r * 0.9:.1f}"
    return f"M{x1:.1f} {y1:.1f}A{r} {r} 0 1 0 {x2:.1f} {y2:.1f}A{inner} {inner} 0 0 1 {x1:.1f} {y1:.1f}Z"


def _stars(rng: random.Random, n: int) -> str:
    dots = (f'<circle cx="{rng.randint(15, 118)}" cy="{rng.randint(2, 90)}" r="{rng.uniform(0.4, 1.2):.1f}"/>' for _ in range(n))
    return f'<g fill="#fff" opacity=".75">{"".join(dots)}</g>'


def _hills(colours: Palette, rng: random.Random) -> str:
    return "".join(
        f'<path d="{_wave(rng, base, height)}" fill="{colour}"/>'
        for base, height, colour in ((96, 15, colours.far), (116, 13, colours.middle), (138, 10, colours.near))
    )


def _wave(rng: random.Random, base: int, height: int) -> str:
    a, b, c = (base + rng.randint(-height, height) for _ in range(3))
    return f"M0 {a}C30 {a - height} 40 {b + height} 66 {b}S100 {c - height} 120 {c}V160H0Z"


def _peaks(colours: Palette, rng: random.Random) -> str:
    return "".join(
        f'<path d="{_ridge(rng, base, rise)}" fill="{colour}"/>'
        for base, rise, colour in ((106, 46, colours.far), (124, 34, colours.middle), (146, 18, colours.near))
    )


def _ridge(rng: random.Random, base: int, rise: int) -> str:
    xs = [-6, *sorted(rng.sample(range(8, 114), 4)), 126]
    points = [(x, base - (rise * rng.uniform(0.55, 1) if i % 2 else rise * rng.uniform(0, 0.3))) for i, x in enumerate(xs)]
    return "M" + "L".join(f"{x} {y:.0f}" for x, y in points) + "V160H-6Z"


def _skyline(colours: Palette, rng: random.Random) -> str:
    far = "".join(_tower(x, rng.randint(78, 112), 13) for x in range(10, 120, 13))
    near = [(x, rng.randint(94, 140), rng.randint(15, 21)) for x in range(8, 120, 19)]
    windows = "".join(
        f'<rect x="{x + dx}" y="{top + dy}" width="2.4" height="3.2"/>'
        for x, top, _ in near
        for dx in (3, 8)
        for dy in range(5, 152 - top, 8)
        if rng.random() < 0.55
    )
    front = "".join(_tower(x, top, width) for x, top, width in near)
    return (
        f'<g fill="{colours.middle}">{far}</g><g fill="{colours.near}">{front}</g>'
        f'<g fill="{colours.light}" opacity=".8">{windows}</g>'
    )


def _tower(x: int, top: int, width: int) -> str:
    return f'<rect x="{x}" y="{top}" width="{width}" height="{160 - top}"/>'


def _forest(colours: Palette, rng: random.Random) -> str:
    rows = ((86, 26, 11, colours.far), (104, 34, 15, colours.middle), (126, 44, 21, colours.near))
    return "".join(f'<path d="{_firs(rng, top, tall, step)}" fill="{colour}"/>' for top, tall, step, colour in rows)


def _firs(rng: random.Random, top: int, tall: int, step: int) -> str:
    """Tall narrow triangles side by side, their feet hidden in the row itself."""
    tips = [(x, top + rng.randint(-9, 9)) for x in range(4, 128, step)]
    trees = "".join(f"M{x - step * 0.62:.0f} {y + tall}L{x} {y}L{x + step * 0.62:.0f} {y + tall}Z" for x, y in tips)
    return f"M0 {top + tall - 12}H120V160H0Z{trees}"


def _orbit(colours: Palette, rng: random.Random) -> str:
    x, y, r, tilt = rng.randint(28, 92), rng.randint(150, 172), rng.randint(46, 62), rng.randint(-28, 28)
    px, py, pr = rng.randint(34, 92), rng.randint(82, 96), rng.randint(6, 11)
    ring = (
        f'<ellipse cx="{px}" cy="{py}" rx="{pr * 2.1:.0f}" ry="{pr * 0.55:.1f}" fill="none" stroke="{colours.light}" '
        f'stroke-width="1.6" transform="rotate({tilt} {px} {py})"/>'
    )
    glow = f'<circle cx="{x}" cy="{y}" r="{r + 5}" fill="{colours.light}" opacity=".25"/>'
    return (
        f'{_stars(rng, 26)}<circle cx="{px}" cy="{py}" r="{pr}" fill="{colours.far}"/>{ring}'
        f'{glow}<circle cx="{x}" cy="{y}" r="{r}" fill="{colours.near}"/>'
    )


def _stage(colours: Palette, rng: random.Random) -> str:
    beams = "".join(
        f'<path d="M{x} -4L{x + lean - 20} 150H{x + lean + 20}Z"/>'
        for x, lean in ((rng.randint(18, 50), 30), (rng.randint(72, 112), -32))
    )
    folds = "".join(f'<rect x="{x}" y="0" width="5" height="150" rx="2"/>' for x in (13, 20, 105, 113))
    floor = '<ellipse cx="64" cy="150" rx="60" ry="14"/><rect y="150" width="120" height="10"/>'
    return (
        f'<g fill="{colours.light}" opacity=".28">{beams}</g><g fill="{colours.near}">{floor}</g>'
        f'<g fill="{colours.middle}">{folds}</g>'
    )


LANDS: dict[str, Draw] = {
    "science fiction": _orbit, "superhero": _skyline, "horror": _forest, "mystery": _forest, "western": _peaks,
    "adventure": _peaks, "fantasy": _peaks, "war": _peaks, "action": _skyline, "crime": _skyline, "thriller": _skyline,
    "comedy": _skyline, "musical": _stage, "music": _stage, "biography": _stage, "sport": _stage, "martial arts": _peaks,
    "romance": _hills, "family": _hills, "animation": _hills, "documentary": _hills, "drama": _hills,
}  # fmt: skip


# Audio


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


# Games


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
