"""The tenant that manages what all tenants share: prompts and experiments."""

from typing import TypeVar

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature

T = TypeVar("T")


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
