"""What an import tells of the rows that it could not use."""

from __future__ import annotations

from chatrec.catalog.report import SHOWN, Report


def test_bad_rows_are_named_file_by_file_and_reason_by_reason_and_the_rest_are_counted() -> None:
    report = Report()
    for line in range(1, SHOWN + 4):
        report.bad_row("in/tags.csv", line, f"has {line} columns instead of 40")
        report.bad_row("in/ratings.csv", line, f"rating {'it is' + str(line)!r} is no number")
    report.bad_row("in/ratings.csv", 50, "field 'id': is missing")
    report.bad_row("in/ratings.csv", 51, "field 'title': is missing")
    lines = report.lines()
    assert report.bad == 2 * (SHOWN + 3) + 2
    assert len(report.first_bad) == 2 * SHOWN + 2
    assert "in/ratings.csv:1: rating 'it is1' is no number" in lines and "in/ratings.csv:51: field 'title': is missing" in lines
    assert lines[-2:] == [
        "… and 3 more bad rows of tags.csv: has … columns instead of …",
        "… and 3 more bad rows of ratings.csv: rating … is no number",
    ]
