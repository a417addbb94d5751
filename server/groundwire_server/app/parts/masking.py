"""What providers must not be sent."""

from collections.abc import Sequence
from contextlib import nullcontext

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES, PersonalGuard, PersonalGuardOptions
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.guards import identity_of, open_guard
from groundwire_server.app.parts.shared import Lease


async def open_masker(provider: str, configuration: Configuration, lease: Lease) -> Masker | None:
    """Return what masks the texts that are sent to a provider; None where all is sent as it is.

    Raises:
        SetupError: when a file of a guard cannot be used.
    """
    mask = configuration.providers[provider].mask
    if not mask:
        return None
    guards = [
        await open_guard(name, configuration.guards[name], lease) for name in mask if name in configuration.guards
    ]
    if categories := [each for each in PERSONAL_CATEGORIES if each in mask]:
        options = PersonalGuardOptions(categories=tuple(categories))
        guards.append(await lease.take(("guard", options), lambda: nullcontext(PersonalGuard(options))))
    # Guards are shared by what is set for them: the same ones make the same masker.
    return await lease.take(("masker", *guards), lambda: nullcontext(Masker(guards)))


def mask_of(provider: str, configuration: Configuration) -> Sequence[object]:
    """Return what decides the numbers of a provider's models because of what is masked; nothing where all is sent."""
    mask, guards = configuration.providers[provider].mask, configuration.guards
    named = [f"{name} {identity_of(name, guards[name]).version}" if name in guards else name for name in sorted(mask)]
    return [named] if named else []
