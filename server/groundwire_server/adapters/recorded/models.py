"""Models while a call is recorded."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from groundwire_server.adapters.recorded.recorder import ExchangeRecorder, LoopTurn, nothing
from groundwire_server.adapters.recorded.requests import (
    check_digest,
    prompt_digest,
    rerank_digest,
    sufficiency_digest,
)
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, GenerationRequest, Piece
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.reranking import RerankReply, RerankRequest
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.exchange import PortName
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.reranker import Reranker


class RecordedGenerator:
    """A Generator of a call that is recorded.

    Args:
        inner: the model.
        port: whether it answers or rewrites.
        recorder: of the call.
    """

    def __init__(self, inner: Generator, port: PortName, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._port = port
        self._recorder = recorder

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the model writes.

        Raises:
            Failure: of the model.
        """
        call = self._recorder.begin(self._port, request.model, prompt_digest(request.prompt))
        turn = LoopTurn()
        try:
            async with aclosing(self._inner.generate(request, deadline)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Finish):
                        call.finished(piece, turn)
                    else:
                        call.wrote(piece, turn)
                    yield piece
                    turn = LoopTurn()
                # It has stopped without a word.
                call.returned(None, turn)
        except Failure as failure:
            call.failed(failure, turn)
            raise
        except BaseException:
            call.left()
            raise


class RecordedEmbedder:
    """An Embedder of a call that is recorded. Vectors are not kept: what they found is."""

    def __init__(self, inner: Embedder, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._inner.dimensions

    def known(self, text: str) -> float:
        """Return the share of a text that the model's vocabulary knows."""
        share = self._inner.known(text)
        if not self._recorder.ended:
            self._recorder.known[text] = share
        return share

    def fill(self, text: str) -> float:
        """Return how much of what the model reads at once a text takes."""
        return self._inner.fill(text)

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one vector per text.

        Raises:
            Failure: of the embedder.
        """
        asked = self._inner.embed(texts, deadline, requester)
        return await self._recorder.ask_for(nothing, PortName.EMBEDDER, asked)


class RecordedReranker:
    """A Reranker of a call that is recorded."""

    def __init__(self, inner: Reranker, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self._inner.name

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a rating."""
        return self._inner.fingerprint

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return one rating for each text.

        Raises:
            ChargedFailure: of the reranker.
        """
        asked = self._inner.rate(request, deadline)
        return await self._recorder.ask(PortName.RERANKER, asked, request=rerank_digest(request))


class RecordedChecker:
    """A Checker of a call that is recorded."""

    def __init__(self, inner: Checker, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self._inner.name

    @property
    def model(self) -> str:
        """The alias under which its usage is counted."""
        return self._inner.model

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a probability."""
        return self._inner.fingerprint

    @property
    def thresholds(self) -> EntailmentThresholds:
        """The probabilities from which it is believed."""
        return self._inner.thresholds

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence.

        Raises:
            ChargedFailure: of the checker.
        """
        asked = self._inner.check(request, deadline)
        return await self._recorder.ask(PortName.CHECKER, asked, request=check_digest(request))

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer.

        Raises:
            ChargedFailure: of the checker.
        """
        asked = self._inner.rate_sufficiency(request, deadline)
        digest = sufficiency_digest(request)
        return await self._recorder.ask(PortName.SUFFICIENCY, asked, request=digest)
