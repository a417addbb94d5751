"""Taking from a store that may not be asked, for a caller that may leave meanwhile."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from groundwire_server.admission.quota_reports import QuotaReports
from groundwire_server.domain.quota import CallLease, Demand, Taken
from groundwire_server.domain.vocabulary import WithoutStore
from groundwire_server.ports.quota_store import QuotaStore, QuotaStoreError


async def take_or_return(
    store: QuotaStore, demands: Sequence[Demand], lease: CallLease | None, unclaimed: Callable[[Taken], None]
) -> Taken:
    """Take what is demanded; where the caller leaves before that is known, it is given back once it is.

    What has been sent to another process is done there, whether or not somebody waits for the reply.

    Args:
        store: keeps the counts.
        demands: what is taken.
        lease: of concurrent calls.
        unclaimed: gives back what was taken for a caller that has left.

    Raises:
        QuotaStoreError: as the store says.
    """
    if not store.shared:
        return await store.take(demands, lease)
    task = asyncio.ensure_future(store.take(demands, lease))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:

        def ended(task: asyncio.Future[Taken]) -> None:
            if not task.cancelled() and task.exception() is None and task.result().admitted:
                unclaimed(task.result())

        task.add_done_callback(ended)
        raise


def goes_on(
    without_store: Mapping[str, WithoutStore], route: str, error: QuotaStoreError, reports: QuotaReports
) -> bool:
    """Return whether a call goes on although its counts cannot be looked at, and report that they were not.

    Args:
        without_store: what each route does then; those it does not name are open.
        route: of the call.
        error: why the store cannot be asked.
        reports: takes the report.
    """
    admitted = without_store.get(route, WithoutStore.OPEN) is WithoutStore.OPEN
    reports.unchecked(route, error, admitted=admitted)
    return admitted
