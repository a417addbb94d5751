"""Sentences that are written over several segments."""

import pytest

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.check import SegmentChecker
from groundwire_server.pipeline.support import Source
from tests.pipeline.samples import RULES, check_segments, passage, policy

HOUSE = passage("c1", "Smoking is not allowed in the building. The gate is open at night. The fee is 20 euros.")
PARCELS = passage("c2", "Parcels wait in the mail room.")
SOURCES = {"p1": Source(HOUSE), "p2": Source(PARCELS)}


def written(*texts: str) -> list[Segment]:
    return [Segment(text, ("p1",)) for text in texts]


@pytest.mark.parametrize(
    ("texts", "stand"),
    [
        (("Smoking is", "allowed in the building."), 1),
        (("Smoking", "is", "allowed", "in the building."), 2),
        (("The gate is", "not open at night."), 1),
        (("The gate is", "open", "at night."), 3),
        (("Smoking is not allowed in the building.", "The gate is open at night."), 2),
        (("The fee is", "20 euros."), 2),
        (("The rules are:", "Smoking is not allowed in the building."), 2),
        (("- Smoking is not allowed", "- The gate is open at night"), 2),
    ],
)
def test_a_sentence_over_several_segments_is_judged_as_one(texts: tuple[str, ...], stand: int) -> None:
    placed = check_segments(written(*texts), "", SOURCES, policy())
    assert len(placed.segments) == stand
    assert (placed.failure is None) is (stand == len(texts))


def test_what_the_joined_sentence_departs_from_is_named() -> None:
    failure = check_segments(written("Smoking is", "allowed in the building."), "", SOURCES, policy()).failure
    assert isinstance(failure, SentenceFailure)
    assert (failure.cause, failure.sentence.text) == (Cause.CONTRADICTED, "Smoking is allowed in the building.")
    assert [each.passage_words for each in failure.sentence.departures] == ["not"]


def test_a_joined_sentence_is_held_against_what_all_of_its_segments_cite() -> None:
    segments = [Segment("The gate is open at night,", ("p1",)), Segment("and parcels wait in the mail room.", ("p2",))]
    assert check_segments(segments, "", SOURCES, policy()).failure is None


def test_a_sentence_goes_on_from_what_was_released() -> None:
    released = check_segments(written("Smoking is"), "", SOURCES, policy()).segments
    checker = SegmentChecker({"p1": HOUSE}, released, policy(), RULES, "")
    assert checker.judge(written("allowed in the building."), None).failure is not None
