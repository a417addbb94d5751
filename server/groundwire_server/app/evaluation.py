"""The parts of a configuration, asked within this process: the same path as a call's, without the server around it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from groundwire.v1.answer_service_pb2 import AnswerRequest
from groundwire.v1.outcome_pb2 import Outcome
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.question_pb2 import Question
from groundwire_server.app import compose
from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.calibration import calibrated_policy
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.parts import Parts, open_parts
from groundwire_server.app.parts.prompts import offline_prompts
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.caller import Caller
from groundwire_server.edge.convert.outcome import fill_outcome
from groundwire_server.edge.convert.passage import fill_passages
from groundwire_server.edge.convert.question import question_from_answer
from groundwire_server.edge.snapshot import ServingSnapshot
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import unrecorded


@dataclass(frozen=True, slots=True)
class InProcessService:
    """Answers and searches as a server of the same configuration would, for one caller.

    Attributes:
        snapshot: what calls are served with.
        caller: the caller of every question.
        clock: the event loop's.
        process: what outlives the snapshot.
    """

    snapshot: ServingSnapshot
    caller: Caller
    clock: Clock
    process: compose.Process

    def answerer(self, draw_mark: Callable[[], str]) -> PipelineAnswerer:
        """Return what answers over the same routes, with marks of the caller's own in its prompts."""
        recording, checking = self.process.recording, self.process.checking
        return PipelineAnswerer(self.snapshot.routes, self.clock, recording, checking, draw_mark=draw_mark)

    async def answer(self, question: Question) -> Outcome:
        """Return how a question ended.

        Raises:
            Rejection: when the route does not exist, or does not accept the question.
        """
        asked = question_from_answer(AnswerRequest(question=question), "")
        inquiry = self.snapshot.routes.inquiry(asked, self.caller, self.clock.now(), None)
        message = Outcome()
        fill_outcome(message, await self.snapshot.answerer.answer(inquiry, None))
        return message

    async def retrieve(self, question: Question) -> Collection[Passage]:
        """Return the passages that an answer to a question would consider, best first.

        Raises:
            Rejection: when the route does not exist, or does not accept the question.
            Failure: of the store or the embedder.
        """
        asked = question_from_answer(AnswerRequest(question=question), "")
        inquiry = self.snapshot.routes.inquiry(asked, self.caller, self.clock.now(), None)
        message = Outcome()
        fill_passages(message.abstained.nearest, (await self.snapshot.pipeline.search(inquiry)).evidence.passages)
        return message.abstained.nearest


@asynccontextmanager
async def in_process(
    configuration: Configuration, caller: Caller, adapt: Callable[[Parts], Parts] = lambda parts: parts
) -> AsyncIterator[InProcessService]:
    """Open the parts of a configuration, and close them when the context is left.

    Prompts are those built in and those of the folder; what was pushed to the records is not there.

    Args:
        configuration: of the routes that are asked.
        caller: of every question.
        adapt: returns the parts that are asked in place of those that were opened.

    Raises:
        SetupError: when a part cannot be used as it is.
        ImportError: when an extra is not installed that a part needs.
        OSError: when a folder or file cannot be had.
    """
    lease = Shared().lease()
    try:
        parts = adapt(await open_parts(configuration, lease, unrecorded()))
        process = compose.Process.begin(unrecorded())
        policies = {
            name: (
                await asyncio.to_thread(
                    calibrated_policy, name, route, parts.of_route(name, route.store), parts.rerankers.get(name)
                ),
                route.store,
            )
            for name, route in configuration.routes.items()
        }
        snapshot = compose.snapshot(
            policies,
            parts,
            process,
            NO_AUTHENTICATION,
            configuration.server.write_seconds,
            configuration.self_hosted_only or (),
            prompts=offline_prompts(configuration),
        )
        yield InProcessService(snapshot, caller, SystemClock(), process)
    finally:
        await lease.end()
