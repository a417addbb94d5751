"""Looking for the moment at which a server's models are loaded."""

import asyncio
from collections.abc import Mapping
from random import Random

from groundwire_server.adapters.http.probe import is_ready
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.options import ReadinessOptions
from groundwire_server.adapters.resilience.readiness import Readiness


class ReadinessProbe:
    """Asks a server whether its models are loaded: once at the beginning, and while one of them is not ready.

    Args:
        session: of the provider.
        url: of the server's health check.
        options: how often it is asked.
        random: spreads the questions, so that many processes do not ask at once.
    """

    def __init__(self, session: Session, url: str, options: ReadinessOptions, random: Random) -> None:
        self._session = session
        self._url = url
        self._options = options
        self._random = random
        self._lost = asyncio.Event()
        self._known: bool | None = None
        self._task: asyncio.Task[None] | None = None
        self._models: dict[str, Readiness] = {}

    @property
    def models(self) -> Mapping[str, Readiness]:
        """What is known of each model, by the name of the spans of its calls."""
        return self._models

    def model(self, name: str) -> Readiness:
        """Return what is known of a model."""
        if name not in self._models:
            readiness = Readiness(f"{name} of {self._session.provider}", self._options.max_seconds, self._lost.set)
            self._models[name] = readiness
            readiness.found(ready=self._known is not False)
        return self._models[name]

    def begin(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._ask(), name=f"readiness of {self._session.provider}")

    async def end(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self) -> None:
        self._found(await is_ready(self._session, self._url))
        while True:
            await self._lost.wait()
            await self._until_ready()

    async def _until_ready(self) -> None:
        wait = self._options.interval_seconds
        found: bool | None = False
        while not found:
            # A call has just failed, or a question: the next one comes after at least half of the time.
            await asyncio.sleep(wait * self._random.uniform(0.5, 1.0))
            wait = min(wait * 2, self._options.max_seconds)
            found = await is_ready(self._session, self._url)
        self._lost.clear()
        self._found(found)

    def _found(self, ready: bool | None) -> None:
        if ready is None:
            return
        self._known = ready
        for model in self._models.values():
            model.found(ready=ready)
