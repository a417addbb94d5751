"""Statements beside passages, as the rules see them."""

from groundwire_server.domain.claims.alignment import Alignment
from groundwire_server.domain.claims.checker import RuleChecker, RuleFinding, compare, guess_language
from groundwire_server.domain.claims.evidence import EvidenceText, Unit
from groundwire_server.domain.claims.language import language
from groundwire_server.domain.claims.rules.objection import Objection
from groundwire_server.domain.vocabulary import ConflictKind

CHECKER = RuleChecker.packaged()


def compared(statement: str, *passages: str, title: str = "") -> tuple[Alignment, list[Objection]]:
    evidence = [EvidenceText(passage, title) for passage in passages]
    spoken = language(statement) or guess_language(statement, evidence)
    return compare(Unit(statement), evidence, spoken)


def firm_kinds(statement: str, *passages: str, title: str = "") -> set[ConflictKind]:
    """The kinds of objections that suffice by themselves."""
    return {each.kind for each in compared(statement, *passages, title=title)[1] if each.firm}


def kinds(statement: str, *passages: str) -> set[ConflictKind]:
    return {each.kind for each in compared(statement, *passages)[1]}


def checked(statement: str, *passages: str, question: str = "", title: str = "") -> RuleFinding:
    return CHECKER.check(statement, [EvidenceText(passage, title) for passage in passages], question)
