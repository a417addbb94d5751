"""Sweeps through stores for changes that broke off: at the start, and again and again beside the calls."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NoReturn

from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import Failure

_SECONDS: Final = 30.0
"""Between the end of a sweep and the next."""

_log = logging.getLogger(__name__)


async def sweep_stores(stores: Callable[[], Iterable[Store]]) -> NoReturn:
    """Recover what broke off in each place where documents are kept, until this is cancelled.

    Args:
        stores: returns the stores of the active configuration.
    """
    while True:
        places = {store.place: store.recover for store in stores() if store.recover is not None}
        # Together: a store that takes long keeps none of the others waiting for its own.
        await asyncio.gather(*(_sweep(place, recover) for place, recover in places.items()))
        await asyncio.sleep(_SECONDS)


async def _sweep(place: str, recover: Callable[[], Awaitable[int]]) -> None:
    try:
        recovered = await recover()
    except Failure:
        # The store's own lines and metrics say why; the next sweep tries again.
        return
    if recovered:
        _log.info("changes of documents that broke off were recovered", extra={"store": place, "changes": recovered})
