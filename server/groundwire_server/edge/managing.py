"""The tenant that manages what all tenants share: prompts and experiments."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.ports.registry_records import RegistryMovedError

T = TypeVar("T")
C = TypeVar("C")

_MOST_CHECKS: Final = 20
"""How often a change is checked that others come before."""


def managed(calls: T | None, managed_by: str | None, caller: Caller, feature: Feature) -> T:
    """Return what calls of a feature need, for a caller of the tenant that manages it.

    Args:
        calls: what they need; None where the server does not offer the feature.
        managed_by: the tenant; None where there is none.
        caller: whose role was checked before.
        feature: what is managed.

    Raises:
        Rejection: FEATURE_NOT_OFFERED where no tenant manages it.
        AccessDenied: for a caller of another tenant.
    """
    if calls is None or managed_by is None:
        raise Rejection.not_offered(feature)
    if caller.tenant != managed_by:
        about = {"tenant": caller.tenant, "subject": caller.subject, "feature": feature.value}
        raise AccessDenied(DenialReason.TENANT_NOT_MANAGING, about=about)
    return calls


async def changed(fresh: Callable[[], Awaitable[C]], change: Callable[[C], Awaitable[T]], refused: Rejection) -> T:
    """Make a change that is checked by what the records hold, and check it again where another came between.

    Args:
        fresh: returns what calls need, by what the records hold now.
        change: makes the change with it.
        refused: is raised where others come between again and again.

    Raises:
        Rejection: of the change as well.
    """
    for _ in range(_MOST_CHECKS):
        with suppress(RegistryMovedError):
            return await change(await fresh())
    raise refused
