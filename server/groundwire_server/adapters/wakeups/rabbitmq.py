"""Wake-ups through an exchange of RabbitMQ."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from typing import Final, Self, TypeVar
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, ChannelPreconditionFailed
from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ConnectionNotAllowed,
    ProbableAuthenticationError,
)

from groundwire_server.adapters.wakeups.broker import BrokerError
from groundwire_server.adapters.wakeups.options import RabbitMQWakeupsOptions
from groundwire_server.domain.failure import Fault

_HEARTBEAT_SECONDS: Final = 10
_SILENCE_SECONDS: Final = 30.0
"""How long nothing may come before this process asks itself whether its queue is still there."""

_LENGTH: Final = 1024
"""Messages that wait for a slow process; of more, the oldest are dropped."""

_FROM: Final = "from"

T = TypeVar("T")


class RabbitMQFault(Fault):
    """What is wrong with RabbitMQ."""

    AWAY = "RabbitMQ cannot be reached", "see whether it runs, and `queue.wakeups.url`"
    SLOW = "RabbitMQ did not answer in time", "see its load, and whether a memory or disk alarm blocks publishers"
    DENIED = "RabbitMQ refused the credential", "see `queue.wakeups.username`, its password and its permissions"
    FOREIGN = "the exchange is of another kind", "another program uses `queue.wakeups.exchange`: choose another name"
    DEAF = "the queue of this process brings nothing", "see whether a policy or a person deleted it"
    REFUSED = "RabbitMQ refused the command", "see its log"


class RabbitMQBroker:
    """One fanout exchange, with a queue for each process that goes with its connection.

    Args:
        options: where it is, and as whom to connect.
    """

    name = "rabbitmq"

    def __init__(self, options: RabbitMQWakeupsOptions) -> None:
        self._options = options

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["RabbitMQLink"]:
        """Yield a connection; see the port."""
        seconds = self._options.timeout_seconds
        connection = await _in_time(seconds, self._connect())
        try:
            yield await _in_time(seconds, RabbitMQLink.begun(connection, self._options.exchange, seconds))
        finally:
            await _close(connection, seconds)

    async def _connect(self) -> AbstractConnection:
        options = self._options
        parts = urlsplit(options.url)
        secure = parts.scheme == "amqps"
        return await aio_pika.connect(
            host=parts.hostname or "",
            port=parts.port or (5671 if secure else 5672),
            login=options.username,
            password="guest" if options.password is None else options.password.reveal(),
            virtualhost=unquote(parts.path.removeprefix("/")) or "/",
            ssl=secure,
            ssl_context=ssl.create_default_context(cafile=options.ca_file) if secure else None,
            client_properties={"connection_name": "groundwire"},
            heartbeat=_HEARTBEAT_SECONDS,
        )


class RabbitMQLink:
    """A connection with its queue.

    Args:
        exchange: of all processes.
        come: what has come, and None once nothing will come any more.
        seconds: how long RabbitMQ may take.
    """

    def __init__(
        self, exchange: AbstractExchange, come: asyncio.Queue[AbstractIncomingMessage | None], seconds: float
    ) -> None:
        self._exchange = exchange
        self._come = come
        self._seconds = seconds
        self._self = secrets.token_hex(8)

    @classmethod
    async def begun(cls, connection: AbstractConnection, name: str, seconds: float) -> Self:
        """Declare the exchange and the queue, and return the link once one message has come back.

        Args:
            connection: to RabbitMQ.
            name: of the exchange.
            seconds: how long RabbitMQ may take later.
        """
        come: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()

        async def came(message: AbstractIncomingMessage) -> None:
            come.put_nowait(message)

        def closed(*_: object) -> None:
            come.put_nowait(None)

        connection.close_callbacks.add(closed)
        channel: AbstractChannel = await connection.channel()
        channel.close_callbacks.add(closed)
        exchange = await channel.declare_exchange(name, aio_pika.ExchangeType.FANOUT, auto_delete=True)
        queue = await channel.declare_queue(exclusive=True, auto_delete=True, arguments={"x-max-length": _LENGTH})
        await queue.bind(exchange)
        await queue.consume(came, no_ack=True)
        link = cls(exchange, come, seconds)
        await link._publish(())
        await link._next()
        return link

    async def send(self, topics: Collection[str]) -> None:
        """Publish the topics as one message."""
        await _in_time(self._seconds, self._publish(topics))

    async def receive(self) -> Collection[str] | None:
        """Wait for a message of another process."""
        message = await self._heard()
        if message.headers.get(_FROM) == self._self:
            return ()
        return {topic for topic in message.body.decode(errors="replace").split("\n") if topic}

    async def _heard(self) -> AbstractIncomingMessage:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                return await self._next()
        except TimeoutError:
            await self.send(())
        try:
            async with asyncio.timeout(self._seconds):
                return await self._next()
        except TimeoutError:
            raise BrokerError(RabbitMQFault.DEAF) from None

    async def _publish(self, topics: Collection[str]) -> None:
        message = aio_pika.Message("\n".join(topics).encode(), headers={_FROM: self._self})
        await self._exchange.publish(message, routing_key="")

    async def _next(self) -> AbstractIncomingMessage:
        message = await self._come.get()
        if message is None:
            raise BrokerError(RabbitMQFault.AWAY)
        return message


async def _in_time(seconds: float, sent: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await sent
    except TimeoutError:
        raise BrokerError(RabbitMQFault.SLOW) from None
    except (AMQPError, ChannelInvalidStateError, OSError) as error:
        raise BrokerError(_fault_of(error)) from error


async def _close(connection: AbstractConnection, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await connection.close()
    except (TimeoutError, AMQPError, ChannelInvalidStateError, OSError):
        # It is gone already, or never will be: the server forgets the queue with the connection.
        return


def _fault_of(error: Exception) -> RabbitMQFault:
    match error:
        case AuthenticationError() | ProbableAuthenticationError() | ConnectionNotAllowed() | ChannelAccessRefused():
            return RabbitMQFault.DENIED
        case ChannelPreconditionFailed():
            return RabbitMQFault.FOREIGN
        case OSError():
            return RabbitMQFault.AWAY
        case _:
            return RabbitMQFault.REFUSED
