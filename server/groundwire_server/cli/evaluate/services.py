"""What is asked: a running server, or the parts of a configuration within this process."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import groundwire
from groundwire.v1.outcome_pb2 import Outcome
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.question_pb2 import Question
from groundwire_server.app.evaluation import InProcessService
from groundwire_server.domain.failure import Failure, GroundwireError, Rejection
from groundwire_server.domain.guards.finding import ForbiddenFailure
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.evaluation.recording import RecordedError


class CallFailedError(GroundwireError):
    """A call failed.

    Attributes:
        recorded: the failure as it is recorded.
        unreachable: whether no server was reached.
    """

    def __init__(self, recorded: RecordedError, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.recorded = recorded
        self.unreachable = unreachable


class Service(Protocol):
    """Answers questions, and searches."""

    async def answer(self, question: Question) -> Outcome:
        """Return how a question ended.

        Raises:
            CallFailedError: when the call fails.
        """
        ...

    async def retrieve(self, question: Question) -> Collection[Passage]:
        """Return the passages that an answer to a question would consider, best first; none where policy forbids it.

        Raises:
            CallFailedError: when the call fails.
        """
        ...


@dataclass(frozen=True, slots=True)
class RemoteService:
    """A running server."""

    client: groundwire.Client

    async def answer(self, question: Question) -> Outcome:
        """Return how a question ended."""
        try:
            return (await self.client.answer(question)).message
        except groundwire.Error as failed:
            raise _failed(failed) from None

    async def retrieve(self, question: Question) -> Collection[Passage]:
        """Return what an answer to a question would consider."""
        search = question.search
        narrowed = search.filter if search.HasField("filter") else None
        try:
            return (await self.client.retrieve(question.text, route=question.route, filter=narrowed)).passages
        except groundwire.Error as failed:
            if failed.reason == Reason.CONTENT_FORBIDDEN.value:
                return ()
            raise _failed(failed) from None


@dataclass(frozen=True, slots=True)
class LocalService:
    """The parts of a configuration within this process."""

    parts: InProcessService

    async def answer(self, question: Question) -> Outcome:
        """Return how a question ended."""
        try:
            return await self.parts.answer(question)
        except Rejection as rejected:
            raise _rejected(rejected) from None

    async def retrieve(self, question: Question) -> Collection[Passage]:
        """Return what an answer to a question would consider."""
        try:
            return await self.parts.retrieve(question)
        except Rejection as rejected:
            raise _rejected(rejected) from None
        except ForbiddenFailure:
            return ()
        except Failure as failure:
            recorded = RecordedError(code="UNAVAILABLE", reason=failure.cause.value)
            raise CallFailedError(recorded, f"a search failed: {failure.cause}") from None


def _failed(failed: groundwire.Error) -> CallFailedError:
    recorded = RecordedError(code=failed.code.name, reason=failed.reason)
    return CallFailedError(recorded, str(failed), unreachable=failed.unreachable)


def _rejected(rejected: Rejection) -> CallFailedError:
    said = "; ".join(f"{each.field} {each.description}" for each in rejected.violations) or rejected.reason.value
    recorded = RecordedError(code="INVALID_ARGUMENT", reason=rejected.reason.value)
    return CallFailedError(recorded, f"the question was refused: {said}")
