"""What endpoints must not be sent."""

from collections.abc import Collection, Sequence
from contextlib import nullcontext

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.guards import PersonalGuardConfig
from groundwire_server.app.configuration.models.remote_guards import RemoteGuardConfig
from groundwire_server.app.parts.guards import identity_of, open_guard
from groundwire_server.app.parts.shared import Lease
from groundwire_server.ports.guard import LocalGuard


async def open_masker(mask: Collection[str], configuration: Configuration, lease: Lease) -> Masker | None:
    """Return what masks the texts that are sent to an endpoint; None where all is sent as it is.

    Args:
        mask: categories of personal data, and names of guards.
        configuration: has the guards.
        lease: of what is opened.

    Raises:
        SetupError: when a file of a guard cannot be used.
    """
    if not mask:
        return None
    named = [(name, configuration.guards[name]) for name in sorted(mask) if name in configuration.guards]
    guards: list[LocalGuard] = [
        await open_guard(name, guard, lease) for name, guard in named if not isinstance(guard, RemoteGuardConfig)
    ]
    if categories := [each for each in PERSONAL_CATEGORIES if each in mask]:
        personal = PersonalGuardConfig(kind="personal", categories=tuple(categories))
        guards.append(await open_guard(personal.kind, personal, lease))
    # Guards are shared by what is set for them: the same ones make the same masker.
    return await lease.take(("masker", *guards), lambda: nullcontext(Masker(guards)))


def mask_of(mask: Collection[str], configuration: Configuration) -> Sequence[object]:
    """Return what decides the numbers of an endpoint's models because of what is masked; nothing where all is sent."""
    guards = configuration.guards
    named = [f"{name} {identity_of(name, guards[name]).version}" if name in guards else name for name in sorted(mask)]
    return [named] if named else []
