"""The order of interceptors: a server whose interceptors stand in a wrong one does not start."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.trace import NoOpTracer

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.edge.feedback import case_exports
from groundwire_server.edge.following import Following
from groundwire_server.edge.interceptors.access import (
    Authentication,
    Authorization,
    ReflectionAuthentication,
    SecurityEvents,
)
from groundwire_server.edge.interceptors.chain import Interceptor, InterceptorOrderError, check_order
from groundwire_server.edge.interceptors.context import CallDeadline, RequestId, Tracing
from groundwire_server.edge.interceptors.decisions import Decisions
from groundwire_server.edge.interceptors.errors import ErrorMapping
from groundwire_server.edge.interceptors.validation import Validation
from groundwire_server.edge.options import ArrivalOptions, DecisionLogOptions, ServerOptions
from groundwire_server.edge.quarantine_log import QuarantineLog
from groundwire_server.edge.reviews import ReviewWatching
from groundwire_server.edge.security_events import SecurityEventLog
from groundwire_server.edge.server import Server, Servicers
from groundwire_server.edge.servicers.answers import Answers
from groundwire_server.edge.servicers.audit import Audit
from groundwire_server.edge.servicers.documents import Documents
from groundwire_server.edge.servicers.experiments import Experiments
from groundwire_server.edge.servicers.feedback import Feedback
from groundwire_server.edge.servicers.grounding import Grounding
from groundwire_server.edge.servicers.limits import Limits
from groundwire_server.edge.servicers.operation_service import OperationService
from groundwire_server.edge.servicers.operations import Operations
from groundwire_server.edge.servicers.prompts import PromptRegistryCalls
from groundwire_server.edge.servicers.recordings import RecordedCalls
from groundwire_server.edge.servicers.records import Records
from groundwire_server.edge.servicers.retrieval import Retrieval
from groundwire_server.edge.servicers.reviews import Reviews
from groundwire_server.edge.servicers.routes import Routes
from groundwire_server.edge.servicers.server_info import ServerInfo
from groundwire_server.edge.servicers.usage import UsageQueries
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.recording import unrecorded
from groundwire_server.runs.registry import RunRegistry
from groundwire_server.telemetry.line_sums import LineSums
from tests.doubles.clock import SetClock
from tests.doubles.counts import Counts

UNREAD: Any = None
"""A snapshot that nothing reads before a call comes in."""

CURRENT = CurrentSnapshot(UNREAD)

BLOCKED = BlockedContentLog(LineSums(SetClock().now))
DECISIONS = DecisionLog(LineSums(SetClock().now), DecisionLogOptions())


def standard() -> list[Interceptor]:
    """Return the interceptors of our services, outermost first."""
    log = SecurityEventLog(SetClock())
    outer: list[Interceptor] = [
        Tracing(NoOpTracer()),
        RequestId(),
        CallDeadline(),
        Decisions(DECISIONS, BLOCKED, Counts(), SetClock()),
        ErrorMapping(),
        SecurityEvents(log),
    ]
    return [*outer, Authentication(CURRENT), Authorization(), Validation()]


FOLLOWING = Following(ArrivalOptions(), Counts())


def names(interceptors: Sequence[Interceptor]) -> list[str]:
    return [type(each).__name__ for each in interceptors]


NAMES = names(standard())

REQUIRED = [(outer.__name__, type(inner).__name__) for inner in standard() for outer in inner.inside]


async def test_a_server_puts_the_interceptors_together_in_the_standard_order() -> None:
    answers = Answers(CURRENT, RunRegistry(MemoryRunLog(SetClock())), Counts())
    servicers = Servicers(
        answers,
        Retrieval(CURRENT),
        Grounding(CURRENT),
        Documents(CURRENT, SetClock(), Counts(), QuarantineLog(LineSums(SetClock().now))),
        Routes(CURRENT),
        ServerInfo(CURRENT),
        Limits(CURRENT),
        Feedback(CURRENT, BLOCKED, Counts(), case_exports(Counts()), SetClock()),
        Records(CURRENT, SetClock()),
        Operations(CURRENT, FOLLOWING, SetClock()),
        OperationService(CURRENT, FOLLOWING, SetClock()),
        UsageQueries(CURRENT, SetClock()),
        Reviews(CURRENT, ReviewWatching(ArrivalOptions(), Counts()), SetClock()),
        Audit(CURRENT),
        RecordedCalls(CURRENT),
        PromptRegistryCalls(CURRENT),
        Experiments(CURRENT),
    )
    server = Server(
        servicers,
        unrecorded(),
        DECISIONS,
        BLOCKED,
        ServerOptions(),
        CURRENT,
        SetClock(),
    )
    assert " > ".join(NAMES) in repr(server)


@pytest.mark.parametrize("outer", sorted({outer for outer, _ in REQUIRED}))
def test_one_that_is_required_may_not_be_missing(outer: str) -> None:
    rest = [each for each, name in zip(standard(), NAMES, strict=True) if name != outer]
    with pytest.raises(InterceptorOrderError, match=f" must stand inside {outer}: "):
        check_order(rest)


@pytest.mark.parametrize(("outer", "inner"), [pair for pair in pairwise(NAMES) if pair in REQUIRED])
def test_neighbours_may_not_be_exchanged(outer: str, inner: str) -> None:
    wrong = standard()
    at = NAMES.index(outer)
    wrong[at], wrong[at + 1] = wrong[at + 1], wrong[at]
    with pytest.raises(InterceptorOrderError, match=f"^{inner} must stand inside {outer}: .+"):
        check_order(wrong)


def test_a_kind_of_an_interceptor_stands_for_it() -> None:
    *outer, _, authorization, _ = standard()
    check_order([*outer, ReflectionAuthentication(CURRENT), authorization])
