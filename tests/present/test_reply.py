"""What is said around the slate."""

from __future__ import annotations

from dataclasses import replace

from chatrec.generate.facts import FactContext
from chatrec.present.answers import spoken_reply
from chatrec.present.reply import empty_reply, final_reply, notes_on, recommend
from chatrec.retrieve.relax import Relaxation
from chatrec.score.head import FIT_BOUNDS
from chatrec.types import Ambiguity, Candidate, Change, Claim, Constraint, Draft, Fact, Item, Language, Ledger, Reading, Wish


def question(*works: Item) -> str:
    asked = Ambiguity(said="Solaris", options=tuple(work.id for work in works))
    return notes_on(Reading(ambiguities=(asked,)), Ledger(), {work.id: work for work in works})[0]


def test_works_of_one_medium_are_told_apart_by_year() -> None:
    first = Item(id="v:1", kind="video", form="film", title="Solaris", year=1972)
    second = Item(id="v:2", kind="video", form="film", title="Solaris", year=2002)
    assert "Solaris (1972) or Solaris (2002)" in question(first, second)


def test_works_of_several_media_are_told_apart_by_form_and_year() -> None:
    film = Item(id="v:1", kind="video", form="film", title="Solaris", year=1972)
    book = Item(id="a:1", kind="audio", form="audiobook", title="Solaris", year=1961)
    assert "Solaris (film, 1972) or Solaris (audiobook, 1961)" in question(film, book)


def test_reason_and_evidence_of_a_pick_agree_and_a_slate_does_not_repeat_itself() -> None:
    near, theme = Claim("close to Alien, which you like", "near", "v:alien"), Claim("about space", "themes", "space")
    works = [Item(id=f"v:{n}", kind="video", form="film", title=str(n), themes=("space",)) for n in range(5)]
    drafts = [Draft(candidate=Candidate(item=work), claims=(theme, near)) for work in works]
    shown = recommend(drafts, FactContext(Ledger(), {}, {}), FIT_BOUNDS)
    assert ["close to Alien" in pick.reason for pick in shown] == [True, True, False, False, False]
    assert [near in pick.evidence for pick in shown] == [True, True, False, False, False]


def told(reading: Reading, ledger: Ledger) -> str:
    return final_reply(reading, FactContext(ledger, {}, {}), (), 0, ()).text


def test_what_fits_and_was_put_forward_before_is_not_denied() -> None:
    works = {f"v:{n}": Item(id=f"v:{n}", kind="video", title=str(n), genres=("western",)) for n in range(2)}
    ledger = Ledger(constraints=(Constraint(field="genres", op="in", value=("western",)),))
    last = recommend([Draft(candidate=Candidate(item=works["v:1"]))], FactContext(ledger, works, {}), FIT_BOUNDS)

    def note(ledger: Ledger) -> str:
        return final_reply(Reading(), FactContext(ledger, works, {}), last, 5, ()).notes[-1]

    assert note(ledger) == "Only 1 in the catalog fits everything you asked for."
    assert note(replace(ledger, passed=("v:0",))) == "Only 1 more in the catalog fits everything you asked for."
    again = final_reply(Reading(), FactContext(ledger, works, {}), last, 5, (), exhausted="You have been shown all that fits.")
    assert again.notes == ()


def test_that_nothing_by_somebody_who_is_wished_for_fits_is_told() -> None:
    works = {f"v:{n}": Item(id=f"v:{n}", kind="video", title=str(n), creators=(f"Maker {n}",)) for n in range(2)}
    wish = Wish(text="Maker 0", field="people", value="Maker 0")
    ruled_out = Constraint(field="moods", op="not_in", value=("aggressive",))
    reading = Reading(changes=(Change(action="constrain", turn=0, constraint=ruled_out),))
    context = FactContext(Ledger(wishes=(wish,), constraints=(ruled_out,)), works, {})

    def notes(reading: Reading, pick: str) -> tuple[str, ...]:
        drafts = [Draft(candidate=Candidate(item=works[pick]))]
        return final_reply(reading, context, recommend(drafts, context, FIT_BOUNDS), 1, ()).notes

    assert notes(reading, "v:1") == ("Nothing by Maker 0 fits the rest of what you asked for.",)
    assert notes(reading, "v:0") == ()
    assert notes(Reading(), "v:1") == ()


