"""What providers must not be sent."""

from collections.abc import Sequence
from contextlib import nullcontext

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.guards.personal import PersonalGuard, PersonalGuardOptions
from groundwire_server.app.configuration.models.providers import ProviderConfig
from groundwire_server.app.parts.shared import Lease


async def open_masker(section: ProviderConfig, lease: Lease) -> Masker | None:
    """Return what masks the texts that are sent to a provider; None where all is sent as it is."""
    if not section.mask:
        return None
    options = PersonalGuardOptions(categories=section.mask)
    return await lease.take(("masker", options), lambda: nullcontext(Masker([PersonalGuard(options)])))


def mask_of(section: ProviderConfig) -> Sequence[object]:
    """Return what decides the numbers of a provider's models because of what is masked; nothing where all is sent."""
    return (sorted(section.mask),) if section.mask else ()
