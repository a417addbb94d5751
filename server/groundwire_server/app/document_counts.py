"""How many documents the stores hold, counted again and again beside the calls."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NoReturn

from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import Failure
from groundwire_server.ports.metrics import Metrics, Reading
from groundwire_server.telemetry.metrics import STORE_DOCUMENTS

_SECONDS: Final = 60.0
"""Between the end of a count and the next."""


class DocumentCounts:
    """What each store held when it was last counted, as the gauge shows it.

    Args:
        recorder: watches the counts.
    """

    def __init__(self, recorder: Metrics) -> None:
        self._latest: dict[str, int] = {}
        recorder.watch(STORE_DOCUMENTS, self, DocumentCounts._readings)

    async def keep(self, stores: Callable[[], Iterable[Store]]) -> NoReturn:
        """Count again and again.

        Args:
            stores: returns the stores of the active configuration.
        """
        while True:
            await self._count(stores())
            await asyncio.sleep(_SECONDS)

    async def _count(self, stores: Iterable[Store]) -> None:
        counted = {store.place: store.document_count for store in stores if store.document_count is not None}
        for gone in self._latest.keys() - counted.keys():
            del self._latest[gone]
        # Together: a store that takes long keeps none of the others waiting for its own.
        await asyncio.gather(*(self._count_one(place, count) for place, count in counted.items()))

    async def _count_one(self, place: str, count: Callable[[], Awaitable[int]]) -> None:
        try:
            self._latest[place] = await count()
        except Failure:
            # An old number would look like a new one. The store's own lines and metrics say why.
            self._latest.pop(place, None)

    def _readings(self) -> Iterable[Reading]:
        return [((place,), documents) for place, documents in tuple(self._latest.items())]
