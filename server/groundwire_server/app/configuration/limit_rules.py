"""Rules for limits that their rows alone cannot express: what they match, and limits that contradict each other."""

from collections.abc import Iterator, Mapping

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.configuration.models.limits import DEFAULT_TENANT, LimitRowConfig
from groundwire_server.app.configuration.models.protection import ProtectedConfig
from groundwire_server.domain.limits import ASKING, COUNTED, MONEY, RATES
from groundwire_server.domain.vocabulary import LimitKind, LimitMode, LimitScope

_ABOVE = (
    ("requests_per_second", "requests_per_minute"),
    ("cost_per_day", "cost_per_month"),
    ("cost_per_call", "cost_per_day"),
    ("cost_per_call", "cost_per_month"),
    ("tokens_per_call", "tokens_per_minute"),
    ("output_tokens", "tokens_per_call"),
    ("queue_seconds", "timeout_seconds"),
)
"""Pairs of which the first could never be reached where it is above the second."""

_NEVER_IN_SHADOW = ("queue_size", "passages", "prompt_tokens", "output_tokens", "timeout_seconds", "max_priority")


def check_limits(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each row that can match nothing, and for limits that contradict each other."""
    seen: dict[tuple[object, ...], str] = {}
    for name, row in configuration.limits.items():
        path: Path = ("limits", name)
        yield from _check_match(row, path, configuration)
        yield from _check_contents(row, path)
        yield from _check_against_routes(row, path, configuration)
        alike = (row.mode, row.route, row.tenant, row.subject, row.end_user, row.per, row.work)
        if alike in seen:
            yield ConfigError(path, f"matches the same calls as {seen[alike]}: put the limits of both into one row")
        seen.setdefault(alike, name)


def priced(configuration: Configuration) -> bool:
    """Return whether any model, checker, reranker or guard has a price."""
    others = (*configuration.checkers.values(), *configuration.rerankers.values(), *configuration.guards.values())
    protected = (each for each in others if isinstance(each, ProtectedConfig))
    return bool(priced_models(configuration)) or any(each.price is not None for each in protected)


def priced_models(configuration: Configuration) -> frozenset[str]:
    """Return the models whose tokens cost something, by alias."""
    return frozenset(
        alias
        for alias, model in configuration.models.items()
        if not isinstance(model, ExtractiveModelConfig) and model.price is not None
    )


def _check_match(row: LimitRowConfig, path: Path, configuration: Configuration) -> Iterator[ConfigError]:
    known: Mapping[str, tuple[str | None, object]] = {
        "route": (row.route, configuration.routes),
        "tenant": (None if row.tenant == DEFAULT_TENANT else row.tenant, configuration.tenants),
    }
    for key, (value, names) in known.items():
        if value is not None and names is not None and value not in names:  # type: ignore[operator]
            yield ConfigError(
                (*path, key),
                not_among(value, names, f"there is no {key} of this name"),  # type: ignore[arg-type]
            )
    for key in ("subject", "end_user"):
        if getattr(row, key) is not None and row.tenant in {None, DEFAULT_TENANT}:
            yield ConfigError((*path, key), "needs `tenant`: names of subjects and end users mean nothing outside one")
        if getattr(row, key) is not None and LimitScope(key.upper()) in row.per:
            yield ConfigError((*path, "per"), f"keeps a count for each {key}, and the row is for one of them")


def _check_contents(row: LimitRowConfig, path: Path) -> Iterator[ConfigError]:
    limits = row.row("").limits
    if not limits and row.max_priority is None:
        yield ConfigError(path, "limits nothing: set a limit, such as requests_per_minute")
    for lower, upper in _ABOVE:
        first, second = getattr(row, lower), getattr(row, upper)
        if first is not None and second is not None and first > second:
            yield ConfigError((*path, lower), f"can never be reached: {upper} is lower")
    if row.queue_size is not None and row.concurrent_calls is None:
        yield ConfigError((*path, "queue_size"), "needs concurrent_calls: calls wait for one of them to end")
    if row.queue_seconds is not None and row.queue_size is None:
        yield ConfigError((*path, "queue_seconds"), "needs queue_size: without it no call waits")
    for key in _NEVER_IN_SHADOW if row.mode is LimitMode.SHADOW else ():
        if getattr(row, key) is not None:
            yield ConfigError((*path, key), "cannot be in shadow: it refuses no call, it makes calls wait or use less")
    of_work = RATES | {LimitKind.CONCURRENT_CALLS}
    other = next((kind for kind in limits if kind not in of_work), None)
    if row.work != ASKING and other is not None:
        key = other.value.lower()
        yield ConfigError((*path, key), "holds whatever the work is: put it into a row without `work`")
    if row.per and not limits.keys() & COUNTED:
        yield ConfigError((*path, "per"), "keeps counts, and no limit of this row has one")


def _check_against_routes(row: LimitRowConfig, path: Path, configuration: Configuration) -> Iterator[ConfigError]:
    money = next((kind for kind in row.row("").limits if kind in MONEY), None)
    if money is not None and not priced(configuration):
        yield ConfigError((*path, money.value.lower()), "needs the price of a model: nothing else costs anything")
    for name, route in configuration.routes.items():
        if row.route not in {None, name} or row.mode is LimitMode.SHADOW:
            continue
        written = min(route.limits.output_tokens, row.output_tokens or route.limits.output_tokens)
        for key in ("tokens_per_call", "tokens_per_minute"):
            most = getattr(row, key)
            if most is not None and most <= written:
                message = f"holds no answer of the route {name}, whose models may write {written} tokens"
                yield ConfigError((*path, key), message)
        if row.timeout_seconds is not None and row.route == name and row.timeout_seconds > route.time.max_seconds:
            yield ConfigError(
                (*path, "timeout_seconds"), f"can never be reached: routes.{name}.time.max_seconds is lower"
            )
