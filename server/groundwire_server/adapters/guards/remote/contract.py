"""The contract of a guard of the operator's own: what it is sent, and what of its answer is believed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias

from groundwire_server.adapters.guards.remote.faults import GuardFault, InvalidFindingsFailure
from groundwire_server.adapters.guards.remote.options import ContractGuardOptions
from groundwire_server.adapters.http.json_reply import probability_in
from groundwire_server.adapters.providers.charged_calls import Send
from groundwire_server.adapters.resilience.side_by_side import all_results
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Screen

_RULE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}|")
"""A rule's name: operators see it, and no texts."""


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """What a guard says of a stretch of a text, not believed yet.

    Attributes:
        category: the kind of content.
        start: where the stretch begins; None, as the end is, for the whole text.
        end: where it ends; exclusive.
        score: a probability; None for a rule.
        rule: which of its rules found it.
        text: the stretch itself, by which its place is checked; None where the guard does not send it.
    """

    category: str
    start: int | None
    end: int | None
    score: float | None
    rule: str
    text: str | None


@dataclass(frozen=True, slots=True)
class ReportedResult:
    """What a guard says of a text.

    Attributes:
        findings: in it, as many as are read.
        text: the text that was looked at; None where the guard does not send it.
        beyond: categories of further findings, of which nothing else is read.
    """

    findings: Sequence[ReportedFinding]
    text: str | None
    beyond: frozenset[str] = frozenset()


Report: TypeAlias = tuple[Sequence[ReportedResult], Usage]
"""What a guard says of all texts of a request, and what a model behind it counted."""


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """How much of a report is read. It is counted before anything is made of it: a reply is read on the event loop.

    Attributes:
        results: exactly so many.
        findings: in each of them; of further ones only the category is read.
    """

    results: int
    findings: int

    def check_results(self, count: int) -> None:
        """Make sure that there is one result for each text.

        Raises:
            InvalidFindingsFailure: COUNT.
        """
        if count != self.results:
            raise InvalidFindingsFailure(GuardFault.COUNT)


class ContractFormat(Protocol):
    """The contract in one format."""

    def request(self, screen: Screen, texts: Sequence[str], caller: Mapping[str, str]) -> bytes:
        """Return the body of a request."""
        ...

    def report(self, body: bytes, limits: ReportLimits) -> Report:
        """Return what the body of a response says.

        Raises:
            InvalidFindingsFailure: UNREADABLE or COUNT.
        """
        ...


class ContractGuardApi:
    """The GuardApi of guards that keep the contract.

    Args:
        options: of the guard.
        message_format: the format of requests and responses.
    """

    def __init__(self, options: ContractGuardOptions, message_format: ContractFormat) -> None:
        self._options = options
        self._format = message_format

    async def screen(
        self, screen: Screen, texts: Sequence[str], requester: Requester, send: Send
    ) -> Sequence[Sequence[Finding]]:
        """Return the findings in each text, in the order of the text."""
        caller: dict[str, str] = {field: getattr(requester, field) for field in self._options.caller}

        async def ask(batch: Sequence[str]) -> Sequence[Sequence[Finding]]:
            return await send(self._format.request(screen, batch, caller), partial(self._read, batch))

        return [found for batch in await all_results(ask(batch) for batch in self._batches(texts)) for found in batch]

    def _batches(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        limits = self._options.batch
        batch: list[str] = []
        size = 0
        for text in texts:
            own = len(text.encode())
            if batch and (len(batch) == limits.texts or size + own > limits.bytes):
                yield batch
                batch, size = [], 0
            batch.append(text)
            size += own
        yield batch

    def _read(self, texts: Sequence[str], body: bytes) -> tuple[Sequence[Sequence[Finding]], Usage]:
        results, usage = self._format.report(body, ReportLimits(len(texts), self._options.max_findings))
        return [self._believed(text, result) for text, result in zip(texts, results, strict=True)], usage

    def _believed(self, text: str, result: ReportedResult) -> Sequence[Finding]:
        if result.text is not None and result.text != text:
            raise InvalidFindingsFailure(GuardFault.OTHER_TEXT)
        found = [self._finding(text, each) for each in result.findings]
        if result.beyond:
            # Whoever repeats what is forbidden must not be rid of the guard.
            categories = sorted(result.beyond.union(each.category for each in found))
            whole = (ReportedFinding(category, None, None, None, "", None) for category in categories)
            found = [self._finding(text, each) for each in whole]
        return sorted(found, key=lambda each: (each.start, each.end))

    def _finding(self, text: str, reported: ReportedFinding) -> Finding:
        whole = reported.start is None and reported.end is None
        start, end = (0, len(text)) if whole else (reported.start, reported.end)
        if start is None or end is None or not 0 <= start < end <= len(text):
            raise InvalidFindingsFailure(GuardFault.SPAN)
        if reported.text is not None and reported.text != text[start:end]:
            raise InvalidFindingsFailure(GuardFault.OTHER_TEXT)
        if reported.category not in self._options.found_categories:
            raise InvalidFindingsFailure(GuardFault.CATEGORY)
        if not _RULE.fullmatch(reported.rule):
            raise InvalidFindingsFailure(GuardFault.RULE)
        score = reported.score
        if score is not None and (score := probability_in(score)) is None:
            raise InvalidFindingsFailure(GuardFault.SCORE)
        return Finding(reported.category, start, end, reported.rule, score)
