"""What a replayed turn may know."""

from __future__ import annotations

from dialog_samples import assistant, dialog, last_instance, user

from chatrec.evaluate.context import MAX_TEXT_CHARS, context_ledger, context_text, last_message, queries
from chatrec.evaluate.logs import parse_dialog
from chatrec.index.open import Index


def test_nothing_of_the_turn_itself_or_later_turns_reaches_the_query(small_index: Index) -> None:
    line = dialog(1, user("earlier words", "alien"), assistant("secret words", "thing"), user("later words", "scream"))
    from chatrec.evaluate.logs import Instance

    query = next(queries(small_index, [Instance(line, 1)], "new"))
    assert query.text == "earlier words"
    assert [opinion.item_id for opinion in query.ledger.opinions] == ["s:alien"]


def test_sentiment_is_not_read_since_it_was_known_only_afterwards() -> None:
    line = dialog(1, user("hm", "alien", sentiment=-1), assistant("so", "thing"))
    assert {opinion.sentiment for opinion in context_ledger(last_instance(line)).opinions} == {"mentioned"}


def test_likes_and_dislikes_that_were_given_in_the_dialog_are_read() -> None:
    told = dialog(1, user("a", "alien", sentiment=1), user("b", "thing", sentiment=-1), assistant("so", "scream")).model_copy(
        update={"catalog": "cpcd"}
    )
    opinions = {o.item_id: o.sentiment for o in context_ledger(last_instance(told)).opinions}
    assert opinions == {"s:alien": "liked", "s:thing": "disliked"}


def test_the_latest_mention_of_an_item_counts_for_its_place() -> None:
    line = dialog(1, user("a", "alien"), user("b", "thing"), user("c", "alien"), assistant("so", "scream"))
    assert context_ledger(last_instance(line)).ids("mentioned") == ("s:thing", "s:alien")


def test_mentions_without_text_are_put_into_words(small_index: Index) -> None:
    line = dialog(1, {**user(None, "alien"), "entities": [{"kind": "genre", "name": "horror"}]}, assistant("so", "thing"))
    assert context_text(last_instance(line), small_index) == "Alien (1979), horror"
    assert [(wish.field, wish.value) for wish in context_ledger(last_instance(line)).wishes] == [("genres", "horror")]


def test_entities_that_name_nobody_are_left_out(small_index: Index) -> None:
    entities = [{"kind": "actor", "name": "Someone", "id": "Q9013304"}, {"kind": "actor", "name": "Q12", "id": "Q12"}]
    line = parse_dialog(
        '{"dialog_id": "x:1", "turns": [{"role": "user", "text": null, "entities": '
        + str(entities).replace("'", '"')
        + '}, {"role": "assistant", "text": "so"}]}'
    )
    assert context_text(last_instance(line), small_index) == ""
    assert not context_ledger(last_instance(line)).wishes


def test_a_long_context_keeps_its_latest_turns(small_index: Index) -> None:
    line = dialog(1, user("first " * 300), user("latest words"), assistant("so", "thing"))
    assert context_text(last_instance(line), small_index) == "latest words"
    alone = dialog(2, user("x" * 3000 + " end"), assistant("so", "thing"))
    assert context_text(last_instance(alone), small_index).endswith(" end")
    assert len(context_text(last_instance(alone), small_index)) == MAX_TEXT_CHARS


def test_the_last_message_is_the_users(small_index: Index) -> None:
    line = dialog(1, user("mine"), assistant("theirs"), assistant("so", "thing"))
    assert last_message(last_instance(line), small_index) == "mine"


def test_only_protocol_new_excludes_what_was_mentioned(small_index: Index) -> None:
    found = [last_instance(dialog(1, user("a", "alien"), assistant("so", "thing")))]
    assert next(queries(small_index, found, "new")).excluded == {"s:alien"}
    assert next(queries(small_index, found, "full")).excluded == frozenset()
