"""Asks the questions, and checks the statements and texts, of which nothing is recorded yet: some at a time."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from google.protobuf import json_format

from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.question_pb2 import Question
from groundwire_server.app.guard_check import GuardChecker
from groundwire_server.app.statement_check import StatementChecker
from groundwire_server.cli.evaluate.conversion import recorded_outcome, recorded_passages
from groundwire_server.cli.evaluate.services import CallFailedError, Service
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.evaluation.items import QuestionItem, StatementItem, TextItem
from groundwire_server.evaluation.measures.texts import word_coverage
from groundwire_server.evaluation.recording import (
    RecordedConflict,
    RecordedFinding,
    RecordedItem,
    RecordedQuestion,
    RecordedStatement,
    RecordedText,
)

FAILURES_IN_A_ROW = 20
"""So many failed calls without one that works end a run: a server that is away answers no question."""

_DIGITS = 6

Item: TypeAlias = QuestionItem | StatementItem | TextItem
Keep: TypeAlias = Callable[[RecordedItem], None]


class StoppedError(SetupError):
    """A run cannot go on.

    Attributes:
        unreachable: whether no server was reached.
    """

    def __init__(self, message: str, *, unreachable: bool) -> None:
        super().__init__(message)
        self.unreachable = unreachable


class Asking:
    """One run over questions, statements and texts.

    Args:
        service: answers the questions; None where there are none.
        route: the route to ask; empty takes the service's default.
        checker: checks the statements.
        keep: is given each line as soon as it is known.
        guards: screen the texts; None where there are none.
    """

    def __init__(
        self,
        service: Service | None,
        route: str,
        checker: StatementChecker,
        keep: Keep,
        guards: GuardChecker | None = None,
    ) -> None:
        self._service = service
        self._route = route
        self._checker = checker
        self._keep = keep
        self._guards = guards
        self._failed_in_a_row = 0
        self._answered = False

    async def run(self, items: Sequence[Item], parallel: int) -> None:
        """Ask all of them, so many at a time; an interruption leaves those alone that are not kept yet.

        Raises:
            StoppedError: when no server is there, too many calls in a row failed, or a reply cannot be understood.
        """
        waiting = iter(items)
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(parallel, len(items))):
                    tasks.create_task(self._work(waiting))
        except BaseExceptionGroup as group:
            raise _first(group) from None

    async def _work(self, waiting: Iterator[Item]) -> None:
        for item in waiting:
            self._keep(await self._line(item))

    async def _line(self, item: Item) -> RecordedItem:
        match item:
            case QuestionItem():
                return await self._ask(item)
            case StatementItem():
                return await self._check(item)
            case TextItem():
                return await self._screen(item)

    async def _ask(self, item: QuestionItem) -> RecordedQuestion:
        if self._service is None:
            raise SetupError("there are questions, and no service to ask")
        question = Question(text=item.question, route=self._route)
        if item.filter is not None:
            json_format.ParseDict(dict(item.filter), question.search.filter)
        try:
            passages = recorded_passages(await self._service.retrieve(question))
            outcome = recorded_outcome(await self._service.answer(question))
        except CallFailedError as failed:
            self._failed(failed)
            return RecordedQuestion(kind="question", item=item, error=failed.recorded)
        except ValueError as unknown:
            said = " ".join(str(unknown).split())
            raise StoppedError(
                f"a reply has something that this version does not know ({said}): use the server's version",
                unreachable=False,
            ) from None
        self._failed_in_a_row, self._answered = 0, True
        return RecordedQuestion(kind="question", item=item, passages=passages, outcome=outcome)

    async def _check(self, item: StatementItem) -> RecordedStatement:
        passages = [Passage(passage.id, passage.text, title=passage.title) for passage in item.passages]
        checked = await self._checker.check(item.text, passages)
        return RecordedStatement(
            kind="statement",
            item=item,
            verdict=checked.verdict,
            support=round(checked.support, _DIGITS),
            coverage=round(word_coverage(item.text, [passage.text for passage in passages]), _DIGITS),
            checker=checked.checker,
            conflicts=tuple(
                RecordedConflict(
                    kind=conflict.kind,
                    words=item.text[conflict.span.start_code_point : conflict.span.end_code_point],
                    passage_words=conflict.passage_words,
                )
                for conflict in checked.conflicts
            ),
        )

    async def _screen(self, item: TextItem) -> RecordedText:
        if self._guards is None:
            raise SetupError("there are texts, and no guards to look at them")
        screened = await self._guards.screen(Screen(item.screen.upper()), item.text)
        if screened.unavailable:
            name, cause = next(iter(screened.unavailable.items()))
            self._failed_in_a_row += 1
            self._stop_after_many(f"the guard {name}: {cause}", unreachable=False)
        else:
            self._failed_in_a_row = 0
        return RecordedText(
            kind="text",
            item=item,
            guards=screened.guards,
            findings=tuple(
                RecordedFinding(
                    guard=each.guard.name,
                    category=each.finding.category,
                    action=each.action,
                    rule=each.finding.rule,
                    score=each.finding.score,
                )
                for each in screened.findings
            ),
            unavailable=tuple(screened.unavailable),
        )

    def _failed(self, failed: CallFailedError) -> None:
        self._failed_in_a_row += 1
        if failed.unreachable and not self._answered:
            raise StoppedError(str(failed), unreachable=True)
        self._stop_after_many(f"{failed}", unreachable=failed.unreachable)

    def _stop_after_many(self, last: str, *, unreachable: bool) -> None:
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            raise StoppedError(
                f"{FAILURES_IN_A_ROW} calls in a row failed, the last with: {last}", unreachable=unreachable
            )


def check_filters(items: Iterable[QuestionItem]) -> None:
    """Refuse a question whose filter is not one of the contract.

    Raises:
        SetupError: for the first.
    """
    for item in items:
        if item.filter is not None:
            try:
                json_format.ParseDict(dict(item.filter), Filter())
            except json_format.ParseError as wrong:
                said = " ".join(str(wrong).split())
                raise SetupError(
                    f"the filter of the question {item.key} is not a Filter of the contract: {said}"
                ) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first exception of a group, however deep it is."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
