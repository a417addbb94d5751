"""Rules about addresses, paths, ratios, scores, numerals and references: what is written one way alone."""

import unicodedata

import pytest

from groundwire_server.domain.vocabulary import ConflictKind, Verdict
from tests.domain.claims.judging import checked, firm_kinds

_DECOMPOSED = unicodedata.normalize("NFD", "The café opened in Zürich in 1990.")


@pytest.mark.parametrize(
    ("statement", "passage", "kind"),
    [
        ("Mix resin and hardener 3:1.", "Mix resin and hardener 1:3.", ConflictKind.NUMBER),
        ("Mix resin and hardener 3:1.", "Mix resin and hardener 1 to 3.", ConflictKind.NUMBER),
        ("The final score was 2-1.", "The final score was 1–2.", ConflictKind.NUMBER),
        ("Section 4(a) of the lease covers repairs.", "Section 4(b) of the lease covers repairs.", ConflictKind.NUMBER),
        ("The register is at 0x1F.", "The register is at 0x2F.", ConflictKind.NUMBER),
        ("Chapter IV covers repairs.", "Chapter VI covers repairs.", ConflictKind.NUMBER),
        ("Write to desk@example.org.", "Write to shop@example.org.", ConflictKind.NAME),
        ("Limits are in /etc/pump.conf.", "Limits are in /etc/tank.conf.", ConflictKind.NAME),
        ("Limits are in /etc/pump.conf.", "Limits are in a file.", ConflictKind.NAME),
        ("Step ③ closes the valve.", "Step ② closes the valve.", ConflictKind.NUMBER),
        ("The queue holds 1e5 messages.", "The queue holds 1e6 messages.", ConflictKind.NUMBER),
    ],
)
def test_another_literal_is_objected_to(statement: str, passage: str, kind: ConflictKind) -> None:
    assert kind in firm_kinds(statement, passage)


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Mix resin and hardener 3:1.", "Mix resin and hardener 3 to 1."),
        ("Mix resin and hardener 3:1.", "Mix three parts of resin with one part of hardener."),
        ("The desk opens at 15:30.", "The desk opens at 3:30 pm."),
        ("Between 5-10 people came.", "Between 5 and 10 people came."),
        ("Section 4(a) of the lease covers repairs.", "The lease covers repairs in section 4(a)."),
        ("Chapter IV covers repairs.", "Repairs are covered in chapter IV."),
        ("Step 3 closes the valve.", "Step ③ closes the valve."),
        ("The queue holds 1e5 messages.", "The queue holds 100,000 messages."),
        ("The café opened in Zürich.", _DECOMPOSED),
        ("Write to DESK@example.org.", "Write to desk@example.org."),
    ],
)
def test_the_same_in_another_form_passes(statement: str, passage: str) -> None:
    assert not firm_kinds(statement, passage) & {ConflictKind.NUMBER, ConflictKind.NAME, ConflictKind.DATE}


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("The pump is by no means quiet.", "The pump is quiet."),
        ("The pump is anything but quiet.", "The pump is quiet."),
        ("The pump is quiet.", "The pump is by no means quiet."),
        ("The shop opened in Munich.", "The shop opened in Zurich in 1990."),
    ],
)
def test_little_that_changes_all_is_seen_in_a_short_sentence(statement: str, passage: str) -> None:
    assert checked(statement, passage).verdict is Verdict.CONTRADICTED
