"""Updates the schema of a Weaviate store to match the configuration."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.migration import Step
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.weaviate_examination import opened
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, SetupError

Steps: TypeAlias = Sequence[Step]
"""The steps of a plan."""

_PLAN_SECONDS = 30.0
_APPLY_SECONDS = 300.0


def bring_up_to_date(
    section: WeaviateStoreConfig, configuration: Configuration, agree: Callable[[Steps], bool], *, destructive: bool
) -> bool:
    """Plan the changes, ask for agreement, apply them.

    Args:
        section: the store.
        configuration: that holds the section.
        agree: gets the plan and returns whether to apply it; not called for an empty plan.
        destructive: whether documents may be deleted.

    Returns:
        Whether the schema now matches the configuration.

    Raises:
        SetupError: when Weaviate refuses; the text says what to do.
    """
    return asyncio.run(_brought(section, configuration, agree, destructive=destructive))


async def _brought(
    section: WeaviateStoreConfig, configuration: Configuration, agree: Callable[[Steps], bool], *, destructive: bool
) -> bool:
    clock = SystemClock()
    try:
        async with opened(section, configuration) as store:
            steps = await store.schema.plan(Deadline(clock.now() + _PLAN_SECONDS))
            if not steps:
                return True
            if not agree(steps):
                return False
            await store.schema.apply(steps, Deadline(clock.now() + _APPLY_SECONDS), destructive=destructive)
            return True
    except StoreFailure as failure:
        raise SetupError(str(failure.fault)) from None
    except Failure:
        raise SetupError("Weaviate did not finish in time: check its load, and try again") from None
    except (ImportError, OSError) as failed:
        raise SetupError(str(failed)) from None
