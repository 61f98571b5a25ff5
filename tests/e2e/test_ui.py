"""One browser, one small catalog: what a person does on the page, and what must never happen to them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from browsing import Page, ScriptedWriter

from chatrec.recommender import Recommender
from chatrec.types import CandidatesFound

pytestmark = pytest.mark.browser
CALM_FILMS = "a calm film under two hours"
SPACE_GAMES = "space games"
HOSTILE = "a quirky visual novel"
HOSTILE_TITLE = '<img src=x onerror="window.hacked=1"> ${7*7} {{7*7}}'
PHONE = {"width": 390, "height": 844}


def wait_until(page: Page, expression: str, argument: object = None) -> None:
    page.page.wait_for_function(expression, arg=argument)


# Asking


def test_a_request_brings_cards_with_their_titles_and_reasons(app: Page, recommender: Recommender) -> None:
    expected = recommender.session().send(CALM_FILMS)

    app.ask(CALM_FILMS)

    assert app.titles() == [pick.item.title for pick in expected.recommendations]
    assert app.page.locator(".cr-reason").all_inner_texts() == [pick.reason for pick in expected.recommendations]
    assert app.messages()[1:] == [CALM_FILMS, expected.text]


def test_a_card_shows_its_facts_and_the_evidence_of_its_reason(app: Page) -> None:
    app.ask(CALM_FILMS)

    card = app.cards.filter(has_text="Paper Boats").inner_text()

    for told in ("2011", "film", "animation", "1 h 28 min", "all ages", "Kenta Mori", "mood calm"):
        assert told in " ".join(card.split())


def test_the_message_is_understood_visibly(app: Page) -> None:
    app.ask(CALM_FILMS)

    assert app.button("Remove “< 120 min”").is_visible()
    assert app.button("Watch").get_attribute("aria-pressed") == "true"


def test_an_example_starts_the_conversation(app: Page) -> None:
    app.page.locator(".cr-example").first.click()
    app.page.locator(".cr-retry").wait_for()

    assert app.cards.count() > 0
    assert app.page.locator(".cr-example").count() == 0


def test_a_message_typed_before_the_page_has_settled_is_not_lost(page: Any, address: str) -> None:
    eager = Page(page, address)
    page.goto(address)

    eager.send(CALM_FILMS)
    page.locator(".cr-retry").wait_for()

    assert eager.messages()[1] == CALM_FILMS
    assert eager.cards.count() > 0


def test_a_next_step_is_one_click(app: Page) -> None:
    app.ask(SPACE_GAMES)
    before = app.titles()

    app.button("something else").click()
    wait_until(app, "n => document.querySelectorAll('#cr-log [data-testid=bot]').length === n", 3)

    assert app.messages()[-2] == "something else"
    assert set(app.titles()).isdisjoint(before)


def test_a_chinese_request_is_answered_in_chinese(app: Page) -> None:
    app.ask("适合孩子的平静的电影")

    assert "Paper Boats" in app.titles()
    assert app.button(re.compile("^不适合我")).count() == app.cards.count()
    assert "纸船" in app.cards.filter(has_text="Paper Boats").inner_text()
    assert "为你挑了" in app.messages()[-1]


def test_without_a_language_model_the_page_says_so(app: Page) -> None:
    app.ask(CALM_FILMS)

    assert "the language model is switched off" in app.page.locator(".cr-degraded").inner_text()
    assert "Language model off" in app.page.get_by_role("status").first.inner_text()


# Changing


def test_not_for_me_replaces_that_card_and_leaves_the_others(app: Page) -> None:
    app.ask(SPACE_GAMES)
    before = app.titles()

    app.button(f"Not for me: {before[1]}").click()
    wait_until(app, "title => ![...document.querySelectorAll('.cr-title')].some(e => e.innerText === title)", before[1])

    after = app.titles()
    assert len(after) == len(before)
    assert [title for place, title in enumerate(after) if place != 1] == [t for place, t in enumerate(before) if place != 1]
    assert "was replaced by" in app.page.locator("#cr-live").inner_text()


def test_like_stays_pressed_until_it_is_pressed_again(app: Page) -> None:
    app.ask(SPACE_GAMES)
    titles = app.titles()
    like = app.button(f"Like: {titles[0]}")

    like.click()
    wait_until(app, "() => document.querySelector('.cr-act.cr-liked').getAttribute('aria-pressed') === 'true'")
    assert app.titles() == titles
    like.click()
    wait_until(app, "() => document.querySelector('.cr-act.cr-liked').getAttribute('aria-pressed') === 'false'")


def test_something_played_already_makes_room(app: Page) -> None:
    app.ask(SPACE_GAMES)
    first = app.titles()[0]

    app.button(f"Played: {first}").click()
    wait_until(app, "title => ![...document.querySelectorAll('.cr-title')].some(e => e.innerText === title)", first)

    assert app.button(f"Remove “seen: {first}”").is_visible()


def test_removing_a_chip_lifts_what_it_stood_for(app: Page) -> None:
    app.ask(CALM_FILMS)
    before = app.titles()

    app.button("Remove “calm”").click()
    wait_until(app, "n => document.querySelectorAll('.cr-card[data-item]').length > n", len(before))

    assert app.button("Remove “calm”").count() == 0
    assert app.button("Remove “< 120 min”").count() == 1
    assert any("mood calm" not in " ".join(text.split()) for text in app.cards.all_inner_texts())


def test_the_media_filter_leaves_one_medium(app: Page) -> None:
    app.ask("something calm")

    app.button("Listen").click()
    wait_until(app, "() => [...document.querySelectorAll('.cr-card[data-item]')].every(e => e.matches('.cr-audio'))")

    assert app.cards.count() > 0
    app.button("All").click()
    wait_until(app, "() => document.querySelector('.cr-card.cr-game') && document.querySelector('.cr-card.cr-video')")


def test_starting_over_empties_the_page(app: Page) -> None:
    app.ask(CALM_FILMS)

    app.start_over()

    assert app.cards.count() == 0
    assert len(app.messages()) == 1


def test_a_new_page_knows_nothing_of_another(app: Page, context: Any, address: str) -> None:
    app.ask(CALM_FILMS)

    other = Page(context.new_page(), address).open()

    assert other.cards.count() == 0
    assert len(other.messages()) == 1


# With a language model


def test_cards_are_there_first_then_reasons_are_exchanged_then_the_order_settles(
    writing_app: Page, writer: ScriptedWriter
) -> None:
    writer.hold()
    writing_app.send(CALM_FILMS)
    writing_app.page.locator(".cr-reason[title*='written by the language model']").first.wait_for()

    sources = writing_app.page.locator(".cr-reason").evaluate_all("all => all.map(e => e.title)")
    assert sum("language model" in source for source in sources) == 1
    assert writing_app.button("Stop").is_visible()
    assert len(writing_app.messages()) == 2

    writer.allow_all()
    writing_app.page.locator(".cr-retry").wait_for()
    assert writing_app.page.locator(".cr-reason[title*='written by the language model']").count() == 3
    assert len(writing_app.messages()) == 3
    assert writing_app.page.locator(".cr-degraded").count() == 0


def test_stop_ends_the_answer_at_once_and_keeps_the_cards_and_another_try_finishes_it(
    writing_app: Page, writer: ScriptedWriter
) -> None:
    writer.hold()
    writing_app.send(CALM_FILMS)
    writing_app.page.locator(".cr-reason[title*='written by the language model']").first.wait_for()
    before = writing_app.titles()

    writing_app.button("Stop").click()
    writing_app.page.locator(".cr-retry").wait_for()
    assert writing_app.titles() == before
    assert "Stopped" in writing_app.messages()[-1]

    writer.allow_all()
    writing_app.button("Try again").click()
    wait_until(writing_app, "() => document.querySelectorAll('.cr-reason[title*=\"written by\"]').length === 3")
    writing_app.page.locator(".cr-retry").wait_for()
    assert len(writing_app.messages()) == 3
    assert "Stopped" not in writing_app.messages()[-1]


def test_not_for_me_does_not_wait_for_the_language_model(writing_app: Page, writer: ScriptedWriter) -> None:
    writer.hold()
    writing_app.send(SPACE_GAMES)
    writing_app.page.get_by_text("The language model is writing the reasons").wait_for()
    before = writing_app.titles()

    writing_app.button(f"Not for me: {before[0]}").click()
    writer.allow_all()
    wait_until(writing_app, "title => ![...document.querySelectorAll('.cr-title')].some(e => e.innerText === title)", before[0])

    assert writing_app.titles()[1:] == before[1:]


def test_starting_over_in_the_middle_of_an_answer_forgets_that_answer_too(writing_app: Page, writer: ScriptedWriter) -> None:
    writer.hold()
    writing_app.send(CALM_FILMS)
    writing_app.page.get_by_text("The language model is writing the reasons").wait_for()

    threading.Timer(0.5, writer.allow_all).start()
    writing_app.start_over()
    writing_app.ask("space")

    assert writing_app.page.locator(".cr-chip").all_inner_texts() == ["space"]


def test_the_page_notices_when_the_language_model_comes_and_goes(writing_app: Page, writer: ScriptedWriter) -> None:
    status = writing_app.page.get_by_role("status").first
    assert status.inner_text() == "Language model answers"

    writer.up = False
    writing_app.page.get_by_text("No language model is running").wait_for()
    writer.up = True
    writing_app.page.get_by_text("Language model answers").wait_for()


def test_a_turn_that_is_closed_early_leaves_the_cards_it_has_shown(recommender: Recommender) -> None:
    chat = recommender.session()
    events = chat.stream(CALM_FILMS)
    shown = next(event for event in events if isinstance(event, CandidatesFound)).recommendations
    events.close()  # type: ignore[attr-defined]

    first, *others = (pick.item.id for pick in shown)
    assert [pick.item.id for pick in chat.react(first, "disliked").recommendations][-len(others) :] == others


# Untrusted text


def test_markup_in_the_catalog_is_shown_as_text(app: Page) -> None:
    app.ask(HOSTILE)

    assert HOSTILE_TITLE in app.titles()
    card = app.cards.filter(has_text="onerror").inner_text()
    assert "</script><script>window.hacked=1</script> ${window.hacked=1} ![x](http://evil.example/x.png)" in card
    assert app.page.locator(".cr-card script, .cr-card img:not(.cr-cover), .cr-card a").count() == 0
    assert app.page.evaluate("window.hacked") is None


def test_a_hostile_item_has_buttons_that_work(app: Page) -> None:
    app.ask(HOSTILE)

    app.button(re.compile("^Like: <img")).click()
    wait_until(app, "() => document.querySelector('.cr-act.cr-liked').getAttribute('aria-pressed') === 'true'")

    assert app.page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    "attack",
    [
        "<img src=x onerror=window.hacked=1> ${7*7} {{7*7}} $$x^2$$",
        "![x](https://evil.example/a.png) [a](javascript:window.hacked=1) `code` **bold**",
        "</script><script>window.hacked=1</script><div class=mermaid>graph TD; A-->B</div>",
    ],
)
def test_markup_in_a_message_is_shown_as_text(app: Page, attack: str) -> None:
    app.ask(attack)

    assert app.messages()[1] == attack
    assert app.page.locator("#cr-log .message :is(img, script, a, code, strong, svg, .katex)").count() == 0
    assert app.page.evaluate("window.hacked") is None


def test_a_message_over_the_limit_comes_back_with_the_limit_named(app: Page) -> None:
    app.send("long " * 1000)
    app.page.get_by_role("alert").filter(has_text="at most 4000").wait_for()

    assert app.box.input_value() == "long " * 1000
    assert len(app.messages()) == 1
    assert app.fits_the_screen()


@pytest.mark.parametrize("odd", ["🦊🎉", "\u202eabc\u202c \u0007", "ا" * 300, "x" * 3000])
def test_odd_messages_get_an_answer_and_keep_the_page_in_shape(app: Page, odd: str) -> None:
    app.ask(odd)

    assert app.messages()[-1]
    assert app.fits_the_screen()


# Hands, eyes, ears


def test_everything_works_by_keyboard(app: Page) -> None:
    app.page.keyboard.type(SPACE_GAMES)  # the text box has the focus when the page opens
    app.page.keyboard.press("Enter")
    app.page.locator(".cr-retry").wait_for()
    before = app.titles()

    focused = ""
    for _ in range(40):
        app.page.keyboard.press("Tab")
        focused = app.page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        if focused == f"Not for me: {before[0]}":
            break
    assert focused == f"Not for me: {before[0]}"
    assert app.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    app.page.keyboard.press("Enter")
    wait_until(app, "title => ![...document.querySelectorAll('.cr-title')].some(e => e.innerText === title)", before[0])

    after = app.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert after == f"Not for me: {app.titles()[0]}"


def test_answers_and_changes_are_announced(app: Page) -> None:
    app.ask(CALM_FILMS)

    assert app.page.get_by_role("log").get_attribute("aria-live") == "polite"
    assert app.page.locator("#cr-live [aria-live=polite]").count() == 1


def test_a_phone_shows_everything_without_scrolling_sideways(browse: Callable[[str], Page], page: Any, address: str) -> None:
    page.set_viewport_size(PHONE)
    phone = browse(address)
    assert phone.fits_the_screen()

    for message in (CALM_FILMS, HOSTILE, "something like The Cartographer's Niece but shorter, calm, in English, after 1990"):
        phone.ask(message)
        assert phone.fits_the_screen()
    assert phone.box.is_visible()
    box = phone.box.bounding_box()
    assert box["y"] + box["height"] <= PHONE["height"]
    smallest = phone.page.locator(".cr-act").evaluate_all("all => Math.min(...all.map(e => e.getBoundingClientRect().height))")
    assert smallest >= 40


CONTRASTS = """() => {
  const channel = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const names = ['.cr-title', '.cr-meta span', '.cr-reason', '.cr-evidence li', '.cr-about', '.cr-act', '.cr-chip', '.cr-kind',
    '.cr-step', '.cr-degraded span', '.cr-fit', '.message.user .md', '.message.bot .md', '.cr-status span', '.cr-by'];
  const ratio = e => { const [a, b] = [luminance(numbers(getComputedStyle(e).color)), luminance(ground(e))].sort((x, y) => y - x);
    return (a + .05) / (b + .05); };
  return names.map(name => [name, Math.min(...[...document.querySelectorAll(name)].map(ratio))]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(browse: Callable[[str], Page], page: Any, address: str, scheme: str) -> None:
    """WCAG 2.2, level AA: at least 4.5 to 1."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    app = browse(address)
    app.ask(CALM_FILMS)

    assert [(name, ratio) for name, ratio in app.page.evaluate(CONTRASTS) if not 4.5 <= ratio <= 21] == []
    ground = app.page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == (scheme == "dark")


def test_nothing_moves_for_those_who_asked_for_less_motion(browse: Callable[[str], Page], page: Any, address: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    app = browse(address)
    app.ask(CALM_FILMS)

    moving = (
        "[...document.querySelectorAll('.gradio-container *')].filter(e => getComputedStyle(e).animationName !== 'none').length"
    )
    assert app.page.evaluate(moving) == 0
