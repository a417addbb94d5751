"""The guards of the routes' screens, and of documents."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

from groundwire_server.adapters.guards.patterns import PatternsGuard
from groundwire_server.adapters.guards.personal import PersonalGuard
from groundwire_server.adapters.guards.secrets import SecretsGuard
from groundwire_server.adapters.guards.terms import BlankTermError, TermsGuard
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.guards import (
    GuardConfig,
    LocalGuardConfig,
    PatternsGuardConfig,
    PersonalGuardConfig,
    PresidioGuardConfig,
    SecretsGuardConfig,
    TermsGuardConfig,
)
from groundwire_server.app.configuration.models.remote_guards import RemoteGuardConfig
from groundwire_server.app.configuration.models.screens import actions_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.corpus.screening import DocumentGuard, DocumentScreen
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.files.small import UnreadableFileError, mark, text_of
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.guard import LocalGuard, RemoteGuard
from groundwire_server.ports.recording import Recording

_TERMS_BYTES: Final = 8 << 20
_MOST_TERMS: Final = 200_000
"""Lines of a file: a set of them takes some 60 MB."""

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
                if isinstance(guard, RemoteGuardConfig):
                    if name not in remote:
                        remote[name] = await _open_remote(name, guard, configuration, lease, recording)
                    outside.append(PlacedGuard(identity_of(name, guard), actions_of(use), remote[name]))
                    continue
                if name not in opened:
                    opened[name] = await open_guard(name, guard, lease)
                local.append(PlacedGuard(identity_of(name, guard), actions_of(use), opened[name]))
            if local or outside:
                placed[screen] = ScreenGuards(tuple(local), tuple(outside))
        screens[route] = placed
    return screens


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


def identity_of(name: str, guard: GuardConfig) -> GuardIdentity:
    """Return what a guard of the configuration is called in replies and events."""
    return GuardIdentity(name, guard.version)


async def _open_remote(
    name: str, guard: RemoteGuardConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> RemoteGuard:
    # Imported here: a server without such guards is spared the HTTP client.
    from groundwire_server.app.parts.remote_guards import open_remote_guard  # noqa: PLC0415

    return await open_remote_guard(name, guard, configuration, lease, recording)


async def open_guard(name: str, guard: LocalGuardConfig, lease: Lease) -> LocalGuard:
    """Return the guard of a name.

    Raises:
        SetupError: when a file of it cannot be used.
    """
    read = mark(guard.file) if isinstance(guard, TermsGuardConfig) and guard.file is not None else None

    @asynccontextmanager
    async def opened() -> AsyncIterator[LocalGuard]:
        yield _made(name, guard)

    return await lease.take(("guard", guard, read), opened)


def _made(name: str, guard: LocalGuardConfig) -> LocalGuard:
    match guard:
        case TermsGuardConfig():
            terms = [*(guard.terms or ()), *(() if guard.file is None else _lines(name, guard.file))]
            try:
                return TermsGuard(terms, guard.category, guard.at_least)
            except BlankTermError as blank:
                raise SetupError(f"guards.{name}: {blank} has no letter or digit: leave it out") from None
        case PatternsGuardConfig():
            return PatternsGuard(guard.patterns, guard.category)
        case PersonalGuardConfig():
            return PersonalGuard(guard)
        case SecretsGuardConfig():
            return SecretsGuard(guard)
        case PresidioGuardConfig():
            # Imported here: it is in an extra.
            from groundwire_server.adapters.guards.presidio import PresidioGuard  # noqa: PLC0415

            return PresidioGuard(guard)


def _lines(name: str, file: Path) -> list[str]:
    try:
        text = text_of(file, _TERMS_BYTES)
    except UnreadableFileError as unreadable:
        raise SetupError(f"guards.{name}.file: {file} {unreadable}") from None
    lines = [line.strip() for line in text.splitlines()]
    terms = [line for line in lines if line and not line.startswith("#")]
    if len(terms) > _MOST_TERMS:
        raise SetupError(
            f"guards.{name}.file: {file} has {len(terms):,} terms, and at most {_MOST_TERMS:,} are looked for: put a "
            "guard behind an endpoint in its place"
        )
    return terms
