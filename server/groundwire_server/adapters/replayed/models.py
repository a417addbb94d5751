"""Models of a call that is replayed."""

from array import array
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from groundwire_server.adapters.recorded.requests import (
    check_digest,
    prompt_digest,
    rerank_digest,
    sufficiency_digest,
)
from groundwire_server.adapters.replayed.tape import LivePart, Tape
from groundwire_server.adapters.replayed.timeline import UnrecordedError
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.reranking import RerankReply, RerankRequest
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.exchange import CheckerPart, PortName
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.reranker import Reranker


class ReplayedGenerator:
    """A Generator that writes what was recorded of the same prompt.

    Args:
        tape: has what was recorded.
        port: whether it answers or rewrites.
        live: the model itself; None asks none.
    """

    def __init__(self, tape: Tape, port: PortName, live: LivePart[Generator] | None = None) -> None:
        self._tape = tape
        self._port = port
        self._live = live

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the model wrote; of another prompt, what it writes now.

        Raises:
            Failure: that came back then, or that comes back now.
            UnrecordedError: for another prompt, where no model is asked.
        """
        played = self._tape.take(self._port, request.model, prompt_digest(request.prompt))
        if played is not None:
            async with aclosing(played.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            return
        if self._live is None:
            raise UnrecordedError(self._port, request.model)
        written, failure = await self._live.ask(
            lambda model, there: _written(model, replace(request, start_by=there(request.start_by)), there(deadline))
        )
        for piece in written:
            yield piece
        if failure is not None:
            raise failure


async def _written(
    model: Generator, request: GenerationRequest, deadline: Deadline
) -> tuple[list[Piece], Failure | None]:
    """Return all that a model writes, and how it fails."""
    written: list[Piece] = []
    try:
        async with aclosing(model.generate(request, deadline)) as pieces:
            async for piece in pieces:
                written.append(piece)  # noqa: PERF401 - what came before a failure counts
    except Failure as failure:
        return written, failure
    return written, None


class ReplayedEmbedder:
    """An Embedder whose vectors find nothing: what they found was recorded.

    Args:
        tape: has what was recorded.
        model: its name.
        known: shares of texts that its vocabulary knows.
    """

    def __init__(self, tape: Tape, model: str, known: Mapping[str, float]) -> None:
        self._tape = tape
        self._known = known
        self.model = model
        self.dimensions = 1

    def known(self, text: str) -> float:
        """Return the share of a text that the model's vocabulary knows; 1 for one that was not recorded."""
        return self._known.get(text, 1.0)

    def fill(self, text: str) -> float:
        """Return nothing: no text is cut in a replay."""
        del text
        return 0.0

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one vector per text, when there was one.

        Raises:
            Failure: that came back then.
        """
        played = self._tape.following(PortName.EMBEDDER)
        if played is not None:
            await played.value()
        return [array("f", [1.0]) for _ in texts]


class ReplayedReranker:
    """A Reranker whose ratings were recorded.

    Args:
        tape: has what was recorded.
        name: its name in the configuration.
        live: the reranker itself; None asks none.
    """

    def __init__(self, tape: Tape, name: str, live: LivePart[Reranker] | None = None) -> None:
        self._tape = tape
        self._live = live
        self.name = name
        self.fingerprint = name

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return the ratings of texts.

        Raises:
            ChargedFailure: that came back then.
            UnrecordedError: for other texts, where no reranker is asked.
        """
        played = self._tape.take(PortName.RERANKER, request=rerank_digest(request))
        if played is not None:
            reply: RerankReply = await played.charged_value(request.allowance)
            return reply
        if self._live is None:
            raise UnrecordedError(PortName.RERANKER, self.name)
        return await self._live.ask(lambda reranker, there: reranker.rate(request, there(deadline)))


class ReplayedChecker:
    """A Checker whose probabilities were recorded.

    Args:
        tape: has what was recorded.
        part: what is known of it.
        live: the checker itself; None asks none.
    """

    def __init__(self, tape: Tape, part: CheckerPart, live: LivePart[Checker] | None = None) -> None:
        self._tape = tape
        self._live = live
        self.name = part.name
        self.model = part.model
        self.fingerprint = part.fingerprint
        self.thresholds: EntailmentThresholds = part.thresholds

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence.

        Raises:
            ChargedFailure: that came back then.
            UnrecordedError: for other sentences, where no checker is asked.
        """
        played = self._tape.take(PortName.CHECKER, request=check_digest(request))
        if played is not None:
            reply: CheckReply = await played.charged_value(request.allowance)
            return reply
        if self._live is None:
            raise UnrecordedError(PortName.CHECKER, self.name)
        return await self._live.ask(lambda checker, there: checker.check(request, there(deadline)))

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer.

        Raises:
            ChargedFailure: that came back then.
            UnrecordedError: for other passages, where no checker is asked.
        """
        played = self._tape.take(PortName.SUFFICIENCY, request=sufficiency_digest(request))
        if played is not None:
            reply: SufficiencyReply = await played.charged_value(request.allowance)
            return reply
        if self._live is None:
            raise UnrecordedError(PortName.SUFFICIENCY, self.name)
        return await self._live.ask(lambda checker, there: checker.rate_sufficiency(request, there(deadline)))
