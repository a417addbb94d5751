"""API keys: creating, listing and revoking them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from groundwire_server.adapters.authentication import key_file
from groundwire_server.adapters.authentication.key_file import KeyFileError, StoredApiKey
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.ports.clock import Clock

__all__ = ["KeyFileError", "KeyState", "create", "known", "revoke"]


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key without its hash."""

    key_id: str
    caller: Caller
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    state: str


def create(
    path: Path,
    tenant: str,
    subject: str,
    principals: Collection[str],
    roles: Collection[Role],
    lasts: timedelta | None,
    clock: Clock,
) -> tuple[KeyState, str]:
    """Create a key and add it to the file, which is created if it does not exist.

    Args:
        path: the file of keys.
        tenant: of the key's caller.
        subject: of the key's caller.
        principals: of the key's caller.
        roles: of the key's caller.
        lasts: the key's lifetime; None for a key that does not expire.
        clock: tells the time.

    Returns:
        The key, and its text, which is not stored anywhere.

    Raises:
        ValueError: when tenant, subject or a principal is not a valid name.
        KeyFileError: when the file cannot be read or written.
    """
    now = clock.today()
    caller = Caller.checked(tenant, subject, principals, roles)
    key, text = key_file.new_key(caller, now, None if lasts is None else now + lasts)
    with key_file.changing(path) as keys:
        keys[key.key_id] = key
    return _state(key, now), text


def known(path: Path, clock: Clock) -> Sequence[KeyState]:
    """Return the keys of the file, oldest first.

    Raises:
        KeyFileError: when the file cannot be read.
    """
    now = clock.today()
    return [_state(key, now) for key in sorted(key_file.read(path).values(), key=lambda key: key.created)]


def revoke(path: Path, key_id: str, clock: Clock) -> KeyState | None:
    """Revoke a key; return it, or None when the file has no key with that id.

    Raises:
        KeyFileError: when the file cannot be read or written.
    """
    now = clock.today()
    key_file.read(path)
    with key_file.changing(path) as keys:
        key = keys.get(key_id)
        if key is None:
            return None
        key = keys[key_id] = key_file.revoked(key, now)
    return _state(key, now)


def _state(key: StoredApiKey, now: datetime) -> KeyState:
    state = "live"
    if key.revoked is not None:
        state = "revoked"
    elif key.expires is not None and key.expires <= now:
        state = "expired"
    return KeyState(key.key_id, key.caller, key.created, key.expires, key.revoked, state)
