"""Options of wake-ups."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from groundwire_server.options import Options
from groundwire_server.options.secret import Secret

_EXAMPLE = "amqp://127.0.0.1:5672/"


def _url(url: str) -> str:
    if not url.startswith(("amqp://", "amqps://")):
        raise ValueError(f"must begin with amqp:// or amqps:// (TLS), such as {_EXAMPLE}")
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must hold no user name, password or query: set `username` and `password`")
    try:
        if not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise ValueError(f"must have a host, and a port from 1 to 65535 if any, such as {_EXAMPLE}") from None
    return url


class MemoryWakeupsOptions(Options):
    """Wake-ups within one process; other processes look for work themselves, each `queue.poll_seconds`."""

    kind: Literal["memory"] = Field("memory", description="Needs nothing.")


class RedisWakeupsOptions(Options):
    """Wake-ups through a stream in the Redis of the section `redis`."""

    kind: Literal["redis"] = Field("redis", description="A stream in Redis; the section `redis` says where.")


class RabbitMQWakeupsOptions(Options):
    """Wake-ups through an exchange of RabbitMQ, with a queue for each process. Nothing in it is durable."""

    kind: Literal["rabbitmq"] = Field("rabbitmq", description="An exchange of RabbitMQ; needs the extra `rabbitmq`.")
    url: Annotated[str, AfterValidator(_url)] = Field(
        description="Where it listens: amqp://HOST:PORT/VHOST, or amqps:// with TLS.", examples=[_EXAMPLE]
    )
    username: str = Field("guest", description="User name. RabbitMQ lets `guest` in from its own machine alone.")
    password: Secret | None = Field(
        None,
        description="Password, a reference: env://NAME or file:///PATH; that of `guest` if unset.",
        examples=["env://RABBITMQ_PASSWORD"],
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities to trust instead of the system's, PEM; for amqps://.",
        examples=["/etc/groundwire/rabbitmq-ca.pem"],
    )
    exchange: str = Field(
        "groundwire.wakeups",
        pattern=r"^[A-Za-z0-9_.:-]{1,127}$",
        description="Name of the exchange; services that share a virtual host need different ones.",
    )
    timeout_seconds: float = Field(2.0, gt=0, le=30, description="Longest wait for a connection or a reply.")
