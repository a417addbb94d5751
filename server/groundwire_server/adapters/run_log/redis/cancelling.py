"""Cancelling runs of other processes: each is asked, and answers whether it had the run."""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NoReturn

from redis.exceptions import RedisError

from groundwire_server.adapters.run_log.redis.reader import unreachable
from groundwire_server.adapters.run_log.redis.records import FORMAT, digest
from groundwire_server.domain.inquiry import RunKey

if TYPE_CHECKING:
    from redis.asyncio import Redis

_ANSWER_SECONDS: Final = 2.0
"""How long the other processes have to answer: a run that is ended is waited for."""
_AGAIN_SECONDS: Final = 1.0

CancelRuns = Callable[[Callable[[RunKey], bool]], Awaitable[bool]]
"""Ends the runs of this process whose keys fit, and returns whether there was one."""

_log = logging.getLogger(__name__)


class RunCancelling:
    """Asks the other processes to end a run, and ends those of this one that others ask for.

    Args:
        client: of Redis.
        prefix: what every name begins with.
        cancel: ends runs of this process.
    """

    def __init__(self, client: "Redis", prefix: str, cancel: CancelRuns) -> None:
        self._client = client
        self._cancel = cancel
        self._all = f"{prefix}:{FORMAT}:cancel"
        self._own = f"{self._all}:{secrets.token_hex(8)}"
        self._asked: dict[str, asyncio.Queue[bool]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self.listening = asyncio.Event()

    async def ask(self, key: RunKey) -> bool:
        """End a run in whichever other process it is; return False when none has it.

        Raises:
            Rejection: RUN_UNREACHABLE when that cannot be told.
        """
        number = secrets.token_hex(8)
        answers = self._asked[number] = asyncio.Queue()
        try:
            asking = json.dumps({"run": digest(key), "number": number, "to": self._own})
            # A process that is not listening itself could not hear the answers.
            listening = await self._client.publish(self._all, asking) if self.listening.is_set() else 0
            if not listening:
                raise unreachable(key)
            async with asyncio.timeout(_ANSWER_SECONDS):
                for _ in range(listening):
                    if await answers.get():
                        return True
        except (RedisError, TimeoutError):
            raise unreachable(key) from None
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
                    "Redis failed: answers in flight cannot be cancelled from other processes",
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
                        _log.warning("a message about cancelling answers cannot be read: another program sent it")

    def _hear(self, message: dict[str, object]) -> None:
        number = str(message["number"])
        if "answer" in message:
            if number in self._asked:
                self._asked[number].put_nowait(message["answer"] is True)
            return
        answering = asyncio.create_task(self._answer(str(message["run"]), number, str(message["to"])))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)

    async def _answer(self, run: str, number: str, to: str) -> None:
        # The one that asks has looked at its own runs already.
        ended = to != self._own and await self._cancel(lambda key: digest(key) == run)
        try:
            await self._client.publish(to, json.dumps({"number": number, "answer": ended}))
        except RedisError:
            _log.warning("Redis failed: nobody was told that an answer was cancelled")
