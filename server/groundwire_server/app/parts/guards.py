"""The guards that work in the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from groundwire_server.adapters.guards.instructions.guard import InstructionGuard
from groundwire_server.adapters.guards.instructions.rule_files import Screened
from groundwire_server.adapters.guards.instructions.rule_set import built_in_rules
from groundwire_server.adapters.guards.languages import LanguagesGuard
from groundwire_server.adapters.guards.nonsense import NonsenseGuard
from groundwire_server.adapters.guards.patterns import PatternsGuard
from groundwire_server.adapters.guards.personal import PersonalGuard
from groundwire_server.adapters.guards.secrets import SecretsGuard
from groundwire_server.adapters.guards.terms import BlankTermError, TermsGuard
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
from groundwire_server.files.small import UnreadableFileError, mark, text_of
from groundwire_server.ports.guard import LocalGuard

_TERMS_BYTES: Final = 8 << 20
_MOST_TERMS: Final = 200_000
"""Lines of a file: a tree of them takes some 80 MB."""


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
            terms = [*(guard.terms or ()), *(() if guard.file is None else _lines(name, guard.file))]
            try:
                return TermsGuard(terms, guard.category, guard.at_least)
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
