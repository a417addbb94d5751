"""The verdict of the server's checker on a statement, outside an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.domain.answer import Conflict, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.pipeline.support import Source, check_sentence

_MIN_SUPPORT = 0.5
"""The default of a route's `thresholds.min_support`: below it a sentence does not leave."""


@dataclass(frozen=True, slots=True)
class StatementVerdict:
    """The verdict on a statement of one sentence or more.

    Attributes:
        verdict: the weakest of its sentences'.
        support: the least of its sentences', 0 to 1.
        checker: names the check.
        conflicts: those of all of its sentences; their spans are in the statement.
    """

    verdict: Verdict
    support: float
    checker: str
    conflicts: tuple[Conflict, ...]


async def check_statement(text: str, passages: Sequence[Passage]) -> StatementVerdict:
    """Return the verdict on a statement that cites passages.

    Args:
        text: the statement.
        passages: those that it cites, at least one.
    """
    cited = [Source(passage) for passage in passages]
    checked = [check_sentence(text[start:end], Span.within(text, start, end), cited) for start, end in sentences(text)]
    support = min((sentence.support for sentence in checked), default=0.0)
    verdict = Verdict.weakest(sentence.verdict for sentence in checked) or Verdict.NOT_A_CLAIM
    if support < _MIN_SUPPORT and verdict is not Verdict.NOT_A_CLAIM:
        verdict = Verdict.weakest((verdict, Verdict.UNSUPPORTED)) or verdict
    conflicts = tuple(conflict for sentence in checked for conflict in sentence.conflicts)
    return StatementVerdict(verdict, support, checked[0].checker if checked else "", conflicts)
