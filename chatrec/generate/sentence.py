"""Claims as one fluent sentence, in English and Chinese. The sentence says nothing that its claims do not."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence

from chatrec.generate import wording
from chatrec.types import OF_EPISODES, Claim, Item, Language

HEADS = ("documentary", "western", "musical", "thriller", "drama", "comedy", "mystery", "romance", "biography")
"""Genres that another genre is said to modify, strongest first: a romantic comedy, a crime drama, a comedy western."""
POSSESSIVE_FORMS = ("film", "short", "album", "track", "audiobook", "game")
VERBS = {"film": "direct", "short": "direct", "podcast": "host"}
VARIANTS = 3

Groups = Mapping[str, Sequence[str]]
"""Values of the claims by field, each value once, in the claims' order."""


def reason(claims: Sequence[Claim], item: Item, language: Language) -> str:
    """One sentence made of the claims; which of a few constructions is used depends on the item alone.

    Args:
        claims: checked claims about `item`, at most about four; none gives just what kind of work it is.
        item: what is spoken of.
        language: `en` or `zh`.
    """
    groups = _grouped(claims)
    near = next((claim.text for claim in claims if claim.field == "near"), "")
    variant = zlib.crc32(item.id.encode()) % VARIANTS
    sentence = _chinese(groups, near, item, variant) if language == "zh" else _english(groups, near, item, variant)
    return _first_upper(sentence) + ("。" if language == "zh" else ".")


def _grouped(claims: Sequence[Claim]) -> Groups:
    groups: dict[str, list[str]] = {}
    for claim in claims:
        values = groups.setdefault(claim.field, [])
        if claim.value not in values:
            values.append(claim.value)
    return groups


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(parts: Sequence[str], last: str = " and ", comma: str = ", ") -> str:
    return comma.join(parts[:-1]) + last + parts[-1] if len(parts) > 1 else "".join(parts)


# --- English -------------------------------------------------------------------------------------------------------


def _english(groups: Groups, near: str, item: Item, variant: int) -> str:
    noun = _noun_phrase(groups, item)
    about = _listed([wording.theme(value, "en") for value in groups.get("themes", ())])
    makers = _listed(groups.get("creators", ()))
    if variant == 1 and makers and wording.form_of(item) in POSSESSIVE_FORMS:
        start = f"{_possessive(makers)} {noun}" + (f" about {about}" if about else "")
        rest = _details(groups, item, makers="")
    elif variant == 2 and makers and wording.form_of(item) in VERBS:
        plural = len(groups["creators"]) > 1
        verb = VERBS[wording.form_of(item)] + ("" if plural else "s")
        start = f"{makers} {verb} {wording.with_article(noun)}" + (f" about {about}" if about else "")
        rest = _details(groups, item, makers="")
    else:
        start = wording.with_article(noun) + (f" about {about}" if about else "")
        rest = _details(groups, item, makers)
    length = f" ({wording.length(item, 'en')})" if groups.get("minutes") else ""
    return ", ".join(part for part in (start, *rest, near) if part) + length


def _noun_phrase(groups: Groups, item: Item) -> str:
    """ "tense 1979 science fiction film"."""
    known = wording.words()
    moods = [mood for mood in groups.get("moods", ()) if not echoes(mood, groups.get("genres", ()))]
    fame = [wording.PHRASES["popularity"](value, item, "en") for value in groups.get("popularity", ())]
    tags = [known.tags_pre[tag] for tag in groups.get("tags", ()) if tag in known.tags_pre]
    said = set(" ".join(tags).replace("-", " ").split())
    genres = [genre for genre in groups.get("genres", ()) if genre not in said]  # not "a synth-pop pop album"
    noun = _genre_noun(genres, item)
    tags = [tag for tag in tags if tag not in noun]
    return " ".join([*([", ".join([*fame, *moods])] if fame or moods else []), *groups.get("year", ()), *tags, noun])


def echoes(mood: str, genres: Sequence[str]) -> bool:
    """Whether the mood only repeats a genre ("a funny comedy")."""
    same = {"funny": "comedy", "scary": "horror", "romantic": "romance", "mysterious": "mystery"}
    return same.get(mood) in genres


