"""The section `queue`: the options of queued answers, of wake-ups and of webhooks."""

from typing import Annotated, TypeAlias

from pydantic import Field

from groundwire_server.adapters.wakeups.options import (
    MemoryWakeupsOptions,
    RabbitMQWakeupsOptions,
    RedisWakeupsOptions,
)
from groundwire_server.work.options import QueueOptions
from groundwire_server.work.webhooks import WebhookOptions

WakeupsConfig: TypeAlias = Annotated[
    MemoryWakeupsOptions | RedisWakeupsOptions | RabbitMQWakeupsOptions, Field(discriminator="kind")
]


class QueueConfig(QueueOptions):
    """Questions that are answered later: how many may wait, for how long, and how they are worked off."""

    wakeups: WakeupsConfig | None = Field(
        None,
        description="What tells processes that there is work, or an answer. One that is lost costs `poll_seconds` at "
        "most. If unset, the Redis of `redis` where there is one, otherwise each process by itself.",
    )
    webhooks: WebhookOptions | None = Field(
        None, description="Addresses that callers may have told when a queued answer is done; none if unset."
    )
