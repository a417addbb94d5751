"""The whole path with a cache, in virtual time: one document, a model that quotes it, and a clock that goes along."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document
from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.event import TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import CachePolicy, Policy
from groundwire_server.domain.vocabulary import Action, Cause, Screen
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.caching.single_flight import SingleFlight
from groundwire_server.pipeline.caching.stamp import RouteStamp
from groundwire_server.pipeline.routes import Ports, Route, RouteCache, RouteTable
from groundwire_server.pipeline.screening.guards import ScreenGuards
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.recording import Recording
from tests.doubles.counts import Counts
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.generator import DONE, Move, ScriptedGenerator, draft
from tests.doubles.inline import inline_threads
from tests.doubles.sink import RecordingSink
from tests.doubles.spans import Spans
from tests.doubles.store import MemoryStore
from tests.doubles.time import LoopTime
from tests.pipeline.running import FIRST, PASSAGE
from tests.pipeline.samples import ALICE, RULES, ask, policy

FRESH = CachePolicy(serve_fresh=True)
STANDS_IN = CachePolicy()
QUOTES: Sequence[Move] = [*draft((FIRST, ["p1"])), DONE]
CONSISTENT: Sequence[Move] = [
    *draft(("A lambda expression yields a naïve function.", ["p1"]), confidence="medium"),
    DONE,
]
DOWN: Sequence[Move] = [Failure(Cause.MODEL_UNAVAILABLE)]
STANDING_IN = (Action.NEXT_MODEL, Action.CACHED_ANSWER, Action.FAIL_SAFE)
EVERYBODY = frozenset({"*"})


class WallTime(LoopTime):
    """The time of day goes along with the loop's."""

    def __init__(self) -> None:
        self.stepped = 0.0

    def today(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now() + self.stepped)


class HangingCache:
    """An AnswerCache that answers nobody."""

    shared = False

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        await asyncio.sleep(1e6)
        return None

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = 0.0) -> bool:
        await asyncio.sleep(1e6)
        return True

    async def drop(self, key: AnswerKey) -> None:
        await asyncio.sleep(1e6)

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        return Forgotten(0)


@dataclass
class Serving:
    """A route with a cache, whose parts a test may change between two calls.

    Attributes:
        store: holds one document, `lambdas`.
        models: by their order in the chain.
        policy: of the route.
        settings: more of what the route's ports are.
    """

    store: MemoryStore
    models: list[ScriptedGenerator]
    policy: Policy
    cache: AnswerCache
    clock: WallTime = field(default_factory=WallTime)
    spans: Spans = field(default_factory=Spans)
    counts: Counts = field(default_factory=Counts)
    flights: SingleFlight = field(default_factory=SingleFlight)
    settings: dict[str, Any] = field(default_factory=dict)

    async def ask(
        self,
        text: str = "What does a lambda expression yield?",
        *,
        caller: Caller = ALICE,
        sink: RecordingSink | None = None,
        seconds: float = 8.0,
        **question: Any,
    ) -> Outcome:
        chain = {f"model-{number}": model for number, model in enumerate(self.models, start=1)}
        ports = Ports(
            self.store, HashingEmbedder(), built_in_prompts(), chain, AclRecheck(Counts()), RULES, **self.settings
        )
        cache = RouteCache(self.cache, RouteStamp(ports, {}).of, self.flights)
        routes = RouteTable({"default": Route(self.policy, replace(ports, cache=cache))})
        answerer = PipelineAnswerer(routes, self.clock, Recording(self.spans.tracer, self.counts), inline_threads())
        now = self.clock.now()
        asked = ask(text, **question)
        return await answerer.answer(routes.inquiry(asked, caller, now, Deadline(now + seconds)), sink)

    async def put(self, text: str = PASSAGE, allowed: frozenset[str] = EVERYBODY, name: str = "lambdas") -> None:
        """Store a document of one chunk in the place of the one before."""
        (vector,) = await HashingEmbedder().embed([text], NEVER)
        document = Document(name, text, allowed_principals=allowed)
        await self.store.put(ALICE, document, f"{text}{sorted(allowed)}", [Chunk(f"{name}-1", 0, text, vector)], NEVER)

    @property
    def asked(self) -> int:
        """How often a model was asked."""
        return sum(len(model.requests) for model in self.models)


async def serving(
    *scripts: Sequence[Move] | ScriptedGenerator,
    cache_policy: CachePolicy | None = FRESH,
    allowed: frozenset[str] = EVERYBODY,
    cache: AnswerCache | None = None,
    screens: Mapping[Screen, ScreenGuards] | None = None,
    **changes: Any,
) -> Serving:
    """A route with a chain of models that play scripts; by default one that quotes the document.

    Args:
        scripts: of the models, by their order in the chain.
        cache_policy: what the route keeps and serves.
        allowed: who may see the document.
        cache: where answers are kept.
        screens: the guards.
        changes: to the policy.
    """
    models = [
        script if isinstance(script, ScriptedGenerator) else ScriptedGenerator(script) for script in scripts or [QUOTES]
    ]
    chain = tuple(f"model-{number}" for number in range(1, len(models) + 1))
    rows = dict.fromkeys(Cause, STANDING_IN)
    settings = {"min_relevance": 0.05, "models": chain, "fallbacks": rows, "cache": cache_policy, **changes}
    clock = WallTime()
    made = Serving(
        MemoryStore(),
        models,
        replace(policy(), **settings),
        MemoryAnswerCache(AnswerCacheOptions(), clock, Counts()) if cache is None else cache,
        clock,
        settings={} if screens is None else {"screens": screens},
    )
    await made.put(allowed=allowed)
    return made


def text_of(sink: RecordingSink) -> str:
    return "".join(event.text for event in sink.events if isinstance(event, TextDelta))
