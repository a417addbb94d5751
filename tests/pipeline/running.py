"""The whole path over doubles, in virtual time: one document about lambda expressions, and a script for each model."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document
from groundwire_server.domain.event import Retraction, TextDelta
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.price import Price
from groundwire_server.domain.prompts.texts import NO_TEXTS, ContextTexts
from groundwire_server.domain.share import keyed_place
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import Ports, Route, RouteReviews, RouteTable, ShadowModel
from groundwire_server.pipeline.screening.guards import ScreenGuards
from groundwire_server.pipeline.shadow import Shadows
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.prompts import Prompts
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.reviews import ReviewDesk
from groundwire_server.ports.tokens import ModelTokens
from tests.doubles.counts import Counts
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.generator import Move, ScriptedGenerator
from tests.doubles.inline import inline_threads
from tests.doubles.sink import RecordingSink
from tests.doubles.spans import Spans
from tests.doubles.store import MemoryStore
from tests.doubles.time import LoopTime
from tests.pipeline.samples import ALICE, RULES, ask, policy

FIRST = "Lambda expressions yield naïve functions."
SECOND = "Their bodies hold one expression."
THIRD = "They have no names."
PASSAGE = f"{FIRST} {SECOND} {THIRD}"


@dataclass(frozen=True)
class Path:
    """An answerer over a chain of models.

    Attributes:
        models: by their order in the chain; the aliases are `model-1`, `model-2` and so on.
        spans: of the stages.
        counts: the metrics.
        shadows: the comparisons in flight.
    """

    routes: RouteTable
    answerer: PipelineAnswerer
    models: list[ScriptedGenerator]
    spans: Spans
    counts: Counts
    shadows: Shadows

    async def ask(self, sink: RecordingSink | None, seconds: float = 4.0, request_id: str = "request-1") -> Outcome:
        now, question = asyncio.get_running_loop().time(), replace(ask(), request_id=request_id)
        return await self.answerer.answer(self.routes.inquiry(question, ALICE, now, Deadline(now + seconds)), sink)


async def path(
    *scripts: Sequence[Move] | ScriptedGenerator,
    price: Price | None = None,
    budget: Budget | None = None,
    around: Callable[[Generator], Generator] = lambda model: model,
    lag: LoopLag | None = None,
    shadow: ShadowModel | None = None,
    screens: Mapping[Screen, ScreenGuards] | None = None,
    desk: ReviewDesk | None = None,
    share_key: bytes = b"key",
    texts: ContextTexts = NO_TEXTS,
    prompts: Prompts | None = None,
    tokens: Mapping[str, ModelTokens] | None = None,
    **changes: Any,
) -> Path:
    """A path over a chain of models, each with a script for all of its calls, or one of its own making.

    Args:
        scripts: of the models, by their order in the chain.
        price: of every model.
        budget: of all calls.
        around: returns what stands before a model.
        lag: how late the event loop is.
        shadow: a model that is compared with them.
        screens: the guards.
        desk: takes reviews.
        share_key: decides which requests are among a share.
        texts: the operator's, for prompts.
        prompts: those built in if None.
        tokens: of the models, by alias.
        changes: to the policy.
    """
    store, embedder = MemoryStore(), HashingEmbedder()
    (vector,) = await embedder.embed([PASSAGE], NEVER)
    document = Document("lambdas", PASSAGE, allowed_principals=frozenset({"*"}))
    await store.put(ALICE, document, "hash", [Chunk("c1", 0, PASSAGE, vector)], NEVER)
    models = [script if isinstance(script, ScriptedGenerator) else ScriptedGenerator(script) for script in scripts]
    chain = {f"model-{number}": around(model) for number, model in enumerate(models, start=1)}
    priced = [*chain, *([] if shadow is None else [shadow.policy.model])]
    settings = {"min_relevance": 0.05, "models": tuple(chain), **changes}
    ports = Ports(
        store,
        embedder,
        prompts or built_in_prompts(),
        chain,
        AclRecheck(Counts()),
        RULES,
        prices={} if price is None else dict.fromkeys(priced, price),
        budget=budget,
        shadow=shadow,
        screens=screens or {},
        reviews=None if desk is None else RouteReviews(desk, inline_threads(), keyed_place(share_key)),
        context=texts,
        tokens=tokens or {},
    )
    routes = RouteTable({"default": Route(replace(policy(), **settings), ports)})
    spans, counts = Spans(), Counts()
    recording, shadows = Recording(spans.tracer, counts), Shadows()
    answerer = PipelineAnswerer(routes, LoopTime(), recording, inline_threads(), lag, shadows)
    return Path(routes, answerer, models, spans, counts, shadows)


async def streamed(
    *scripts: Sequence[Move] | ScriptedGenerator, **changes: Any
) -> tuple[Outcome, RecordingSink, list[ScriptedGenerator]]:
    """The outcome and events of a stream over a chain of models."""
    made, sink = await path(*scripts, **changes), RecordingSink()
    return await made.ask(sink), sink, made.models


def deltas(sink: RecordingSink) -> list[str]:
    return [event.text for event in sink.events if isinstance(event, TextDelta)]


def kept(sink: RecordingSink) -> str:
    """What a reader has who applies every retraction."""
    pieces: dict[int, str] = {}
    for numbered in sink.numbered:
        if isinstance(numbered.event, TextDelta):
            pieces[numbered.sequence] = numbered.event.text
        if isinstance(numbered.event, Retraction):
            pieces = {at: text for at, text in pieces.items() if at < numbered.first_retracted}
    return "".join(pieces.values())
