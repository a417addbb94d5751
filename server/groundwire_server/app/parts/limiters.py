"""How many calls of models there may be at once."""

from collections.abc import Hashable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.app.parts.shared import Lease
from groundwire_server.ports.metrics import Metrics


async def open_limiters(
    name: str, what: Hashable, options: ConcurrencyOptions | None, lease: Lease, recorder: Metrics
) -> Sequence[FairLimiter]:
    """Return the limiter of what the options bound, one for all of its users; none where nothing bounds it.

    Args:
        name: of the limiter in metrics.
        what: is bounded.
        options: None bounds nothing.
        lease: of the configuration.
        recorder: watches the slots.
    """
    if options is None:
        return ()

    def made() -> AbstractAsyncContextManager[FairLimiter]:
        return nullcontext(FairLimiter(options, lease.weights, name, recorder))

    return (await lease.take(("limiter", what, options), made),)


async def open_limiter_of_all(
    options: ConcurrencyOptions | None, lease: Lease, recorder: Metrics
) -> Sequence[FairLimiter]:
    """Return the limiter of all models together; none where nothing bounds them."""
    return await open_limiters("all models", "all models", options, lease, recorder)
