"""How questions are asked: so many at once, each once, whatever fails."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from groundwire.v1.outcome_pb2 import Outcome
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.question_pb2 import Question
from groundwire_server.app.guard_check import GuardChecker, TextFindings
from groundwire_server.app.statement_check import StatementChecker
from groundwire_server.cli.evaluate.asking import FAILURES_IN_A_ROW, Asking, StoppedError
from groundwire_server.cli.evaluate.services import CallFailedError
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Screen, Verdict
from groundwire_server.evaluation.items import QuestionItem, StatementItem, StatementPassage, TextItem
from groundwire_server.evaluation.recording import (
    RecordedError,
    RecordedItem,
    RecordedQuestion,
    RecordedStatement,
    RecordedText,
)
from tests.doubles import events
from tests.doubles.time import LoopTime


class ScriptedService:
    """Answers when it is let, and fails the questions that it is told to.

    Attributes:
        most: how many answers were under way at once, at most.
        failing: the questions that fail.
    """

    def __init__(self, failing: Collection[str] = (), *, unreachable: bool = False) -> None:
        self.most = 0
        self.failing = failing
        self._unreachable = unreachable
        self._under_way = 0

    async def answer(self, question: Question) -> Outcome:
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        self._under_way -= 1
        if question.text in self.failing:
            recorded = RecordedError(code="UNAVAILABLE")
            raise CallFailedError(recorded, "it is away", unreachable=self._unreachable)
        return events.answered()

    async def retrieve(self, question: Question) -> Collection[Passage]:
        return [Passage(chunk_id="c1", text=question.text)]


def questions(count: int) -> Sequence[QuestionItem]:
    return [QuestionItem(question=f"{number}?", expected=("mail room",)) for number in range(count)]


async def ask(
    service: ScriptedService, items: Sequence[QuestionItem | StatementItem], parallel: int
) -> list[RecordedItem]:
    kept: list[RecordedItem] = []
    await Asking(service, "default", StatementChecker.packaged(), kept.append).run(items, parallel)
    return kept


@pytest.mark.parametrize("parallel", [1, 3, 8])
async def test_as_many_are_asked_at_once_as_allowed(parallel: int) -> None:
    service = ScriptedService()
    kept = await ask(service, questions(40), parallel)

    assert service.most == parallel
    assert sorted(line.item.key for line in kept) == sorted(item.key for item in questions(40))


async def test_nothing_to_ask_is_done_at_once() -> None:
    assert await ask(ScriptedService(), [], 4) == []


async def test_single_failures_are_kept_and_end_nothing() -> None:
    failing = {f"{number}?" for number in range(0, 60, 2)}
    kept = await ask(ScriptedService(failing), questions(60), 1)

    assert {line.item.key for line in kept if isinstance(line, RecordedQuestion) and line.error is not None} == {
        item.key for item in questions(60) if item.question in failing
    }


async def test_failures_in_a_row_end_the_run() -> None:
    kept: list[RecordedItem] = []
    service = ScriptedService({f"{number}?" for number in range(1, 100)})
    with pytest.raises(StoppedError, match=f"{FAILURES_IN_A_ROW} calls in a row failed, the last with: it is away"):
        await Asking(service, "", StatementChecker.packaged(), kept.append).run(questions(100), 1)
    assert len(kept) == FAILURES_IN_A_ROW


@pytest.mark.parametrize(("first", "stopped"), [("0?", True), ("5?", False)])
async def test_a_server_that_was_never_reached_ends_the_run_at_once(first: str, stopped: bool) -> None:
    kept: list[RecordedItem] = []
    asking = Asking(ScriptedService({first}, unreachable=True), "", StatementChecker.packaged(), kept.append)
    if stopped:
        with pytest.raises(StoppedError, match="it is away") as wrong:
            await asking.run(questions(10), 1)
        assert wrong.value.unreachable
        assert kept == []
    else:
        await asking.run(questions(10), 1)
        assert len(kept) == 10


@pytest.mark.parametrize(
    ("text", "supported_by", "verdict"),
    [
        ("The desk opens at six.", "The desk opens at six. It closes at eight.", Verdict.VERBATIM),
        ("Penguins swim across rivers.", "The desk opens at six.", Verdict.UNSUPPORTED),
        # The weakest of two sentences counts.
        ("The desk opens at six. Penguins swim across rivers.", "The desk opens at six.", Verdict.UNSUPPORTED),
    ],
)
async def test_statements_are_checked_by_the_server_s_checker(text: str, supported_by: str, verdict: Verdict) -> None:
    item = StatementItem(
        text=text, passages=(StatementPassage(id="p", text=supported_by),), supported=True, kind="true"
    )
    (line,) = await ask(ScriptedService(), [item], 4)

    assert isinstance(line, RecordedStatement)
    assert line.verdict is verdict
    assert line.checker
    assert 0 <= line.coverage <= 1


class ScriptedGuards(GuardChecker):
    """Guards of which one cannot be asked about some texts."""

    def __init__(self, failing: Collection[str]) -> None:
        super().__init__({}, {}, Requester("acme"), LoopTime())
        self._failing = failing

    async def screen(self, screen: Screen, text: str) -> TextFindings:
        unavailable = {"far": Cause.MODEL_UNAVAILABLE} if text in self._failing else {}
        return TextFindings((), ("near",), unavailable)


async def screen(failing: Collection[str], kept: list[RecordedItem]) -> None:
    texts = [TextItem(screen="question", text=f"{number}", categories=()) for number in range(60)]
    await Asking(None, "", StatementChecker.packaged(), kept.append, ScriptedGuards(failing)).run(texts, 1)


async def test_a_guard_that_fails_now_and_then_ends_nothing() -> None:
    kept: list[RecordedItem] = []
    await screen([f"{number}" for number in range(0, 60, 2)], kept)

    assert len(kept) == 60
    assert [line.unavailable for line in kept if isinstance(line, RecordedText)][:2] == [("far",), ()]


async def test_a_guard_that_fails_again_and_again_ends_the_run() -> None:
    kept: list[RecordedItem] = []
    with pytest.raises(StoppedError, match="20 calls in a row failed, the last with: the guard far: MODEL_UNAVAILABLE"):
        await screen([f"{number}" for number in range(1, 60)], kept)
