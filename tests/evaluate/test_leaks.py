"""The leak guard finds what was trained on, and only that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dialog_samples import dialog, user

from chatrec.errors import LeakError, ModelMissingError
from chatrec.evaluate.leaks import FILE, FORMAT, Fingerprints, find_leak, guard, told_leak
from chatrec.evaluate.logs import DialogLine

LOG = Path("log.jsonl")


def talk(number: int, words: int = 80, seed: int | None = None) -> DialogLine:
    rng = np.random.default_rng(number if seed is None else seed)
    return dialog(number, user(" ".join(f"word{n}" for n in rng.integers(0, 5000, words))))


def test_a_dialog_id_that_was_trained_on_is_refused() -> None:
    with pytest.raises(LeakError, match=r"^log\.jsonl: of 2 dialogs 1 were trained on by id \('s:1' for one\) and 0 by "):
        guard([talk(1), talk(2)], Fingerprints.of([talk(1, seed=9)]), path=LOG)


def test_the_same_text_under_another_id_is_found_though_a_few_words_differ() -> None:
    twin = talk(2, seed=1)
    text = str(twin.turns[0].text).replace("word", "word", 1).split()
    text[5] = "changed"
    near = dialog(2, user(" ".join(text)))
    leak = find_leak([near, talk(3)], Fingerprints.of([talk(1)]))
    assert (leak.by_id, leak.by_text) == (0, 1)
    assert leak.refused


@pytest.mark.parametrize("said", [slice(120), slice(50, 170), slice(240, None), slice(90)])
def test_a_part_of_what_was_trained_on_is_found_and_a_whole_of_which_a_part_was(said: slice) -> None:
    whole = talk(1, words=360)
    part = dialog(2, user(" ".join(str(whole.turns[0].text).split()[said])))
    assert find_leak([part, talk(3)], Fingerprints.of([whole, talk(4)])).by_text == 1
    assert find_leak([whole, talk(3)], Fingerprints.of([part, talk(4)])).by_text == 1


@pytest.mark.parametrize("others", [40, 300])
def test_texts_that_begin_alike_and_go_on_otherwise_pass(others: int) -> None:
    greeting = str(talk(0, words=25).turns[0].text)
    greeted = [dialog(n, user(f"{greeting} {talk(n, words).turns[0].text}")) for n, words in ((1, 40), (2, others), (3, others))]
    assert find_leak(greeted[1:], Fingerprints.of(greeted[:1])).by_text == 0


def test_other_dialogs_and_short_texts_pass() -> None:
    trained = Fingerprints.of([talk(1), talk(2, words=20)])
    assert not guard([talk(3), talk(4, words=20, seed=2)], trained, path=LOG).refused


def test_up_to_one_in_a_hundred_near_duplicates_are_counted_and_let_through() -> None:
    trained = Fingerprints.of([talk(0)])
    log = [talk(900, seed=0), *(talk(number) for number in range(1, 100))]
    leak = guard(log, trained, path=LOG)
    assert (leak.dialogs, leak.by_text, leak.refused) == (100, 1, False)


def test_more_than_one_in_a_hundred_near_duplicates_are_refused() -> None:
    trained = Fingerprints.of([talk(0), talk(1)])
    log = [talk(900, seed=0), talk(901, seed=1), *(talk(number) for number in range(2, 100))]
    with pytest.raises(LeakError, match=r"0 were trained on by id and 2 by near-duplicate text \('s:900' for one\)"):
        guard(log, trained, path=LOG)
    assert guard([*log, *(talk(number) for number in range(100, 200))], trained, path=LOG).by_text == 2


@pytest.mark.parametrize(("words", "found"), [(39, 0), (40, 1)])
def test_texts_count_from_forty_words_on(words: int, found: int) -> None:
    assert find_leak([talk(2, words, seed=1)], Fingerprints.of([talk(1, words)])).by_text == found


@pytest.mark.parametrize(("characters", "found"), [(39, 0), (40, 1)])
def test_where_no_spaces_part_words_each_character_counts(characters: int, found: int) -> None:
    said = "我想看一部关于深海探险的电影，最好是老一点的，不要太恐怖。上次看的那部我和家里人都很喜欢，再来一部吧"
    kept = "".join(char for char in said if char.isalnum())[:characters]
    text = "，".join((kept[:20], kept[20:]))
    assert find_leak([dialog(2, user(text))], Fingerprints.of([dialog(1, user(text))])).by_text == found


def test_an_allowed_leak_is_returned_so_that_it_can_be_stamped() -> None:
    leak = guard([talk(1)], Fingerprints.of([talk(1)]), path=LOG, allow=True)
    assert leak.refused and leak.stamp() == {"by_id": 1, "by_text": 1, "allowed": True}
    assert told_leak(leak.stamp()).startswith("LEAK ALLOWED")


def test_few_near_duplicates_are_told_and_none_are_not() -> None:
    log = [talk(900, seed=0), *(talk(number) for number in range(1, 100))]
    told = told_leak(guard(log, Fingerprints.of([talk(0)]), path=LOG).stamp())
    assert told == "trained on: 0 dialogs by id, 1 by near-duplicate text, below the share that is refused"
    assert told_leak(guard([talk(3)], Fingerprints.of([talk(1)]), path=LOG).stamp()) == ""


def test_fingerprints_survive_a_round_trip_and_hold_no_text(tmp_path: Path) -> None:
    Fingerprints.of([talk(1)]).save(tmp_path)
    assert find_leak([talk(1)], Fingerprints.load(tmp_path)).by_id == 1
    assert b"word" not in (tmp_path / FILE).read_bytes()


def with_person(number: int, who: str | None) -> DialogLine:
    return dialog(number, user("hi"), user_id=who)


def test_people_are_known_again_from_hashes_of_who_they_are(tmp_path: Path) -> None:
    (Fingerprints.of([with_person(1, "ann"), with_person(2, None)]) | Fingerprints.of([with_person(3, "bob")])).save(tmp_path)
    trained = Fingerprints.load(tmp_path)
    asked = [with_person(4, "ann"), with_person(5, "bob"), with_person(6, "eve"), with_person(2, None), with_person(7, "s:2")]
    assert [trained.knows(line) for line in asked] == [True, True, False, False, False]
    assert find_leak(asked[:1], trained).by_id == 0
    assert b"ann" not in (tmp_path / FILE).read_bytes()


def test_a_file_from_before_people_were_kept_knows_nobody(tmp_path: Path) -> None:
    now = Fingerprints.of([with_person(1, "ann"), talk(2)])
    np.savez(tmp_path / FILE, ids=np.array(sorted(now.ids), dtype=np.uint64), sketches=now.sketches)
    before = Fingerprints.load(tmp_path)
    assert find_leak([talk(3, seed=2), with_person(1, "ann")], before) == find_leak([talk(3, seed=2), with_person(1, "ann")], now)
    assert not before.knows(with_person(1, "ann"))


def test_a_file_of_a_later_format_is_refused_with_advice(tmp_path: Path) -> None:
    np.savez(tmp_path / FILE, format=FORMAT + 1)
    with pytest.raises(ModelMissingError, match=r"trained_on\.npz has format 3, and 2 is the last known: update chatrec"):
        Fingerprints.load(tmp_path)


@pytest.mark.parametrize("kept", [0, 7, 300])
def test_damaged_fingerprints_are_an_error_not_an_empty_set(tmp_path: Path, kept: int) -> None:
    Fingerprints.of([talk(1)]).save(tmp_path)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:kept])
    with pytest.raises(ModelMissingError, match=r"trained_on\.npz"):
        Fingerprints.load(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"there is no folder .*nowhere"):
        Fingerprints.load(tmp_path / "nowhere")


def test_a_folder_that_does_not_say_what_was_trained_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="it tells what was trained on"):
        Fingerprints.load(tmp_path)
