"""Asking the other processes to do something: each is asked, and answers whether it did."""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, NoReturn

from redis.exceptions import RedisError

from groundwire_server.adapters.run_log.redis.records import FORMAT
from groundwire_server.domain.failure import GroundwireError

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER_SECONDS: Final = 2.0
"""How long the other processes have to answer: a run that is ended is waited for."""
_AGAIN_SECONDS: Final = 1.0

Act = Callable[[str], Awaitable[bool]]
"""Does something in this process, with what is named, and returns whether it was done."""

_log = logging.getLogger(__name__)


class PeersUnreachableError(GroundwireError):
    """Not every other process has answered."""


class Peers:
    """Asks the other processes, and does in this one what others ask for.

    Args:
        client: of Redis.
        prefix: what every name begins with.
        acts: what this process does, by name.

    Attributes:
        listening: set while others can reach this process.
    """

    def __init__(self, client: "Redis", prefix: str, acts: Mapping[str, Act]) -> None:
        self._client = client
        self._acts = acts
        self._all = f"{prefix}:{FORMAT}:peers"
        self._own = f"{self._all}:{secrets.token_hex(8)}"
        self._asked: dict[str, asyncio.Queue[bool | None]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self.listening = asyncio.Event()

    async def any_does(self, act: str, what: str) -> bool:
        """Return whether one of the other processes did it, as soon as one did.

        Raises:
            PeersUnreachableError: when none that answered did, and some have not answered.
        """
        return await self._answered(act, what, like=True)

    async def all_do(self, act: str, what: str) -> bool:
        """Return whether all of the other processes did it; False as soon as one did not.

        Raises:
            PeersUnreachableError: when all that answered did, and some have not answered.
        """
        return not await self._answered(act, what, like=False)

    async def _answered(self, act: str, what: str, *, like: bool) -> bool:
        """Ask the other processes, and return whether one of them answers like this."""
        number = secrets.token_hex(8)
        answers = self._asked[number] = asyncio.Queue()
        try:
            asking = json.dumps({"act": act, "what": what, "number": number, "to": self._own})
            # A process that is not listening itself could not hear the answers.
            listening = await self._client.publish(self._all, asking) if self.listening.is_set() else 0
            if not listening:
                raise PeersUnreachableError
            async with asyncio.timeout(ANSWER_SECONDS):
                for _ in range(listening):
                    if await answers.get() is like:
                        return True
        except (RedisError, TimeoutError):
            raise PeersUnreachableError from None
        finally:
            del self._asked[number]
        return False

    async def listen(self) -> NoReturn:
        """Answer the others, and take their answers, until this is cancelled."""
        while True:
            try:
                await self._listen()
            except RedisError as failed:
                self.listening.clear()
                _log.warning(
                    "Redis failed: answers in flight cannot be cancelled from other processes, and texts not erased",
                    extra={"error": type(failed).__name__},
                )
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _listen(self) -> NoReturn:
        async with self._client.pubsub() as subscription:
            await subscription.subscribe(self._all, self._own)
            heard = 0
            while True:
                message = await subscription.get_message(timeout=None)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    heard += 1
                    if heard == len((self._all, self._own)):
                        self.listening.set()
                elif message["type"] == "message":
                    try:
                        self._hear(json.loads(message["data"]))
                    except (ValueError, KeyError, TypeError):
                        # Whatever others publish here must not make this process deaf.
                        _log.warning("a message of another process cannot be read: another program sent it")

    def _hear(self, message: dict[str, object]) -> None:
        number = str(message["number"])
        if "answer" in message:
            if number in self._asked:
                answer = message["answer"]
                self._asked[number].put_nowait(answer if isinstance(answer, bool) else None)
            return
        act, what, to = str(message["act"]), str(message["what"]), str(message["to"])
        answering = asyncio.create_task(self._answer(act, what, number, to))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)

    async def _answer(self, act: str, what: str, number: str, to: str) -> None:
        # The one that asks sees to its own process itself, and is among those that hear it.
        done = None if to == self._own else act in self._acts and await self._acts[act](what)
        try:
            await self._client.publish(to, json.dumps({"number": number, "answer": done}))
        except RedisError:
            _log.warning("Redis failed: another process was not answered", extra={"act": act})
