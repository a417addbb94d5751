"""Brings the schema of a store to what the configuration asks for."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.migration import Step
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import WeaviateStore as Section
from groundwire_server.app.weaviate_examination import opened
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, SetupError

Steps: TypeAlias = Sequence[Step]
"""A plan."""

_PLAN_SECONDS = 30.0
_APPLY_SECONDS = 300.0


def bring_up_to_date(
    section: Section, configuration: Configuration, agree: Callable[[Steps], bool], *, destructive: bool
) -> bool:
    """Plan, ask, apply.

    Args:
        section: the store.
        configuration: that it is of.
        agree: is shown the plan and says whether to go on; is not asked about a plan with nothing in it.
        destructive: whether documents may be lost.

    Returns:
        Whether the schema is now what the configuration asks for.

    Raises:
        SetupError: when Weaviate does not let it be done; its text says what to do.
    """
    return asyncio.run(_brought(section, configuration, agree, destructive=destructive))


async def _brought(
    section: Section, configuration: Configuration, agree: Callable[[Steps], bool], *, destructive: bool
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
        raise SetupError("Weaviate took longer than there was time for: see to its load, and try again") from None
    except (ImportError, OSError) as failed:
        raise SetupError(str(failed)) from None
