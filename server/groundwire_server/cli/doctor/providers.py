"""Checks of the providers of a configuration, and of the embedders, checkers, rerankers and guards behind endpoints."""

from collections.abc import Iterator, Set
from difflib import get_close_matches
from typing import TYPE_CHECKING

from groundwire_server.app.check_result import CheckResult

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration

_NAMED = 3
_SKEW_SECONDS = 60.0


def providers(configuration: "Configuration") -> Iterator[CheckResult]:
    """Yield results for each provider: whether it answers, accepts the key, has the models, and agrees on the time."""
    for name in configuration.providers:
        yield from _provider(configuration, name)


def _provider(configuration: "Configuration", name: str) -> Iterator[CheckResult]:
    from groundwire_server.app.examination import examine_provider  # noqa: PLC0415  # brings what a server is made of

    found = examine_provider(configuration, name)
    where = f"provider {name} at {configuration.providers[name].base_url}"
    if found.unreachable:
        advice = f"start it, or correct providers.{name}.base_url or ca_file"
        yield CheckResult.fail("provider", f"{where} {found.unreachable}", advice)
        return
    if found.ready is False:
        advice = "wait: until they are, routes ask their other models"
        yield CheckResult.warn("provider", f"{where} answers, and its models are not loaded yet", advice)
        return
    match found.status:
        case 401 | 403:
            advice = f"correct providers.{name}.api_key"
            yield CheckResult.fail("provider", f"{where} rejects its key with HTTP status {found.status}", advice)
        case 200:
            yield from _models(configuration, name, where, found.models)
        case 404 | 405:
            message = (
                f"{where} answers; it does not list models, so neither its key nor the path of base_url is checked"
            )
            yield CheckResult.ok("provider", message)
        case status:
            advice = "check it: its models may fail"
            yield CheckResult.warn("provider", f"{where} answers with HTTP status {status}", advice)
    if abs(found.ahead) > _SKEW_SECONDS:
        direction = "ahead of" if found.ahead > 0 else "behind"
        message = f"the clock of provider {name} is {abs(found.ahead):.0f} s {direction} this machine's"
        yield CheckResult.warn(
            "clock", message, "synchronize this machine by NTP: tokens and certificates depend on it"
        )


def _models(configuration: "Configuration", name: str, where: str, listed: frozenset[str]) -> Iterator[CheckResult]:
    unlisted = [(place, model) for place, model in _named(configuration, name) if listed and model not in listed]
    if not unlisted:
        yield CheckResult.ok("provider", f"{where} accepts requests")
    for place, model in unlisted:
        advice = f"correct {place}.model, unless the provider accepts names that it does not list"
        message = f"{where} accepts requests, but does not list {model}; it lists {_listed(listed, model)}"
        yield CheckResult.warn("provider", message, advice)


def _named(configuration: "Configuration", name: str) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of each model of a provider."""
    for alias, model in configuration.models.items():
        if model.kind != "extractive" and model.provider == name:
            yield f"models.{alias}", model.model
    for alias, embedder in configuration.embedders.items():
        if embedder.kind == "openai" and embedder.provider == name:
            yield f"embedders.{alias}", embedder.model
    for alias, checker in configuration.checkers.items():
        if checker.kind in {"decisions", "classifier"} and checker.provider == name:
            yield f"checkers.{alias}", checker.model
    for alias, reranker in configuration.rerankers.items():
        if reranker.kind == "endpoint" and reranker.provider == name:
            yield f"rerankers.{alias}", reranker.model
    for alias, guard in configuration.guards.items():
        if guard.kind == "classifier" and guard.provider == name:
            yield f"guards.{alias}", guard.model


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


def checkers(configuration: "Configuration") -> Iterator[CheckResult]:
    """Yield a result for each checker in use: whether it rates a word; a judge is checked as a model is."""
    for name in sorted({route.checker for route in configuration.routes.values() if route.checker is not None}):
        section = configuration.checkers[name]
        if section.kind == "judge":
            continue
        from groundwire_server.app.examination import examine_checker  # noqa: PLC0415  # as above

        wrong = examine_checker(configuration, name)
        if wrong is None:
            yield CheckResult.ok("checker", f"{name} ({section.kind}) rates sentences")
        else:
            message, advice = wrong
            said = advice or f"check what it needs, or correct checkers.{name}"
            yield CheckResult.fail("checker", f"{name} ({section.kind}) rates nothing: {message}", said)


def rerankers(configuration: "Configuration") -> Iterator[CheckResult]:
    """Yield a result for each reranker in use: whether it rates a word."""
    for name in sorted({route.rerank.reranker for route in configuration.routes.values() if route.rerank is not None}):
        kind = configuration.rerankers[name].kind
        from groundwire_server.app.examination import examine_reranker  # noqa: PLC0415  # as above

        wrong = examine_reranker(configuration, name)
        if wrong is None:
            yield CheckResult.ok("reranker", f"{name} ({kind}) rates passages")
        else:
            message, advice = wrong
            said = advice or f"check what it needs, or correct rerankers.{name}"
            yield CheckResult.fail("reranker", f"{name} ({kind}) rates nothing: {message}", said)


def guards(configuration: "Configuration") -> Iterator[CheckResult]:
    """Yield a result for each guard in use behind an endpoint: whether it screens a word."""
    screens = [uses for route in configuration.routes.values() for uses in route.screens.uses.values()]
    for name in sorted({use.guard for uses in screens for use in uses}):
        section = configuration.guards[name]
        if section.kind not in {"classifier", "http", "grpc"}:
            continue
        from groundwire_server.app.examination import examine_guard  # noqa: PLC0415  # as above

        wrong = examine_guard(configuration, name)
        if wrong is None:
            yield CheckResult.ok("guard", f"{name} ({section.kind}) screens texts")
        else:
            message, advice = wrong
            said = advice or f"check what it needs, or correct guards.{name}"
            yield CheckResult.fail("guard", f"{name} ({section.kind}) screens nothing: {message}", said)
