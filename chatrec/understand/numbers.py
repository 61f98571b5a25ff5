"""Numbers in digits and in English and Chinese words."""

from __future__ import annotations

from collections.abc import Sequence

_UNIT_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_UNITS = {word: value for value, word in enumerate(_UNIT_WORDS.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TEN_WORDS.split(), 2)}
_ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), 1)}
_HAN_DIGITS = {
    digit: value
    for value, digits in enumerate(["零〇", "一", "二两兩", "三", "四", "五", "六", "七", "八", "九"])
    for digit in digits
}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_SUFFIXES = {"st", "nd", "rd", "th"}
MAX_HAN = 9
"""Longest Chinese numeral read."""


def cardinal(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """The number that starts at `start`, and where it ends.

    >>> cardinal("twenty five films".split(), 0), cardinal(list("一百二十分"), 0), cardinal(["1.5", "hours"], 0)
    ((25, 2), (120, 4), (1.5, 1))
    """
    if start >= len(words):
        return None
    word = words[start]
    if word[0].isdecimal():
        return (float(word) if "." in word else int(word[:12])), start + 1
    if word in _HAN_DIGITS or word == "十":
        return _han(words, start)
    return _english(words, start)


def _english(words: Sequence[str], start: int) -> tuple[int, int] | None:
    small = _below_hundred(words, start)
    value, end = small if small else (1, start + 1) if words[start] == "a" else (0, start)
    if end == start or words[end : end + 1] != ["hundred"]:
        return small
    rest_start = end + 2 if words[end + 1 : end + 2] == ["and"] else end + 1
    rest = _below_hundred(words, rest_start) if rest_start < len(words) else None
    return (value * 100 + rest[0], rest[1]) if rest else (value * 100, end + 1)


def _below_hundred(words: Sequence[str], start: int) -> tuple[int, int] | None:
    word = words[start]
    if word in _UNITS:
        return _UNITS[word], start + 1
    if word not in _TENS:
        return None
    unit = _UNITS.get(words[start + 1], 0) if start + 1 < len(words) else 0
    return (_TENS[word] + unit, start + 2) if 1 <= unit <= 9 else (_TENS[word], start + 1)


def _han(words: Sequence[str], start: int) -> tuple[int, int]:
    end = start
    while end < len(words) and end - start < MAX_HAN and (words[end] in _HAN_DIGITS or words[end] in _HAN_SCALES):
        end += 1
    numeral = words[start:end]
    if not any(word in _HAN_SCALES for word in numeral):
        return int("".join(str(_HAN_DIGITS[word]) for word in numeral)), end
    total, digit = 0, 0
    for word in numeral:
        if word in _HAN_DIGITS:
            digit = _HAN_DIGITS[word]
        else:
            total, digit = total + (digit or 1) * _HAN_SCALES[word], 0
    return total + digit, end


def ordinal(words: Sequence[str], start: int) -> tuple[int, int] | None:
    """A place in a list (1-based; -1 is the last one), and where its words end.

    >>> ordinal(["second", "one"], 0), ordinal(["2", "nd"], 0), ordinal(["last"], 0), ordinal(list("第三部"), 0)
    ((2, 1), (2, 2), (-1, 1), (3, 2))
    """
    word = words[start]
    if word in _ORDINALS:
        return _ORDINALS[word], start + 1
    if word in ("last", "final"):
        return -1, start + 1
    if word.isdecimal() and words[start + 1 : start + 2] and words[start + 1] in _SUFFIXES:
        return int(word[:3]), start + 2
    if word == "第":
        number = cardinal(words, start + 1)
        return (int(number[0]), number[1]) if number else None
    if list(words[start : start + 2]) in (["最", "后"], ["最", "後"]):
        return -1, start + 2
    return None
