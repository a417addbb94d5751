"""Handles of passages as models write them: read where they are unmistakable, left alone where they are not."""

import pytest

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.handles import CitationHandles
from tests.timed import least_time

HANDLES = CitationHandles(
    {
        "p1": Passage("c1", "Parcels wait in the mail room (see [2], and pin (p2) of the plan)."),
        "p2": Passage("c2", "It opens at noon."),
        "p3": Passage("c3", "The array a[0] is empty, and x lies in [1, 3]."),
        "p12": Passage("c12", "Soup."),
    }
)

CITES: list[tuple[object, tuple[str, ...]]] = [
    (["p1"], ("p1",)),
    (["p1", "p1", "p2"], ("p1", "p2")),
    (["P1", " p2 "], ("p1", "p2")),
    (["[p1]", "(p2)", "【p3】"], ("p1", "p2", "p3")),
    (["p1, p2"], ("p1", "p2")),
    (["[p1][p2]"], ("p1", "p2")),
    ([1, 12], ("p1", "p12")),
    (["1", "[2]"], ("p1", "p2")),
    (["passage p1", "Source 2"], ("p1", "p2")),
    ("p1", ("p1",)),
    ("p1, p2 and [p3]", ("p1", "p2", "p3")),
    (1, ("p1",)),
    ([], ()),
    ("", ()),
    ([""], ()),
    (None, ()),
    (["p77"], ("p77",)),
    (["p1, p77"], ("p1, p77",)),
    (["p1 (mail room)"], ("p1 (mail room)",)),
    ([7], ("7",)),
    (["p"], ("p",)),
]


@pytest.mark.parametrize(("cites", "expected"), CITES, ids=str)
def test_cites_are_read_where_they_are_unmistakable(cites: object, expected: tuple[str, ...]) -> None:
    assert HANDLES.cited(cites) == expected


@pytest.mark.parametrize("cites", [True, 1.0, {}, {"id": "p1"}, [None], [["p1"]], [True], [{"id": "p1"}], ["p1"] * 65])
def test_cites_of_another_form_are_refused(cites: object) -> None:
    with pytest.raises(Failure) as failure:
        HANDLES.cited(cites)
    assert failure.value.cause is Cause.OUTPUT_MALFORMED


MARKED = {
    "It waits [p1].": ("It waits.", ("p1",)),
    "It waits. [p1]": ("It waits.", ("p1",)),
    "It waits[p1][p3].": ("It waits.", ("p1", "p3")),
    "It waits [p1] [p3], and more.": ("It waits, and more.", ("p1", "p3")),
    "It waits [p1, p3].": ("It waits.", ("p1", "p3")),
    "It waits [p1; P3 and p12].": ("It waits.", ("p1", "p3", "p12")),
    "It waits (p1).": ("It waits.", ("p1",)),
    "It waits (see p1).": ("It waits.", ("p1",)),
    "It waits (passage 1).": ("It waits.", ("p1",)),
    "It waits [[p1]].": ("It waits.", ("p1",)),
    "It waits [^1].": ("It waits.", ("p1",)),
    "It waits [1], [3].": ("It waits.", ("p1", "p3")),
    "It waits [p1] and [p3] there.": ("It waits there.", ("p1", "p3")),
    "It waits [p1], [sic].": ("It waits, [sic].", ("p1",)),
    "It waits [p1], and opens.": ("It waits, and opens.", ("p1",)),
    "It waits [p1] an hour.": ("It waits an hour.", ("p1",)),
    "It waits【p1】.": ("It waits.", ("p1",)),
    "It waits【1†source】.": ("It waits.", ("p1",)),
    "[p1] It waits.": ("It waits.", ("p1",)),
    "It [p1] waits [P1].": ("It waits.", ("p1",)),
    # What a passage has itself may be a quotation.
    "It waits [2].": ("It waits [2].", ()),
    "It waits at (p2).": ("It waits at (p2).", ()),
    "It waits from [1,3] on.": ("It waits from [1,3] on.", ()),
    # What is no handle is the reader's.
    "It waits [p77].": ("It waits [p77].", ()),
    "It waits [p1, p77].": ("It waits [p1, p77].", ()),
    "It waits (1).": ("It waits (1).", ()),
    "It waits (room 12).": ("It waits (room 12).", ()),
    "It waits [sic].": ("It waits [sic].", ()),
    "It waits [].": ("It waits [].", ()),
    "It waits [see].": ("It waits [see].", ()),
    "The array a[0] is p1.": ("The array a[0] is p1.", ()),
    "It waits [p1": ("It waits [p1", ()),
    "No brackets.": ("No brackets.", ()),
}


@pytest.mark.parametrize("text", MARKED)
def test_markers_are_taken_out_of_a_text(text: str) -> None:
    assert HANDLES.without_markers(text) == MARKED[text]


@pytest.mark.parametrize("text", MARKED)
def test_a_text_that_grows_shows_no_part_of_a_marker(text: str) -> None:
    whole, _ = HANDLES.without_markers(text)
    for end in range(len(text)):
        shown = HANDLES.settled(text[:end].rstrip())
        assert whole.startswith(shown), shown


def test_text_after_a_bracket_that_is_no_marker_is_shown() -> None:
    assert HANDLES.settled("It waits (in the room") == "It waits"
    long = "It waits (in the room at the end of the corridor behind the stairs of the tower, and longer than a marker"
    assert HANDLES.settled(long) == long
    assert HANDLES.settled("It waits (in the room) now") == "It waits (in the room) now"


def test_without_passages_nothing_is_known() -> None:
    none = CitationHandles({})
    assert none.cited(["P1", 1]) == ("P1", "1")
    assert none.without_markers("It waits [p1].") == ("It waits [p1].", ())


@pytest.mark.parametrize("text", ["[" * 50_000, "( " * 25_000, "[p1" * 15_000, "[p9]" * 10_000, "[p1], " * 10_000])
def test_brackets_without_end_take_no_time(text: str) -> None:
    assert least_time(lambda: HANDLES.without_markers(text), enough=1.0) < 1.0
    assert least_time(lambda: HANDLES.settled(text), enough=1.0) < 1.0
