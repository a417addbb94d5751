"""How many calls of models there may be at once."""

from collections.abc import Hashable, Sequence
from contextlib import nullcontext

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.app.parts.shared import Lease


async def open_limiters(what: Hashable, options: ConcurrencyOptions | None, lease: Lease) -> Sequence[FairLimiter]:
    """Return the limiter of what the options bound, one for all of its users; none where nothing bounds it."""
    if options is None:
        return ()
    return (await lease.take(("limiter", what, options), lambda: nullcontext(FairLimiter(options))),)
