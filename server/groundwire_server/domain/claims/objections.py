"""What speaks against a statement, once it is aligned: each rule looks at one thing and says where it objects."""

from collections.abc import Sequence
from dataclasses import replace

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.evidence import EvidenceText
from groundwire_server.domain.claims.language import CAPITALS_MARK_NAMES, ORDER_TELLS_ROLES, PAIRED
from groundwire_server.domain.claims.rules.literals import object_to_literals
from groundwire_server.domain.claims.rules.names import object_to_names
from groundwire_server.domain.claims.rules.numbers import (
    object_to_bindings,
    object_to_quantities,
    object_to_rates,
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
from groundwire_server.domain.claims.terms import ATTRIBUTION, CONDITION, DENIAL, MODAL, OPPOSITE, QUANTIFIER
from groundwire_server.domain.vocabulary import ConflictKind

_SHORT = 5
"""Significant terms of a short statement."""


def objections(alignment: Alignment, evidence: Sequence[EvidenceText], spoken: str) -> list[Objection]:
    """Return everything that speaks against a statement.

    Args:
        alignment: the statement beside its sentences.
        evidence: the passages that the sentences are from.
        spoken: its language; empty when unsure.
    """
    if not alignment.left and not alignment.free:
        # The same words: their order is all that can differ.
        roles = [*object_to_roles(alignment), *object_to_agents(alignment)] if spoken in ORDER_TELLS_ROLES else []
        return [*object_to_literals(alignment, evidence), *roles]
    said = given = 0
    for index in alignment.left:
        said |= alignment.term(index).concerns
    for _, _, term in alignment.free:
        given |= term.concerns
    concerns = said | given
    ordered = spoken in ORDER_TELLS_ROLES
    found = [
        *object_to_quantities(alignment, evidence),
        *object_to_rates(alignment),
        *object_to_bindings(alignment),
        *object_to_unit_words(alignment),
        *object_to_signs(alignment),
        *object_to_literals(alignment, evidence),
        *(object_to_names(alignment, evidence) if spoken in CAPITALS_MARK_NAMES else ()),
        *(object_to_negations(alignment) if concerns & DENIAL else ()),
        *(object_to_quantifiers(alignment) if concerns & QUANTIFIER else ()),
        *(object_to_comparisons(alignment) if said & given & OPPOSITE else ()),
        *(object_to_modals(alignment) if concerns & MODAL else ()),
        *(object_to_conditions(alignment) if concerns & CONDITION else ()),
        *(object_to_attributions(alignment) if concerns & ATTRIBUTION else ()),
        *(object_to_roles(alignment) if ordered else ()),
        *object_to_rows(alignment, evidence),
        *(object_to_additions(alignment) if spoken not in PAIRED else ()),
        *(object_to_strange_words(alignment) if spoken in ("", "en") else ()),
    ]
    plain = [
        *(object_to_agents(alignment) if ordered else ()),
        *(object_to_lost_negations(alignment) if concerns & DENIAL else ()),
    ]
    if not any(each.firm and each.needs for each in found):
        return found + plain
    size = len(alignment.owner)
    there = size - sum(alignment.places[index] is not TermPlace.MOVED for index in alignment.left)
    # A negator that was put in says nothing of how the rest is told; nor does a name, which is much of a short
    # statement.
    denials = sum(alignment.term(index).denies for index in alignment.left)
    apart = {ConflictKind.NEGATION: denials, ConflictKind.NAME: int(size <= _SHORT)}
    return [
        replace(each, firm=False) if there < each.needs * (size - apart.get(each.kind, 0)) else each for each in found
    ] + plain
