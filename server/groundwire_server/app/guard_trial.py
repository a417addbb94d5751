"""Trying a route's guards on a text, as `groundwire guards test` does: as in a call, without one."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.screens import opened_screens
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import Finding, GuardActions, GuardIdentity
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.pipeline.screening.guards import PlacedGuard, reply_of
from groundwire_server.ports.guard import LocalGuard, RemoteGuard, ScreenRequest

_SECONDS: Final = 30.0
"""For a guard outside the server: who tries one waits for it."""


@dataclass(frozen=True, slots=True)
class TriedFinding:
    """What a guard finds in a text.

    Attributes:
        action: what the route makes of it; None where it ignores the category.
        about: what the rule looks for, in words; empty where its name says it.
    """

    finding: Finding
    action: GuardAction | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class TriedGuard:
    """What one guard of a screen says of a text.

    Attributes:
        found: in the order of the text.
        failure: why it could not be asked; empty where it could.
    """

    screen: Screen
    identity: GuardIdentity
    found: Sequence[TriedFinding] = ()
    failure: str = ""


def try_guards(
    configuration: Configuration, route: str, screens: Collection[Screen], tenant: str, text: str
) -> Sequence[TriedGuard]:
    """Return what each guard of a route's screens says of a text, in their order.

    Args:
        configuration: has the guards.
        route: its name; it is there.
        screens: that are tried.
        tenant: for which they look.
        text: to be looked at.

    Raises:
        SetupError: when a file of a guard cannot be used.
    """
    return asyncio.run(_tried(configuration, route, screens, tenant, text))


async def _tried(
    configuration: Configuration, route: str, screens: Collection[Screen], tenant: str, text: str
) -> Sequence[TriedGuard]:
    async with opened_screens(configuration, route) as opened:
        tried: list[TriedGuard] = []
        for screen in screens:
            guards = opened[screen].of(tenant) if screen in opened else None
            if guards is not None:
                tried += [_local(screen, each, text) for each in guards.local]
                tried += await asyncio.gather(*(_remote(screen, each, tenant, text) for each in guards.remote))
        return tried


def _local(screen: Screen, placed: PlacedGuard[LocalGuard], text: str) -> TriedGuard:
    guard = placed.guard
    found = [TriedFinding(each, placed.actions.of(each.category), guard.about(each.rule)) for each in guard.find(text)]
    return TriedGuard(screen, placed.identity, found)


async def _remote(screen: Screen, placed: PlacedGuard[RemoteGuard], tenant: str, text: str) -> TriedGuard:
    request = ScreenRequest(Requester(tenant), screen, (text,), Allowance())
    deadline = Deadline(asyncio.get_running_loop().time() + _SECONDS)
    try:
        reply = await reply_of(placed.guard, request, deadline)
    except Failure as failure:
        return TriedGuard(screen, placed.identity, failure=failure.error_type)
    (findings,) = reply.findings
    return TriedGuard(screen, placed.identity, [_of(each, placed.actions) for each in findings])


def _of(finding: Finding, actions: GuardActions) -> TriedFinding:
    return TriedFinding(finding, actions.of(finding.category))
