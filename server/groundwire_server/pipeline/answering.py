"""The path as other rooms call it: one question or one search, with its time cut and its report begun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opentelemetry.trace import Tracer, format_trace_id, get_current_span

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline, TimePlan
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.outcome import Outcome, Report
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.pipeline.answer import answer
from groundwire_server.pipeline.ports import Ports
from groundwire_server.pipeline.search import search
from groundwire_server.pipeline.stage import Run
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.sink import Sink


@dataclass(frozen=True, slots=True)
class Found:
    """What a search alone came to."""

    evidence: Evidence
    report: Report


@dataclass(frozen=True, slots=True)
class Route:
    """A named use: what it allows, and what it works with."""

    policy: Policy
    ports: Ports


@dataclass(frozen=True, slots=True)
class Inside:
    """Tenants that no hosted model is asked for, and the routes that they get: these hold none."""

    tenants: frozenset[str] = frozenset()
    routes: Mapping[str, Route] = field(default_factory=dict)


class Answering:
    """Answers questions by the policies of the routes."""

    def __init__(self, routes: Mapping[str, Route], clock: Clock, tracer: Tracer, inside: Inside | None = None) -> None:
        self._routes = routes
        self._inside = inside or Inside()
        self._clock = clock
        self._tracer = tracer

    async def answer(
        self, ask: Question, caller: Caller, arrived: float, deadline: Deadline | None, sink: Sink | None
    ) -> Outcome:
        """Answer a question.

        Args:
            ask: the question.
            caller: who asks.
            arrived: when the call came in, on the clock of `deadline`.
            deadline: the caller's; the route's default without one, and never later than its maximum.
            sink: takes events as they happen; None for a unary answer.

        Raises:
            Rejection: ROUTE_UNKNOWN, or INVALID_REQUEST when the question itself is invalid.
        """
        policy, ports = self._route(ask.route, caller)
        plan = _plan(policy, arrived, deadline)
        return await answer(ask, caller, policy, ports, self._run(ask, policy, plan), sink)

    async def search(self, ask: Question, caller: Caller, arrived: float, deadline: Deadline | None) -> Found:
        """Find the passages that an answer to the same question would consider.

        Raises:
            Rejection: ROUTE_UNKNOWN, or INVALID_REQUEST when the question itself is invalid.
            Failure: of the store or the embedder.
        """
        policy, ports = self._route(ask.route, caller)
        run = self._run(ask, policy, _plan(policy, arrived, deadline, search_alone=True))
        evidence = await search(ask, caller, policy, ports, run)
        return Found(evidence, run.final_report())

    def policies(self, caller: Caller) -> Sequence[Policy]:
        """Return the policies of the routes that the caller may use; each has the models alone that it may ask."""
        routes = self._inside.routes if caller.tenant in self._inside.tenants else self._routes
        return [route.policy for route in routes.values()]

    def _route(self, name: str, caller: Caller) -> tuple[Policy, Ports]:
        routes = self._inside.routes if caller.tenant in self._inside.tenants else self._routes
        route = routes.get(name)
        if route is None:
            raise Rejection(Reason.ROUTE_UNKNOWN, metadata={"route": name})
        return route.policy, route.ports

    def _run(self, ask: Question, policy: Policy, plan: TimePlan) -> Run:
        trace_id = format_trace_id(get_current_span().get_span_context().trace_id)
        report = Report(request_id=ask.request_id, trace_id=trace_id, route=policy.route)
        return Run(plan, self._clock, self._tracer, report)


def _plan(policy: Policy, arrived: float, deadline: Deadline | None, *, search_alone: bool = False) -> TimePlan:
    wanted = arrived + policy.default_deadline if deadline is None else deadline.at
    until = Deadline(min(wanted, arrived + policy.max_deadline))
    return TimePlan(
        arrived, until, policy.retrieval_share, policy.retrieval_most, policy.begin_share, search_alone=search_alone
    )
