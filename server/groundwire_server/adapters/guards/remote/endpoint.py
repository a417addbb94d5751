"""A guard behind an endpoint: its calls, whatever they are written in."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from groundwire_server.adapters.providers.charged_calls import ChargedCalls, Send
from groundwire_server.adapters.providers.charges import Account
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.ports.guard import ScreenReply, ScreenRequest


class GuardApi(Protocol):
    """One protocol, for one guard."""

    async def screen(
        self, screen: Screen, texts: Sequence[str], requester: Requester, send: Send
    ) -> Sequence[Sequence[Finding]]:
        """Return the findings in each text, in the order of the text; no text is blank."""
        ...


class EndpointGuard:
    """A guard at an endpoint.

    Args:
        api: makes and reads the requests.
        calls: sends them.
    """

    def __init__(self, api: GuardApi, calls: ChargedCalls) -> None:
        self._api = api
        self._calls = calls

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what it objects to in each text."""
        places = [place for place, text in enumerate(request.texts) if text.strip()]
        found: list[tuple[Finding, ...]] = [()] * len(request.texts)
        if not places:
            return ScreenReply(tuple(found))
        texts = [request.texts[place] for place in places]
        ask = partial(self._api.screen, request.screen, texts, request.requester)
        reported, usage = await self._calls.call(Account(request.requester, request.allowance), deadline, ask)
        for place, findings in zip(places, reported, strict=True):
            found[place] = tuple(findings)
        return ScreenReply(tuple(found), usage)
