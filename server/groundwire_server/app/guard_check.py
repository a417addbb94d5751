"""What the guards of a route find in a text, outside a call."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.screens import opened_screens
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.domain.policy import ScreenPolicy
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Screen
from groundwire_server.pipeline.screening.guards import FollowedFinding, PlacedGuard, ScreenGuards, followed, reply_of
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.guard import RemoteGuard, ScreenRequest


@dataclass(frozen=True, slots=True)
class TextFindings:
    """What the guards of one screen found in a text.

    Attributes:
        findings: what the route does not ignore, in the order of the guards.
        guards: the names of those that looked.
        unavailable: why the others could not be asked, by name.
    """

    findings: tuple[FollowedFinding, ...]
    guards: tuple[str, ...]
    unavailable: Mapping[str, Cause]


class GuardChecker:
    """Screens single texts as a call of one route would, for one caller.

    Args:
        guards: of each screen, for the caller's tenant.
        policies: how the guards of each screen are asked.
        requester: on whose behalf.
        clock: the event loop's.
    """

    def __init__(
        self,
        guards: Mapping[Screen, ScreenGuards],
        policies: Mapping[Screen, ScreenPolicy],
        requester: Requester,
        clock: Clock,
    ) -> None:
        self._guards = guards
        self._policies = policies
        self._requester = requester
        self._clock = clock

    def guards(self, screen: Screen) -> Sequence[tuple[GuardIdentity, Sequence[str]]]:
        """Return the guards of a screen, each with the categories that the route does not ignore."""
        return [
            (placed.identity, [each for each in sorted(placed.categories) if placed.actions.of(each) is not None])
            for placed in self._of(screen).each
        ]

    async def screen(self, screen: Screen, text: str) -> TextFindings:
        """Return what all guards find in a text, also where one of them would block it before others are asked."""
        guards = self._of(screen)
        findings = [one for placed in guards.local for one in followed(placed, placed.guard.find(text))]
        replies = await asyncio.gather(*(self._ask(placed, screen, text) for placed in guards.remote))
        unavailable: dict[str, Cause] = {}
        for placed, reply in zip(guards.remote, replies, strict=True):
            if isinstance(reply, Failure):
                unavailable[placed.identity.name] = reply.cause
            else:
                findings += reply
        looked = tuple(each.identity.name for each in guards.each if each.identity.name not in unavailable)
        return TextFindings(tuple(findings), looked, unavailable)

    async def _ask(
        self, placed: PlacedGuard[RemoteGuard], screen: Screen, text: str
    ) -> Sequence[FollowedFinding] | Failure:
        now = self._clock.now()
        policy = self._policies.get(screen, ScreenPolicy())
        by = policy.screen_by(now, NEVER)
        try:
            reply = await reply_of(placed.guard, ScreenRequest(self._requester, screen, (text,), Allowance()), by)
        except Failure as failure:
            return failure
        return followed(placed, reply.findings[0])

    def _of(self, screen: Screen) -> ScreenGuards:
        return self._guards.get(screen, ScreenGuards())


@asynccontextmanager
async def open_guard_checker(configuration: Configuration, route: str, caller: Caller) -> AsyncIterator[GuardChecker]:
    """Open the guards of a route, and nothing else, and close them when the context is left.

    Raises:
        SetupError: when a guard cannot be used as it is.
        ImportError: when an extra is not installed that a guard needs.
        OSError: when a file that a guard needs cannot be read.
    """
    async with opened_screens(configuration, route) as screens:
        yield GuardChecker(
            {screen: guards.of(caller.tenant) for screen, guards in screens.items()},
            configuration.routes[route].screens.policies,
            Requester(caller.tenant, caller.subject, route=route),
            SystemClock(),
        )
