"""Checks of the providers of a configuration, and of the embedders that they run."""

from collections.abc import Iterator, Set
from difflib import get_close_matches
from typing import TYPE_CHECKING

from groundwire_server.app.check_result import CheckResult

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration

_NAMED = 3


def providers(configuration: "Configuration") -> Iterator[CheckResult]:
    """Yield a result for each provider: whether it answers, accepts the key, and has the models."""
    for name in configuration.providers:
        yield _provider(configuration, name)


def _provider(configuration: "Configuration", name: str) -> CheckResult:
    from groundwire_server.app.examination import examine_provider  # noqa: PLC0415  # brings what a server is made of

    found = examine_provider(configuration, name)
    where = f"provider {name} at {configuration.providers[name].base_url}"
    if found.unreachable:
        advice = f"start it, or correct providers.{name}.base_url or ca_file"
        return CheckResult.fail("provider", f"{where} {found.unreachable}", advice)
    match found.status:
        case 401 | 403:
            advice = f"correct providers.{name}.api_key"
            return CheckResult.fail("provider", f"{where} rejects its key with HTTP status {found.status}", advice)
        case 200:
            return _models(configuration, name, where, found.models)
        case 404 | 405:
            message = (
                f"{where} answers; it does not list models, so neither its key nor the path of base_url is checked"
            )
            return CheckResult.ok("provider", message)
        case status:
            advice = "check it: its models may fail"
            return CheckResult.warn("provider", f"{where} answers with HTTP status {status}", advice)


def _models(configuration: "Configuration", name: str, where: str, listed: frozenset[str]) -> CheckResult:
    for place, model in _named(configuration, name):
        if listed and model not in listed:
            advice = f"correct {place}.model, unless the provider accepts names that it does not list"
            message = f"{where} accepts requests, but does not list {model}; it lists {_listed(listed, model)}"
            return CheckResult.warn("provider", message, advice)
    return CheckResult.ok("provider", f"{where} accepts requests")


def _named(configuration: "Configuration", name: str) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of each model of a provider."""
    for alias, model in configuration.models.items():
        if model.kind != "extractive" and model.provider == name:
            yield f"models.{alias}", model.model
    for alias, embedder in configuration.embedders.items():
        if embedder.kind == "openai" and embedder.provider == name:
            yield f"embedders.{alias}", embedder.model


def _listed(names: Set[str], wanted: str) -> str:
    """Return a few of the names, the most similar ones first, and the number of the others."""
    near = get_close_matches(wanted, names, n=_NAMED)
    told = [*near, *sorted(names - set(near))][:_NAMED]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def embedders(configuration: "Configuration") -> Iterator[CheckResult]:
    """Yield a result for each embedder in use: whether it embeds a word, and the length of the vector."""
    used = {store.embedder for store in configuration.stores.values()}
    for name, embedder in configuration.embedders.items():
        if embedder.kind != "openai" or name not in used:
            continue
        from groundwire_server.app.examination import examine_embedder  # noqa: PLC0415  # as above

        fault = examine_embedder(configuration, name)
        what = f"{name} ({embedder.model} of provider {embedder.provider})"
        if fault is None:
            yield CheckResult.ok("embedder", f"{what} returns vectors of {embedder.dimensions} numbers")
        else:
            message, advice = (fault, "") if isinstance(fault, str) else (fault.message, fault.advice)
            advice = advice or f"check the provider, or correct embedders.{name}"
            yield CheckResult.fail("embedder", f"{what} returns no vectors: {message}", advice)
