from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ui_samples import constraint_chip, pick

from chatrec.serve.ui.render import header_html, live_html, log_messages, notice_html, panel_html, strip_html
from chatrec.serve.ui.view import View
from chatrec.types import Change, Chip, Claim, Item, Message, Recommendation

ATTACKS = [
    "${7*7}",
    "{{7*7}}",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/a.png)",
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe\u202c",
    "javascript:alert(1)",
]


class Skeleton(HTMLParser):
    """The tags and attribute names of a page in order, apart from its texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[object] = []
        self.text: list[str] = []
        self.values: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        self.values.extend(value or "" for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def everywhere(text: str, kind: str = "video") -> View:
    """A view that shows `text` wherever text can be shown."""
    item = Item(
        id=text, kind=kind, form=text, title=text, aliases=(text,), creators=(text,), genres=(text,), themes=(text,),
        description=text, year=2000, minutes=90.0, age=12,
    )  # fmt: skip
    shown = Recommendation(item=item, reason=text, evidence=(Claim(text, "themes", text), Claim(text, text, text)), score=0.5)
    return View(
        messages=(Message("user", text), Message("assistant", text)),
        picks=(shown,),
        chips=(Chip(label=text, remove=Change(action="unwish", turn=0, key=text)),),
        steps=(Chip(label=text, say=text),),
        degraded=(text,),
        answer=text,
        notice=text,
        announcement=text,
        said=text,
    )


def html_of(view: View) -> str:
    return panel_html(view) + strip_html(view) + notice_html(view) + live_html(view) + header_html("off", view.notice)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1).filter(str.strip)


@settings(max_examples=150, deadline=None)
@given(text=TEXT | st.sampled_from(ATTACKS).flatmap(lambda attack: st.builds("{}{}{}".format, TEXT, st.just(attack), TEXT)))
def test_text_never_changes_the_structure_of_the_page(text: str) -> None:
    assert Skeleton(html_of(everywhere(text))).shape == Skeleton(html_of(everywhere("plain"))).shape


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_shown_as_the_text_they_are(attack: str) -> None:
    shown = Skeleton(html_of(everywhere(attack)))

    assert sum(attack in text for text in shown.text) >= 10
    assert attack in shown.values


@pytest.mark.parametrize("attack", ATTACKS)
def test_messages_reach_the_chatbot_without_a_tag(attack: str) -> None:
    for message in log_messages(View(messages=(Message("user", attack), Message("assistant", attack)))):
        assert "<" not in message["content"]


def test_a_card_tells_title_year_kind_genres_length_age_reason_and_facts() -> None:
    page = Skeleton(panel_html(View(picks=(pick(0),))))

    for told in ("Title 0", "1990", "drama", "1 h 35 min", "age 12+", "Reason 0.", "mood", "calm", "high fit", "A. Maker"):
        assert told in page.text


@pytest.mark.parametrize(
    ("creators", "language", "told"),
    [
        (("Hayao Miyazaki", "宫崎骏"), "en", "Hayao Miyazaki"),
        (("Hayao Miyazaki", "宫崎骏"), "zh", "Hayao Miyazaki / 宫崎骏"),
        (("张艺谋",), "en", "张艺谋"),
        (("A", "B", "C"), "en", "A, B"),
    ],
)
def test_makers_are_named_as_the_reader_writes_them(creators: tuple[str, ...], language: str, told: str) -> None:
    assert told in Skeleton(panel_html(View(picks=(pick(0, creators=creators),), language=language))).text


def test_unknown_facts_are_left_out() -> None:
    page = panel_html(View(picks=(pick(0, year=None, minutes=None, age=None, creators=(), genres=(), description=None),)))

    assert "None" not in page
    assert "age" not in "".join(Skeleton(page).text)


def test_every_button_has_a_name_and_an_action() -> None:
    view = View(picks=(pick(0), pick(1)), chips=(constraint_chip(),), steps=(Chip(label="more", say="more"),), said="hi")

    for html in (panel_html(view), strip_html(view), header_html("ready", "")):
        for button in html.split("<button")[1:]:
            opening, content = button.split(">", 1)
            assert 'type="button"' in opening
            assert "data-action=" in opening
            assert "aria-label=" in opening or Skeleton(content.split("</button>")[0]).text


def test_a_card_is_liked_once_it_was_liked() -> None:
    page = panel_html(View(picks=(pick(0),), opinions={"video:0": "liked"}))

    assert 'data-action="liked" data-value="video:0" aria-pressed="true"' in page
    assert 'data-action="disliked" data-value="video:0" aria-pressed="false"' in page


def test_the_media_filter_shows_what_is_chosen_and_no_chip_repeats_it() -> None:
    media = Chip(label="audio", remove=Change(action="kinds", turn=0))

    page = panel_html(View(kinds=("audio",), chips=(media, constraint_chip())))

    assert 'data-value="audio" aria-pressed="true"' in page
    assert 'data-value="" aria-pressed="false"' in page
    assert page.count('data-action="remove"') == 1


def test_a_degraded_answer_says_so() -> None:
    page = panel_html(View(picks=(pick(0),), degraded=("the language model is not running",)))

    assert "Reasons are built from catalog facts: the language model is not running." in Skeleton(page).text


def test_an_empty_chat_offers_examples_in_english_and_chinese() -> None:
    offered = [text for text in Skeleton(strip_html(View())).text if text.strip()]

    assert any(text.isascii() for text in offered)
    assert any("\u4e00" <= character <= "\u9fff" for text in offered for character in text)


def test_a_running_turn_can_be_stopped_and_a_finished_one_tried_again() -> None:
    running = strip_html(View(messages=(Message("user", "hi"),), said="hi", phase="writing"))
    finished = strip_html(View(messages=(Message("user", "hi"),), said="hi"))

    assert 'data-action="stop"' in running
    assert 'data-action="retry"' not in running
    assert 'data-action="retry"' in finished
    assert 'data-action="stop"' not in finished


def test_cards_speak_chinese_in_a_chinese_conversation() -> None:
    page = panel_html(View(picks=(pick(0, aliases=("Title", "ほし", "标题"), language="ja"),), language="zh"))

    for told in ("标题", "剧情", "12 岁以上", "喜欢", "不适合我", "很合适"):
        assert told in page


@pytest.mark.parametrize(
    ("language", "description", "label", "tag"),
    [
        ("zh", "A crew lands on a planet.", "英文简介", 'lang="en"'),
        ("en", "船员们降落在一颗行星上。", "in Chinese", 'lang="zh"'),
    ],
)
def test_a_description_in_another_language_says_so(language, description, label, tag) -> None:
    page = panel_html(View(picks=(pick(0, description=description),), language=language))
    assert label in page
    assert tag in page


def test_a_description_in_the_person_s_language_needs_no_label() -> None:
    assert '<span class="cr-told-in"></span>' in panel_html(View(picks=(pick(0, description="A crew lands."),), language="en"))
