"""Rules about names."""

import pytest

from groundwire_server.domain.vocabulary import ConflictKind
from tests.domain.claims.judging import firm_kinds

BRIDGE = "The treasurer, Mr Adeyemi, asked the contractor, Pellow & Sons, to repair the bridge at Easton."
TREATY = "The European Court of Justice (ECJ) sits in Luxembourg, and its judges come from every member state."
PHYSICS = "In 1905 Albert Einstein published a paper on light while he worked in Bern."


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Pellow & Sons repair the bridge at Easton.", BRIDGE),
        ("The treasurer is called Adeyemi.", BRIDGE),
        ("The ECJ sits in Luxembourg.", TREATY),
        ("The Court sits in Luxembourg.", TREATY),
        ("Einstein published a paper on light in 1905.", PHYSICS),
        ("A. Einstein worked in Bern.", PHYSICS),
        ("The NASA budget rose.", "The budget of the National Aeronautics and Space Administration rose."),
        ("Sao Paulo grew.", "São Paulo grew."),
        ("The Normans built it.", "It was built by the Norman dukes."),
        ("Einstien published a paper on light.", PHYSICS),
    ],
)
def test_names_of_the_passage_pass(statement: str, passage: str) -> None:
    assert ConflictKind.NAME not in firm_kinds(statement, passage)


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("The treasurer, Mr Okafor, asked the contractor to repair the bridge at Easton.", BRIDGE),
        ("Pellow & Sons repair the bridge at Weston.", BRIDGE),
        ("The European Court of Justice sits in Strasbourg.", TREATY),
        ("In 1905 Niels Bohr published a paper on light while he worked in Bern.", PHYSICS),
        ("In 1905 Albert Einstein published a paper on light while he worked in Zurich.", PHYSICS),
        ("The treasurer, Mr Pellow, asked the contractor to repair the bridge at Easton.", BRIDGE),
        ("Oranges are rich in vitamin D.", "Oranges are rich in vitamin C."),
    ],
)
def test_other_names_are_objected_to(statement: str, passage: str) -> None:
    assert ConflictKind.NAME in firm_kinds(statement, passage)


def test_an_acronym_of_the_title_passes() -> None:
    kinds = firm_kinds("The WHO warned of measles.", "It warned of measles.", title="World Health Organization")
    assert ConflictKind.NAME not in kinds


def test_capitals_of_german_nouns_are_no_names() -> None:
    said = "Die Brücke wurde nach einer Woche für den Verkehr geöffnet."
    given = "Die Brücke wurde nach sieben Tagen für den Verkehr geöffnet."
    assert ConflictKind.NAME not in firm_kinds(said, given)
