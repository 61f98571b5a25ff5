"""Posters for videos: a sky with something that shines, a landscape that suits the genre, and film perforations."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from chatrec.serve.ui.palette import Palette

Draw = Callable[[Palette, random.Random], str]


def poster(genres: Sequence[str]) -> Draw:
    """The drawing for a video of these genres; the first one that has landscapes of its own decides."""
    lands = next((LANDS[genre] for genre in genres if genre in LANDS), (_hills,))
    return lambda colours, rng: _disc(colours, rng) + rng.choice(lands)(colours, rng) + _perforations(colours)


def _perforations(colours: Palette) -> str:
    holes = "".join(f'<rect x="3.5" y="{y}" width="6" height="8" rx="1.6"/>' for y in range(4, 160, 16))
    return f'<rect width="13" height="160" fill="{colours.near}"/><g fill="{colours.horizon}" opacity=".85">{holes}</g>'


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


def _sea(colours: Palette, rng: random.Random) -> str:
    bands = "".join(
        f'<path d="{_swell(y, rng.randint(12, 26))}" fill="{colour}"/>'
        for y, colour in ((92, colours.far), (112, colours.middle), (138, colours.near))
    )
    x, y = rng.randint(34, 86), 96
    sail = f'<path d="M{x} {y - 30}V{y - 4}H{x + 17}ZM{x - 3} {y - 24}V{y - 4}H{x - 13}Z" fill="{colours.light}"/>'
    hull = f'<path d="M{x - 18} {y - 2}H{x + 21}L{x + 13} {y + 8}H{x - 11}Z" fill="{colours.near}"/>'
    return f'<path d="{_swell(84, 18)}" fill="{colours.far}" opacity=".55"/>{sail}{hull}{bands}'


def _swell(y: int, length: int) -> str:
    return f"M-8 {y}" + "".join(f"q{length / 2} {-7 if i % 2 else 7} {length} 0" for i in range(2 + 136 // length)) + "V160H-8Z"


def _clouds(colours: Palette, rng: random.Random) -> str:
    layers = ((98, colours.far), (120, colours.middle), (144, colours.near))
    return "".join(f'<g fill="{colour}">{_bank(rng, y)}</g>' for y, colour in layers)


def _bank(rng: random.Random, y: int) -> str:
    puffs = "".join(f'<circle cx="{x}" cy="{y + rng.randint(-2, 9)}" r="{rng.randint(10, 20)}"/>' for x in range(0, 132, 17))
    return f'{puffs}<rect y="{y + 6}" width="120" height="{154 - y}"/>'


def _house(colours: Palette, rng: random.Random) -> str:
    x, y = rng.randint(44, 80), rng.randint(94, 104)
    walls = f'<rect x="{x - 13}" y="{y}" width="26" height="22" fill="{colours.near}"/>'
    roof = f'<path d="M{x - 18} {y + 1}L{x} {y - 16}L{x + 18} {y + 1}Z" fill="{colours.near}"/>'
    window = f'<rect x="{x - 4}" y="{y + 6}" width="8" height="8" fill="{colours.light}"/>'
    hill = f'<path d="M0 {y + 26}Q60 {y + 4} 120 {y + 22}V160H0Z" fill="{colours.middle}"/>'
    tree = "".join(f'<circle cx="{tx}" cy="{y + 6}" r="{rng.randint(8, 12)}"/>' for tx in (x - 33, x + 35))
    trunks = "".join(f'<rect x="{tx - 1.5}" y="{y + 8}" width="3" height="18"/>' for tx in (x - 33, x + 35))
    front = f'<path d="{_wave(rng, 142, 6)}" fill="{colours.near}"/>'
    back = f'<path d="{_wave(rng, 100, 12)}" fill="{colours.far}"/><g fill="{colours.middle}">{tree}{trunks}</g>'
    return f"{back}{roof}{walls}{window}{hill}{front}"


LANDS: dict[str, tuple[Draw, ...]] = {
    "science fiction": (_orbit,), "superhero": (_skyline, _clouds), "horror": (_forest,), "mystery": (_forest, _house, _skyline),
    "western": (_peaks,), "adventure": (_peaks, _sea), "fantasy": (_peaks, _forest, _clouds), "war": (_peaks, _hills),
    "action": (_skyline, _peaks), "crime": (_skyline,), "thriller": (_skyline, _forest), "comedy": (_skyline, _house),
    "musical": (_stage,), "music": (_stage,), "biography": (_stage, _house), "sport": (_stage, _hills),
    "martial arts": (_peaks, _forest), "romance": (_sea, _hills, _house), "family": (_house, _hills, _clouds),
    "animation": (_clouds, _sea, _hills, _house), "documentary": (_hills, _sea, _peaks),
    "drama": (_hills, _sea, _house, _skyline), "history": (_hills, _peaks),
}  # fmt: skip
