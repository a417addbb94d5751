"""What follows a failure on the path: the decision, and what it needs of earlier answers or the queue."""

from dataclasses import replace
from typing import TypeAlias

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Queued
from groundwire_server.domain.step import Step
from groundwire_server.domain.vocabulary import Action
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.caching.holding import StandIn
from groundwire_server.pipeline.decide import AttemptHistory
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.stage import StageRunner

Substitute: TypeAlias = StandIn | Queued | None
"""What takes the place of a new answer: an earlier one, or a place in the queue."""


async def follow(
    failure: Failure, history: AttemptHistory, asked: Inquiry, ports: Ports, run: StageRunner, earlier: EarlierAnswers
) -> tuple[Step, Substitute]:
    """Return what follows a failure, with what takes the place of a new answer where that is what follows.

    An earlier answer is looked for, and a place in the queue taken, only when the row comes to it. Where there is none,
    the row goes on.

    Args:
        failure: the last.
        history: up to it.
        asked: the inquiry with its question as it came in, which another process may take up.
        ports: the dependencies of its route.
        run: knows the time that is left.
        earlier: answers to the same question.
    """
    history = replace(history, stand_in=True)
    while True:
        history = replace(history, remaining=run.remaining())
        step = decide.after(failure, history, asked.policy)
        substitute: Substitute = None
        match step.action:
            case Action.CACHED_ANSWER:
                substitute = await earlier.after(failure)
            case Action.QUEUE:
                substitute = await _queued(failure, asked, ports)
            case _:
                return step, None
        if substitute is not None:
            return step, substitute
        history = replace(history, used=history.used | {step.action})


async def _queued(failure: Failure, asked: Inquiry, ports: Ports) -> Queued | None:
    if ports.queue is None:
        return None
    try:
        return await ports.queue.submit(asked, failure.cause)
    except Failure:
        return None
