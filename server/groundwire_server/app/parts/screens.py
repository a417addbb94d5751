"""The guards of the routes' screens, and of documents."""

from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from groundwire_server.app.configuration.guard_rules import categories_of
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.remote_guards import RemoteGuardConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.configuration.models.screens import actions_of
from groundwire_server.app.parts.guards import identity_of, open_guard
from groundwire_server.app.parts.shared import Lease, Shared
from groundwire_server.corpus.screening import DocumentGuard, DocumentScreen
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.pipeline.screening.guards import FollowedFinding, PlacedGuard, ScreenGuards
from groundwire_server.pipeline.screening.memory import FindingMemory
from groundwire_server.ports.guard import LocalGuard, RemoteGuard
from groundwire_server.ports.recording import Recording, unrecorded

Screens: TypeAlias = Mapping[Screen, ScreenGuards]


async def open_screens(configuration: Configuration, lease: Lease, recording: Recording) -> Mapping[str, Screens]:
    """Return the guards of each route's screens, by route.

    Raises:
        SetupError: when a file of a guard, or of the connection to it, cannot be used.
    """
    opened: dict[str, LocalGuard] = {}
    remote: dict[str, RemoteGuard] = {}
    screens: dict[str, Screens] = {}
    for route, section in configuration.routes.items():
        placed: dict[Screen, ScreenGuards] = {}
        for screen, uses in section.screens.uses.items():
            local: list[PlacedGuard[LocalGuard]] = []
            outside: list[PlacedGuard[RemoteGuard]] = []
            for use in uses:
                name, guard = use.guard, configuration.guards[use.guard]
                categories = frozenset(categories_of(guard))
                if isinstance(guard, RemoteGuardConfig):
                    if name not in remote:
                        remote[name] = await _open_remote(name, guard, configuration, lease, recording)
                    outside.append(PlacedGuard(identity_of(name, guard), actions_of(use), remote[name], categories))
                    continue
                if name not in opened:
                    opened[name] = await open_guard(name, guard, lease)
                local.append(PlacedGuard(identity_of(name, guard), actions_of(use), opened[name], categories))
            if local or outside:
                memory = FindingMemory[FollowedFinding]() if local and screen in _come_again(section) else None
                placed[screen] = ScreenGuards(tuple(local), tuple(outside), memory)
        screens[route] = placed
    return screens


def _come_again(route: RouteConfig) -> Container[Screen]:
    """Return the screens of a route whose texts are often the same again.

    Passages are, for as long as they are stored, and questions where the route serves earlier answers to them. Answers
    are seldom.
    """
    cache = route.cache.policy
    return (Screen.EVIDENCE, Screen.QUESTION) if cache is not None and cache.serve_fresh else (Screen.EVIDENCE,)


@asynccontextmanager
async def opened_screens(configuration: Configuration, route: str) -> AsyncIterator[Screens]:
    """Open the guards of one route, and nothing else, and close them when the context is left.

    Raises:
        SetupError: when a guard cannot be used as it is.
        ImportError: when an extra is not installed that a guard needs.
        OSError: when a file that a guard needs cannot be read.
    """
    lease = Shared().lease()
    try:
        alone = configuration.model_copy(update={"routes": {route: configuration.routes[route]}})
        yield (await open_screens(alone, lease, unrecorded()))[route]
    finally:
        await lease.end()


async def open_document_screen(configuration: Configuration, lease: Lease) -> DocumentScreen | None:
    """Return what documents pass before they are stored; None where there are no guards.

    Raises:
        SetupError: when a file of a guard cannot be used, or a guard is behind an endpoint.
    """
    guards = []
    for use in configuration.ingest.screen.use:
        guard = configuration.guards[use.guard]
        if isinstance(guard, RemoteGuardConfig):
            raise SetupError(f"guards.{use.guard} is behind an endpoint, and cannot screen documents")
        opened = await open_guard(use.guard, guard, lease)
        guards.append(DocumentGuard(identity_of(use.guard, guard), actions_of(use), opened))
    return DocumentScreen(guards) if guards else None


async def _open_remote(
    name: str, guard: RemoteGuardConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> RemoteGuard:
    # Imported here: a server without such guards is spared the HTTP client.
    from groundwire_server.app.parts.remote_guards import open_remote_guard  # noqa: PLC0415

    return await open_remote_guard(name, guard, configuration, lease, recording)
