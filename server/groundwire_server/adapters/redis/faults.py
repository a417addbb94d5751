"""What is wrong with Redis, from the errors of its client."""

from collections.abc import Sequence
from typing import Final

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004  # the library's own
    MaxConnectionsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,  # noqa: A004  # the library's own
)

from groundwire_server.domain.failure import Fault


class RedisFault(Fault):
    """What is wrong with Redis."""

    AWAY = "Redis cannot be reached", "see whether it runs, and `redis.url`"
    SLOW = "Redis did not answer in time", "see its load, and `redis.timeout_seconds`"
    BUSY = "all connections to Redis are in use", "see its load, and `redis.max_connections`"
    LOADING = "Redis is loading its data"
    FULL = "Redis has no memory left", "raise its maxmemory, or choose a policy that evicts"
    READ_ONLY = "this Redis is a replica, which cannot be written to", "name the primary in `redis.url`"
    DENIED = "Redis refused the credential", "see `redis.username`, `redis.password` and the user's ACL"
    CLUSTER = "this Redis is a node of a cluster", "name a single primary, or a proxy in front of the cluster"
    FOREIGN = "a key holds something else", "another program uses `redis.key_prefix`: choose another prefix"
    REFUSED = "Redis refused the command", "see its log"


def fault_of(error: Exception) -> RedisFault:
    """Return what an error of the client says about Redis."""
    if isinstance(error, ConnectionError) and str(error) == _NO_CONNECTION:
        return RedisFault.BUSY
    for kinds, fault in _FAULTS:
        if isinstance(error, kinds):
            return fault
    if isinstance(error, ResponseError):
        text = str(error).upper()
        return next((fault for word, fault in _WORDS if word in text), RedisFault.REFUSED)
    return RedisFault.AWAY


_NO_CONNECTION: Final = "No connection available."
"""What the client says when all connections are in use, by no class of its own."""

_FAULTS: Final[Sequence[tuple[tuple[type[Exception], ...], RedisFault]]] = (
    ((AuthenticationError, AuthorizationError, NoPermissionError), RedisFault.DENIED),
    ((BusyLoadingError,), RedisFault.LOADING),
    ((MaxConnectionsError,), RedisFault.BUSY),
    ((TimeoutError,), RedisFault.SLOW),
    ((ConnectionError, OSError), RedisFault.AWAY),
    ((OutOfMemoryError,), RedisFault.FULL),
    ((ReadOnlyError,), RedisFault.READ_ONLY),
)
"""The narrower classes first."""

_WORDS: Final = (
    ("WRONGTYPE", RedisFault.FOREIGN),
    ("OOM ", RedisFault.FULL),
    ("READONLY", RedisFault.READ_ONLY),
    ("LOADING", RedisFault.LOADING),
    ("NOAUTH", RedisFault.DENIED),
    ("NOPERM", RedisFault.DENIED),
    ("MOVED", RedisFault.CLUSTER),
    ("CROSSSLOT", RedisFault.CLUSTER),
    ("CLUSTERDOWN", RedisFault.CLUSTER),
)
"""What the errors of a script say, which has none of the client's classes."""