def test_taking_back_says_what_was_taken_back() -> None:
    western = Ledger(constraints=(Constraint(field="genres", op="in", value=("western",)),))
    assert told(Reading(intent="undo", taken_back=("comedy", "1990s")), western).startswith("Forgotten: comedy, 1990s. Here")
    assert told(Reading(intent="undo"), western).startswith("Taken back. Here")
    assert told(Reading(intent="undo"), Ledger()).startswith("There is nothing to take back.")


def test_without_a_missing_title_the_answer_says_what_it_goes_by() -> None:
    western = Ledger(constraints=(Constraint(field="genres", op="in", value=("western",)),))
    lacking = Reading(missing=("Zorblax",))
    assert told(lacking, western) == "“Zorblax” is not in this catalog. Going by western, here are no picks."
    assert told(lacking, Ledger()).startswith("“Zorblax” is not in this catalog. I have nothing else to go by")


def test_a_question_is_answered_from_the_catalog_or_said_to_be_open() -> None:
    film = Item(id="v:1", kind="video", form="film", title="Solaris", year=1972, creators=("Andrei Tarkovsky",), minutes=167)

    def told_of(fact: Fact, language: Language = "en") -> str:
        asked = Reading(intent="question", asked=(("v:1",), fact), language=language)
        return spoken_reply(asked, FactContext(Ledger(), {"v:1": film}, {}, language)).text

    assert told_of("creators") == "Solaris (1972): directed by Andrei Tarkovsky."
    assert told_of("minutes", "zh") == "Solaris (1972)：2 小时 47 分钟。"
    assert told_of("cast") == "This catalog does not tell the cast of Solaris (1972)."


def test_that_an_answer_is_degraded_is_told_beside_its_text() -> None:
    reply = final_reply(Reading(), FactContext(Ledger(), {}, {}), (), 5, ("the language model is not running",))
    assert reply.degraded == ("the language model is not running",)
    assert "language model" not in reply.text


def test_what_was_all_shown_is_not_said_to_be_missing_from_the_catalog() -> None:
    film = Item(id="v:1", kind="video", title="T", genres=("western",))
    western = Constraint(field="genres", op="in", value=("western",))
    relaxation = Relaxation(dropped=(western,), remaining=7)
    seen = Ledger(constraints=(western,), shown=("v:1",))
    told = empty_reply(Reading(), seen, {"v:1": film}, relaxation).text
    assert told == "You have been shown all that fits. Without “western” 7 would fit."
    told = empty_reply(Reading(), Ledger(constraints=(western,)), {"v:1": film}, relaxation).text
    assert told.startswith("Nothing in the catalog")


def test_what_is_a_low_and_a_high_fit_is_the_heads_own_matter() -> None:
    drafts = [Draft(candidate=Candidate(item=Item(id=str(p), kind="video", title="A"), score=p)) for p in (0.01, 0.03, 0.06)]
    context = FactContext(Ledger(), {}, {})
    assert [pick.fit for pick in recommend(drafts, context, (0.02, 0.05))] == ["low", "medium", "high"]
    assert {pick.fit for pick in recommend(drafts, context, FIT_BOUNDS)} == {"low"}


def test_a_work_that_has_all_of_several_things_asked_for_is_no_low_fit() -> None:
    def fit(*constraints: Constraint, wishes: tuple[Wish, ...] = ()) -> str:
        film = Item(id="v:1", kind="video", form="film", title="A", genres=("thriller",), moods=("dark",), themes=("trains",))
        ledger = Ledger(constraints=constraints, wishes=wishes)
        drafts = [Draft(candidate=Candidate(item=film, score=0.01))]
        return recommend(drafts, FactContext(ledger, {}, {}), FIT_BOUNDS)[0].fit

    thriller, dark = (Constraint(field=f, op="in", value=(v,)) for f, v in (("genres", "thriller"), ("moods", "dark")))
    assert fit(thriller, dark) == "medium"
    assert fit(thriller, wishes=(Wish(text="trains", field="themes", value="trains"),)) == "medium"
    assert fit(thriller) == "low"
    assert fit(thriller, dark, wishes=(Wish(text="boats", field="themes", value="boats"),)) == "low"
    assert fit(thriller, dark, wishes=(Wish(text="with a strong lead"),)) == "low"
    assert fit(thriller, dark, wishes=(Wish(text="trains", field="themes", value="trains", direction="less"),)) == "low"
