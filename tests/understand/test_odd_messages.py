"""Whatever is typed, it is read quickly and without failing."""

from __future__ import annotations

import random
from datetime import timedelta
from time import monotonic

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatrec.types import Change, Ledger, Reading
from chatrec.understand.ledger import replay
from chatrec.understand.lexicon import lexicon
from chatrec.understand.text import tokenise


def wordlist(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


PIECES = wordlist(
    "The_Thing forget_that don't_mind is_fine any_length \" \u200f \x00 "
    "no not nothing like loved seen it the second one but and or , . ( ) 《 》 ' - Alien Up Nolan horror scary film games "
    "under 90 minutes two hours 80s before 1990 year old kids French co-op more less shorter maybe about with by "
    "不要 恐怖 电影 两小时 以内 喜欢 千与千寻 第二部 看过了 ， 的 和 3 ² ½ ٣ é 🙂 ﬀ İ"
)


@given(st.text(max_size=300))
@example("𑁒 films, ① of ２ years")
@settings(max_examples=150, deadline=timedelta(seconds=5))
def test_any_text_gives_a_reading(reader, text):
    reading = reader.read(text, Ledger(), turn=0)
    assert isinstance(reading, Reading)
    replay(reading.changes)


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=timedelta(seconds=5))
def test_any_heap_of_words_gives_a_reading_that_replays(reader, pieces, spaced, shown):
    ledger = replay([Change(action="shown", turn=0, item_ids=("video:alien", "video:up"))]) if shown else Ledger()
    text = (" " if spaced else "").join(pieces)
    reading = reader.read(text, ledger, turn=1)
    assert reading == reader.read(text, ledger, turn=1)
    assert all(c.turn == 1 for c in reading.changes)
    replay(reading.changes)


@given(st.data())
@settings(max_examples=200, deadline=timedelta(seconds=5))
def test_any_phrases_of_the_lexicon_give_a_reading(reader, data):
    sections = lexicon().sections
    forms = [
        form for names in sections.values() for entry in names.values() for lang in ("en", "zh") for form in entry.get(lang, ())
    ]
    chosen = data.draw(st.lists(st.sampled_from(forms), max_size=8))
    replay(reader.read(" ".join(chosen), Ledger(), turn=0).changes)


REPEATED = wordlist(
    '" \u202e '
    "a no_ not like_ the_thing_ ( 1 1_ 90s_or_ Alien,_ Zorblax_and_ I_loved_Zorblax._ half_an_hour_and_ something_like_ "
    "more_less_ 7_year_old_ -_ 1_and_ Nolan_ it_was_great,_ 不要 一 《 第 ， 🙂 喜欢 像佐布拉克斯一样 两小时 一九 类似"
)
LONG = [piece * (4000 // len(piece)) for piece in REPEATED]


@pytest.mark.parametrize("text", LONG, ids=[text[:8].encode("unicode_escape").decode() for text in LONG])
def test_a_long_repetition_does_not_hang(reader, text):
    assert isinstance(reader.read(text, Ledger(), turn=0), Reading)


@pytest.mark.parametrize(
    "piece", ["最", "最长讲什么", "the longest ", "who made the ", "he is away ", "useless, ", "is there ", "比第一部"]
)
def test_a_long_repetition_behind_an_answer_does_not_hang(reader, piece):
    ledger = replay([Change(action="shown", turn=0, item_ids=("video:alien", "video:up"))])
    began = monotonic()
    assert isinstance(reader.read(piece * (4000 // len(piece)), ledger, turn=1), Reading)
    assert monotonic() - began < 3


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t", "🙂🙂", "\x00\x01", "\u200b", "...", "?!", "\u202etxet", "مرحبا", "שלום", "ｈｉ"]
)
def test_empty_and_odd_messages_change_nothing(reader, text):
    assert reader.read(text, Ledger(), turn=0).changes == ()


def test_more_than_the_limit_is_not_read(reader):
    assert reader.read("x " * 4000 + "no horror", Ledger(), turn=0).changes == ()


@given(st.text(max_size=200))
def test_tokens_point_back_to_the_text(text):
    found = tokenise(text)
    assert all(found.plain[t.start : t.end] == t.raw for t in found.tokens)
    assert all(t.text for t in found.tokens)


def test_the_order_of_words_of_a_shuffled_message_never_matters_for_not_failing(reader):
    message = "I loved Alien and The Thing but nothing scary under two hours with my 7 year old please in French 80s or 90s"
    words = message.split()
    for seed in range(50):
        random.Random(seed).shuffle(words)
        reader.read(" ".join(words), Ledger(), turn=0)
