"""Rules about negations, quantifiers and opposites."""

import pytest

from groundwire_server.domain.vocabulary import ConflictKind
from tests.domain.claims.judging import firm_kinds

KEYS = "Encryption keys are generated on the device and are not sent to the server."
LEAVE = "All employees are entitled to 27 days of leave; most of them take it in summer."
PRICES = "Prices rose sharply after the war, and exports were higher than imports."
DOGS = "Dogs are allowed on the island only in winter."
BRIDGE = "The old bridge is no longer open to traffic, and drivers fail to notice the signs."

POLAR = {ConflictKind.NEGATION, ConflictKind.QUANTIFIER, ConflictKind.COMPARISON}


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Keys are never sent to the server.", KEYS),
        ("Encryption keys aren't sent to the server.", KEYS),
        ("Keys are generated on the device.", KEYS),
        ("Every employee is entitled to 27 days of leave.", LEAVE),
        ("Children with liver disease must not receive it.", "It must not be given to children with liver disease."),
        ("After the war prices rose sharply.", PRICES),
        ("Imports were lower than exports.", PRICES),
        ("Some bridges are open to traffic.", "Bridges are open to traffic."),
        ("The total cost was paid by all members.", "The cost was paid by all members."),
        ("In winter, dogs are allowed on the island.", DOGS),
        ("Dogs are allowed on the island solely in winter.", DOGS),
        ("The old bridge isn't open to traffic any more.", BRIDGE),
        ("Drivers do not notice the signs.", BRIDGE),
        ("It is illegal to park here.", "It is not legal to park here."),
        ("Parking here is not allowed.", "Parking here is prohibited."),
        ("Der Vertrag gilt nicht.", "Der Vertrag gilt nicht."),
        ("Smoking is illegal in the building.", "Smoking is not legal in the building."),
    ],
)
def test_what_keeps_its_direction_passes(statement: str, passage: str) -> None:
    assert firm_kinds(statement, passage) & POLAR == set()


@pytest.mark.parametrize(
    ("statement", "passage", "kind"),
    [
        ("Encryption keys are sent to the server.", KEYS, ConflictKind.NEGATION),
        ("Encryption keys are not generated on the device.", KEYS, ConflictKind.NEGATION),
        ("Prices never rose sharply after the war.", PRICES, ConflictKind.NEGATION),
        ("Dogs aren't allowed on the island in winter.", DOGS, ConflictKind.QUANTIFIER),
        ("The vaccine is given only to adults.", "The vaccine is given to adults.", ConflictKind.QUANTIFIER),
        ("Only the north gate is open.", "The north gate is open.", ConflictKind.QUANTIFIER),
        ("Dogs are allowed on the island in winter and summer.", DOGS, ConflictKind.QUANTIFIER),
        ("The old bridge is open to traffic.", BRIDGE, ConflictKind.NEGATION),
        ("The bridge can't be crossed by lorries.", "The bridge can be crossed by lorries.", ConflictKind.NEGATION),
        (
            "The canal is navigable without a licence.",
            "The canal is navigable with a licence.",
            ConflictKind.COMPARISON,
        ),
        ("Some employees are entitled to 27 days of leave.", LEAVE, ConflictKind.QUANTIFIER),
        ("No employees are entitled to 27 days of leave.", LEAVE, ConflictKind.NEGATION),
        ("All ferries leave from Lund.", "Most ferries leave from Lund.", ConflictKind.QUANTIFIER),
        ("Prices fell sharply after the war.", PRICES, ConflictKind.COMPARISON),
        ("Prices rose sharply before the war.", PRICES, ConflictKind.COMPARISON),
        ("Exports were lower than imports.", PRICES, ConflictKind.COMPARISON),
        ("Der Vertrag gilt nicht für Kinder.", "Der Vertrag gilt für Kinder.", ConflictKind.NEGATION),
        ("Der Vertrag gilt für Kinder.", "Der Vertrag gilt nicht für Kinder.", ConflictKind.NEGATION),
        ("Le pont n'est jamais ouvert aux voitures.", "Le pont est ouvert aux voitures.", ConflictKind.NEGATION),
        ("The bridge dont carry lorries.", "The bridge carries lorries.", ConflictKind.NEGATION),
        ("Exports wasnt higher than imports.", PRICES, ConflictKind.NEGATION),
        ("It is false that exports were higher than imports.", PRICES, ConflictKind.NEGATION),
        ("Exports were higher than imports (wrong).", PRICES, ConflictKind.NEGATION),
        ("Exports were higher than imports, which is untrue.", PRICES, ConflictKind.NEGATION),
        ("Sie müssen keinen Ausweis zeigen.", "Sie müssen einen Ausweis zeigen.", ConflictKind.NEGATION),
        ("Entry is not allowed.", "Entry is allowed.", ConflictKind.NEGATION),
        ("Dogs are no longer allowed on the island.", "Dogs are allowed on the island.", ConflictKind.NEGATION),
    ],
)
def test_what_is_turned_round_is_objected_to(statement: str, passage: str, kind: ConflictKind) -> None:
    assert kind in firm_kinds(statement, passage)
