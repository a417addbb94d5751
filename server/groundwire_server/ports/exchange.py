"""All that one call got from outside, in its order and with its times: enough to answer it again by itself.

Times are in seconds after the call came in. `order` counts everything that happened to the call from outside, over all
ports: what came first has the lower number, whatever the clock says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import auto
from typing import TypeAlias

from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.entailment import CheckReply, EntailmentThresholds, SufficiencyReply
from groundwire_server.domain.evidence import Evidence, VisiblePassages
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.generation import Finish, Prompt, Usage
from groundwire_server.domain.guards.finding import Finding, GuardActions, GuardIdentity
from groundwire_server.domain.outcome import InReview, ModelIdentity, Outcome, Queued
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.price import Price
from groundwire_server.domain.prompts.context import NO_CONTEXT, PromptContext
from groundwire_server.domain.question import Question
from groundwire_server.domain.reranking import RerankReply
from groundwire_server.domain.vocabulary import Cause, Screen, Word
from groundwire_server.ports.guard import ScreenReply


class PortName(Word):
    """The ports that a call asks, and what for."""

    SEARCH = auto()
    NEIGHBOURS = auto()
    VISIBILITY = auto()
    EMBEDDER = auto()
    RERANKER = auto()
    GENERATOR = auto()
    REWRITER = auto()
    CHECKER = auto()
    SUFFICIENCY = auto()
    GUARD = auto()
    RESERVATION = auto()
    BUDGET_LEFT = auto()
    CACHE_GET = auto()
    CACHE_PUT = auto()
    CACHE_DROP = auto()
    FLIGHT = auto()
    QUEUE = auto()
    REVIEW = auto()
    THREAD = auto()
    READER = auto()
    PROMPT = auto()


@dataclass(frozen=True, slots=True)
class Led:
    """That the call answered a question for others that asked the same."""


Value: TypeAlias = (
    Evidence
    | VisiblePassages
    | RerankReply
    | CheckReply
    | SufficiencyReply
    | ScreenReply
    | CachedAnswer
    | Led
    | Queued
    | InReview
    | bool
    | float
    | None
)
"""What a port returned."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A value came back; of a model, that it stopped without coming to its end.

    Attributes:
        at_once: whether nothing else had its turn meanwhile.
    """

    order: int
    at: float
    value: Value = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Wrote:
    """A model wrote a piece of text."""

    order: int
    at: float
    text: str
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """A model came to its end."""

    order: int
    at: float
    finish: Finish
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure came back.

    Attributes:
        retry_after: seconds after which it may go better; None where that is not known.
        error_type: what telemetry calls it; empty where it is the cause.
        usage: what was consumed all the same; None where the failure does not say.
    """

    order: int
    at: float
    cause: Cause
    retry_after: float | None = None
    error_type: str = ""
    usage: Usage | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """The call was not waited for any longer."""

    order: int
    at: float


Reply: TypeAlias = Returned | Wrote | Finished | Failed | Left


@dataclass(frozen=True, slots=True)
class PortCall:
    """One time that something outside was asked.

    Attributes:
        name: which of several: the alias of a model, or the name of a guard; empty where there is one.
        request: a digest of what it was asked; empty where every question is the same.
        order: of its beginning, among everything that happened to the call.
        at: when it began.
        replies: what came back; none where the call's outcome did not wait for it.
    """

    port: PortName
    order: int
    at: float
    name: str = ""
    request: str = ""
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What the clock said.

    Attributes:
        lag: how late the event loop was, in seconds, where that was asked for and mattered.
    """

    order: int
    at: float
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt as a model was given it.

    Attributes:
        version: by which it was asked for; empty asks for the newest.
        prompt: what came of it; None where that was longer than any prompt may be.
        context: what it was rendered with beside the question and the passages.
    """

    version: str
    prompt: Prompt | None
    context: PromptContext = NO_CONTEXT


@dataclass(frozen=True, slots=True)
class LocalFinding:
    """What a guard within the process found in a text; texts in which none found anything are not listed."""

    screen: Screen
    guard: str
    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PlacedGuardPart:
    """A guard in its place.

    Attributes:
        model: the alias under which its usage is counted; None for one within the process.
        by_word: whether nothing that it finds has white space in it.
        finds_data: whether it finds data, such as a key or an address.
    """

    screen: Screen
    identity: GuardIdentity
    actions: GuardActions
    categories: frozenset[str]
    model: str | None = None
    by_word: bool = False
    finds_data: bool = False


