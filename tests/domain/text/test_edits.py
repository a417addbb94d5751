"""Edits between two words."""

import pytest

from groundwire_server.domain.text.edits import edits


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("parcel", "parcel", 0),
        ("parcel", "parcels", 1),
        ("parcle", "parcel", 1),
        ("percel", "parcel", 1),
        ("arcel", "parcel", 1),
        ("reimbursment", "reimbursement", 1),
        ("reimbrusment", "reimbursement", 2),
        ("acb", "abc", 1),
        ("", "ab", 2),
    ],
)
def test_edits_are_letters_changed_added_left_out_or_exchanged(one: str, other: str, count: int) -> None:
    assert edits(one, other, 2) == edits(other, one, 2) == count


@pytest.mark.parametrize(("one", "other"), [("parcel", "mail"), ("abcdef", "fedcba"), ("a" * 50, "b" * 50)])
def test_more_edits_than_are_counted_are_not_told_apart(one: str, other: str) -> None:
    assert edits(one, other, 2) == 3
