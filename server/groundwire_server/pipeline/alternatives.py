"""What takes the place of an answer after a failure: an earlier answer, or a place where the caller waits for one."""

from dataclasses import replace
from typing import TypeAlias

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import InReview, Queued
from groundwire_server.domain.step import Step
from groundwire_server.domain.vocabulary import Action
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.caching.stand_in import StandIn
from groundwire_server.pipeline.decide import AttemptHistory
from groundwire_server.pipeline.release import ReleaseGate
from groundwire_server.pipeline.review import AnswerReview
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.operations import AnswerQueue

Alternative: TypeAlias = StandIn | Queued | InReview


class Alternatives:
    """What one call may have in the place of an answer. Each is looked for only where a row comes to it.

    Args:
        asked: the inquiry with its question normalized, and nothing else made of it: another process may take it up.
        queue: accepts questions for later; None where none is answered later.
        earlier: the earlier answers.
        review: sends the draft for review.
        gate: of the stream.
        run: has the time that is left.
    """

    def __init__(
        self,
        asked: Inquiry,
        queue: AnswerQueue | None,
        earlier: EarlierAnswers,
        review: AnswerReview,
        gate: ReleaseGate,
        run: StageRunner,
    ) -> None:
        self._asked = asked
        self._queue = queue
        self._earlier = earlier
        self._review = review
        self._gate = gate
        self._run = run

    async def after(self, failure: Failure, history: AttemptHistory) -> tuple[Step, Alternative | None]:
        """Return what follows a failure, with what takes the place of an answer where that is what follows.

        Where an action of the row has nothing to give, the row goes on.
        """
        history = replace(history, stand_in=True)
        while True:
            history = replace(history, remaining=self._run.remaining())
            step = decide.after(failure, history, self._asked.policy)
            match step.action:
                case Action.CACHED_ANSWER:
                    instead: Alternative | None = await self._earlier.after(failure)
                    history = replace(history, stand_in=False)
                case Action.QUEUE:
                    instead = await self._accepted(failure)
                    history = replace(history, allow_queue=False)
                case Action.REVIEW:
                    instead = await self._review.open(failure, self._gate)
                    # What stood was taken back for it: it cannot be gone on from.
                    history = replace(history, review=False, standing=len(self._gate.released))
                case _:
                    return step, None
            if instead is not None:
                return step, instead

    async def _accepted(self, failure: Failure) -> Queued | None:
        """Return where a question waits that could not be answered now; None where it is not accepted."""
        if self._queue is None:
            return None
        try:
            return await self._queue.submit(self._asked, failure.cause)
        except Failure:
            return None
