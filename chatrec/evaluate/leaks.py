"""Leak guard: which dialogs were trained on, as fingerprints that say nothing of what was said.

Of people there are hashes of their ids. Whoever can guess an id can see whether it is among them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import LeakError, ModelMissingError
from chatrec.evaluate.logs import DialogLine, person_of

FILE = "trained_on.npz"
FORMAT = 2
"""Of the file; raised when hashes are made in another way, or of more. Files of format 1 tell neither it nor the people."""
MIN_WORDS = 40
"""Shorter texts are alike by chance."""
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
"""Where no spaces part words, each character counts as one."""
SHINGLE = 5
SKETCH = 48
ALIKE = 0.6
"""Share of a text that another one has, by their sketches, from which the two count as near duplicates."""
COMPARED = 12
"""Fewest hashes that such a share is taken of: as many as the sketches of a text and of a quarter of it share on average."""
TOLERATED = 0.01
"""Share of the dialogs that may have near duplicates before a replay is refused."""


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Of the dialogs that something was trained on."""

    ids: frozenset[int]
    """64-bit hashes of dialog ids."""
    sketches: NDArray[np.uint64]
    """uint64 [dialogs with enough text, SKETCH]: the smallest hashes of their five-word shingles (Broder 1997); 0 is padding."""
    people: frozenset[int] = frozenset()
    """64-bit hashes of the people of these dialogs, where the log names them."""

    @classmethod
    def of(cls, dialogs: Iterable[DialogLine]) -> Fingerprints:
        """Fingerprints of dialogs."""
        dialogs = list(dialogs)
        sketches = [sketch for dialog in dialogs if (sketch := _sketch(dialog)) is not None]
        stacked = np.stack(sketches) if sketches else np.zeros((0, SKETCH), dtype=np.uint64)
        people = frozenset(_hash(person_of(dialog)) for dialog in dialogs if dialog.user_id is not None)
        return cls(frozenset(_hash(dialog.dialog_id) for dialog in dialogs), stacked, people)

    def __or__(self, other: Fingerprints) -> Fingerprints:
        """Both."""
        sketches = np.concatenate([self.sketches, other.sketches])
        return Fingerprints(self.ids | other.ids, sketches, self.people | other.people)

    def knows(self, dialog: DialogLine) -> bool:
        """Whether a dialog with the same person is among them, as far as the logs name people."""
        return dialog.user_id is not None and _hash(person_of(dialog)) in self.people

    def save(self, folder: Path) -> None:
        """Write `trained_on.npz`."""
        ids, people = (np.array(sorted(hashes), dtype=np.uint64) for hashes in (self.ids, self.people))
        np.savez(folder / FILE, allow_pickle=False, format=FORMAT, ids=ids, sketches=self.sketches, people=people)

    @classmethod
    def load(cls, folder: Path) -> Fingerprints:
        """Read what `save` wrote; a file of format 1 knows nobody.

        Raises:
            ModelMissingError: there is no such folder, or its file is missing, damaged or of a later format, so that nobody knows
                what was trained on.
        """
        if not folder.is_dir():
            raise ModelMissingError(f"there is no folder {folder}: give one that `chatrec train head` wrote")
        try:
            with np.load(folder / FILE, allow_pickle=False) as stored:
                version = int(stored["format"]) if "format" in stored else 1
                if version > FORMAT:
                    advice = "update chatrec, or run `chatrec train head` again"
                    raise ModelMissingError(f"{folder / FILE} has format {version}, and {FORMAT} is the last known: {advice}")
                people = stored["people"].tolist() if version > 1 else ()
                return cls(frozenset(stored["ids"].tolist()), stored["sketches"], frozenset(people))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            advice = "it tells what was trained on: run `chatrec train head` again"
            raise ModelMissingError(f"{folder / FILE} cannot be read ({error}); {advice}") from error


