"""Rules about modals, conditions and attributions; what they object to is for the classifier to weigh."""

import pytest

from groundwire_server.domain.vocabulary import ConflictKind
from tests.domain.claims.judging import firm_kinds, kinds

LOAN = "Loans may be extended twice unless another reader has reserved the item."
RULE = "Visitors must register two days before their visit."
CLAIM = "According to Menon, the method saves a third of the water."
FACT = "The method saves a third of the water."

STANCE = {ConflictKind.MODALITY, ConflictKind.CONDITION, ConflictKind.ATTRIBUTION}


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Loans may be extended twice unless another reader has reserved the item.", LOAN),
        ("Unless another reader has reserved the item, loans may be extended twice.", LOAN),
        ("Loans can be extended twice unless the item is reserved.", LOAN),
        ("Visitors must register two days before.", RULE),
        ("Visitors are required to register.", RULE),
        ("Menon said that the method saves a third of the water.", CLAIM),
        ("The method saves a third of the water.", FACT),
    ],
)
def test_what_leaves_as_much_open_passes(statement: str, passage: str) -> None:
    assert kinds(statement, passage) & STANCE == set()


@pytest.mark.parametrize(
    ("statement", "passage", "kind"),
    [
        ("Visitors may register two days before their visit.", RULE, ConflictKind.MODALITY),
        ("Loans must be extended twice unless another reader has reserved the item.", LOAN, ConflictKind.MODALITY),
        ("Loans may be extended twice.", LOAN, ConflictKind.CONDITION),
        ("Visitors must register two days before their visit if they are under age.", RULE, ConflictKind.CONDITION),
        ("The method saves a third of the water.", CLAIM, ConflictKind.ATTRIBUTION),
        ("Menon claims that the method saves a third of the water.", FACT, ConflictKind.ATTRIBUTION),
    ],
)
def test_what_leaves_more_or_less_open_is_objected_to(statement: str, passage: str, kind: ConflictKind) -> None:
    assert kind in kinds(statement, passage)


@pytest.mark.parametrize(("said", "given"), [("must", "may"), ("may", "must"), ("should", "must"), ("must", "should")])
def test_a_modal_in_the_place_of_another_suffices(said: str, given: str) -> None:
    assert ConflictKind.MODALITY in firm_kinds(
        f"Visitors {said} register at the desk.", f"Visitors {given} register at the desk."
    )


def test_an_exception_that_is_lost_from_a_sentence_told_word_for_word_suffices() -> None:
    assert ConflictKind.CONDITION in firm_kinds("Loans may be extended twice.", LOAN)


@pytest.mark.parametrize(
    ("statement", "passage", "turned"),
    [
        ("The pump works unless the valve is open.", "The pump works if the valve is open.", True),
        ("The pump works if the valve is open.", "The pump works unless the valve is open.", True),
        ("The pump works unless the valve is closed.", "The pump works if the valve is not closed.", False),
        ("The pump works when the valve is open.", "The pump works if the valve is open.", False),
        ("Loans may be extended twice if another reader has reserved the item.", LOAN, True),
    ],
)
def test_a_condition_in_the_place_of_an_exception_suffices(statement: str, passage: str, turned: bool) -> None:
    assert (ConflictKind.CONDITION in firm_kinds(statement, passage)) is turned
