"""What tells processes that there is work, or an answer."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.adapters.wakeups.options import MemoryWakeupsOptions, RabbitMQWakeupsOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import Wakeups

if TYPE_CHECKING:
    from groundwire_server.adapters.wakeups.broker import Broker


@asynccontextmanager
async def open_wakeups(configuration: Configuration) -> AsyncIterator[Wakeups]:
    """Yield the wake-ups that a configuration names, without waiting for their broker.

    Raises:
        SetupError: when an extra is not installed.
    """
    broker = broker_of(configuration) if configuration.queues else None
    if broker is None:
        yield MemoryWakeups()
        return
    from groundwire_server.adapters.wakeups.broker import BrokerWakeups  # noqa: PLC0415  # as below

    async with BrokerWakeups(broker, SystemClock()).serving() as wakeups:
        yield wakeups


def broker_of(configuration: Configuration) -> "Broker | None":
    """Return the broker of a configuration; None where wake-ups stay within the process.

    Raises:
        SetupError: when an extra is not installed.
    """
    options = configuration.queue.wakeups
    # Imported here: a server without a broker starts without its client.
    if isinstance(options, RabbitMQWakeupsOptions):
        try:
            from groundwire_server.adapters.wakeups.rabbitmq import RabbitMQBroker  # noqa: PLC0415
        except ImportError:
            raise SetupError("RabbitMQ needs the extra: pip install 'groundwire-server[rabbitmq]'") from None
        # It would log each attempt to connect, with the address; we report once.
        logging.getLogger("aiormq").setLevel(logging.CRITICAL)
        return RabbitMQBroker(options)
    if isinstance(options, MemoryWakeupsOptions) or configuration.redis is None:
        return None
    try:
        from groundwire_server.adapters.wakeups.redis import RedisBroker  # noqa: PLC0415
    except ImportError:
        raise SetupError("`redis` needs the extra: pip install 'groundwire-server[redis]'") from None
    return RedisBroker(configuration.redis)
