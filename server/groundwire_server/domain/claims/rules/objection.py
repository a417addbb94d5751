"""What a rule finds at fault in a statement."""

from dataclasses import dataclass

from groundwire_server.domain.vocabulary import ConflictKind

RETOLD = 0.7
"""Share of a statement's terms that stand in the passage, below which it is told in other words."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One place where a statement departs from what it is aligned with.

    Attributes:
        kind: the rule that objects.
        start: the index of the first term at fault in the statement.
        end: the index after the last.
        unit: the index of the unit that says otherwise; -1 when none says anything about it.
        low: the index of the first term there.
        high: the index after the last.
        firm: whether it suffices by itself.
        needs: the share of the statement's terms that must stand in the passage, 0 to 1: where a statement is told in
            other words, what stands in the place of what is anyone's guess.
    """

    kind: ConflictKind
    start: int
    end: int
    unit: int = -1
    low: int = 0
    high: int = 0
    firm: bool = True
    needs: float = 0.0
