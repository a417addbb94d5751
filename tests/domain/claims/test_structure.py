"""Rules about who does what, and about what was added."""

import pytest

from groundwire_server.domain.vocabulary import ConflictKind
from tests.domain.claims.judging import firm_kinds

GEO = "In 1926 Easton Mills bought Marwell Works and closed its oldest kiln."
ACTIVE = "The wardens protect the terns from foxes with small fences."
TABLE = "| Model | Tunnels | Budget |\n|---|---|---|\n| R3 | 10 | none |\n| R5 | 40 | 60 W |"


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Marwell Works was bought by Easton Mills in 1926.", GEO),
        ("Easton Mills bought Marwell Works in 1926.", GEO),
        ("Easton Mills closed the oldest kiln of Marwell Works.", GEO),
        ("With small fences, the wardens protect the terns from foxes.", ACTIVE),
        ("The terns are protected from foxes by the wardens.", ACTIVE),
        ("The R5 has a budget of 60 W.", TABLE),
        ("Users connected by cable.", "Users typically connected via cable or radio."),
    ],
)
def test_the_same_roles_pass(statement: str, passage: str) -> None:
    assert firm_kinds(statement, passage) == set()


@pytest.mark.parametrize(
    ("statement", "passage", "kind"),
    [
        ("In 1926 Marwell Works bought Easton Mills and closed its oldest kiln.", GEO, ConflictKind.ROLE),
        ("Easton Mills was bought by Marwell Works in 1926.", GEO, ConflictKind.ROLE),
        ("The terns protect the wardens from foxes with small fences.", ACTIVE, ConflictKind.ROLE),
        ("The wardens protect the terns from foxes with small fences and loud music.", ACTIVE, ConflictKind.UNCOVERED),
        (
            "The wardens protect the terns from foxes with small fences, funded by lottery money.",
            ACTIVE,
            ConflictKind.UNCOVERED,
        ),
        ("Bread is baked with rye flour every morning.", ACTIVE, ConflictKind.UNCOVERED),
        ("Larkmoor was acquired by Northwell.", "Larkmoor acquired Northwell.", ConflictKind.ROLE),
    ],
)
def test_other_roles_and_additions_are_objected_to(statement: str, passage: str, kind: ConflictKind) -> None:
    assert kind in firm_kinds(statement, passage)
