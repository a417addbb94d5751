"""Versions and labels as one value."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from groundwire_server.domain.prompts.registry import (
    VERSION_PATTERN,
    PromptConflictError,
    PromptLabel,
    PromptOrigin,
    PromptVersion,
    UnknownPromptError,
    joined,
)


def _version(number: str, text: str = "text", origin: PromptOrigin = PromptOrigin.BUILT_IN) -> PromptVersion:
    return PromptVersion("answer", number, text, origin)


def test_without_a_label_the_newest_version_is_meant_by_its_numbers() -> None:
    registry = joined([_version("1.9.0"), _version("1.10.0"), _version("1.2.0")])
    assert registry.required("answer").version == "1.10.0"
    assert registry.numbers("answer") == ["1.2.0", "1.9.0", "1.10.0"]


def test_production_is_meant_where_there_is_such_a_label() -> None:
    registry = joined([_version("1.9.0"), _version("1.10.0")], [PromptLabel("answer", "production", "1.9.0")])
    assert registry.required("answer").version == "1.9.0"
    assert registry.required("answer", "1.10.0").version == "1.10.0"


def test_labels_that_come_later_go_first() -> None:
    labels = [PromptLabel("answer", "candidate", "1.0.0"), PromptLabel("answer", "candidate", "1.1.0")]
    assert joined([_version("1.0.0"), _version("1.1.0")], labels).required("answer", "candidate").version == "1.1.0"


def test_one_text_under_one_number_in_two_places_is_one_version() -> None:
    registry = joined([_version("1.0.0"), _version("1.0.0", origin=PromptOrigin.FOLDER)])
    assert registry.required("answer").origin is PromptOrigin.FOLDER
    assert not registry.replaced


def test_a_version_of_the_folder_that_was_pushed_as_well_says_by_whom_and_when() -> None:
    pushed = replace(
        _version("1.0.0", origin=PromptOrigin.RECORDS), author="ana", created=datetime(2026, 11, 27, tzinfo=UTC)
    )
    found = joined([_version("1.0.0", origin=PromptOrigin.FOLDER), pushed]).required("answer")
    assert (found.origin, found.author, found.created) == (PromptOrigin.FOLDER, "ana", pushed.created)


def test_two_texts_under_one_number_are_one_line_with_both_places() -> None:
    with pytest.raises(PromptConflictError) as refused:
        joined([_version("1.0.0", origin=PromptOrigin.FOLDER), _version("1.0.0", "other", PromptOrigin.RECORDS)])
    assert str(refused.value) == (
        "prompt answer/1.0.0 is there twice with different texts, in the folder and in the records: "
        "give one of them another number"
    )


@pytest.mark.parametrize(
    ("name", "wanted", "says"),
    [
        ("anser", "", "there is no prompt 'anser'; there are: answer"),
        ("answer", "2.0.0", "prompt 'answer' has no version '2.0.0'; it has: 1.0.0"),
        ("answer", "candidate", "prompt 'answer' has no label 'candidate'; it has: old, production"),
        ("answer", "old", "label 'old' of prompt 'answer' points at 0.9.0, which there is not; there are: 1.0.0"),
    ],
)
def test_what_there_is_not_is_one_line_with_what_there_is(name: str, wanted: str, says: str) -> None:
    labels = [PromptLabel("answer", "production", "1.0.0"), PromptLabel("answer", "old", "0.9.0")]
    with pytest.raises(UnknownPromptError) as refused:
        joined([_version("1.0.0")], labels).required(name, wanted)
    assert str(refused.value) == says


def test_the_digest_tells_name_number_and_text() -> None:
    assert len({each.digest for each in (_version("1.0.0"), _version("1.0.1"), _version("1.0.0", "x"))}) == 3


@pytest.mark.parametrize("origin", [PromptOrigin.FOLDER, PromptOrigin.RECORDS])
def test_a_built_in_version_yields_to_the_operators_of_its_number(origin: PromptOrigin) -> None:
    built_in, own = _version("1.0.0"), _version("1.0.0", "own", origin)
    for versions in ([built_in, own], [own]):
        assert joined(versions).required("answer", "1.0.0").text == "own"
    assert joined([built_in, own]).replaced == {("answer", "1.0.0")}


def test_a_newer_built_in_version_takes_no_route_from_the_operators() -> None:
    registry = joined([_version("2.0.0"), _version("1.4.0", "own", PromptOrigin.FOLDER)])
    assert registry.required("answer").version == "1.4.0"
    assert registry.required("answer", "2.0.0").text == "text"


def test_a_number_has_one_spelling() -> None:
    assert [each for each in ("1.2.0", "0.0.0", "10.0.999999") if VERSION_PATTERN.fullmatch(each)] == [
        "1.2.0",
        "0.0.0",
        "10.0.999999",
    ]
    for wrong in ("01.2.0", "1.02.0", "1.2.00", "1.2.1000000", "1.2", "1.2.0\n", "\u0661.2.0"):
        assert not VERSION_PATTERN.fullmatch(wrong)
