"""Recorded calls without names: of others in every recording, and of those who asked where texts are masked."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.plain import with_passages
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.routing import RoutingRule
from groundwire_server.ports.exchange import PortCall, RecordedExchange, Reply, Returned

CALLER: Final = "caller"
"""Stands for the caller in its own principals and in access lists."""


def own_policy(inquiry: Inquiry) -> Policy:
    """Return the policy of a call with the rules of routing that can hold for it.

    Rules name tenants and end users. What they say of this call's does not change, so a replay needs no names.
    """
    return replace(inquiry.policy, routing=tuple(_own_rules(inquiry)))


def own_call(call: PortCall) -> PortCall:
    """Return what a port was asked without the names of those who asked first for an earlier answer."""
    return replace(call, replies=tuple(map(_own_reply, call.replies)))


def without_names(exchange: RecordedExchange) -> RecordedExchange:
    """Return a recorded call that names nobody: not the caller, its end user, nor who may see its passages.

    Of an access list it keeps whether it admits the caller, and whether it admits everybody: nothing else of it decides
    an answer, so that a replay is exact.

    Args:
        exchange: of `CallRecording.exchange`, whose policy names nobody.
    """
    caller = exchange.caller

    def unnamed(passage: Passage) -> Passage:
        allowed = passage.allowed_principals & {EVERYBODY}
        if not caller.principals.isdisjoint(passage.allowed_principals):
            allowed |= {CALLER}
        return replace(passage, allowed_principals=allowed)

    nobody = replace(
        exchange,
        caller=Caller(caller.tenant, "", frozenset({CALLER}) if caller.principals else frozenset()),
        question=replace(exchange.question, end_user_id=""),
    )
    found: RecordedExchange = with_passages(RecordedExchange, nobody, unnamed)
    return found


def _own_rules(inquiry: Inquiry) -> Iterator[RoutingRule]:
    tenant, end_user = inquiry.caller.tenant, inquiry.question.end_user_id
    for rule in inquiry.policy.routing:
        if rule.condition.admits(tenant, end_user):
            anybody = replace(rule.condition, tenants=None, end_users=None, end_user_share=None)
            yield replace(rule, condition=anybody)


def _own_reply(reply: Reply) -> Reply:
    match reply:
        case Returned(value=CachedAnswer() as kept):
            return replace(reply, value=replace(kept, subject="", end_user=""))
        case _:
            return reply
