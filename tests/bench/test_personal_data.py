"""Counting what recognisers find, and the figures that are published of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bench.guards.data import LabelledSpan, PersonalText, read_personal
from bench.guards.personal import CATEGORIES, FIGURES, ours, row
from bench.guards.recognition import recognised
from groundwire_server.domain.guards.finding import Finding
from tests.docs.shown import DOCS

PUBLISHED: Mapping[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
TEXT = PersonalText(
    "t", "en", "0123456789", [LabelledSpan("email", "", 0, 3), LabelledSpan("phone", "", 5, 8)],
    [LabelledSpan("phone", "", 8, 10)],
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "recall", "exact", "precision", "lookalikes"),
    [
        ([], 0, 0, 0, 0),
        ([Finding("email", 0, 3)], 1, 1, 1, 0),
        ([Finding("email", 2, 5)], 1, 0, 1, 0),
        ([Finding("email", 3, 5)], 0, 0, 0, 0),
        ([Finding("phone", 0, 3)], 0, 0, 0, 0),
        ([Finding("email", 0, 3), Finding("email", 6, 7)], 1, 1, 0.5, 0),
    ],
)
def test_a_finding_counts_where_it_overlaps_a_piece_of_its_category(
    found: Sequence[Finding], recall: float, exact: float, precision: float, lookalikes: int
) -> None:
    counts = recognised(lambda _: found, [TEXT]).counts["email"]
    assert (counts.recall, counts.exact, counts.precision, counts.lookalikes) == (recall, exact, precision, lookalikes)


def test_a_finding_of_a_lookalike_is_counted_and_wrong() -> None:
    counts = recognised(lambda _: [Finding("phone", 9, 10)], [TEXT]).counts["phone"]
    assert (counts.lookalikes, counts.found, counts.right) == (1, 1, 0)


def test_the_published_figures_are_those_of_the_guards_as_they_are() -> None:
    recognition = recognised(ours(), read_personal())
    assert {name: counts.row() for name, counts in recognition.counts.items()} == PUBLISHED["groundwire"]["categories"]


def test_the_page_shows_the_published_figures() -> None:
    page = (DOCS / "explanation" / "personal-data.md").read_text(encoding="utf-8")
    assert [name for name in CATEGORIES if row(name, PUBLISHED) not in page] == []
    assert row("by_default", PUBLISHED) in page
