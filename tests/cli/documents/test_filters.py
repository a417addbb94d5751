"""The conditions of `--filter`."""

from collections.abc import Sequence

import pytest
from google.protobuf import json_format

from groundwire_server.cli.documents.filters import filter_of
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.filters import matches
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.edge.convert.filters import filter_from_pb
from groundwire_server.edge.convert.violations import violations_of

DOCUMENTS: dict[str, dict[str, MetadataValue]] = {
    "text": {"year": "2026", "draft": "true", "team": "hr"},
    "number": {"year": 2026.0, "draft": True, "team": "it"},
    "older": {"year": 1999.0, "tags": ("hr", "2026")},
    "none": {},
}


@pytest.mark.parametrize(
    ("conditions", "selected"),
    [
        (["year"], ["text", "number", "older"]),
        (["!year"], ["none"]),
        (["year=2026"], ["text", "number"]),
        (["year!=2026"], ["older", "none"]),
        (["year<2026"], ["older"]),
        (["year<=2026"], ["number", "older"]),
        (["year>1999"], ["number"]),
        (["year>=1999", "year<2e3"], ["older"]),
        (["draft=true"], ["text", "number"]),
        (["draft=false"], []),
        (["team=hr"], ["text"]),
        (["tags=hr"], ["older"]),
        (["tags=2026"], ["older"]),
        (["team="], []),
        (["team=h=r"], []),
        (["team=hr", "year=2026"], ["text"]),
        (['{"equals": {"key": "team", "value": {"stringValue": "it"}}}', "year"], ["number"]),
    ],
)
def test_select_documents(conditions: Sequence[str], selected: Sequence[str]) -> None:
    condition = filter_of(conditions)
    assert condition is not None
    assert violations_of(condition) == ()
    read = filter_from_pb(condition, "filter")
    assert [name for name, metadata in DOCUMENTS.items() if matches(read, metadata)] == selected


def test_that_are_not_given_select_nothing_in_particular() -> None:
    assert filter_of([]) is None


def test_of_a_long_value_stay_within_the_contract() -> None:
    condition = filter_of([f"team={'x' * 2048}"])
    assert condition is not None
    assert violations_of(condition) == ()


@pytest.mark.parametrize(
    "written", ["", "=", "=x", "a b", "!", "!a=b", "1=2", "year<", "year<x", "a-b=c", "{", '{"a": 1}']
)
def test_that_cannot_be_read_are_refused(written: str) -> None:
    with pytest.raises(CommandError) as refused:
        filter_of([written])
    assert refused.value.code is ExitCode.USAGE
    assert "\n" not in refused.value.message
    assert refused.value.message.startswith(f"--filter {written}: ")


def test_as_json_are_the_contracts() -> None:
    condition = filter_of(["team=hr", "!draft"])
    assert condition is not None
    assert filter_of([json_format.MessageToJson(condition, indent=None)]) == condition
