"""The exchange of a recorded question, as JSON: the passages once, and everything else that names them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator

from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.entailment import CheckReply, SufficiencyReply
from groundwire_server.domain.evidence import Evidence, VisiblePassages
from groundwire_server.domain.outcome import InReview, Queued
from groundwire_server.domain.plain import PassageTable, UnreadableError, plain, value_of
from groundwire_server.domain.reranking import RerankReply
from groundwire_server.ports.exchange import Led, PortCall, PortName, RecordedExchange, Returned
from groundwire_server.ports.guard import ScreenReply

_PASSAGES: Final = "passages"
"""The key of the passages; nothing else of an exchange is called so."""

_RETURNED: Final[Mapping[PortName, tuple[type, ...]]] = {
    PortName.SEARCH: (Evidence,),
    PortName.NEIGHBOURS: (Evidence,),
    PortName.VISIBILITY: (VisiblePassages,),
    PortName.RERANKER: (RerankReply,),
    PortName.CHECKER: (CheckReply,),
    PortName.SUFFICIENCY: (SufficiencyReply,),
    PortName.GUARD: (ScreenReply,),
    PortName.BUDGET_LEFT: (float, int, type(None)),
    PortName.CACHE_GET: (CachedAnswer, type(None)),
    PortName.CACHE_PUT: (bool,),
    PortName.FLIGHT: (Led, CachedAnswer, type(None)),
    PortName.QUEUE: (Queued,),
    PortName.REVIEW: (InReview,),
}
"""What a port returns; all others return nothing."""

_LONGEST: Final = 1_000_000.0
"""Seconds after which no call goes on."""

_TRACE_ID: Final = re.compile("[0-9a-f]{0,32}")


def exchange_to_json(exchange: RecordedExchange) -> dict[str, Any]:
    """Return an exchange as a JSON object."""
    table = PassageTable()
    written = plain(RecordedExchange, exchange, table)
    return {_PASSAGES: table.passages, **written}


def exchange_from_json(given: object) -> RecordedExchange:
    """Return the exchange of a JSON object.

    Raises:
        UnreadableError: where it is none; the text says where, and never a value.
    """
    if isinstance(given, RecordedExchange):
        return given
    if not isinstance(given, Mapping) or not isinstance(given.get(_PASSAGES, []), list):
        raise UnreadableError("is not an exchange")
    rest = {name: value for name, value in given.items() if name != _PASSAGES}
    server = rest.get("server")
    try:
        found: RecordedExchange = value_of(RecordedExchange, rest, PassageTable(given.get(_PASSAGES, [])))
        _check(found)
    except UnreadableError as error:
        by = f" of groundwire-server {server[:32]}" if isinstance(server, str) else ""
        raise UnreadableError(f"cannot be read as an exchange{by}: `{str(error).removeprefix('.')}`") from None
    return found


def _check(exchange: RecordedExchange) -> None:
    """Make sure that an exchange is one that a call can have had.

    Raises:
        UnreadableError: where it is not.
    """
    for place, call in enumerate(exchange.calls):
        if not _returns(call):
            raise UnreadableError(f"calls[{place}] has a reply that is none of {call.port.value}")
        if not all(abs(each.at) <= _LONGEST for each in (call, *call.replies)):
            raise UnreadableError(f"calls[{place}] has a time that is none of a call")
    if not all(abs(each.at) <= _LONGEST and abs(each.lag) <= _LONGEST for each in exchange.clock):
        raise UnreadableError("clock has a time that is none of a call")
    if not exchange.policy.models:
        raise UnreadableError("policy.models names no model")
    if _TRACE_ID.fullmatch(exchange.outcome.report.trace_id) is None:
        raise UnreadableError("outcome.report.trace_id is not the id of a trace")


def _returns(call: PortCall) -> bool:
    """Return whether a port returns what was recorded of it."""
    kinds = _RETURNED.get(call.port, (type(None),))
    return all(isinstance(reply.value, kinds) for reply in call.replies if isinstance(reply, Returned))


ExchangePart = Annotated[RecordedExchange, PlainValidator(exchange_from_json), PlainSerializer(exchange_to_json)]
"""An exchange as a field of a record."""
