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
from groundwire_server.adapters.replayed.tape import LiveCalls, Tape
from groundwire_server.adapters.replayed.timeline import UnrecordedError
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece, Usage
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
        live: asks the model itself; None asks none.
        model: the model itself; None where there is none.
    """

    def __init__(
        self, tape: Tape, port: PortName, live: LiveCalls | None = None, model: Generator | None = None
    ) -> None:
        self._tape = tape
        self._port = port
        self._live = live
        self._model = model

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
        if self._live is None or self._model is None:
            raise UnrecordedError(self._port, request.model)
        timeline, model = self._tape.timeline, self._model
        seconds, start = deadline.at - timeline.now, request.start_by.at - timeline.now
        written, failure = await self._live.ask(lambda now: _written(model, request, now + seconds, now + start))
        for piece in written:
            yield piece
        if failure is not None:
            raise failure


async def _written(
    model: Generator, request: GenerationRequest, until: float, start_by: float
) -> tuple[list[Piece], Failure | None]:
    """Return all that a model writes, and how it fails."""
    written: list[Piece] = []
    request = replace(request, start_by=Deadline(start_by))
    try:
        async with aclosing(model.generate(request, Deadline(until))) as pieces:
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
        live: asks the reranker itself.
        reranker: the reranker itself; None where there is none.
    """

    def __init__(self, tape: Tape, name: str, live: LiveCalls | None = None, reranker: Reranker | None = None) -> None:
        self._tape = tape
        self._live = live
        self._reranker = reranker
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
            with _Charged(request.allowance) as charged:
                reply: RerankReply = await played.value()
                charged.usage = reply.usage
            return reply
        if self._live is None or self._reranker is None:
            raise UnrecordedError(PortName.RERANKER, self.name)
        seconds, reranker = deadline.at - self._tape.timeline.now, self._reranker
        return await self._live.ask(lambda now: reranker.rate(request, Deadline(now + seconds)))


class ReplayedChecker:
    """A Checker whose probabilities were recorded.

    Args:
        tape: has what was recorded.
        part: what is known of it.
        live: asks the checker itself.
        checker: the checker itself; None where there is none.
    """

    def __init__(
        self, tape: Tape, part: CheckerPart, live: LiveCalls | None = None, checker: Checker | None = None
    ) -> None:
        self._tape = tape
        self._live = live
        self._checker = checker
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
            with _Charged(request.allowance) as charged:
                reply: CheckReply = await played.value()
                charged.usage = reply.usage
            return reply
        if self._live is None or self._checker is None:
            raise UnrecordedError(PortName.CHECKER, self.name)
        seconds, checker = deadline.at - self._tape.timeline.now, self._checker
        return await self._live.ask(lambda now: checker.check(request, Deadline(now + seconds)))

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer.

        Raises:
            ChargedFailure: that came back then.
            UnrecordedError: for other passages, where no checker is asked.
        """
        played = self._tape.take(PortName.SUFFICIENCY, request=sufficiency_digest(request))
        if played is not None:
            with _Charged(request.allowance) as charged:
                reply: SufficiencyReply = await played.value()
                charged.usage = reply.usage
            return reply
        if self._live is None or self._checker is None:
            raise UnrecordedError(PortName.SUFFICIENCY, self.name)
        seconds, checker = deadline.at - self._tape.timeline.now, self._checker
        return await self._live.ask(lambda now: checker.rate_sufficiency(request, Deadline(now + seconds)))


class _Charged:
    """Counts what a recorded reply has consumed towards what its call may consume: its adapter did so then.

    Attributes:
        usage: of the reply.
    """

    def __init__(self, allowance: Allowance | None) -> None:
        self._allowance = allowance
        self.usage = Usage()

    def __enter__(self) -> "_Charged":
        return self

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> None:
        usage = raised.usage if isinstance(raised, ChargedFailure) else self.usage
        if self._allowance is not None:
            self._allowance.settle(Usage(), usage)
