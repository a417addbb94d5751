"""Options of the connection to Redis."""

from typing import Annotated

from pydantic import AfterValidator, Field

from groundwire_server.options.login import LoginOptions

_SCHEMES = ("redis://", "rediss://", "unix://")


def _url(url: str) -> str:
    if not url.startswith(_SCHEMES):
        raise ValueError("must begin with redis://, rediss:// (TLS) or unix:// (a socket)")
    if "@" in url:
        raise ValueError("must hold no user name or password: set `username` and `password`")
    return url


class RedisOptions(LoginOptions):
    """Redis, where processes keep what they share: limits, spending, and the events of answers in flight."""

    url: Annotated[str, AfterValidator(_url)] = Field(
        description="Where it listens: redis://HOST:PORT/DATABASE, rediss:// with TLS, or unix:///PATH of a socket.",
        examples=["redis://127.0.0.1:6379/0"],
    )
    key_prefix: str = Field(
        "groundwire",
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
        description="What every key begins with; services that share a Redis need different ones.",
    )
    timeout_seconds: float = Field(0.25, gt=0, le=10, description="Longest wait for a connection or a reply.")
    max_connections: int = Field(32, ge=1, le=10_000, description="Open connections of each process.")
    accept_loss: bool = Field(
        False,
        description="Whether a Redis may be used that forgets limits, spending and answers in flight when it restarts, "
        "for want of an append-only file (`appendonly yes`).",
    )
