"""What speaks against a statement, once it is aligned: each rule looks at one thing and says where it objects."""

from collections.abc import Sequence
from dataclasses import replace

from groundwire_server.domain.claims.alignment import Alignment, Place
from groundwire_server.domain.claims.evidence import Evidence
from groundwire_server.domain.claims.language import CAPITALS_MARK_NAMES, ORDER_TELLS_ROLES, PAIRED
from groundwire_server.domain.claims.rules.names import object_to_names
from groundwire_server.domain.claims.rules.numbers import (
    object_to_bindings,
    object_to_quantities,
    object_to_signs,
    object_to_unit_words,
)
from groundwire_server.domain.claims.rules.objection import Objection
from groundwire_server.domain.claims.rules.polarity import (
    object_to_comparisons,
    object_to_lost_negations,
    object_to_negations,
    object_to_quantifiers,
)
from groundwire_server.domain.claims.rules.stance import object_to_attributions, object_to_conditions, object_to_modals
from groundwire_server.domain.claims.rules.structure import (
    object_to_additions,
    object_to_agents,
    object_to_roles,
    object_to_rows,
    object_to_strange_words,
)
from groundwire_server.domain.vocabulary import ConflictKind


def objections(alignment: Alignment, evidence: Sequence[Evidence], spoken: str) -> list[Objection]:
    """Return everything that speaks against a statement.

    Args:
        alignment: the statement beside its sentences.
        evidence: the passages that the sentences are from.
        spoken: its language; empty when unsure.
    """
    found = [
        *object_to_quantities(alignment, evidence),
        *object_to_bindings(alignment),
        *object_to_unit_words(alignment),
        *object_to_signs(alignment),
        *(object_to_names(alignment, evidence) if spoken in CAPITALS_MARK_NAMES else ()),
        *object_to_negations(alignment),
        *object_to_quantifiers(alignment),
        *object_to_comparisons(alignment),
        *object_to_modals(alignment),
        *object_to_conditions(alignment),
        *object_to_attributions(alignment),
        *(object_to_roles(alignment) if spoken in ORDER_TELLS_ROLES else ()),
        *object_to_rows(alignment, evidence),
        *(object_to_additions(alignment) if spoken not in PAIRED else ()),
        *(object_to_strange_words(alignment) if spoken in ("", "en") else ()),
    ]
    plain = [
        *(object_to_agents(alignment) if spoken in ORDER_TELLS_ROLES else ()),
        *object_to_lost_negations(alignment),
    ]
    there = sum(place in (Place.MATCHED, Place.MOVED) for place in alignment.places)
    share = there / max(1, len(alignment.places))
    # Where a statement is told in other words, what stands in the place of what is anyone's guess.
    return [
        replace(each, firm=False) if share < _RETOLD.get(each.kind, 0.0) and _placed(each) else each for each in found
    ] + plain


def _placed(objection: Objection) -> bool:
    """Whether an objection goes by what stands where."""
    return objection.unit >= 0 or objection.kind is not ConflictKind.NAME


_RETOLD = {
    ConflictKind.NAME: 0.7,
    ConflictKind.NEGATION: 0.7,
    ConflictKind.QUANTIFIER: 0.7,
    ConflictKind.COMPARISON: 0.6,
    ConflictKind.ROLE: 0.7,
}
"""For conflicts that are seen by what stands where: the share of a statement's terms that stand in the passage, below
which it is told in other words.
"""
