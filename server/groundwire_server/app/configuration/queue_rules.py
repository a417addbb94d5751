"""Rules between the section `queue` and others."""

from collections.abc import Iterator

from groundwire_server.adapters.wakeups.options import RedisWakeupsOptions
from groundwire_server.app.configuration.errors import ConfigError, check_tenant
from groundwire_server.app.configuration.models.configuration import Configuration


def check_queue(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error where wake-ups have no Redis, and for each tenant with a secret that does not exist."""
    queue = configuration.queue
    if isinstance(queue.wakeups, RedisWakeupsOptions) and configuration.redis is None:
        yield ConfigError(("queue", "wakeups", "kind"), "redis needs the section redis: add it, with its url")
    if queue.webhooks is None:
        return
    for tenant in queue.webhooks.secrets:
        yield from check_tenant(("queue", "webhooks", "secrets", tenant), tenant, configuration.tenants)
    for index, host in enumerate(queue.webhooks.private_hosts):
        if host not in queue.webhooks.hosts:
            yield ConfigError(("queue", "webhooks", "private_hosts", index), "must be one of hosts as well")
