"""The file of API keys, which holds their hashes."""

import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference
from groundwire_server.domain.failure import SetupError
from groundwire_server.files.atomic import replace_file
from groundwire_server.files.small import UnreadableFileError, anybody_may_write, bytes_of

VERSION = 1
SIZE_LIMIT = 64 * 1024 * 1024
_ID_BYTES = 6
_SECRET_BYTES = 32


class KeyFileError(SetupError):
    """The file of API keys cannot be used."""


@dataclass(frozen=True, slots=True)
class StoredApiKey:
    """A key without its secret.

    Attributes:
        key_id: its public part.
        hashed: SHA-256 of the secret, in hexadecimal. The secret has 256 random bits: a slow hash would add nothing.
        caller: of the key.
        created: when it was created.
        expires: when it expires; None for never.
        revoked: when it was revoked.
    """

    key_id: str
    hashed: str
    caller: Caller
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None


def new_key(caller: Caller, created: datetime, expires: datetime | None) -> tuple[StoredApiKey, str]:
    """Return a new key and its text, which is not stored anywhere."""
    key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    return StoredApiKey(key_id, hash_of(secret), caller, created, expires), f"gw_{key_id}_{secret}"


def hash_of(secret: str) -> str:
    """Return the hash of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read(path: Path) -> Mapping[str, StoredApiKey]:
    """Return the keys of a file, by id.

    Raises:
        KeyFileError: when it cannot be read, or is not what `write` has written.
    """
    try:
        data = bytes_of(path, SIZE_LIMIT)
    except UnreadableFileError as why:
        if why.absent:
            raise KeyFileError(
                f"there is no key file {path}: make one with `groundwire keys create --file …`"
            ) from None
        raise KeyFileError(f"the key file {path} {why}") from None
    if anybody_may_write(path):
        raise KeyFileError(f"every user of this machine can write to the key file {path}: chmod o-w {path}")
    try:
        content = json.loads(data)
        if content["version"] != VERSION:
            raise KeyFileError(f"the key file {path} was written by another version of groundwire")
        keys = [_from_json(each) for each in content["keys"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise KeyFileError(f"{path} is not a key file of groundwire, or is damaged: restore it from a backup") from None
    found = {key.key_id: key for key in keys}
    if len(found) != len(keys):
        raise KeyFileError(f"the key file {path} contains an id twice: remove one of the two")
    return found


@contextmanager
def changing(path: Path) -> Iterator[dict[str, StoredApiKey]]:
    """Yield the keys to be changed, then write them; a lock keeps concurrent changes from being lost.

    Raises:
        KeyFileError: when the file cannot be read or written.
    """
    # The server reads the file behind a link: replacing the link would leave that file unchanged.
    path = Path(os.path.realpath(path))
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as failed:
        raise KeyFileError(f"the folder of the key file {path} cannot be used: {failed.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        keys = dict(read(path)) if path.exists() else {}
        yield keys
        _write(path, keys.values())
    finally:
        os.close(folder)


def revoked(key: StoredApiKey, at: datetime) -> StoredApiKey:
    """Return the key as revoked; an earlier revocation keeps its time."""
    return key if key.revoked is not None else replace(key, revoked=at)


def _write(path: Path, keys: Iterable[StoredApiKey]) -> None:
    """Replace the file atomically. A new one is private; an existing one keeps its owner and permissions."""
    content = json.dumps({"version": VERSION, "keys": [_to_json(key) for key in keys]}, indent=1)
    try:
        replace_file(path, f"{content}\n".encode(), partial(_keep_owner, path))
    except OSError as failed:
        raise KeyFileError(f"the key file {path} cannot be written: {failed.strerror}") from None


def _keep_owner(path: Path, number: int) -> None:
    """Give the new file the owner, group and group permissions of the old one, as far as this user may."""
    with suppress(FileNotFoundError):
        old, new = path.stat(), os.fstat(number)
        with suppress(PermissionError):
            if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
                os.fchown(number, old.st_uid, old.st_gid)
            os.fchmod(number, stat.S_IRUSR | stat.S_IWUSR | (old.st_mode & stat.S_IRGRP))


def _to_json(key: StoredApiKey) -> Mapping[str, Any]:
    return {
        "id": key.key_id,
        "hash": key.hashed,
        "tenant": key.caller.tenant,
        "subject": key.caller.subject,
        "principals": sorted(key.caller.principals),
        "roles": sorted(key.caller.roles),
        "created": key.created.isoformat(),
        "expires": key.expires.isoformat() if key.expires else None,
        "revoked": key.revoked.isoformat() if key.revoked else None,
    }


def _from_json(given: Mapping[str, Any]) -> StoredApiKey:
    caller = Caller.checked(
        given["tenant"], given["subject"], given["principals"], [Role(role) for role in given["roles"]]
    )
    created, expires, revoked_at = (_date(given[name]) for name in ("created", "expires", "revoked"))
    if created is None or len(bytes.fromhex(given["hash"])) != hashlib.sha256().digest_size:
        raise ValueError("created or hash")
    key_id = str(given["id"])
    ends = None if expires is None else expires.timestamp()
    caller = replace(caller, credential=CredentialReference(CredentialKind.API_KEY, key_id, ends))
    return StoredApiKey(key_id, given["hash"], caller, created, expires, revoked_at)


def _date(value: str | None) -> datetime | None:
    if value is None:
        return None
    date = datetime.fromisoformat(value)
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
