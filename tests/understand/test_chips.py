from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.types import Change, Constraint, Item, Ledger, Opinion, Wish
from chatrec.understand.chips import chips, constraint_label
from chatrec.understand.ledger import replay

LABELS: list[tuple[Constraint, str, str]] = [
    (Constraint(field="form", op="in", value=("film",)), "film", "电影"),
    (Constraint(field="language", op="not_in", value=("zxx",)), "with words", "有人声"),
    (Constraint(field="id", op="not_in", value=("v:1", "v:2"), said="Mario"), "no Mario", "不要Mario"),
    (Constraint(field="year", op="ranges", value=((1980, 1989),)), "1980s", "1980年代"),
    (Constraint(field="year", op="ranges", value=((1980, 1989), (1990, 1999))), "1980s / 1990s", "1980年代 / 1990年代"),
    (Constraint(field="year", op="ranges", value=((1994, 1994),)), "1994", "1994"),
    (Constraint(field="year", op="lt", value=1990), "before 1990", "1990年以前"),
    (Constraint(field="minutes", op="le", value=90.0), "≤ 90 min", "≤ 90 分钟"),
    (Constraint(field="minutes", op="ge", value=1800.0), "≥ 30 h", "≥ 30 小时"),
    (Constraint(field="minutes", op="lt", value=3050.0), "< 51 h", "< 51 小时"),
    (Constraint(field="minutes", op="lt", value=210.0), "< 3.5 h", "< 3.5 小时"),
    (Constraint(field="minutes", op="ranges", value=((60.0, 120.0),)), "60 min–120 min", "60 分钟–120 分钟"),
    (Constraint(field="genres", op="not_in", value=("horror",)), "no horror", "不要恐怖"),
    (Constraint(field="moods", op="not_in", value=("scary",)), "not scary", "不要吓人"),
    (Constraint(field="genres", op="in", value=("comedy", "romance")), "comedy / romance", "喜剧／爱情"),
    (Constraint(field="age", op="le", value=6.0), "age 6+ ok", "6岁可看"),
    (Constraint(field="language", op="in", value=("ko",)), "in Korean", "韩国"),
    (Constraint(field="language", op="in", value=("en", "zxx")), "in English / no words", "英语／无对白"),
    (Constraint(field="language", op="not_in", value=("en",)), "not in English", "不要英语"),
    (Constraint(field="countries", op="in", value=("GB",)), "British", "英国"),
    (Constraint(field="countries", op="in", value=("JP",)), "Japan", "日本"),
    (Constraint(field="themes", op="not_in", value=("aliens", "alien invasion")), "no aliens", "不要外星人"),
    (Constraint(field="people", op="in", value=("Hayao Miyazaki",)), "Hayao Miyazaki", "宫崎骏"),
    (
        Constraint(field="people", op="in", value=("王家卫", "Wong Kar-wai", "Ann Roe")),
        "Wong Kar-wai / Ann Roe",
        "王家卫／Ann Roe",
    ),
    (Constraint(field="moods", op="not_in", value=("scary",), said="恐怖"), "not scary", "不要吓人"),
    (
        Constraint(field="tags", op="in", value=("co-op", "local co-op", "online co-op")),
        "co-op",
        "合作",
    ),
    (Constraint(field="tags", op="in", value=("co-op", "online co-op")), "co-op / online co-op", "合作／在线合作"),
    (Constraint(field="moods", op="in", value=("dark", "bleak")), "dark", "黑暗"),
    (Constraint(field="moods", op="not_in", value=("aggressive",), said="gore"), "not violent", "不要暴力"),
    (Constraint(field="moods", op="in", value=("melancholic", "bittersweet", "bleak"), said="tragic"), "tragic", "悲伤"),
    (Constraint(field="moods", op="not_in", value=("thoughtful",), said="烧脑"), "not thoughtful", "不要烧脑"),
    (Constraint(field="moods", op="in", value=("uplifting", "hopeful")), "uplifting", "励志"),
    (Constraint(field="form", op="in", value=("album", "track", "artist")), "music", "音乐"),
    (Constraint(field="people", op="in", value=("Walt Disney Pictures", "Walt Disney Productions")), "Disney", "迪士尼"),
    (Constraint(field="people", op="not_in", value=("Pixar",)), "no Pixar", "不要皮克斯"),
    (Constraint(field="people", op="in", value=("Ubisoft Montreal",)), "Ubisoft Montreal", "Ubisoft Montreal"),
    (Constraint(field="form", op="in", value=("album", "film", "game", "dlc")), "album / film / game", "专辑／电影／游戏"),
    (Constraint(field="themes", op="not_in", value=("world war ii",), said="World War II"), "no World War II", "不要二战"),
    (Constraint(field="popularity", op="lt", value=40.0), "less known", "更小众"),
    (Constraint(field="minutes", op="le", value=90.0, hard=False), "ideally ≤ 90 min", "最好≤ 90 分钟"),
]


