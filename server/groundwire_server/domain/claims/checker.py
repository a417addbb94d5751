"""The rule checker: the verdict on a statement, without a model and the same every time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from groundwire_server.domain.claims.alignment import Alignment, TermPlace, align
from groundwire_server.domain.claims.brief import announces, bare_answer, introduces, may_introduce
from groundwire_server.domain.claims.evidence import EvidenceText, Unit
from groundwire_server.domain.claims.features import features
from groundwire_server.domain.claims.language import COMPOUNDING, IDEOGRAPHIC, differ, language
from groundwire_server.domain.claims.markup import denying_signs, markup_of
from groundwire_server.domain.claims.objections import objections
from groundwire_server.domain.claims.rules.objection import Objection
from groundwire_server.domain.claims.terms import places
from groundwire_server.domain.claims.trees import Classifier
from groundwire_server.domain.vocabulary import ConflictKind, Verdict

_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|`")
_MARKER = re.compile(r"^\s*(?:[-*+•>]|#{1,6}|\d{1,2}[.)])\s+")
FITTED_FOR = frozenset(("", "en"))
"""Languages whose statements the classifier was fitted on; for the others the share of words that are found decides."""

_STRANGE = (TermPlace.ELSEWHERE, TermPlace.NOWHERE)
_OUT_OF_ORDER = (*_STRANGE, TermPlace.MOVED, TermPlace.REPEATED)

_NEVER_OVERRULED = (
    ConflictKind.NUMBER,
    ConflictKind.DATE,
    ConflictKind.UNIT,
    ConflictKind.NAME,
    ConflictKind.NEGATION,
)

_KEPT = 256
_MOST_KEPT = 4096
"""How many passages stay analysed, and the longest of them, in code points."""

_ASKED = 0.6
"""Share of a question's terms that must be found before `Yes.` or `No.` can be judged."""

_ENOUGH_FOUND = 0.4
_ENOUGH_OF = {"thai": 0.5, "arabic": 0.85, "hebrew": 0.85, "cyrillic": 0.7, "greek": 0.7, "devanagari": 0.7}
"""Share of a statement's terms that must be found, where the classifier was not fitted."""

_FINGERPRINT = 16
"""Hexadecimal digits of the hash that are kept."""

_REPEATS = 0.5
"""Share of the terms that a passage's sentence has, from which it speaks of the same."""


@dataclass(frozen=True, slots=True)
class FoundConflict:
    """A place where a statement departs from its evidence.

    Attributes:
        kind: the rule that objects.
        start: where it begins in the statement, in code points.
        end: where it ends.
        source: the index of the passage that says otherwise; -1 for none.
        words: what that passage says, in the words of the passage; empty for none.
    """

    kind: ConflictKind
    start: int
    end: int
    source: int = -1
    words: str = ""


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """The verdict on a statement.

    Attributes:
        verdict: VERBATIM is left to the caller, who knows the passage's sentences.
        support: the estimated probability that the passages support it, 0 to 1.
        sources: the indexes of the passages that carry something of it.
        conflicts: where it departs from them.
    """

    verdict: Verdict
    support: float
    sources: tuple[int, ...]
    conflicts: tuple[FoundConflict, ...] = ()


def without_emphasis(statement: str) -> str:
    """Return a statement with blanks in the place of emphasis and list markers: the places of its words stay."""
    plain = _MARKER.sub(_blank, statement, count=1)
    return _EMPHASIS.sub(_blank, plain) if any(sign in plain for sign in "*_`") else plain


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def guess_language(statement: str, evidence: Sequence[EvidenceText]) -> str:
    """Return the language of a statement too short to tell: the passages', if nothing in it speaks against that."""
    given = {passage.language for passage in evidence} - {""}
    likely = language(statement, least=1)
    return likely if likely or len(given) != 1 else given.pop()


def compare(statement: Unit, evidence: Sequence[EvidenceText], spoken: str) -> tuple[Alignment, list[Objection]]:
    """Return a statement beside its evidence, and what the rules for its language object to."""
    alignment = align(statement, evidence, compounds=spoken in COMPOUNDING)
    return alignment, objections(alignment, evidence, spoken)


