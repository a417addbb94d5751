"""The routes that questions may take, and what each of them works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.experiments.assignment import RouteTraffic
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.outcome import ModelIdentity
from groundwire_server.domain.policy import Policy, ShadowPolicy
from groundwire_server.domain.price import Price
from groundwire_server.domain.prompts.texts import NO_TEXTS, ContextTexts
from groundwire_server.domain.question import Question
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Reason, Screen
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.caching.single_flight import SingleFlight
from groundwire_server.pipeline.screening.guards import ScreenGuards
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.call_recordings import RecordingSink
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.generator import Contention, Generator
from groundwire_server.ports.operations import AnswerQueue
from groundwire_server.ports.prompts import Prompts, RewritePrompts
from groundwire_server.ports.reranker import Reranker
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.reviews import ReviewDesk
from groundwire_server.ports.threads import Threads
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens


@dataclass(frozen=True, slots=True)
class ShadowModel:
    """The model that a route compares with those that answer.

    Attributes:
        policy: how often it is asked, and for how long.
        contention: whether others want the slots that its calls take.
        budget: the money for its calls, beside that of answers; None has no bound.
    """

    policy: ShadowPolicy
    generator: Generator
    contention: Contention
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class RewriteModel:
    """The model that rewrites a route's questions; how it is asked stands in the policy."""

    generator: Generator
    prompts: RewritePrompts
    tokens: ModelTokens = ESTIMATED_TOKENS


@dataclass(frozen=True, slots=True)
class RouteCache:
    """Where a route's answers are kept, and by what they hold.

    Attributes:
        answers: are kept there.
        stamp: returns what decides an answer under a policy of the route, as bytes; the corpus is apart from it.
        flights: the questions that are being answered in this process.
    """

    answers: AnswerCache
    stamp: Callable[[Policy], bytes]
    flights: SingleFlight


@dataclass(frozen=True, slots=True)
class RouteReviews:
    """Where a route's answers are sent for review.

    Attributes:
        desk: takes them.
        threads: check the sentences of drafts that the path has not checked.
        place: returns the place of a request among the shares, by its name: no caller can choose it.
    """

    desk: ReviewDesk
    threads: Threads
    place: Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Ports:
    """The dependencies of a route; put together by `app/` alone.

    Attributes:
        embedder: None searches by keyword alone.
        generators: by the model aliases that the route names.
        acl_recheck: of what the retriever returns.
        prices: of the models whose tokens cost something, by alias.
        identities: what the aliases stand for.
        budget: the money for them; None has no bound.
        reranker: rates what was found; None leaves the order of the search.
        rules: judge the sentences of answers.
        checker: a model that is asked about them too; None leaves them to the rules.
        shadow: the model that is compared with those that answer; None compares none.
        rewriter: the model that rewrites questions with earlier turns; None leaves them to rules.
        screens: the guards of each screen.
        queue: accepts questions for later; None where none is answered later.
        cache: the route's earlier answers; None keeps none.
        reviews: the route's reviews; None has none.
        context: the operator's texts that prompts may hold.
        recordings: takes the calls that are recorded; None records none.
        tokens: of the models, by alias.
    """

    retriever: Retriever
    embedder: Embedder | None
    prompts: Prompts
    generators: Mapping[str, Generator]
    acl_recheck: AclRecheck
    rules: RuleChecker
    prices: Mapping[str, Price] = field(default_factory=dict)
    identities: Mapping[str, ModelIdentity] = field(default_factory=dict)
    budget: Budget | None = None
    reranker: Reranker | None = None
    checker: Checker | None = None
    shadow: ShadowModel | None = None
    rewriter: RewriteModel | None = None
    screens: Mapping[Screen, ScreenGuards] = field(default_factory=dict)
    queue: AnswerQueue | None = None
    cache: RouteCache | None = None
    reviews: RouteReviews | None = None
    context: ContextTexts = NO_TEXTS
    recordings: RecordingSink | None = None
    tokens: Mapping[str, ModelTokens] = field(default_factory=dict)

    def tokens_of(self, model: str) -> ModelTokens:
        """Return how a model's tokens are counted, by its alias."""
        return self.tokens.get(model, ESTIMATED_TOKENS)


