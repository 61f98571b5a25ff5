"""For each miss, the stage that lost it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from chatrec.evaluate.recorded import RecordedLine, Recording
from chatrec.evaluate.replay import Replayed

STAGES: Mapping[str, str] = {
    "not in the catalog": "nothing could have found it",
    "not understood": "found within the cut-off once the mentions are given instead of read from the words",
    "filtered": "ruled out by a constraint as it was read, by what was named before, or as a playlist's seed",
    "not retrieved": "no retriever brought it up",
    "cut from the pool": "brought up, but fused too low to be passed on",
    "dropped by grounding": "picked in the recording, but not among the candidates that the language model is shown here",
    "shortlisted out": "not among the best that the language model was shown",
    "ranked lower by the last stage": "the fused order had it within the cut-off",
    "ranked low": "a candidate, but neither order had it within the cut-off",
}
"""Name of a loss, in the order in which it is looked for → what it means."""
NO_PART: Mapping[str, str] = {
    "not understood": "the mentions were given; --understand text has them read from the words",
    "dropped by grounding": "no language model took part; --stage generate replays one",
    "shortlisted out": "no language model took part; --stage generate replays one",
}
"""Stages that may take no part → why."""
NOT_RECORDED = "nothing of the kind is recorded: what `replay` records are picks of candidates that were shown"
"""Why grounding took no part where a language model did."""


def misses(rows: Sequence[Replayed], k: int, recording: Recording | None = None) -> dict[str, int | None]:
    """How many gold mentions were found within k, and how many each stage lost.

    Args:
        rows: the replayed instances.
        k: cut-off.
        recording: what the language model was shown and picked, where it took part.

    Returns:
        `found` and every name of `STAGES` → count; they add up to the gold mentions. None for a stage that took no part: nothing
        can be misread where mentions are given, and only a language model needs a shortlist and grounding; the latter has a part
        only where the recording has picks of gold that was not shown.
    """
    recording = recording or {}
    counts = Counter(
        _fate(row, place, k, recording.get((row.dialog_id, row.turn))) for row in rows for place in range(len(row.answers))
    )
    absent = set() if recording else {"shortlisted out"}
    absent |= set() if counts["dropped by grounding"] else {"dropped by grounding"}
    absent |= set() if any(row.given is not None for row in rows) else {"not understood"}
    return {name: None if name in absent else counts[name] for name in ("found", *STAGES)}


def _fate(row: Replayed, place: int, k: int, line: RecordedLine | None) -> str:
    rank, before, lost = row.ranks[place], row.before[place], row.lost[place]
    if rank <= k:
        return "found"
    if lost == "not in the catalog":
        return lost
    if row.given is not None and row.given[place] <= k:
        return "not understood"
    if line is not None and rank > line.slots and row.answers[place] in line.picks:
        return "dropped by grounding"
    if lost is not None:
        return lost
    if line is not None and rank > line.slots:
        return "shortlisted out"
    return "ranked lower by the last stage" if before <= k else "ranked low"