def _genre_noun(genres: list[str], item: Item) -> str:
    table, form = wording.words().genres, wording.form_of(item)
    noun = wording.form_noun(item, "en")
    if not genres:
        return noun
    standalone = [g for g in genres if form in table.get(g, {}).get("noun", ())]
    head = min(genres, key=lambda g: (g not in standalone, HEADS.index(g) if g in HEADS else len(HEADS), -genres.index(g)))
    others = [_adjective(g, item) for g in genres if g != head]
    if head in standalone:
        return " ".join([*others, head])
    kept = head if others and head in HEADS else _adjective(head, item)
    kept = head if head in ("drama", "romance", "mystery") and form in OF_EPISODES else kept
    return " ".join(dict.fromkeys([*others, kept, noun]))


def _adjective(genre: str, item: Item) -> str:
    """The genre as it stands before a noun."""
    entry = wording.words().genres.get(genre, {})
    plain = entry.get("adj", genre)
    return entry.get("adj_audio", plain) if item.kind == "audio" else plain


def _details(groups: Groups, item: Item, makers: str) -> list[str]:
    """The parts behind the noun: who made it and is in it, tags, where from, language, age."""
    known = wording.words()
    tags = [tag for tag in groups.get("tags", ()) if tag not in known.tags_pre]
    parts = [wording.creator_phrase(makers, item, "en") if makers else ""]
    if groups.get("cast"):
        parts.append(wording.cast_phrase(_listed(groups["cast"]), item, "en"))
    parts += [wording.PHRASES["tags"](tag, item, "en") for tag in tags]
    for field in ("publishers", "countries", "language", "age"):
        parts += [wording.PHRASES[field](value, item, "en") for value in groups.get(field, ())]
    return [part for part in parts if part]


def _possessive(names: str) -> str:
    return f"{names}’" if re.search(r"[sx]$", names) else f"{names}’s"


# --- Chinese -------------------------------------------------------------------------------------------------------


def _chinese(groups: Groups, near: str, item: Item, variant: int) -> str:
    form = wording.words().forms[wording.form_of(item)]
    one = f"一{form['measure']}"
    about = _listed([wording.theme(value, "zh") for value in groups.get("themes", ())], last="与", comma="、")
    makers = _listed(groups.get("creators", ()), last="和", comma="、")
    made = wording.creator_phrase(makers, item, "zh") if makers else ""
    noun, mood = _chinese_noun(groups, item), _chinese_adjectives(groups, item)
    if variant == 1 and made.endswith(("执导", "主创", "主持", "开发")):
        parts = [f"{made}的{mood}{noun}", f"关于{about}" if about else ""]
    elif variant == 2 and about:
        parts = [f"{one}关于{about}的{noun}", f"{mood.removesuffix('的')}" if mood else "", made]
    else:
        parts = [f"{one}{mood}{noun}", f"关于{about}" if about else "", made]
    years = [f"{year} 年" for year in groups.get("year", ())]
    numbers = "，".join([*years, *([wording.length(item, "zh")] if groups.get("minutes") else [])])
    body = "，".join(part for part in (*parts, *_chinese_details(groups, item), near) if part)
    return wording.spaced(body + (f"（{numbers}）" if numbers else ""))


def _chinese_noun(groups: Groups, item: Item) -> str:
    words = wording.words()
    genres = [words.genres.get(g, {}).get("zh", g) for g in groups.get("genres", ())]
    form = words.forms[wording.form_of(item)]
    return ("".join(genres) + form["suffix"] if genres else form["zh"]).replace("音乐专辑", "专辑").replace("小说游戏", "小说")


def _chinese_adjectives(groups: Groups, item: Item) -> str:
    moods = [wording.words().moods.get(m, m) for m in groups.get("moods", ()) if not echoes(m, groups.get("genres", ()))]
    fame = [wording.PHRASES["popularity"](value, item, "zh") for value in groups.get("popularity", ())]
    return "、".join([*fame, *moods]) + "的" if fame or moods else ""


def _chinese_details(groups: Groups, item: Item) -> list[str]:
    parts = []
    if groups.get("cast"):
        parts.append(wording.cast_phrase(_listed(groups["cast"], last="和", comma="、"), item, "zh"))
    for field in ("tags", "publishers", "countries", "language", "age"):
        parts += [wording.PHRASES[field](value, item, "zh") for value in groups.get(field, ())]
    return parts
