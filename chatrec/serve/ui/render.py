"""A view as HTML. Catalog, model and user text enters only through autoescaped templates, so it can never become markup."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from chatrec.generate import wording
from chatrec.present.wording import other_language
from chatrec.serve.ui.cover import cover_uri
from chatrec.serve.ui.view import View, chip_key
from chatrec.serve.ui.words import EXAMPLES, GREETING, age, chinese_title, fact, genre_name, makers, word
from chatrec.types import KINDS, Chip, Item, Kind, Language, Message, Recommendation, Sentiment

ASSETS = Path(__file__).with_name("assets")
MAX_GENRES, MAX_FACTS = 3, 4
FIT_BARS = {"low": 1, "medium": 2, "high": 3}
ModelState = Literal["opening", "ready", "starting", "off", "failed"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One button of a card."""

    action: str
    label: str
    pressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A pick in the words it is shown with."""

    id: str
    kind: Kind
    title: str
    alias: str
    """A title in the person's language, beside the one the catalog leads with."""
    facts: tuple[str, ...]
    creators: str
    description: str
    told_in: str
    """Language of the description."""
    told_label: str
    """Says so where it is not the person's."""
    reason: str
    evidence: tuple[tuple[str, str], ...]
    fit: str
    fit_label: str
    fit_bars: int
    source: str
    written_by: str
    cover: str
    reactions: tuple[Reaction, ...]
    ask: str
    fresh: bool
    liked: bool


def card(pick: Recommendation, view: View) -> Card:
    """What a card says of a pick."""
    item, language = pick.item, view.language
    other = other_language(item, language)
    told = (wording.length(item, language), age(item, language))
    facts = (wording.form_noun(item, language), item.year, *_genres(pick, language), *told)
    return Card(
        id=item.id,
        kind=item.kind,
        title=item.title,
        alias=chinese_title(item) if language == "zh" else "",
        facts=tuple(str(value) for value in facts if value not in (None, "")),
        creators=makers(item, language),
        description=item.description or "",
        told_in=other or language,
        told_label=word("told_in", language) if other else "",
        reason=pick.reason,
        evidence=_evidence(pick, language),
        fit=pick.fit,
        fit_label=word(pick.fit, language),
        fit_bars=FIT_BARS[pick.fit],
        source=word("from_model" if pick.written_by == "llm" else "from_facts", language),
        written_by=pick.written_by,
        cover=cover_uri(item),
        reactions=_reactions(pick, view),
        ask=word("reactions", language, title=item.title),
        fresh=item.id in view.fresh,
        liked=view.opinions.get(item.id) == "liked",
    )


def panel_html(view: View) -> str:
    """The picks with everything around them: media, what was understood, notes, cards."""
    asked = word("degraded", view.language, why="; ".join(view.degraded)) if view.degraded else ""
    return _template("panel.html").render(
        view=view,
        cards=[card(pick, view) for pick in view.picks],
        chips=[(chip_key(chip), chip.label, word("remove", view.language, label=chip.label)) for chip in shown_chips(view)],
        kinds=[("", word("all", view.language), not view.kinds)]
        + [(kind, word(kind, view.language), kind in view.kinds) for kind in KINDS],
        degraded=asked,
        fan=_fan(),
        word=lambda key: word(key, view.language),
    )


def shown_chips(view: View) -> tuple[Chip, ...]:
    """What was understood, without the media: the filter beside the chips shows and changes those."""
    return tuple(chip for chip in view.chips if chip.remove is not None and chip.remove.action != "kinds")


def strip_html(view: View) -> str:
    """What stands above the text box: examples at first, then stop, or another try and next steps."""
    return _template("strip.html").render(
        view=view,
        examples=() if view.messages else EXAMPLES,
        steps=[(chip_key(chip), chip.label) for chip in view.steps],
        word=lambda key: word(key, view.language),
    )


def notice_html(view: View) -> str:
    """Why the last input was not taken, in one line."""
    return _template("notice.html").render(view=view)


def live_html(view: View) -> str:
    """What just happened, for screen readers."""
    return _template("live.html").render(view=view)


def header_html(state: ModelState, detail: str) -> str:
    """The page's head with the state of the language model.

    Args:
        state: what the language model is doing.
        detail: the same in words.
    """
    return _template("header.html").render(state=state, detail=detail)


def log_messages(view: View) -> list[dict[str, str]]:
    """The conversation for Gradio's Chatbot, which takes text for HTML even with Markdown off: hence escaped here."""
    messages = (Message("assistant", GREETING), *view.messages)
    return [{"role": message.role, "content": str(escape(message.text))} for message in messages]


def _evidence(pick: Recommendation, language: Language) -> tuple[tuple[str, str], ...]:
    """Label and values of the fields that bear the reason out, each field once."""
    values: dict[str, list[str]] = {}
    for claim in pick.evidence[:MAX_FACTS]:
        label, value = fact(claim, pick.item, language)
        if value and value not in values.setdefault(label, []):
            values[label].append(value)
    comma = "、" if language == "zh" else ", "
    return tuple((label, comma.join(told)) for label, told in values.items() if told)


def _genres(pick: Recommendation, language: Language) -> tuple[str, ...]:
    return tuple(genre_name(genre, language) for genre in pick.item.genres[:MAX_GENRES])


def _reactions(pick: Recommendation, view: View) -> tuple[Reaction, ...]:
    opinion: Sentiment | None = view.opinions.get(pick.item.id)
    seen = {"video": "seen", "audio": "seen_audio", "game": "seen_game"}[pick.item.kind]
    return (
        Reaction("liked", word("like", view.language), opinion == "liked"),
        Reaction("disliked", word("dislike", view.language), opinion == "disliked"),
        Reaction("seen", word(seen, view.language), opinion == "seen"),
    )


@cache
def _fan() -> tuple[str, ...]:
    """Three covers, one a medium, for a page that has nothing to show yet."""
    shown = (
        Item(id="welcome:audio", kind="audio", title="", genres=("jazz",), moods=("cheerful",)),
        Item(id="welcome:video", kind="video", title="", genres=("science fiction",), moods=("mysterious",)),
        Item(id="welcome:game", kind="game", title="", genres=("platformer",), moods=("playful",)),
    )
    return tuple(map(cover_uri, shown))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _template(name: str):  # noqa: ANN202
    return _environment().get_template(name)