@pytest.mark.parametrize(("constraint", "english", "chinese"), LABELS, ids=[english for _, english, _ in LABELS])
def test_a_constraint_is_labelled_in_few_words(constraint, english, chinese):
    assert constraint_label(constraint, "en") == english
    assert constraint_label(constraint, "zh") == chinese


def test_everything_understood_has_a_chip_that_takes_it_back(catalog):
    changes = [
        Change(action="kinds", turn=0, kinds=("video",)),
        Change(action="constrain", turn=0, constraint=Constraint(field="genres", op="not_in", value=("horror",))),
        Change(action="wish", turn=0, wish=Wish(text="space", field="themes", value="space")),
        Change(action="wish", turn=0, wish=Wish(text="scary", field="moods", value="scary", direction="less")),
        Change(action="opine", turn=0, opinion=Opinion(item_id="video:alien", sentiment="liked")),
    ]
    shown = chips(replay(changes), catalog, "en")
    assert [c.label for c in shown] == ["video", "no horror", "space", "less scary", "like: Alien"]
    emptied = replay([*changes, *(c.remove for c in shown if c.remove)])
    assert (emptied.kinds, emptied.constraints, emptied.wishes, emptied.opinions) == ((), (), (), ())


@pytest.mark.parametrize(
    ("title", "years", "label"),
    [
        ("The Thing", (1982, 2011), "like: The Thing (1982)"),
        ("The Thing", (1982,), "like: The Thing"),
        ("Doom", (None, 2016), "like: Doom (video)"),
    ],
)
def test_a_title_that_several_works_have_is_told_apart(title, years, label):
    works = {str(n): Item(id=str(n), kind="video", title=title, year=year) for n, year in enumerate(years)}
    ledger = Ledger(opinions=(Opinion(item_id="0", sentiment="liked"),))
    assert [c.label for c in chips(ledger, works, "en")] == [label]


def test_a_reader_of_chinese_sees_the_chinese_title():
    work = Item(id="0", kind="video", title="My Neighbor Totoro", aliases=("となりのトトロ", "龍貓", "龙猫"))
    ledger = Ledger(opinions=(Opinion(item_id="0", sentiment="seen"),))
    assert [chips(ledger, {"0": work}, language)[0].label for language in ("en", "zh")] == [
        "seen: My Neighbor Totoro",
        "看过：龙猫",
    ]


def test_a_wish_for_a_mood_is_labelled_as_it_was_said():
    wish = Wish(text="sad", field="moods", value="melancholic", direction="less")
    assert [c.label for c in chips(Ledger(wishes=(wish,)), {}, "en")] == ["less sad"]
    assert [c.label for c in chips(Ledger(wishes=(wish,)), {}, "zh")] == ["少些悲伤"]


def test_a_rare_tag_is_labelled_in_chinese_where_its_word_is_known():
    tags = Constraint(field="tags", op="in", value=("spiritual jazz", "no such tag"))
    assert [c.label for c in chips(Ledger(constraints=(tags,)), {}, "zh")] == ["灵性爵士／no such tag"]


def test_a_form_makes_the_medium_chip_superfluous(catalog):
    film = Constraint(field="form", op="in", value=("film",))
    assert [c.label for c in chips(Ledger(kinds=("video",), constraints=(film,)), catalog, "en")] == ["film"]


def test_an_item_that_left_the_catalog_has_no_chip(catalog):
    assert chips(Ledger(opinions=(Opinion(item_id="gone:1", sentiment="liked"),)), catalog, "en") == ()


@given(
    st.sampled_from(["genres", "moods", "year", "minutes", "age", "popularity"]),
    st.floats(0, 5000),
    st.sampled_from(["lt", "le", "gt", "ge"]),
)
def test_any_number_has_a_label(field, value, op):
    assert constraint_label(Constraint(field=field, op=op, value=value), "en")


def test_what_was_liked_under_an_earlier_topic_has_no_chip(catalog):
    past = Ledger(opinions=(Opinion(item_id="video:alien", sentiment="past"),))
    assert chips(past, catalog, "en") == ()
