"""What `groundwire guards list` shows."""

from collections.abc import Sequence
from typing import Any, TypedDict

from rich.text import Text

from groundwire_server.app.configuration.guard_rules import categories_of
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.guards import GuardConfig
from groundwire_server.app.configuration.models.screens import AnswerGuardUseConfig, AnyGuardUse, ScreenConfig
from groundwire_server.app.parts.guards import identity_of
from groundwire_server.cli.console import Terminal


class ListedGuards(TypedDict):
    """The guards of the routes' screens, those of documents, and those that no screen names."""

    routes: dict[str, dict[str, dict[str, Any]]]
    documents: list[dict[str, Any]]
    unused: list[dict[str, Any]]


def described(configuration: Configuration, routes: Sequence[str]) -> ListedGuards:
    """Return what there is to say of the guards of some routes, and of those that no route names."""
    sections = {name: configuration.routes[name].screens for name in routes}
    listed: dict[str, dict[str, dict[str, Any]]] = {}
    for name, screens in sections.items():
        settings: dict[str, ScreenConfig] = {
            "question": screens.question,
            "evidence": screens.evidence,
            "answer": screens.answer,
        }
        listed[name] = {
            screen.lower(): {
                "without_guard": settings[screen.lower()].without_guard.value,
                "guards": [_use(use, configuration.guards[use.guard]) for use in uses],
            }
            for screen, uses in screens.uses.items()
        }
    of_documents = configuration.ingest.screen.use
    of_routes = (use for route in configuration.routes.values() for uses in route.screens.uses.values() for use in uses)
    used = {use.guard for use in (*of_routes, *of_documents)}
    unused = [_guard(name, guard) for name, guard in configuration.guards.items() if name not in used]
    documents = [_use(use, configuration.guards[use.guard]) for use in of_documents]
    return {"routes": listed, "documents": documents, "unused": unused}


def show_listing(console: Terminal, listing: ListedGuards) -> None:
    """Print guards as they are placed."""
    for route, screens in listing["routes"].items():
        console.print(f"route {route}", style="bold")
        for screen, section in screens.items():
            console.print(f"  {screen}, {section['without_guard'].lower()} without its guards")
            for place, guard in enumerate(section["guards"], 1):
                _show_guard(console, f"    {place}. ", guard)
            if not section["guards"]:
                console.print("    none")
    if listing["documents"]:
        console.print("documents, before they are stored", style="bold")
        for place, guard in enumerate(listing["documents"], 1):
            _show_guard(console, f"    {place}. ", guard)
    if listing["unused"]:
        console.print("named by no screen", style="bold")
        for guard in listing["unused"]:
            _show_guard(console, "    ", guard)


def _show_guard(console: Terminal, lead: str, guard: dict[str, Any]) -> None:
    said = [f"{guard['guard']} {guard['version']} ({guard['kind']})"]
    if "action" in guard:
        said.append(guard["action"])
        said += [f"{category}: {action}" for category, action in guard["by_category"].items()]
        if guard["unless_shown"]:
            said.append(f"unless shown: {', '.join(guard['unless_shown'])}")
        if guard["tenants"]:
            said.append(f"for {', '.join(guard['tenants'])}")
    if guard["categories"]:
        said.append(f"finds {', '.join(guard['categories'])}")
    console.hang(Text(lead), Text("; ".join(said)))


def _use(use: AnyGuardUse, guard: GuardConfig) -> dict[str, Any]:
    return {
        **_guard(use.guard, guard),
        "action": use.action,
        "by_category": dict(use.categories),
        "unless_shown": sorted(use.unless_shown) if isinstance(use, AnswerGuardUseConfig) else [],
        "tenants": list(use.tenants or ()),
    }


def _guard(name: str, guard: GuardConfig) -> dict[str, Any]:
    identity = identity_of(name, guard)
    return {
        "guard": name,
        "kind": guard.kind,
        "version": identity.version,
        "categories": sorted(categories_of(guard)),
    }
