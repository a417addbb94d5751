"""Finding calls in Jaeger: one by its id, or several by what happened in them."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from groundwire.v1 import answer_service_pb2
from groundwire_server.cli.durations import seconds_of
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.trace.calls import TracedCall, calls_of
from groundwire_server.cli.trace.jaeger import Jaeger, Search
from groundwire_server.cli.trace.record import outcome_attribute
from groundwire_server.cli.words import CAUSES, RESULTS
from groundwire_server.telemetry import names

_TRACE_ID = re.compile(r"[0-9a-fA-F]{32}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_REQUEST_AGE = 7 * 86400.0
_AHEAD = 60.0
"""Seconds by which the server's clock may be ahead of this machine's."""

_ANSWERS = answer_service_pb2.DESCRIPTOR.services_by_name["AnswerService"]
_METHODS = tuple(f"{_ANSWERS.full_name}/{name}" for name in ("Answer", "StreamAnswer"))


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a call; an empty text, and 0, hold of every one.

    Attributes:
        slower_than: in seconds.
        since: how long ago it may have begun, in seconds.
    """

    route: str = ""
    outcome: str = ""
    cause: str = ""
    tenant: str = ""
    slower_than: float = 0.0
    since: float = 3600.0

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes that the call's own span must have."""
        wanted = {
            names.ROUTE: self.route,
            names.OUTCOME: outcome_attribute(self.outcome),
            names.CAUSE: self.cause,
            names.TENANT: self.tenant,
        }
        return {name: value for name, value in wanted.items() if value}

    def holds(self, call: TracedCall) -> bool:
        """Return whether it holds: storages of Jaeger differ in what they can search for."""
        if call.own is None or call.text(names.RPC_METHOD) not in _METHODS:
            return False
        return call.seconds > self.slower_than and all(
            call.text(name) == value for name, value in self.attributes.items()
        )


def condition_of(route: str, outcome: str, cause: str, tenant: str, slower_than: str, last: str) -> Condition:
    """Return a condition from the words of a command line.

    Raises:
        CommandError: for a word or a time that is not known.
    """
    return Condition(
        route=route,
        outcome=_one_of(outcome.lower().replace("-", "_"), "outcome", RESULTS),
        cause=_one_of(cause.upper().replace("-", "_"), "cause", CAUSES),
        tenant=tenant,
        slower_than=seconds_of(slower_than, "slower-than") if slower_than else 0.0,
        since=seconds_of(last, "last"),
    )


def by_id(jaeger: Jaeger, identifier: str, service: str) -> Sequence[TracedCall]:
    """Return the calls of a trace, or those of a request.

    Args:
        jaeger: to ask.
        identifier: a trace id or a request id.
        service: the name that the server exports spans under.

    Raises:
        CommandError: when there is none, or Jaeger cannot be asked.
    """
    if not _REQUEST_ID.fullmatch(identifier):
        known = "a trace id has 32 hexadecimal digits, a request id 8 to 64 letters, digits, _, . and -"
        raise CommandError(ExitCode.USAGE, f"{identifier!r} is not an id: {known}")
    if _TRACE_ID.fullmatch(identifier) and (spans := jaeger.trace(identifier.lower())):
        if not (calls := calls_of(spans)):
            raise CommandError(ExitCode.INCOMPLETE, f"the trace {identifier} has no call of a groundwire server")
        return calls
    # A request id that the server chose looks like a trace id.
    search = Search(
        service=service,
        operation="",
        attributes={names.REQUEST_ID: identifier},
        since=time.time() - _REQUEST_AGE,
        until=time.time() + _AHEAD,
    )
    calls = [call for call in calls_of(jaeger.find(search)) if call.text(names.REQUEST_ID) == identifier]
    if not calls:
        raise CommandError(ExitCode.INCOMPLETE, _missing(jaeger, identifier, service))
    return calls


def by_condition(jaeger: Jaeger, condition: Condition, service: str, limit: int) -> Sequence[TracedCall]:
    """Return answers, newest first.

    Raises:
        CommandError: when there is none, or Jaeger cannot be asked.
    """
    now = time.time()
    found: dict[str, TracedCall] = {}
    for method in _METHODS:
        search = Search(
            service=service,
            operation=method,
            attributes=condition.attributes,
            since=now - condition.since,
            until=now + _AHEAD,
            slower_than=condition.slower_than,
            limit=limit,
        )
        found |= {
            call.own.span_id: call for call in calls_of(jaeger.find(search)) if call.own and condition.holds(call)
        }
    if not found:
        nothing = "no such answer was traced: give a longer --last, or fewer conditions"
        raise CommandError(ExitCode.INCOMPLETE, _unexported(jaeger, service) or nothing)
    return sorted(found.values(), key=lambda call: -call.start)[:limit]


def _missing(jaeger: Jaeger, identifier: str, service: str) -> str:
    """Return why an id may be unknown, and what to do."""
    return _unexported(jaeger, service) or (
        f"Jaeger has no trace or request {identifier}: a trace arrives seconds after its call has ended, or later "
        "where a collector samples; one that was sampled out or is too old is not kept. `groundwire trace find` "
        "lists those that are there"
    )


def _unexported(jaeger: Jaeger, service: str) -> str:
    """Return that no traces of the service arrive, if that is so."""
    if service in jaeger.services():
        return ""
    return (
        f"Jaeger has no trace at all of the service {service}: set telemetry.otlp.endpoint of the server, and look at "
        "the collector between the two; `groundwire doctor` checks the endpoint"
    )


def _one_of(word: str, option: str, known: Mapping[str, str]) -> str:
    """Return a word that is known, or is empty.

    Raises:
        CommandError: for every other.
    """
    if not word or word in known:
        return word
    near = get_close_matches(word, known, n=3, cutoff=0.4) or sorted(known)[:3]
    raise CommandError(ExitCode.USAGE, f"--{option} {word} is not known: use one such as {', '.join(near)}")
