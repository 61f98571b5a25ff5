"""Conversations: what a later message does to what was said before."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from said import facts

from chatrec.types import Change, Constraint, Ledger, Reading
from chatrec.understand.ledger import replay

SHOWN = ("video:alien", "video:inception", "video:spirited-away")


@dataclass
class Talk:
    """A conversation with one reader."""

    reader: object
    items: object
    changes: list[Change] = field(default_factory=list)
    turn: int = 0
    reading: Reading = field(default_factory=Reading)

    def say(self, message: str, shown: tuple[str, ...] = ()) -> Talk:
        self.reading = self.reader.read(message, self.ledger, turn=self.turn)
        self.changes.extend(self.reading.changes)
        if shown:
            self.changes.append(Change(action="shown", turn=self.turn, item_ids=shown))
        self.turn += 1
        return self

    @property
    def ledger(self) -> Ledger:
        return replay(self.changes)

    def facts(self) -> set[str]:
        return facts(self.reading, self.items)

    def wants(self) -> set[str]:
        """What the ledger holds, as lines."""
        of_ledger = [Change(action="constrain", turn=0, constraint=c) for c in self.ledger.constraints]
        of_ledger += [Change(action="wish", turn=0, wish=w) for w in self.ledger.wishes]
        of_ledger += [Change(action="opine", turn=0, opinion=o) for o in self.ledger.opinions]
        lines = facts(Reading(changes=tuple(of_ledger)), self.items) - {"intent recommend"}
        return lines | ({"kinds " + "+".join(self.ledger.kinds)} if self.ledger.kinds else set())


@pytest.fixture
def talk(reader, catalog) -> Talk:
    return Talk(reader, catalog)


TALKS: list[tuple[str, list[str], str, str]] = [
    # (name, messages, in the end, not in the end)
    (
        "a new length replaces the old",
        ["a film under 90 minutes", "ok, under two hours"],
        "minutes lt 120; form in film",
        "minutes lt 90",
    ),
    ("a new decade replaces the old", ["80s films", "90s instead"], "year 1990-1999", "year 1980-1989"),
    ("animation is a way to make it", ["a comedy", "animated"], "genres in comedy; genres in animation", ""),
    ("a genre leaves animation", ["an animated film", "a comedy"], "genres in comedy; genres in animation", ""),
    ("忘掉科幻 drops it", ["科幻电影", "忘掉科幻"], "form in film", "genres in science fiction"),
    ("a new genre replaces the old", ["a western", "no, make it a comedy"], "genres in comedy", "genres in western"),
    ("a medium that is ruled out leaves the others", ["something funny", "no games"], "kinds video+audio; moods in funny", ""),
    ("of the media asked for the others are left", ["films and games", "no games after all"], "kinds video", ""),
    ("the medium asked for may be ruled out", ["games about space", "actually no games"], "kinds video+audio", "kinds game"),
    ("a medium that was ruled out may be asked for", ["no games", "ok, a game"], "kinds game", ""),
    ("exclusions add up", ["no horror", "and no musicals"], "genres not_in horror; genres not_in musical", ""),
    ("a demand lifts an exclusion", ["no horror", "ok, give me horror"], "genres in horror", "genres not_in horror"),
    ("an exclusion lifts a demand", ["horror films", "no horror after all"], "genres not_in horror", "genres in horror"),
    ("bounds on both sides stand together", ["films after 1980", "and before 1990"], "year gt 1980; year lt 1990", ""),
    ("contrary bounds do not", ["films before 1970", "films after 2000"], "year gt 2000", "year lt 1970"),
    ("the kind carries over", ["a funny film", "something from the 80s"], "kinds video; year 1980-1989; moods in funny", ""),
    (
        "what about games keeps the mood",
        ["a cosy film under 100 minutes", "what about games?"],
        "kinds game; moods in cosy",
        "form in film; minutes lt 100",
    ),
    ("a genre the new medium lacks is dropped", ["a western", "what about games?"], "kinds game", "genres in western"),
    (
        "new content in a new medium is a new topic",
        ["I loved Alien, something like it", "now a podcast about history"],
        "kinds audio; genres in history; past alien",
        "liked alien; seen alien",
    ),
    (
        "other company in a new medium is a new topic",
        ["a scary game about space", "now something to watch with my 8 year old"],
        "kinds video; age le 8",
        "moods in scary; wish themes space",
    ),
    (
        "seen survives a new topic",
        ["I've seen Inception", "let's talk about something else", "a comedy"],
        "seen inception; genres in comedy",
        "",
    ),
    (
        "for my kids keeps the kind",
        ["a horror film", "something for my kids instead"],
        "kinds video; age le 6",
        "genres in horror",
    ),
    ("drop the horror", ["horror films from the 80s", "actually drop the horror thing"], "year 1980-1989", "genres in horror"),
    ("any length is fine", ["films under 90 minutes", "any length is fine"], "form in film", "minutes lt 90"),
    ("never mind the length", ["films under 90 minutes", "never mind the length"], "", "minutes lt 90"),
    ("remove the year limit", ["comedies after 2000", "remove the year limit"], "genres in comedy", "year gt 2000"),
    ("don't mind horror lifts the ban", ["nothing scary, no horror", "I don't mind horror"], "", "genres not_in horror"),
    ("horror is fine lifts the ban", ["no horror", "actually horror is fine"], "", "genres not_in horror"),
    ("forget that takes back one turn", ["a western", "under 90 minutes", "forget that"], "genres in western", "minutes lt 90"),
    ("forget that, and something else", ["a western", "forget that, a comedy"], "genres in comedy", "genres in western"),
    (
        "start over forgets all",
        ["a western, I loved Unforgiven", "start over"],
        "",
        "genres in western; liked unforgiven; kinds video",
    ),
    ("subtitles are fine", ["no subtitles", "subtitles are fine"], "", "language in en"),
    ("a language leaves the continent", ["a film from Africa", "in French"], "countries in SN; language in fr", ""),
    ("a country leaves the language", ["films in French", "from Africa"], "countries in SN; language in fr", ""),
    ("a new language replaces the old one", ["films from Africa in French", "in English"], "language in en", "language in fr"),
    ("another nation replaces the nation", ["Korean films", "British ones instead"], "countries in GB", "language in ko"),
    ("another nation replaces the country", ["British films", "French ones instead"], "language in fr", "countries in GB"),
    ("from a country replaces the nation", ["Korean films", "from Japan"], "countries in JP", "language in ko"),
    ("chinese: a language leaves the continent", ["非洲电影", "法语的"], "countries in SN; language in fr", ""),
    ("the language is replaced", ["Korean films", "in French instead"], "language in fr", "language in ko"),
    ("tags of different sorts add up", ["co-op games", "turn-based"], "tags in co-op; tags in turn-based", ""),
    ("ways to play replace each other", ["co-op games", "no, single player"], "tags in single-player", "tags in co-op"),
    ("not for kids after all", ["a film for my kids", "no, not for kids"], "form in film; genres not_in family", "age le 6"),
    (
        "longer is fine lifts the limit",
        ["games under 20 hours", "longer is fine"],
        "kinds game",
        "minutes lt 1200; minutes gt 1200",
    ),
    (
        "another form of the medium drops what it cannot have",
        ["instrumental music", "a podcast instead"],
        "kinds audio; form in podcast",
        "tags in instrumental",
    ),
    (
        "a maker who was liked is ruled out later",
        ["films, I love Christopher Nolan", "but not by Nolan himself"],
        "people not_in Christopher Nolan; liked inception",
        "more Christopher Nolan",
    ),
    (
        "episodes of half an hour become no limit for books",
        ["a podcast of at most 30 minutes", "an audiobook instead"],
        "form in audiobook",
        "minutes le 30",
    ),
    (
        "another director than the one asked for",
        ["films by Christopher Nolan", "another director like him"],
        "people not_in Christopher Nolan; form in film",
        "people in Christopher Nolan",
    ),
    (
        "a topic leaves the documentary",
        ["a documentary", "about sports"],
        "genres in documentary; wish genres sport",
        "genres in sport",
    ),
    ("subtitles leave the country", ["films from Africa in French", "subtitles are fine"], "countries in SN", "language in fr"),
    ("a title goes on pulling", ["like Alien, but not Alien"], "liked alien", "disliked alien"),
    (
        "speech drops what only music has",
        ["instrumental jazz", "a podcast"],
        "form in podcast",
        "tags in instrumental; genres in jazz",
    ),
    ("instrumental after all", ["jazz with vocals", "no, instrumental"], "tags in instrumental", "language not_in zxx"),
    ("vocals after all", ["instrumental jazz", "with vocals"], "language not_in zxx", "tags in instrumental"),
    ("the kids are asleep", ["a film for my kids", "the kids are asleep now"], "form in film", "age le 6"),
    ("chinese: a new length", ["一部90分钟以内的电影", "两小时以内也行"], "form in film", "minutes le 90"),
    ("chinese: take back", ["恐怖片", "算了，来点喜剧"], "genres in comedy", "genres in horror"),
    ("chinese: other medium", ["温馨的电影", "那游戏呢？"], "kinds game; moods in cosy", "form in film"),
    ("chinese: any length", ["90分钟以内的电影", "时长不限"], "form in film", "minutes le 90"),
    ("chinese: drop a genre", ["八十年代恐怖片", "去掉恐怖"], "year 1980-1989", "genres in horror"),
    ("chinese: for the children", ["恐怖片", "给孩子看的吧"], "age le 6", "genres in horror"),
    ("or widens the decade", ["80s films", "or 90s"], "year 1980-1989; year 1990-1999", ""),
    ("or widens the form", ["a film", "or a series"], "form in film; form in series", ""),
    ("also widens the genre", ["a comedy", "also thrillers"], "genres in comedy; genres in thriller", ""),
    ("no slashers leaves horror in", ["horror films", "no slashers"], "genres in horror; less slashers", "genres not_in horror"),
    ("nothing too gory leaves horror in", ["horror films", "nothing too gory"], "genres in horror; moods not_in aggressive", ""),
    (
        "the other version after all",
        ["I loved The Thing", "the 2011 one", "no, the 1982 one"],
        "liked the-thing-1982",
        "liked the-thing-2011; year 1982-1982",
    ),
    (
        "now another genre ends the pull",
        ["I loved Alien", "now a romantic comedy"],
        "genres in romance; past alien",
        "liked alien; seen alien",
    ),
    (
        "now a genre that suggests another medium changes over to it",
        ["a game like Stardew Valley", "now a romantic comedy"],
        "kinds video; genres in romance",
        "kinds game",
    ),
    ("less of a nation rules it out softly", ["a funny film", "less American"], "soft countries not_in US", "countries in US"),
    ("less of a language lifts it", ["films in English", "less English"], "soft language not_in en", "language in en"),
    ("what need not be is no wish", ["a comedy series", "it doesn't have to be new"], "form in series", "soft year ge 2016"),
    ("what need not be is dropped", ["a new comedy", "it need not be new"], "genres in comedy", "soft year ge 2016"),
    (
        "less aggressive may be energetic",
        ["music to run to", "less aggressive"],
        "wish moods energetic; less aggressive",
        "",
    ),
    (
        "not by him",
        ["films by Christopher Nolan", "any not by him?"],
        "people not_in Christopher Nolan",
        "people in Christopher Nolan",
    ),
    ("without him", ["films with Tom Hanks", "any without him?"], "people not_in Tom Hanks", "people in Tom Hanks; less him"),
    ("films of his", ["films by Ridley Scott", "I dont want films of his"], "people not_in Ridley Scott", ""),
    ("chinese: not his", ["诺兰的电影", "但不是他的"], "people not_in Christopher Nolan", "people in Christopher Nolan"),
    ("who is with us is no maker", ["films by Ridley Scott", "to watch with her"], "people in Ridley Scott", ""),
    ("now something like a work stays with the medium", ["horror games", "now something like Alien"], "kinds game", ""),
]


@pytest.mark.parametrize(("name", "messages", "held", "gone"), TALKS, ids=[t[0] for t in TALKS])
def test_in_conversation(name, messages, held, gone, talk):
    for message in messages:
        talk.say(message)
    wants = talk.wants()
    for line in filter(None, held.split("; ")):
        assert line in wants, (line, sorted(wants))
    for line in filter(None, gone.split("; ")):
        assert line not in wants, (line, sorted(wants))


AFTER_PICKS: list[tuple[str, str]] = [
    ("seen it", "seen alien; intent swap"),
    ("already seen", "seen alien"),
    ("I've seen them all", "seen alien; seen inception; seen spirited-away"),
    ("seen the first two", "seen alien; seen inception; !seen spirited-away"),
    ("I loved the second one", "liked inception"),
    ("more like the second one", "liked inception; intent critique"),
    ("the second one sounds good, more like it", "liked inception; intent critique"),
    ("not the first one", "disliked alien"),
    ("I hated the last one", "disliked spirited-away"),
    ("the first and the third I've seen", "seen alien; seen spirited-away; !seen inception"),
    ("save #2", "saved inception"),
    ("I don't like any of these", "disliked alien; disliked inception; disliked spirited-away"),
    ("nah, not these", "intent more"),
    ("shorter ones", "minutes lt 125; intent critique"),
    ("something longer", "minutes gt 125"),
    ("older please", "year lt 2001"),
    ("newer", "year gt 2001"),
    ("less mainstream", "popularity lt 90"),
    ("more obscure", "popularity lt 90"),
    ("more popular", "popularity gt 90"),
    ("darker", "more dark; intent critique"),
    ("funnier", "more funny"),
    ("lighter", "less dark"),
    ("less sad", "less melancholic; more uplifting; intent critique"),
    ("that is too depressing", "less bleak; more uplifting"),
    ("没那么伤感的", "less melancholic; more uplifting"),
    ("less violent", "less aggressive; intent critique"),
    ("too scary", "less scary"),
    ("something else", "intent more"),
    ("more", "intent more"),
    ("another one", "intent more; n 1"),
    ("再来一部", "intent more; n 1"),
    ("two of them", "n 2"),
    ("show me another", "intent more; !n "),
    ("show me more", "intent more"),
    ("what else do you have?", "intent more"),
    ("thanks! another one?", "intent more"),
    ("thx, the first one looks good", "liked alien; intent thanks"),
    ("surprise me", "intent surprise"),
    ("I loved The Last Jedi", "missing The Last Jedi; !liked spirited-away"),
    ("what do you recommend?", "intent recommend"),
    ("the last one sounds good", "liked spirited-away; intent thanks"),
    ("第一部看起来不错", "liked alien; intent thanks"),
    ("ok cool", "intent thanks"),
    ("好的", "intent thanks"),
    ("how long is Inception to finish?", "intent question"),
    ("from the last ten years", "year ge 2016; !liked spirited-away"),
    ("in the last few years", "year ge 2022; !liked spirited-away"),
    ("my laptop is old", "intent recommend; !soft year le 1994"),
    ("do you have Blade Runner?", "intent recommend; wanted blade-runner"),
    ("随便", "intent more"),
    ("类似东方快车谋杀案", "missing 东方快车谋杀案"),
    ("有没有类似疯狂动物城的", "missing 疯狂动物城; !more animals"),
    ("韩剧也行", "!form; !kinds"),
    ("nah, more of a whodunit", "genres in mystery; !genres not_in; !tags not_in"),
    ("in French instead", "language in fr"),
    ("I've seen Inception", "seen inception; intent swap"),
    ("loved it", "liked alien"),
    ("shorter than Inception", "minutes lt 148; !liked inception"),
    ("比第二部短的", "minutes lt 148; !liked inception"),
    ("比第一部新的电影", "year gt 1979; !liked alien"),
    ("scarier than the second one", "more scary; !liked inception"),
    ("less like the second one", "disliked inception; intent critique"),
    ("第二部看过了", "seen inception"),
    ("看过了", "seen alien"),
    ("都看过了", "seen alien; seen inception; seen spirited-away"),
    ("不要第一部", "disliked alien"),
    ("喜欢第三部", "liked spirited-away"),
    ("短一点的", "minutes lt 125"),
    ("更新一点的", "year gt 2001"),
    ("还有吗", "intent more"),
    ("换一批", "intent more"),
    ("再来几部", "intent more"),
    ("小众一点", "popularity lt 90"),
    ("轻松一点", "more uplifting; intent critique"),
    ("why the first one?", "!liked alien; intent why"),
    ("但是不要太难", "unsupported 不要太难"),
    ("easier", "unsupported easier"),
    ("with shorter episodes", "minutes lt 125; !kinds audio"),
    ("no, too violent", "less aggressive; intent critique"),
    ("nothing too heavy", "less heavy; !more heavy; !more uplifting"),
    ("too childish", "less childish; !more childish"),
    ("more experimental please", "more quirky; intent critique"),
    ("more abstract", "more abstract"),
    ("less jazz, more blues", "less jazz; more blues; !more less"),
    ("something cosier", "more cosy; intent critique"),
    ("cozier", "more cosy; intent critique"),
    ("a bit sadder please", "more melancholic; intent critique"),
    ("weirder", "more quirky; intent critique"),
    ("dreamier and warmer", "more dreamy; more heartwarming; intent critique"),
    ("something more relaxing", "more calm; intent critique"),
    ("too weird", "less quirky; intent critique"),
    ("not romantic enough", "more romantic; intent critique"),
    ("nothing scarier", "moods not_in scary; !more scary"),
    ("nothing heavier", "less dark; intent critique"),
    ("more action", "more action; intent critique"),
    ("jazzier", "more jazz; intent critique"),
    ("更温馨", "more cosy; intent critique"),
    ("更黑暗一点", "more dark; intent critique"),
    ("浪漫点", "more romantic; intent critique"),
    ("太神秘了", "less mysterious; intent critique"),
    ("不够搞笑", "more funny; intent critique"),
    ("没那么怀旧的", "less nostalgic; intent critique"),
]


@pytest.mark.parametrize(
    ("message", "expected", "unexpected"),
    [
        ("not alien", "disliked alien", "themes not_in aliens"),
        ("not alien or inception, seen both", "seen alien; seen inception", "disliked alien; seen spirited-away"),
        ("not alien, seen it", "seen alien", "disliked alien; themes not_in aliens"),
        ("no aliens please", "themes not_in aliens", "disliked alien"),
    ],
)
def test_a_word_is_the_name_of_a_work_that_was_just_shown(message, expected, unexpected, talk):
    found = talk.say("films", shown=("video:inception", "video:alien", "video:spirited-away")).say(message).facts()
    assert set(expected.split("; ")) <= found
    assert found.isdisjoint(unexpected.split("; "))


def test_scarier_than_funny_keeps_both(talk):
    talk.say("a movie that is both scary and funny", shown=SHOWN).say("scarier than funny")
    assert {"moods in scary", "moods in funny"} <= talk.wants()


def test_a_critique_ends_what_was_demanded_to_the_contrary(talk):
    assert talk.say("a dark film", shown=SHOWN).say("something cosier").wants() == {
        "kinds video",
        "form in film",
        "more cosy",
        "wish moods cosy",
    }


@pytest.mark.parametrize("message", ["something else", "none of these", "show me more", "换一批"])
def test_asking_for_others_passes_over_what_was_shown(message, talk):
    talk.say("films", shown=SHOWN).say(message)
    assert talk.ledger.passed == SHOWN


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("who directed Inception?", (("video:inception",), "creators")),
        ("how long is the second one?", (("video:inception",), "minutes")),
        ("what's it about?", (("video:alien",), "description")),
        ("who is in Spirited Away", (("video:spirited-away",), "cast")),
        ("when was Blade Runner released?", (("video:blade-runner",), "year")),
        ("第二部讲什么的？", (("video:inception",), "description")),
        ("千与千寻是谁导演的", (("video:spirited-away",), "creators")),
        ("how long are they?", (SHOWN, "minutes")),
        ("when did these come out?", (SHOWN, "year")),
        ("它们多长?", (SHOWN, "minutes")),
    ],
)
def test_a_question_about_a_work_changes_nothing(message, asked, talk):
    talk.say("films", shown=SHOWN).say(message)
    assert (talk.reading.intent, talk.reading.asked, talk.reading.changes) == ("question", asked, ())


@pytest.mark.parametrize("message", ["what is a good western?", "tell me about space", "who directed Inception? more by him"])
def test_what_asks_for_works_is_no_question_about_one(message, talk):
    assert talk.say("films", shown=SHOWN).say(message).reading.intent != "question"


@pytest.mark.parametrize("message", ["nope", "no thanks", "meh", "没兴趣"])
def test_a_mere_no_after_an_answer_asks_for_others(message, talk):
    talk.say("films", shown=SHOWN).say(message)
    assert talk.reading.intent == "more"
    assert talk.ledger.passed == SHOWN


def test_a_pick_to_be_swapped_is_passed_over_and_neither_liked_nor_disliked(talk):
    talk.say("films", shown=SHOWN).say("swap the second one")
    assert talk.reading.intent == "swap"
    assert talk.ledger.passed == ("video:inception",)
    assert not talk.ledger.opinions


def test_words_that_say_nothing_search_for_nothing(talk):
    assert talk.say("what do you recommend?").reading.intent == "more"


def test_a_critique_passes_over_nothing(talk):
    assert talk.say("films", shown=SHOWN).say("shorter ones").ledger.passed == ()


def test_likening_to_a_missing_title_alone_asks_for_other_picks(talk):
    talk.say("films", shown=SHOWN).say("more like Zorblax the Mighty")
    assert talk.facts() == {"missing Zorblax the Mighty", "intent critique"}


def test_a_title_that_is_a_topic_is_a_wish_and_no_like(talk):
    talk.say("a documentary about the Alien missions")
    assert "more Alien missions" in talk.facts()
    assert not talk.ledger.opinions


def test_what_is_added_with_but_leaves_the_mood_that_was_demanded(talk):
    wants = talk.say("a sad film").say("but with a happy ending").wants()
    assert {"moods in melancholic", "more uplifting"} <= wants


@pytest.mark.parametrize("answer", ["the book", "I mean the audiobook", "no, the book version", "有声书"])
def test_the_same_title_in_another_medium_takes_its_place(answer, talk):
    talk.say("I loved Frankenstein").say(answer)
    assert talk.wants() == {"kinds audio", "liked frankenstein-1818"}


def test_a_medium_without_a_work_of_that_title_is_asked_for_as_ever(talk):
    assert "kinds game" in talk.say("I loved Frankenstein").say("a game").wants()


def test_more_of_what_is_demanded_asks_for_other_works_that_have_it(talk):
    talk.say("a cosy film", shown=SHOWN).say("cosier")
    assert talk.facts() == {"intent critique"}


@pytest.mark.parametrize("message", ["a cosier film", "更温馨的电影"])
def test_a_comparative_before_any_answer_is_a_wish_and_no_critique(message, talk):
    assert {"more cosy", "intent recommend"} <= talk.say(message).facts()


@pytest.mark.parametrize(("message", "expected"), AFTER_PICKS, ids=[m for m, _ in AFTER_PICKS])
def test_after_three_picks(message, expected, talk):
    talk.say("films", shown=SHOWN).say(message)
    found = talk.facts()
    for line in expected.split("; "):
        if line.startswith("!"):
            assert line[1:] not in found, sorted(found)
        else:
            assert line in found, (line, sorted(found))


@pytest.mark.parametrize(
    "answer",
    ["the 2011 one", "2011", "the second", "the second one", "The Thing (2011)", "the one from 2011", "2011年那部", "第二个"],
)
def test_an_ambiguous_title_is_settled_by_an_answer(answer, talk):
    talk.say("I loved The Thing")
    assert talk.ledger.ids("liked") == ("video:the-thing-1982",)
    assert talk.ledger.ambiguities[0].options == ("video:the-thing-1982", "video:the-thing-2011")
    talk.say(answer)
    assert talk.ledger.ids("liked") == ("video:the-thing-2011",)
    assert talk.ledger.ambiguities == ()
    assert not talk.ledger.constraints


def test_thanks_for_a_pick_is_thanks(talk):
    talk.say("films", shown=SHOWN).say("thanks, I'll watch the first one")
    assert talk.facts() == {"saved alien", "intent thanks"}


def test_confirming_the_first_reading_settles_an_ambiguity(talk):
    talk.say("I loved The Thing").say("the 1982 one")
    assert talk.ledger.ids("liked") == ("video:the-thing-1982",)
    assert talk.ledger.ambiguities == ()


def test_a_place_refers_to_the_picks_when_they_were_shown(talk):
    talk.say("I loved The Thing", shown=SHOWN).say("more like the second one")
    assert talk.ledger.ids("liked") == ("video:the-thing-1982", "video:inception")


def test_an_unenforceable_constraint_says_so(catalog):
    from chatrec.catalog.read import Catalog
    from chatrec.types import Item
    from chatrec.understand.read import Understander

    bare = Understander(Catalog.of([Item(id="v:1", kind="video", title="One", genres=("drama",))]))
    reading = bare.read("a drama under 90 minutes from the 80s in French, nothing bleak", Ledger(), turn=0)
    constraints = {c.constraint.field: c.constraint for c in reading.changes if c.constraint is not None}
    assert {f for f, c in constraints.items() if not c.enforceable} == {"minutes", "year", "language", "moods"}
    assert constraints["genres"].enforceable


def test_what_was_typed_is_kept(reader):
    reading = reader.read("Films UNDER two Hours, no HORROR", Ledger(), turn=3)
    said = {c.constraint.field: c.constraint for c in reading.changes if isinstance(c.constraint, Constraint)}
    assert said["minutes"].said == "UNDER two Hours"
    assert said["genres"].said == "HORROR"
    assert {c.turn for c in reading.changes} == {3}


def test_a_mood_that_was_ruled_out_does_not_silence_what_an_occasion_suggests(talk: Talk) -> None:
    talk.say("games, nothing scary").say("jazz for late at night")
    assert "wish moods calm" in talk.facts()


ALBUMS = ("audio:kind-of-blue", "audio:ok-computer", "audio:blue")


@pytest.mark.parametrize(
    ("critique", "bound"),
    [("a bit shorter", "minutes"), ("newer", "year"), ("less mainstream", "popularity"), ("短一点", "minutes")],
)
@pytest.mark.parametrize("turn", ["now some films", "how about a podcast?", "also some podcasts", "还是听播客吧"])
def test_a_bound_taken_from_what_was_shown_goes_when_other_forms_are_asked_for(critique, bound, turn, talk):
    assert _bounds(talk.say("an album", shown=ALBUMS).say(critique, shown=ALBUMS)) == {bound}
    assert _bounds(talk.say(turn)) == set()


@pytest.mark.parametrize("message", ["something calm", "jazz albums", "more", "albums please"])
def test_a_bound_taken_from_what_was_shown_holds_while_no_other_form_is_asked_for(message, talk):
    assert _bounds(talk.say("an album", shown=ALBUMS).say("newer", shown=ALBUMS).say(message)) == {"year"}


def test_a_bound_that_was_said_outright_holds_for_other_forms_too(talk):
    assert _bounds(talk.say("an album after 1990", shown=ALBUMS).say("now some films")) == {"year"}


def test_a_critique_of_another_form_takes_nothing_from_what_was_shown(talk):
    """`a shorter film` after albums is no film of half an hour; of a slate of both, the films tell."""
    assert "soft minutes lt 110" in talk.say("albums", shown=ALBUMS).say("now a shorter film").wants()
    both = (*ALBUMS, "video:inception", "video:interstellar")
    assert "minutes lt 158.5" in talk.say("films and albums", shown=both).say("a shorter film").wants()


def _bounds(talk: Talk) -> set[str]:
    return {c.field for c in talk.ledger.constraints if c.op not in ("in", "not_in") and c.hard}
