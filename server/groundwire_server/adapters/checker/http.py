"""A checker behind HTTP."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from groundwire_server.adapters.providers.charged_calls import ChargedCalls, Send
from groundwire_server.adapters.providers.charges import Account
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import CheckReply, CheckRequest, SufficiencyReply, SufficiencyRequest
from groundwire_server.domain.generation import Usage


class CheckerApi(Protocol):
    """One protocol, for one model."""

    async def check(self, request: CheckRequest, send: Send) -> Sequence[float | None]:
        """Return a probability for each sentence."""
        ...

    async def rate_sufficiency(self, request: SufficiencyRequest, send: Send) -> float | None:
        """Return the probability that the passages hold the answer."""
        ...


class HttpChecker:
    """A Rater at an endpoint.

    Args:
        api: makes and reads the requests.
        calls: sends them.
    """

    def __init__(self, api: CheckerApi, calls: ChargedCalls) -> None:
        self._api = api
        self._calls = calls

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence."""
        if not request.sentences:
            return CheckReply((), Usage())
        found, usage = await self._calls.call(_account(request), deadline, partial(self._api.check, request))
        return CheckReply(tuple(found), usage)

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer."""
        ask = partial(self._api.rate_sufficiency, request)
        found, usage = await self._calls.call(_account(request), deadline, ask)
        return SufficiencyReply(found, usage)


def _account(request: CheckRequest | SufficiencyRequest) -> Account:
    return Account(request.requester, request.allowance)
