"""Statements that say something only with what stands around them: bare answers, and lead-ins of what follows."""

import re
from typing import Final

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.evidence import Unit
from groundwire_server.domain.claims.lexicon import FALSIFIERS
from groundwire_server.domain.claims.markup import bare_sign
from groundwire_server.domain.text.stems import stem

_ANSWER: Final = re.compile(r"\W*(yes|no|ja|nein|oui|non|sí|si|nee|sim|não|indeed)\b\W*", re.IGNORECASE)
_NO: Final = frozenset(("no", "nein", "non", "nee", "não"))
_INTRODUCING: Final = frozenset(
    map(
        stem,
        "step follow details way reason example option point list summary result answer key main note overview"
        " instruction requirement feature difference illustration table code mean".split(),
    )
)
"""Stems of words that a lead-in says of what follows, and not of the world."""

_DOUBTING: Final = FALSIFIERS | frozenset(map(stem, "lie mistaken error rumor rumour fiction".split()))
"""Stems of words that take back what follows."""

_STRANGE: Final = (TermPlace.ELSEWHERE, TermPlace.NOWHERE)


def bare_answer(statement: Unit) -> bool | None:
    """Return whether a statement that only answers `yes` or `no` denies: `No, it is not.`, `It is.`, a tick.

    None where it says more, or nothing at all.
    """
    text = statement.text
    said = _ANSWER.match(text)
    rest = Unit(text[said.end() :]) if said else statement
    if text.rstrip().endswith(":") or any(
        term.content or term.number or term.condition or (term.quantifier and not term.negates) for term in rest.terms
    ):
        return None
    if said:
        return said[1].casefold() in _NO or any(term.denies for term in rest.terms)
    if not rest.terms:
        return bare_sign(text)
    return any(term.negates for term in rest.terms)


def introduces(statement: Unit) -> bool:
    """Return whether a statement only announces what follows: `The steps are:`."""
    return announces(statement) and all(
        term.norm in _INTRODUCING for term in statement.terms if term.significant and not term.modal
    )


def announces(statement: Unit) -> bool:
    """Return whether a statement is a lead-in."""
    return statement.text.rstrip().endswith(":") and not statement.quantities


def may_introduce(alignment: Alignment) -> bool:
    """Return whether what a lead-in says beyond its passages is no claim: a word at most, and none that denies."""
    terms = [alignment.term(index) for index in range(len(alignment.places))]
    strange = [term for term, place in zip(terms, alignment.places, strict=True) if place in _STRANGE]
    return len([term for term in strange if term.norm not in _INTRODUCING]) <= 1 and not any(
        term.may_deny or term.opposite or term.quantifier or term.condition or term.norm in _DOUBTING for term in terms
    )