class RuleChecker:
    """Judges statements by rules and a small classifier.

    Args:
        classifier: decides where no rule does.

    Attributes:
        fingerprint: a hash of all that decides a verdict: the rules' source and the classifier's weights.
    """

    def __init__(self, classifier: Classifier, fingerprint: str = "") -> None:
        self._classifier = classifier
        self._analysed = lru_cache(_KEPT)(EvidenceText)
        self.fingerprint = fingerprint

    @classmethod
    def packaged(cls) -> "RuleChecker":
        """Return the checker with the weights of this package."""
        folder = files(__package__)
        return cls(Classifier.parse(folder.joinpath("weights.json").read_text()), _fingerprint(folder))

    def evidence(self, text: str, title: str = "") -> EvidenceText:
        """Return a passage as it is compared; what was analysed lately is not analysed again.

        Args:
            text: of the passage.
            title: of its document.
        """
        return self._analysed(text, title) if len(text) <= _MOST_KEPT else EvidenceText(text, title)

    def check(self, statement: str, evidence: Sequence[EvidenceText], question: str = "") -> RuleFinding:
        """Return the verdict on a statement, as far as rules can tell.

        Args:
            statement: a sentence.
            evidence: the passages that it cites.
            question: the question that it answers: `Yes.` is read with it.
        """
        markup = [
            FoundConflict(ConflictKind.MARKUP, start, end)
            for start, end in markup_of(statement, [passage.text for passage in evidence])
        ]
        unit = Unit(without_emphasis(statement))
        plain = unit.text
        denies = bare_answer(unit)
        if denies is not None and (question or unit.sig):
            return self._bare(statement, evidence, question, denies=denies)
        if not unit.sig or introduces(unit):
            verdict = Verdict.UNSUPPORTED if markup else Verdict.NOT_A_CLAIM
            return RuleFinding(verdict, 0.0, (), tuple(markup))
        spoken = language(plain)
        likely = spoken or guess_language(plain, evidence)
        alignment, found = compare(unit, evidence, likely)
        sources = tuple(sorted(set(alignment.sources)))
        markup += [
            FoundConflict(ConflictKind.NEGATION, place, place + 1)
            for place in denying_signs(plain, [each.text for each in alignment.units])
        ]
        firm = [each for each in found if each.firm]
        support = 0.0 if firm else self._support(alignment, found, likely)
        accepted = support >= self._threshold(likely)
        # English passages are the rule: their language is looked at where a statement is in another one, or is refused.
        foreign = spoken not in ("", "en")
        if accepted and not (firm or markup or foreign):
            return RuleFinding(Verdict.CONSISTENT, support, sources)
        if announces(unit) and not (markup or any(each.unit >= 0 for each in firm)) and may_introduce(alignment):
            return RuleFinding(Verdict.NOT_A_CLAIM, 0.0, ())
        if evidence and all(differ(spoken, passage.language) for passage in evidence):
            whole = FoundConflict(ConflictKind.LANGUAGE, 0, len(statement))
            return RuleFinding(Verdict.UNSUPPORTED, 0.0, (), (*markup, whole))
        if accepted and not (firm or markup):
            return RuleFinding(Verdict.CONSISTENT, support, sources)
        shown = _shown(alignment, firm or ([] if accepted else _hints(found)), plain, evidence)
        conflicts = [*markup, *(each for each in shown if not any(_overlap(each, other) for other in markup))]
        speaks_of_it = len(alignment.left) <= (1.0 - _REPEATS) * len(alignment.owner)
        contradicted = speaks_of_it and any(each.unit >= 0 for each in firm)
        return RuleFinding(
            Verdict.CONTRADICTED if contradicted else Verdict.UNSUPPORTED,
            support,
            sources,
            tuple(conflicts or _uncovered(alignment, plain)),
        )

    def _bare(self, statement: str, evidence: Sequence[EvidenceText], question: str, *, denies: bool) -> RuleFinding:
        """Return the verdict on a bare `Yes.` or `No.`: whether the passages say what is asked, or otherwise."""
        asked = Unit(question.rstrip(" ?"))
        alignment = align(asked, evidence)
        held = sum(place not in (TermPlace.ELSEWHERE, TermPlace.NOWHERE) for place in alignment.places)
        support = held / max(1, len(alignment.places))
        otherwise = any(each.firm for each in objections(alignment, evidence, language(question)))
        sources = tuple(sorted(set(alignment.sources)))
        if support >= _ASKED and otherwise is denies:
            return RuleFinding(Verdict.CONSISTENT, support, sources)
        whole = FoundConflict(ConflictKind.NEGATION if support >= _ASKED else ConflictKind.UNCOVERED, 0, len(statement))
        return RuleFinding(Verdict.UNSUPPORTED, 0.0, sources, (whole,))

    def _support(self, alignment: Alignment, found: Sequence[Objection], spoken: str) -> float:
        if spoken in FITTED_FOR:
            return self._classifier.probability(features(alignment, found))
        strange = _OUT_OF_ORDER if spoken in IDEOGRAPHIC else _STRANGE
        held = sum(place not in strange for place in alignment.places)
        return held / max(1, len(alignment.places))

    def _threshold(self, spoken: str) -> float:
        return self._classifier.threshold if spoken in FITTED_FOR else _ENOUGH_OF.get(spoken, _ENOUGH_FOUND)