@dataclass(frozen=True, slots=True)
class CheckerPart:
    """A route's checker."""

    name: str
    model: str
    fingerprint: str
    thresholds: EntailmentThresholds


@dataclass(frozen=True, slots=True)
class TokensPart:
    """How the tokens of one model were counted.

    Attributes:
        counter: names the way of counting.
        exact: whether it is the model's own tokenizer.
        window: tokens of a prompt and its reply together; None has no bound.
        overhead: tokens that each call has beside its prompt.
        counts: of texts, by their digests; none where a text is enough to know them.
    """

    counter: str
    exact: bool = False
    window: int | None = None
    overhead: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RouteParts:
    """What the route had, as far as an answer depends on it.

    Attributes:
        models: the aliases of its generators.
        prices: of models, by alias.
        identities: what the aliases stand for.
        rules: a digest of the rules that judge sentences: others may judge otherwise.
        embedder: the name of its model; None searches by keyword alone.
        known: shares of searched texts that the embedder's vocabulary knows, by text.
        reranker: its name; None without one.
        rewriter: how the tokens of the model are counted that rewrites questions; None without one.
        tokens: how those of the generators are, by alias.
        budget: whether there is a limit on what models consume.
        stamp: decides whether an earlier answer holds; None where none is kept.
        queue: whether questions may be answered later.
        reviews: whether answers may be sent for review.
        review_place: the call's place among the shares of answers that are reviewed, 0 to 1.
    """

    models: tuple[str, ...]
    rules: str
    prices: Mapping[str, Price] = field(default_factory=dict)
    identities: Mapping[str, ModelIdentity] = field(default_factory=dict)
    embedder: str | None = None
    known: Mapping[str, float] = field(default_factory=dict)
    reranker: str | None = None
    checker: CheckerPart | None = None
    rewriter: TokensPart | None = None
    tokens: Mapping[str, TokensPart] = field(default_factory=dict)
    guards: tuple[PlacedGuardPart, ...] = ()
    budget: bool = False
    stamp: bytes | None = None
    queue: bool = False
    reviews: bool = False
    review_place: float = 1.0


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """A call with all that it got from outside, and what came of it.

    Attributes:
        server: the version of groundwire-server that answered.
        caller: who asked, without what proved it.
        policy: of the route, within the limits of its requester.
        seconds: until the caller stopped listening.
        mark: of the fences in its prompts.
        streamed: whether its events were sent as they happened.
        parts: what the route had.
        outcome: how it ended.
        assignments: the arms that it belonged to.
        clock: what the clock said, in order.
        dates: what the calendar said, in order.
        prompts: as they were rendered, in order.
        rewrite_prompts: those for the model that rewrites questions.
        calls: those of ports, in the order of their beginnings.
        local_findings: of the guards within the process.
    """

    server: str
    question: Question
    caller: Caller
    policy: Policy
    seconds: float
    mark: str
    streamed: bool
    parts: RouteParts
    outcome: Outcome
    assignments: tuple[Assignment, ...] = ()
    clock: tuple[ClockReading, ...] = ()
    dates: tuple[datetime, ...] = ()
    prompts: tuple[RenderedPrompt, ...] = ()
    rewrite_prompts: tuple[Prompt, ...] = ()
    calls: tuple[PortCall, ...] = ()
    local_findings: tuple[LocalFinding, ...] = ()

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the documents that it holds texts of: with one of them it is erased."""
        prompts = (each.prompt for each in self.prompts if each.prompt is not None)
        found = {passage.document_id for prompt in prompts for passage in prompt.handles.values()}
        for call in self.calls:
            for reply in call.replies:
                match reply:
                    case Returned(value=Evidence(passages=passages)):
                        found |= {passage.document_id for passage in passages}
                    case Returned(value=CachedAnswer() as kept):
                        found |= {passage.document_id for passage in (*kept.evidence, *kept.cited)}
                    case _:
                        pass
        return frozenset(found | self.outcome.documents) - {""}