@dataclass(frozen=True, slots=True)
class Leak:
    """What of a log was trained on."""

    dialogs: int
    by_id: int
    by_text: int
    id_example: str | None = None
    """Id of the first dialog that was trained on by id."""
    text_example: str | None = None
    """Id of the first dialog that has a near duplicate."""

    @property
    def refused(self) -> bool:
        """Whether a replay would say nothing about unseen dialogs."""
        return self.by_id > 0 or self.by_text > TOLERATED * self.dialogs

    def stamp(self) -> dict[str, int | bool]:
        """What a report says of it; `allowed` if it would have been refused."""
        return {"by_id": self.by_id, "by_text": self.by_text, "allowed": self.refused}


def find_leak(dialogs: Sequence[DialogLine], trained: Fingerprints) -> Leak:
    """Count the dialogs that were trained on, by id and by near-duplicate text, of which one may be a part of the other."""
    owners: dict[int, list[int]] = defaultdict(list)
    for number, sketch in enumerate(trained.sketches):
        for value in sketch[sketch > 0]:
            owners[int(value)].append(number)
    by_text = [d.dialog_id for d in dialogs if _near_duplicate(_sketch(d), trained.sketches, owners)]
    by_id = [d.dialog_id for d in dialogs if _hash(d.dialog_id) in trained.ids]
    return Leak(len(dialogs), len(by_id), len(by_text), next(iter(by_id), None), next(iter(by_text), None))


def guard(dialogs: Sequence[DialogLine], trained: Fingerprints, *, path: Path, allow: bool = False) -> Leak:
    """The leak, if it can be lived with.

    Args:
        dialogs: the log.
        trained: what the models learned from.
        path: of the log, for the error.
        allow: live with any.

    Raises:
        LeakError: a dialog id was trained on, or more than 1% of the dialogs have a near duplicate, and `allow` is not set.
    """
    leak = find_leak(dialogs, trained)
    if leak.refused and not allow:
        by_id = f" ({leak.id_example!r} for one)" if leak.by_id else ""
        by_text = f" ({leak.text_example!r} for one)" if leak.by_text else ""
        raise LeakError(
            f"{path}: of {leak.dialogs} dialogs {leak.by_id} were trained on by id{by_id} and {leak.by_text} by near-duplicate"
            f" text{by_text}: use models trained without them, or pass --allow-leak, which is stamped on the report"
        )
    return leak


def told_leak(stamp: Mapping[str, int | bool]) -> str:
    """The stamp of a report in a sentence; nothing where nothing was trained on."""
    by_id, by_text = stamp["by_id"], stamp["by_text"]
    if not by_id and not by_text:
        return ""
    allowed = "LEAK ALLOWED, these figures say nothing of unseen dialogs; " if stamp["allowed"] else ""
    below = "" if stamp["allowed"] else ", below the share that is refused"
    return f"{allowed}trained on: {by_id} dialogs by id, {by_text} by near-duplicate text{below}"


def _near_duplicate(sketch: NDArray[np.uint64] | None, sketches: NDArray[np.uint64], owners: Mapping[int, Sequence[int]]) -> bool:
    """Whether one of the sketches is of a text that has most of this one, or that this one has most of."""
    if sketch is None:
        return False
    shared = Counter(owner for value in sketch[sketch > 0] for owner in owners.get(int(value), ()))
    likely = ((sketches[owner], count) for owner, count in shared.items() if count >= ALIKE * COMPARED)
    return any(count >= ALIKE * min(_compared(sketch, other), _compared(other, sketch)) for other, count in likely)


def _compared(part: NDArray[np.uint64], whole: NDArray[np.uint64]) -> int:
    """How many hashes of one sketch the other would have, were the one text a part of the other: those up to its largest.

    The share of them that it does have estimates containment (Broder 1997). A sketch with padding has all hashes of its text.
    """
    return int(np.count_nonzero((part > 0) & (part <= whole[-1]) if whole[-1] else part))


def _sketch(dialog: DialogLine) -> NDArray[np.uint64] | None:
    words = WORD.findall(" ".join(turn.text or "" for turn in dialog.turns).casefold())
    if len(words) < MIN_WORDS:
        return None
    hashes = sorted({_hash(" ".join(words[start : start + SHINGLE])) for start in range(len(words) - SHINGLE + 1)})[:SKETCH]
    sketch = np.zeros(SKETCH, dtype=np.uint64)
    sketch[: len(hashes)] = hashes
    return sketch


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") | 1