@dataclass(frozen=True, slots=True)
class Route:
    """A named use of the service: its policy and its dependencies.

    Attributes:
        traffic: how its calls are split over arms; None where they are not.
        variants: what answers in its place the calls of arms, by those of their arms that change something.
    """

    policy: Policy
    ports: Ports
    traffic: RouteTraffic | None = None
    variants: Mapping[frozenset[Assignment], "Route"] = field(default_factory=dict)

    def answering(self, assignments: Sequence[Assignment], now: datetime) -> "Route":
        """Return what answers a call of some arms: the route itself where none of their settings is in force.

        Args:
            assignments: of the call.
            now: of the wall clock.
        """
        if self.traffic is None or not assignments:
            return self
        return self.variants.get(self.traffic.in_force(assignments, now), self)


@dataclass(frozen=True, slots=True)
class SelfHostedRoutes:
    """Tenants whose questions reach no hosted model, and their routes, which hold none."""

    tenants: frozenset[str] = frozenset()
    routes: Mapping[str, Route] = field(default_factory=dict)


class RouteTable:
    """Looks routes up by name, for a caller.

    Args:
        routes: by name, for all tenants but those of `self_hosted`.
        self_hosted: tenants with routes of their own.
        limited: returns an inquiry within the limits of its requester.
        today: returns the time of the wall clock, by which experiments begin and end; the system's if None.
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        self_hosted: SelfHostedRoutes | None = None,
        limited: Callable[[Inquiry], Inquiry] | None = None,
        today: Callable[[], datetime] | None = None,
    ) -> None:
        self._routes = routes
        self._today = today or partial(datetime.now, UTC)
        self._limited = limited
        self._self_hosted = self_hosted or SelfHostedRoutes()

    def inquiry(
        self,
        question: Question,
        caller: Caller,
        arrived: float,
        deadline: Deadline | None,
        run: RunRequest | None = None,
        assignments: tuple[Assignment, ...] = (),
    ) -> Inquiry:
        """Return the inquiry that a question on its route is, within the limits of its requester; see `Inquiries`."""
        policy = self._of(caller.tenant, question.route).answering(assignments, self._today()).policy
        wanted = arrived + policy.default_deadline if deadline is None else deadline.at
        until = Deadline(min(wanted, arrived + policy.max_deadline))
        inquiry = Inquiry(question, caller, policy, arrived, until, run, assignments)
        return inquiry if self._limited is None else self._limited(inquiry)

    def assigned(self, question: Question, caller: Caller) -> tuple[Assignment, ...]:
        """Return the arms that a call belongs to that comes now.

        Raises:
            Rejection: ROUTE_UNKNOWN.
        """
        traffic = self._of(caller.tenant, question.route).traffic
        if traffic is None:
            return ()
        end_user, route, priority = question.end_user_id, question.route, question.priority
        return traffic.assigned(Requester(caller.tenant, caller.subject, end_user, route, priority), self._today())

    def policies(self, caller: Caller) -> Sequence[Policy]:
        """Return the policies of the routes that the caller may use; each has the models alone that it may ask."""
        return [route.policy for route in self._for(caller.tenant).values()]

    def guard_categories(self, caller: Caller) -> frozenset[tuple[str, str]]:
        """Return the guards that look for the caller's tenant on routes that it may use, with what each may find."""
        return frozenset(
            (placed.identity.name, category)
            for route in self._for(caller.tenant).values()
            for screen in route.ports.screens.values()
            for placed in screen.of(caller.tenant).each
            for category in placed.categories
        )

    def ports(self, inquiry: Inquiry) -> Ports:
        """Return what the inquiry's route works with, or the variant of it that answers the inquiry's arms."""
        route, arms = self._of(inquiry.caller.tenant, inquiry.policy.route), inquiry.policy.arms
        return (route.variants[arms] if arms else route).ports

    def route(self, tenant: str, name: str) -> Route | None:
        """Return a route of a tenant; None where there is none of this name."""
        return self._for(tenant).get(name)

    def policy(self, tenant: str, name: str, assignments: Sequence[Assignment] = ()) -> Policy | None:
        """Return the policy of a tenant's route for calls of some arms; None where there is no route of this name."""
        route = self.route(tenant, name)
        return None if route is None else route.answering(assignments, self._today()).policy

    def _of(self, tenant: str, name: str) -> Route:
        route = self.route(tenant, name)
        if route is None:
            raise Rejection(Reason.ROUTE_UNKNOWN, metadata={"route": name})
        return route

    def _for(self, tenant: str) -> Mapping[str, Route]:
        return self._self_hosted.routes if tenant in self._self_hosted.tenants else self._routes
