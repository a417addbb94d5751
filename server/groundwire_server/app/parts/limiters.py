"""How many calls of models there may be at once."""

from collections.abc import Hashable, Sequence
from contextlib import nullcontext

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.app.parts.shared import Lease
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics


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
    opened = await lease.take(("limiter", what, options), lambda: nullcontext(watched_limiter(name, options, recorder)))
    return (opened,)


def watched_limiter(name: str, options: ConcurrencyOptions, recorder: Metrics) -> FairLimiter:
    """Return a new limiter whose slots metrics show under this name."""
    limiter = FairLimiter(options)
    recorder.watch(metrics.SLOTS_LIMIT, limiter, lambda each: [((name,), each.limit)])
    recorder.watch(metrics.SLOTS_USED, limiter, lambda each: [((name,), each.used)])
    recorder.watch(metrics.SLOTS_WAITING, limiter, lambda each: [((name,), each.waiting)])
    return limiter
