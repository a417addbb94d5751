"""Sealed values open where they were sealed, with the key that sealed them, and nowhere else."""

import pytest

from groundwire_server.adapters.records.encryption import SealedPlace, Sealing, SealingKey
from groundwire_server.adapters.records.faults import RecordsFault, UnknownKeyError
from groundwire_server.ports.operations import RecordsError

OLD = SealingKey("old", b"o" * 32)
NEW = SealingKey("new", b"n" * 32)
PLACE = SealedPlace("acme", "ann", "op1", "sealed_question")
TEXT = "Where are lost parcels kept in Zürich?".encode()


def test_a_value_opens_at_its_place() -> None:
    sealing = Sealing([NEW])
    sealed = sealing.seal(TEXT, PLACE)
    assert sealing.open(sealed, PLACE) == TEXT
    assert b"parcels" not in sealed


def test_the_same_value_is_never_sealed_alike() -> None:
    sealing = Sealing([NEW])
    assert sealing.seal(TEXT, PLACE) != sealing.seal(TEXT, PLACE)


def test_after_a_rotation_older_values_open_and_newer_ones_have_the_new_key() -> None:
    before = Sealing([OLD]).seal(TEXT, PLACE)
    rotated = Sealing([NEW, OLD])
    assert rotated.open(before, PLACE) == TEXT
    assert Sealing([NEW]).open(rotated.seal(TEXT, PLACE), PLACE) == TEXT


def test_a_key_that_is_missing_is_named() -> None:
    sealed = Sealing([OLD]).seal(TEXT, PLACE)
    with pytest.raises(UnknownKeyError, match=r"not configured, old: add the key to `records\.keys`"):
        Sealing([NEW]).open(sealed, PLACE)


@pytest.mark.parametrize(
    "place",
    [
        SealedPlace("other", "ann", "op1", "sealed_question"),
        SealedPlace("acme", "ann", "op2", "sealed_question"),
        SealedPlace("acme", "ann", "op1", "sealed_result"),
        SealedPlace("acme", "bob", "op1", "sealed_question"),
        SealedPlace("acme", "anno", "p1", "sealed_question"),
    ],
    ids=["tenant", "operation", "column", "subject", "where one part ends"],
)
def test_a_value_that_was_moved_does_not_open(place: SealedPlace) -> None:
    sealing = Sealing([NEW])
    sealed = sealing.seal(TEXT, PLACE)
    with pytest.raises(RecordsError) as refused:
        sealing.open(sealed, place)
    assert refused.value.fault is RecordsFault.UNREADABLE


def test_a_value_of_which_any_byte_was_changed_does_not_open() -> None:
    sealing = Sealing([NEW])
    sealed = sealing.seal(TEXT, PLACE)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(RecordsError):
            sealing.open(changed, PLACE)


@pytest.mark.parametrize("length", range(46))
def test_a_value_that_was_cut_does_not_open(length: int) -> None:
    sealing = Sealing([NEW])
    with pytest.raises(RecordsError):
        sealing.open(sealing.seal(b"x", PLACE)[:length], PLACE)


def test_another_key_of_the_same_id_does_not_open_it() -> None:
    sealed = Sealing([NEW]).seal(TEXT, PLACE)
    with pytest.raises(RecordsError) as refused:
        Sealing([SealingKey("new", b"x" * 32)]).open(sealed, PLACE)
    assert refused.value.fault is RecordsFault.UNREADABLE


def test_keys_are_not_printed() -> None:
    assert "nnn" not in repr(NEW)


def test_a_digest_is_the_same_for_a_value_at_its_place_and_cannot_be_made_without_the_key() -> None:
    (digest,) = Sealing([OLD]).digests(TEXT, PLACE)
    assert Sealing([NEW, OLD]).digests(TEXT, PLACE)[1] == digest
    others = [
        *Sealing([NEW]).digests(TEXT, PLACE),
        *Sealing([OLD]).digests(TEXT[1:], PLACE),
        *Sealing([OLD]).digests(TEXT, SealedPlace("acme", "bob", "op1", "sealed_question")),
    ]
    assert digest not in others
