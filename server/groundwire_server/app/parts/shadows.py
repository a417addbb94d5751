"""The models that routes compare with those that answer."""

from collections.abc import Mapping

from groundwire_server.adapters.generator.protected import SlotContention
from groundwire_server.admission.budget import QuotaBudget
from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.admission.quota_reports import QuotaReports
from groundwire_server.app.configuration.models.beside import ShadowConfig
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.parts.generators import open_generator
from groundwire_server.app.parts.limiters import open_limiters
from groundwire_server.app.parts.limits import open_quota_store
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.limits import LimitRow
from groundwire_server.domain.quota import MICROS
from groundwire_server.domain.vocabulary import LimitKind, LimitScope, WithoutStore
from groundwire_server.pipeline.routes import ShadowModel
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.recording import Recording


async def open_shadow(
    route: str,
    shadow: ShadowConfig,
    configuration: Configuration,
    stores: Mapping[str, Store],
    lease: Lease,
    recording: Recording,
) -> ShadowModel:
    """Return the model that a route compares with those that answer.

    It takes the slots of the model as answers do, and repeats nothing: it shares neither the provider's budget of
    retries with them, nor what the provider says about the rate of its calls.

    Raises:
        OSError: when a file that its provider needs cannot be read.
    """
    budget = await _open_budget(route, shadow, configuration, lease, recording)
    section = configuration.models[shadow.model]
    of_all = await open_limiters("all models", "all models", configuration.concurrency, lease, recording.metrics)
    if isinstance(section, ExtractiveModelConfig):
        quoting = await open_generator(shadow.model, configuration, stores, lease, recording)
        return ShadowModel(shadow.policy, quoting, SlotContention(of_all), budget)
    # Imported here: a server that asks no provider starts without an HTTP client.
    from groundwire_server.app.parts.models import open_model  # noqa: PLC0415

    once = section.model_copy(update={"retry": section.retry.model_copy(update={"max_attempts": 1})})
    generator = await open_model(once, configuration, of_all, lease, recording)
    return ShadowModel(shadow.policy, generator, generator.contention, budget)


async def _open_budget(
    route: str, shadow: ShadowConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> Budget | None:
    """Return what pays for a route's comparisons, beside what pays for answers; None where nothing limits it."""
    if shadow.daily_limit is None:
        return None
    store = await open_quota_store(configuration.redis, lease)
    # No row of the configuration has a space in its name.
    limits = {LimitKind.COST_PER_DAY: max(1, round(shadow.daily_limit * MICROS))}
    row = LimitRow(f"shadow of {route}", limits, per=frozenset({LimitScope.TENANT}))
    table = LimitTable((row,), configuration.spending.currency)
    reports = QuotaReports(recording.metrics, recording.lines)
    # A comparison that cannot be counted is not made: nobody waits for it.
    return QuotaBudget(table, store, {route: WithoutStore.CLOSED}, reports)
