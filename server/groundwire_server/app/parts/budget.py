"""What models cost and may cost."""

from collections.abc import Mapping
from contextlib import nullcontext

from groundwire_server.adapters.budget.memory import DailyBudget, Ledger
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.configuration.models.protection import ProtectedConfig
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.price import Price
from groundwire_server.ports.budget import Budget

_MICROS = 1_000_000


def prices(configuration: Configuration) -> Mapping[str, Price]:
    """Return the price of each model that has one, by alias."""
    return {
        alias: model.price.price(configuration.spending.currency)
        for alias, model in configuration.models.items()
        if not isinstance(model, ExtractiveModelConfig) and model.price is not None
    }


def micros(amount: float) -> int:
    """Return an amount of money in millionths."""
    return round(amount * _MICROS)


async def open_budget(configuration: Configuration, lease: Lease) -> Budget | None:
    """Return what pays for models and checkers, if any has a price; a limit that changes forgets nothing."""
    priced = (isinstance(each, ProtectedConfig) and each.price is not None for each in configuration.checkers.values())
    if not prices(configuration) and not any(priced):
        return None
    section = configuration.spending
    # What was spent in another currency does not count in this one.
    ledger = await lease.take(("ledger", section.currency), lambda: nullcontext(Ledger()))
    limit = None if section.daily_limit is None else micros(section.daily_limit)
    return DailyBudget(ledger, SystemClock(), limit)