def _overlap(one: FoundConflict, other: FoundConflict) -> bool:
    return one.start < other.end and other.start < one.end


def _fingerprint(folder: Traversable) -> str:
    """Return a hash of every source and data file below a folder."""
    digest = sha256()
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            digest.update(_fingerprint(entry).encode())
        elif entry.name.endswith((".py", ".json")):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return digest.hexdigest()[:_FINGERPRINT]


def _shown(
    alignment: Alignment, found: Sequence[Objection], statement: str, evidence: Sequence[EvidenceText]
) -> list[FoundConflict]:
    """Return objections with where they stand in the statement, and what the passage says there."""
    if not found:
        return []
    where = places(statement)
    shown: list[FoundConflict] = []
    for objection in _most_specific(found):
        start, end = where[objection.start][0], where[objection.end - 1][1]
        if objection.unit < 0:
            shown.append(FoundConflict(objection.kind, start, end))
            continue
        unit = alignment.units[objection.unit]
        given = places(unit.text)
        words = unit.text[given[objection.low][0] : given[objection.high - 1][1]]
        source = alignment.sources[objection.unit]
        # A row that was put together with its header has words that do not stand so in the passage.
        shown.append(FoundConflict(objection.kind, start, end, source, words if words in evidence[source].text else ""))
    return shown


def _hints(found: Sequence[Objection]) -> list[Objection]:
    """Return objections that did not suffice as what they are: words that the passages may not cover.

    A conflict of a number, a name or a negation is one that nothing overrules; these are none.
    """
    return [
        Objection(ConflictKind.UNCOVERED, each.start, each.end, firm=False) if each.kind in _NEVER_OVERRULED else each
        for each in found
    ]


def _most_specific(found: Sequence[Objection]) -> list[Objection]:
    """Leave out that words stand in no passage where another rule says more of them."""
    kinds = {(each.kind, each.start, each.end): each for each in found if each.kind is not ConflictKind.UNCOVERED}
    known = list(kinds.values())
    return known + [
        each
        for each in found
        if each.kind is ConflictKind.UNCOVERED
        and not any(other.start < each.end and each.start < other.end for other in known)
    ]


def _uncovered(alignment: Alignment, statement: str) -> list[FoundConflict]:
    """Return the words that no passage has; the whole statement where it is not a matter of words."""
    where = places(statement)
    strange = [
        where[alignment.statement.sig[index]]
        for index, place in enumerate(alignment.places)
        if place in (TermPlace.ELSEWHERE, TermPlace.NOWHERE)
    ]
    spans: list[tuple[int, int]] = []
    for start, end in strange:
        if spans and not any(character.isalnum() for character in statement[spans[-1][1] : start]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [FoundConflict(ConflictKind.UNCOVERED, start, end) for start, end in spans or [(0, len(statement))]]
