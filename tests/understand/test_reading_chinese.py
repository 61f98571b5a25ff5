from __future__ import annotations

import pytest
from said import facts
from test_reading_english import check

from chatrec.types import Ledger

CASES: list[tuple[str, str]] = [
    # 喜欢、讨厌、看过
    ("喜欢千与千寻", "liked spirited-away; kinds video"),
    ("我很喜欢《千与千寻》", "liked spirited-away"),
    ("类似银翼杀手的电影", "liked blade-runner; form in film"),
    ("像千与千寻一样的动画片", "liked spirited-away; genres in animation"),
    ("想看和盗梦空间差不多的片子", "liked inception; form in film"),
    ("喜欢盗梦空间和星际穿越", "liked inception; liked interstellar"),
    ("盗梦空间太好看了", "liked inception"),
    ("讨厌盗梦空间", "disliked inception"),
    ("我不喜欢寄生虫", "disliked parasite"),
    ("寄生虫很无聊", "disliked parasite"),
    ("看过盗梦空间了", "seen inception"),
    ("盗梦空间我看过了", "seen inception"),
    ("我玩过传送门2和星露谷物语", "seen portal-2; seen stardew"),
    ("已经看过千与千寻、龙猫和七武士", "seen spirited-away; seen totoro; seen seven-samurai"),
    ("没看过盗梦空间", "mentioned inception; !seen"),
    ("千与千寻", "liked spirited-away"),
    ("龙猫", "liked totoro"),
    ("喜欢Inception这样的电影", "liked inception; form in film"),
    ("推荐三部类似星际穿越的电影", "n 3; liked interstellar; form in film"),
    ("类似《佐布拉克斯》的电影", "missing 佐布拉克斯; !liked"),
    ("我喜欢《佐布拉克斯》", "missing 佐布拉克斯"),
    ("像异形但是不恐怖的", "liked alien; moods not_in scary"),
    # 类型、形式
    ("推荐一部喜剧", "genres in comedy; kinds video"),
    ("恐怖片", "genres in horror; kinds video"),
    ("科幻电影", "genres in science fiction; form in film"),
    ("科幻或者悬疑", "genres in science fiction; genres in mystery"),
    ("爱情喜剧", "genres in romance; genres in comedy"),
    ("有没有好看的西部片", "genres in western; !genres not_in"),
    ("来点爵士乐", "genres in jazz; kinds audio"),
    ("推荐一张摇滚专辑", "genres in rock; form in album; kinds audio"),
    ("真实犯罪播客", "genres in true crime; form in podcast"),
    ("有声书", "form in audiobook; kinds audio"),
    ("推荐个解谜游戏", "genres in puzzle; kinds game"),
    ("想玩策略游戏", "genres in strategy; kinds game"),
    ("想看电视剧", "form in series; kinds video"),
    ("韩剧", "language in ko; form in series; kinds video"),
    ("一部电影和一个游戏", "kinds video+game"),
    ("想听点音乐", "kinds audio"),
    ("有什么好玩的", "kinds game"),
    ("動作電影", "form in film; genres in action"),
    ("动漫", "tags in anime; kinds video"),
    # 否定
    ("不要恐怖片", "genres not_in horror; !genres in horror"),
    ("不恐怖的科幻片", "moods not_in scary; genres in science fiction; !genres not_in science fiction"),
    ("不要太血腥", "moods not_in aggressive"),
    ("不要恐怖、血腥的", "moods not_in scary; moods not_in aggressive"),
    ("别太吓人", "moods not_in scary"),
    ("除了喜剧以外的都行", "genres not_in comedy"),
    ("除了恐怖片", "genres not_in horror"),
    ("不想看爱情片", "genres not_in romance; !genres in romance"),
    ("没有爱情线的动作片", "genres in action; genres not_in romance"),
    ("讨厌音乐剧", "genres not_in musical"),
    ("不喜欢西部片", "genres not_in western"),
    ("不要喜剧，要恐怖片", "genres not_in comedy; genres in horror"),
    ("恐怖片就算了", "genres not_in horror"),
    ("不介意恐怖片", "!genres not_in; !genres in"),
    ("这个不错，再来一部喜剧", "genres in comedy; !genres not_in"),
    ("不知道看什么，推荐个喜剧吧", "genres in comedy"),
    ("不仅仅是喜剧", "!genres not_in"),
    # 情绪
    ("温馨的游戏", "moods in cosy; kinds game"),
    ("搞笑的电影", "moods in funny; form in film"),
    ("想看悲伤的", "moods in melancholic"),
    ("轻松一点的音乐", "kinds audio"),
    ("最好有点浪漫", "more romantic; !moods in"),
    ("治愈系动画", "moods in heartwarming; genres in animation"),
    # 年代
    ("八十年代的恐怖片", "year 1980-1989; genres in horror"),
    ("90年代", "year 1990-1999"),
    ("上世纪六十年代的电影", "year 1960-1969; form in film"),
    ("80年代或90年代的动作片", "year 1980-1989; year 1990-1999; genres in action"),
    ("2000年以后的", "year ge 2000"),
    ("1990年以前的电影", "year lt 1990"),
    ("2010年之后", "year gt 2010"),
    ("1990年到2000年之间", "year 1990-2000"),
    ("1994年的电影", "year 1994-1994"),
    ("近五年的", "year ge 2021"),
    ("一九八零年代", "year 1980-1989"),
    ("最近的新片", "soft year ge 2014"),
    ("老电影", "soft year le 1989"),
    # 时长
    ("两小时以内的电影", "minutes le 120; form in film"),
    ("不超过90分钟", "minutes le 90"),
    ("一个半小时以下", "minutes le 90"),
    ("半小时左右的", "minutes 24-36"),
    ("至少40小时的游戏", "minutes ge 2400; kinds game"),
    ("不到一百分钟", "minutes lt 100"),
    ("90到120分钟", "minutes 90-120"),
    ("超过３小时", "minutes gt 180"),
    ("一小时二十分钟以内", "minutes le 80"),
    # 年龄
    ("适合6岁孩子的动画", "age le 6; genres in animation"),
    ("和孩子一起看的电影", "age le 6; form in film"),
    ("5岁和9岁的孩子", "age le 5"),
    ("全家一起看的", "age le 6"),
    ("适合青少年", "age le 13"),
    ("我今年35岁", "!age"),
    # 语言、国家
    ("日本电影", "language in ja; form in film"),
    ("国产喜剧", "language in zh; language in yue; genres in comedy"),
    ("法语片", "language in fr"),
    ("英国剧", "countries in GB; form in series"),
    ("不要日本的", "language not_in ja"),
    ("粤语电影", "language in yue; !language in zh"),
    ("不要字幕", "language in zh; language in zxx"),
    ("不要英语的", "language not_in en"),
    ("韩国或日本的", "language in ko; language in ja"),
    ("关于日本的纪录片", "genres in documentary; !language in ja"),
    # 人
    ("诺兰的电影", "people in Christopher Nolan; form in film"),
    ("宫崎骏导演的", "people in Hayao Miyazaki"),
    ("不要诺兰的", "people not_in Christopher Nolan"),
    ("王家卫拍的爱情片", "people in Wong Kar-wai; genres in romance"),
    ("我喜欢宫崎骏", "more Hayao Miyazaki"),
    # 玩法、题材
    ("可以合作的游戏", "tags in co-op; kinds game"),
    ("本地双人", "tags in local co-op; kinds game"),
    ("单人开放世界", "tags in single-player; tags in open world"),
    ("回合制策略", "tags in turn-based; genres in strategy"),
    ("纯音乐", "tags in instrumental; kinds audio"),
    ("关于时间旅行的电影", "more time travel; form in film"),
    ("太空题材的游戏", "more space; kinds game"),
    ("不要僵尸", "less zombies"),
    # 其他
    ("在Netflix上的", "unsupported 在Netflix上"),
    ("豆瓣高分电影", "unsupported 豆瓣高分; form in film"),
    ("来两个", "n 2"),
    ("给我五部科幻片", "n 5; genres in science fiction"),
    ("你好", "intent greeting"),
    ("你好，推荐个喜剧", "intent recommend; genres in comedy"),
    ("谢谢", "intent thanks"),
    ("重新开始", "intent restart"),
    ("算了", "intent undo; forget_last"),
    ("换个话题", "new_topic"),
    (
        "想看一部两小时以内、九十年代的科幻片，不要太吓人",
        "minutes le 120; year 1990-1999; genres in science fiction; moods not_in scary",
    ),
    ("想跟朋友一起玩的轻松游戏，不要射击", "kinds game; tags in multiplayer; moods in calm; genres not_in shooter"),
]


@pytest.mark.parametrize(("message", "expected"), CASES, ids=[message for message, _ in CASES])
def test_a_chinese_message_is_read_as(message, expected, reader, catalog):
    check(facts(reader.read(message, Ledger(), turn=0), catalog), expected)


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("推荐一部电影", "zh"),
        ("喜欢Inception这样的", "zh"),
        ("something like 千与千寻", "en"),
        ("I loved 千と千尋の神隠し", "en"),
        ("千与千寻", "zh"),
        ("Inception", "en"),
        ("🙂", "en"),
        ("ＦＴＬ みたいな", "en"),
        ("like FTL，但是中文的", "zh"),
    ],
)
def test_the_language_of_a_message_is_that_of_its_words_not_of_its_titles(message, language, reader):
    assert reader.read(message, Ledger(), turn=0).language == language
