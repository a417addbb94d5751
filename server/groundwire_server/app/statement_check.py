"""The verdict of the server's checker on a statement, outside an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.domain.answer import Conflict
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.pipeline.support import CHECKER, Source, check_sentence


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


class StatementChecker:
    """Checks statements as the sentences of an answer are checked.

    Args:
        rules: judge what is not word for word.
    """

    def __init__(self, rules: RuleChecker) -> None:
        self._rules = rules

    @classmethod
    def packaged(cls) -> "StatementChecker":
        """Return the checker of this version."""
        return cls(RuleChecker.packaged())

    async def check(self, text: str, passages: Sequence[Passage]) -> StatementVerdict:
        """Return the verdict on a statement that cites passages.

        Args:
            text: the statement.
            passages: those that it cites, at least one.
        """
        cited = [Source(passage) for passage in passages]
        checked = [check_sentence(text[start:end], text, start, cited, self._rules) for start, end in sentences(text)]
        verdict = Verdict.weakest(sentence.verdict for sentence in checked) or Verdict.NOT_A_CLAIM
        support = min((sentence.support for sentence in checked), default=0.0)
        conflicts = tuple(conflict for sentence in checked for conflict in sentence.conflicts)
        return StatementVerdict(verdict, support, CHECKER, conflicts)
