"""The guards that work in the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundwire_server.adapters.guards.instructions.guard import InstructionGuard
from groundwire_server.adapters.guards.instructions.rule_files import Screened
from groundwire_server.adapters.guards.instructions.rule_set import built_in_rules
from groundwire_server.adapters.guards.languages import LanguagesGuard
from groundwire_server.adapters.guards.nonsense import NonsenseGuard
from groundwire_server.adapters.guards.patterns import PatternsGuard
from groundwire_server.adapters.guards.personal import PersonalGuard
from groundwire_server.adapters.guards.secrets import SecretsGuard
from groundwire_server.adapters.guards.terms import BlankTermError, TermsGuard, terms_in
from groundwire_server.app.configuration.models.guards import (
    GuardConfig,
    InjectionGuardConfig,
    InstructionsGuardConfig,
    LanguagesGuardConfig,
    LocalGuardConfig,
    NonsenseGuardConfig,
    PatternsGuardConfig,
    PersonalGuardConfig,
    PresidioGuardConfig,
    SecretsGuardConfig,
    TermsGuardConfig,
)
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.files.small import UnreadableFileError, mark
from groundwire_server.ports.guard import LocalGuard


def identity_of(name: str, guard: GuardConfig) -> GuardIdentity:
    """Return what a guard of the configuration is called in replies and events."""
    return GuardIdentity(name, guard.version)


async def open_guard(name: str, guard: LocalGuardConfig, lease: Lease) -> LocalGuard:
    """Return the guard of a name.

    Raises:
        SetupError: when a file of it cannot be used.
    """
    read = mark(guard.file) if isinstance(guard, TermsGuardConfig) and guard.file is not None else None

    @asynccontextmanager
    async def opened() -> AsyncIterator[LocalGuard]:
        # In a thread: a list of 200,000 terms takes seconds, and calls are served meanwhile.
        yield await asyncio.to_thread(_made, name, guard)

    return await lease.take(("guard", guard, read), opened)


def _made(name: str, guard: LocalGuardConfig) -> LocalGuard:
    match guard:
        case TermsGuardConfig():
            try:
                listed = () if guard.file is None else terms_in(guard.file)
                return TermsGuard((*(guard.terms or ()), *listed), guard.category, guard.at_least)
            except UnreadableFileError as unreadable:
                raise SetupError(f"guards.{name}.file: {guard.file} {unreadable}") from None
            except BlankTermError as blank:
                raise SetupError(f"guards.{name}: {blank} has no letter or digit: leave it out") from None
        case PatternsGuardConfig():
            return PatternsGuard(guard.patterns, guard.category)
        case InjectionGuardConfig():
            return InstructionGuard(Screened.QUESTION, built_in_rules())
        case InstructionsGuardConfig():
            return InstructionGuard(Screened.EVIDENCE, built_in_rules())
        case NonsenseGuardConfig():
            return NonsenseGuard()
        case LanguagesGuardConfig():
            return LanguagesGuard(guard.serves)
        case PersonalGuardConfig():
            return PersonalGuard(guard)
        case SecretsGuardConfig():
            return SecretsGuard(guard)
        case PresidioGuardConfig():
            # Imported here: it is in an extra.
            from groundwire_server.adapters.guards.presidio import PresidioGuard  # noqa: PLC0415

            return PresidioGuard(guard)
